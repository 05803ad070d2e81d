"""What a Piwigo's lists tell of all its photos at once, so that not each of them is asked for."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from threading import Lock

import msgspec

from .catalogue import PER_PAGE, Catalogue, Row
from .gallery import Gallery
from .words import Info, Tag

__all__ = ["Overview"]

# Photos without an author, in which nothing looks like markup: lists would hide it.
PLAIN = 'author: -photo:*"<"*'
TAGS_AT_ONCE = 500  # PHP takes 1,000 parameters unless it is told otherwise
TAGS_SURE = 90  # MySQL joins the numbers of a photo's tags, and cuts them after 1,024 characters


class _All(msgspec.Struct):
    tags: list[Tag]


class Overview:
    """Photos as lists show them, read once and kept: all but a checksum, which no list shows.

    A list that breaks off or is out of date makes a photo look as it is not: good enough to find
    a photo unchanged, and no proof of any change. It bears several threads.
    """

    def __init__(self, gallery: Gallery, catalogue: Catalogue) -> None:
        self._gallery = gallery
        self._catalogue = catalogue
        self._lock = Lock()
        self._session = 0
        self._looked_for = 0
        self._plain: set[int] = set()
        self._tags: dict[int, list[Tag]] = {}

    def infos(self, rows: list[Row]) -> Iterator[Info]:
        """The photos of those rows of which the lists tell everything.

        None before as many photos were looked for as it takes calls to read the lists.
        """
        if self._is_worth(len(rows)):
            for row in rows:
                tags = self._tags.get(row.id, [])
                if row.id in self._plain and len(tags) <= TAGS_SURE:
                    yield Info(
                        id=row.id,
                        file=row.file,
                        element_url="",
                        name=row.name,
                        comment=row.comment,
                        date_creation=row.date_creation,
                        tags=tags,
                    )

    def forget(self) -> None:
        """Something is being changed: what was read is so no more."""
        with self._lock:
            self._session, self._looked_for = 0, 0

    def _is_worth(self, photos: int) -> bool:
        with self._lock:
            self._looked_for += photos
            if self._session != self._gallery.session:
                if self._looked_for <= 2 + 2 * (self._catalogue.photos // PER_PAGE + 1):
                    return False
                session = self._gallery.session
                self._read()
                self._session = session  # whoever lists an album proves that it has not expired
            return True

    def _read(self) -> None:
        # The number is another one each time: answers are kept for some minutes.
        query = f"{PLAIN} id:0..{10**9 + secrets.randbelow(10**9)}"
        rows = self._catalogue.all_rows("pwg.images.search", {"query": query})
        self._plain = {row.id for row in rows}
        every = self._gallery.ask("pwg.tags.getAdminList", _All).tags
        tags = {tag.id: tag for tag in every}
        self._tags = {}
        for number in range(0, len(every), TAGS_AT_ONCE):
            for row in self._tagged(every[number : number + TAGS_AT_ONCE]):
                mine = [tags[tag.id] for tag in row.tags if tag.id in tags]
                self._tags.setdefault(row.id, []).extend(mine)

    def _tagged(self, tags: Iterable[Tag]) -> Iterator[Row]:
        form = {f"tag_id[{number}]": str(tag.id) for number, tag in enumerate(tags)}
        return self._catalogue.all_rows("pwg.tags.getImages", form)
