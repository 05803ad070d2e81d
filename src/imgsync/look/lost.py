"""Finds albums that were moved on a service that knows them by their paths alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from ..albums import Folder, owners
from ..atlas import above, below
from ..errors import Rejected, Stale, StateError
from ..model import Album, Photo
from ..service import Look
from .notes import Notes

__all__ = ["find_lost"]


def find_lost(notes: Notes, folders: Sequence[Folder], rights: Sequence[Album]) -> list[Folder]:
    """The folders, with the refs that their albums have now, as far as the old ones are gone.

    The new album that shows most of the pictures of a lost one, and more than half, is it. What is
    read for that stands in the notes.
    """
    refs = {album.ref for album in rights}
    owned = owners(folders)
    # If an album still stands below, not the folder was moved but the photos in it.
    stay = {outer for album in rights if album.ref in owned for outer, _ in above(album.path)}
    base, hidden = notes.findings.ground.base, notes.run.scope.hides_album
    new = [
        album
        for album in rights
        if album.ref not in owned
        and album.path not in stay
        and not hidden(below(album.path, base) or album.path)
    ]
    lost = [
        folder
        for ref, folder in owned.items()
        if ref not in refs and folder.there and folder.there.path not in stay
    ]
    if not lost or not new:
        return list(folders)
    now = _recognized(notes, lost, new)
    return [
        msgspec.structs.replace(
            folder, there=msgspec.structs.replace(folder.there, ref=now[folder.there.ref])
        )
        if folder.there and folder.there.ref in now
        else folder
        for folder in folders
    ]


def _recognized(notes: Notes, lost: Iterable[Folder], new: Iterable[Album]) -> dict[str, str]:
    """The refs of new albums by those that they had before."""
    showing: dict[str, set[tuple[str, str]]] = defaultdict(set)  # album and photo, by mark
    for album in new:
        for photo in _photos(notes, album):
            for mark in photo.marks:
                showing[mark].add((album.ref, photo.ref))
    now: dict[str, str] = {}
    taken: set[str] = set()
    for folder in lost:
        links = _marks(notes, folder)
        shown = {spot for marks in links for mark in marks for spot in showing.get(mark, ())}
        votes = Counter(ref for ref, _ in shown if ref not in taken)
        share, ref = max(((votes[ref], ref) for ref in votes), default=(0, ""))
        if share * 2 > len(links):
            taken.add(ref)
            assert folder.there is not None
            now[folder.there.ref] = ref
    return now


def _photos(notes: Notes, album: Album) -> list[Photo]:
    """What a new album shows; nothing if it cannot be looked at, which is told later."""
    scope = notes.run.scope
    try:
        show = Look(check=scope.check, hides=scope.hides(album.path))
        photos = [p for p in notes.run.service.photos(album, show) if isinstance(p, Photo)]
    except (Stale, Rejected):
        return []
    notes.read[album.ref] = {photo.ref: photo for photo in photos}
    return photos


def _marks(notes: Notes, folder: Folder) -> list[frozenset[str]]:
    """What tells the pictures that an album showed when both sides last agreed."""
    try:
        records = notes.state(folder.album.path).records.values()
    except StateError:
        return []
    links = (record.links.get(notes.run.key) for record in records)
    return [agreed.there.marks for agreed in links if agreed is not None]
