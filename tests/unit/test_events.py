"""What a run tells, as it is counted and as it stands in a line of --json."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from imgsync.events import (
    Done,
    Event,
    Failed,
    Fetched,
    Noted,
    Planned,
    Scanned,
    Sent,
    Shown,
    Started,
    Summary,
    below,
    count,
    to_json,
)
from imgsync.model import Field, Location, Metadata, Pair, Photo, Region, Side
from imgsync.plan import Action, Op

UPDATE = Action(
    op=Op.UPDATE,
    pair=Pair("2012"),
    side=Side.RIGHT,
    album="2012",
    name="a.jpg",
    fields=(Field.TITLE, Field.TAGS),
    why="changed on local",
)
MOVED = Action(op=Op.MOVE, pair=Pair("2012"), side=Side.LEFT, album="2012", to=("2013", ""))
REFUSED = Action(
    op=Op.DELETE, pair=Pair("2012"), side=Side.LEFT, name="a.jpg", why="gone", blocked="no trash"
)
FORGOTTEN = Action(op=Op.FORGET, pair=Pair(""), name="a.jpg", why="gone on both sides")

LINES: list[tuple[Event, dict[str, Any] | None]] = [
    (
        Planned(UPDATE, "nas"),
        {
            "event": "planned",
            "op": "update",
            "side": "nas",
            "album": "2012",
            "name": "a.jpg",
            "fields": ["title", "tags"],
            "why": "changed on local",
            "blocked": None,
        },
    ),
    (
        Planned(REFUSED, "local"),
        {
            "event": "planned",
            "op": "delete",
            "side": "local",
            "album": "",
            "name": "a.jpg",
            "fields": [],
            "why": "gone",
            "blocked": "no trash",
        },
    ),
    (
        Done(MOVED, "local"),
        {
            "event": "done",
            "op": "move",
            "side": "local",
            "album": "2012",
            "name": None,
            "fields": [],
            "why": "",
            "blocked": None,
        },
    ),
    (
        Done(FORGOTTEN, None),
        {
            "event": "done",
            "op": "forget",
            "side": None,
            "album": "",
            "name": "a.jpg",
            "fields": [],
            "why": "gone on both sides",
            "blocked": None,
        },
    ),
    (
        Failed("nas", "2012", "a.jpg", "the disk is full", UPDATE),
        {
            "event": "failed",
            "op": "update",
            "side": "nas",
            "album": "2012",
            "name": "a.jpg",
            "fields": ["title", "tags"],
            "why": "the disk is full",
            "blocked": None,
        },
    ),
    (
        Failed("nas", "2012", None, "the folder cannot be read"),
        {
            "event": "failed",
            "op": "record",
            "side": "nas",
            "album": "2012",
            "name": None,
            "fields": [],
            "why": "the folder cannot be read",
            "blocked": None,
        },
    ),
    (
        Shown(
            "cache",
            "2012",
            Photo(
                "a.jpg",
                "a.jpg",
                content="image:1",
                metadata=Metadata(
                    tags=frozenset("cab"),
                    location=Location(47.0, 8.5),
                    people=(Region("Ann"),),
                ),
            ),
        ),
        {
            "event": "shown",
            "side": "cache",
            "album": "2012",
            "ref": "a.jpg",
            "name": "a.jpg",
            "content": "image:1",
            "metadata": {
                "tags": ["a", "b", "c"],
                "location": {"latitude": 47.0, "longitude": 8.5},
                "people": [{"name": "Ann"}],
            },
        },
    ),
    (
        Summary(created=1, conflicts=2),
        {
            "event": "summary",
            "created": 1,
            "updated": 0,
            "deleted": 0,
            "moved": 0,
            "recorded": 0,
            "conflicts": 2,
            "blocked": 0,
            "failed": 0,
        },
    ),
    (Scanned("nas", "2012", 3), None),
    (Noted("2013 is new on nas"), None),
    (Fetched("nas", "2012", "a.jpg", 3), None),
    (Started(UPDATE, "nas"), None),
    (Sent(UPDATE, 4096), None),
]


@pytest.mark.parametrize(
    ("event", "line"), LINES, ids=[f"{n} {type(row[0]).__name__}" for n, row in enumerate(LINES)]
)
def test_json(event: Event, line: dict[str, Any] | None) -> None:
    told = to_json(event)
    assert json.loads(json.dumps(told)) == line
    if told:
        assert list(told) == list(line or ())


COUNTED = [
    (Op.CREATE, Summary(created=1)),
    (Op.UPDATE, Summary(updated=1)),
    (Op.DELETE, Summary(deleted=1)),
    (Op.MOVE, Summary(moved=1)),
    (Op.RECORD, Summary(recorded=1)),
    (Op.FORGET, Summary(recorded=1)),
    (Op.CONFLICT, Summary(conflicts=1)),
]


@pytest.mark.parametrize(("op", "counted"), COUNTED)
def test_count(op: Op, counted: Summary) -> None:
    def action(blocked: str | None = None, accepted: bool = False) -> Action:
        return Action(op=op, pair=Pair("2012"), blocked=blocked, accepted=accepted)

    assert count(action()) == counted
    assert count(action("no trash")) == (counted if op is Op.CONFLICT else Summary(blocked=1))
    assert count(action("no HEIC", accepted=True)) == Summary()


def test_summaries_add_up() -> None:
    one, two = Summary(1, 2, 3, 4, 5, 6, 7, 8), Summary(10, 20, 30, 40, 50, 60, 70, 80)
    assert one + two == Summary(11, 22, 33, 44, 55, 66, 77, 88)


# What is counted; whether the sides are in step; whether something was left undone.
STANDING = [
    ("", True, False),
    ("recorded", True, False),
    ("created", False, False),
    ("updated", False, False),
    ("deleted", False, False),
    ("moved", False, False),
    ("conflicts", False, True),
    ("blocked", False, True),
    ("failed", False, True),
]


@pytest.mark.parametrize(("counted", "in_step", "left_undone"), STANDING)
def test_how_a_run_stands(counted: str, in_step: bool, left_undone: bool) -> None:
    summary = Summary(**({counted: 1} if counted else {}))
    assert (summary.in_step, summary.left_undone) == (in_step, left_undone)


MOVED_THERE = msgspec.structs.replace(MOVED, side=Side.RIGHT)
RENAMED = Action(
    op=Op.MOVE, pair=Pair("2012"), side=Side.RIGHT, album="2012", name="a.jpg", to=("", "b.jpg")
)


@pytest.mark.parametrize(
    ("event", "album", "to"),
    [
        (Scanned("nas", "2012", 1), "Trips/2012", None),
        (Shown("nas", "", Photo("1", "a.jpg")), "Trips", None),
        (Failed("nas", "2012", None, "unreadable"), "Trips/2012", None),
        (Failed("nas", "2012", "a.jpg", "full", UPDATE), "Trips/2012", ""),
        (Failed("nas", "2012", None, "full", MOVED_THERE), "2012", "2013"),
        (Planned(UPDATE, "nas"), "Trips/2012", ""),
        (Started(RENAMED, "nas"), "Trips/2012", "Trips"),
        (Done(MOVED, "local"), "Trips/2012", "Trips/2013"),
        (Done(MOVED_THERE, "nas"), "2012", "2013"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_albums_are_told_from_the_folder_that_holds_all_paths(
    event: Any, album: str, to: str | None
) -> None:
    told: Any = below("Trips", event)
    action: Any = getattr(told, "action", None)
    assert (told.album if hasattr(told, "album") else action.album) == album
    assert (action and action.to[0]) == to
    assert action is None or action.album == album
    assert below("", event) is event


def test_what_has_no_album_is_told_as_it_is() -> None:
    assert below("Trips", Summary(created=1)) == Summary(created=1)
