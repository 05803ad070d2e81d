"""Does what was planned: the only place that changes anything, recording after every action."""

from __future__ import annotations

import io
import itertools
import time
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from threading import BoundedSemaphore, Lock, RLock
from typing import BinaryIO, TypeVar, cast

import msgspec

from .albums import above, below, detour, home, join
from .errors import Denied, Error, Rejected, ServiceError, Stale, StateError, Unavailable
from .events import Done, Event, Failed, Noted, Sent, Started, Summary, count
from .ledger import Ledger
from .model import Album, Field, Metadata, Pair, Photo, Side, same
from .plan import Action, Op, are_named, plan, settle
from .run import Findings, Run
from .service import Original, Service, Source

__all__ = ["execute"]

TRIES = 4
PATIENCE = 1.0  # seconds before the second try; doubled for each one after it

Result = TypeVar("Result")
Spot = tuple[Side | None, str, str]  # side, album, file name as far as it must differ


def execute(
    run: Run, findings: Findings, sleep: Callable[[float], None] = time.sleep
) -> tuple[Summary, list[Error]]:
    """Does all that is not blocked. Tells Started, Sent, Done, Failed.

    Gives back what was done, and the errors that ended the run early or kept albums from being
    written down. Whatever was done is recorded in any case.
    """
    executor = _Executor(run, findings, sleep)
    return executor.execute(), [*executor.troubles, *executor.ledger.troubles]


class _Executor:
    def __init__(self, run: Run, findings: Findings, sleep: Callable[[float], None]) -> None:
        self.run = run
        self.ends = run.ends
        self.findings = findings
        self.sleep = sleep
        self.lock = RLock()
        self.telling = Lock()
        self.interrupted = False
        self.gates = {s: BoundedSemaphore(self.ends[s].capabilities.connections) for s in Side}
        self.ledger = Ledger(run, findings)
        self.summary = Summary()
        self.albums: dict[Side, dict[str, Album]] = {side: {} for side in Side}
        for place in findings.places.values():
            if place.left is not None:
                self.albums[Side.LEFT][place.key] = place.left
            if place.right is not None:
                self.albums[Side.RIGHT][place.key] = place.right
        self.troubles: list[Error] = []
        self.detours: list[tuple[Action, _Walk]] = []
        self.written: dict[tuple[Side, str], Photo] = {}
        self.homes: dict[str, str] = {}
        self.held: set[Spot] = set()  # paths that albums are to leave
        self.due: set[Spot] = set()  # paths that they are to get to
        self.linked = {_spot(*spot) for spot in findings.linked_names}

    def execute(self) -> Summary:
        try:
            self._move_albums()
            self._announce()
            for group in self._groups():
                self._do_group(group)
            self._finish_detours()
            self.ledger.close(self.albums)
        except (Denied, Unavailable) as error:
            self.troubles.append(error)
            self.ledger.save()
        except KeyboardInterrupt:
            self.ledger.save()
            raise
        return self.summary

    # Albums.

    def _move_albums(self) -> None:
        """Moves albums, what frees a path before what takes it.

        Where paths go round in a circle there is no such order; one album then takes a detour.
        """
        units = [u for u in self.findings.units if u[0].op is Op.MOVE and u[0].name is None]
        moves = [action for action, *_rest in _in_order(units)]
        untried = {_spot(a.side, a.album, a.name) for a in moves if a.blocked is None}
        self.held = set(untried)
        self.due = {_spot(a.side, *a.to) for a in moves if a.blocked is None}
        waiting: list[Action] = []
        for action in moves:
            if action.blocked is not None:
                self._count(action)
                continue
            self._tell(Started(action, self.run.name(action.side)))
            untried.discard(_spot(action.side, action.album, action.name))
            if not untried.isdisjoint(_needed(action)):
                waiting += [action] if self._move_album(action, detour(self._path(action))) else []
            else:
                self._move_album(action, action.to[0])
            for other in list(waiting):
                if _spot(other.side, *other.to) not in self.held:
                    waiting.remove(other)
                    self._move_album(other, other.to[0])
        for action in waiting:
            self._failed(action, Rejected(self._in_the_way(action.side, action.to[0])))
            with suppress(Rejected, Stale, StateError):
                self._put_album(action, home(self._path(action)))

    def _path(self, action: Action) -> str:
        """Where the album of a move stands by now."""
        assert action.side is not None
        return self.albums[action.side][action.pair.album].path

    def _move_album(self, action: Action, path: str) -> bool:
        """Moves an album, and tells. Whether it got to `path`."""
        try:
            self._put_album(action, path)
        except (Rejected, Stale, StateError) as error:
            self._failed(action, error)
            return False
        self.held.discard(_spot(action.side, action.album, action.name))
        if path == action.to[0]:
            self.due.discard(_spot(action.side, *action.to))
            self._done(action)
        return True

    def _put_album(self, action: Action, path: str) -> None:
        """Moves an album to a path, and records it before anything else can take its old one.

        Those below it come first, so that a run that dies shows which have only gone along.
        """
        side, key = action.side, action.pair.album
        assert side is not None
        self._check_free(side, path)
        service, album = self.run.side(side), self.albums[side][key]
        with self._held([key]):
            now = self._patiently(lambda: service.move_album(album, path))
        self.albums[side][key] = now
        if side is Side.LEFT:
            self.ledger.move(key, now.path)
        if path == action.to[0]:
            self.ledger.placed.add(key)
        self._take_along(side, album.path, now.path)
        self.ledger.write_album(key, self.albums)

    def _take_along(self, side: Side, old: str, new: str) -> None:
        """Albums below one that was moved went along: finds them at their new paths."""
        albums = self.albums[side]
        along = [key for key, album in albums.items() if below(album.path, old)]
        if not along or not self.ends[side].capabilities.nested:
            return
        listed = self._patiently(lambda: list(self.run.side(side).albums()))
        found = {album.path: album for album in listed if isinstance(album, Album)}
        for key in along:
            path = join(new, albums[key].path[len(old) + 1 :])
            if path in found:
                albums[key] = found[path]
                if side is Side.LEFT:
                    self.ledger.move(key, path)
                self.ledger.write_album(key, self.albums, carried=side)

    def _check_free(self, side: Side, path: str) -> None:
        """Raises Rejected if an album at a path was to be moved away, or one above it, or to it."""
        outer = [_spot(side, outer, None) for outer, _ in above(path)]
        if not self.held.isdisjoint([_spot(side, path, None), *outer]):
            raise Rejected(self._in_the_way(side, path))
        if not self.due.isdisjoint(outer):
            raise Rejected(f"an album above {path} on {self.run.name(side)} was not moved there")

    def _in_the_way(self, side: Side | None, path: str) -> str:
        return f"another album at {path} on {self.run.name(side)} was not moved away"

    def _album(self, side: Side, key: str) -> Album:
        """The album of a key on a side; made if it is not there."""
        with self.lock:
            album = self.albums[side].get(key)
            if album is None:
                path = key if side is Side.LEFT else self._right_path(key)
                self._check_free(side, path)
                with self._at(side) as service:
                    album = service.create_album(path)
                self.albums[side][key] = album
            self.ledger.write_album(key, self.albums)
            return album

    def _right_path(self, key: str) -> str:
        place = self.findings.places.get(key)
        if place is not None:
            return place.right_path
        ground = self.findings.ground
        return join(ground.base, key) if key else ground.top

    # Photos.

    def _groups(self) -> Iterator[list[tuple[Action, ...]]]:
        """The units about photos, by album, in an order in which none is in another's way.

        What frees a name comes before what takes it; creations before deletions, so that a
        picture that stands on one side only for a moment stands there for sure.
        """
        units = [unit for unit in self.findings.units if unit[0].name is not None]
        moving = [unit for unit in units if any(a.op is Op.MOVE for a in unit)]
        ending = [unit for unit in units if any(a.op in (Op.DELETE, Op.FORGET) for a in unit)]
        first, last = {id(u) for u in moving}, {id(u) for u in ending}
        for unit in _in_order(moving):
            yield [unit]
        yield from _by_album(u for u in units if id(u) not in first | last)
        yield from _by_album(u for u in ending if id(u) not in first)
        for action, *_rest in self.findings.units:
            if action.name is None and action.op is not Op.MOVE:
                yield [(action,)]

    def _announce(self) -> None:
        """Tells each side which photos it will be asked to create."""
        for side in Side:
            photos = [
                photo
                for unit in self.findings.units
                for action in unit
                if action.op is Op.CREATE and action.side is side and action.blocked is None
                if (photo := action.pair.photo(side.other))
            ]
            if photos:
                self._patiently(partial(self.run.side(side).expect, photos))

    def _do_group(self, group: list[tuple[Action, ...]]) -> None:
        """Does the units of one album while nobody else may; several at once if a side can."""
        keys = set()
        for action in (action for unit in group for action in unit):
            keys |= {action.album, action.pair.album}
            keys |= {action.to[0]} if action.op is Op.MOVE else set()
        try:
            with self._held(sorted(keys)):
                lines = _in_lines(group)
                jobs = max(self.ends[side].capabilities.connections for side in Side)
                jobs = min(self.run.jobs, jobs, len(lines))
                if jobs > 1:
                    self._do_at_once(lines, jobs)
                else:
                    self._do_line(group)
        except StateError as error:
            self.troubles.append(error)
            for unit in group:
                self._failed(unit[0], error)

    def _do_line(self, line: Iterable[tuple[Action, ...]]) -> None:
        for unit in line:
            self._do_unit(unit)

    def _do_at_once(self, lines: list[list[tuple[Action, ...]]], jobs: int) -> None:
        """Does units that have nothing to do with each other; none begins after one has failed."""
        pool = ThreadPoolExecutor(jobs)
        try:
            futures = [pool.submit(self._do_line, line) for line in lines]
            done, _waiting = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except KeyboardInterrupt:
            self.interrupted = True
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    @contextmanager
    def _held(self, keys: Iterable[str]) -> Iterator[None]:
        """Keeps other runs from albums that exist on either side."""
        with ExitStack() as stack:
            for key in keys:
                if key in self.albums[Side.LEFT]:
                    stack.enter_context(self.ledger.hold(key))
                for side in Side:
                    album = self.albums[side].get(key)
                    if album is not None:
                        stack.enter_context(self.run.side(side).hold(album))
            yield

    def _do_unit(self, unit: tuple[Action, ...]) -> None:
        with self.lock:
            walk = _Walk(unit[0].pair, self.ledger.id_of(unit[0].pair))
        unit = self._caught_up(walk, unit)
        for action in unit:
            if action.blocked is not None or action.op is Op.CONFLICT:
                self._count(action)
                continue
            self._tell(Started(action, self.run.name(action.side)))
            try:
                self._try(action, walk)
            except (Stale, StateError):
                return

    def _try(self, action: Action, walk: _Walk) -> None:
        """Does one action, and tells. Raises Stale and StateError: then the walk is over."""
        try:
            self._patiently(lambda: self._do(action, walk))
        except Rejected as error:
            self._failed(action, error)
        except (Stale, StateError) as error:
            self.troubles += [error] if isinstance(error, StateError) else []
            self._failed(action, error)
            raise
        else:
            self._done(action)

    def _caught_up(self, walk: _Walk, unit: tuple[Action, ...]) -> tuple[Action, ...]:
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

    def _do(self, action: Action, walk: _Walk) -> None:
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
            case Op.DELETE:
                self._delete(action, walk)
            case Op.FORGET if action.name is None:
                self.ledger.forget_album(action.album)
            case Op.FORGET:
                self._forget(walk)

    def _create(self, action: Action, walk: _Walk) -> None:
        side = action.side
        assert side is not None
        assert action.name is not None
        photo = walk.photo(side.other)
        assert photo is not None
        album = self._album(side, action.album)
        origin = self._album(side.other, action.album)
        source = self._source(action, side.other, origin, photo)
        with self._at(side) as service:
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

    def _update(self, action: Action, walk: _Walk) -> None:
        side = action.side
        assert side is not None
        photo, other = walk.photo(side), walk.photo(side.other)
        assert photo is not None
        assert other is not None
        album = self._album(side, walk.album(side))
        fields = frozenset(action.fields)
        told = photo.metadata.but(action.metadata, fields)
        if Field.CONTENT in fields:
            origin = self._album(side.other, walk.album(side.other))
            source = self._source(action, side.other, origin, other)
            with self._at(side) as service:
                now = service.replace(album, photo, source)
        else:
            with self._at(side) as service:
                now = service.edit(album, photo, told, fields)
        walk.show(side, now)
        self._remember(side, now)
        self._tell_kept(action, told, now.metadata)
        stubborn = _stubborn(photo.metadata, told, now.metadata)
        link = walk.link
        walk.link = settle(
            link, walk.id, *walk.both, self.ends, fields, placed=False, stubborn=stubborn
        )
        self._write(walk, walk.home)

    def _move(self, action: Action, walk: _Walk) -> None:
        side = action.side
        assert side is not None
        photo = walk.photo(side)
        assert photo is not None
        key, name = action.to
        album, to = self._album(side, walk.album(side)), self._album(side, key)
        with self._at(side) as service:
            now = service.move(album, photo, to, name)
        if now.name != name and self._frees(name, key, side):
            self.detours.append((action, walk))
        self.linked.discard(_spot(side, walk.album(side), photo.name))
        self.linked.add(_spot(side, key, now.name))
        walk.show(side, now, key)
        placed = action.name != action.to[1] or self._are_named(walk)
        walk.link = settle(walk.link, walk.id, *walk.both, self.ends, frozenset(), placed=placed)
        self._write(walk, walk.new_home)

    def _delete(self, action: Action, walk: _Walk) -> None:
        side = action.side
        assert side is not None
        photo = walk.photo(side)
        assert photo is not None
        album = self._album(side, walk.album(side))
        with self._at(side) as service:
            service.delete(album, photo)
        walk.show(side, None)
        self._forget(walk)

    def _source(self, action: Action, side: Side, album: Album, photo: Photo) -> Source:
        service = self.run.side(side)

        def open_photo() -> Original:
            original = service.open(album, photo, action.without)
            told = _Told(original.stream, lambda size: self._sent(action, size))
            return msgspec.structs.replace(original, stream=cast(BinaryIO, told))

        return Source(
            name=self._unlinked_name(action) if action.op is Op.CREATE else photo.name,
            metadata=action.metadata,
            photo=photo,
            open=open_photo,
        )

    def _unlinked_name(self, action: Action) -> str:
        """The name for a creation, or one like it where a linked photo has that.

        Given the same picture under that name, a service would take it for the linked one.
        """
        stem, dot, suffix = (action.name or "").rpartition(".")
        for number in itertools.count(1):
            name = f"{stem}-{number}{dot}{suffix}" if number > 1 else f"{stem}{dot}{suffix}"
            if _spot(action.side, action.album, name) not in self.linked:
                return name
        raise AssertionError

    def _finish_detours(self) -> None:
        """Gives photos the names that others, meanwhile moved away, held when it was their turn."""
        for action, walk in self.detours:
            try:
                with self._held(sorted({walk.home, action.to[0]})):
                    self._patiently(lambda: self._move(action, walk))  # noqa: B023 - called at once
            except (Rejected, Stale, StateError) as error:
                self._failed(action, error)

    def _frees(self, name: str, key: str, side: Side) -> bool:
        """Whether some photo of the run is moved away from a name."""
        spot = _spot(side, key, name)
        return any(
            action.op is Op.MOVE and _spot(action.side, action.album, action.name) == spot
            for unit in self.findings.units
            for action in unit
        )

    # The ledger.

    def _write(self, walk: _Walk, home: str) -> None:
        """Records the walk's link in the album `home`, and no longer in the one before.

        A link whose folder vanished has no state to be in until its photo is moved.
        """
        with self.lock:
            assert walk.link is not None
            album = self.albums[Side.LEFT].get(home)
            if album is None:
                return
            self.ledger.write_album(home, self.albums)
            photo = walk.photo(Side.LEFT) if walk.album(Side.LEFT) == home else None
            right = walk.photo(Side.RIGHT)
            there = self.albums[Side.RIGHT].get(walk.album(Side.RIGHT))
            if right and there and self.run.service.racy(there, right):
                half = msgspec.structs.replace(walk.link.right, version="")
                walk.link = msgspec.structs.replace(walk.link, right=half)
            self.ledger.write(home, walk.link, photo, album)
            if walk.home != home:
                self.ledger.drop_link(walk.home, walk.link.id)
                walk.home = home
            self.homes[walk.id] = home

    def _forget(self, walk: _Walk) -> None:
        """Forgets the walk's link, unless this run has meanwhile written it anew in its album.

        That happens to a link that stood in two albums, as a run that died has left it.
        """
        with self.lock:
            if walk.link is not None and self.homes.get(walk.id) != walk.home:
                self.ledger.drop_link(walk.home, walk.link.id)

    def _remember(self, side: Side, photo: Photo) -> None:
        self.written[side, photo.ref] = photo

    def _are_named(self, walk: _Walk) -> bool:
        """Whether nothing is left to be done about a photo's names."""
        return are_named(walk.link, *walk.both, self.ends, self.run.policy)

    # Asking.

    @contextmanager
    def _at(self, side: Side) -> Iterator[Service]:
        """A side's service, while it bears one more call."""
        with self.gates[side]:
            yield self.run.side(side)

    def _patiently(self, call: Callable[[], Result]) -> Result:
        """Calls; again after a while where a service asks for that, a few times."""
        wait_for = PATIENCE
        for number in range(1, TRIES + 1):
            try:
                return call()
            except Unavailable as error:
                if number == TRIES:
                    raise
                self.sleep(error.retry_after if error.retry_after is not None else wait_for)
                wait_for *= 2
        raise AssertionError

    # Telling.

    def _tell(self, event: Event) -> None:
        with self.telling:
            self.run.listen(event)

    def _tell_kept(self, action: Action, told: Metadata, now: Metadata) -> None:
        """Tells of fields that were to be cleared and are still shown: that is not tried again."""
        for field in action.fields:
            if field is not Field.CONTENT and now.get(field) and not told.get(field):
                name = self.run.name(action.side)
                photo = join(action.album, action.name or "")
                self._tell(Noted(f"{photo}: {name} cannot clear the {field} and still shows it"))

    def _sent(self, action: Action, size: int) -> None:
        """Tells; breaks off where a person has interrupted the run: a film may take hours."""
        if self.interrupted:
            raise KeyboardInterrupt
        self._tell(Sent(action, size))

    def _done(self, action: Action) -> None:
        with self.lock:
            self._count(action)
            self._tell(Done(action, self.run.name(action.side)))

    def _count(self, action: Action) -> None:
        with self.lock:
            self.summary += count(action)

    def _failed(self, action: Action, error: ServiceError | StateError) -> None:
        with self.lock:
            self.summary += Summary(failed=1)
            self.ledger.leave_open(action.pair)
            name = self.run.name(action.side)
            self._tell(Failed(name, action.album, action.name, str(error), action))


class _Walk:
    """A pair on its way: as both sides show it by now, its link so far, and where that is kept."""

    def __init__(self, pair: Pair, id: str) -> None:
        self.pair = pair
        self.link = pair.base
        self.home = pair.album
        self.id = id

    def photo(self, side: Side) -> Photo | None:
        return self.pair.photo(side)

    def album(self, side: Side) -> str:
        return self.pair.album_of(side)

    @property
    def new_home(self) -> str:
        """Where the link is to be kept: it follows when both sides show the photo in one album."""
        pair = self.pair
        return pair.left_album if pair.left_album == pair.right_album else self.home

    @property
    def both(self) -> tuple[Photo, Photo]:
        assert self.pair.left is not None
        assert self.pair.right is not None
        return self.pair.left, self.pair.right

    def show(self, side: Side, photo: Photo | None, album: str | None = None) -> None:
        """From now on a side shows the photo so, and in that album."""
        where = self.album(side) if album is None else album
        shown = {side.value: photo, f"{side.value}_album": where}
        self.pair = msgspec.structs.replace(self.pair, **shown)


class _Told(io.BufferedIOBase):
    """A stream that tells how much was read of it."""

    def __init__(self, stream: BinaryIO, tell: Callable[[int], None]) -> None:
        self._stream = stream
        self._tell = tell

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._stream.read(-1 if size is None else size)
        self._tell(len(data))
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


def _stubborn(before: Metadata, told: Metadata, now: Metadata) -> Metadata:
    """The tags and people that were to go and did not: some services cannot let go of them."""
    return Metadata(
        tags=(before.tags - told.tags) & now.tags,
        people=tuple(p for p in now.people if p in before.people and p not in told.people),
    )


def _in_lines(units: Iterable[tuple[Action, ...]]) -> list[list[tuple[Action, ...]]]:
    """The units, those behind each other that are about one photo, or one picture, of a side.

    Two copies in a folder may be one photo of a service: what is done to it builds on what was
    done to it before.
    """
    lines: dict[Hashable, list[tuple[Action, ...]]] = {}
    for unit in units:
        joined = {id(line): line for key in _keys(unit) if (line := lines.get(key)) is not None}
        line = [*itertools.chain.from_iterable(joined.values()), unit]
        for each in line:
            lines |= dict.fromkeys(_keys(each), line)
    return list({id(line): line for line in lines.values()}.values())


def _keys(unit: tuple[Action, ...]) -> Iterator[Hashable]:
    """What a unit has in common with others about the same photo or picture."""
    for side in Side:
        photo = unit[0].pair.photo(side)
        if photo is not None:
            yield side, photo.ref
            yield from photo.marks


def _by_album(units: Iterable[tuple[Action, ...]]) -> Iterator[list[tuple[Action, ...]]]:
    """The units of each album together."""
    ordered = sorted(units, key=lambda unit: unit[0].album)
    for _, group in itertools.groupby(ordered, key=lambda unit: unit[0].album):
        yield list(group)


def _in_order(units: list[tuple[Action, ...]]) -> Iterator[tuple[Action, ...]]:
    """Units that move a photo or an album, what frees a name before what takes it.

    Where names go round in a circle there is no such order; one of them then takes a detour.
    """
    moves = {id(unit): [a for a in unit if a.op is Op.MOVE and not a.blocked] for unit in units}
    holders = {_spot(a.side, a.album, a.name): unit for unit in units for a in moves[id(unit)]}
    comers = {_spot(a.side, *a.to): unit for unit in units for a in moves[id(unit)]}
    begun: set[int] = set()

    def before(unit: tuple[Action, ...]) -> Iterator[tuple[Action, ...]]:
        if id(unit) not in begun:
            begun.add(id(unit))
            for action in moves[id(unit)]:
                for spot in _needed(action):
                    if spot in holders:
                        yield from before(holders[spot])
                for spot in _outer(action):
                    if spot in comers:
                        yield from before(comers[spot])
            yield unit

    for unit in units:
        yield from before(unit)


def _needed(action: Action) -> Iterator[Spot]:
    """What must have moved away before a move: from its target, and from above it."""
    album, name = action.to
    yield _spot(action.side, album, name)
    if action.name is None:
        yield from (_spot(action.side, outer, None) for outer, _ in above(album))


def _outer(action: Action) -> Iterator[Spot]:
    """What must have come before the move of an album: the albums above it, before and after."""
    if action.name is None:
        for path in (action.album, action.to[0]):
            yield from (_spot(action.side, outer, None) for outer, _ in above(path))


def _spot(side: Side | None, album: str, name: str | None) -> Spot:
    return side, album, unicodedata.normalize("NFC", name or "").casefold()
