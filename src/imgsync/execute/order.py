"""In which order a plan is done, so that nothing is in the way of anything else. Pure."""

from __future__ import annotations

import itertools
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence

from ..atlas import above
from ..model import Side
from ..plan import Action, Op

__all__ = ["Spot", "Unit", "awaited", "groups", "in_lines", "in_order", "needed", "spot_of"]

Unit = tuple[Action, ...]  # all that is done about one photo or album, in order
Spot = tuple[Side | None, str, str]  # side, album, file name as far as it must differ


def groups(all_units: Sequence[Unit]) -> Iterator[list[Unit]]:
    """The units about photos, by album, in an order in which none is in another's way.

    What frees a name comes before what takes it; creations before deletions, so that a
    picture that stands on one side only for a moment stands there for sure.
    """
    units = [unit for unit in all_units if unit[0].name is not None]
    moving = [unit for unit in units if any(a.op is Op.MOVE for a in unit)]
    ending = [unit for unit in units if any(a.op in (Op.DELETE, Op.FORGET) for a in unit)]
    first, last = {id(u) for u in moving}, {id(u) for u in ending}
    for unit in in_order(moving):
        yield [unit]
    yield from _by_album(u for u in units if id(u) not in first | last)
    yield from _by_album(u for u in ending if id(u) not in first)
    for action, *_rest in all_units:
        if action.name is None and action.op is not Op.MOVE:
            yield [(action,)]


def in_lines(units: Iterable[Unit]) -> list[list[Unit]]:
    """The units, those behind each other that are about one photo, or one picture, of a side.

    Two copies in a folder may be one photo of a service: what is done to it builds on what was
    done to it before.
    """
    lines: dict[Hashable, list[Unit]] = {}
    for unit in units:
        joined = {id(line): line for key in _keys(unit) if (line := lines.get(key)) is not None}
        line = max(joined.values(), key=len, default=[])
        others = [each for other in joined.values() if other is not line for each in other]
        for each in (*others, unit):
            line.append(each)
            lines |= dict.fromkeys(_keys(each), line)
    return list({id(line): line for line in lines.values()}.values())


def _keys(unit: Unit) -> Iterator[Hashable]:
    """What a unit has in common with others about the same photo or picture."""
    if unit[0].pair.base is not None:
        yield unit[0].pair.base.id  # all there is where a photo is gone on both sides
    for side in Side:
        photo = unit[0].pair.photo(side)
        if photo is not None:
            yield side, photo.ref
            yield from photo.marks


def _by_album(units: Iterable[Unit]) -> Iterator[list[Unit]]:
    """The units of each album together."""
    ordered = sorted(units, key=lambda unit: unit[0].album)
    for _, group in itertools.groupby(ordered, key=lambda unit: unit[0].album):
        yield list(group)


def in_order(units: list[Unit], nested: Collection[Side] = ()) -> Iterator[Unit]:
    """Units that move a photo or an album, what frees a name before what takes it.

    An album comes after those above its target; on the sides where albums are `nested`, also after
    those that leave its target from below.

    Where names go round in a circle there is no such order; one of them then takes a detour.
    """
    moves = {id(unit): [a for a in unit if a.op is Op.MOVE and not a.blocked] for unit in units}
    holders = {spot_of(a.side, a.album, a.name): unit for unit in units for a in moves[id(unit)]}
    comers = {spot_of(a.side, *a.to): unit for unit in units for a in moves[id(unit)]}
    begun: set[int] = set()

    inside: dict[Spot, list[Unit]] = defaultdict(list)
    for (side, path, name), unit in holders.items():
        for outer, _ in above(path) if side in nested and not name else ():
            inside[spot_of(side, outer, None)].append(unit)

    def ahead(unit: Unit) -> Iterator[Unit]:
        for action in moves[id(unit)]:
            yield from (holders[spot] for spot in needed(action, nested) if spot in holders)
            yield from (comers[spot] for spot in awaited(action) if spot in comers)
            yield from inside.get(spot_of(action.side, *action.to), ())

    for unit in units:
        queue = [unit] if id(unit) not in begun else []  # each waits for the one behind it
        while queue:
            begun.add(id(queue[-1]))
            other = next((each for each in ahead(queue[-1]) if id(each) not in begun), None)
            if other is None:
                yield queue.pop()
            else:
                queue.append(other)


def needed(action: Action, nested: Collection[Side]) -> Iterator[Spot]:
    """What must have moved away before a move: from its target, and from above it."""
    album, name = action.to
    yield spot_of(action.side, album, name)
    if action.side in nested:
        yield from awaited(action)


def awaited(action: Action) -> Iterator[Spot]:
    """To where albums must have come before the move of another one: above its target."""
    if action.name is None:
        yield from (spot_of(action.side, outer, None) for outer, _ in above(action.to[0]))


def spot_of(side: Side | None, album: str, name: str | None) -> Spot:
    return side, album, unicodedata.normalize("NFC", name or "").casefold()
