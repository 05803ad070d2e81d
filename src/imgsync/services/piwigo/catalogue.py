"""What a Piwigo shows of albums and photos, read so that nothing seems absent that is there."""

from __future__ import annotations

import msgspec

from ...errors import Stale, Unavailable
from ...model import Album
from ..http import Declined
from .albums import Node, Tree
from .gallery import Gallery
from .words import Info

__all__ = ["Catalogue", "Row"]

PER_PAGE = 500  # no more are given at once
LISTINGS = 3  # how often a listing is begun again because photos came or went meanwhile
UNKNOWN = 404


class _Albums(msgspec.Struct):
    categories: list[Node]


class Row(msgspec.Struct):
    """A photo as an album lists it."""

    id: int
    file: str


class _Paging(msgspec.Struct):
    total_count: int


class _Page(msgspec.Struct):
    paging: _Paging
    images: list[Row]


class Catalogue:
    """Albums and photos as the user of a session sees them."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    def tree(self) -> Tree:
        """All albums, those that are hidden from the user included."""

        def read() -> Tree:
            seen = self._gallery.ask("pwg.categories.getList", _Albums, {"recursive": "true"})
            every = self._gallery.ask("pwg.categories.getAdminList", _Albums)
            return Tree(seen.categories, every.categories)

        return self._gallery.believed(read)

    def rows(self, album: Album) -> list[Row]:
        """What an album lists, page by page; again if it is seen to change between two of them.

        A photo that went while another came hides one that stands at the edge of a page.
        """
        for _ in range(LISTINGS):
            page = self._page(album, 0)
            rows, total, number = {row.id: row for row in page.images}, page.paging.total_count, 1
            while number * PER_PAGE < total == page.paging.total_count:
                page = self._page(album, number)
                rows |= {row.id: row for row in page.images}
                number += 1
            if len(rows) == total == page.paging.total_count:
                return list(rows.values())
        raise Unavailable(f"{album.path} in {self._gallery.who} changes while it is listed")

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

        return read() or self._gallery.believed(read)

    def _page(self, album: Album, number: int) -> _Page:
        form = {
            "cat_id[]": album.ref,
            "per_page": str(PER_PAGE),
            "page": str(number),
            "order": "id",
        }
        try:
            return self._gallery.ask("pwg.categories.getImages", _Page, form)
        except Declined as error:
            if error.status == UNKNOWN:
                raise Stale(f"the album {album.path} is gone from {self._gallery.who}") from None
            raise
