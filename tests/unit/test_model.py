"""The values img-sync thinks in: when they are clean, and when two mean the same."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsync.model import (
    METADATA_FIELDS,
    NOTHING_SAID,
    Area,
    Field,
    Link,
    Location,
    Metadata,
    Pair,
    Photo,
    Region,
    Side,
    fingerprint,
    same,
    same_picture,
    same_region,
    wall_clock,
)


def test_sides() -> None:
    left, right = Photo("1", "a.jpg"), Photo("2", "b.jpg")
    link = Link("id", left, right)
    pair = Pair("2012", None, left, right, "2012", "2013")
    assert (Side.LEFT.other, Side.RIGHT.other) == (Side.RIGHT, Side.LEFT)
    assert (link.half(Side.LEFT), link.half(Side.RIGHT)) == (left, right)
    assert (pair.photo(Side.LEFT), pair.photo(Side.RIGHT)) == (left, right)
    assert (pair.album_of(Side.LEFT), pair.album_of(Side.RIGHT)) == ("2012", "2013")


def test_metadata_are_the_fields_but_the_picture() -> None:
    assert {*METADATA_FIELDS, Field.CONTENT} == set(Field)
    assert [str(field) for field in METADATA_FIELDS] == list(Metadata.__struct_fields__)


def test_some_fields_are_taken_from_others() -> None:
    mine, theirs = Metadata(title="A", rating=1, label="Red"), Metadata(title="B", rating=2)
    assert mine.but(theirs, {Field.TITLE, Field.LABEL}) == Metadata(title="B", rating=1)
    assert mine.but(theirs, {Field.CONTENT}) is mine
    assert mine.but(theirs, Field) == theirs
    assert [mine.get(field) for field in (Field.TITLE, Field.RATING)] == ["A", 1]


FACE = (0.5, 0.5, 0.2, 0.2)

# What is said, and how it is kept.
CLEAN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("blanks around text", {"title": " A\t", "label": " Red "}, {"title": "A", "label": "Red"}),
    ("nothing but blanks", {"caption": " \n", "taken": " "}, {}),
    ("blanks inside text", {"title": "A  B"}, {"title": "A  B"}),
    ("accents that stand apart", {"title": "Cafe\u0301"}, {"title": "Caf\u00e9"}),
    ("line ends", {"caption": "one\r\ntwo\rthree\nfour"}, {"caption": "one\ntwo\nthree\nfour"}),
    ("tags that say nothing", {"tags": frozenset({"", " ", "/", "a"})}, {"tags": frozenset("a")}),
    (
        "levels that say nothing",
        {"tags": frozenset({"/a//b/", " a / b ", "c"})},
        {"tags": frozenset({"a/b", "c"})},
    ),
    (
        "tags in two forms",
        {"tags": frozenset({"Cafe\u0301", "Caf\u00e9"})},
        {"tags": frozenset({"Caf\u00e9"})},
    ),
    ("blanks around a time", {"taken": " 2012-07 "}, {"taken": "2012-07"}),
    ("no stars", {"rating": 0}, {}),
    ("rejected", {"rating": -1}, {"rating": -1}),
    ("creators", {"creator": (" Bob", "", "Ann")}, {"creator": ("Bob", "Ann")}),
    ("copyright", {"copyright": " Ann\n"}, {"copyright": "Ann"}),
    (
        "people in any order",
        {"people": (Region("Bob"), Region("Ann"), Region(" Bob "))},
        {"people": (Region("Ann"), Region("Bob"))},
    ),
    (
        "a name that has a frame too",
        {"people": (Region("Ann"), Region("Ann", FACE), Region("Bob"))},
        {"people": (Region("Ann", FACE), Region("Bob"))},
    ),
    (
        "two frames of one name",
        {"people": (Region("Ann", FACE), Region("Ann", (0.1, 0.5, 0.2, 0.2)))},
        {"people": (Region("Ann", (0.1, 0.5, 0.2, 0.2)), Region("Ann", FACE))},
    ),
    ("a frame without a name", {"people": (Region(" ", FACE),)}, {}),
    ("no latitude", {"location": Location(nan, 2, 3)}, {}),
    ("beyond the pole", {"location": Location(90.1, 2, 3)}, {}),
    ("around the Earth", {"location": Location(1, inf, 3)}, {}),
    ("no height", {"location": Location(1, 2, nan)}, {"location": Location(1, 2)}),
    ("on the ground", {"location": Location(1, 2)}, {"location": Location(1, 2)}),
    (
        "the rest",
        {"location": Location(1, 2, 3), "favorite": True},
        {"location": Location(1, 2, 3), "favorite": True},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "kept"), [row[1:] for row in CLEAN], ids=[row[0] for row in CLEAN]
)
def test_clean(said: dict[str, Any], kept: dict[str, Any]) -> None:
    assert Metadata(**said).clean() == Metadata(**kept)


NOON = "2012-07-01T12:00:00"
TIMES = [
    ("fractions", f"{NOON}.25", f"{NOON}.75", True),
    ("a second", NOON, "2012-07-01T12:00:01", False),
    ("one without an offset", NOON, f"{NOON}+02:00", True),
    ("one without an offset, another hour", NOON, "2012-07-01T13:00:00+01:00", False),
    ("one moment", f"{NOON}+02:00", "2012-07-01T10:00:00Z", True),
    ("one moment, west of Greenwich", f"{NOON}-03:30", "2012-07-01T15:30:00+0000", True),
    ("one wall clock, two moments", f"{NOON}+02:00", f"{NOON}+01:00", False),
    ("one wall clock, east and west", f"{NOON}+02:00", f"{NOON}-02:00", False),
    ("a part of a date", "2012-07", NOON, False),
    ("no time", "", NOON, False),
    ("an impossible day", "2012-02-30T12:00:00", "2012-02-30T12:00:00.5", False),
    ("something after it", NOON, f"{NOON} or so", False),
    ("digits of another script", NOON, "\u0662012-07-01T12:00:00", False),
    ("before all time", "0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00+01:00", False),
    ("before all time, one moment", "0001-01-01T00:00:00+02:00", "0001-01-01T01:00:00+03:00", True),
]
PLACES = [
    ("three metres", Location(47.0, 8.0), Location(47.000027, 8.000027), True),
    ("ten metres north", Location(47.0, 8.0), Location(47.0001, 8.0), False),
    ("ten metres east", Location(47.0, 8.0), Location(47.0, 8.0001), False),
    ("across the date line", Location(0.0, 179.99999), Location(0.0, -179.99999), True),
    ("a height that one lacks", Location(47.0, 8.0, 400.0), Location(47.00001, 8.0), True),
    ("a metre higher", Location(47.0, 8.0, 400.0), Location(47.0, 8.0, 401.0), True),
    ("two metres higher", Location(47.0, 8.0, 400.0), Location(47.0, 8.0, 402.0), False),
    ("elsewhere, as high", Location(47.0, 8.0, 400.0), Location(48.0, 8.0, 400.0), False),
    ("elsewhere, no heights", Location(47.0, 8.0), Location(48.0, 8.0), False),
    ("no place", None, Location(0.0, 0.0), False),
]
NUDGED, MOVED, INSIDE = (0.51, 0.5, 0.2, 0.2), (0.54, 0.54, 0.2, 0.2), (0.5, 0.5, 0.1, 0.1)
PEOPLE = [
    ("the same", (Region("Ann", FACE),), (Region("Ann", FACE),), True),
    ("nudged", (Region("Ann", FACE),), (Region("Ann", NUDGED),), True),
    ("moved", (Region("Ann", FACE),), (Region("Ann", MOVED),), False),
    ("inside", (Region("Ann", FACE),), (Region("Ann", INSIDE),), False),
    ("side by side", (Region("Ann", FACE),), (Region("Ann", (0.8, 0.5, 0.2, 0.2)),), False),
    ("one above the other", (Region("Ann", FACE),), (Region("Ann", (0.5, 0.8, 0.2, 0.2)),), False),
    ("edge to edge", (Region("Ann", FACE),), (Region("Ann", (0.7, 0.5, 0.2, 0.2)),), False),
    ("another name", (Region("Ann", FACE),), (Region("Bob", FACE),), False),
    ("one without a frame", (Region("Ann", FACE),), (Region("Ann"),), False),
    ("a point", (Region("Ann", (0.5, 0.5, 0, 0)),), (Region("Ann", (0.5, 0.5, 0, 0)),), True),
    ("one more", (Region("Ann"), Region("Bob")), (Region("Ann"),), False),
]
OTHERS: list[tuple[Field, str, Any, Any, bool]] = [
    (Field.TITLE, "case", "Sea", "sea", False),
    (Field.RATING, "stars", 4, 5, False),
    (Field.TAGS, "tags", frozenset("a"), frozenset("a"), True),
    (Field.CREATOR, "order", ("Ann", "Bob"), ("Bob", "Ann"), False),
]
SAME = [
    *((Field.TAKEN, *row) for row in TIMES),
    *((Field.LOCATION, *row) for row in PLACES),
    *((Field.PEOPLE, *row) for row in PEOPLE),
    *OTHERS,
]


@pytest.mark.parametrize(
    ("field", "a", "b", "alike"),
    [(row[0], *row[2:]) for row in SAME],
    ids=[f"{row[0]}: {row[1]}" for row in SAME],
)
def test_same(field: Field, a: Any, b: Any, alike: bool) -> None:
    assert same(field, a, b) is alike
    assert same(field, b, a) is alike
    assert same(field, a, a)
    assert same(field, b, b)


def test_frames_overlap_by_more_than_three_fifths() -> None:
    """A frame moved by a fifth of its width shares 0.8 of it: 0.8 / 1.2 is more, 0.7 / 1.3 less."""

    def moved(by: float) -> Region:
        return Region("Ann", (0.5 + by, 0.5, 0.2, 0.2))

    assert same_region(moved(0), moved(0.04))
    assert not same_region(moved(0), moved(0.06))


@pytest.mark.parametrize(
    ("taken", "clock"),
    [
        (f"{NOON}+02:00", NOON),
        (f"{NOON}.25-0330", f"{NOON}.25"),
        (f"{NOON}Z", NOON),
        (NOON, NOON),
        ("2012-07-01", "2012-07-01"),
        ("2012", "2012"),
        ("", ""),
    ],
)
def test_wall_clock(taken: str, clock: str) -> None:
    assert wall_clock(taken) == clock


SUM = frozenset({"sha1:1"})
PICTURES = [
    ("one picture digest", "image:1", (), "image:1", (), True),
    ("two picture digests", "image:1", (), "image:2", (), False),
    ("a picture that has none, whole files", "file:1", (), "image:1", (), False),
    ("no digest there", "image:1", (), "7", (), None),
    ("one number, which means nothing", "7", (), "7", (), None),
    ("nothing known", "", (), "", (), None),
    ("one checksum", "image:1", SUM, "7", SUM, True),
    ("one checksum, pictures unknown", "", SUM, "", SUM, True),
    ("two checksums: metadata may be embedded", "image:1", SUM, "7", {"sha1:2"}, None),
    ("two checksums of one picture", "image:1", SUM, "image:1", {"sha1:2"}, True),
    ("checksums of two kinds", "7", SUM, "8", {"md5:1"}, None),
]


@pytest.mark.parametrize(
    ("one", "one_sums", "other", "other_sums", "alike"),
    [row[1:] for row in PICTURES],
    ids=[row[0] for row in PICTURES],
)
def test_same_picture(
    one: str, one_sums: Any, other: str, other_sums: Any, alike: bool | None
) -> None:
    a = Photo("1", "a.jpg", content=one, digests=frozenset(one_sums))
    b = Photo("2", "b.jpg", content=other, digests=frozenset(other_sums))
    assert same_picture(a, b) is alike
    assert same_picture(b, a) is alike


def test_fingerprint_tells_every_change() -> None:
    versions = [("a.jpg", "1"), ("b.jpg", "2")]
    prints = {
        fingerprint(rows)
        for rows in (
            versions,
            versions[:1],
            [("a.jpg", "2"), ("b.jpg", "1")],
            [("ba.jpg", "12")],
            [],
        )
    }
    assert len(prints) == 5
    assert "" not in prints
    assert fingerprint(versions[::-1]) == fingerprint(versions)
    assert fingerprint([*versions, ("c.jpg", "")]) == ""
    assert fingerprint([("\udcff.jpg", "1")]) != ""  # a byte of a name
    assert fingerprint([("\ud800.jpg", "1")]) != ""  # half a letter, from a state or a service


TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.text(
    " /\r\n\u0301e\u2000a", max_size=8
)
FRACTIONS = st.floats(0, 1)
REGIONS = st.builds(Region, TEXT, st.none() | st.tuples(FRACTIONS, FRACTIONS, FRACTIONS, FRACTIONS))
METADATA = st.builds(
    Metadata,
    title=TEXT,
    caption=TEXT,
    tags=st.frozensets(TEXT, max_size=4),
    taken=TEXT,
    rating=st.integers(-1, 5),
    label=TEXT,
    people=st.lists(REGIONS, max_size=4).map(tuple),
    creator=st.lists(TEXT, max_size=3).map(tuple),
    copyright=TEXT,
)


@given(METADATA)
def test_clean_is_clean_for_good(metadata: Metadata) -> None:
    assert metadata.clean().clean() == metadata.clean()
    assert NOTHING_SAID.clean() == NOTHING_SAID


OFFSETS = st.sampled_from(["", "Z", "+00:00", "+02:00", "-0330", "+23:59", "-23:59"])
CLOCKS = st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat())
MOMENTS = st.builds(str.__add__, CLOCKS | st.sampled_from([NOON, f"{NOON}.5"]), OFFSETS) | TEXT
DEGREES = st.floats(-180, 180)
LOCATIONS = st.builds(Location, DEGREES, DEGREES, st.none() | st.floats(-1e4, 1e4)) | st.none()
VALUES = (
    st.tuples(st.just(Field.TAKEN), MOMENTS, MOMENTS)
    | st.tuples(st.just(Field.LOCATION), LOCATIONS, LOCATIONS)
    | st.tuples(st.just(Field.PEOPLE), st.tuples(REGIONS), st.tuples(REGIONS))
)


@given(VALUES)
def test_same_holds_both_ways(values: tuple[Field, Any, Any]) -> None:
    field, a, b = values
    assert same(field, a, b) == same(field, b, a)
    assert same(field, a, a)


AREAS = st.tuples(FRACTIONS, FRACTIONS, FRACTIONS, FRACTIONS)


@given(AREAS, AREAS)
def test_faces_are_the_same_both_ways(one: Area, other: Area) -> None:
    a, b = Region("Ann", one), Region("Ann", other)
    assert same_region(a, b) == same_region(b, a)
    assert same_region(a, a)
