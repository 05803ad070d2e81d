"""Whatever people do, and whatever fails: no edit is lost, and no picture is sent twice."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from imgsync.execute import calls
from imgsync.model import Field, Location, Region, Side
from imgsync.service import EVERY_FIELD, Capabilities
from imgsync.services.memory import Memory
from imgsync.testing.faults import Fault
from imgsync.testing.lossy import cut_captions, flat_tags, lower_tags, one_after_another

from .ground import Disk, Shelves
from .said import LEFT, RIGHT, SETS, Rules
from .world import World

DISK = Disk()
# Where files are fastest, on systems that have it.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None

sides = st.sampled_from(Side)
albums = st.sampled_from(["A", "B"])
names = st.sampled_from(["a.jpg", "b.jpg", "c.jpg"])
which = st.integers(0, 5)
VALUES = {
    Field.TITLE: ["", "one", "two"],
    Field.CAPTION: ["", "sea and sun", "sea and sand", "dog"],
    # None, one, a bare date, and the first in another zone.
    Field.TAKEN: ["", "2012-07-01T10:20:30", "2013-01-01T00:00:00", "2012-07-01T12:20:30"],
    Field.LOCATION: [None, Location(48.4, -4.5), Location(60.0, 5.0)],
    Field.RATING: [None, 5, -1],
    Field.FAVORITE: [False, True],
    Field.TAGS: ["Sea", "sea", "Places/Sea", "dog"],
    Field.PEOPLE: [
        Region("Anna"),
        Region("Anna", (0.5, 0.5, 0.2, 0.2)),
        Region("Bob", (0.2, 0.2, 0.1, 0.1)),
    ],
}
edits = st.tuples(st.sampled_from(list(VALUES.items())), st.integers(0, 3)).map(
    lambda drawn: (*drawn[0], drawn[1])
)


class History(RuleBasedStateMachine):
    """What people do with one or two sides, and runs in between."""

    right: Callable[[], Memory] = Shelves

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.world = World(Path(self.folder.name), self.right(), DISK)

    @initialize(photos=st.sampled_from([1, 2, 3]), synced=st.booleans())
    def begin(self, photos: int, synced: bool) -> None:
        for album, name in [("A", "a.jpg"), ("B", "a.jpg"), ("A", "b.jpg")][:photos]:
            self.world.users[LEFT].add(album, name, self.world.picture())
        if synced:
            self.world.run(Rules())

    def teardown(self) -> None:
        self.folder.cleanup()

    def spot(self, side: Side, number: int) -> tuple[str, str] | None:
        spots = self.world.spots(side)
        return spots[number % len(spots)] if spots else None

    @rule(side=sides, album=albums, name=names, values=st.data())
    def add(self, side: Side, album: str, name: str, values: object) -> None:
        if (album, name) not in self.world.spots(side) and len(self.world.spots(side)) < 3:
            self.world.users[side].add(album, name, self.world.picture())

    @rule(side=sides, album=albums, name=names, number=which)
    def add_twin(self, side: Side, album: str, name: str, number: int) -> None:
        """A copy of a photo of either side."""
        for origin in Side:
            spot = self.spot(origin, number)
            if (
                spot
                and (album, name) not in self.world.spots(side)
                and len(self.world.spots(side)) < 3
            ):
                picture = self.world.users[origin].picture(*spot)
                self.world.users[side].add(album, name, picture)
                return

    @rule(side=sides, number=which, said=st.lists(edits, min_size=1, max_size=3))
    def edit(self, side: Side, number: int, said: list[Any]) -> None:
        spot = self.spot(side, number)
        if spot:
            self._edit(side, spot, said)

    @rule(number=which, here=edits, there=st.sampled_from([0, 1, 2]), first=sides)
    def quarrel(self, number: int, here: Any, there: int, first: Side) -> None:
        """The same field of one photo is edited on both sides."""
        both = self.world.both()
        if both:
            each, values, choice = here
            for side, pick in ((first, choice), (first.other, there)):
                self._edit(side, both[number % len(both)][side], [(each, values, pick)])

    def _edit(self, side: Side, spot: tuple[str, str], said: list[Any]) -> None:
        """Sets a field, or, of tags and people, adds or removes one."""
        user = self.world.users[side]
        for each, values, choice in said:
            value = values[choice % len(values)]
            if each in SETS:
                old = user.photos(spot[0])[spot[1]].metadata.get(each)
                value = type(old)(set(old) ^ {value})
            user.say(*spot, **{each.value: value})

    @rule(side=sides, number=which)
    def repaint(self, side: Side, number: int) -> None:
        spot = self.spot(side, number)
        if spot:
            self.world.users[side].repaint(*spot, self.world.picture())

    @rule(side=sides, number=which, name=names)
    def rename(self, side: Side, number: int, name: str) -> None:
        spot = self.spot(side, number)
        if spot and (spot[0], name) not in self.world.spots(side):
            self.world.users[side].rename(*spot, name)

    @rule(number=which, left=names, right=names)
    def rename_on_both(self, number: int, left: str, right: str) -> None:
        both = self.world.both()
        if both:
            for side, name in ((LEFT, left), (RIGHT, right)):
                spot = both[number % len(both)][side]
                if (spot[0], name) not in self.world.spots(side):
                    self.world.users[side].rename(*spot, name)

    @rule(side=sides, number=which, album=albums)
    def move(self, side: Side, number: int, album: str) -> None:
        spot = self.spot(side, number)
        if spot and (album, spot[1]) not in self.world.spots(side):
            self.world.users[side].move(*spot, album)

    @rule(side=sides, number=which)
    def remove(self, side: Side, number: int) -> None:
        spot = self.spot(side, number)
        if spot and len(self.world.spots(side)) > 1:
            self.world.users[side].remove(*spot)

    @rule(side=sides, number=which, album=albums)
    def restore(self, side: Side, number: int, album: str) -> None:
        lost = self.world.lost(side)
        if lost:
            self.world.restore(side, lost[number % len(lost)], album)

    @rule(side=sides, number=which, path=st.sampled_from(["A", "B", "C", "D"]))
    def move_album(self, side: Side, number: int, path: str) -> None:
        paths = sorted(shelf.path for shelf in self.world.memories[side].shelves if shelf.path)
        taken = {shelf.path for memory in self.world.memories.values() for shelf in memory.shelves}
        if paths and path not in taken:
            self.world.users[side].move_album(paths[number % len(paths)], path)

    @rule(side=sides, number=which)
    def swap_albums(self, side: Side, number: int) -> None:
        here, there = (
            sorted(shelf.path for shelf in self.world.memories[each].shelves if shelf.path)
            for each in (side, side.other)
        )
        paths = here if here == there else []  # else nobody could say which album is which
        if len(paths) > 1:
            self.world.swap(side, paths[number % len(paths)], paths[(number + 1) % len(paths)])

    @rule(number=which)
    def lose_folder(self, number: int) -> None:
        paths = sorted(shelf.path for shelf in self.world.memories[LEFT].shelves if shelf.path)
        if paths and number < 2:
            self.world.lose(paths[number % len(paths)])

    @rule(number=which)
    def remove_album(self, number: int) -> None:
        paths = sorted(shelf.path for shelf in self.world.memories[RIGHT].shelves if shelf.path)
        if paths and number < 2:
            self.world.users[RIGHT].remove_album(paths[number % len(paths)])

    # Runs.

    @rule()
    def sync(self) -> None:
        self.world.run(Rules())

    @rule(delete=st.booleans(), prefer=st.sampled_from([None, *Side]))
    def sync_boldly(self, delete: bool, prefer: Side | None) -> None:
        self.world.run(Rules(delete=delete, prefer=prefer))

    @rule(side=sides, delete=st.booleans(), prefer=st.sampled_from([None, *Side]))
    def sync_one_way(self, side: Side, delete: bool, prefer: Side | None) -> None:
        self.world.run(Rules(writes=frozenset({side}), delete=delete, prefer=prefer))

    @rule(
        fields=st.sampled_from(
            [{Field.TAGS}, {Field.TITLE, Field.CAPTION}, EVERY_FIELD - {Field.CAPTION}]
        ),
        delete=st.booleans(),
    )
    def sync_partly(self, fields: set[Field], delete: bool) -> None:
        self.world.run(Rules(fields=frozenset(fields), delete=delete))

    @rule()
    def cache(self) -> None:
        self.world.cache()

    @rule(
        faults=st.dictionaries(st.integers(0, 3), st.sampled_from(list(Fault)), max_size=2),
        more=st.dictionaries(st.integers(0, 3), st.sampled_from(list(Fault)), max_size=2),
        delete=st.booleans(),
    )
    def sync_with_faults(
        self, faults: dict[int, Fault], more: dict[int, Fault], delete: bool
    ) -> None:
        self.world.run(Rules(delete=delete), {LEFT: faults, RIGHT: more})

    @rule(dies_at=st.integers(0, 12), keeps=st.sampled_from([0.0, 0.3, 1.0]), delete=st.booleans())
    def sync_and_die(self, dies_at: int, keeps: float, delete: bool) -> None:
        DISK.keeps = keeps
        self.world.run(Rules(delete=delete), dies_at=dies_at)


RIGHTS = {
    "a tree": lambda: Shelves(
        "there", refs="names", capabilities=Capabilities(whole=True, strips=frozenset({"jpg"}))
    ),
    "ids": lambda: Shelves("there", capabilities=Capabilities(whole=True)),
    "blind": lambda: Shelves("there", pictures=False),
    "no versions": lambda: Shelves("there", versions=False),
    "lossy": lambda: Shelves(
        "there", normal=one_after_another(cut_captions(8), flat_tags, lower_tags)
    ),
    "reads less": lambda: Shelves(
        "there",
        capabilities=Capabilities(
            reads=EVERY_FIELD - {Field.TITLE, Field.PEOPLE},
            writes=EVERY_FIELD - {Field.TITLE, Field.PEOPLE},
        ),
    ),
    "writes less": lambda: Shelves(
        "there",
        capabilities=Capabilities(writes=EVERY_FIELD - {Field.TITLE, Field.TAGS, Field.CONTENT}),
    ),
    "recodes": lambda: Shelves("there", pictures=False, capabilities=Capabilities(exact=False)),
    "can little": lambda: Shelves("there", capabilities=Capabilities(delete=False, moves=False)),
    "cannot rename": lambda: Shelves("there", capabilities=Capabilities(renames=False)),
}


# Each kind of service gets its share of the ten thousand histories of `make torture`.
HISTORIES = -(-10_000 // len(RIGHTS)) if os.environ.get("IMG_SYNC_TORTURE") else 150


@pytest.mark.parametrize("right", RIGHTS)
def test_history(right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", DISK.fsync)
    monkeypatch.setattr(calls, "PATIENCE", 0.0)
    run_state_machine_as_test(
        type("History", (History,), {"right": staticmethod(RIGHTS[right])}),
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=25,
            deadline=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
