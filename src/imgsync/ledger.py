"""Writes what a run has settled into the states of its albums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from .albums import home
from .atlas import Place, above, below, join
from .errors import StateError
from .model import Album, Link, Pair, Photo, Side, fingerprint
from .run import Findings, Run, Vanished
from .state import (
    Agreed,
    AlbumThere,
    Child,
    ChildThere,
    Header,
    Record,
    State,
    new_id,
    peek,
    short_hash,
    without_fingerprints,
)

__all__ = ["Ledger", "recorded"]

Kept = TypeVar("Kept")
Albums = Mapping[Side, Mapping[str, Album]]


class Ledger:
    """The states of a run's albums, by their keys. One thread at a time."""

    def __init__(self, run: Run, findings: Findings) -> None:
        self.run = run
        self.findings = findings
        self.states = findings.states
        self.paths = dict(findings.paths)
        self.placed: set[tuple[Side, str]] = set()  # where albums were moved as planned
        self._known: dict[str, dict[str, str]] = {}
        self._owners: dict[str, dict[str, str]] = {}  # ids of the photos that files are
        self.troubles: list[StateError] = []

    def state(self, key: str) -> State:
        """The state of an album that has a folder. Raises StateError."""
        if key not in self.states:
            self.states[key] = State.load(self.run.folder(self.paths.get(key, key)))
        return self.states[key]

    def move(self, key: str, path: str) -> None:
        """An album's folder stands elsewhere now; its state went along."""
        self.paths[key] = path
        if key in self.states:
            self.states[key].path = self.run.folder(path) / self.states[key].path.name

    def hold(self, key: str) -> AbstractContextManager[None]:
        """Keeps other runs from the state of an album. Raises StateError."""
        return self.state(key).hold()

    # Photos.

    def id_of(self, pair: Pair) -> str:
        """The id of a pair's photo: its link's, else that of the file's record, else a new one."""
        if pair.base is not None:
            return pair.base.id
        home, known = pair.left_album, None
        if pair.left is not None and home in self.states:
            if home not in self._known:
                records = self.states[home].records.values()
                self._known[home] = {
                    r.photo.ref: r.id for r in records if not (r.gone or self._has(r))
                }
            known = self._known[home].get(pair.left.ref)
        return known or new_id()

    def write(self, home: str, link: Link, photo: Photo | None, album: Album) -> None:
        """Records a link, and the photo if it stands in the folder of `home`."""
        self.state(home).put(self._record(home, link, photo, album))
        if photo is not None:
            self._retire(home, photo.ref, link.id)

    def _retire(self, home: str, ref: str, id: str) -> None:
        """A file has one record: another photo that was it once is no longer in the folder."""
        state = self.states[home]
        if home not in self._owners:
            here = (record for record in state.records.values() if not record.gone)
            self._owners[home] = {r.photo.ref: r.id for r in here if r.id != id}
        old = state.records.get(self._owners[home].get(ref, id))
        self._owners[home][ref] = id
        if old is not None and old.id != id and old.photo.ref == ref and not old.gone:
            state.put(msgspec.structs.replace(old, gone=True))

    def _record(self, home: str, link: Link, photo: Photo | None, album: Album) -> Record:
        old = self.state(home).records.get(link.id)
        racy = photo is not None and self.run.local.racy(album, photo)
        record = recorded(old, link.id, photo or (old.photo if old else link.left), racy=racy)
        agreed = Agreed(
            there=link.right,
            here=None if link.left in (record.photo, record.believed) else link.left,
            synced=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        return msgspec.structs.replace(
            record,
            gone=photo is None and (old is None or old.gone),
            links={**record.links, self.run.key: agreed},
        )

    def drop_link(self, key: str, id: str) -> None:
        """Forgets a link whose photo is no longer in the folder; all of it if it has no other."""
        self.findings.bereft.get(key, {}).pop(id, None)
        record = self.states[key].records.get(id) if key in self.states else None
        if record is None:
            return
        links = self._others(record.links)
        if links:
            self.states[key].put(msgspec.structs.replace(record, links=links, gone=True))
        else:
            self.states[key].drop(id)

    # Albums.

    def write_album(
        self, key: str, albums: Albums, carried: tuple[Side, str, str] | None = None
    ) -> None:
        """Records which album there an album here is, before the first photo of it is.

        `carried`: the side on which it has just gone along with the album above it, and that one's
            old and new path.
        """
        left, right = albums[Side.LEFT].get(key), albums[Side.RIGHT].get(key)
        if left is None or right is None:
            return
        state = self.state(key)
        past = state.header.albums.get(self.run.key)
        there = AlbumThere(
            ref=right.ref,
            path=home(right.path),
            here=home(str(self.run.folder(left.path))),
            rel=join(self.run.ground.rel, home(left.path)),
        )
        place = self.findings.places.get(key)
        if past is not None and place is not None and not self._is_placed(place):
            # A move that was not carried is not agreed: the next run finds it again.
            agreed = self._taken(past, carried) if carried else past
            there = msgspec.structs.replace(
                there, path=agreed.path, here=agreed.here, rel=agreed.rel
            )
        if past is not None and (past.ref, past.path, past.here) == (
            there.ref,
            there.path,
            there.here,
        ):
            return
        if place is None or place.there is None:
            self._drop_strange_links(state)
        self._put_there(state, there)
        self._remember_bereft(state, self.findings.bereft.pop(key, {}).values())

    def _taken(self, past: AlbumThere, carried: tuple[Side, str, str]) -> AlbumThere:
        """Where an album would have been agreed on, had the one above it been moved before that."""
        side, old, new = carried[0], home(carried[1]), home(carried[2])
        if side is Side.RIGHT:
            rest = below(past.path, old)
            return past if rest is None else msgspec.structs.replace(past, path=join(new, rest))
        root = self.run.ground.rel
        rest = below(past.rel, join(root, old))
        if rest is None:
            return past
        rel, here = join(root, join(new, rest)), str(self.run.folder(join(new, rest)))
        return msgspec.structs.replace(past, rel=rel, here=here)

    def _is_placed(self, place: Place) -> bool:
        """Whether an album stands where both sides want it, and no move of it is left to do."""
        if place.moves:
            return self.placed.issuperset((side, place.key) for side in place.moves)
        return not place.disputed and (place.along is None or self._is_placed(place.along))

    def _remember_bereft(self, state: State, links: Iterable[Link]) -> None:
        """A folder that vanished is made anew: its photos that are not are still missing in it."""
        for link in links:
            photo = msgspec.structs.replace(link.left, ref=link.left.name, version="")
            agreed = {self.run.key: Agreed(there=link.right)}
            state.put(Record(link.id, photo, gone=True, links=agreed))

    def _drop_strange_links(self, state: State) -> None:
        """A copied folder brought along what its origin is linked to: that is not its own past."""
        state.put(
            *(
                msgspec.structs.replace(record, links=self._others(record.links))
                for record in state.records.values()
                if self._has(record)
            )
        )

    def _put_there(self, state: State, there: AlbumThere) -> None:
        header = state.header
        albums = {**header.albums, self.run.key: there}
        state.put_header(msgspec.structs.replace(header, albums=albums))

    def forget_album(self, vanished: Vanished) -> None:
        """Forgets an album whose folder vanished, and that is gone on the other side too."""
        for state, child in self._remembering(vanished):
            links = self._others(child.links)
            if links:
                state.put_child(msgspec.structs.replace(child, links=links))
            else:
                state.drop_child(child.path)

    def _keep_ref(self, vanished: Vanished, ref: str) -> None:
        """An album whose folder vanished has another ref since one above it was moved."""
        for state, child in self._remembering(vanished):
            there = child.links.get(self.run.key)
            if there is not None and there.ref != ref:
                now = msgspec.structs.replace(there, ref=ref)
                links = {**child.links, self.run.key: now}
                state.put_child(msgspec.structs.replace(child, links=links))

    def _remembering(self, vanished: Vanished) -> Iterator[tuple[State, Child]]:
        """The states that remember a folder which vanished, with what they say of it."""
        for outer, path in vanished.spots:
            state = self.state(outer)
            child = state.children.get(path)
            if child is not None:
                yield state, child

    # The end.

    def close(self, albums: Albums) -> None:
        """Writes down what needed no action, what each album looks like, and saves all states."""
        for key in sorted(albums[Side.LEFT]):
            if key in self.states:
                with self._spared():
                    self._close_album(key, albums)
        if self.run.scope.recurse:
            self._remember_below(albums)
            for key in self.findings.missing.keys() & self.findings.places.keys():
                vanished, right = self.findings.missing[key], albums[Side.RIGHT].get(key)
                if key not in self.findings.open and key not in albums[Side.LEFT]:
                    with self._spared():
                        self.forget_album(vanished)
                elif right is not None:
                    with self._spared():
                        self._keep_ref(vanished, right.ref)
        self.save()

    def save(self) -> None:
        """Brings every state that was written to into its final form."""
        for state in self.states.values():
            if state.exists:
                with self._spared():
                    state.save()

    @contextmanager
    def _spared(self) -> Iterator[None]:
        """What hinders one album is kept, and the others go on."""
        try:
            yield
        except StateError as error:
            self.troubles.append(error)

    def _close_album(self, key: str, albums: Albums) -> None:
        state = self.states[key]
        left, right = albums[Side.LEFT][key], albums[Side.RIGHT].get(key)
        refreshes = self.findings.refreshes.get(key, ())
        if right is None or not (state.exists or refreshes):
            return
        if state.why_read_only:  # then nothing was done here, and what was to be done is told
            return
        with state.hold():
            state.put(*(self._record(key, each.link, each.left, left) for each in refreshes))
            self.write_album(key, albums)
            header = self._closed_header(key, state)
            if header != state.header:
                state.put_header(header)
            state.save()

    def _closed_header(self, key: str, state: State) -> Header:
        """The header with fingerprints of what is remembered, where all of it is in step."""
        here = fingerprint_of(state.records.values())
        there = state.header.albums.get(self.run.key)
        header = state.header
        if here != header.fingerprint:
            # What changed here is news for the other services.
            header = without_fingerprints(header)
        albums = dict(header.albums)
        if there is not None:
            links = {r.id: r.links[self.run.key] for r in state.records.values() if self._has(r)}
            whole = key not in self.findings.open and all(
                self._has(record) and self._is_whole(record) for record in state.records.values()
            )
            shown = fingerprint((a.there.ref, a.there.version) for a in links.values())
            albums[self.run.key] = msgspec.structs.replace(
                there, fingerprint=shown if whole else "", photos=len(links)
            )
        return msgspec.structs.replace(header, fingerprint=here, albums=albums)

    def _others(self, links: Mapping[str, Kept]) -> dict[str, Kept]:
        """What is remembered for all services but the run's."""
        return {name: kept for name, kept in links.items() if name != self.run.key}

    def _has(self, record: Record) -> bool:
        return self.run.key in record.links

    def _is_whole(self, record: Record) -> bool:
        agreed = record.links[self.run.key]
        return not record.gone and (agreed.here is None or agreed.here.version != "")

    def _remember_below(self, albums: Albums) -> None:
        """Keeps in each folder which albums are below, so that those that vanish are missed.

        One that vanishes takes along what it remembers: so all folders above an album know it.
        """
        paths = {"": ""} | {self.paths.get(key, key): key for key in albums[Side.LEFT]}
        inside: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for path, key in sorted(paths.items()):
            if key in albums[Side.RIGHT]:
                for outer, rest in above(path):
                    if outer in paths:
                        inside[outer].append((rest, key))
        for outer, inner in inside.items():
            with self._spared():
                self._remember_inside(paths[outer], inner)
        ids = {self.states[key].header.id for key in paths.values() if key in self.states}
        for path, key in sorted(paths.items()):
            if key in self.states:
                with self._spared():
                    self._forget_strays(key, path, paths, ids)

    def _remember_inside(self, key: str, inner: Iterable[tuple[str, str]]) -> None:
        """Remembers albums in one above, unless it knows them and nothing has happened in them."""
        header = None if key in self.states else peek(self.run.folder(self.paths.get(key, key)))
        known = frozenset((header or self.state(key).header).below)
        for path, inner_key in inner:
            if inner_key in self.states or path not in known:
                with self._spared():
                    self._remember_child(self.state(key), path, inner_key)

    def _remember_child(self, parent: State, path: str, key: str) -> None:
        state = self.state(key)
        there = state.header.albums.get(self.run.key)
        if there is None:
            return
        photos = frozenset(
            short_hash(r.links[self.run.key].there) for r in state.records.values() if self._has(r)
        )
        old = parent.children.get(path)
        links = dict(old.links) if old and old.id == state.header.id else {}
        links[self.run.key] = ChildThere(there.ref, photos)
        child = Child(path, state.header.id, links)
        if child != old:
            parent.put_child(child)

    def _forget_strays(
        self, key: str, path: str, paths: Container[str], ids: Container[str]
    ) -> None:
        """Albums remembered in one folder that stand elsewhere now.

        `ids`: of the albums that were looked at closely and stand somewhere.
        """
        state = self.states[key]
        for rest, child in list(state.children.items()):
            if join(path, rest) not in paths and child.id in ids:
                state.drop_child(rest)


def recorded(old: Record | None, id: str, photo: Photo, *, racy: bool) -> Record:
    """The record of a photo, new or anew, without moving what was agreed with any service.

    Where a link's local half was implied by the old record, it is written out.
    """
    if old is None:
        return Record(id, photo, racy=racy)
    links = old.links
    if old.photo != photo:
        links = {
            name: agreed if agreed.here else msgspec.structs.replace(agreed, here=old.believed)
            for name, agreed in links.items()
        }
    return Record(id, photo, racy=racy, links=links)


def fingerprint_of(records: Iterable[Record]) -> str:
    """What a folder's listing must show if it still is as it is remembered; "" if that is vague."""
    return fingerprint(
        (record.photo.ref, record.believed.version) for record in records if not record.gone
    )
