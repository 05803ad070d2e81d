"""A folder that vanishes takes along what it remembers of those in it: they are missed as well."""

from __future__ import annotations

import json
from typing import Any

import pytest

PLACES = {"keep": 1, "k": 2, "k/in": 3, "k/in/deep/gap/down": 4, "m": 5}
ALL_OF_K = {"k/2.jpg", "k/in/3.jpg", "k/in/deep/gap/down/4.jpg"}


@pytest.fixture
def nested(trees: Any) -> Any:
    for path, picture in PLACES.items():
        trees.here.add(f"{path}/{picture}.jpg", picture)
    trees.here.add("k/in/6.jpg", 6)
    assert trees.sync().code == 0
    trees.nas.remove("k/in/6.jpg")
    assert trees.sync("--delete").code == 0
    return trees


def remembered(nested: Any) -> set[str]:
    """The albums that any state of the tree remembers, by their paths."""
    found = set()
    for state in nested.here.top.rglob(".img-sync.db"):
        outer = state.parent.relative_to(nested.here.top)
        header = json.loads(state.read_text().splitlines()[0])
        found |= {(outer / path).as_posix() for path in header["below"]}
    return found


@pytest.mark.parametrize("told", [False, True], ids=["at once", "after --sync-to local"])
def test_its_photos_are_deleted_and_those_in_it(nested: Any, told: bool) -> None:
    nested.here.remove("k")
    if told:
        assert nested.run("--sync-to", "local", str(nested.here.top)).code == 0
    for _ in range(2):
        report = nested.sync()
        assert (report.code, report.summary) == (1, {"blocked": 3})
        assert nested.nas.names() >= ALL_OF_K
    assert nested.sync("--delete", "--max-delete", "90").summary == {"deleted": 3}
    assert nested.nas.names() == nested.here.names() == {"keep/1.jpg", "m/5.jpg"}
    assert remembered(nested) == {"keep", "m"}
    assert nested.in_step()


def test_what_was_edited_there_comes_back(nested: Any) -> None:
    nested.here.remove("k")
    nested.nas.say("k/in/deep/gap/down/4.jpg", caption="keep me")
    nested.nas.add("k/in/9.jpg", 9)
    report = nested.sync("--delete")
    assert (report.code, report.summary) == (0, {"created": 2, "deleted": 2})
    assert nested.here.said("k/in/deep/gap/down/4.jpg").caption == "keep me"
    assert nested.here.names() == nested.nas.names()
    assert nested.in_step()


def test_one_in_a_folder_that_is_moved(nested: Any) -> None:
    """The folders above it know it by different paths then; it is one all the same."""
    nested.here.remove("k/in")
    nested.here.rename("k", "m/k")
    for _ in range(2):
        report = nested.sync()
        assert report.code == 1
        assert report.summary["blocked"] == 2
        assert nested.nas.names() == {path.replace("k/", "m/k/", 1) for path in ALL_OF_K} | {
            "keep/1.jpg",
            "m/5.jpg",
        }
    assert nested.sync("--delete").summary == {"deleted": 2}
    assert nested.nas.names() == nested.here.names()
    assert remembered(nested) == {"keep", "m", "m/k"}
    assert nested.in_step()


def test_gone_on_both_sides_it_is_forgotten(nested: Any) -> None:
    nested.here.remove("k")
    nested.nas.remove("k")
    assert nested.sync().code == 0
    assert remembered(nested) == {"keep", "m"}
    assert nested.in_step()


def test_the_cache_tells_each_once(nested: Any) -> None:
    top = str(nested.here.top)
    nested.here.rename("k", "m/k")
    nested.here.remove("m/k/in")
    missed = {"delete cache m/k/in", "delete cache m/k/in/deep/gap/down"}
    assert missed == nested.run("--diff-with", "local", top).actions()
    assert nested.run("--sync-to", "local", top).code == 0
    assert nested.run("--diff-with", "local", top).code == 0
    nested.here.remove("m")
    assert nested.run("--diff-with", "local", top).actions().isdisjoint(missed)


def test_a_run_on_a_part_leaves_the_rest_to_the_next(nested: Any) -> None:
    nested.here.remove("k/in")
    part, allowed = str(nested.here.top / "k"), ("--delete", "--max-delete", "90")
    assert nested.run("--sync-with", "nas", *allowed, part).summary == {"deleted": 2}
    assert nested.sync(*allowed).code == 0
    assert nested.nas.names() == nested.here.names() == {"keep/1.jpg", "k/2.jpg", "m/5.jpg"}
    assert remembered(nested) == {"keep", "k", "m"}
    assert nested.in_step()
