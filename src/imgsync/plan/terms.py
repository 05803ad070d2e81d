"""The terms of a plan: what is known of both ends, what a run may do, what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

import msgspec

from ..model import NOTHING_SAID, Field, Link, Metadata, Pair, Side
from ..service import Capabilities

__all__ = ["Action", "End", "Ends", "Op", "Policy", "ordered"]


class Op(StrEnum):
    """What an action does. RECORD and FORGET change only the state."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"
    RECORD = "record"
    FORGET = "forget"
    CONFLICT = "conflict"


class End(msgspec.Struct, frozen=True):
    """What the planner knows of one side's service."""

    name: str
    capabilities: Capabilities
    normal: Callable[[Metadata], Metadata]
    fitting: Callable[[str], str] = str


class Ends(msgspec.Struct, frozen=True):
    """The two sides of a run."""

    left: End
    right: End

    def __getitem__(self, side: Side) -> End:
        return self.left if side is Side.LEFT else self.right

    def common(self, metadata: Metadata) -> Metadata:
        """The form in which both sides would show `metadata`: only there can they be compared."""
        return self.right.normal(self.left.normal(metadata))

    def shared(self) -> frozenset[Field]:
        """The fields that both sides show."""
        return self.left.capabilities.reads & self.right.capabilities.reads


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may do.

    `writes`: the sides that may be changed. `fields`: the fields it is about.
    `prefer`: whose value wins a conflict. `max_delete`: the share of a side's linked photos beyond
    which a plan that deletes is refused. `accept`: per side, the file name suffixes whose refusal
    is no news.
    """

    writes: frozenset[Side] = frozenset(Side)
    fields: frozenset[Field] = frozenset(Field)
    prefer: Side | None = None
    delete: bool = False
    max_delete: float = 0.5
    accept: Mapping[Side, frozenset[str]] = {}


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do about one photo, or, where `name` is None, about an album.

    `side`: where it happens; None for what only the state or a person does.
    `album`, `name`: the photo as it is known now. `fields`: what it is about, in their usual order.
    `metadata`: CREATE and UPDATE: all that the side is to show afterwards.
    `to`: MOVE: album and file name afterwards.
    `without`: CREATE and UPDATE: fields that the bytes must not tell, where bytes are sent.
    `link`: RECORD: what is then agreed; its id is "" for photos that meet for the first time.
    `why`: the reason, for people. `blocked`: why it is not done, None if it is.
    `accepted`: blocked for good and known to be; it does not count.
    """

    op: Op
    pair: Pair
    side: Side | None = None
    album: str = ""
    name: str | None = None
    fields: tuple[Field, ...] = ()
    metadata: Metadata = NOTHING_SAID
    to: tuple[str, str] = ("", "")
    without: frozenset[Field] = frozenset()
    link: Link | None = None
    why: str = ""
    blocked: str | None = None
    accepted: bool = False

    @property
    def due(self) -> bool:
        """Whether it is to be done: nothing blocks it, and no person has to decide."""
        return self.blocked is None and self.op is not Op.CONFLICT


_ORDER = {field: number for number, field in enumerate(Field)}


def ordered(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(sorted(fields, key=_ORDER.__getitem__))
