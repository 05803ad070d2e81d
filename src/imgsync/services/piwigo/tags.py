"""Piwigo's tags: flat, known by numbers, and compared without case and accents."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

import msgspec

from ...model import Metadata
from ..http import Declined
from .gallery import Gallery
from .words import Tag, tag_key, tag_name, tag_text

__all__ = ["Tags"]

EXISTS = 1003


class _All(msgspec.Struct):
    tags: list[Tag]


class _Added(msgspec.Struct):
    id: int


class Tags:
    """The tags of a gallery, listed once and added to as need be."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._lock = Lock()
        self._known: dict[str, list[Tag]] | None = None

    def ids(self, tags: Iterable[str], mine: Iterable[Tag]) -> str:
        """The numbers of tags, for a photo that has the tags `mine`; those that lack are made."""
        own = _by_key(mine)
        with self._lock:
            numbers = {self._id(tag, own) for tag in sorted(tags)}
        return ",".join(map(str, sorted(numbers)))

    def _id(self, tag: str, own: dict[str, list[Tag]]) -> int:
        found = _find(tag, own) or _find(tag, self._all())
        return found.id if found else self._add(tag)

    def _add(self, tag: str) -> int:
        name = tag_name(tag)
        try:
            added = Tag(self._gallery.ask("pwg.tags.add", _Added, {"name": name}).id, name)
        except Declined as error:
            if error.status != EXISTS:
                raise
            self._known = None  # made meanwhile by somebody, or by us when the answer was lost
            found = _find(tag, self._all())
            if found is None:
                raise
            return found.id
        self._all().setdefault(tag_key(tag), []).append(added)
        return added.id

    def _all(self) -> dict[str, list[Tag]]:
        if self._known is None:
            self._known = _by_key(self._gallery.ask("pwg.tags.getAdminList", _All).tags)
        return self._known


def _by_key(tags: Iterable[Tag]) -> dict[str, list[Tag]]:
    known: dict[str, list[Tag]] = {}
    for tag in tags:
        known.setdefault(tag_key(_spelt(tag)), []).append(tag)
    return known


def _find(tag: str, known: dict[str, list[Tag]]) -> Tag | None:
    """The tag of that very name, else one that Piwigo takes for the same."""
    alike = known.get(tag_key(tag), [])
    return next((one for one in alike if _spelt(one) == tag), alike[0] if alike else None)


def _spelt(tag: Tag) -> str:
    """A tag as photos show it."""
    [*names] = Metadata(tags=frozenset({tag_text(tag.name)})).clean().tags
    return names[0] if names else ""
