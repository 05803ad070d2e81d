"""Where the albums of a run stand on both sides, and what moves above each of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from .model import Album, Side
from .plan import Ends
from .state import AlbumThere

__all__ = ["Atlas", "Ground", "Place", "above", "below", "join", "levels", "without"]


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
    """An album of the run. `key`: its path on the left, once albums have been moved there.

    `there`: the past. `right_path`: where it stands on the right, or is to stand.
    `move`, `at`, `to`: the side on which the album is to be moved, its path there when it has its
        turn, and afterwards. `along`: the one above it that takes it along, which is moved.
    `blocked`: why it is not moved, None if it is.
    `crowded`: why it cannot be made on the side that lacks it, "" if it can.
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
    at: str = ""
    to: str = ""
    along: Place | None = None
    blocked: str | None = None
    crowded: str = ""
    disputed: bool = False
    lost: bool = False
    strayed: bool = False
    known: bool = True

    def album(self, side: Side) -> Album | None:
        return self.left if side is Side.LEFT else self.right


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


def without(path: str, rest: str) -> str | None:
    """What leads to `rest` in a path that ends with it, "" for the top; None if it does not."""
    if path == rest:
        return ""
    return path[: -len(rest) - 1] if path.endswith("/" + rest) else None


def above(path: str) -> Iterator[tuple[str, str]]:
    """The paths above a path, the nearest first, each with what leads from it to the path."""
    names = levels(path)
    for depth in range(len(names) - 1, -1, -1):
        yield "/".join(names[:depth]), "/".join(names[depth:])


def levels(path: str) -> list[str]:
    """The names that a path is made of."""
    return path.split("/") if path else []


class Atlas:
    """The places of a run so far, and what paths they lead to on either side."""

    def __init__(self, ground: Ground, ends: Ends) -> None:
        self.ground = ground
        self.nested = ends.right.capabilities.nested
        self.fitting = ends.left.fitting
        self.by_key: dict[str, Place] = {}
        self.by_right: dict[str, Place] = {}

    def add(self, place: Place) -> None:
        self.by_key[place.key] = place
        if place.right is not None:
            self.by_right[place.right.path] = place

    def spots(self, path: str, past: AlbumThere) -> Iterator[str]:
        """Where a folder's album may stand whose ref is gone, the likeliest first.

        Where it was; or below the album that it was in.
        """
        yield past.path
        for outer, rest in above(path):
            place = self.by_key.get(outer)
            if place is not None and outer and place.right is not None:
                old = below(past.path, place.there.path) if place.there else None
                yield join(place.right.path, old or rest)
                return

    def right_path(self, path: str) -> str:
        """Where the album of a folder is to stand: below the album of the nearest folder above."""
        for outer, rest in above(path):
            place = self.by_key.get(outer)
            if place is not None and outer and (place.right or place.there):
                return join(self.stands(place, Side.RIGHT), rest)
        return join(self.ground.base, path) if path else self.ground.top

    def left_path(self, path: str) -> str | None:
        """The folder of an album that stands at `path` on the right; None if it is outside."""
        for outer, rest in above(path):
            place = self.by_right.get(outer)
            if place is not None and outer:
                return join(self.stands(place, Side.LEFT), self.fitting(rest))
        inside = below(path, self.ground.base)
        return self.fitting(inside) if inside else inside

    def stands(self, place: Place, side: Side) -> str:
        """Where an album stands after the moves, its own and those of the albums above it."""
        if place.move is side and place.blocked is None:
            return place.to
        path = place.key if side is Side.LEFT else place.right_path
        return self.carried(path, side) if place.album(side) else path

    def carried(self, path: str, side: Side) -> str:
        """`path` after the moves of the albums above it."""
        mover = self.mover(path, side)
        return join(mover[0].to, mover[1]) if mover else path

    def within(self, path: str, side: Side) -> tuple[Place, str] | None:
        """The nearest album above `path` that is remembered, and what leads from it to `path`."""
        return self._nearest(path, side, lambda place, outer: bool(place.there and outer))

    def are_alike(self, left: str, right: str) -> bool:
        """Whether an album stands on both sides at the same place in the same one."""
        here, there = self.within(left, Side.LEFT), self.within(right, Side.RIGHT)
        return bool(here and there and here[0] is there[0] and here[1] == there[1])

    def holder(self, path: str, past: str, side: Side) -> Place | None:
        """The nearest album above `path` that is remembered, if one at `past` stood alike in it."""
        place, rest = self.within(path, side) or (None, "")
        if place is None or place.there is None:
            return None
        was = place.there.rel if side is Side.LEFT else place.there.path
        return place if past == join(was, rest) else None

    def went_along(self, path: str, past: str, side: Side) -> bool:
        """Whether an album got from `past` to `path` only with the one above it, and that is over.

        Of the one above both sides know, or a run that was killed had just moved it.
        """
        holder = self.holder(path, past, side)
        return holder is not None and not (holder.move or holder.along or holder.disputed)

    def mover(self, path: str, side: Side) -> tuple[Place, str] | None:
        """The nearest album above `path` that is moved, and what leads from it to `path`."""
        return self._nearest(
            path, side, lambda place, _: place.move is side and place.blocked is None
        )

    def _nearest(
        self, path: str, side: Side, is_it: Callable[[Place, str], bool]
    ) -> tuple[Place, str] | None:
        """The nearest album above `path` of which `is_it` says so, with its path on that side."""
        if side is Side.RIGHT and not self.nested:
            return None
        known = self.by_key if side is Side.LEFT else self.by_right
        for outer, rest in above(path):
            place = known.get(outer)
            if place is not None and is_it(place, outer):
                return place, rest
        return None
