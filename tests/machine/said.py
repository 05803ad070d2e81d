"""What people said about photos, and what must therefore be true after a run.

This oracle knows no plan. It follows each photo through both services by hand, keeps what both
sides may be taken to have agreed on, and tells for each part of a photo which outcomes a run may
have. After a run that was cut short several pasts are possible; any of them may explain the next.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from imgsync.model import NOTHING_SAID, Field, Metadata, Side
from imgsync.services.memory import Kept, Memory, Shelf

LEFT, RIGHT = Side.LEFT, Side.RIGHT
SCALARS = (Field.TITLE, Field.CAPTION, Field.TAKEN, Field.LOCATION, Field.RATING, Field.FAVORITE)
SETS = (Field.TAGS, Field.PEOPLE)
SAID = (*SCALARS, *SETS)

Two = tuple[Any, Any]  # a value on the left, and one on the right


class Seen(NamedTuple):
    """A photo as its service keeps it at one moment; `said` is only what the service shows."""

    shelf: Shelf
    name: str
    content: str
    picture: bytes
    said: Metadata


def look(memory: Memory) -> dict[Kept, Seen]:
    """All photos of a service."""
    reads = memory.capabilities.reads
    return {
        kept: Seen(
            shelf, kept.name, kept.content, kept.picture, NOTHING_SAID.but(kept.metadata, reads)
        )
        for shelf in memory.shelves
        for kept in shelf.photos
    }


class Linked(Enum):
    """Whether img-sync knows that two photos are one."""

    NO = "no"
    MAYBE = "maybe"  # it died, or was hindered, when it may have written it down
    YES = "yes"


@dataclass(eq=False)
class Tome:
    """An album, as it stands on the two sides. `paths`: what may have been agreed."""

    halves: dict[Side, Shelf]
    linked: Linked = Linked.NO
    paths: set[Two] = field(default_factory=set)


@dataclass(eq=False)
class Story:
    """A photo, as it stands on the two sides, and what may have been agreed about it.

    `pasts`: of the name, the album (a Tome) and each field that is one value. `elements`: of each
    tag and person, by their common form: the elements that look like it, on either side.
    `made`: the side on which the run that goes on has created it.
    """

    halves: dict[Side, Kept]
    linked: Linked = Linked.NO
    pasts: dict[str, set[Two]] = field(default_factory=dict)
    elements: dict[tuple[Field, Hashable], set[Two]] = field(default_factory=dict)
    made: Side | None = None


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was to do, and whether it was let."""

    fields: frozenset[Field] = frozenset(Field)
    writes: frozenset[Side] = frozenset(Side)
    prefer: Side | None = None
    delete: bool = False
    healthy: bool = True

    @property
    def complete(self) -> bool:
        return self.healthy and self.writes == set(Side) and self.fields == set(Field)


class Outcome(NamedTuple):
    """What both sides may show afterwards, and whether a conflict must be told."""

    left: Any
    right: Any
    told: bool = False


def one_value(
    now: Two,
    pasts: Iterable[Two],
    alike: Callable[[Any, Any], bool],
    carried: Callable[[Side, Any], Any],
    able: Callable[[Side], bool],
    rules: Rules,
) -> set[Outcome]:
    """What may become of a part of a photo that is one value.

    `carried`: how a side shows the value of the other. `able`: whether a side can be written.
    """
    here, there = now
    same = Outcome(here, there)
    may = set() if rules.healthy else {same, Outcome(here, there, True)}

    def to(side: Side) -> Outcome:
        if not able(side) or side not in rules.writes:
            return same
        if side is LEFT:
            return Outcome(carried(LEFT, there), there)
        return Outcome(here, carried(RIGHT, here))

    for past_here, past_there in pasts:
        changed = here != past_here, there != past_there
        if alike(here, there) or changed == (False, False):
            may.add(same)
        elif changed == (True, False):
            may.add(to(RIGHT))
        elif changed == (False, True):
            may.add(to(LEFT))
        elif rules.prefer is not None:
            may.add(to(rules.prefer.other))
        else:
            may.add(Outcome(here, there, True))
    return may


def one_element(
    now: Two, pasts: Iterable[Two], able: Callable[[Side], bool], rules: Rules
) -> set[tuple[bool, bool]]:
    """Whether a tag or a person may be on either side afterwards.

    Said on one side: there because somebody said it there, or because somebody removed it here.
    """
    here, there = now
    if bool(here) == bool(there):
        return {(bool(here), bool(there))}
    same = bool(here), bool(there)
    may = set() if rules.healthy else {same}
    side = LEFT if here else RIGHT  # where it is said
    mine = here or there
    for past in pasts:
        mine_past, their_past = past if side is LEFT else (past[1], past[0])
        stays = not their_past or bool(mine - mine_past)
        changed = side.other if stays else side
        done = able(changed) and changed in rules.writes
        may.add((stays, stays) if done else same)
    return may


def parts(seen: Seen, tomes: Callable[[Shelf], Tome]) -> Iterator[tuple[str, Any]]:
    """The name, the album, the picture and all fields that are one value."""
    yield "name", seen.name
    yield "album", tomes(seen.shelf)
    yield "content", (seen.content, seen.picture)
    for each in SCALARS:
        yield each.value, seen.said.get(each)
