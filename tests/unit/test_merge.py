"""Two edited sets of tags or people become one, element by element."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgsync.merge import agreed_elements, merge
from imgsync.model import Field, Metadata, Region

Tags = frozenset[str]
Normal = Callable[[Metadata], Metadata]
People = tuple[Region, ...]


def as_given(metadata: Metadata) -> Metadata:
    return metadata


def folded(metadata: Metadata) -> Metadata:
    """The last level of a tag in lower case; names without their frames; nothing secret."""
    return replace(
        metadata,
        tags=frozenset(tag.rpartition("/")[2].lower() for tag in metadata.tags if tag != "Secret"),
        people=tuple(Region(region.name) for region in metadata.people if region.name != "Secret"),
    )


def tags(text: str) -> Tags:
    return frozenset(text.split())


# The past, what is shown, what is to be shown: left and right each, with a service on the right
# that folds case and levels.
FOLDED = [
    ("strangers", "", "", "Sea", "sea", "Sea", "sea"),
    (
        "strangers, some alike",
        "",
        "",
        "Places/Sea Dog",
        "sea cat",
        "Places/Sea Dog cat",
        "sea cat Dog",
    ),
    ("removed there", "Places/Sea", "sea", "Places/Sea", "", "", ""),
    ("removed here", "Places/Sea", "sea", "", "sea", "", ""),
    ("spelled anew here", "Sea", "sea", "SEA", "sea", "SEA", "sea"),
    ("spelled anew here, removed there", "Sea", "sea", "SEA", "", "SEA", "SEA"),
    ("two of one form, removed there", "Sea SEA", "sea", "Sea SEA", "", "", ""),
    ("two of one form, one removed here", "Sea SEA", "sea", "Sea", "sea", "Sea", "sea"),
    ("two of one form, both removed here", "Sea SEA", "sea", "", "sea", "", ""),
    ("one more of the form here", "Sea", "sea", "Sea SEA", "sea", "Sea SEA", "sea"),
    ("one more of the form here, removed there", "Sea", "sea", "Sea SEA", "", "SEA", "SEA"),
    ("not shown there", "", "", "Secret", "", "Secret", ""),
    ("not shown there, all removed there", "Secret a", "a", "Secret a", "", "Secret", ""),
    ("not shown there, removed here", "Secret a", "a", "a", "a", "a", "a"),
    ("never taken there", "Sea", "", "Sea", "", "Sea", ""),
]


@pytest.mark.parametrize(
    ("past_left", "past_right", "left", "right", "to_left", "to_right"),
    [row[1:] for row in FOLDED],
    ids=[row[0] for row in FOLDED],
)
def test_elements_are_compared_as_both_sides_show_them(
    past_left: str, past_right: str, left: str, right: str, to_left: str, to_right: str
) -> None:
    sets = tags(left), tags(right), tags(past_left), tags(past_right)
    assert merge(Field.TAGS, *sets, folded) == (tags(to_left), tags(to_right))
    swapped = tags(right), tags(left), tags(past_right), tags(past_left)
    assert merge(Field.TAGS, *swapped, folded) == (tags(to_right), tags(to_left))


# What is then agreed: the past, what is shown, what is remembered: left and right each.
AGREED = [
    ("alike in form", "", "", "Sea", "sea", "Sea", "sea"),
    ("not there yet", "", "", "Sea", "", "", ""),
    ("still there", "Sea", "sea", "", "sea", "Sea", "sea"),
    ("still here", "Sea", "sea", "Sea", "", "Sea", "sea"),
    ("still here, spelled anew", "Sea", "sea", "SEA", "", "Sea", "sea"),
    ("still here, one of two", "Sea SEA", "sea", "Sea", "", "Sea SEA", "sea"),
    ("one of two is gone here", "Sea SEA", "sea", "Sea", "sea", "Sea", "sea"),
    ("gone on both", "Sea", "sea", "", "", "", ""),
    ("not shown there", "", "", "Secret", "", "Secret", ""),
    ("not shown there, gone here", "Secret", "", "", "", "", ""),
]


@pytest.mark.parametrize(
    ("past_left", "past_right", "left", "right", "then_left", "then_right"),
    [row[1:] for row in AGREED],
    ids=[row[0] for row in AGREED],
)
def test_agreed_elements(
    past_left: str, past_right: str, left: str, right: str, then_left: str, then_right: str
) -> None:
    sets = tags(left), tags(right), tags(past_left), tags(past_right)
    assert agreed_elements(Field.TAGS, *sets, folded) == (tags(then_left), tags(then_right))
    swapped = tags(right), tags(left), tags(past_right), tags(past_left)
    assert agreed_elements(Field.TAGS, *swapped, folded) == (tags(then_right), tags(then_left))


FACE, NUDGED, ELSEWHERE = (0.5, 0.5, 0.2, 0.2), (0.51, 0.5, 0.2, 0.2), (0.1, 0.1, 0.1, 0.1)
ANN, BOB = Region("Ann"), Region("Bob")
ANN_HERE, ANN_NUDGED = Region("Ann", FACE), Region("Ann", NUDGED)
ANN_THERE, BOB_HERE = Region("Ann", ELSEWHERE), Region("Bob", FACE)

# The past on both sides, what left and right show, and what both are to show.
PEOPLE: list[tuple[str, People, People, People, People]] = [
    ("one named on each side", (), (ANN,), (BOB,), (ANN, BOB)),
    ("two frames for one name", (), (ANN_HERE,), (ANN_THERE,), (ANN_THERE, ANN_HERE)),
    ("two names for one frame", (), (ANN_HERE,), (BOB_HERE,), (ANN_HERE, BOB_HERE)),
    ("a frame is drawn here", (ANN,), (ANN_HERE,), (ANN,), (ANN_HERE,)),
    ("a frame is removed here", (ANN_HERE,), (ANN,), (ANN_HERE,), (ANN,)),
    ("removed there", (ANN_HERE, BOB), (ANN_HERE, BOB), (BOB,), (BOB,)),
    ("nudged here, removed there", (ANN_HERE,), (ANN_NUDGED,), (), (ANN_NUDGED,)),
]


@pytest.mark.parametrize(
    ("past", "left", "right", "shown"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE]
)
def test_people(past: People, left: People, right: People, shown: People) -> None:
    assert merge(Field.PEOPLE, left, right, past, past, as_given) == (shown, shown)


def test_faces_framed_a_little_differently_stay_as_they_are() -> None:
    sides = (ANN_HERE,), (ANN_NUDGED,)
    assert merge(Field.PEOPLE, *sides, (), (), as_given) == sides


def test_names_are_enough_for_a_service_that_knows_no_frames() -> None:
    framed, bare = (Region("Ann", FACE), Region("Secret", FACE)), (ANN,)
    assert merge(Field.PEOPLE, framed, bare, (), (), folded) == (framed, bare)
    assert merge(Field.PEOPLE, framed, (), framed, bare, folded) == ((framed[1],), ())
    assert agreed_elements(Field.PEOPLE, framed, bare, (), (), folded) == (framed, bare)


SETS = st.frozensets(st.sampled_from(["a", "A", "x/a", "b", "B", "c", "Secret"]))
NORMALS = st.sampled_from([as_given, folded])


@given(SETS, SETS, SETS)
def test_merge_is_what_was_said_less_what_was_removed(past: Tags, left: Tags, right: Tags) -> None:
    removed = (past - left) | (past - right)
    added = (left | right) - past
    expected = (left | right) - (removed - added)
    assert merge(Field.TAGS, left, right, past, past, as_given) == (expected, expected)


@given(SETS, SETS, SETS, SETS, NORMALS)
def test_merge_does_not_care_which_side_is_which(
    left: Tags, right: Tags, past_left: Tags, past_right: Tags, normal: Normal
) -> None:
    one, two = merge(Field.TAGS, left, right, past_left, past_right, normal)
    swapped = merge(Field.TAGS, right, left, past_right, past_left, normal)
    assert swapped == (two, one)


@given(SETS, SETS, SETS, SETS)
def test_merge_loses_nothing_that_was_added_and_is_done_at_once(
    left: Tags, right: Tags, past_left: Tags, past_right: Tags
) -> None:
    one, two = merge(Field.TAGS, left, right, past_left, past_right, folded)
    assert left - past_left <= one
    assert right - past_right <= two
    assert one <= left | right
    assert two <= left | right
    assert merge(Field.TAGS, one, two, past_left, past_right, folded) == (one, two)


@given(SETS, SETS, SETS, SETS, NORMALS)
def test_what_is_agreed_plans_no_merge_and_what_is_open_still_does(
    left: Tags, right: Tags, past_left: Tags, past_right: Tags, normal: Normal
) -> None:
    sets = left, right, past_left, past_right
    agreed = agreed_elements(Field.TAGS, *sets, normal)
    assert agreed_elements(Field.TAGS, left, right, *agreed, normal) == agreed
    merged = merge(Field.TAGS, *sets, normal)
    assert merge(Field.TAGS, left, right, *agreed, normal) == merged
