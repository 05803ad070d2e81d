"""Finds the albums of both sides, and what is remembered of those that are gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ..albums import Folder, pair_albums, surveyed
from ..atlas import Place, Stand, below, join, levels
from ..errors import StateError
from ..events import Failed, Found
from ..model import Album, Side
from ..run import Vanished
from ..service import Unread
from ..shifts import shift
from ..state import AlbumThere, Child, Header, State, peek
from .lost import find_lost
from .notes import Notes

__all__ = ["find_places"]


def find_places(notes: Notes) -> list[Place]:
    """The albums of a run, but for those that it does not look at.

    Places of folders that vanished come last. Tells Found and Failed. Raises ServiceError, and
    StateError where nothing says which folders have vanished.
    """
    return _Survey(notes).places()


class _Survey:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.run = notes.run
        self.findings = notes.findings
        self.unread: dict[Side, set[str]] = {side: set() for side in Side}
        self.broken: set[str] = set()  # albums whose state cannot be read

    def places(self) -> list[Place]:
        folders = list(self._folders())
        rights = list(self._albums(Side.RIGHT))
        vanished = self._vanished({f.album.path for f in folders}, rights)
        reserved = {place.right.ref for place in vanished if place.right}
        free = [album for album in rights if album.ref not in reserved]
        ends, policy = self.run.ends, self.run.policy
        self.run.listen(Found(ends.left.name, len(folders)))
        self.run.listen(Found(ends.right.name, len(rights)))
        ground = self.findings.ground = surveyed(folders, self.run.ground)
        if self.run.service.capabilities.whole:
            folders = find_lost(self.notes, folders, free)
        places = [*pair_albums(folders, free, ground, ends), *vanished]
        shift(places, ends, policy, ground, self.findings.missing)
        moved = {p.left.path: p.key for p in places if p.left and p.left.path != p.key}
        self.notes.take_keys(moved)
        return [p for p in places if not (self._is_unseen(p) or self._is_crowded(p))]

    def _folders(self) -> Iterator[Folder]:
        """The folders of the left side that are albums, with what is remembered of each."""
        for album in self._albums(Side.LEFT):
            folder = self.run.folder(album.path)
            try:
                header = self.notes.headers[album.path] = peek(folder)
                if header is None:
                    state = self.findings.states[album.path] = State.load(folder)
                    header = state.header if state.exists else None
            except StateError as error:
                self.notes.trouble(album.path, error)
                self.broken.add(album.path)
                continue
            yield Folder(album, str(folder), self._past(album, header) if header else None)

    def _past(self, album: Album, header: Header) -> AlbumThere | None:
        """What is remembered of a folder's album: nothing that is another folder's past.

        So it is in a copy, which brought the state along, while the original stands where it stood.
        A tree that was copied whole is none: it goes on where the other one was.
        """
        there, folder = header.albums.get(self.run.key), self.run.folder(album.path)
        if there is None or there.here == str(folder):
            return there
        if there.rel == join(self.run.ground.rel, album.path):
            return there
        origin = Path(there.here)
        try:
            if origin.samefile(folder):
                return msgspec.structs.replace(there, here=str(folder))
            other = peek(origin) or State.load(origin).header
        except (OSError, StateError):
            return there
        return None if other.id == header.id else there

    def _albums(self, side: Side) -> Iterator[Album]:
        name = self.run.side(side).name
        for album in self.run.side(side).albums():
            path = album.name if isinstance(album, Unread) else album.path
            if side is Side.LEFT and self.run.scope.hides_album(path):
                continue
            if isinstance(album, Unread):
                self.unread[side].add(path)
                self.notes.fail(Failed(name, path, None, album.why))
            else:
                yield album

    def _vanished(self, present: set[str], rights: Iterable[Album]) -> list[Place]:
        """Albums whose folders are gone, as the states of the folders above remember them."""
        if not self.run.scope.recurse:
            return []
        by_ref = {album.ref: album for album in rights}
        places = []
        for ref, vanished in self._remembered(present).items():
            key, right = join(*vanished.spots[0]), by_ref.get(ref)
            if right is None:
                self.findings.linked += len(vanished.child.links[self.run.key].photos)
                self.findings.gone[key] = vanished
            else:
                self.findings.missing[key] = vanished
                place = Place(key, right=right, right_path=right.path)
                place.stands[Side.RIGHT] = place.wanted[Side.RIGHT] = Stand(None, right.path)
                places.append(place)
        return places

    def _remembered(self, present: set[str]) -> dict[str, Vanished]:
        """What is remembered of folders that are not there, by their albums' refs.

        All above one remember it, those that moved since by another path: the nearest is right.
        """
        ids = {self.notes.header(key).id for key in present}
        found: dict[str, list[tuple[str, Child]]] = defaultdict(list)
        for outer in sorted(present | {""}):
            if not self._is_hidden(outer):
                for path in self.notes.header(outer).below:
                    key = join(outer, path)
                    if key not in present and not self._is_hidden(key):
                        child = self.notes.state(outer).children.get(path)
                        there = child.links.get(self.run.key) if child else None
                        if child and there and child.id not in ids:
                            found[there.ref].append((outer, child))
        for spots in found.values():
            spots.sort(key=lambda spot: len(levels(spot[1].path)))
        return {
            ref: Vanished(spots[0][1], tuple((outer, child.path) for outer, child in spots))
            for ref, spots in sorted(found.items())
        }

    def _is_crowded(self, place: Place) -> bool:
        """Whether another album stands where a new one is to come to, which is told."""
        if place.known or not place.crowded:
            return False
        if self.run.scope.new_albums:
            name = self.run.service.name
            self.notes.fail(Failed(name, place.right_path, None, place.crowded))
        return True

    def _is_unseen(self, place: Place) -> bool:
        if self._is_hidden(self.notes.folder(place.key)):
            return True
        return any(below(place.right_path, path) is not None for path in self.unread[Side.RIGHT])

    def _is_hidden(self, key: str) -> bool:
        """Whether an album is not looked at: left out by the run, or unreadable on the left."""
        if key in self.broken or self.run.scope.hides_album(key):
            return True
        return any(below(key, path) is not None for path in self.unread[Side.LEFT])
