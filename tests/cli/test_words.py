"""What people read: values, actions and sums in words, and nothing harmful among them."""

from __future__ import annotations

import pytest

from imgsync.cli.words import Ends, closing, line, place, shown, visible
from imgsync.events import Shown, Summary
from imgsync.model import Field, Location, Metadata, Pair, Photo, Region, Side
from imgsync.plan import Action, Op
from imgsync.wording import size

ENDS = Ends("local", "nas")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Zürich 東京 👨‍👩‍👧", "Zürich 東京 👨‍👩‍👧"),
        ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
        ("one\r\ntwo\tthree", r"one\r\ntwo\tthree"),
        ("\x9b31m\x7f\0", r"\x9b31m\x7f\x00"),
        ("gpj\u202egnp.exe\u2066", r"gpj\u202egnp.exe\u2066"),
        ("a\u2028b\u200bc", r"a\u2028b\u200bc"),
        ("Z\udcfcrich \ud800", r"Z\xfcrich \ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(text: str, seen: str) -> None:
    assert visible(text) == seen
    seen.encode()


@pytest.mark.parametrize(
    ("album", "name", "seen"),
    [
        ("2019/Paris", "1.jpg", "2019/Paris/1.jpg"),
        ("", "1.jpg", "1.jpg"),
        ("2019", None, "2019/"),
        ("", None, "./"),
    ],
)
def test_places(album: str, name: str | None, seen: str) -> None:
    assert place(album, name) == seen


@pytest.mark.parametrize(
    ("count", "seen"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (3_250_000, "3.2 MB"),
        (7e12, "7.0 TB"),
    ],
)
def test_sizes(count: int, seen: str) -> None:
    assert size(int(count)) == seen


def update(
    fields: str, left: Metadata, right: Metadata, *, sizes: tuple[int, int] = (0, 0)
) -> Action:
    """An update of the right side's `fields` to what the left one says."""
    here = Photo("1", "1.jpg", size=sizes[0], metadata=left)
    there = Photo("1", "1.jpg", size=sizes[1], metadata=right)
    return Action(
        op=Op.UPDATE,
        pair=Pair("a", None, here, there, "a", "a"),
        side=Side.RIGHT,
        album="a",
        name="1.jpg",
        fields=tuple(map(Field, fields.split())),
        metadata=left,
        why="changed on local",
    )


@pytest.mark.parametrize(
    ("field", "new", "old", "seen"),
    [
        (
            "title",
            Metadata(title="new"),
            Metadata(title='o"l\nd\\'),
            r'title: "o\"l\nd\\" -> "new"',
        ),
        ("caption", Metadata(), Metadata(caption="old"), 'caption: "old" -> ""'),
        (
            "tags",
            Metadata(tags=frozenset({"a", "b", "c/d e"})),
            Metadata(tags=frozenset({"a", "x"})),
            'tags: +"b" +"c/d e" -"x"',
        ),
        ("taken", Metadata(taken="2012-07"), Metadata(), "taken: none -> 2012-07"),
        (
            "location",
            Metadata(location=Location(48.5, -2.25, 35)),
            Metadata(location=Location(1, 2)),
            "location: 1.000000 2.000000 -> 48.500000 -2.250000 35 m",
        ),
        ("rating", Metadata(rating=-1), Metadata(rating=5), "rating: 5 -> rejected"),
        ("rating", Metadata(), Metadata(rating=5), "rating: 5 -> none"),
        ("label", Metadata(label="Red"), Metadata(), 'label: "" -> "Red"'),
        ("favorite", Metadata(favorite=True), Metadata(), "favorite: no -> yes"),
        (
            "people",
            Metadata(people=(Region("Ann", (0.5, 0.25, 0.1, 0.1)), Region("Bo"))),
            Metadata(people=(Region("Ann"), Region("Bo"))),
            'people: +"Ann" (at 50% 25%) -"Ann"',
        ),
        ("creator", Metadata(creator=("A", "B")), Metadata(), 'creator: none -> "A", "B"'),
        ("copyright", Metadata(copyright="(c)"), Metadata(), 'copyright: "" -> "(c)"'),
    ],
)
def test_an_update_shows_old_and_new(field: str, new: Metadata, old: Metadata, seen: str) -> None:
    action = update(field, new, old)
    assert line(action, "nas", ENDS) == f"update  nas  a/1.jpg  {seen}  (changed on local)"


def test_an_update_of_several_fields_is_one_line() -> None:
    action = update(
        "content title rating",
        Metadata(title="t", rating=1),
        Metadata(),
        sizes=(3_250_000, 1_000_000),
    )
    changes = 'content: 1.0 MB -> 3.2 MB; title: "" -> "t"; rating: none -> 1'
    assert line(action, "nas", ENDS) == f"update  nas  a/1.jpg  {changes}  (changed on local)"


BOTH = Pair(
    "a",
    None,
    Photo("1", "1.jpg", size=1_000_000, metadata=Metadata(rating=5, title="x\x1b")),
    Photo("1", "1.jpg", metadata=Metadata(rating=2)),
)
ONE = Pair("a", None, Photo("1", "1.jpg"))


@pytest.mark.parametrize(
    ("action", "side", "seen"),
    [
        (
            Action(op=Op.CREATE, pair=ONE, side=Side.RIGHT, album="a", name="1.jpg", why="new"),
            "nas",
            "create  nas  a/1.jpg  (new)",
        ),
        (
            Action(
                op=Op.DELETE,
                pair=ONE,
                side=Side.LEFT,
                album="a",
                name="1.jpg",
                why="deleted on nas",
                blocked="deletions are carried only with --delete",
            ),
            "local",
            "delete  local  a/1.jpg  (deleted on nas)"
            "  blocked: deletions are carried only with --delete",
        ),
        (
            Action(
                op=Op.CREATE,
                pair=ONE,
                side=Side.RIGHT,
                album="a",
                name="1.heic",
                why="new",
                blocked="nas takes no HEIC files",
                accepted=True,
            ),
            "nas",
            "create  nas  a/1.heic  (new)  accepted: nas takes no HEIC files",
        ),
        (
            Action(
                op=Op.CONFLICT,
                pair=BOTH,
                album="a",
                name="1.jpg",
                fields=(Field.TITLE, Field.RATING),
                why="changed on both sides",
            ),
            None,
            r'conflict  -  a/1.jpg  title: local "x\x1b", nas ""; rating: local 5, nas 2'
            "  (changed on both sides)",
        ),
        (
            Action(
                op=Op.CONFLICT,
                pair=BOTH,
                album="a",
                name="1.jpg",
                fields=(Field.CONTENT,),
                why="same name, different pictures",
            ),
            None,
            "conflict  -  a/1.jpg  content: local 1.0 MB, nas a picture"
            "  (same name, different pictures)",
        ),
        (
            Action(
                op=Op.MOVE,
                pair=BOTH,
                side=Side.RIGHT,
                album="a",
                name="1.jpg",
                to=("b", "2.jpg"),
                why="moved on local to b/2.jpg",
            ),
            "nas",
            "move  nas  a/1.jpg -> b/2.jpg  (moved on local to b/2.jpg)",
        ),
        (
            Action(op=Op.MOVE, pair=Pair("a"), side=Side.RIGHT, album="a", to=("b/c", ""), why="w"),
            "nas",
            "move  nas  a/ -> b/c/  (w)",
        ),
        (
            Action(
                op=Op.RECORD,
                pair=BOTH,
                album="a",
                name="1.jpg",
                fields=(Field.CONTENT, Field.TAGS),
                why="known on both sides",
            ),
            None,
            "record  -  a/1.jpg  content tags  (known on both sides)",
        ),
        (
            Action(op=Op.FORGET, pair=Pair("a"), album="a\n", why="gone on both sides"),
            None,
            r"forget  -  a\n/  (gone on both sides)",
        ),
    ],
    ids=lambda value: value.op.value if isinstance(value, Action) else None,
)
def test_an_action_is_one_line(action: Action, side: str | None, seen: str) -> None:
    assert line(action, side, ENDS) == seen


def test_a_photo_is_shown_with_all_that_is_said_about_it() -> None:
    photo = Photo("1", "1.jpg", size=5, metadata=Metadata(title="t", tags=frozenset({"a", "b"})))
    seen = 'photo  local  a/1.jpg  5 bytes  title: "t"  tags: "a", "b"'
    assert shown(Shown("local", "a", photo)) == seen


@pytest.mark.parametrize(
    ("done", "planned", "seen"),
    [
        (Summary(), Summary(), "in step, nothing to do"),
        (Summary(), Summary(created=2, updated=1), "2 to create, 1 to update"),
        (Summary(created=1_200, recorded=1), Summary(), "1,200 created, 1 recorded"),
        (Summary(created=1), Summary(created=2, moved=1), "1 created, 2 to create, 1 to move"),
        (Summary(), Summary(conflicts=1), "left: 1 conflict"),
        (
            Summary(moved=1, deleted=1, conflicts=1, blocked=3),
            Summary(conflicts=1, failed=1),
            "1 deleted, 1 moved; left: 2 conflicts, 3 blocked, 1 failed",
        ),
    ],
)
def test_the_sums_are_a_sentence(done: Summary, planned: Summary, seen: str) -> None:
    assert closing(done, planned) == seen
