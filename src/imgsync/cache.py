"""A run between the files of a folder tree and what is remembered of them (the cache)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from .atlas import below, join, levels
from .errors import Rejected, Stale, StateError
from .events import Done, Event, Failed, Found, Planned, Scanned, Shown, Summary, count
from .ledger import fingerprint_of, recorded
from .match import Leftovers, by_ref, relink
from .model import Album, Link, Pair, Photo, Side
from .plan import Action, End, Ends, Op, Policy, plan
from .run import Plan, Scope
from .service import Capabilities, Look, Service, Unread
from .state import Child, Header, Record, State, new_id, peek, without_fingerprints

__all__ = ["CACHE", "CacheRun"]

CACHE = "cache"
# The cache takes over all that the files say.
POLICY = Policy(writes=frozenset({Side.RIGHT}), prefer=Side.LEFT, delete=True, max_delete=1.0)


class _Begun(NamedTuple):
    """An album whose photos are being read, and what is remembered of them, by id."""

    album: Album
    records: Mapping[str, Record]
    photos: Iterator[Photo | Unread]


class CacheRun:
    """Compares the folders under `top` with their states, and brings the states up to date.

    What was agreed with services stays as it was: an edit that is recorded here still reaches
    them in the next run.
    """

    def __init__(
        self, local: Service, top: Path, *, scope: Scope, listen: Callable[[Event], None]
    ) -> None:
        self.local = local
        self.top = top
        self.scope = scope
        self.listen = listen
        cache = End(CACHE, Capabilities(), local.normal)
        self.ends = Ends(End(local.name, local.capabilities, local.normal), cache)
        self.plan = Plan(actions=[], troubles=[])
        self.states: dict[str, State] = {}
        self.albums: dict[str, Album] = {}
        self.units: list[tuple[Action, ...]] = []
        self.refreshes: dict[str, list[Pair]] = {}
        self.headers: dict[str, Header] = {}
        self.missed: dict[str, list[Child]] = {}  # folders that are gone, by those above that knew
        self.unread: set[str] = set()

    def look(self) -> Plan:
        """What differs. Tells Found, Scanned, Shown, Planned, and Failed for what cannot be read.

        A state that cannot be read is among the plan's troubles.
        """
        rest = Leftovers()
        albums = list(self._albums())
        self.listen(Found(self.local.name, len(albums)))
        # An album is begun before the one before it is looked at: readers never wait.
        for begun, _ in pairwise(chain(map(self._begin, albums), (None,))):
            if begun is not None:
                with self._spared(begun.album):
                    self._look_at(begun, rest)
        self._miss_folders()
        relink(rest)
        for pair in rest.links:
            self._consider(pair)
        for key, photos in rest.strangers[Side.LEFT].items():
            for photo in photos:
                self._consider(Pair(key, None, photo, None, key, key))
        return self.plan

    def do(self, plan: Plan) -> Summary:
        """Writes down what differs. What hinders that is added to the plan's troubles.

        Tells Done and Failed.
        """
        done = Summary(failed=plan.summary.failed)
        units: dict[str, list[tuple[Action, ...]]] = {key: [] for key in self.states}
        present: dict[str, list[Pair]] = {key: list(self.refreshes.get(key, ())) for key in units}
        for unit in self.units:
            pair = unit[0].pair
            units[pair.album].append(unit)
            if pair.left is not None:
                present[pair.left_album].append(pair)
        # A file that was moved is remembered where it is before it is forgotten where it was.
        for key in sorted(units, key=lambda key: not present[key]):
            try:
                self._record(key, present[key], units[key])
            except StateError as error:
                plan.troubles.append(error)
                done += Summary(failed=len(units[key]))
                for action in (unit[0] for unit in units[key]):
                    self.listen(Failed(CACHE, key, action.name, str(error), action))
            else:
                for action in (action for unit in units[key] for action in unit):
                    done += count(action)
                    self.listen(Done(action, CACHE))
        return done

    # Looking.

    def _albums(self) -> Iterator[Album]:
        for album in self.local.albums():
            path = album.name if isinstance(album, Unread) else album.path
            if self.scope.hides_album(path):
                continue
            if isinstance(album, Unread):
                self._fail(path, None, album.why)
                self.unread.add(path)
            else:
                self.albums[path] = album
                yield album

    def _begin(self, album: Album) -> _Begun | None:
        """Begins to read the photos of an album, as far as they are not known already."""
        with self._spared(album):
            key, folder = album.path, self.top / album.path
            header = peek(folder)
            if header is not None:
                self.headers[key] = header
                if self._is_unchanged(album, header):
                    self.listen(Scanned(self.local.name, key, None))
                    return None
            state = self.states[key] = State.load(folder)
            self.headers[key] = state.header
            records = {r.id: r for r in state.records.values() if not r.gone}
            known = {r.photo.ref: r.believed for r in records.values()}
            look = Look(known=known, check=self.scope.check, hides=self.scope.hides(key))
            return _Begun(album, records, self.local.photos(album, look))
        return None

    def _is_unchanged(self, album: Album, header: Header) -> bool:
        """Whether a folder is as it was when all of it was remembered."""
        if self.scope.check != "changed" or self.scope.show:
            return False
        return "" != header.fingerprint == self.local.fingerprint(album)

    def _look_at(self, begun: _Begun, rest: Leftovers) -> None:
        key = begun.album.path
        left, unread = self._photos(key, begun.photos)
        if self.scope.show:
            for record in begun.records.values():
                self.listen(Shown(CACHE, key, record.photo))
        hides = self.scope.hides(key)
        links = [
            Link(id, record.photo, record.photo)
            for id, record in begun.records.items()
            if not hides(record.photo.name) and record.photo.ref not in unread
        ]
        right = {link.right.ref: link.right for link in links}
        whole, others = by_ref(key, links, left, right)
        for pair in whole:
            self._consider(pair)
        rest.add(others)

    def _photos(
        self, key: str, photos: Iterator[Photo | Unread]
    ) -> tuple[dict[str, Photo], set[str]]:
        """The photos by ref, and the refs of those that cannot be read."""
        shown, unread = {}, set()
        for photo in photos:
            if isinstance(photo, Unread):
                unread.add(photo.ref)
                self._fail(key, photo.name, photo.why)
            else:
                shown[photo.ref] = photo
                if self.scope.show:
                    self.listen(Shown(self.local.name, key, photo))
        self.listen(Scanned(self.local.name, key, len(shown)))
        return shown, unread

    @contextmanager
    def _spared(self, album: Album) -> Iterator[None]:
        """What hinders one album is told, and the others go on."""
        try:
            yield
        except StateError as error:
            self.plan.troubles.append(error)
        except (Stale, Rejected) as error:
            self._fail(album.path, None, str(error))

    def _miss_folders(self) -> None:
        """Folders that are remembered in one above, and gone."""
        if not self.scope.recurse:
            return
        present = {header.id for header in self.headers.values()}
        nearest: dict[str, tuple[str, Child]] = {}
        for above, header in self.headers.items():
            missing = [path for path in header.below if self._is_missing(join(above, path))]
            if missing:
                with self._spared(self.albums[above]):
                    if above not in self.states:
                        self.states[above] = State.load(self.top / above)
                    children = self.states[above].children
                    for child in (children[path] for path in missing if path in children):
                        if not child.gone and child.id not in present:
                            self.missed.setdefault(above, []).append(child)
                            _, other = nearest.get(child.id, (above, child))
                            if len(levels(child.path)) <= len(levels(other.path)):
                                nearest[child.id] = above, child
        for above, child in nearest.values():
            self._add((self._missed(above, join(above, child.path)),))

    def _is_missing(self, key: str) -> bool:
        """Whether an album would be seen if it stood there, and is not."""
        hidden = self.scope.hides_album(key) or any(
            below(key, path) is not None for path in self.unread
        )
        return key not in self.albums and not hidden

    def _missed(self, above: str, key: str) -> Action:
        why = "its folder is gone"
        return Action(op=Op.DELETE, pair=Pair(above), side=Side.RIGHT, album=key, why=why)

    # Thinking.

    def _consider(self, pair: Pair) -> None:
        actions = plan(pair, self.ends, POLICY)
        if actions:
            self._add(actions)
        elif pair.base is not None and pair.left is not None:
            record = self.states[pair.album].records[pair.base.id]
            if record.photo != pair.left or record.racy:
                self.refreshes.setdefault(pair.album, []).append(pair)

    def _add(self, actions: tuple[Action, ...]) -> None:
        self.units.append(actions)
        for action in actions:
            self.plan.actions.append(action)
            self.plan.summary += count(action)
            self.listen(Planned(action, CACHE))

    def _fail(self, key: str, name: str | None, why: str) -> None:
        self.plan.summary += Summary(failed=1)
        self.listen(Failed(self.local.name, key, name, why))

    # Doing.

    def _record(self, key: str, present: list[Pair], units: list[tuple[Action, ...]]) -> None:
        """Brings one album's state up to date with the files that are in its folder."""
        state = self.states[key]
        known = state.exists and not state.touched
        here = fingerprint_of(state.records.values())
        missed = self.missed.get(key, ())
        if known and not (units or present or missed) and here == state.header.fingerprint:
            return
        with state.at_once():
            state.put(*map(self._recorded, present))
            for child in missed:
                state.put_child(msgspec.structs.replace(child, gone=True))
            for unit in units:
                pair = unit[0].pair
                if pair.base is not None and (pair.left is None or pair.left_album != key):
                    self._retire(state, pair.base.id)
            self._close(state)

    def _recorded(self, pair: Pair) -> Record:
        """The record of a file. One from another folder leaves its links there, to be found."""
        assert pair.left is not None
        id = pair.base.id if pair.base else new_id()
        old = self.states[pair.left_album].records.get(id)
        racy = self.local.racy(self.albums[pair.left_album], pair.left)
        return recorded(old, id, pair.left, racy=racy)

    def _retire(self, state: State, id: str) -> None:
        """A file is gone: so is its record, but for what was agreed with services."""
        record = state.records[id]
        if record.links:
            state.put(msgspec.structs.replace(record, gone=True))
        else:
            state.drop(id)

    def _close(self, state: State) -> None:
        here = fingerprint_of(state.records.values())
        header = state.header
        if here != header.fingerprint:
            header = without_fingerprints(header)
            state.put_header(msgspec.structs.replace(header, fingerprint=here))
