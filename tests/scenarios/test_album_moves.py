"""Folders that take each other's names, and runs that are killed while they follow."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from imgsync.events import Event, Failed
from imgsync.model import Album, Photo, Side
from imgsync.plan import Action, Op, Policy
from imgsync.run import Scope
from imgsync.service import Capabilities, Service
from imgsync.services.files import Files
from imgsync.services.memory import Memory
from imgsync.sync import SyncRun
from imgsync.testing.faults import Crash, Fault, Faulty, Script
from imgsync.testing.pictures import jpeg
from imgsync.testing.user import User

ALBUMS = {
    "a": (1, 2),
    "b": (3, 4),
    "c": (5,),
    "a/in": (6,),
    "b/in": (7,),
    "a/in/deep/down": (9,),
    "keep": (8,),
}
# What people do with folders, as moves one after another, and what stands where afterwards.
AWAY = "away"
SWAP = [("a", AWAY), ("b", "a"), (AWAY, "b")]
CIRCLE = [("a", AWAY), ("c", "a"), ("b", "c"), (AWAY, "b")]
INNER = [("a/in", AWAY), ("b/in", "a/in"), (AWAY, "b/in")]
CHAIN = [("c", "d"), ("b", "c"), ("a", "b")]
BOTH_LEVELS = [("a", "x"), ("x/in", "x/out")]
BACK = [("x", "a"), ("a/out", "a/in")]
SWAP_BOTH_LEVELS = [*SWAP, *INNER]
# The inner one leaves the path that another one takes, and to which it goes along with the outer.
INTO_THE_OLD_PLACE = [("b", "x"), ("x/in", AWAY), ("keep", "x/in"), (AWAY, "x/in/low")]
MOVES = {
    "swap": SWAP,
    "circle": CIRCLE,
    "swap of inner folders": INNER,
    "chain": CHAIN,
    "both levels": BOTH_LEVELS,
    "swap on both levels": SWAP_BOTH_LEVELS,
    "into the old place of an inner folder": INTO_THE_OLD_PLACE,
}


class Ground:
    """A tree of folders with photos, a service that it is in step with, and runs between them."""

    def __init__(
        self,
        top: Path,
        right: Callable[[], Service],
        albums: Mapping[str, tuple[int, ...]] = ALBUMS,
    ) -> None:
        self.top = top
        self.reopen = right
        self.right = right()
        for album, numbers in albums.items():
            for number in numbers:
                self.add(Side.LEFT, f"{album}/{number}.jpg", number)
        assert self.sync()[1] == []

    # What people do.

    def add(self, side: Side, path: str, picture: int) -> None:
        if side is Side.RIGHT and isinstance(self.right, Memory):
            album, _, name = path.rpartition("/")
            User(self.right).add(album, name, jpeg(picture))
            return
        file = self.folder(side) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(jpeg(picture))
        os.utime(file, (picture, picture))

    def move(self, side: Side, path: str, to: str) -> None:
        """A folder with all that is below it, also where a service would move it alone."""
        if side is Side.RIGHT and isinstance(self.right, Memory):
            user = User(self.right)
            user.move_album(path, to)
            for inner in user.albums():
                if inner.startswith(f"{path}/"):
                    user.move_album(inner, to + inner[len(path) :])
        else:
            (self.folder(side) / path).rename(self.folder(side) / to)

    def folder(self, side: Side) -> Path:
        if side is Side.LEFT:
            return self.top
        assert isinstance(self.right, Files)
        return self.right.top

    # What there is.

    def shown(self, side: Side) -> dict[str, bytes]:
        """Every photo of a side, and its picture."""
        if side is Side.RIGHT and isinstance(self.right, Memory):
            return {f"{s.path}/{p.name}": p.picture for s in self.right.shelves for p in s.photos}
        files = self.folder(side).rglob("*.jpg")
        return {f.relative_to(self.folder(side)).as_posix(): f.read_bytes() for f in files}

    def paths(self, side: Side) -> list[str]:
        """Where there are folders on a side."""
        if side is Side.RIGHT and isinstance(self.right, Memory):
            return sorted({shelf.path for shelf in self.right.shelves if shelf.path})
        top = self.folder(side)
        return sorted(p.relative_to(top).as_posix() for p in top.rglob("*") if p.is_dir())

    def stands(self) -> dict[Side, dict[str, bytes]]:
        return {side: self.shown(side) for side in Side}

    # Runs.

    def sync(
        self,
        tick: Callable[[], None] = lambda: None,
        scripts: Mapping[Side, Script] | None = None,
    ) -> tuple[list[Action], list[Event]]:
        """One run: what it had planned, and its failures. `tick` is called at every write."""
        if isinstance(self.right, Files):
            self.right = self.reopen()
        failed: list[Event] = []

        def listen(event: Event) -> None:
            failed.extend([event] if isinstance(event, Failed) else [])

        services: dict[Side, Service] = {
            Side.LEFT: Files("local", self.top, jobs=1, own=True),
            Side.RIGHT: self.right,
        }
        ends = {
            side: Ticking(service, tick, (scripts or {}).get(side, lambda op: None))
            for side, service in services.items()
        }
        run = SyncRun(
            ends[Side.LEFT],
            self.top,
            ends[Side.RIGHT],
            "there",
            policy=Policy(),
            scope=Scope(new_albums=True),
            jobs=1,
            listen=listen,
        )
        plan = run.look()
        assert plan.troubles == []
        run.do(plan)
        assert plan.troubles == []
        return list(plan.actions), failed


class Ticking(Faulty):
    """A service that tells before and after each of its writes."""

    def __init__(self, service: Service, tick: Callable[[], None], script: Script) -> None:
        super().__init__(service, script)
        self.tick = tick

    def racy(self, album: Album, photo: Photo) -> bool:
        return self.service.racy(album, photo)

    def _write(self, op: str, call: Callable[[], Any]) -> Any:
        self.tick()
        answer = super()._write(op, call)
        self.tick()
        return answer


class Bomb:
    """Kills the process when it is told of for the `number`th time."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, *_: object) -> None:
        self.number -= 1
        if self.number < 0:
            raise Crash("here")


@pytest.fixture(params=["a tree", "by ids", "flat"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    """Services that name albums by their paths, or by ids; one without albums in albums."""
    rights: dict[str, Callable[[], Service]] = {
        "a tree": lambda: Files("there", tmp_path / "there", jobs=1),
        "by ids": lambda: Memory("there", pictures=False),
        "flat": lambda: Memory("there", pictures=False, capabilities=Capabilities(nested=False)),
    }
    (tmp_path / "here").mkdir()
    return Ground(tmp_path / "here", rights[request.param])


# A tree's albums have no ids: what moved there is seen photo by photo.
carried_as_moves = pytest.mark.parametrize(
    ("ground", "side"),
    [
        ("a tree", Side.LEFT),
        ("by ids", Side.LEFT),
        ("by ids", Side.RIGHT),
        ("flat", Side.LEFT),
        ("flat", Side.RIGHT),
    ],
    indirect=["ground"],
)


@pytest.mark.parametrize("moves", MOVES)
@pytest.mark.parametrize("side", Side)
def test_what_moved_on_one_side_moves_on_the_other(ground: Ground, side: Side, moves: str) -> None:
    for path, to in MOVES[moves]:
        ground.move(side, path, to)
    wanted = ground.shown(side)
    actions, failed = ground.sync()
    assert failed == []
    assert {action.op for action in actions} == {Op.MOVE}
    assert ground.stands() == {Side.LEFT: wanted, Side.RIGHT: wanted}
    assert ground.sync() == ([], [])


@pytest.mark.parametrize("side", Side)
def test_what_comes_into_a_folder_that_the_other_side_moves(ground: Ground, side: Side) -> None:
    ground.move(side, "a", "x")
    ground.move(side.other, "c", "a/in/c")
    assert ground.sync()[1] == []
    assert ground.shown(Side.LEFT) == ground.shown(Side.RIGHT)
    assert {"x/1.jpg", "x/in/6.jpg", "x/in/c/5.jpg"} < ground.shown(Side.LEFT).keys()
    assert ground.sync() == ([], [])


@pytest.mark.parametrize("ground", ["a tree", "by ids"], indirect=True)
@pytest.mark.parametrize("side", Side)
def test_a_new_album_in_one_that_the_other_side_moves(ground: Ground, side: Side) -> None:
    ground.move(side, "a", "x")
    ground.add(side.other, "a/in/new/10.jpg", 10)
    assert ground.sync()[1] == []
    assert ground.shown(Side.LEFT) == ground.shown(Side.RIGHT)
    assert "x/in/new/10.jpg" in ground.shown(Side.LEFT)
    assert ground.sync() == ([], [])


@pytest.mark.parametrize(
    ("ground", "side"),
    [("a tree", Side.LEFT), ("by ids", Side.LEFT), ("by ids", Side.RIGHT)],
    indirect=["ground"],
)
def test_what_stands_in_a_moved_folder_is_not_moved_itself(ground: Ground, side: Side) -> None:
    ground.move(side, "a", "x")
    actions, _ = ground.sync()
    assert [(action.album, action.to) for action in actions] == [("a", ("x", ""))]
    assert ground.shown(side) == ground.shown(side.other)


def test_on_a_tree_too_only_the_outer_folder_is_moved(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    ground = Ground(tmp_path / "here", lambda: Files("there", tmp_path / "there", jobs=1))
    ground.move(Side.RIGHT, "a", "x")
    ground.move(Side.RIGHT, "b", "y")
    ground.move(Side.RIGHT, "y/in", "y/out")
    actions, _ = ground.sync()
    told = {(action.album, action.to[0]) for action in actions}
    assert told == {("a", "x"), ("b", "y"), ("b/in", "y/out")}
    assert ground.shown(Side.LEFT) == ground.shown(Side.RIGHT)
    assert ground.sync() == ([], [])


@pytest.mark.parametrize("moves", ["swap", "both levels"])
@carried_as_moves
def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(
    ground: Ground, side: Side, moves: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync
    there_and_back = [MOVES[moves], BACK if moves == "both levels" else MOVES[moves]]
    moment = 0
    died = True
    while died:
        for path, to in there_and_back[moment % 2]:
            ground.move(side, path, to)
        wanted = ground.shown(side)
        bomb = Bomb(moment)
        monkeypatch.setattr(os, "fsync", bomb)
        try:
            ground.sync(bomb)
            died = False
        except Crash:
            pass
        monkeypatch.setattr(os, "fsync", fsync)
        ground.sync()
        assert ground.stands() == {Side.LEFT: wanted, Side.RIGHT: wanted}, moment
        assert ground.sync() == ([], []), moment
        moment += 1
    assert moment > 4


@pytest.mark.parametrize("moment", range(12))
def test_a_run_that_is_killed_anywhere_leaves_a_conflict_one(
    ground: Ground, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.move(Side.LEFT, "a", "mine")
    ground.move(Side.RIGHT, "a", "theirs")
    ground.add(Side.RIGHT, "theirs/new/10.jpg", 10)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", Bomb(moment))
        with suppress(Crash):
            ground.sync(Bomb(moment))
    ground.sync()
    actions, failed = ground.sync()
    assert ([(action.op, action.album) for action in actions], failed) == (
        [(Op.CONFLICT, "mine")],
        [],
    )
    assert "mine/new/10.jpg" in ground.shown(Side.LEFT)
    assert "theirs/new/10.jpg" in ground.shown(Side.RIGHT)


@carried_as_moves
def test_an_album_that_cannot_take_its_place_goes_back(ground: Ground, side: Side) -> None:
    """`a` cannot be moved away, so `b`, which has made room for it, gets its name back."""
    before = ground.shown(side.other)
    for path, to in SWAP:
        ground.move(side, path, to)
    calls = iter([None, Fault.REJECTED])
    tell = {side.other: lambda op: next(calls, None) if op == "move_album" else None}
    _, failed = ground.sync(scripts=tell)
    assert failed
    assert ground.shown(side.other) == before
    _, failed = ground.sync()
    assert failed == []
    assert ground.shown(side.other) == ground.shown(side)
    assert ground.sync() == ([], [])


@pytest.mark.parametrize("side", Side)
def test_a_new_album_takes_the_path_of_one_that_moves_away(ground: Ground, side: Side) -> None:
    ground.move(side, "a", "a-old")
    ground.add(side, "a/1.jpg", 11)
    ground.add(side, "a/in/6.jpg", 16)
    wanted = ground.shown(side)
    actions, failed = ground.sync()
    assert failed == []
    made = {f"{a.album}/{a.name}" for a in actions if a.op is Op.CREATE}
    assert made == {"a/1.jpg", "a/in/6.jpg"}
    assert ground.stands() == {Side.LEFT: wanted, Side.RIGHT: wanted}
    assert ground.sync() == ([], [])


@carried_as_moves
def test_a_new_album_waits_where_another_is_not_moved_away(ground: Ground, side: Side) -> None:
    """Their photos are never mixed: neither if the move fails, nor where the service cannot."""
    before = ground.shown(side.other)
    ground.move(side, "a", "a-old")
    ground.add(side, "a/1.jpg", 11)
    ground.add(side, "a/in/6.jpg", 16)
    tell = {side.other: lambda op: Fault.REJECTED if op == "move_album" else None}
    _, failed = ground.sync(scripts=tell)
    assert failed
    assert ground.shown(side.other) == before
    ground.sync()
    assert ground.shown(side.other) == ground.shown(side)
    assert ground.sync() == ([], [])


def test_where_albums_cannot_be_moved_their_paths_stay_theirs(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    fixed = Memory("there", pictures=False, capabilities=Capabilities(moves_albums=False))
    ground = Ground(tmp_path / "here", lambda: fixed)
    before = ground.shown(Side.RIGHT)
    for path, to in [*SWAP, ("c", "c-old")]:
        ground.move(Side.LEFT, path, to)
    ground.add(Side.LEFT, "c/5.jpg", 15)
    for _ in range(2):
        actions, failed = ground.sync()
        assert failed == []
        blocked = {(a.op, a.album, a.name): a.blocked for a in actions}
        assert blocked == {
            (Op.MOVE, "a", None): "there cannot move or rename albums",
            (Op.MOVE, "b", None): "there cannot move or rename albums",
            (Op.MOVE, "c", None): "there cannot move or rename albums",
            (Op.CREATE, "c", "5.jpg"): "another album stands at c on there",
        }
    assert ground.shown(Side.RIGHT) == before


def test_an_album_into_which_no_photo_came_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    ground = Ground(tmp_path / "here", lambda: Files("there", tmp_path / "there", jobs=1))
    ground.add(Side.LEFT, "new/in/1.jpg", 21)
    tell = {Side.RIGHT: lambda op: Fault.REJECTED if op == "create" else None}
    _, failed = ground.sync(scripts=tell)
    ground.right.close()
    assert len(failed) == 1
    assert not (tmp_path / "there/new").exists()
    ground.sync()
    assert ground.shown(Side.RIGHT) == ground.shown(Side.LEFT)
    assert ground.sync() == ([], [])


@pytest.mark.parametrize("ground", ["a tree", "by ids"], indirect=True)
def test_photos_that_swap_names_while_one_cannot_be_moved(ground: Ground) -> None:
    """The other one waits for a name that does not get free, and the run ends."""
    for path, to in [("a/1.jpg", AWAY), ("a/2.jpg", "a/1.jpg"), (AWAY, "a/2.jpg")]:
        ground.move(Side.LEFT, path, to)
    pictures = set(ground.shown(Side.RIGHT).values())
    calls = iter([None, Fault.REJECTED])
    _, failed = ground.sync(
        scripts={Side.RIGHT: lambda op: next(calls, None) if op == "move" else None}
    )
    assert len(failed) == 1
    assert set(ground.shown(Side.RIGHT).values()) == pictures
    ground.sync()
    assert ground.sync() == ([], [])


@pytest.mark.parametrize("ground", ["a tree", "by ids"], indirect=True)
def test_a_file_that_took_the_name_of_a_deleted_one_is_not_taken_for_it(ground: Ground) -> None:
    for old, new in (("a/1.jpg", "b/3.jpg"), ("a/2.jpg", "b/4.jpg")):
        (ground.top / old).unlink()
        ground.move(Side.LEFT, new, old)
    ground.sync()
    ground.add(Side.LEFT, "a/1.jpg", 93)
    ground.add(Side.LEFT, "a/2.jpg", 94)
    ground.sync()
    there = set(ground.shown(Side.RIGHT).values())
    assert {jpeg(number) for number in (1, 2, 93, 94)} <= there, "the deleted ones stay"
    assert there.isdisjoint({jpeg(3), jpeg(4)}), "those that were painted over are replaced"
