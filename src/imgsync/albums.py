"""Which folder here is which album there, and which of the two has moved.

An album is known by the ref in its state. A new one goes under the album of its parent folder,
else to its path below the run's top; one that stands there already is adopted. Pure.

Albums that take each other's paths go round in a circle: one of them waits on a detour, under a
name that tells so, until its path is free. A run that was killed may leave it there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from .atlas import Atlas, Ground, Place, above, join, levels, without
from .model import Album, Side
from .plan import Ends, Policy
from .state import AlbumThere

__all__ = [
    "Folder",
    "detour",
    "home",
    "pair_albums",
    "pair_new_albums",
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


def pair_albums(
    folders: Iterable[Folder],
    rights: Sequence[Album],
    ground: Ground,
    policy: Policy,
    ends: Ends,
) -> list[Place]:
    """The albums that have a folder, an album before those below it; keys are still old paths."""
    ordered = sorted(folders, key=lambda folder: levels(folder.album.path))
    found, lost = _find(ordered, rights)
    taken = {album.ref for album in found.values()}
    free = {album.path: album for album in rights if album.ref not in taken}
    atlas = Atlas(ground, ends)
    leads = ends.right.capabilities.leads
    # All levels above first: where an album stands on the right may be below any folder's album.
    for folder in sorted(ordered, key=lambda folder: len(levels(folder.album.path))):
        path = folder.album.path
        place = Place(path, left=folder.album, there=folder.there, right=found.get(path))
        if place.right is not None:
            place.right_path = place.right.path
            _notice_move(place, folder, atlas, policy, leads=leads)
        else:
            past = lost.get(path)
            spots = [*atlas.spots(path, past)] if past else []
            spots.append(atlas.right_path(path))
            wanted = next((spot for spot in spots if spot in free), past.path if past else spots[0])
            place.right = free.pop(wanted, None)
            place.strayed = past is not None and _has_strayed(folder, past, atlas)
            place.lost = past is not None and place.right is None
            place.right_path = wanted
            place.there = past
            if past is not None and place.right is not None:
                _notice_move(place, folder, atlas, policy, leads=leads)
        atlas.add(place)
    return sorted(atlas.by_key.values(), key=lambda place: levels(place.key))


def pair_new_albums(
    places: Iterable[Place], rights: Iterable[Album], ground: Ground, ends: Ends
) -> tuple[list[Place], list[Album]]:
    """The albums that are only on the right. Second: those for which another one stands here."""
    atlas = Atlas(ground, ends)
    new: list[Place] = []
    crowded: list[Album] = []
    for place in places:
        atlas.add(place)
    taken = {place.right.ref for place in atlas.by_key.values() if place.right}
    for album in sorted(rights, key=lambda album: levels(album.path)):
        here = atlas.left_path(album.path) if album.ref not in taken else None
        if here is None:
            continue
        if here in atlas.by_key:
            crowded.append(album)
        else:
            new.append(Place(here, right=album, right_path=album.path, known=False))
            atlas.add(new[-1])
    return new, crowded


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
) -> tuple[dict[str, Album], dict[str, AlbumThere]]:
    """Albums found by their refs, by path here; and what is known of those whose ref is gone.

    Of a folder and its copy, which both hold the ref, the one that has not moved is the album. One
    on a detour that no ref names was put there by a run that was killed before it could write that
    down; if its ref is a path, a new album may have it by now.
    """
    by_ref = {album.ref: album for album in rights}
    owners: dict[str, Folder] = {}
    for folder in folders:
        if folder.there is not None:
            rival = owners.get(folder.there.ref)
            if rival is None or folder.there.here == folder.absolute:
                owners[folder.there.ref] = folder
    waiting = {a.path: a for a in rights if a.path != home(a.path) and a.ref not in owners}
    found: dict[str, Album] = {}
    lost: dict[str, AlbumThere] = {}
    for ref, folder in owners.items():
        assert folder.there is not None
        past, album = folder.there, by_ref.get(ref)
        detours = (path for path in _detours(past.path) if path in waiting)
        if waiting and (album is None or album.path == past.path):
            album = next(map(waiting.__getitem__, detours), album)
        if album is not None:
            found[folder.album.path] = album
        else:
            lost[folder.album.path] = past
    return found, lost


def _notice_move(
    place: Place, folder: Folder, atlas: Atlas, policy: Policy, *, leads: bool
) -> None:
    """Sets `move` or `disputed` where folder and album are no longer at the same path."""
    there, right = place.there, place.right
    assert there is not None
    assert right is not None
    there_along = atlas.went_along(right.path, there.path, Side.RIGHT)
    there_moved = leads and there.path != home(right.path) and not there_along
    here_along = atlas.went_along(place.key, there.rel, Side.LEFT)
    here_along = here_along and (there_moved or atlas.nested)  # where not, nothing goes along
    here_moved = _has_moved(folder, there, atlas.ground) and not here_along
    wanted_right, wanted_left = home(right.path), home(place.key)
    if here_moved or (there_along and not here_along):
        wanted_right = atlas.right_path(home(place.key))
    if there_moved or (here_along and not there_along):
        wanted_left = atlas.left_path(home(right.path)) or wanted_left
    alike_right = here_moved and wanted_right == atlas.carried(right.path, Side.RIGHT)
    alike_left = there_moved and wanted_left == atlas.carried(place.key, Side.LEFT)
    here_in = atlas.holder(place.key, there.rel, Side.LEFT) if here_moved else None
    there_in = atlas.holder(right.path, there.path, Side.RIGHT) if there_moved else None
    if here_in is not None and here_in is there_in and here_in.disputed:
        place.disputed = True  # as long as where it stands in is
    elif alike_right or alike_left:
        _follow(place, atlas)
    elif here_moved and there_in is not None and here_in is None:
        _send(place, Side.RIGHT, wanted_right, atlas)
    elif there_moved and here_in is not None and there_in is None:
        _send(place, Side.LEFT, wanted_left, atlas)
    elif here_moved and there_moved and policy.prefer is None:
        place.disputed = True
    elif here_moved and (not there_moved or policy.prefer is Side.LEFT):
        _send(place, Side.RIGHT, wanted_right, atlas)
    elif there_moved:
        _send(place, Side.LEFT, wanted_left, atlas)
    elif atlas.are_alike(place.key, right.path):
        _follow(place, atlas)
    else:
        # It stays, or comes back from a detour, though what is above it may move.
        _send(place, Side.RIGHT, wanted_right, atlas)
        if place.move is None:
            _send(place, Side.LEFT, wanted_left, atlas)


def _send(place: Place, side: Side, to: str, atlas: Atlas) -> None:
    """Sets what is to bring an album to a path: a move, the album above it, or nothing."""
    album = place.album(side)
    assert album is not None
    if to != atlas.carried(album.path, side):
        place.move, place.to = side, to
    else:
        _go_along(place, side, atlas)


def _follow(place: Place, atlas: Atlas) -> None:
    """Lets an album go along with what moves above it, on whichever side."""
    _go_along(place, Side.RIGHT, atlas)
    if place.along is None:
        _go_along(place, Side.LEFT, atlas)


def _go_along(place: Place, side: Side, atlas: Atlas) -> None:
    album = place.album(side)
    assert album is not None
    mover = atlas.mover(album.path, side)
    if mover is not None:
        place.along = mover[0]


def _has_strayed(folder: Folder, there: AlbumThere, atlas: Atlas) -> bool:
    """Whether a folder was moved, and not just with one above it whose album is found."""
    holder = atlas.holder(folder.album.path, there.rel, Side.LEFT)
    return _has_moved(folder, there, atlas.ground) and (holder is None or holder.lost)


def _has_moved(folder: Folder, there: AlbumThere, ground: Ground) -> bool:
    rel = join(ground.rel, home(folder.album.path))
    return there.here != home(folder.absolute) and there.rel != rel
