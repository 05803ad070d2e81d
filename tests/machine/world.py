"""A made-up world of two services, what people do in it, and runs through it that are checked."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from imgsync.albums import home
from imgsync.cache import CacheRun
from imgsync.errors import Refused
from imgsync.events import Event, Failed
from imgsync.model import METADATA_FIELDS, Field, Link, Side
from imgsync.plan import Action, Op, Policy
from imgsync.run import Plan, Scope
from imgsync.services.memory import Kept, Memory, Write
from imgsync.state import NAME, State
from imgsync.sync import SyncRun
from imgsync.testing.faults import Crash, Fault
from imgsync.testing.pictures import jpeg
from imgsync.testing.user import User

from .check import Check, Sides, check_album
from .ground import LETS_PASS, Disk, Tree, Watched, failing, original
from .said import LEFT, RIGHT, Linked, Rules, Tome, Two, look
from .who import Who

KEY = "there"


@dataclass
class Told:
    """What a run has planned and written, and how it ended."""

    actions: list[Action]
    done: bool = False
    refused: bool = False
    writes: dict[Side, list[Write]] = field(default_factory=dict)

    @property
    def left_over(self) -> Counter[tuple[Op, Side | None, tuple[Field, ...]]]:
        """What it could not do, and a person must decide."""
        return Counter((a.op, a.side, a.fields) for a in self.actions if not _is_doable(a))


def _is_doable(action: Action) -> bool:
    return action.blocked is None and action.op is not Op.CONFLICT


class World:
    """The tree at `top`, a service, and who is who on them."""

    def __init__(self, top: Path, right: Memory, disk: Disk) -> None:
        self.top, self.disk = top, disk
        disk.top = top
        self.memories: dict[Side, Memory] = {LEFT: Tree(top), RIGHT: right}
        self.users = {side: User(memory) for side, memory in self.memories.items()}
        self.who = Who(self.memories)
        self.numbers = itertools.count(1)
        self.pictures: set[bytes] = set()

    # What people do.

    def spots(self, side: Side) -> list[tuple[str, str]]:
        """Album and name of all photos of a side."""
        return sorted((seen.shelf.path, seen.name) for seen in look(self.memories[side]).values())

    def both(self) -> list[dict[Side, tuple[str, str]]]:
        """Where the photos are that stand on both sides."""
        seen = self._look()
        return [
            {side: seen[side][kept][1:3] for side, kept in story.halves.items()}
            for story in self.who.stories
            if len(story.halves) == 2 and all(story.halves[s] in seen[s] for s in Side)
        ]

    def picture(self) -> bytes:
        """One that there was not before."""
        picture = jpeg(next(self.numbers))
        self.pictures.add(picture)
        return picture

    def lost(self, side: Side) -> list[Kept]:
        """Photos that people may take out of the trash."""
        halves = (story.halves.get(side) for story in self.who.stories)
        return [kept for kept in halves if kept in self.memories[side].trash]

    def restore(self, side: Side, kept: Kept, album: str) -> None:
        """Somebody takes a photo out of the trash."""
        memory = self.memories[side]
        self.users[side].add_album(album)
        shelf = next(shelf for shelf in memory.shelves if shelf.path == album)
        if kept.name not in {other.name for other in shelf.photos}:
            memory.trash.remove(kept)
            shelf.photos.append(kept)

    def swap(self, side: Side, one: str, two: str) -> None:
        """Somebody gives two albums each other's paths."""
        if side is RIGHT and self.who.names_alone(side):
            # Where a path is all that tells an album, its photos have moved.
            shelves = {shelf.path: shelf for shelf in self.memories[side].shelves}
            here, there = shelves[one], shelves[two]
            here.photos, there.photos = there.photos, here.photos
            return
        for path, to in ((one, "away"), (two, one), ("away", two)):
            self.users[side].move_album(path, to)

    def lose(self, path: str) -> None:
        """Somebody deletes a folder, and with it what was remembered of its photos."""
        tree = self.memories[LEFT]
        assert isinstance(tree, Tree)
        tree.lose(path)
        for story in self.who.stories:
            tomes = {tome for tome, _ in story.pasts.get("album", ())}
            if len(story.halves) == 2 and any(tome.halves[LEFT].path == path for tome in tomes):
                story.forgotten = True
                if story.linked is not Linked.YES:
                    self.who.murky = "a folder is gone of which nobody may have known"

    # Runs.

    def run(
        self,
        rules: Rules,
        faults: Mapping[Side, Mapping[int, Fault]] | None = None,
        dies_at: int | None = None,
    ) -> Told:
        """One run, of which everything is checked."""
        self.who.notice()
        before = self._look()
        albums = {tome: self._paths(tome) for tome in self.who.both()}
        told, troubled = self._run(rules, faults or {}, dies_at)
        after = self._look()
        self._check_nothing_is_lost()
        if told.refused:
            assert before == after
            return told
        murky = bool(self.who.murky)
        rules = msgspec.structs.replace(rules, healthy=told.done and not troubled)
        self._check_writes(rules, told, before, after)
        self.who.notice_shelves()
        for tome in set(self.who.both()) - albums.keys():
            self._link_new_album(tome, rules)
        if self.who.murky:
            if rules.complete:
                self.who.believe(self._remembered(), self._remembered_paths())
        else:
            for tome, paths in albums.items():
                check_album(self.who, tome, rules, paths, told.actions, self._is_known(tome))
            for story in list(self.who.stories):
                Check(self.who, story, rules, before, after, told.actions).check()
            self.who.bury(after, rules)
            self.who.remember_again(rules)
            if not faults:
                self._check_no_picture_was_there(told)
        if rules.healthy and not murky:
            self._check_again(rules, told)
        return told

    def _paths(self, tome: Tome) -> Two:
        return home(tome.halves[LEFT].path), home(tome.halves[RIGHT].path)

    def _is_known(self, tome: Tome) -> bool:
        return (self.top / tome.halves[LEFT].path / NAME).exists()

    def _link_new_album(self, tome: Tome, rules: Rules) -> None:
        tome.paths = {self._paths(tome)}
        if self._is_known(tome):
            tome.linked = Linked.YES if rules.healthy else Linked.MAYBE

    def cache(self) -> None:
        """`--sync-to local`: no photo is touched."""
        before = self._look()
        run = CacheRun(self.memories[LEFT], self.top, scope=Scope(), listen=_not)
        plan = run.look()
        run.do(plan)
        assert not plan.troubles
        assert before == self._look()
        again = CacheRun(self.memories[LEFT], self.top, scope=Scope(), listen=_not).look()
        assert not again.actions, again.actions

    def _look(self) -> Sides:
        return {side: look(memory) for side, memory in self.memories.items()}

    def _run(
        self, rules: Rules, faults: Mapping[Side, Mapping[int, Fault]], dies_at: int | None
    ) -> tuple[Told, bool]:
        watched: dict[Side, Watched] = {}
        for side, memory in self.memories.items():
            watched[side] = Watched(memory, LETS_PASS, partial(self.who.made, watched, side))
        failed: list[Event] = []
        run = self._sync(watched, rules, failed)
        plan = self._plan(run)
        told = Told(list(plan.actions))
        logs = {side: len(memory.log) for side, memory in self.memories.items()}
        for side in Side:
            watched[side].script = failing(faults.get(side, {}))
        self.disk.dies_at = dies_at
        try:
            run.do(plan)
            told.done = not plan.troubles
        except Refused:
            told.refused = True
        except Crash:
            pass
        finally:
            self.disk.dies_at = None
        told.writes = {side: self.memories[side].log[logs[side] :] for side in Side}
        return told, bool(failed)

    def _sync(
        self, services: Mapping[Side, Watched | Memory], rules: Rules, failed: list[Event]
    ) -> SyncRun:
        def listen(event: Event) -> None:
            if isinstance(event, Failed):
                failed.append(event)

        policy = Policy(
            writes=rules.writes,
            fields=rules.fields,
            prefer=rules.prefer,
            delete=rules.delete,
            max_delete=rules.max_delete,
        )
        return SyncRun(
            services[LEFT],
            self.top,
            services[RIGHT],
            KEY,
            policy=policy,
            scope=Scope(new_albums=True),
            jobs=1,
            listen=listen,
        )

    def _plan(self, run: SyncRun) -> Plan:
        """What a run would do; looking changes nothing."""
        before = self._all()
        plan = run.look()
        assert before == self._all()
        return plan

    def _all(self) -> tuple[object, ...]:
        states = {path: path.read_bytes() for path in self.top.glob(f"**/{NAME}")}
        logs = [(len(memory.log), len(memory.trash)) for memory in self.memories.values()]
        return states, sorted(self.top.glob("**")), logs, self._look()

    def _remembered(self) -> Iterator[tuple[str, Link, bool]]:
        for path in self.top.glob(f"**/{NAME}"):
            state, album = State.load(path.parent), path.parent.relative_to(self.top).as_posix()
            for record in state.records.values():
                if KEY in record.links:
                    link = record.links[KEY].link(record)
                    yield "" if album == "." else album, link, record.gone

    def _remembered_paths(self) -> Iterator[tuple[str, Two]]:
        """Of each album its path here, and those that are agreed."""
        for path in self.top.glob(f"**/{NAME}"):
            there = State.load(path.parent).header.albums.get(KEY)
            if there is not None:
                album = path.parent.relative_to(self.top).as_posix()
                yield "" if album == "." else album, (there.rel, there.path)

    # What must be true of every run.

    def _check_nothing_is_lost(self) -> None:
        """Every picture that there ever was is somewhere, and every state can be read."""
        kept: set[bytes] = set()
        for memory in self.memories.values():
            for photo in [*look(memory), *memory.trash]:
                kept |= {photo.picture, original(photo.picture)}
        assert self.pictures <= kept
        for state in self.top.glob(f"**/{NAME}"):
            State.load(state.parent)

    def _check_writes(self, rules: Rules, told: Told, before: Sides, after: Sides) -> None:
        """Only what may be written was, and no picture was sent that was there."""
        for side in Side:
            if side not in rules.writes:
                assert not told.writes[side]
                assert before[side] == after[side]
            if not rules.delete:
                assert before[side].keys() <= after[side].keys()
            if Field.CONTENT not in rules.fields:
                assert all(write.op == "edit" for write in told.writes[side])
            for kept in before[side].keys() & after[side].keys():
                old, new = before[side][kept].said, after[side][kept].said
                for each in METADATA_FIELDS:
                    assert each in rules.fields or old.get(each) == new.get(each)

    def _check_no_picture_was_there(self, told: Told) -> None:
        for writes in told.writes.values():
            assert all(write.op != "found" for write in writes), writes

    def _check_again(self, rules: Rules, told: Told) -> None:
        """Right after a run that nothing hindered there is only left what it could not do."""
        again = Told(list(self._plan(self._sync(self.memories, rules, [])).actions))
        if any(action.op is Op.CREATE for action in told.actions):
            told = again  # What a new photo cannot be told was no news before it was there.
        assert not list(filter(_is_doable, again.actions)), told_of(again)
        assert again.left_over == told.left_over, f"{told_of(told)} {told_of(again)}"


def _not(_event: Event) -> None:
    """Listens to nothing."""


def told_of(told: Told) -> list[tuple[object, ...]]:
    """The actions of a run, briefly."""
    return [(a.op, a.side, a.album, a.name, a.to, a.fields, a.why, a.blocked) for a in told.actions]
