"""Which albums can be moved as they should be, and where each one stands afterwards. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from .atlas import Place, above, below, join
from .model import Field, Side
from .plan import Ends, Policy, forbids

__all__ = ["forbids_move", "shift"]


def shift(places: Sequence[Place], ends: Ends, policy: Policy, missing: Collection[str]) -> None:
    """Sets `blocked` of albums that cannot be moved, and `crowded` of those that cannot be made.

    Two albums never become one: a path is to be had only if no other stands there after the
    moves. Keys become the paths on the left after the moves. `missing`: the keys of folders that
    are gone and remembered; nothing is moved to these. An album comes before those below it.
    """
    for place in places:
        if place.move is not None:
            place.blocked = forbids_move(place.move, policy, ends)
    for side in Side:
        while jam := _find_jam(places, side, ends, missing if side is Side.LEFT else ()):
            jam.blocked = f"another album stands at {jam.to} on {ends[side].name}"
        _take_turns(places, side, nested=ends[side].capabilities.nested)
    _notice_crowds(places, ends)
    moves = _moves(places, Side.LEFT)
    for place in places:
        if place.left is not None:
            place.key = _final(place.left.path, moves)


def forbids_move(side: Side, policy: Policy, ends: Ends) -> str | None:
    """Why no album is moved on a side, None if some may be."""
    end = ends[side]
    if Field.CONTENT not in policy.fields:
        return f"this run does not write to {end.name}"
    reason = forbids(side, ends, policy)
    if reason is not None:
        return reason
    if not end.capabilities.moves_albums:
        return f"{end.name} cannot move or rename albums"
    return None


def _find_jam(
    places: Sequence[Place], side: Side, ends: Ends, missing: Collection[str]
) -> Place | None:
    """An album that is to be moved to where another will stand, or below one that stays behind."""
    moves = _moves(places, side)
    if not moves:
        return None
    standing = _standing(places, side, ends)
    stuck = [place.to for place in places if place.move is side and place.blocked is not None]
    for place in places:
        if place.move is side and place.blocked is None:
            leans = any(below(place.to, to) is not None for to in stuck)
            if leans or standing[place.to] > 1 or place.to in missing:
                return place
    return None


def _take_turns(places: Sequence[Place], side: Side, *, nested: bool) -> None:
    """Sets from where albums are moved: those above them come first, and take them along."""
    moves = _moves(places, side)
    for place in places:
        album = place.album(side)
        if place.move is side and album is not None:
            place.at = _carried(album.path, moves) if nested else album.path
            if place.at == place.to:
                place.move = None  # what was to take it along does not move


def _notice_crowds(places: Sequence[Place], ends: Ends) -> None:
    standing = _standing(places, Side.RIGHT, ends)
    crowded: set[str] = set()
    for place in places:
        if place.right is None:
            spots = [place.right_path, *(outer for outer, _ in above(place.right_path))]
            if spots[0] in standing or not crowded.isdisjoint(spots):
                crowded.add(spots[0])
                there = next(spot for spot in spots if spot in standing)
                place.crowded = f"another album stands at {there or '/'} on {ends.right.name}"


def _standing(places: Sequence[Place], side: Side, ends: Ends) -> Counter[str]:
    """The paths at which albums stand on a side after the moves."""
    moves = _moves(places, side)
    nested = ends[side].capabilities.nested
    albums = (place.album(side) for place in places)
    return Counter(_final(album.path, moves, nested=nested) for album in albums if album)


def _moves(places: Sequence[Place], side: Side) -> dict[str, str]:
    """Where albums come from that are moved on a side, and where they go."""
    return {
        album.path: place.to
        for place in places
        if place.move is side and place.blocked is None and (album := place.album(side))
    }


def _final(path: str, moves: Mapping[str, str], *, nested: bool = True) -> str:
    """Where the album at `path` stands after the moves."""
    return moves[path] if path in moves else _carried(path, moves) if nested else path


def _carried(path: str, moves: Mapping[str, str]) -> str:
    """Where an album is taken along to by the one above it."""
    for outer, rest in above(path) if moves else ():
        if outer in moves:
            return join(moves[outer], rest)
    return path
