"""Which folder here is which album there, and which of the two has moved.

An album is known by the ref in its state. A new one goes under the album of its parent folder,
else to its path below the run's top; one that stands there already is adopted. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from .model import Album, Side
from .plan import Policy
from .state import AlbumThere

__all__ = ["Folder", "Ground", "Place", "join", "pair_albums", "place_path"]


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
    `lost`: its album on the right is gone. `known`: it has a folder or a memory here; if not, it
    is new on the right.
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
    folders: Iterable[Folder], rights: Sequence[Album], ground: Ground, policy: Policy
) -> list[Place]:
    """The albums of a run, an album before those below it; those only on the right at the end."""
    ordered = sorted(folders, key=lambda folder: _levels(folder.album.path))
    found, lost = _find(ordered, rights)
    taken = {album.ref for album in found.values()}
    free = {album.path: album for album in rights if album.ref not in taken}
    places: list[Place] = []
    for folder in ordered:
        path = folder.album.path
        place = Place(path, left=folder.album, there=folder.there)
        place.right = found.get(path)
        if place.right is None:
            wanted = lost[path].path if path in lost else _expected(path, places, ground)
            place.right = free.pop(wanted, None)
            place.lost = path in lost and place.right is None
            place.right_path = place.right.path if place.right else wanted
            if path not in lost:
                place.there = None
        else:
            place.right_path = place.right.path
            _notice_move(place, folder, places, ground, policy)
        places.append(place)
    for album in sorted(free.values(), key=lambda album: _levels(album.path)):
        here = place_path(album.path, places, ground)
        if here is not None and all(place.key != here for place in places):
            places.append(Place(here, right=album, right_path=album.path, known=False))
    return places


def place_path(path: str, places: Iterable[Place], ground: Ground) -> str | None:
    """The path here of an album that stands at `path` on the right; None if it is outside."""
    nearest: tuple[int, str] | None = None
    for place in places:
        rest = below(path, place.right.path) if place.right and place.right.path else None
        if rest is not None and rest != "" and place.right:
            depth = len(_levels(place.right.path))
            if nearest is None or depth > nearest[0]:
                nearest = depth, join(place.to if place.move is Side.LEFT else place.key, rest)
    return nearest[1] if nearest else below(path, ground.base)


def _levels(path: str) -> list[str]:
    return path.split("/") if path else []


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


def _expected(path: str, places: Sequence[Place], ground: Ground) -> str:
    """Where the album of a folder stands on the right by the places of the folders above."""
    nearest: Place | None = None
    for place in places:
        if place.key and below(path, place.key) and (place.right or place.there):
            nearest = place
    if nearest is None:
        return join(ground.base, path) if path else ground.top
    rest = below(path, nearest.key)
    assert rest is not None
    return join(nearest.to if nearest.move is Side.RIGHT else nearest.right_path, rest)


def _notice_move(
    place: Place, folder: Folder, places: Sequence[Place], ground: Ground, policy: Policy
) -> None:
    """Sets `move` or `disputed` where folder and album are no longer at the same path."""
    there, right = place.there, place.right
    assert there is not None
    assert right is not None
    rel = join(ground.rel, place.key)
    here_moved = there.here != folder.absolute and there.rel != rel
    there_moved = there.path != right.path
    if not here_moved and not there_moved:
        return
    wanted_right = _expected(place.key, places, ground) if here_moved else right.path
    wanted_left = place_path(right.path, places, ground) if there_moved else place.key
    now_right = _carried(right.path, places, Side.RIGHT)
    now_left = _carried(place.key, places, Side.LEFT)
    if (here_moved and wanted_right == now_right) or (there_moved and wanted_left == now_left):
        return
    if here_moved and there_moved and policy.prefer is None:
        place.disputed = True
    elif here_moved and (not there_moved or policy.prefer is Side.LEFT):
        place.move, place.to = Side.RIGHT, wanted_right
    elif wanted_left is not None:
        place.move, place.to = Side.LEFT, wanted_left


def _carried(path: str, places: Iterable[Place], side: Side) -> str:
    """`path` after the moves of the albums above it."""
    for place in places:
        old = place.key if side is Side.LEFT else place.right_path
        rest = below(path, old) if place.move is side and old else None
        if rest:
            path = join(place.to, rest)
    return path
