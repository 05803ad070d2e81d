"""What is done at once, and what only one after another."""

from __future__ import annotations

import pytest

from imgsync.execute.order import Unit, groups, in_lines
from imgsync.model import Link, Pair, Photo, Side
from imgsync.plan import Action, Op


def photo(ref: str, picture: str = "") -> Photo:
    return Photo(ref=ref, name=f"{ref}.jpg", version="1", content=picture and f"image:{picture}")


def unit(left: Photo | None, right: Photo | None, id: str = "") -> Unit:
    gone = photo("gone")
    base = Link(id, left=left or gone, right=right or gone) if id else None
    return (Action(op=Op.UPDATE, pair=Pair("", base, left, right)),)


@pytest.mark.parametrize(
    ("units", "lines"),
    [
        pytest.param(
            [unit(photo("a"), photo("1")), unit(photo("b"), photo("2"))],
            [[0], [1]],
            id="two photos",
        ),
        pytest.param(
            [unit(photo("a"), photo("1")), unit(photo("b"), photo("1"))],
            [[0, 1]],
            id="two files of one photo there",
        ),
        pytest.param(
            [unit(photo("a", "sea"), None), unit(photo("b", "sea"), None)],
            [[0, 1]],
            id="one picture that is sent twice",
        ),
        pytest.param(
            [
                unit(photo("a", "sea"), None),
                unit(photo("b"), photo("1", "alps")),
                unit(photo("c"), photo("2")),
                unit(photo("d", "sea"), photo("3", "alps")),
            ],
            [[0, 1, 3], [2]],
            id="one that has to do with two others",
        ),
        pytest.param(
            [unit(None, None, "x"), unit(None, None, "y")],
            [[0], [1]],
            id="links of which both photos are gone",
        ),
    ],
)
def test_what_has_to_do_with_each_other_is_in_one_line(
    units: list[Unit], lines: list[list[int]]
) -> None:
    assert sorted([units.index(each) for each in line] for line in in_lines(units)) == lines


def test_ten_thousand_copies_of_one_picture_are_no_trouble() -> None:
    units = [unit(photo(str(number), "blank"), None) for number in range(10_000)]
    assert in_lines(units) == [units]


def renamed(old: str, new: str) -> Unit:
    pair = Pair("", None, photo(new), photo(old))
    return (Action(op=Op.MOVE, pair=pair, side=Side.RIGHT, name=old, to=("", new)),)


RENAMES = [
    ("none is in another's way", ["a>b", "c>d"], ["a>b", "c>d"]),
    ("one takes another's name", ["a>b", "b>c"], ["b>c", "a>b"]),
    ("a circle", ["a>b", "b>c", "c>a"], ["c>a", "b>c", "a>b"]),
    ("two take names in a row", ["b>c", "a>b", "c>d"], ["c>d", "b>c", "a>b"]),
]


@pytest.mark.parametrize(
    ("asked", "done"), [row[1:] for row in RENAMES], ids=[row[0] for row in RENAMES]
)
def test_what_frees_a_name_comes_before_what_takes_it(asked: list[str], done: list[str]) -> None:
    units = {word: renamed(*word.split(">")) for word in asked}
    assert [*groups([*units.values()])] == [[units[word]] for word in done]


def test_ten_thousand_photos_that_each_take_the_next_ones_name() -> None:
    units = [renamed(str(number), str(number + 1)) for number in range(10_000)]
    assert [unit for [unit] in groups(units)] == units[::-1]
