"""Plans as lines, as JSON, and as people read them on a terminal; and how a run goes on."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from imgsync.cli.bars import Bar
from imgsync.cli.pace import Doing, Looking, duration
from imgsync.cli.progress import SilentProgress
from imgsync.cli.reports import JsonReport, PlainReport, QuietReport
from imgsync.cli.screen import Screen
from imgsync.cli.terminal import print_plan
from imgsync.cli.words import Ends
from imgsync.events import Done, Failed, Fetched, Planned, Scanned, Sent, Shown, Summary
from imgsync.model import Field, Metadata, Pair, Photo, Side
from imgsync.plan import Action, Op

ENDS = Ends("local", "nas")


def create(name: str, *, album: str = "2019", size: int = 0, blocked: str | None = None) -> Planned:
    action = Action(
        op=Op.CREATE,
        pair=Pair(album, None, Photo(name, name, size=size)),
        side=Side.RIGHT,
        album=album,
        name=name,
        fields=(Field.CONTENT,),
        why="new",
        blocked=blocked,
    )
    return Planned(action, "nas")


def both(op: Op, name: str, fields: str, left: Metadata, right: Metadata) -> Planned:
    pair = Pair("2019", None, Photo("1", name, metadata=left), Photo("1", name, metadata=right))
    action = Action(
        op=op,
        pair=pair,
        side=Side.RIGHT if op is Op.UPDATE else None,
        album="2019",
        name=name,
        fields=tuple(map(Field, fields.split())),
        metadata=left,
        why="changed on local" if op is Op.UPDATE else "changed on both sides",
    )
    return Planned(action, "nas" if op is Op.UPDATE else None)


PLAN = [
    *(create(f"new-{number}.jpg") for number in range(9)),
    both(
        Op.UPDATE,
        "old.jpg",
        "caption tags",
        Metadata(caption="a sunny day " * 20, tags=frozenset({"sea"})),
        Metadata(caption="[bold]a day\x1b[2J", tags=frozenset({"lake"})),
    ),
    both(Op.CONFLICT, "torn.jpg", "rating", Metadata(rating=5), Metadata(rating=2)),
    create("x.heic", album="2018", blocked="nas takes no HEIC files"),
]


def on_terminal(width: int, *, whole: bool = False, color: bool = False) -> str:
    """The plan as a terminal of this width gets it."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=color, color_system="standard" if color else None
    )
    print_plan(PLAN, ENDS, whole=whole, console=console)
    return stream.getvalue()


def test_a_terminal_shows_the_plan_by_albums() -> None:
    assert on_terminal(90) == (
        "2018/\n"
        "  create nas  x.heic  new\n"
        "      blocked: nas takes no HEIC files\n"
        "2019/\n"
        "  create nas  9 photos: new-0.jpg, new-1.jpg, new-2.jpg ...  new\n"
        "  update nas  old.jpg  changed on local\n"
        '      caption  "[bold]a day\\x1b[2J" -> "a sunny day a sunny day a sunny day a sunny\n'
        "          day a sunny day a sunny day a sunny day a sunny day a sunny day a sunny day...\n"
        '      tags  +"sea" -"lake"\n'
        "  conflict  torn.jpg  changed on both sides\n"
        "      rating  local 5 | nas 2\n"
    )


def test_a_narrow_terminal_breaks_lines_between_words() -> None:
    lines = on_terminal(40).splitlines()
    assert max(map(len, lines)) <= 40
    at = lines.index("      blocked: nas takes no HEIC")
    assert lines[at + 1] == "          files"


def test_all_of_a_plan_is_shown_on_demand() -> None:
    text = on_terminal(90, whole=True)
    assert all(f"new-{number}.jpg" in text for number in range(9))
    assert "..." not in text


def test_colour_is_only_our_own() -> None:
    text = on_terminal(90, color=True)
    assert "\x1b[32mcreate\x1b[0m" in text
    assert "\x1b[2J" not in text


def test_plain_lines_come_at_once_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    report = PlainReport()
    report.look(ENDS, brief=False)
    for event in PLAN:
        report.tell(event)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(PLAN)
    assert lines[0] == "create  nas  2019/new-0.jpg  (new)"
    assert max(map(len, lines)) > 250


def test_a_brief_look_prints_no_plan(capsys: pytest.CaptureFixture[str]) -> None:
    report = PlainReport()
    report.look(ENDS, brief=True)
    report.tell(PLAN[0])
    assert capsys.readouterr().out == ""


def test_json_is_an_event_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = JsonReport()
    report.look(ENDS, brief=True)
    report.tell(PLAN[-1])
    report.tell(Scanned("local", "2019", 3))
    report.tell(Failed("nas", "2019", "Zürich.jpg", "it is gone", PLAN[0].action))
    report.tell(Shown("cache", "2019", Photo("Z\udcfc", "Z\udcfc.jpg")))
    report.album("nas", "2019", {})
    report.tell(Summary(created=1))
    out = capsys.readouterr().out
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "event": "planned",
            "op": "create",
            "side": "nas",
            "album": "2018",
            "name": "x.heic",
            "fields": ["content"],
            "why": "new",
            "blocked": "nas takes no HEIC files",
        },
        {
            "event": "failed",
            "op": "create",
            "side": "nas",
            "album": "2019",
            "name": "new-0.jpg",
            "fields": ["content"],
            "why": "it is gone",
            "blocked": None,
        },
        {
            "event": "shown",
            "side": "cache",
            "album": "2019",
            "ref": "Z\udcfc",
            "name": "Z\udcfc.jpg",
        },
        {"event": "album", "side": "nas", "album": "2019"},
        {
            "event": "summary",
            "created": 1,
            "updated": 0,
            "deleted": 0,
            "moved": 0,
            "recorded": 0,
            "conflicts": 0,
            "blocked": 0,
            "failed": 0,
        },
    ]
    assert '"ref": "Z\\udcfc"' in out


class Clock:
    """A clock that moves only by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_looking_counts_albums_and_photos() -> None:
    clock = Clock()
    pace = Looking("local and nas: /photos", clock)
    assert list(pace.words()) == ["looking: 0 albums", "local and nas: /photos"]
    clock.now += 2
    pace.tell(Scanned("local", "2018", 50))
    pace.tell(Scanned("nas", "2018", None))
    pace.tell(Done(PLAN[0].action, "nas"))
    assert list(pace.words()) == [
        "looking: 2 albums",
        "50 photos",
        "25 photos/s",
        "local and nas: /photos",
    ]
    pace.tell(Fetched("nas", "2018", "1.jpg", 2_000_000))
    pace.tell(Fetched("nas", "2018", "2.jpg", 1_000_000))
    assert list(pace.words())[-2:] == ["2 files compared, 3.0 MB", "local and nas: /photos"]


def test_doing_tells_rates_and_the_time_left() -> None:
    clock = Clock()
    one, two, blocked = (
        create("1.jpg", size=8_000_000).action,
        create("2.jpg", size=1_600_000).action,
        create("3.jpg", size=5_000_000, blocked="no").action,
    )
    pace = Doing([one, two, blocked, PLAN[-2].action], clock)
    assert pace.share == 0
    assert list(pace.words()) == ["0 of 2"]
    clock.now += 4
    pace.tell(Sent(one, 4_000_000))
    assert list(pace.words()) == [
        "0 of 2",
        "6 s left",
        "0.0/s",
        "4.0 MB of 9.6 MB",
        "1.0 MB/s",
    ]
    pace.tell(Sent(one, 9_000_000))
    pace.tell(Done(one, "nas"))
    pace.tell(Failed("nas", "2019", "2.jpg", "it is gone", two))
    assert pace.share == 1
    assert list(pace.words())[:4] == ["2 of 2", "0 s left", "0.5/s", "9.6 MB of 9.6 MB"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3_540, "59 min"), (7_800, "2 h 10 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize("pace", [Looking("here"), Doing([PLAN[0].action])])
def test_the_bar_keeps_to_one_line_and_goes_away(pace: Looking | Doing) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=40, force_terminal=True, color_system=None)
    bar = Bar(pace, console)
    bar.say("img-sync: something [b]happened[/b]")
    bar.stop()
    text = stream.getvalue()
    assert "img-sync: something [b]happened[/b]" in text
    assert max(len(line) for line in text.replace("\x1b", "\n").splitlines()) <= 44
    assert text.endswith("\x1b[1A\x1b[2K")


def test_the_time_left_is_not_cut_on_a_narrow_terminal() -> None:
    clock = Clock()
    action = create("1.jpg", size=8_000_000).action
    pace = Doing([action], clock)
    clock.now += 4
    pace.tell(Sent(action, 4_000_000))
    stream = io.StringIO()
    bar = Bar(pace, Console(file=stream, width=60, force_terminal=True, color_system=None))
    bar.stop()
    assert "0 of 1  4 s left" in stream.getvalue()


def test_a_message_is_told_once_in_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(QuietReport(), SilentProgress())
    for _ in range(2):
        screen.look(ENDS, "/here")
        for message in ("a is locked", "b is locked", "a is locked"):
            screen.say(message)
    assert capsys.readouterr().err == "img-sync: a is locked\nimg-sync: b is locked\n" * 2
