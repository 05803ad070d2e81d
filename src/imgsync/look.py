"""Look and think: what both sides show now, and what is therefore to be done. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from .albums import Folder, Place, above, below, join, pair_albums, pair_new_albums, surveyed
from .errors import Error, Refused, Rejected, Stale, StateError
from .events import Failed, Found, Planned, Scanned, Shown, Summary, count
from .match import Leftovers, by_ref, relink
from .meeting import introduce
from .model import NOTHING_SAID, Album, Field, Link, Pair, Photo, Side
from .plan import Action, Op, are_named, plan, settle
from .run import Findings, Plan, Refresh, Run
from .service import Look, Unread
from .shifts import forbids_move, shift
from .state import Header, State, new_id, peek, short_hash

__all__ = ["look"]


def look(run: Run) -> tuple[Plan, Findings]:
    """Looks at both sides and thinks. Tells Scanned, Fetched, Shown, Planned, Failed and Noted.

    Failed is for what is unread. Raises ServiceError if a service cannot be used at all.
    """
    eye = _Eye(run)
    eye.look()
    return eye.plan, eye.findings


class _Eye:
    """One look: what has been found so far."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.ends = run.ends
        self.plan = Plan(actions=[], troubles=[])
        self.findings = Findings()
        self.headers: dict[str, Header | None] = {}
        self.rest = Leftovers()
        self.unread: dict[Side, set[str]] = {side: set() for side in Side}
        self.gone: list[tuple[str, str]] = []  # above which folder, and which: gone on both sides
        self.broken: set[str] = set()  # albums whose state cannot be read
        self.planned: list[Planned] = []

    def look(self) -> None:
        folders = [folder for folder in self._folders() if folder is not None]
        rights = self._rights()
        vanished = self._vanished({f.album.path for f in folders}, rights)
        reserved = {place.right.ref for place in vanished if place.right}
        free = [album for album in rights if album.ref not in reserved]
        self.run.listen(Found(self.ends.left.name, len(folders)))
        self.run.listen(Found(self.ends.right.name, len(rights)))
        self.findings.ground = surveyed(folders, self.run.ground)
        ground, policy = self.findings.ground, self.run.policy
        places = pair_albums(folders, free, ground, policy, self.ends)
        shift(places, self.ends, policy, self.findings.missing)
        self._take_keys({p.left.path: p.key for p in places if p.left and p.left.path != p.key})
        self._scan([*places, *pair_new_albums(places, free, ground), *vanished])
        self._think()
        for event in self.planned:
            self.run.listen(event)
        self._check()

    # The albums.

    def _folders(self) -> Iterator[Folder | None]:
        """The folders of the left side that are albums, with what is remembered of each."""
        for album in self._albums(Side.LEFT):
            folder = self.run.folder(album.path)
            try:
                header = self.headers[album.path] = peek(folder)
                if header is None:
                    state = self.findings.states[album.path] = State.load(folder)
                    header = state.header if state.exists else None
            except StateError as error:
                self._trouble(album.path, error)
                self.broken.add(album.path)
                continue
            there = header.albums.get(self.run.key) if header else None
            yield Folder(album, str(folder), there)

    def _rights(self) -> list[Album]:
        return list(self._albums(Side.RIGHT))

    def _albums(self, side: Side) -> Iterator[Album]:
        name = self.run.side(side).name
        for album in self.run.side(side).albums():
            path = album.name if isinstance(album, Unread) else album.path
            if side is Side.LEFT and self.run.scope.hides_album(path):
                continue
            if isinstance(album, Unread):
                self.unread[side].add(path)
                self._fail(Failed(name, path, None, album.why))
            else:
                yield album

    def _vanished(self, present: set[str], rights: Iterable[Album]) -> list[Place]:
        """Albums whose folders are gone, as the states of the folders above remember them."""
        if not self.run.scope.recurse:
            return []
        by_ref = {album.ref: album for album in rights}
        ids = {self._header(key).id for key in present}
        places = []
        for outer in sorted(present | {""}):
            if self._is_hidden(outer):
                continue
            for path in self._header(outer).below:
                key = join(outer, path)
                if key in present or self._is_hidden(key):
                    continue
                child = self._state(outer).children[path]
                there = child.links.get(self.run.key)
                if child.id in ids or there is None:
                    continue
                self.findings.missing[key] = (outer, child)
                right = by_ref.get(there.ref)
                if right is None:
                    self.findings.linked += len(there.photos)
                    self.gone.append((outer, key))
                else:
                    places.append(Place(key, right=right, right_path=right.path))
        return places

    def _take_keys(self, keys: Mapping[str, str]) -> None:
        """From now on albums go by other keys: their folders are to be moved there.

        `keys`: the new ones by the old ones, which are the paths of the folders yet.
        """
        findings = self.findings
        findings.paths |= {key: path for path, key in keys.items()}
        findings.states = {keys.get(path, path): s for path, s in findings.states.items()}
        findings.missing = {
            key: (keys.get(path, path), child) for key, (path, child) in findings.missing.items()
        }
        findings.open = {keys.get(path, path) for path in findings.open}
        self.headers = {keys.get(path, path): header for path, header in self.headers.items()}
        self.gone = [(keys.get(path, path), key) for path, key in self.gone]

    def _is_hidden(self, key: str) -> bool:
        """Whether an album is not looked at: left out by the run, or unreadable on the left."""
        if key in self.broken or self.run.scope.hides_album(key):
            return True
        return any(below(key, path) is not None for path in self.unread[Side.LEFT])

    def _header(self, key: str) -> Header:
        """What the state of an album says of it; of the top also where that is no album."""
        if key not in self.headers:
            self.headers[key] = peek(self.run.folder(key))
        return self.headers[key] or self._state(key).header

    def _state(self, key: str) -> State:
        if key not in self.findings.states:
            path = self.findings.paths.get(key, key)
            self.findings.states[key] = State.load(self.run.folder(path))
        return self.findings.states[key]

    # The photos.

    def _scan(self, places: Iterable[Place]) -> None:
        wanted = []
        searching = False
        for place in places:
            if self._is_hidden(self.findings.paths.get(place.key, place.key)) or self._unread_right(
                place
            ):
                continue
            searching = searching or place.lost
            wanted.append(place)
        searching = searching and self.ends.right.capabilities.whole
        for place in wanted:
            if place.known or self.run.scope.new_albums or searching:
                self.findings.places[place.key] = place
                try:
                    self._scan_place(place)
                except StateError as error:
                    self._trouble(place.key, error)
                    del self.findings.places[place.key]
                except (Stale, Rejected) as error:
                    self._fail(Failed(None, place.key, None, str(error)))
                    del self.findings.places[place.key]
        if searching:
            self._find_lost()

    def _unread_right(self, place: Place) -> bool:
        return any(below(place.right_path, path) is not None for path in self.unread[Side.RIGHT])

    def _scan_place(self, place: Place) -> None:
        if self._is_unchanged(place):
            assert place.there is not None
            self.findings.linked += place.there.photos
            for side in Side:
                self.findings.shown[side] += place.there.photos
                self.run.listen(Scanned(self.run.side(side).name, place.key, None))
            return
        if place.key in self.findings.missing:
            self._scan_vanished(place)
            return
        state = self._state(place.key) if place.left else None
        links = list(self._links(place, state))
        hides = self._hides(place.key)
        known = {
            record.photo.ref: msgspec.structs.replace(record.photo, version="")
            if record.racy
            else record.photo
            for record in (state.records.values() if state else ())
            if not record.gone
        }
        left, unread_left = self._photos(Side.LEFT, place.left, place.key, known)
        there = {link.right.ref: link.right for link in links}
        right, unread_right = self._photos(Side.RIGHT, place.right, place.key, there)
        if self.run.scope.show and state:
            for record in state.records.values():
                if not record.gone:
                    self.run.listen(Shown("cache", place.key, record.photo))
        seen = self._seen(links, left, right, unread_left, unread_right, hides)
        if unread_left or unread_right:
            self.findings.open.add(place.key)
        self.findings.linked += len(links)
        whole, rest = by_ref(place.key, *seen)
        for pair in whole:
            self._consider(pair, state)
        self.rest.add(rest)

    def _seen(
        self,
        links: list[Link],
        left: dict[str, Photo],
        right: dict[str, Photo],
        unread_left: list[Unread],
        unread_right: list[Unread],
        hides: Callable[[str], bool],
    ) -> tuple[list[Link], dict[str, Photo], dict[str, Photo]]:
        """Links and photos without those that are hidden or unread on either side.

        What one side does not let us see is absent on neither.
        """
        refs_left = {unread.ref for unread in unread_left}
        refs_right = {unread.ref for unread in unread_right}
        seen = []
        for link in links:
            hidden = hides(link.left.name) or hides(link.right.name)
            if hidden or link.left.ref in refs_left or link.right.ref in refs_right:
                refs_left.add(link.left.ref)
                refs_right.add(link.right.ref)
            else:
                seen.append(link)
        linked = {link.left.ref for link in seen}, {link.right.ref for link in seen}
        names = {unread.name for unread in unread_left + unread_right}

        def visible(photos: dict[str, Photo], refs: set[str], known: set[str]) -> dict[str, Photo]:
            return {
                ref: photo
                for ref, photo in photos.items()
                if ref not in refs and (ref in known or photo.name not in names)
            }

        return seen, visible(left, refs_left, linked[0]), visible(right, refs_right, linked[1])

    def _is_unchanged(self, place: Place) -> bool:
        """Whether both sides are as they were when all of the album was in step."""
        header, scope = self.headers.get(place.key), self.run.scope
        there = header.albums.get(self.run.key) if header else None
        if header is None or there is None or place.left is None or place.right is None:
            return False
        if scope.check != "changed" or scope.show or place.move or place.disputed:
            return False
        if place.there != there or there.path != place.right.path:
            return False
        return "" != header.fingerprint == self.run.local.fingerprint(
            place.left
        ) and "" != there.fingerprint == self.run.service.fingerprint(place.right)

    def _links(self, place: Place, state: State | None) -> Iterator[Link]:
        if state is None or place.there is None:
            return
        for record in state.records.values():
            agreed = record.links.get(self.run.key)
            if agreed is not None:
                yield agreed.link(record)

    def _photos(
        self, side: Side, album: Album | None, key: str, known: Mapping[str, Photo]
    ) -> tuple[dict[str, Photo], list[Unread]]:
        """What an album shows, by ref, and what of it could not be read."""
        photos: dict[str, Photo] = {}
        unread: list[Unread] = []
        if album is None:
            return photos, unread
        service, scope = self.run.side(side), self.run.scope
        show = Look(known=known, check=scope.check, hides=self._hides(key))
        for photo in service.photos(album, show):
            if isinstance(photo, Unread):
                unread.append(photo)
                self._fail(Failed(service.name, key, photo.name, photo.why))
            else:
                photos[photo.ref] = photo
                if scope.show:
                    self.run.listen(Shown(service.name, key, photo))
        self.findings.shown[side] += len(photos) + len(unread)
        self.run.listen(Scanned(service.name, key, len(photos)))
        return photos, unread

    def _hides(self, key: str) -> Callable[[str], bool]:
        """Which file names of an album are passed over."""
        return self.run.scope.hides(self.findings.paths.get(key, key))

    def _scan_vanished(self, place: Place) -> None:
        """Photos of an album whose folder is gone: linked if they are as they were, else strangers.

        What the folder's own state said of them is gone with it; the picture stands in for what
        was here.
        """
        _, child = self.findings.missing[place.key]
        there = child.links[self.run.key]
        right, _ = self._photos(Side.RIGHT, place.right, place.key, {})
        self.findings.linked += len(there.photos)
        strangers = []
        for photo in right.values():
            if short_hash(photo) in there.photos:
                link = Link(new_id(), left=photo, right=photo)
                self.findings.bereft.setdefault(place.key, []).append(link)
                self.rest.links.append(Pair(place.key, link, None, photo, place.key, place.key))
            else:
                strangers.append(photo)
        self.rest.strangers[Side.RIGHT][place.key] = strangers

    def _find_lost(self) -> None:
        """Finds albums that were moved on a right side that names them by their paths.

        The new album that shows most of the pictures of a lost one, and more than half, is it.
        """
        places = self.findings.places
        for lost in [place for place in places.values() if place.lost]:
            links = [pair.base for pair in self.rest.links if pair.album == lost.key and pair.base]
            marks = {mark for link in links for mark in link.right.marks}
            best = [
                (sum(not photo.marks.isdisjoint(marks) for photo in photos), key)
                for key, photos in self.rest.strangers[Side.RIGHT].items()
                if key in places and not places[key].known
            ]
            share, key = max(best, default=(0, ""))
            if share * 2 > len(links):
                self._take_over(lost, places.pop(key))
        for key in [key for key, place in places.items() if not place.known]:
            if not self.run.scope.new_albums:
                del places[key]
                self.rest.strangers[Side.RIGHT].pop(key, None)

    def _take_over(self, lost: Place, found: Place) -> None:
        """The album of `found` is the one that `lost` misses: it was moved."""
        policy = self.run.policy
        wanted = join(self.findings.ground.base, lost.key)
        lost.right, lost.right_path, lost.lost = found.right, found.right_path, False
        strangers = self.rest.strangers[Side.RIGHT]
        strangers[lost.key] = strangers.pop(found.key)
        if found.key == lost.key:
            return
        lost.along = self._carrier(lost, found.key)
        if lost.along is not None:
            self._take_key(lost, found.key)
            return
        if not lost.strayed or policy.prefer is Side.RIGHT:
            lost.move, lost.at, lost.to = Side.LEFT, lost.key, found.key
        elif policy.prefer is Side.LEFT:
            lost.move, lost.at, lost.to = Side.RIGHT, found.right_path, wanted
        else:
            lost.disputed = True
        if lost.move is not None:
            lost.blocked = forbids_move(lost.move, policy, self.ends)
        if lost.move is Side.LEFT and lost.blocked is None:
            self._take_key(lost, found.key)

    def _carrier(self, lost: Place, key: str) -> Place | None:
        """The moved album that takes one along to `key`, if one does."""
        paths = self.findings.paths
        movers = {
            paths[place.key]: place
            for place in self.findings.places.values()
            if place.move is Side.LEFT and place.blocked is None
        }
        for outer, rest in above(lost.key):
            if outer in movers:
                return movers[outer] if join(movers[outer].to, rest) == key else None
        return None

    def _take_key(self, place: Place, key: str) -> None:
        """From now on an album goes by the path to which its folder is moved."""
        old, place.key = place.key, key
        self._take_keys({old: key})
        self.findings.places[key] = self.findings.places.pop(old)
        for photos in self.rest.strangers.values():
            if old in photos:
                photos[key] = photos.pop(old)
        self.rest.links = [
            msgspec.structs.replace(pair, album=key, left_album=key, right_album=key)
            if pair.album == old
            else pair
            for pair in self.rest.links
        ]

    # Thinking.

    def _think(self) -> None:
        for place in self.findings.places.values():
            self._think_of_place(place)
        self._claim_edited()
        relink(self.rest)
        strangers = self.rest.strangers
        for pair in self.rest.links:
            if pair.album in self.findings.missing and not self._carries_moves():
                self._leave(pair)
            else:
                self._consider(pair, self.findings.states.get(pair.album))
        pairs, undecided = introduce(self.run, self.findings.places, strangers)
        for pair in pairs:
            self._consider(pair, None)
        for event in undecided:
            self._fail(event)
        for outer, key in self.gone:
            action = Action(op=Op.FORGET, pair=Pair(outer), album=key, why="gone on both sides")
            self._add((action,))

    def _claim_edited(self) -> None:
        """Photos of vanished folders that were edited since, and whose picture stands elsewhere.

        Somebody has moved it there before the folder vanished; what was agreed about it is gone.
        """
        strangers = self.rest.strangers
        marks = {
            mark for photos in strangers[Side.LEFT].values() for p in photos for mark in p.marks
        }
        for key in self.findings.missing.keys() & strangers[Side.RIGHT].keys():
            for photo in list(strangers[Side.RIGHT][key]):
                if not photo.marks.isdisjoint(marks):
                    past = msgspec.structs.replace(photo, version="", metadata=NOTHING_SAID)
                    link = Link(new_id(), left=past, right=past)
                    self.rest.links.append(Pair(key, link, None, photo, key, key))
                    strangers[Side.RIGHT][key].remove(photo)

    def _think_of_place(self, place: Place) -> None:
        """The album's own actions: it is moved, or was moved on both sides."""
        if not self._carries_moves():
            return
        if place.disputed:
            why = f"moved on both sides, on {self.ends.right.name} to {place.right_path}"
            action = Action(op=Op.CONFLICT, pair=Pair(place.key), album=place.key, why=why)
            self._add((action,))
        elif place.move is not None:
            action = Action(
                op=Op.MOVE,
                pair=Pair(place.key),
                side=place.move,
                album=place.at,
                to=(place.to, ""),
                why=f"moved on {self.ends[place.move.other].name} to {place.to}",
                blocked=place.blocked,
            )
            self._add((action,))

    def _carries_moves(self) -> bool:
        return Field.CONTENT in self.run.policy.fields

    def _leave(self, pair: Pair) -> None:
        """Leaves a photo of a folder that is gone to a run that carries its move, or deletion.

        Until then its link has no state to be written to: what is remembered of the folder in the
        one above is all that tells.
        """
        self._keep_name(pair)
        self.findings.open |= {pair.album, pair.left_album, pair.right_album}

    def _keep_name(self, pair: Pair) -> None:
        """Keeps other photos from the names of one that has a link."""
        for side in Side:
            photo = pair.photo(side)
            if pair.base is not None and photo is not None:
                self.findings.linked_names.add((side, pair.album_of(side), photo.name))

    def _consider(self, pair: Pair, state: State | None) -> None:
        self._keep_name(pair)
        actions = plan(pair, self.ends, self.run.policy)
        self._keep_names(pair, actions)
        if actions:
            self._add(actions)
        elif pair.base is not None and pair.left is not None and pair.right is not None:
            none: frozenset[Field] = frozenset()
            shown = pair.left, pair.right
            placed = self._carries_moves()
            link = settle(pair.base, pair.base.id, *shown, self.ends, none, placed=placed)
            record = state.records.get(pair.base.id) if state else None
            if link != pair.base or (record and (record.photo != pair.left or record.racy)):
                fresh = Refresh(link, pair.left)
                self.findings.refreshes.setdefault(pair.album, []).append(fresh)

    def _keep_names(self, pair: Pair, actions: tuple[Action, ...]) -> None:
        """Keeps other photos from the old names of one whose new name or album stays in dispute.

        It is still known by them: a twin that took one would be taken for it.
        """
        base, left, right = pair.base, pair.left, pair.right
        if base is None or left is None or right is None:
            return
        named = are_named(base, left, right, self.ends, self.run.policy)
        moved = any(a.op is Op.MOVE and a.blocked is None for a in actions)
        if not moved and not (named and pair.left_album == pair.right_album):
            for side in Side:
                name = base.half(side).name
                self.findings.linked_names.add((side, pair.album, name))

    def _add(self, actions: tuple[Action, ...]) -> None:
        actions = tuple(map(self._if_possible, actions))
        self.findings.units.append(actions)
        for action in actions:
            self.plan.actions.append(action)
            self.plan.summary += count(action)
            planned = Planned(action, self.run.name(action.side))
            if self.run.scope.show:
                self.planned.append(planned)  # behind all that is shown
            else:
                self.run.listen(planned)
            if action.blocked is not None or action.op is Op.CONFLICT:
                pair = action.pair
                self.findings.open |= {action.album, pair.album, pair.left_album, pair.right_album}

    def _if_possible(self, action: Action) -> Action:
        """The action, blocked if its state could not be written, or its album not be made."""
        state = self.findings.states.get(action.pair.left_album)
        why = state.why_read_only if state else ""
        if action.side is Side.RIGHT and action.op in (Op.CREATE, Op.MOVE) and action.name:
            place = self.findings.places.get(action.to[0] if action.op is Op.MOVE else action.album)
            why = why or (place.crowded if place else "")
        if action.blocked is None and action.op is not Op.CONFLICT and why:
            return msgspec.structs.replace(action, blocked=why)
        return action

    def _check(self) -> None:
        """Refuses a plan that looks like an accident."""
        linked, policy = self.findings.linked, self.run.policy
        for side in Side:
            name = self.ends[side].name
            if linked and not self.findings.shown[side]:
                why = f"{name} shows none of {linked} photos that were in step: is it mounted?"
                self.plan.troubles.append(Refused(f"{why} Nothing is done"))
                continue
            self._check_room(side)
            deletions = sum(
                action.op is Op.DELETE and action.side is side and action.blocked is None
                for action in self.plan.actions
            )
            if deletions > policy.max_delete * linked:
                share = f"{policy.max_delete:.0%}"
                self.plan.troubles.append(
                    Refused(
                        f"{deletions} of {linked} photos would be deleted on {name}, more than"
                        f" {share}; nothing is done. If that is meant, allow it with --max-delete"
                    )
                )

    def _check_room(self, side: Side) -> None:
        """Refuses a plan whose new pictures do not fit."""
        needed = 0
        for action in self.plan.actions:
            new = action.op is Op.CREATE or Field.CONTENT in action.fields
            photo = action.pair.photo(side.other)
            if new and action.side is side and action.blocked is None and photo is not None:
                needed += photo.size
        room = self.run.side(side).room() if needed else None
        if room is not None and needed > room:
            name = self.ends[side].name
            self.plan.troubles.append(
                Refused(
                    f"{name} has room for {room / 1e9:.2f} GB, and {needed / 1e9:.2f} GB would"
                    " be added; nothing is done. Make room, or sync less at a time"
                )
            )

    # Telling.

    def _fail(self, event: Failed) -> None:
        self.plan.summary += Summary(failed=1)
        self.findings.open.add(event.album)
        self.run.listen(event)

    def _trouble(self, key: str, error: Error) -> None:
        self.plan.troubles.append(error)
        self.findings.open.add(key)
