"""Thinks about all that a look has found: what is therefore to be done."""

from __future__ import annotations

import msgspec

from ..atlas import Place
from ..events import Failed, Planned, count
from ..match import Leftovers, relink
from ..meeting import introduce
from ..model import NOTHING_SAID, Album, Field, Link, Pair, Side
from ..plan import Action, Op, are_named, plan, settle
from ..run import Refresh
from ..state import new_id
from .notes import Notes

__all__ = ["Thinking"]


class Thinking:
    """Thinks about one pair after another, and adds what is to be done to the notes."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.run = notes.run
        self.ends = notes.ends
        self.findings = notes.findings

    def finish(self, rest: Leftovers) -> None:
        """Thinks about the albums themselves, and about what has not found its other half."""
        for place in self.findings.places.values():
            self._think_of_place(place)
        claimed = self._claim_edited(rest)
        relink(rest)
        _drop_vain(claimed, rest)
        for pair in rest.links:
            left_behind = self._left_behind(pair)
            if left_behind is not None:
                self._leave(pair)
                self.notes.fail(left_behind)
            elif pair.album in self.findings.missing and not self._carries_moves():
                self._leave(pair)
            else:
                self.consider(pair)
        pairs, undecided = introduce(self.run, self.findings.places, rest.strangers)
        for pair in pairs:
            self.consider(pair)
        for event in undecided:
            self.notes.fail(event)
        for key, vanished in self.findings.gone.items():
            outer, _ = vanished.spots[0]
            action = Action(op=Op.FORGET, pair=Pair(outer), album=key, why="gone on both sides")
            self._add((action,))

    def _claim_edited(self, rest: Leftovers) -> set[str]:
        """Photos of vanished folders that were edited since, and whose picture stands elsewhere.

        Somebody has moved it there before the folder vanished; what was agreed about it is gone.
        Not where that picture has its other half in its own album. Gives the ids of their links.
        """
        claimed: set[str] = set()
        strangers = rest.strangers
        marks: set[str] = set()
        for key, photos in strangers[Side.LEFT].items():
            there = {mark for p in strangers[Side.RIGHT].get(key, ()) for mark in p.marks}
            marks |= {mark for p in photos if p.marks.isdisjoint(there) for mark in p.marks}
        for key in sorted(self.findings.missing.keys() & strangers[Side.RIGHT].keys()):
            strange = []
            for photo in strangers[Side.RIGHT][key]:
                if photo.marks.isdisjoint(marks):
                    strange.append(photo)
                    continue
                past = msgspec.structs.replace(photo, version="", metadata=NOTHING_SAID)
                link = Link(new_id(), left=past, right=past)
                rest.links.append(Pair(key, link, None, photo, key, key))
                claimed.add(link.id)
            strangers[Side.RIGHT][key] = strange
        return claimed

    def _think_of_place(self, place: Place) -> None:
        """The album's own actions: it is moved, or was moved on both sides."""
        if not self._carries_moves():
            return
        if place.disputed:
            action = Action(
                op=Op.CONFLICT, pair=Pair(place.key), album=place.key, why=place.disputed
            )
            self._add((action,))
            return
        for side, move in sorted(place.moves.items(), reverse=True):
            album = place.album(side)
            assert album is not None
            action = Action(
                op=Op.MOVE,
                pair=Pair(place.key),
                side=side,
                album=album.path,
                to=(move.to, ""),
                why=f"moved on {self.ends[side.other].name} to {move.to}",
                blocked=move.blocked,
            )
            self._add((action,))

    def _carries_moves(self) -> bool:
        return Field.CONTENT in self.run.policy.fields

    def _left_behind(self, pair: Pair) -> Failed | None:
        """Whether a photo says less because something stayed where it was found last time.

        What is said of it is then not gone but unread, and so is the photo.
        """
        for side in Side:
            photo = pair.photo(side)
            album, to = self._stood(pair.album, side), self._stood(pair.album_of(side), side)
            if photo is None or pair.base is None or album is None or to is None:
                continue
            past = pair.base.half(side)
            moved = (photo.ref, to) != (past.ref, album)
            if moved and photo.metadata != past.metadata:
                why = self.run.side(side).left_behind(album, past, to, photo)
                if why:
                    return Failed(self.run.name(side), pair.album_of(side), photo.name, why)
        return None

    def _stood(self, key: str, side: Side) -> Album | None:
        """An album on a side, as it is or was."""
        place = self.findings.places.get(key)
        if place is None:
            return None
        if place.there is None or place.album(side) or side is Side.LEFT:
            return place.album(side)
        return Album(place.there.ref, place.there.path)

    def _leave(self, pair: Pair) -> None:
        """Leaves a photo to a later run.

        So it is with one of a folder that is gone, in a run that carries neither its move nor its
        deletion: its link has no state to be written to, and what is remembered of the folder in
        the one above is all that tells.
        """
        self._keep_name(pair)
        self.findings.leave_open(pair)

    def _keep_name(self, pair: Pair) -> None:
        """Keeps other photos from the names of one that has a link."""
        for side in Side:
            photo = pair.photo(side)
            if pair.base is not None and photo is not None:
                self.findings.linked_names.add((side, pair.album_of(side), photo.name))

    def consider(self, pair: Pair) -> None:
        """Thinks about one pair; what needs no action, and is news to its state, is a refresh."""
        self._keep_name(pair)
        actions = plan(pair, self.ends, self.run.policy)
        self._keep_old_names(pair, actions)
        if actions:
            self._add(actions)
        elif pair.base is not None and pair.left is not None and pair.right is not None:
            none: frozenset[Field] = frozenset()
            shown = pair.left, pair.right
            placed = self._carries_moves()
            link = settle(pair.base, pair.base.id, *shown, self.ends, none, placed=placed)
            state = self.findings.states.get(pair.album)
            record = state.records.get(pair.base.id) if state else None
            if link != pair.base or (record and (record.photo != pair.left or record.racy)):
                fresh = Refresh(link, pair.left)
                self.findings.refreshes.setdefault(pair.album, []).append(fresh)

    def _keep_old_names(self, pair: Pair, actions: tuple[Action, ...]) -> None:
        """Keeps other photos from the old names of one whose new name or album stays in dispute.

        It is still known by them: a twin that took one would be taken for it.
        """
        base, left, right = pair.base, pair.left, pair.right
        if base is None or left is None or right is None:
            return
        named = are_named(base, left, right, self.ends, self.run.policy)
        moved = any(a.op is Op.MOVE and a.due for a in actions)
        if not moved and not (named and pair.left_album == pair.right_album):
            for side in Side:
                name = base.half(side).name
                self.findings.linked_names.add((side, pair.album, name))

    def _add(self, actions: tuple[Action, ...]) -> None:
        actions = tuple(map(self._if_possible, actions))
        self.findings.units.append(actions)
        for action in actions:
            self.notes.plan.actions.append(action)
            self.notes.plan.summary += count(action)
            planned = Planned(action, self.run.name(action.side))
            if self.run.scope.show:
                self.notes.later.append(planned)  # behind all that is shown
            else:
                self.run.listen(planned)
            if not action.due:
                self.findings.leave_open(action.pair)
                self.findings.open.add(action.album)

    def _if_possible(self, action: Action) -> Action:
        """The action, blocked if its state could not be written, or its album not be made."""
        pair = action.pair
        home = pair.album if action.name is None else pair.left_album
        state = self.findings.states.get(home)
        why = state.why_read_only if state else ""
        if action.side is Side.RIGHT and action.op in (Op.CREATE, Op.MOVE) and action.name:
            place = self.findings.places.get(action.to[0] if action.op is Op.MOVE else action.album)
            why = why or (place.crowded if place else "")
        return msgspec.structs.replace(action, blocked=why) if action.due and why else action


def _drop_vain(claimed: set[str], rest: Leftovers) -> None:
    """Photos that were claimed, and whose other half is somebody else's, are new."""
    kept = []
    for pair in rest.links:
        if pair.base is None or pair.base.id not in claimed or pair.left is not None:
            kept.append(pair)
        elif pair.right is not None:
            rest.strangers[Side.RIGHT].setdefault(pair.right_album, []).append(pair.right)
    rest.links = kept
