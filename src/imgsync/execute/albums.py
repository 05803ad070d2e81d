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
from .order import Spot, Unit, awaited, in_order, needed, spot_of
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
        self._nested = {side for side in Side if run.ends[side].capabilities.nested}
        self._leaving: set[Spot] = set()  # paths that albums are to leave, and have not left
        self._coming: set[Spot] = set()  # paths that they are to get to, and have not got to
        self._untried: set[Spot] = set()  # as `_leaving`, but for what was tried in vain
        self._expected: set[Spot] = set()  # as `_coming`, but for what was tried in vain

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
        moves = [action for action, *_rest in in_order(units, self._nested)]
        self._leaving = {self._spot(action) for action in moves if action.due}
        self._coming = {_to(action) for action in moves if action.due}
        self._untried, self._expected = set(self._leaving), set(self._coming)
        waiting: list[Action] = []
        for action in moves:
            if not action.due:
                self._teller.count(action)
                continue
            self._teller.started(action)
            self._untried.discard(self._spot(action))
            if self._has_way(action):
                self._arrive(action)
            elif self._move_album(action, self._detour(action)):
                waiting.append(action)
            else:
                self._expected.discard(_to(action))
            while ready := next(filter(self._has_way, waiting), None):
                waiting.remove(ready)
                if not self._arrive(ready):
                    self._put_back(ready)
        for action in waiting:
            self._teller.failed(action, Rejected(self._in_the_way(action.side, action.to[0])))
            self._put_back(action)

    def _has_way(self, action: Action) -> bool:
        """Whether no album is yet to leave or to come before another one can get to its path.

        Neither can it get there out of that path, nor into itself.
        """
        path, to = self._path(action), action.to[0]
        if action.side in self._nested and (below(path, to) or below(to, path)):
            return False
        others = self._untried.isdisjoint(needed(action, self._nested))
        return others and self._expected.isdisjoint(awaited(action))

    def _detour(self, action: Action) -> str:
        """Where an album can wait, and is in nobody's way: also not below where one is to come."""
        path = self._path(action)
        for outer, rest in above(path):
            spot = spot_of(action.side, outer, None)
            if action.side in self._nested and spot in self._coming and spot not in self._leaving:
                return join(detour(outer), rest)
        return detour(path)

    def _arrive(self, action: Action) -> bool:
        self._expected.discard(_to(action))
        return self._move_album(action, action.to[0])

    def _put_back(self, action: Action) -> None:
        """Takes an album from its detour, if it can be."""
        with suppress(Rejected, Stale, StateError):
            self._put_album(action, home(self._path(action)))

    def _path(self, action: Action) -> str:
        """Where the album of a move stands by now."""
        assert action.side is not None
        return self.by_key[action.side][action.pair.album].path

    def _spot(self, action: Action) -> Spot:
        return spot_of(action.side, self._path(action), None)

    def _move_album(self, action: Action, path: str) -> bool:
        """Moves an album, and tells. Whether it got to `path`."""
        stood = self._spot(action)
        try:
            if path == action.to[0]:
                self._check_free(action.side, path, but=stood)
            self._put_album(action, path)
        except (Rejected, Stale, StateError) as error:
            self._teller.failed(action, error)
            return False
        self._leaving.discard(stood)
        if path == action.to[0]:
            self._coming.discard(_to(action))
            self._teller.done(action)
        return True

    def _put_album(self, action: Action, path: str) -> None:
        """Moves an album to a path, and records it before anything else can take its old one.

        Those below it come first, so that a run that dies shows which have only gone along.
        """
        side, key = action.side, action.pair.album
        assert side is not None
        service, album = self._run.side(side), self.by_key[side][key]
        with self.held([key]):
            now = self._calls.patiently(lambda: service.move_album(album, path))
        self.by_key[side][key] = now
        if side is Side.LEFT:
            self._ledger.move(key, now.path)
        if path == action.to[0]:
            self._ledger.placed.add((side, key))
        self._take_along(side, album.path, now.path)
        self._ledger.write_album(key, self.by_key)

    def _take_along(self, side: Side, old: str, new: str) -> None:
        """Albums below one that was moved went along: finds them at their new paths."""
        albums = self.by_key[side]
        along = [key for key, album in albums.items() if below(album.path, old)]
        if not along or side not in self._nested:
            return
        listed = self._calls.patiently(lambda: list(self._run.side(side).albums()))
        found = {album.path: album for album in listed if isinstance(album, Album)}
        for key in along:
            path = join(new, albums[key].path[len(old) + 1 :])
            if path in found:
                for spots in (self._leaving, self._untried):
                    if (spot := spot_of(side, albums[key].path, None)) in spots:
                        spots.remove(spot)
                        spots.add(spot_of(side, path, None))
                albums[key] = found[path]
                if side is Side.LEFT:
                    self._ledger.move(key, path)
                self._ledger.write_album(key, self.by_key, carried=(side, old, new))

    def _check_free(self, side: Side | None, path: str, but: Spot | None = None) -> None:
        """Raises Rejected if an album at a path was to be moved away, or one above it, or to it.

        `but`: where the one stands that is to come there.
        """
        outer = {spot_of(side, outer, None) for outer, _ in above(path)}
        hinder = {spot_of(side, path, None), *(outer if side in self._nested else ())} - {but}
        if not self._leaving.isdisjoint(hinder):
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
                for outer, _ in above(key):
                    # Else, where a moved one was known again by its photos, this one would tell
                    # the next run that it has not been moved.
                    self._ledger.write_album(outer, self.by_key)
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


def _to(action: Action) -> Spot:
    return spot_of(action.side, action.to[0], None)
