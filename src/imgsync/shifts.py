"""Where the albums of both sides are to stand, and which of them are to be moved for that. Pure.

Each side is a tree. What was moved on one side is to stand on the other where it stands there: in
the same album, at the same path in it; so that an album and one above it can each be moved by a
side of its own. Then each tree is looked through for what is not possible: albums that would stand
in each other, or at one path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from .atlas import Atlas, Ground, Move, Place, Stand, above, join, levels
from .model import Field, Side
from .plan import Ends, Policy, forbids

__all__ = ["shift"]


def shift(
    places: Sequence[Place],
    ends: Ends,
    policy: Policy,
    ground: Ground,
    missing: Collection[str] = (),
) -> None:
    """Sets the moves of albums, and what hinders them; keys become the paths after the moves.

    Two albums never become one: a path is to be had only if no other stands there after the
    moves. `missing`: the keys of folders that are gone and remembered; nothing is moved to these.
    """
    shifts = _Shifts(places, ends, policy, Atlas(ground, ends), missing)
    shifts.agree()
    shifts.part_circles()
    shifts.hold_back()
    shifts.part_crowds()
    shifts.note_moves()
    shifts.name()


class _Shifts:
    """`by_key`: the albums that have a folder, by its path. `paths`: see `_path`."""

    def __init__(
        self,
        places: Sequence[Place],
        ends: Ends,
        policy: Policy,
        atlas: Atlas,
        missing: Collection[str],
    ) -> None:
        self.places = places
        self.ends = ends
        self.policy = policy
        self.atlas = atlas
        self.missing = missing
        self.by_key = {place.key: place for place in places if place.left is not None}
        self.paths: dict[Side, dict[str, str]] = {side: {} for side in Side}

    # What both sides want.

    def agree(self) -> None:
        """Lets albums stand on both sides as the one side has moved them that has."""
        for place in (place for place in self.places if place.left and place.right):
            if len(place.moved) == 1:
                self._follow(place, *place.moved)
            elif place.moved and not self._are_alike(place):
                if self.policy.prefer is not None:
                    self._follow(place, self.policy.prefer)
                else:
                    there = f"on {self.ends.right.name} to {place.right_path}"
                    place.disputed = f"moved on both sides, {there}"

    def _follow(self, place: Place, side: Side) -> None:
        """An album is to stand as it does on a side. The top folder never follows."""
        place.wanted = dict(place.at_home)
        stand = self.atlas.over(place.wanted[side], side.other)
        if stand is not None and (place.key or side is Side.LEFT):
            place.wanted[side.other] = stand

    def _are_alike(self, place: Place) -> bool:
        left, right = place.wanted[Side.LEFT], place.wanted[Side.RIGHT]
        over = self.atlas.over
        return over(left, Side.RIGHT) == right or over(right, Side.LEFT) == left

    def part_circles(self) -> None:
        """Leaves albums where they stand that both sides have moved into each other.

        One of them tells so, and the others wait for it. Or the preferred side decides.
        """
        decided: set[str] = set()
        while circle := next(filter(None, map(self._find_circle, Side)), []):
            moved = sorted((p for p in circle if p.moved), key=lambda place: levels(place.key))
            if self.policy.prefer is not None and decided.isdisjoint(p.key for p in moved):
                for place in moved:
                    self._follow(place, self.policy.prefer)
                    decided.add(place.key)
            else:
                for place in moved:
                    place.wanted = dict(place.at_home)
                    place.along = moved[0]
                self._dispute(*moved)

    def _dispute(self, first: Place, *others: Place) -> None:
        first.along = None
        names = ", ".join(place.key for place in others)
        sides = f"{self.ends.left.name} and {self.ends.right.name}"
        first.disputed = (
            f"moved so on {sides} that it would stand in itself, with {names} in between: move one"
            " of them back, or let a side decide with --prefer"
        )

    def _find_circle(self, side: Side) -> list[Place]:
        """Albums that would stand in each other on a side; mostly none."""
        sound: set[str] = set()
        for place in self.by_key.values():
            way: list[str] = []
            at: Place | None = place
            while at is not None and at.key not in sound:
                if at.key in way:
                    return [self.by_key[key] for key in way[way.index(at.key) :]]
                way.append(at.key)
                at = self._holder(at.wanted.get(side))
            sound.update(way)
        return []

    def _holder(self, stand: Stand | None) -> Place | None:
        return None if stand is None or stand.within is None else self.by_key[stand.within]

    # What is possible.

    def hold_back(self) -> None:
        """Leaves all albums where they stand on a side on which none may be moved."""
        for side in Side:
            why = _forbids_moves(side, self.policy, self.ends)
            if why is not None:
                for place in self._movers(side):
                    self._set_move(place, side, why)
                for place in self.places:
                    self._leave(place, side)

    def part_crowds(self) -> None:
        """Leaves albums where they stand that would get to where another stands.

        So may others have to that would come into these, if these stand in them now.
        """
        for side in Side:
            while jam := self._find_jam(side):
                place, why = jam
                self._set_move(place, side, why)
                self._leave(place, side)
                while circle := self._find_circle(side):
                    for other in circle:
                        if other.wanted[side] != other.stands[side]:
                            self._leave_inside(other, side)

    def _leave_inside(self, place: Place, side: Side) -> None:
        """Leaves an album where it stands that was moved into one that stands in it, and stays."""
        stand = place.wanted[side]
        holder = self._holder(stand)
        album = holder.album(side) if holder else None
        assert album is not None
        why = f"it was moved into {album.path}, which stands in it and cannot be moved"
        place.moves[side] = Move(join(album.path, stand.rest), why)
        self._leave(place, side)

    def note_moves(self) -> None:
        for side in Side:
            for place in self._movers(side):
                if side not in place.moves:
                    self._set_move(place, side, None)

    def _set_move(self, place: Place, side: Side, blocked: str | None) -> None:
        place.moves[side] = Move(self._path(place, side), blocked)

    def _leave(self, place: Place, side: Side) -> None:
        """Lets an album stand where it does."""
        if side in place.stands:
            place.wanted[side] = place.stands[side]
            self.paths[side].clear()

    def _movers(self, side: Side) -> list[Place]:
        """The albums that do not get to where they are to stand with those above them."""
        there = (place for place in self.by_key.values() if side in place.stands)
        return [p for p in there if self._at(p.stands[side], side) != self._path(p, side)]

    def _find_jam(self, side: Side) -> tuple[Place, str] | None:
        """An album that cannot be moved, and why.

        Where it would come to, or what it takes along, another one stands.
        """
        movers = {place.key for place in self._movers(side)}
        if not movers:
            return None
        standing = self._standing(side)
        for place in self.places:
            if side in place.stands:
                path = self._path(place, side)
                if standing[path] > 1 or (side is Side.LEFT and path in self.missing):
                    mover: Place | None = place
                    while mover is not None and (mover.left is None or mover.key not in movers):
                        mover = self._holder(mover.stands[side])
                    if mover is not None:
                        return mover, self._stands_at(path, side)
        return None

    def _stands_at(self, path: str, side: Side) -> str:
        return f"another album stands at {path or '/'} on {self.ends[side].name}"

    def _standing(self, side: Side) -> Counter[str]:
        """The paths at which albums stand on a side after the moves."""
        return Counter(self._path(place, side) for place in self.places if side in place.stands)

    def _path(self, place: Place, side: Side) -> str:
        """Where an album stands on a side after the moves."""
        if place.left is None:
            return self._at(place.wanted[side], side)
        paths = self.paths[side]
        if place.key not in paths:
            paths[place.key] = self._at(place.wanted[side], side)
        return paths[place.key]

    def _at(self, stand: Stand, side: Side) -> str:
        """Where that is after the moves."""
        holder = self._holder(stand)
        return stand.rest if holder is None else join(self._path(holder, side), stand.rest)

    # What comes of it.

    def name(self) -> None:
        """Sets keys and paths after the moves, and what cannot be made where it is missing."""
        here, there = set(self._standing(Side.LEFT)), set(self._standing(Side.RIGHT))
        keys: list[str] = []
        crowded: set[str] = set()
        for place in self.places:
            keys.append(self._path(place, Side.LEFT) if Side.LEFT in place.wanted else place.key)
            if place.right is None:
                place.right_path = self._path(place, Side.RIGHT)
                spots = [place.right_path, *(outer for outer, _ in above(place.right_path))]
                if spots[0] in there or not crowded.isdisjoint(spots):
                    crowded.add(spots[0])
                    path = next(spot for spot in spots if spot in there)
                    place.crowded = self._stands_at(path, Side.RIGHT)
            elif not place.known and keys[-1] in here:
                name = self.ends.left.name
                place.crowded = f"another album stands in its place on {name}: rename one of them"
            elif not place.known:
                here.add(keys[-1])
            if place.there is not None and place.along is None:
                place.along = self._holder(place.stands[Side.LEFT])
        for place, key in zip(self.places, keys, strict=True):
            place.key = key


def _forbids_moves(side: Side, policy: Policy, ends: Ends) -> str | None:
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
