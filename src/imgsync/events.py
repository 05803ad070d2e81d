"""What a run tells while it goes on: one union of events, and their form in JSON.

The core tells, screens listen: the terminal, `--json` and the log are listeners. No event holds
a secret. Sides are told by the names people gave their services.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .model import Photo, Side
from .plan import Action, Op

__all__ = [
    "Done",
    "Event",
    "Failed",
    "Fetched",
    "Found",
    "Noted",
    "Planned",
    "Scanned",
    "Sent",
    "Shown",
    "Started",
    "Summary",
    "below",
    "count",
    "to_json",
]


class Found(msgspec.Struct, frozen=True):
    """So many albums of the service `side` are to be looked at."""

    side: str
    albums: int


class Scanned(msgspec.Struct, frozen=True):
    """An album of the service `side` was looked at, and shows this many photos.

    `photos` is None where it was seen that nothing changed, without counting.
    """

    side: str
    album: str
    photos: int | None


class Fetched(msgspec.Struct, frozen=True):
    """A photo's file of so many bytes was fetched, to see which picture it shows."""

    side: str
    album: str
    name: str
    size: int


class Shown(msgspec.Struct, frozen=True):
    """A photo as `side` shows it ("local") or as it is remembered ("cache"): for --verbose."""

    side: str
    album: str
    photo: Photo


class Noted(msgspec.Struct, frozen=True):
    """A sentence for people that concerns no action."""

    why: str


class Planned(msgspec.Struct, frozen=True):
    """An action that the run is to do, or would; `side` is the name of where it happens."""

    action: Action
    side: str | None


class Started(msgspec.Struct, frozen=True):
    """An action begins."""

    action: Action
    side: str | None


class Sent(msgspec.Struct, frozen=True):
    """So many more bytes of a photo's file went over."""

    action: Action
    size: int


class Done(msgspec.Struct, frozen=True):
    """An action is done and recorded."""

    action: Action
    side: str | None


class Failed(msgspec.Struct, frozen=True):
    """An action was not done, or a photo or album could not be looked at (`action` is None)."""

    side: str | None
    album: str
    name: str | None
    why: str
    action: Action | None = None


class Summary(msgspec.Struct, frozen=True):
    """How many of each; of photos, but for moves, which count albums too.

    In a dry run what is planned counts, in a real one what was done. Blocked and conflicting
    actions count as such only; what is accepted as blocked does not count.
    """

    created: int = 0
    updated: int = 0
    deleted: int = 0
    moved: int = 0
    recorded: int = 0
    conflicts: int = 0
    blocked: int = 0
    failed: int = 0

    def __add__(self, other: Summary) -> Summary:
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Summary(*(a + b for a, b in zip(mine, theirs, strict=True)))

    @property
    def in_step(self) -> bool:
        """Whether nothing differs and nothing was left undone."""
        return self == Summary(recorded=self.recorded)

    @property
    def left_undone(self) -> bool:
        """Whether conflicts, blocked or failed actions are left."""
        return bool(self.conflicts or self.blocked or self.failed)


Event = (
    Found | Scanned | Fetched | Shown | Noted | Planned | Started | Sent | Done | Failed | Summary
)

_COUNTED = {
    Op.CREATE: "created",
    Op.UPDATE: "updated",
    Op.DELETE: "deleted",
    Op.MOVE: "moved",
    Op.RECORD: "recorded",
    Op.FORGET: "recorded",
    Op.CONFLICT: "conflicts",
}


def count(action: Action) -> Summary:
    """What an action adds to the summary once it is done (or, in a dry run, planned)."""
    if action.accepted:
        return Summary()
    if action.op is not Op.CONFLICT and action.blocked is not None:
        return Summary(blocked=1)
    return Summary(**{_COUNTED[action.op]: 1})


def below(folder: str, event: Event) -> Event:
    """The event of a run on `folder`, with the albums here told by their paths from above it.

    Where an album stands on a service is left as it is.
    """
    if not folder:
        return event
    match event:
        case Scanned(album=album) | Shown(album=album):
            return msgspec.structs.replace(event, album=_joined(folder, album))
        case Failed(album=album, action=action):
            here = action is None or not _is_move_there(action)
            action = action and _below(folder, action)
            album = _joined(folder, album) if here else album
            return msgspec.structs.replace(event, album=album, action=action)
        case Planned(action=action) | Started(action=action) | Done(action=action):
            return msgspec.structs.replace(event, action=_below(folder, action))
    return event


def _below(folder: str, action: Action) -> Action:
    if _is_move_there(action):
        return action
    to = (_joined(folder, action.to[0]), action.to[1]) if action.op is Op.MOVE else action.to
    return msgspec.structs.replace(action, album=_joined(folder, action.album), to=to)


def _is_move_there(action: Action) -> bool:
    return action.op is Op.MOVE and action.name is None and action.side is Side.RIGHT


def _joined(folder: str, album: str) -> str:
    return f"{folder}/{album}" if album else folder


def to_json(event: Event) -> dict[str, Any] | None:
    """The event as a line of `--json`, a stable format; None for what is told to people only.

    Actions and failures have the keys event, op, side, album, name, fields, why, blocked; the
    summary its counts; a shown photo side, album, name and all that is said about it.
    """
    match event:
        case Planned(action, side):
            return _action("planned", action, side)
        case Done(action, side):
            return _action("done", action, side)
        case Failed(side, album, name, why, action):
            if action is not None:
                return _action("failed", action, side) | {"why": why}
            return _line("failed", Op.RECORD, side, album, name, (), why, None)
        case Shown(side, album, photo):
            said: dict[str, Any] = msgspec.to_builtins(photo, order="deterministic")
            return {"event": "shown", "side": side, "album": album} | said
        case Summary():
            return {"event": "summary"} | msgspec.structs.asdict(event)
    return None


def _action(event: str, action: Action, side: str | None) -> dict[str, Any]:
    fields = tuple(map(str, action.fields))
    return _line(
        event, action.op, side, action.album, action.name, fields, action.why, action.blocked
    )


def _line(
    event: str,
    op: Op,
    side: str | None,
    album: str,
    name: str | None,
    fields: tuple[str, ...],
    why: str,
    blocked: str | None,
) -> dict[str, Any]:
    return {
        "event": event,
        "op": str(op),
        "side": side,
        "album": album,
        "name": name,
        "fields": list(fields),
        "why": why,
        "blocked": blocked,
    }
