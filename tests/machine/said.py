"""What people said about photos, and what may therefore become of them in a run.

This knows no plan. For each part of a photo there is a set of pasts: what each side showed when
both may last have been agreed on. After a run that was cut short there are several; any of them
may explain what the next run does, and nothing else may happen.
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

Two = tuple[Any, Any]  # a value on the left, and one on the right


class Seen(NamedTuple):
    """A photo as its service keeps it at one moment; `said` is only what the service shows."""

    shelf: Shelf
    path: str
    name: str
    content: str
    picture: bytes
    said: Metadata


def look(memory: Memory) -> dict[Kept, Seen]:
    """All photos of a service."""
    reads = memory.capabilities.reads
    return {
        kept: Seen(
            shelf,
            shelf.path,
            kept.name,
            kept.content,
            kept.picture,
            NOTHING_SAID.but(kept.metadata, reads),
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
    """An album, as it stands on the two sides. `paths`: those that may have been agreed."""

    halves: dict[Side, Shelf]
    linked: Linked = Linked.NO
    paths: set[Two] = field(default_factory=set)

    def __repr__(self) -> str:
        return "/".join(repr(shelf.path) for shelf in self.halves.values())


@dataclass(eq=False)
class Story:
    """A photo, as it stands on the two sides, and what may have been agreed about it.

    `pasts`: of the name, the album, the picture, and each field that is one value. `elements`: of
    each tag and person, by their common form: the elements that look like it, on either side.
    `made`: the side on which the run that goes on has created it.
    `contested`: two photos that only may be one: they have one name, and different pictures.
    `forgotten`: the folder is gone, and with it all but the version of what was agreed.
    """

    halves: dict[Side, Kept]
    linked: Linked = Linked.NO
    pasts: dict[str, set[Two]] = field(default_factory=dict)
    elements: dict[tuple[Field, Hashable], set[Two]] = field(default_factory=dict)
    made: Side | None = None
    contested: bool = False
    forgotten: bool = False


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was to do. `healthy`: nothing hindered it."""

    fields: frozenset[Field] = frozenset(Field)
    writes: frozenset[Side] = frozenset(Side)
    prefer: Side | None = None
    delete: bool = False
    max_delete: float = 1.0
    healthy: bool = True

    @property
    def complete(self) -> bool:
        return self.healthy and self.writes == set(Side) and self.fields == set(Field)


class Outcome(NamedTuple):
    """What both sides may show afterwards, and whether a conflict is told."""

    left: Any
    right: Any
    told: bool = False


def one_value(
    now: Two,
    pasts: Iterable[Two],
    alike: Callable[[Any, Any], bool],
    carried: Callable[[Side], Any],
    able: Callable[[Side], bool],
    rules: Rules,
) -> set[Outcome]:
    """What may become of a part of a photo that is one value.

    `carried`: how a side shows what the other says. `able`: whether a side may be written.
    """
    here, there = now
    same = Outcome(here, there)
    may = set() if rules.healthy else {same}

    def to(side: Side) -> Outcome:
        if not able(side):
            return same
        return Outcome(carried(LEFT), there) if side is LEFT else Outcome(here, carried(RIGHT))

    for past_here, past_there in pasts:
        changed = here != past_here, there != past_there
        if changed == (False, False) or alike(here, there):
            may.add(same)
        elif changed == (True, False):
            may.add(to(RIGHT))
        elif changed == (False, True):
            may.add(to(LEFT))
        elif rules.prefer is not None:
            may.add(to(rules.prefer.other))
        else:
            may.add(same._replace(told=True))
    return may


def one_element(
    now: Two, pasts: Iterable[Two], able: Callable[[Side], bool], rules: Rules
) -> set[tuple[bool, bool]]:
    """Whether a tag or a person may be on either side afterwards.

    Who says it alone has either added it, or the other side has removed it.
    """
    here, there = bool(now[0]), bool(now[1])
    if here == there:
        return {(here, there)}
    may = set() if rules.healthy else {(here, there)}
    mine = 0 if here else 1
    side = LEFT if here else RIGHT
    for past in pasts:
        stays = not past[1 - mine] or bool(now[mine] - past[mine])
        may.add((stays, stays) if able(side.other if stays else side) else (here, there))
    return may


def parts(seen: Seen, tome: Tome) -> Iterator[tuple[str, Any]]:
    """The name, the album, the picture and all fields that are one value."""
    yield "name", seen.name
    yield "album", tome
    yield "content", seen.content
    for each in SCALARS:
        yield each.value, seen.said.get(each)


Normal = Callable[[Metadata], Metadata]


def common(normal: Normal, each: Field, value: Any) -> Any:
    """A value as a service shows it that is told nothing else."""
    said = msgspec.structs.replace(NOTHING_SAID, **{each.value: value})
    return normal(said.clean()).get(each)


def elements(normal: Normal, each: Field, left: Metadata, right: Metadata) -> dict[Hashable, Two]:
    """The tags or people on both sides, by the form that they have in common."""
    found: dict[Hashable, tuple[set[Any], set[Any]]] = {}
    for index, said in enumerate((left, right)):
        for element in said.get(each):
            one = (element,) if each is Field.PEOPLE else frozenset({element})
            found.setdefault(common(normal, each, one), (set(), set()))[index].add(element)
    return {key: (frozenset(two[0]), frozenset(two[1])) for key, two in found.items()}


NOWHERE: Two = (frozenset(), frozenset())
