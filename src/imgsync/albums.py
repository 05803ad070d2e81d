"""Which folder here is which album there, and which of the two has moved.

An album is known by the ref in its state. A new one goes under the album of its parent folder,
else to its path below the run's top; one that stands there already is adopted. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from .model import Album, Side
from .plan import Policy
from .state import AlbumThere

__all__ = ["Folder", "Ground", "Place", "join", "pair_albums", "surveyed"]


class Folder(msgspec.Struct, frozen=True):
    """An album of the left side: where it is, and where its album was when both last agreed."""

    album: Album
    absolute: str
    there: AlbumThere | None = None


class Ground(msgspec.Struct, frozen=True):
    """How paths on the left map to paths on the right.

    `base`: the path on the right that stands for the run's top.
    `top`: the path on the right of the top folder's own photos; mostly `base`.
    `rel`: the top's path relative to the configured root, "" where there is none.
    """

    base: str = ""
    top: str = ""
    rel: str = ""


class Place(msgspec.Struct):
    """An album of the run. `key`: its path on the left, or the one it is to get there.

    `there`: the past. `right_path`: where it stands on the right, or is to stand.
    `move`, `to`: the side on which the album is to be moved, and its path afterwards.
    `disputed`: it was moved on both sides, differently.
    `lost`: its album on the right is gone. `strayed`: and its folder stands elsewhere now.
    `known`: it has a folder or a memory here; if not, it is new on the right.
    """

    key: str
    left: Album | None = None
    right: Album | None = None
    there: AlbumThere | None = None
    right_path: str = ""
    move: Side | None = None
    to: str = ""
    disputed: bool = False
    lost: bool = False
    strayed: bool = False
    known: bool = True


def join(path: str, rest: str) -> str:
    """Two paths one after the other; "" is the top."""
    return f"{path}/{rest}" if path and rest else path or rest


def below(path: str, above: str) -> str | None:
    """`path` relative to `above`, "" for the same; None if it is not below."""
    if not above:
        return path
    if path == above:
        return ""
    return path[len(above) + 1 :] if path.startswith(above + "/") else None


def pair_albums(
    folders: Iterable[Folder],
    rights: Sequence[Album],
    ground: Ground,
    policy: Policy,
    *,
    leads: bool = True,
) -> list[Place]:
    """The albums of a run, an album before those below it; those only on the right at the end.

    `leads`: an album that was moved on the right is to be moved here.
    """
    ordered = sorted(folders, key=lambda folder: _levels(folder.album.path))
    found, lost = _find(ordered, rights)
    taken = {album.ref for album in found.values()}
    free = {album.path: album for album in rights if album.ref not in taken}
    atlas = _Atlas(ground)
    for folder in ordered:
        path = folder.album.path
        place = Place(path, left=folder.album, there=folder.there, right=found.get(path))
        if place.right is not None:
            place.right_path = place.right.path
            _notice_move(place, folder, atlas, policy, leads=leads)
        else:
            past = lost.get(path)
            # Moved on both sides alike, it stands where the folder's path leads to.
            spots = [past.path] if past else []
            spots.append(atlas.right_path(path))
            wanted = next((spot for spot in spots if spot in free), spots[0])
            place.right = free.pop(wanted, None)
            place.strayed = past is not None and _has_moved(folder, past, ground)
            place.lost = past is not None and place.right is None
            place.right_path = wanted
            place.there = past
        atlas.add(place)
    for album in sorted(free.values(), key=lambda album: _levels(album.path)):
        here = atlas.left_path(album.path)
        if here is not None and here not in atlas.by_key:
            atlas.add(Place(here, right=album, right_path=album.path, known=False))
    return list(atlas.by_key.values())


class _Atlas:
    """The places of a run so far, and what paths they lead to on either side."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.by_key: dict[str, Place] = {}
        self.by_right: dict[str, Place] = {}

    def add(self, place: Place) -> None:
        self.by_key[place.key] = place
        if place.right is not None:
            self.by_right[place.right.path] = place

    def right_path(self, path: str) -> str:
        """Where the album of a folder is to stand: below the album of the nearest folder above."""
        for above, rest in _above(path):
            place = self.by_key.get(above)
            if place is not None and above and (place.right or place.there):
                there = place.to if place.move is Side.RIGHT else place.right_path
                return join(there, rest)
        return join(self.ground.base, path) if path else self.ground.top

    def left_path(self, path: str) -> str | None:
        """The folder of an album that stands at `path` on the right; None if it is outside."""
        for above, rest in _above(path):
            place = self.by_right.get(above)
            if place is not None and above:
                return join(place.to if place.move is Side.LEFT else place.key, rest)
        return below(path, self.ground.base)

    def carried(self, path: str, side: Side) -> str:
        """`path` after the moves of the albums above it."""
        known = self.by_key if side is Side.LEFT else self.by_right
        for above, rest in _above(path):
            place = known.get(above)
            if place is not None and place.move is side:
                return join(place.to, rest)
        return path


def _above(path: str) -> Iterator[tuple[str, str]]:
    """The paths above a path, the nearest first, each with what leads from it to the path."""
    levels = _levels(path)
    for depth in range(len(levels) - 1, -1, -1):
        yield "/".join(levels[:depth]), "/".join(levels[depth:])


def _levels(path: str) -> list[str]:
    return path.split("/") if path else []


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
            elif there.path == path:
                votes[""] += 1
            elif there.path.endswith("/" + path):
                votes[there.path[: -len(path) - 1]] += 1
    if not votes and own is None:
        return ground
    base = max(votes, key=lambda base: (votes[base], base)) if votes else own or ""
    return ground if base == ground.base else Ground(base=base, top=base, rel=ground.rel)


def _find(
    folders: Sequence[Folder], rights: Sequence[Album]
) -> tuple[dict[str, Album], dict[str, AlbumThere]]:
    """Albums found by their refs, by path here; and what is known of those whose ref is gone.

    Of a folder and its copy, which both hold the ref, the one that has not moved is the album.
    """
    by_ref = {album.ref: album for album in rights}
    owners: dict[str, Folder] = {}
    for folder in folders:
        if folder.there is not None:
            rival = owners.get(folder.there.ref)
            if rival is None or folder.there.here == folder.absolute:
                owners[folder.there.ref] = folder
    found: dict[str, Album] = {}
    lost: dict[str, AlbumThere] = {}
    for ref, folder in owners.items():
        if ref in by_ref:
            found[folder.album.path] = by_ref[ref]
        elif folder.there is not None:
            lost[folder.album.path] = folder.there
    return found, lost


def _notice_move(
    place: Place, folder: Folder, atlas: _Atlas, policy: Policy, *, leads: bool
) -> None:
    """Sets `move` or `disputed` where folder and album are no longer at the same path."""
    there, right = place.there, place.right
    assert there is not None
    assert right is not None
    here_moved = _has_moved(folder, there, atlas.ground)
    there_moved = leads and there.path != right.path
    wanted_right = atlas.right_path(place.key) if here_moved else right.path
    wanted_left = atlas.left_path(right.path) if there_moved else place.key
    if here_moved and wanted_right == atlas.carried(right.path, Side.RIGHT):
        return
    if there_moved and wanted_left == atlas.carried(place.key, Side.LEFT):
        return
    if here_moved and there_moved and policy.prefer is None:
        place.disputed = True
    elif here_moved and (not there_moved or policy.prefer is Side.LEFT):
        place.move, place.to = Side.RIGHT, wanted_right
    elif there_moved and wanted_left is not None:
        place.move, place.to = Side.LEFT, wanted_left


def _has_moved(folder: Folder, there: AlbumThere, ground: Ground) -> bool:
    return there.here != folder.absolute and there.rel != join(ground.rel, folder.album.path)
