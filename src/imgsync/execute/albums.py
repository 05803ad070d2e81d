"""The albums of a run on both sides: moves them, makes them, and keeps other runs from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import RLock

from ..albums import detour, home
from ..atlas import above, below, join
from ..errors import Rejected, Stale, StateError
from ..ledger import Ledger
from ..model import Album, Side
from ..plan import Action, Op
from ..run import Findings, Run
from .calls import Calls
from .order import Spot, Unit, in_order, needed, spot_of
from .telling import Teller

__all__ = ["Albums"]


class Albums:
    """`by_key`: the albums that there are by now. `lock` guards the ledger."""

    def __init__(
        self,
        run: Run,
        findings: Findings,
        ledger: Ledger,
        calls: Calls,
        teller: Teller,
        lock: RLock,
    ) -> None:
        self.by_key: dict[Side, dict[str, Album]] = {side: {} for side in Side}
        for place in findings.places.values():
            if place.left is not None:
                self.by_key[Side.LEFT][place.key] = place.left
            if place.right is not None:
                self.by_key[Side.RIGHT][place.key] = place.right
        self._run = run
        self._findings = findings
        self._ledger = ledger
        self._calls = calls
        self._teller = teller
        self._lock = lock
        self._leaving: set[Spot] = set()  # paths that albums are to leave
        self._coming: set[Spot] = set()  # paths that they are to get to

    @contextmanager
    def held(self, keys: Iterable[str]) -> Iterator[None]:
        """Keeps other runs from albums that exist on either side."""
        with ExitStack() as stack:
            for key in keys:
                if key in self.by_key[Side.LEFT]:
                    stack.enter_context(self._ledger.hold(key))
                for side in Side:
                    album = self.by_key[side].get(key)
                    if album is not None:
                        stack.enter_context(self._run.side(side).hold(album))
            yield

    def move(self, units: Iterable[Unit]) -> None:
        """Moves albums, what frees a path before what takes it.

        Where paths go round in a circle there is no such order; one album then takes a detour.
        """
        units = [u for u in units if u[0].op is Op.MOVE and u[0].name is None]
        moves = [action for action, *_rest in in_order(units)]
        untried = {spot_of(a.side, a.album, a.name) for a in moves if a.blocked is None}
        self._leaving = set(untried)
        self._coming = {spot_of(a.side, *a.to) for a in moves if a.blocked is None}
        waiting: list[Action] = []
        for action in moves:
            if action.blocked is not None:
                self._teller.count(action)
                continue
            self._teller.started(action)
            untried.discard(spot_of(action.side, action.album, action.name))
            if not untried.isdisjoint(needed(action)):
                waiting += [action] if self._move_album(action, detour(self._path(action))) else []
            else:
                self._move_album(action, action.to[0])
            for other in list(waiting):
                if spot_of(other.side, *other.to) not in self._leaving:
                    waiting.remove(other)
                    self._move_album(other, other.to[0])
        for action in waiting:
            self._teller.failed(action, Rejected(self._in_the_way(action.side, action.to[0])))
            with suppress(Rejected, Stale, StateError):
                self._put_album(action, home(self._path(action)))

    def _path(self, action: Action) -> str:
        """Where the album of a move stands by now."""
        assert action.side is not None
        return self.by_key[action.side][action.pair.album].path

    def _move_album(self, action: Action, path: str) -> bool:
        """Moves an album, and tells. Whether it got to `path`."""
        try:
            self._put_album(action, path)
        except (Rejected, Stale, StateError) as error:
            self._teller.failed(action, error)
            return False
        self._leaving.discard(spot_of(action.side, action.album, action.name))
        if path == action.to[0]:
            self._coming.discard(spot_of(action.side, *action.to))
            self._teller.done(action)
        return True

    def _put_album(self, action: Action, path: str) -> None:
        """Moves an album to a path, and records it before anything else can take its old one.

        Those below it come first, so that a run that dies shows which have only gone along.
        """
        side, key = action.side, action.pair.album
        assert side is not None
        self._check_free(side, path)
        service, album = self._run.side(side), self.by_key[side][key]
        with self.held([key]):
            now = self._calls.patiently(lambda: service.move_album(album, path))
        self.by_key[side][key] = now
        if side is Side.LEFT:
            self._ledger.move(key, now.path)
        if path == action.to[0]:
            self._ledger.placed.add(key)
        self._take_along(side, album.path, now.path)
        self._ledger.write_album(key, self.by_key)

    def _take_along(self, side: Side, old: str, new: str) -> None:
        """Albums below one that was moved went along: finds them at their new paths."""
        albums = self.by_key[side]
        along = [key for key, album in albums.items() if below(album.path, old)]
        if not along or not self._run.ends[side].capabilities.nested:
            return
        listed = self._calls.patiently(lambda: list(self._run.side(side).albums()))
        found = {album.path: album for album in listed if isinstance(album, Album)}
        for key in along:
            path = join(new, albums[key].path[len(old) + 1 :])
            if path in found:
                albums[key] = found[path]
                if side is Side.LEFT:
                    self._ledger.move(key, path)
                self._ledger.write_album(key, self.by_key, carried=(side, old, new))

    def _check_free(self, side: Side, path: str) -> None:
        """Raises Rejected if an album at a path was to be moved away, or one above it, or to it."""
        outer = [spot_of(side, outer, None) for outer, _ in above(path)]
        if not self._leaving.isdisjoint([spot_of(side, path, None), *outer]):
            raise Rejected(self._in_the_way(side, path))
        if not self._coming.isdisjoint(outer):
            raise Rejected(f"an album above {path} on {self._run.name(side)} was not moved there")

    def _in_the_way(self, side: Side | None, path: str) -> str:
        return f"another album at {path} on {self._run.name(side)} was not moved away"

    def album(self, side: Side, key: str) -> Album:
        """The album of a key on a side; made if it is not there."""
        with self._lock:
            album = self.by_key[side].get(key)
            if album is None:
                path = key if side is Side.LEFT else self._right_path(key)
                self._check_free(side, path)
                with self._calls.at(side) as service:
                    album = service.create_album(path)
                self.by_key[side][key] = album
            self._ledger.write_album(key, self.by_key)
            return album

    def _right_path(self, key: str) -> str:
        place = self._findings.places.get(key)
        if place is not None:
            return place.right_path
        ground = self._findings.ground
        return join(ground.base, key) if key else ground.top
