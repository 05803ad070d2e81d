"""Where albums stand, in which other ones, and what that is on the other side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from .model import Album, Side
from .plan import Ends
from .state import AlbumThere

__all__ = [
    "Atlas",
    "Ground",
    "Move",
    "Place",
    "Stand",
    "Tree",
    "above",
    "below",
    "join",
    "levels",
    "without",
]


class Ground(msgspec.Struct, frozen=True):
    """How paths on the left map to paths on the right.

    `base`: the path on the right that stands for the run's top.
    `top`: the path on the right of the top folder's own photos; mostly `base`.
    `rel`: the top's path relative to the configured root, "" where there is none.
    """

    base: str = ""
    top: str = ""
    rel: str = ""


class Stand(NamedTuple):
    """In which album another one stands, by its key, and where in it.

    `within` is None for an album that stands in no other; `rest` is its whole path then.
    """

    within: str | None
    rest: str


class Move(NamedTuple):
    """Where an album is to be moved, and why that cannot be done, None if it can."""

    to: str
    blocked: str | None


class Place(msgspec.Struct):
    """An album of the run. `key`: its path on the left, from `shift` on that after the moves.

    `there`: the past. `right_path`: where it stands on the right, or is to stand.
    `stands`: in which album it stands now, and moves with it, on each side that has it.
    `at_home`: the same without detours, and also where only names tell what stands in what.
    `moved`: the sides on which that is not where it stood when both last agreed.
    `wanted`: where it is to stand.
    `moves`: the sides on which it is to be moved; more than one only where albums move alone.
    `along`: the one that has to get to its place before this one is at its own.
    `crowded`: why it cannot be made on the side that lacks it, "" if it can.
    `disputed`: what keeps both sides from agreeing on where it is to stand, "" if they do.
    `known`: it has a folder or a memory here; if not, it is new on the right.
    """

    key: str
    left: Album | None = None
    right: Album | None = None
    there: AlbumThere | None = None
    right_path: str = ""
    stands: dict[Side, Stand] = {}
    at_home: dict[Side, Stand] = {}
    moved: frozenset[Side] = frozenset()
    wanted: dict[Side, Stand] = {}
    moves: dict[Side, Move] = {}
    along: Place | None = None
    crowded: str = ""
    disputed: str = ""
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


class Tree:
    """Albums at their paths, as one side has them or had them once. `keys`: theirs, by path."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self.keys = keys

    def stand(self, path: str) -> Stand:
        """Where an album of that path stands: in the nearest one above it."""
        for outer, rest in above(path):
            if outer in self.keys:
                return Stand(self.keys[outer], rest)
        return Stand(None, path)


class Atlas:
    """Finds on one side where an album is to stand that stands on the other."""

    def __init__(self, ground: Ground, ends: Ends) -> None:
        self.ground = ground
        self.fitting = ends.left.fitting

    def over(self, stand: Stand, side: Side) -> Stand | None:
        """A stand on the other side as one on `side`; None if it is outside of the run's part."""
        within, rest = stand
        if side is Side.LEFT:
            inside = rest if within is not None else below(rest, self.ground.base)
            return None if inside is None else Stand(within, self.fitting(inside) if inside else "")
        if within is not None:
            return stand
        return Stand(None, join(self.ground.base, rest) if rest else self.ground.top)
