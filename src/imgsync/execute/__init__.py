"""Does what was planned: the only place that changes anything, recording after every action."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from threading import RLock
from typing import BinaryIO, cast

import msgspec

from ..errors import Denied, Error, Rejected, Stale, StateError, Unavailable
from ..events import Summary
from ..ledger import Ledger
from ..model import Album, Field, Metadata, Photo, Side, same
from ..plan import Action, Op, are_named, plan, settle
from ..run import Findings, Run
from ..service import Original, Source
from .albums import Albums
from .calls import Calls
from .order import Spot, Unit, groups, in_lines, spot_of
from .telling import Teller, Told
from .walk import Walk

__all__ = ["execute"]


def execute(run: Run, findings: Findings) -> tuple[Summary, list[Error]]:
    """Does all that is due. Tells Started, Sent, Done, Failed, and Noted for what is not kept.

    Gives back what was done, and the errors that ended the run early or kept albums from being
    written down. Whatever was done is recorded in any case.
    """
    executor = _Executor(run, findings)
    return executor.execute(), [*executor.troubles, *executor.ledger.troubles]


class _Executor:
    def __init__(self, run: Run, findings: Findings) -> None:
        self.run = run
        self.ends = run.ends
        self.findings = findings
        self.lock = RLock()
        self.ledger = Ledger(run, findings)
        self.calls = Calls(run)
        self.teller = Teller(run, findings, self.lock)
        self.albums = Albums(run, findings, self.ledger, self.calls, self.teller, self.lock)
        self.troubles: list[Error] = []
        self.ended = False  # nothing new is to begin
        self.detours: list[tuple[Action, Walk]] = []
        self.written: dict[tuple[Side, str], Photo] = {}
        self.homes: dict[str, str] = {}
        self.linked = {spot_of(*spot) for spot in findings.linked_names}
        self.leaving = {
            spot_of(action.side, action.album, action.name)
            for unit in findings.units
            for action in unit
            if action.op is Op.MOVE
        }

    def execute(self) -> Summary:
        try:
            self.albums.move(self.findings.units)
            self._announce()
            for group in groups(self.findings.units):
                self._do_group(group)
            self._finish_detours()
            self.ledger.close(self.albums.by_key)
        except (Denied, Unavailable) as error:
            self.troubles.append(error)
            self.ledger.save()
        except KeyboardInterrupt:
            self.ledger.save()
            raise
        return self.teller.summary

    # Photos.

    def _announce(self) -> None:
        """Tells each side which photos it will be asked to create; it is no harm if that fails."""
        for side in Side:
            photos = [
                photo
                for unit in self.findings.units
                for action in unit
                if action.op is Op.CREATE and action.side is side and action.due
                if (photo := action.pair.photo(side.other))
            ]
            if photos:
                with suppress(Rejected, Stale):
                    self.calls.patiently(partial(self.run.side(side).expect, photos))

    def _do_group(self, group: list[Unit]) -> None:
        """Does the units of one album while nobody else may; several at once if a side can.

        An album in which nothing is to be done is left to others.
        """
        actions = [action for unit in group for action in unit]
        if not any(action.due for action in actions):
            for action in actions:
                self.teller.count(action)
            return
        keys = set()
        for action in actions:
            keys |= {action.album, action.pair.album}
            keys |= {action.to[0]} if action.op is Op.MOVE else set()
        try:
            with self.albums.held(sorted(keys)):
                lines = in_lines(group)
                jobs = max(self.ends[side].capabilities.connections for side in Side)
                jobs = min(self.run.jobs, jobs, len(lines))
                if jobs > 1:
                    self._do_at_once(lines, jobs)
                else:
                    self._do_line(group)
        except StateError as error:
            self.troubles.append(error)
            for unit in group:
                self.teller.failed(unit[0], error)

    def _do_line(self, line: Iterable[Unit]) -> None:
        """Does one unit after the other, as long as nothing has ended the run."""
        try:
            for unit in line:
                if self.ended:
                    return
                self._do_unit(unit)
        except BaseException:
            self.ended = True
            raise

    def _do_at_once(self, lines: list[list[Unit]], jobs: int) -> None:
        """Does units that have nothing to do with each other; none begins after one has failed."""
        pool = ThreadPoolExecutor(jobs)
        try:
            futures = [pool.submit(self._do_line, line) for line in lines]
            done, _waiting = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except KeyboardInterrupt:
            self.ended = self.teller.interrupted = True
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _do_unit(self, unit: Unit) -> None:
        with self.lock:
            walk = Walk(unit[0].pair, self.ledger.id_of(unit[0].pair))
        unit = self._caught_up(walk, unit)
        for action in unit:
            if not action.due:
                self.teller.count(action)
                continue
            self.teller.started(action)
            try:
                self._try(action, walk)
            except (Stale, StateError):
                return

    def _try(self, action: Action, walk: Walk) -> None:
        """Does one action, and tells. Raises Stale and StateError: then the walk is over."""
        try:
            self.calls.patiently(lambda: self._do(action, walk))
        except Rejected as error:
            self.teller.failed(action, error)
        except (Stale, StateError) as error:
            self.troubles += [error] if isinstance(error, StateError) else []
            self.teller.failed(action, error)
            raise
        else:
            self.teller.done(action)

    def _caught_up(self, walk: Walk, unit: Unit) -> Unit:
        """The unit, planned anew if this run has meanwhile written to one of its photos.

        That happens where one photo of a service stands in several albums: each pair is to build
        on what the one before it left.
        """
        fresh = False
        for side in Side:
            photo = walk.photo(side)
            now = self.written.get((side, photo.ref)) if photo else None
            if now is not None and self.ends[side].capabilities.many:
                walk.show(side, now)
                fresh = True
        return plan(walk.pair, self.ends, self.run.policy) if fresh else unit

    def _do(self, action: Action, walk: Walk) -> None:
        match action.op:
            case Op.RECORD:
                assert action.link is not None
                walk.link = msgspec.structs.replace(action.link, id=walk.id)
                self._write(walk, walk.new_home)
            case Op.CREATE:
                self._create(action, walk)
            case Op.UPDATE:
                self._update(action, walk)
            case Op.MOVE:
                self._move(action, walk)
                if self._waits_for_name(action, walk):
                    self.detours.append((action, walk))
            case Op.DELETE:
                self._delete(action, walk)
            case Op.FORGET if action.name is None:
                self.ledger.forget_album(self.findings.gone[action.album])
            case Op.FORGET:
                self._forget(walk)

    def _create(self, action: Action, walk: Walk) -> None:
        side = action.side
        assert side is not None
        assert action.name is not None
        photo = walk.photo(side.other)
        assert photo is not None
        album = self.albums.album(side, action.album)
        origin = self.albums.album(side.other, action.album)
        source = self._source(action, side.other, origin, photo)
        with self.calls.at(side) as service:
            made = service.create(album, source)
        walk.show(side, made)
        walk.link = settle(None, walk.id, *walk.both, self.ends, self._settled(side, *walk.both))
        self._write(walk, action.album)

    def _settled(self, side: Side, left: Photo, right: Photo) -> frozenset[Field]:
        """The fields agreed by a creation: where both sides now show the same.

        One that shows something else was there before the creation, with words of its own: they
        are compared in the next run. What the side cannot write is as agreed as it gets.
        """
        writes = self.ends[side].capabilities.writes
        one, two = self.ends.common(left.metadata), self.ends.common(right.metadata)
        return frozenset(
            field
            for field in self.run.policy.fields
            if field is Field.CONTENT
            or field not in writes
            or field not in self.ends.shared()
            or same(field, one.get(field), two.get(field))
        )

    def _update(self, action: Action, walk: Walk) -> None:
        side = action.side
        assert side is not None
        photo, other = walk.photo(side), walk.photo(side.other)
        assert photo is not None
        assert other is not None
        album = self.albums.album(side, walk.album(side))
        fields = frozenset(action.fields)
        told = photo.metadata.but(action.metadata, fields)
        if Field.CONTENT in fields:
            origin = self.albums.album(side.other, walk.album(side.other))
            source = self._source(action, side.other, origin, other)
            with self.calls.at(side) as service:
                now = service.replace(album, photo, source)
        else:
            with self.calls.at(side) as service:
                now = service.edit(album, photo, told, fields)
        walk.show(side, now)
        self._remember(side, now)
        self.teller.kept(action, told, now.metadata)
        stubborn = _stubborn(photo.metadata, told, now.metadata)
        link = walk.link
        walk.link = settle(
            link, walk.id, *walk.both, self.ends, fields, placed=False, stubborn=stubborn
        )
        self._write(walk, walk.home)

    def _move(self, action: Action, walk: Walk) -> None:
        side = action.side
        assert side is not None
        photo = walk.photo(side)
        assert photo is not None
        key, name = action.to
        album, to = self.albums.album(side, walk.album(side)), self.albums.album(side, key)
        with self.calls.at(side) as service:
            now = service.move(album, photo, to, name)
        placed = action.name != action.to[1] or self._are_named(walk)
        self.linked.discard(spot_of(side, walk.album(side), photo.name))
        self.linked.add(spot_of(side, key, now.name))
        walk.show(side, now, key)
        walk.link = settle(walk.link, walk.id, *walk.both, self.ends, frozenset(), placed=placed)
        self._write(walk, walk.new_home)

    def _delete(self, action: Action, walk: Walk) -> None:
        side = action.side
        assert side is not None
        photo = walk.photo(side)
        assert photo is not None
        album = self.albums.album(side, walk.album(side))
        with self.calls.at(side) as service:
            service.delete(album, photo)
        walk.show(side, None)
        self._forget(walk)

    def _source(self, action: Action, side: Side, album: Album, photo: Photo) -> Source:
        service = self.run.side(side)
        fields = self.run.policy.fields if action.op is Op.CREATE else frozenset[Field]()

        def open_photo() -> Original:
            original = service.open(album, photo, action.without)
            told = Told(original.stream, lambda size: self.teller.sent(action, size))
            return msgspec.structs.replace(original, stream=cast(BinaryIO, told))

        return Source(
            name=self._unlinked_name(action) if action.op is Op.CREATE else photo.name,
            metadata=action.metadata,
            photo=photo,
            open=open_photo,
            shown=lambda said: said.but(service.normal(said), fields),
        )

    def _unlinked_name(self, action: Action) -> str:
        """The name for a creation, or one like it where a linked photo has that.

        Given the same picture under that name, a service would take it for the linked one.
        """
        stem, dot, suffix = (action.name or "").rpartition(".")
        for number in itertools.count(1):
            name = f"{stem}-{number}{dot}{suffix}" if number > 1 else f"{stem}{dot}{suffix}"
            if spot_of(action.side, action.album, name) not in self.linked:
                return name
        raise AssertionError

    def _finish_detours(self) -> None:
        """Gives photos the names that others, meanwhile moved away, held when it was their turn."""
        for action, walk in self.detours:
            try:
                with self.albums.held(sorted({walk.home, action.to[0]})):
                    self.calls.patiently(lambda: self._move(action, walk))  # noqa: B023 - called at once
            except (Rejected, Stale, StateError) as error:
                self.teller.failed(action, error)

    def _waits_for_name(self, action: Action, walk: Walk) -> bool:
        """Whether a moved photo did not get its name, and the one that has it is to go on."""
        side, (key, name) = action.side, action.to
        assert side is not None
        photo = walk.photo(side)
        assert photo is not None
        spot = spot_of(side, key, name)
        return photo.name != name and (
            spot in self.leaving
            or any(spot == self._spot(other, on_detour) for other, on_detour in self.detours)
        )

    def _spot(self, action: Action, walk: Walk) -> Spot:
        """Where a photo stands by now on the side of its move."""
        assert action.side is not None
        photo = walk.photo(action.side)
        return spot_of(action.side, walk.album(action.side), photo.name if photo else None)

    # The ledger.

    def _write(self, walk: Walk, home: str) -> None:
        """Records the walk's link in the album `home`, and no longer in the one before.

        A link whose folder vanished has no state to be in until its photo is moved.
        """
        with self.lock:
            assert walk.link is not None
            album = self.albums.by_key[Side.LEFT].get(home)
            if album is None:
                return
            self.ledger.write_album(home, self.albums.by_key)
            photo = walk.photo(Side.LEFT) if walk.album(Side.LEFT) == home else None
            right = walk.photo(Side.RIGHT)
            there = self.albums.by_key[Side.RIGHT].get(walk.album(Side.RIGHT))
            if right and there and self.run.service.racy(there, right):
                half = msgspec.structs.replace(walk.link.right, version="")
                walk.link = msgspec.structs.replace(walk.link, right=half)
            self.ledger.write(home, walk.link, photo, album)
            if walk.home != home:
                self.ledger.drop_link(walk.home, walk.link.id)
                walk.home = home
            self.homes[walk.id] = home

    def _forget(self, walk: Walk) -> None:
        """Forgets the walk's link, unless this run has meanwhile written it anew in its album.

        That happens to a link that stood in two albums, as a run that died has left it.
        """
        with self.lock:
            if walk.link is not None and self.homes.get(walk.id) != walk.home:
                self.ledger.drop_link(walk.home, walk.link.id)

    def _remember(self, side: Side, photo: Photo) -> None:
        self.written[side, photo.ref] = photo

    def _are_named(self, walk: Walk) -> bool:
        """Whether nothing is left to be done about a photo's names."""
        return are_named(walk.link, *walk.both, self.ends, self.run.policy)


def _stubborn(before: Metadata, told: Metadata, now: Metadata) -> Metadata:
    """The tags and people that were to go and did not: some services cannot let go of them."""
    return Metadata(
        tags=(before.tags - told.tags) & now.tags,
        people=tuple(p for p in now.people if p in before.people and p not in told.people),
    )
