"""Folders in folders: each side moves another one of them, and both moves hold."""

from __future__ import annotations

from typing import Any

import pytest

PLACES = {"k": 1, "k/in": 2, "k/in/deep": 3, "k/in/deep/gap/down": 4, "m": 5}

# What a person does here, what there, and where the photos of PLACES are afterwards on both sides.
ROWS = {
    "the outer one here": (
        [("k", "m/x")],
        [],
        ["m/x", "m/x/in", "m/x/in/deep", "m/x/in/deep/gap/down", "m"],
    ),
    "the outer one there": (
        [],
        [("k", "c")],
        ["c", "c/in", "c/in/deep", "c/in/deep/gap/down", "m"],
    ),
    "the outer one here, an inner one there": (
        [("k", "c")],
        [("k/in", "k/out")],
        ["c", "c/out", "c/out/deep", "c/out/deep/gap/down", "m"],
    ),
    "the outer one there, an inner one here": (
        [("k/in", "k/out")],
        [("k", "c")],
        ["c", "c/out", "c/out/deep", "c/out/deep/gap/down", "m"],
    ),
    "one is moved here into one that is moved there": (
        [("m", "k/in/m")],
        [("k", "c")],
        ["c", "c/in", "c/in/deep", "c/in/deep/gap/down", "c/in/m"],
    ),
    "one is moved there into one that is moved here": (
        [("k", "c")],
        [("m", "k/in/m")],
        ["c", "c/in", "c/in/deep", "c/in/deep/gap/down", "c/in/m"],
    ),
}


@pytest.fixture
def nested(trees: Any) -> Any:
    for path, picture in PLACES.items():
        trees.here.add(f"{path}/{picture}.jpg", picture)
    assert trees.sync().code == 0
    return trees


@pytest.mark.parametrize("row", ROWS)
def test_moves_of_both_sides_hold(nested: Any, row: str) -> None:
    here, there, wanted = ROWS[row]
    for tree, moves in ((nested.here, here), (nested.nas, there)):
        for path, to in moves:
            tree.rename(path, to)
    report = nested.sync()
    assert report.code == 0
    assert report.summary == {"moved": len(here) + len(there)}
    names = {f"{to}/{n}.jpg" for to, n in zip(wanted, PLACES.values(), strict=True)}
    assert nested.here.names() == nested.nas.names() == names
    assert nested.in_step()


@pytest.mark.parametrize("side", ["here", "nas"])
def test_a_new_folder_in_one_that_is_moved_on_the_other_side(nested: Any, side: str) -> None:
    mine, other = (nested.here, nested.nas)[:: 1 if side == "here" else -1]
    mine.add("k/in/new/9.jpg", 9)
    other.rename("k", "c")
    assert nested.sync().summary == {"created": 1, "moved": 1}
    assert nested.here.names() == nested.nas.names()
    assert "c/in/new/9.jpg" in nested.here.names()
    assert nested.in_step()


@pytest.mark.parametrize("prefer", ["local", "nas"])
def test_a_dispute_about_the_outer_one_is_settled_for_all_in_it(nested: Any, prefer: str) -> None:
    nested.here.rename("k", "mine")
    nested.nas.rename("k", "theirs")
    nested.here.add("mine/new/9.jpg", 9)
    for _ in range(2):
        report = nested.sync()
        assert report.code == 1
        conflicts = {line for line in report.actions() if line.startswith("conflict")}
        assert conflicts == {"conflict - mine"}
    assert nested.sync("--prefer", prefer).code == 0
    top = "mine" if prefer == "local" else "theirs"
    assert nested.here.names() == nested.nas.names()
    assert {f"{top}/in/2.jpg", f"{top}/in/deep/gap/down/4.jpg", f"{top}/new/9.jpg"} < set(
        nested.nas.names()
    )
    assert nested.in_step()


@pytest.mark.parametrize("prefer", ["local", "nas"])
def test_folders_that_both_sides_move_into_each_other(nested: Any, prefer: str) -> None:
    nested.here.rename("m", "k/m")
    nested.nas.rename("k", "m/k")
    for _ in range(2):
        report = nested.sync()
        assert (report.code, report.actions()) == (1, {"conflict - k"})
    assert "or let a side decide with --prefer" in report.events[-2]["why"]
    assert nested.sync("--prefer", prefer).code == 0
    assert nested.here.names() == nested.nas.names()
    assert ("k/m/5.jpg" if prefer == "local" else "m/k/1.jpg") in nested.nas.names()
    assert nested.in_step()


def test_a_folder_that_is_turned_inside_out_waits_where_its_new_name_is_taken(nested: Any) -> None:
    nested.here.rename("k/in", "q")
    nested.here.rename("k", "q/k")
    nested.nas.add("q/9.jpg", 9)
    before = nested.nas.names()
    for _ in range(2):
        assert nested.sync().code == 1
        assert nested.nas.names() >= before


def test_an_empty_folder_hinders_no_move(nested: Any) -> None:
    (nested.nas.top / "c/k").mkdir(parents=True)
    nested.here.rename("k", "c/k")
    assert nested.sync().summary == {"moved": 1}
    assert nested.here.names() == nested.nas.names()
    assert nested.in_step()


def test_a_folder_that_is_not_empty_is_no_place_for_another(nested: Any) -> None:
    (nested.nas.top / "c/notes").mkdir(parents=True)
    nested.here.rename("k", "c")
    report = nested.sync()
    assert report.code == 1
    assert "Directory not empty (rename what has that name there)" in report.told
    assert "k/1.jpg" in nested.nas.names()


def test_a_new_folder_of_one_name_on_both_sides_in_one_that_is_moved(nested: Any) -> None:
    nested.here.add("k/new/8.jpg", 8)
    nested.nas.rename("k", "c")
    nested.nas.add("c/new/9.jpg", 9)
    assert nested.sync().code == 0
    assert {"c/new/8.jpg", "c/new/9.jpg"} < nested.here.names() == nested.nas.names()
    assert nested.in_step()


def test_a_dispute_survives_a_move_of_the_folder_above(nested: Any) -> None:
    """`k/in` is disputed, and goes along with `k`: neither of its two names is taken for agreed."""
    nested.here.rename("k/in", "m/mine")
    nested.nas.rename("k/in", "k/theirs")
    nested.here.rename("k", "c")
    for _ in range(2):
        report = nested.sync()
        assert report.code == 1
        assert "conflict - m/mine" in report.actions()
    assert "c/theirs/2.jpg" in nested.nas.names()
    assert "m/mine/2.jpg" in nested.here.names()


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("k/in/2.jpg", "k/2.jpg"),
        ("k/1.jpg", "k/in/1.jpg"),
        ("k/1.jpg", "m/1.jpg"),
        ("k/in/deep/3.jpg", "k/in/deep/gap/3.jpg"),
        ("m/5.jpg", "k/in/deep/gap/5.jpg"),
    ],
)
def test_the_last_photo_of_a_folder_is_moved_and_not_the_folder(
    nested: Any, path: str, to: str
) -> None:
    """Other folders stand in it, or in the new one: they are not moved, nor in the way."""
    nested.nas.rename(path, to)
    report = nested.sync()
    assert report.code == 0
    assert report.summary == {"moved": 1}
    assert nested.here.names() == nested.nas.names()
    assert nested.in_step()
