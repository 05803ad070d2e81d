"""What a Piwigo shows of albums and photos, read so that nothing seems absent that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from ...errors import Denied, Stale, Unavailable
from ...model import Album
from ..http import Declined
from .albums import Node, Tree
from .gallery import UNKNOWN, Gallery
from .words import Info, Ref

__all__ = ["PER_PAGE", "Catalogue", "Row"]

PER_PAGE = 500  # a gallery may be set up to give fewer, but not more
MD5S_AT_ONCE = 10_000  # web servers may take no request of more than 1 MB
LISTINGS = 3  # how often a listing is begun again because photos came or went meanwhile


class _Albums(msgspec.Struct):
    categories: list[Node]


class Row(msgspec.Struct):
    """A photo as lists show it: title and caption as visitors see them; tags in few lists."""

    id: int
    file: str
    name: str | None = None
    comment: str | None = None
    date_creation: str | None = None
    tags: list[Ref] = []


class _Paging(msgspec.Struct):
    per_page: Annotated[int, msgspec.Meta(ge=1)]
    total_count: int


class _Page(msgspec.Struct):
    paging: _Paging
    images: list[Row]


class Catalogue:
    """Albums and photos as the user of a session sees them.

    `photos`: about how many the gallery has, as far as its albums were read.
    """

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self.photos = 0

    def tree(self) -> Tree:
        """All albums, those that are hidden from the user included."""

        def read() -> list[Node]:
            form = {"recursive": "true"}
            return self._gallery.ask("pwg.categories.getList", _Albums, form).categories

        def proof(seen: list[Node]) -> Tree:
            every = self._gallery.ask("pwg.categories.getAdminList", _Albums)
            self.photos = sum(node.nb_images for node in seen)
            return Tree(seen, every.categories)

        return self._gallery.believed(read, proof)

    def rows(self, album: Album) -> list[Row]:
        """What an album lists, page by page; again if it is seen to change between two of them.

        A photo that went while another came hides one that stands at the edge of a page.
        """
        for _ in range(LISTINGS):
            page = self._album_page(album, 0)
            rows, total, number = {row.id: row for row in page.images}, page.paging.total_count, 1
            while number * page.paging.per_page < total == page.paging.total_count:
                page = self._album_page(album, number)
                rows |= {row.id: row for row in page.images}
                number += 1
            if len(rows) == total == page.paging.total_count:
                return list(rows.values())
        raise Unavailable(f"{album.path} in {self._gallery.who} changes while it is listed")

    def all_rows(self, method: str, form: Mapping[str, str]) -> Iterator[Row]:
        """What a list shows, page by page; what moves between two of them may be left out."""
        number, more = 0, True
        while more:
            page = self._page(method, form, number)
            yield from page.images
            number += 1
            more = number * page.paging.per_page < page.paging.total_count

    def ids(self, md5s: Sequence[str]) -> dict[str, int | None]:
        """A photo of each checksum, wherever it is, orphans included; guests are not told."""
        ids: dict[str, int | None] = {}
        kind: Any = dict[str, int | None] | list[object]
        for start in range(0, len(md5s), MD5S_AT_ONCE):
            form = {"md5sum_list": ",".join(md5s[start : start + MD5S_AT_ONCE])}
            found = self._gallery.ask("pwg.images.exist", kind, form)
            if isinstance(found, list):  # the empty array of PHP
                raise Denied(
                    f"{self._gallery.who} tells photos apart by their file names, not by what is in"
                    " them: set uniqueness_mode to md5sum in its configuration"
                )
            ids |= found
        return ids

    def info(self, id: int) -> Info | None:
        """What is said of a photo; None if there is none, or none that a guest may see."""
        form = {"image_id": str(id), "comments_per_page": "0"}
        try:
            return self._gallery.ask("pwg.images.getInfo", Info, form)
        except Declined as error:
            if error.status == UNKNOWN:
                return None
            raise

    def sure_info(self, id: int, album: Album | None = None) -> Info | None:
        """The same, but None is sure: there is no such photo, or none in that album."""

        def read() -> Info | None:
            info = self.info(id)
            return info if info and (album is None or int(album.ref) in info.albums) else None

        return read() or self._gallery.believed(read, self._gallery.known_to_us)

    def _page(self, method: str, form: Mapping[str, str], number: int) -> _Page:
        told = {**form, "per_page": str(PER_PAGE), "page": str(number), "order": "id"}
        return self._gallery.ask(method, _Page, told)

    def _album_page(self, album: Album, number: int) -> _Page:
        try:
            return self._page("pwg.categories.getImages", {"cat_id[]": album.ref}, number)
        except Declined as error:
            if error.status == UNKNOWN:
                raise Stale(f"the album {album.path} is gone from {self._gallery.who}") from None
            raise
