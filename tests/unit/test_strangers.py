"""Which strangers are one photo: by picture, by name and time, and what only a look can tell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgsync.model import Metadata, Pair, Photo, Side
from imgsync.strangers import meet, unsure

LEFT, RIGHT = Side.LEFT, Side.RIGHT

NOON, LATER = "2012-07-01T12:00:00", "2012-07-01T12:00:05"


def photo(name: str, picture: str = "", *, taken: str = "", ref: str = "", **more: Any) -> Photo:
    """A photo whose service shows a digest of its picture only where one is given."""
    content = f"image:{picture}" if picture else "7"
    return replace(
        Photo(ref or name, name, content=content), metadata=Metadata(taken=taken), **more
    )


def photos(text: str) -> list[Photo]:
    """`"a=P b"`: a photo named a with the picture P, and b of which nothing is told."""
    return [photo(*word.split("=")) for word in text.split()]


def told(pairs: list[Pair]) -> list[str]:
    """Pairs in words: what left and right show; `-` is nothing, `!` one that has a namesake."""
    return [
        " ".join([pair.left.ref if pair.left else "-", pair.right.ref if pair.right else "-"])
        + ("!" if pair.namesake else "")
        for pair in pairs
    ]


# Strangers of two albums: the pairs that they make, and those that stay alone.
MET = [
    ("one picture, one name", "a=P", "a=P", ["a a"]),
    ("one picture, two names", "a=P", "b=P", ["a b"]),
    ("one name, two pictures", "a=P", "a=Q", ["a a"]),
    ("one name, one picture unknown", "a=P", "a", ["a -!", "- a!"]),
    ("one name, both pictures unknown", "a", "a", ["a -!", "- a!"]),
    ("nothing in common", "a=P", "b=Q", ["a -", "- b"]),
    ("the picture is surer than the name", "a=P b=Q", "a=Q b=P", ["a b", "b a"]),
    ("of twins, those of one name", "a=P b=P", "c=P b=P", ["b b", "a c"]),
    ("one picture twice here", "a=P b=P", "c=P", ["a c", "b -"]),
    ("one picture twice there", "a=P", "b=P c=P", ["a b", "- c"]),
    ("nobody there", "a=P b=P", "", ["a -", "b -"]),
]


@pytest.mark.parametrize(
    ("left", "right", "pairs"), [row[1:] for row in MET], ids=[row[0] for row in MET]
)
def test_strangers_meet(left: str, right: str, pairs: list[str]) -> None:
    met = meet("2012", photos(left), photos(right))
    assert told(met) == pairs
    assert {(pair.album, pair.left_album, pair.right_album) for pair in met} == {3 * ("2012",)}
    again = meet("2012", photos(left)[::-1], photos(right)[::-1])
    assert told(again) == told(met)


# Two of one name, and when they were taken: whether they are one, which their pictures must tell
# where nothing else does.
ONE, TWO, ASK = "one photo", "two photos", "look at the pictures"
ZONES = "two photos, or one in two zones: look at the pictures"
TIMES = [
    ("the same second", NOON, NOON, ONE),
    ("a fraction is noise", NOON, f"{NOON}.5", ONE),
    ("an offset that one side lacks", NOON, f"{NOON}+02:00", ONE),
    ("one moment in two zones", f"{NOON}+02:00", "2012-07-01T10:00:00Z", ONE),
    ("in the year 1", "0001-01-01T00:00:01+14:00", "0001-01-01T00:00:01+14:00", ONE),
    ("another second", NOON, LATER, TWO),
    ("another second in one zone", f"{NOON}+02:00", f"{LATER}+02:00", TWO),
    ("no time there", NOON, "", ASK),
    ("no time anywhere", "", "", ASK),
    ("a month is no time", "2012-07", "2012-07", ASK),
    ("a day is no time", "2012-07-01", NOON, ASK),
    ("nor is its midnight", "2012-07-01T00:00:00", "2012-07-01T00:00:00", ASK),
    ("nor is a time that cannot be", "2012-07-32T12:00:00", NOON, ASK),
    ("two hours apart may be two zones", NOON, "2012-07-01T14:00:00", ZONES),
    ("a quarter, in Nepal", NOON, "2012-07-01T17:45:00", ZONES),
    ("twenty minutes are no zone", NOON, "2012-07-01T12:20:00", TWO),
]


@pytest.mark.parametrize(
    ("left", "right", "verdict"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES]
)
def test_times_tell_namesakes_apart(left: str, right: str, verdict: str) -> None:
    one, two = photo("a", "P", taken=left), photo("a", taken=right)
    for here, there in ((one, two), (replace(two, ref="a"), one)):
        met = meet("2012", [here], [there])
        assert told(met) == (["a a"] if verdict == ONE else ["a -!", "- a!"])
        asked = [here], [there]
        assert unsure(met) == dict(
            zip(Side, asked if verdict in (ASK, ZONES) else ([], []), strict=True)
        )


@pytest.mark.parametrize(
    ("left", "right", "verdict"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES]
)
def test_pictures_that_are_shown_and_differ_are_for_a_person_to_decide(
    left: str, right: str, verdict: str
) -> None:
    met = meet("2012", [photo("a", "P", taken=left)], [photo("a", "Q", taken=right)])
    assert told(met) == (["a -!", "- a!"] if verdict in (TWO, ZONES) else ["a a"])
    assert unsure(met) == {LEFT: [], RIGHT: []}


def test_a_picture_that_was_looked_at_makes_one_photo_or_two() -> None:
    here, there = photo("a", "P"), photo("a")
    same, other = (replace(there, digests=frozenset({f"image:{p}"})) for p in "PQ")
    assert told(meet("2012", [here], [same])) == ["a a"]
    met = meet("2012", [here], [other])
    assert told(met) == ["a -!", "- a!"]
    assert unsure(met) == {LEFT: [], RIGHT: []}


# Several of one name, as photo servers have them; ref and time of each.
CROWDS = [
    ("each its time", ["1 +0"], ["2 +5", "3 +0"], ["1 3", "- 2"], ""),
    ("twice one time", ["1 +0"], ["2 +0", "3 +0"], ["1 -!", "- 2!", "- 3!"], "1 2 3"),
    ("one without a time", ["1 +0"], ["2 +5", "3"], ["1 -!", "- 2!", "- 3!"], "1 3"),
    ("all without", ["1"], ["2", "3"], ["1 -!", "- 2!", "- 3!"], "1 2 3"),
    ("nobody of that time", ["1 +0"], ["2 +5", "3 +5"], ["1 -!", "- 2!", "- 3!"], ""),
]


@pytest.mark.parametrize(
    ("left", "right", "pairs", "asked"), [row[1:] for row in CROWDS], ids=[row[0] for row in CROWDS]
)
def test_namesakes_meet_by_time_if_that_is_unmistakable(
    left: list[str], right: list[str], pairs: list[str], asked: str
) -> None:
    def named(text: str) -> Photo:
        ref, _, taken = text.partition(" ")
        return photo("a.jpg", taken={"+0": NOON, "+5": LATER, "": ""}[taken], ref=ref)

    met = meet("2012", map(named, left), map(named, right))
    assert told(met) == pairs
    assert " ".join(p.ref for photos in unsure(met).values() for p in photos) == asked


def test_a_time_with_an_offset_finds_the_one_of_that_offset() -> None:
    here = [photo("a", taken=f"{NOON}+02:00", ref="1")]
    there = [photo("a", taken=NOON, ref="2"), photo("a", taken=f"{NOON}+02:00", ref="3")]
    assert told(meet("2012", here, there)) == ["1 3", "- 2"]
    assert told(meet("2012", there, here)) == ["3 1", "2 -"]


# Where pictures can never be compared, a name must do.
BY_NAME = [
    ("no times", "", "", True),
    ("one time", NOON, "", True),
    ("the same time", NOON, NOON, True),
    ("other times", NOON, LATER, False),
]


@pytest.mark.parametrize(
    ("left", "right", "met"), [row[1:] for row in BY_NAME], ids=[row[0] for row in BY_NAME]
)
def test_a_name_alone_does_where_pictures_cannot_be_compared(
    left: str, right: str, met: bool
) -> None:
    one, two = photo("a", "P", taken=left), photo("a", taken=right)
    pairs = meet("2012", [one], [two], by_name=True)
    assert told(pairs) == (["a a"] if met else ["a -!", "- a!"])
    twice = [two, replace(two, ref="b")]
    assert (told(meet("2012", [one], twice, by_name=True))[0] == "a a") is met


def test_name_is_the_same_however_its_accents_are_put() -> None:
    composed, apart = photo("caf\u00e9", taken=NOON), photo("cafe\u0301", taken=NOON)
    assert len(meet("2012", [composed], [apart])) == 1
    there, here = photo("caf\u00e9"), photo("cafe\u0301")
    assert unsure(meet("2012", [here], [there])) == {LEFT: [here], RIGHT: [there]}


class Counted(str):
    """A ref that counts how often it is looked for."""

    looked_for = 0

    def __hash__(self) -> int:
        Counted.looked_for += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)


@pytest.mark.parametrize(
    "shown",
    [
        {"content": "image:P", "name": "a"},
        {"content": "image:P"},
        {"name": "a"},
        {"name": "a", "metadata": Metadata(taken=NOON)},
    ],
    ids=["one photo many times", "one picture", "one name", "one name and time"],
)
@pytest.mark.parametrize("by_name", [False, True])
def test_each_of_thousands_of_twins_is_looked_for_a_few_times(
    shown: dict[str, Any], by_name: bool
) -> None:
    """And not once for each of the others."""
    twins = [replace(photo(str(n)), ref=Counted(n), **shown) for n in range(2000)]
    Counted.looked_for = 0
    unsure(meet("2012", twins, twins, by_name=by_name))
    assert 2 * 2000 <= Counted.looked_for < 20 * 2000


ALBUM = st.lists(
    st.builds(
        photo,
        st.sampled_from("abc"),
        st.sampled_from(["P", "Q", ""]),
        ref=st.sampled_from("123456"),
        taken=st.sampled_from(["", NOON, LATER, f"{NOON}+02:00"]),
        digests=st.frozensets(st.sampled_from(["sha1:1", "sha1:2"]), max_size=1),
    ),
    unique_by=lambda photo: photo.ref,
)


@given(ALBUM, ALBUM, st.booleans())
def test_every_stranger_is_in_one_pair(
    left: list[Photo], right: list[Photo], by_name: bool
) -> None:
    met = meet("2012", left, right, by_name=by_name)
    assert sorted(p.left.ref for p in met if p.left) == sorted(photo.ref for photo in left)
    assert sorted(p.right.ref for p in met if p.right) == sorted(photo.ref for photo in right)
    assert all(pair.base is None and (pair.left or pair.right) for pair in met)
