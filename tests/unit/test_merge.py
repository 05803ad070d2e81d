"""Two edited sets of tags or people become one, element by element."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgsync.merge import agreed_elements, merge
from imgsync.model import Field, Metadata, Region

Tags = frozenset[str]


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


ANN, BOB = Region("Ann"), Region("Bob")
FACE, NUDGED, ELSEWHERE = (0.5, 0.5, 0.2, 0.2), (0.51, 0.5, 0.2, 0.2), (0.1, 0.1, 0.1, 0.1)

PEOPLE = [
    ("named on both sides", (), (ANN,), (BOB,), (ANN, BOB), (ANN, BOB)),
    (
        "framed a little differently",
        (),
        (Region("Ann", FACE),),
        (Region("Ann", NUDGED),),
        None,
        None,
    ),
    (
        "framed elsewhere",
        (),
        (Region("Ann", FACE),),
        (Region("Ann", ELSEWHERE),),
        (Region("Ann", ELSEWHERE), Region("Ann", FACE)),
        (Region("Ann", ELSEWHERE), Region("Ann", FACE)),
    ),
    (
        "somebody else there",
        (),
        (Region("Ann", FACE),),
        (Region("Bob", FACE),),
        *2 * [(Region("Ann", FACE), Region("Bob", FACE))],
    ),
    (
        "a frame is drawn here",
        (ANN,),
        (Region("Ann", FACE),),
        (ANN,),
        *2 * [(Region("Ann", FACE),)],
    ),
    (
        "a frame is removed here",
        (Region("Ann", FACE),),
        (ANN,),
        (Region("Ann", FACE),),
        *2 * [(ANN,)],
    ),
    (
        "removed there",
        (Region("Ann", FACE), BOB),
        (Region("Ann", FACE), BOB),
        (BOB,),
        (BOB,),
        (BOB,),
    ),
    (
        "nudged here, removed there",
        (Region("Ann", FACE),),
        (Region("Ann", NUDGED),),
        (),
        *2 * [(Region("Ann", NUDGED),)],
    ),
]


@pytest.mark.parametrize(
    ("past", "left", "right", "to_left", "to_right"),
    [row[1:] for row in PEOPLE],
    ids=[row[0] for row in PEOPLE],
)
def test_people(
    past: tuple[Region, ...],
    left: tuple[Region, ...],
    right: tuple[Region, ...],
    to_left: tuple[Region, ...] | None,
    to_right: tuple[Region, ...] | None,
) -> None:
    merged = merge(Field.PEOPLE, left, right, past, past, as_given)
    assert merged == (left if to_left is None else to_left, right if to_right is None else to_right)


def test_names_are_enough_for_a_service_that_knows_no_frames() -> None:
    framed, bare = (Region("Ann", FACE), Region("Secret", FACE)), (ANN,)
    assert merge(Field.PEOPLE, framed, bare, (), (), folded) == (framed, bare)
    assert merge(Field.PEOPLE, framed, (), framed, bare, folded) == ((framed[1],), ())
    assert agreed_elements(Field.PEOPLE, framed, bare, (), (), folded) == (framed, bare)


SETS = st.frozensets(st.sampled_from(["a", "A", "x/a", "b", "B", "c", "Secret"]))
NORMALS = st.sampled_from([as_given, folded])


@given(SETS, SETS, SETS, SETS)
def test_merge_is_what_was_said_less_what_was_removed(
    past: Tags, left: Tags, right: Tags, _: Tags
) -> None:
    removed = (past - left) | (past - right)
    added = (left | right) - past
    expected = (left | right) - (removed - added)
    assert merge(Field.TAGS, left, right, past, past, as_given) == (expected, expected)


@given(SETS, SETS, SETS, SETS, NORMALS)
def test_merge_does_not_care_which_side_is_which(
    left: Tags, right: Tags, past_left: Tags, past_right: Tags, normal: object
) -> None:
    one, two = merge(Field.TAGS, left, right, past_left, past_right, normal)  # type: ignore[arg-type]
    swapped = merge(Field.TAGS, right, left, past_right, past_left, normal)  # type: ignore[arg-type]
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
    left: Tags, right: Tags, past_left: Tags, past_right: Tags, normal: object
) -> None:
    sets = left, right, past_left, past_right
    agreed = agreed_elements(Field.TAGS, *sets, normal)  # type: ignore[arg-type]
    assert agreed_elements(Field.TAGS, left, right, *agreed, normal) == agreed  # type: ignore[arg-type]
    merged = merge(Field.TAGS, *sets, normal)  # type: ignore[arg-type]
    assert merge(Field.TAGS, left, right, *agreed, normal) == merged  # type: ignore[arg-type]
