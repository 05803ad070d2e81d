"""Folders moved and made at random, round after round: nothing is lost, both sides end alike."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from imgsync.model import Side
from imgsync.plan import Action, Op
from imgsync.service import Capabilities
from imgsync.services.files import Files
from imgsync.services.memory import Memory

from .test_album_moves import Ground

PATHS = ["a", "a/b", "a/b/c", "a/b/c/d", "x", "x/y", "x/y/z", "k"]
NAMES = ["a", "b", "c", "x", "y", "z", "new", "other"]


@pytest.fixture(params=["tree", "service whose albums move alone"])
def ground(request: pytest.FixtureRequest, tmp_path: Path, chance: random.Random) -> Ground:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    albums = {path: (n,) for n, path in enumerate(PATHS) if chance.random() < 0.75}
    flat = Memory("there", pictures=False, capabilities=Capabilities(nested=False))

    def right() -> Files | Memory:
        return Files("there", tmp_path / "there", jobs=1) if request.param == "tree" else flat

    return Ground(tmp_path / "here", right, albums=albums)


@pytest.fixture
def chance(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.mark.parametrize("both", [False, True], ids=["one side", "both sides"])
@pytest.mark.parametrize("seed", range(40))
def test_folders_moved_at_random(ground: Ground, chance: random.Random, both: bool) -> None:
    for turn in range(3):
        sides = list(Side) if both else [chance.choice(list(Side))]
        for step in range(chance.randint(1, 3)):
            _move_one(ground, chance.choice(sides), chance)
            side = chance.choice(sides)
            if chance.random() < 0.3 and (side is Side.LEFT or ground.right.capabilities.nested):
                _make_one(ground, side, chance, picture=100 + 10 * turn + step)
        there_are = {picture for side in Side for picture in ground.shown(side).values()}
        told, failed = ground.sync()
        assert failed == []
        if any(map(_is_open, told)) and not ground.right.capabilities.nested:
            # One that did not get to its place does not go along either, and so has been moved.
            told, _ = ground.sync()
        again, failed = ground.sync()
        assert failed == []
        for side in Side:
            assert sorted(ground.shown(side).values()) == sorted(there_are)
        # What is left to people is told in every run, and nothing else is.
        assert all(map(_is_open, again))
        if again:
            assert both
            assert {(a.op, a.album) for a in again} <= {(a.op, a.album) for a in told}
            return
        assert ground.shown(Side.LEFT) == ground.shown(Side.RIGHT)


def _is_open(action: Action) -> bool:
    return action.blocked is not None or action.op is Op.CONFLICT


def _move_one(ground: Ground, side: Side, chance: random.Random) -> None:
    """Moves a folder into another one, under a name that is free there."""
    folder, target = chance.choice(ground.paths(side)), _free_path(ground, side, chance)
    if target and not target.startswith(f"{folder}/"):
        ground.move(side, folder, target)


def _make_one(ground: Ground, side: Side, chance: random.Random, picture: int) -> None:
    """Makes a folder with a photo in another one, under a name that is free there."""
    if target := _free_path(ground, side, chance):
        ground.add(side, f"{target}/{picture}.jpg", picture)


def _free_path(ground: Ground, side: Side, chance: random.Random) -> str:
    """A path at which, and below which, nothing stands; "" for bad luck."""
    path = "/".join(filter(None, (chance.choice(["", *ground.paths(side)]), chance.choice(NAMES))))
    taken = any(f"{other}/".startswith(f"{path}/") for other in ground.paths(side))
    return "" if taken else path
