"""Which folder here is which album there, and which of the two has moved.

An album is known by the ref in its state. A new one goes under the album of its parent folder,
else to its path below the run's top; one that stands there already is adopted. An album has moved
if it stands in another one than when both sides last agreed, or at another path in it. Pure.

Albums that take each other's paths go round in a circle: one of them waits on a detour, under a
name that tells so, until its path is free. A run that was killed may leave it there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from .atlas import Atlas, Ground, Place, Stand, Tree, above, join, levels, without
from .model import Album, Side
from .plan import Ends
from .state import AlbumThere

__all__ = [
    "Folder",
    "detour",
    "home",
    "owners",
    "pair_albums",
    "surveyed",
]

_WAITING = "(being moved by img-sync) "


class Folder(msgspec.Struct, frozen=True):
    """An album of the left side: where it is, and where its album was when both last agreed."""

    album: Album
    absolute: str
    there: AlbumThere | None = None


def detour(path: str) -> str:
    """Where an album waits for its new path: in the album that it stands in, for all to see."""
    outer, _, name = path.rpartition("/")
    return join(outer, _WAITING + name)


def _detours(path: str) -> Iterator[str]:
    """Where an album of this path may wait, itself or with one above it."""
    yield detour(path)
    yield from (join(detour(outer), rest) for outer, rest in above(path) if outer)


def home(path: str) -> str:
    """`path` without detours: an album on one counts as not moved, for nobody has put it there."""
    return "/".join(name.removeprefix(_WAITING) for name in path.split("/"))


def owners(folders: Iterable[Folder]) -> dict[str, Folder]:
    """Whose the albums are, by their refs.

    Of a folder and its copy, which both hold the ref, it is that of the one that has not moved.
    """
    found: dict[str, Folder] = {}
    for folder in folders:
        there = folder.there
        if there is not None and (there.ref not in found or there.here == folder.absolute):
            found[there.ref] = folder
    return found


def pair_albums(
    folders: Iterable[Folder], rights: Sequence[Album], ground: Ground, ends: Ends
) -> list[Place]:
    """The albums of both sides, one above before those below it; keys are still old paths.

    Those that are only on the right come last, and have their paths there for keys.
    """
    return _Pairing(folders, rights, ground, ends).places()


class _Pairing:
    """Who is who. `past`: what is remembered of folders' albums, by key; `found`: the albums."""

    def __init__(
        self, folders: Iterable[Folder], rights: Sequence[Album], ground: Ground, ends: Ends
    ) -> None:
        self.folders = sorted(folders, key=lambda folder: levels(folder.album.path))
        self.rights = rights
        self.atlas = Atlas(ground, ends)
        self.there = ends.right.capabilities
        self.past, self.found = _find(self.folders, rights)

    def places(self) -> list[Place]:
        self._find_others(self._forest())
        forest = self._forest()
        known = [self._known(folder, forest) for folder in self.folders]
        free = sorted(self._free(), key=lambda album: levels(album.path))
        return [*known, *filter(None, (self._new(album, forest) for album in free))]

    def _forest(self) -> _Forest:
        folders = {folder.album.path: folder for folder in self.folders}
        return _Forest(folders, self.past, self.found, self.atlas.ground, nested=self.there.nested)

    def _free(self) -> list[Album]:
        taken = {album.ref for album in self.found.values()}
        return [album for album in self.rights if album.ref not in taken]

    def _find_others(self, forest: _Forest) -> None:
        """Finds albums whose ref is gone by their paths; what stands where one is new is adopted.

        Such a path is that in the album above, wherever that one stands.
        """
        free = {forest.right.stand(album.path): album for album in self._free()}
        for folder in sorted(self.folders, key=lambda folder: len(levels(folder.album.path))):
            key = folder.album.path
            if key in self.found:
                continue
            spots = [self.atlas.over(forest.left.stand(key), Side.RIGHT)]
            if key in self.past:
                past = self.past[key].path
                spots = [forest.right.stand(past), forest.right_past.stand(past), *spots]
            spot = next((spot for spot in spots if spot in free), None)
            if spot is not None:
                self.found[key] = free.pop(spot)

    def _known(self, folder: Folder, forest: _Forest) -> Place:
        key = folder.album.path
        place = Place(key, left=folder.album, right=self.found.get(key), there=self.past.get(key))
        there = place.there
        here = forest.left if place.right else forest.outer
        place.stands[Side.LEFT] = here.stand(key)
        place.at_home[Side.LEFT] = _at_home(here, key) if there else place.stands[Side.LEFT]
        if place.right is not None:
            place.right_path = place.right.path
            place.stands[Side.RIGHT] = forest.stand_there(place.right)
            place.at_home[Side.RIGHT] = forest.home_there(place.right, there)
        place.wanted = dict(place.at_home)
        if there is not None:
            if forest.has_moved_here(folder, there):
                place.moved |= {Side.LEFT}
            if place.right and self.there.leads and forest.has_moved_there(place, there):
                place.moved |= {Side.RIGHT}
        if place.right is None:
            place.wanted[Side.RIGHT] = self._missed(place, forest)
        return place

    def _missed(self, place: Place, forest: _Forest) -> Stand:
        """Where an album that the right lacks is to stand there: where it was, if it stays."""
        if place.there is not None and not place.moved:
            return forest.right_past.stand(place.there.path)
        stand = self.atlas.over(place.wanted[Side.LEFT], Side.RIGHT)
        assert stand is not None
        return stand

    def _new(self, album: Album, forest: _Forest) -> Place | None:
        """An album that is only on the right; None if it is outside of the run's part."""
        here = self.atlas.over(forest.right.stand(album.path), Side.LEFT)
        if here is None:
            return None
        place = Place(album.path, right=album, right_path=album.path, known=False)
        place.stands = {Side.RIGHT: forest.stand_there(album)}
        place.wanted = {Side.LEFT: here, **place.stands}
        return place


class _Forest:
    """The trees in which remembered albums stand, and stood when both sides last agreed.

    Only what both sides have holds others. `outer` also has what is to be made on the right again.
    What was on the left is told twice, as its paths may begin at the disk's top or at the run's.
    """

    def __init__(
        self,
        folders: Mapping[str, Folder],
        past: Mapping[str, AlbumThere],
        found: Mapping[str, Album],
        ground: Ground,
        *,
        nested: bool,
    ) -> None:
        self.folders = folders
        self.past = past
        self.ground = ground
        self.nested = nested
        top = ground.base == ground.top != ""
        held = {key: there for key, there in past.items() if key or top}
        both = {key: there for key, there in held.items() if key in found}
        self.outer = Tree({key: key for key in held})
        self.left = Tree({key: key for key in both})
        rights = {found[key].path: key for key in both}
        # Where only names tell what stands in what, they do so for one on a detour too.
        self.right = Tree(
            rights if nested else {home(p): rights[p] for p in sorted(rights, reverse=True)}
        )
        self.left_past = Tree({there.here: key for key, there in both.items()})
        self.left_past_rel = Tree({there.rel: key for key, there in both.items()})
        self.right_past = Tree({there.path: key for key, there in both.items()})

    def has_moved_here(self, folder: Folder, there: AlbumThere) -> bool:
        """Whether a folder stands elsewhere than when both sides last agreed.

        Only if both tell so: running with another PATH, or on a disk that is mounted elsewhere,
        moves nothing.
        """
        now, path = _at_home(self.left, folder.album.path), home(folder.album.path)
        whole, part = home(folder.absolute), join(self.ground.rel, path)
        return not (
            _stays(self.left_past, there.here, whole, now)
            or _stays(self.left_past_rel, there.rel, part, now)
        )

    def stand_there(self, album: Album) -> Stand:
        """Where an album stands on the right; where albums move alone, in none."""
        return self.right.stand(album.path) if self.nested else Stand(None, album.path)

    def home_there(self, album: Album, there: AlbumThere | None) -> Stand:
        """Where an album stands on the right without detours, by its name if only that tells."""
        if there is None:
            return self.right.stand(album.path)
        if self._is_left_behind(album, there):
            return self.right_past.stand(there.path)
        return _at_home(self.right, album.path)

    def _is_left_behind(self, album: Album, there: AlbumThere) -> bool:
        """Whether an album has only kept its name, where names alone tell what stands in what.

        So it is if the one that it stood in has been moved on the left: a run that was killed has
        moved that one on the right too, and this one is to follow.
        """
        if self.nested or album.path != there.path:
            return False
        holder = self.right_past.stand(there.path).within
        return holder is not None and self.has_moved_here(self.folders[holder], self.past[holder])

    def has_moved_there(self, place: Place, there: AlbumThere) -> bool:
        now = place.at_home[Side.RIGHT]
        return not _stays(self.right_past, there.path, home(place.right_path), now)


def _stays(past_tree: Tree, past: str, path: str, now: Stand) -> bool:
    """Whether an album stands as it did: in the same album, or in none at the same path.

    An album in between counts for nothing: it was there before, and a run that was killed had just
    moved it, or it came to where this one is.
    """
    before = past_tree.stand(past)
    if now.within is None:
        now = Stand(None, path)
    return before == now or (past == path and len(now.rest) < len(before.rest))


def _at_home(tree: Tree, path: str) -> Stand:
    """Where the album of a path stands, if it is not on a detour."""
    stand = tree.stand(path)
    outer = without(path, stand.rest) or ""
    return tree.stand(join(outer, home(stand.rest)))


def surveyed(folders: Iterable[Folder], ground: Ground) -> Ground:
    """The ground as most of the albums that are known already stand on it.

    So a run on a part of the tree finds its part there.
    """
    own = None
    votes: Counter[str] = Counter()
    for folder in folders:
        there, path = folder.there, folder.album.path
        if there is not None and there.here == folder.absolute:
            if not path:
                own = there.path
            elif (outer := without(there.path, path)) is not None:
                votes[outer] += 1
    if not votes and own is None:
        return ground
    base = max(votes, key=lambda base: (votes[base], base)) if votes else own or ""
    return ground if base == ground.base else Ground(base=base, top=base, rel=ground.rel)


def _find(
    folders: Sequence[Folder], rights: Sequence[Album]
) -> tuple[dict[str, AlbumThere], dict[str, Album]]:
    """What is remembered of folders' albums, and the albums that their refs find. By key.

    One on a detour that no ref names was put there by a run that was killed before it could write
    that down; if its ref is a path, a new album may have it by now.
    """
    by_ref = {album.ref: album for album in rights}
    owned = owners(folders)
    waiting = {a.path: a for a in rights if a.path != home(a.path) and a.ref not in owned}
    past: dict[str, AlbumThere] = {}
    found: dict[str, Album] = {}
    for ref, folder in owned.items():
        assert folder.there is not None
        key, there, album = folder.album.path, folder.there, by_ref.get(ref)
        past[key] = there
        detours = (path for path in _detours(there.path) if path in waiting)
        if waiting and (album is None or album.path == there.path):
            album = next(map(waiting.__getitem__, detours), album)
        if album is not None:
            found[key] = album
    return past, found
