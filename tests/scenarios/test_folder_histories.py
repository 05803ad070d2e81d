"""Folders moved at random, round after round: no picture is lost, and both sides end alike."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from imgsync.model import Side
from imgsync.plan import Op
from imgsync.services.files import Files

from .test_album_moves import Ground

PATHS = ["a", "a/b", "a/b/c", "a/b/c/d", "x", "x/y", "x/y/z", "k"]
NAMES = ["a", "b", "c", "x", "y", "z", "new", "other"]


@pytest.mark.parametrize("both", [False, True], ids=["one side", "both sides"])
@pytest.mark.parametrize("seed", range(40))
def test_folders_moved_at_random(tmp_path: Path, seed: int, both: bool) -> None:
    chance = random.Random(seed)
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    albums = {path: (n,) for n, path in enumerate(PATHS) if chance.random() < 0.75}
    ground = Ground(
        tmp_path / "here", lambda: Files("there", tmp_path / "there", jobs=1), albums=albums
    )
    pictures = sorted(ground.shown(Side.LEFT).values())
    for _ in range(3):
        sides = list(Side) if both else [chance.choice(list(Side))]
        for _ in range(chance.randint(1, 3)):
            _move_one(ground.folder(chance.choice(sides)), chance)
        told, failed = ground.sync()
        assert failed == []
        again, failed = ground.sync()
        assert failed == []
        for side in Side:
            assert sorted(ground.shown(side).values()) == pictures
        # What is left to people is told in every run, and nothing else is.
        assert all(action.blocked or action.op is Op.CONFLICT for action in again)
        if again:
            assert both
            assert {(a.op, a.album) for a in again} <= {(a.op, a.album) for a in told}
            return
        assert ground.shown(Side.LEFT) == ground.shown(Side.RIGHT)


def _move_one(top: Path, chance: random.Random) -> None:
    """Moves a folder into another one, under a name that is free there."""
    folders = sorted(path for path in top.rglob("*") if path.is_dir())
    folder, into = chance.choice(folders), chance.choice([top, *folders])
    target = into / chance.choice(NAMES)
    if not into.is_relative_to(folder) and not target.exists():
        folder.rename(target)
