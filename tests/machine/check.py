"""What must be true of one photo after a run."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from imgsync.albums import home
from imgsync.model import NOTHING_SAID, Field, Side
from imgsync.plan import Action, Op
from imgsync.services.memory import Kept

from .ground import original
from .said import (
    LEFT,
    NOWHERE,
    RIGHT,
    SCALARS,
    SETS,
    Linked,
    Outcome,
    Rules,
    Seen,
    Story,
    Tome,
    Two,
    common,
    elements,
    one_element,
    one_value,
    parts,
)
from .who import EMPTY, Who

Sides = Mapping[Side, Mapping[Kept, Seen]]
PLACE = ("name", "album")


class Check:
    """The check of what a run made of the photo of a story, and what may be agreed from then on.

    `before` and `after` are all photos of both sides, `actions` what the run had planned.
    """

    def __init__(
        self,
        who: Who,
        story: Story,
        rules: Rules,
        before: Sides,
        after: Sides,
        actions: Sequence[Action],
    ) -> None:
        self.who, self.story, self.rules = who, story, rules
        self.before = {side: before[side].get(kept) for side, kept in story.halves.items()}
        self.after = {side: after[side].get(kept) for side, kept in story.halves.items()}
        self.names = {
            side: {(s.shelf, s.name) for at in (before, after) for s in at[side].values()}
            for side in Side
        }
        # Also by these a photo is known whose new name is in dispute.
        self.old_names = {
            a.pair.base.half(side).name
            for a in actions
            if a.op is Op.CONFLICT and a.pair.base
            for side in Side
        }
        self.capabilities = {side: who.memories[side].capabilities for side in Side}
        self.shared = self.capabilities[RIGHT].reads
        self.conflicts = [a for a in actions if a.op is Op.CONFLICT and self._is_mine(a)]

    def check(self) -> None:
        there = [side for side in Side if self.before.get(side) and self.story.made is not side]
        if len(there) == 2:
            self._check_both()
            self._agree_on_both()
        elif there:
            self._check_one(there[0])
        self.story.made = None

    def _is_mine(self, action: Action) -> bool:
        left, right = self.before.get(LEFT), self.before.get(RIGHT)
        if left is not None and action.pair.left is not None:
            # Albums are known by their paths after the moves.
            spot = action.pair.left_album, action.pair.left.name
            return spot == (left.shelf.path, left.name)
        return right is not None and action.pair.right is not None and action.name == right.name

    def _parts(self, side: Side, seen: Seen | None) -> dict[str, Any]:
        assert seen is not None
        return dict(parts(seen, self.who.tome(side, seen.shelf)))

    def _two(self, at: Mapping[Side, Seen | None]) -> dict[str, Two]:
        here, there = self._parts(LEFT, at[LEFT]), self._parts(RIGHT, at[RIGHT])
        return {part: (here[part], there[part]) for part in here}

    def _covers(self, part: str) -> bool:
        each = Field.CONTENT if part in PLACE else Field(part)
        return each in self.rules.fields & self.shared

    def _able(self, part: str) -> Callable[[Side], bool]:
        def able(side: Side) -> bool:
            mine, theirs = self.capabilities[side], self.capabilities[side.other]
            if part == "name":
                can = mine.renames
            elif part == "album":
                can = mine.moves and not self._is_crowded(side)
            else:
                can = Field(part) in mine.writes
            if part == "content":
                origin = self.before[side.other]
                assert origin is not None
                can = can and theirs.exact and bool(theirs.strips or not self._hidden(origin))
            return can and side in self.rules.writes

        return able

    def _is_crowded(self, side: Side) -> bool:
        """Whether the album of the other half cannot be made on a side: another one is there."""
        origin = self.before[side.other]
        assert origin is not None
        tome, shelves = self.who.tome(side.other, origin.shelf), self.who.memories[side].shelves
        if tome.halves.get(side) in shelves:
            return False
        index = 0 if side is LEFT else 1
        paths = {home(origin.shelf.path), *(two[index] for two in tome.paths)}
        return any(home(shelf.path) in paths for shelf in shelves)

    def _common(self, each: Field, value: Any) -> Any:
        return common(self.who.memories[RIGHT].normal, each, value)

    def _alike(self, part: str) -> Callable[[Any, Any], bool]:
        if part in PLACE:
            return lambda here, there: here == there
        if part == "content":
            return lambda here, there: ":" in here and here == there
        return lambda here, there: self._common(Field(part), here) == there

    # A photo that stands on both sides.

    def _check_both(self) -> None:
        assert self.after[LEFT], "gone from the left"
        assert self.after[RIGHT], "gone from the right"
        now, new = self._two(self.before), self._two(self.after)
        for part in now:
            may = self._outcomes(part, now[part])
            found = [
                o for o in may if self._is(part, LEFT, o.left) and self._is(part, RIGHT, o.right)
            ]
            assert found, f"{part}: {now[part]} -> {new[part]}, not one of {may}"
            if self.rules.healthy:
                told = self._is_told(part)
                assert told in {o.told for o in found} or (told and part in PLACE), (
                    part,
                    told,
                    found,
                )
        for each in SETS:
            if each in self.shared:
                self._check_set(each)

    def _outcomes(self, part: str, now: Two) -> set[Outcome]:
        if self.story.contested and not self._may_replace():
            return {Outcome(*now, told=part == "content")}
        if not self._covers(part) or self._waits():
            return {Outcome(*now)}
        pasts = self.story.pasts[part] | self._strangers_past(part, now)
        return one_value(
            now,
            pasts,
            self._alike(part),
            lambda side: self._carried(part, side),
            self._able(part),
            self.rules,
        )

    def _waits(self) -> bool:
        """Whether a photo is left alone: moved out of a folder that is gone, and not to move."""
        return self.story.forgotten and Field.CONTENT not in self.rules.fields

    def _may_replace(self) -> bool:
        prefer = self.rules.prefer
        return (
            prefer is not None and self._covers("content") and self._able("content")(prefer.other)
        )

    def _strangers_past(self, part: str, now: Two) -> set[Two]:
        """What the past may be too, if nobody wrote down that two photos are one."""
        if self.story.linked is not Linked.MAYBE:
            return set()
        return EMPTY.get(part, {now})

    def _carried(self, part: str, side: Side) -> Any:
        origin = self.before[side.other]
        assert origin is not None
        value = self._parts(side.other, origin)[part]
        if part == "content":
            return origin.picture
        if part in PLACE or side is LEFT:
            return value
        return self._common(Field(part), value)

    def _is(self, part: str, side: Side, value: Any) -> bool:
        """Whether a side shows a value of a part afterwards."""
        before, after = self.before[side], self.after[side]
        assert before is not None
        assert after is not None
        shown = self._parts(side, after)[part]
        if part == "content" and isinstance(value, bytes):
            return shown != before.content and original(after.picture) == original(value)
        if part == "name" and shown != value and shown != before.name:
            return _is_like(shown, value) and (after.shelf, value) in self.names[side]
        return bool(shown == value)

    def _is_told(self, part: str) -> bool:
        if part in PLACE:
            return bool(self.conflicts)
        return any(part in action.fields for action in self.conflicts)

    # Tags and people.

    def _elements(self, each: Field, at: Mapping[Side, Seen | None]) -> dict[Hashable, Two]:
        left, right = (seen.said if seen else NOTHING_SAID for seen in (at[LEFT], at[RIGHT]))
        return elements(self.who.memories[RIGHT].normal, each, left, right)

    def _check_set(self, each: Field) -> None:
        now, new = self._elements(each, self.before), self._elements(each, self.after)
        known = {key for field, key in self.story.elements if field is each}
        for key in now.keys() | new.keys() | known:
            here, there = now.get(key, NOWHERE)
            left, right = new.get(key, NOWHERE)
            left_alone = each not in self.rules.fields or self._waits()
            if left_alone or (self.story.contested and not self._may_replace()):
                assert (here, there) == (left, right), (each, key)
                continue
            pasts = self.story.elements.get((each, key), {NOWHERE})
            if self.story.linked is Linked.MAYBE:
                pasts = pasts | {NOWHERE}
            may = one_element((here, there), pasts, self._able(each.value), self.rules)
            shown = {
                (bool(left) or l_framed, bool(right) or r_framed)
                for l_framed in {False, self._is_framed(LEFT, key)}
                for r_framed in {False, self._is_framed(RIGHT, key)}
            }
            assert shown & may, (
                f"{each} {key}: {here}, {there} -> {left}, {right}, not one of {may}; once {pasts}"
            )
            if here and there:
                assert (here, there) == (left, right) or len(shown) > 1, (each, key)
            assert left <= here or not here
            assert right <= there or not there

    def _is_framed(self, side: Side, key: Hashable) -> bool:
        """Whether a name without a frame is left out as somebody of that name has one."""
        seen = self.after[side]
        if seen is None or not isinstance(key, tuple) or key[0].area is not None:
            return False
        return any(region.name == key[0].name and region.area for region in seen.said.people)

    # What is agreed from now on.

    def _agree_on_both(self) -> None:
        story, healthy = self.story, self.rules.healthy
        if story.contested and all(
            before is not None and after is not None and before.content == after.content
            for before, after in ((self.before[s], self.after[s]) for s in Side)
        ):
            self.who.stories.append(Story({RIGHT: story.halves.pop(RIGHT)}))
            story.contested, story.pasts, story.elements = False, {}, {}
            return
        now, new = self._two(self.before), self._two(self.after)
        for part in now:
            if self._alike(part)(*new[part]) or new[part] != now[part] or self._is_own(part):
                if healthy and self._covers(part):
                    story.pasts[part] = {new[part]}
                else:
                    story.pasts[part] = story.pasts[part] | {new[part]}
            else:
                story.pasts[part] = story.pasts[part] | self._strangers_past(part, now[part])
        for each in SETS:
            self._agree_on_set(each)
        if story.linked is not Linked.YES:
            story.linked = Linked.YES if healthy else Linked.MAYBE
        if not story.contested or healthy:
            story.contested = False

    def _is_own(self, part: str) -> bool:
        """Whether each side keeps its own name, as nothing can be done about it."""
        if part != "name" or self._is_told(part):
            return False
        here, there = self._two(self.before)[part]
        stuck = {side for side in Side if not self.capabilities[side].renames}
        changed = [(here != past[0], there != past[1]) for past in self.story.pasts[part]]
        loser = self.rules.prefer.other if self.rules.prefer else None
        return (
            ((True, False) in changed and RIGHT in stuck)
            or ((False, True) in changed and LEFT in stuck)
            or ((True, True) in changed and loser in stuck)
        )

    def _agree_on_set(self, each: Field) -> None:
        new = self._elements(each, self.after)
        known = {key for field, key in self.story.elements if field is each}
        for key in new.keys() | known:
            two = new.get(key, NOWHERE)
            if self.story.linked is Linked.MAYBE:
                pasts = self.story.elements.get((each, key), {NOWHERE})
                self.story.elements[each, key] = pasts | {NOWHERE}
            if bool(two[0]) == bool(two[1]):
                if self.rules.healthy and each in self.rules.fields:
                    self.story.elements[each, key] = {two}
                else:
                    pasts = self.story.elements.get((each, key), {NOWHERE})
                    self.story.elements[each, key] = pasts | {two}

    # A photo that stands on one side only.

    def _check_one(self, side: Side) -> None:
        story, rules = self.story, self.rules
        before, after = self.before[side], self.after[side]
        assert before is not None
        target = self.capabilities[side.other]
        may_create = (
            Field.CONTENT in rules.fields
            and side.other in rules.writes
            and target.create
            and not self._is_crowded(side.other)
            and bool(self.capabilities[side].strips or not self._hidden(before))
        )
        may_delete = (
            Field.CONTENT in rules.fields
            and side in rules.writes
            and rules.delete
            and self.capabilities[side].delete
        )
        edited = {True} if story.linked is Linked.NO else self._edited(side, before)
        if story.forgotten:
            edited = edited | {True}
        created = story.made is side.other
        if created:
            assert may_create
            assert True in edited, "brought back, though nobody has edited it"
            assert _as_it_was(before, after)
            self._check_copy(side)
            self._agree_on_copy(side)
        elif after is None:
            assert may_delete
            assert False in edited, "deleted, though somebody has edited it"
            assert story.halves[side] in self.who.memories[side].trash
        else:
            assert _as_it_was(before, after)
            if rules.healthy and edited == {True}:
                # Another new photo of its name may stand there: that is told.
                assert not may_create or self.conflicts, "not brought to the other side"
            if rules.healthy and edited == {False}:
                assert not may_delete, "not deleted"

    def _hidden(self, seen: Seen) -> bool:
        """Whether a photo says what the run is not about."""
        return any(
            each not in self.rules.fields and seen.said.get(each) != NOTHING_SAID.get(each)
            for each in (*SCALARS, *SETS)
        )

    def _edited(self, side: Side, seen: Seen) -> set[bool]:
        """Whether a photo was edited since both sides agreed: True, False, or both may be."""
        index = 0 if side is LEFT else 1
        now = self._parts(side, seen)
        changes = []
        for part, pasts in self.story.pasts.items():
            if part not in PLACE and Field(part) in self.shared:
                changes.append({now[part] != past[index] for past in pasts})
        for each in SETS:
            elements = self._elements(each, {side: seen, side.other: None})
            known = {key for field, key in self.story.elements if field is each}
            for key in elements.keys() | known if each in self.shared else ():
                pasts = self.story.elements.get((each, key), {NOWHERE})
                found = elements.get(key, NOWHERE)[index]
                changes.append({found != past[index] for past in pasts})
        if {True} in changes:
            return {True}
        maybe = any(True in change for change in changes) or self.story.linked is Linked.MAYBE
        return {True, False} if maybe else {False}

    def _check_copy(self, side: Side) -> None:
        """A photo was created on the other side: as what it is a copy of."""
        origin, copy = self.before[side], self.after[side.other]
        assert origin is not None
        assert copy is not None
        assert self.who.tome(side.other, copy.shelf) is self.who.tome(side, origin.shelf)
        taken = (copy.shelf, origin.name) in self.names[side.other]
        assert copy.name == origin.name or (
            _is_like(copy.name, origin.name) and (taken or origin.name in self.old_names)
        )
        assert original(copy.picture) == original(origin.picture)
        memory = self.who.memories[side.other]
        told = self.rules.fields & memory.capabilities.writes
        assert copy.said == memory.normal(NOTHING_SAID.but(origin.said, told))

    def _agree_on_copy(self, side: Side) -> None:
        """What was sent is agreed; what could not be is not."""
        story = self.story
        two = self._two(self.after)
        story.pasts = {}
        for part in two:
            sent = part in PLACE or part == "content" or not self._able(part)(side.other)
            sent = sent or self._alike(part)(*two[part])
            if sent and self._covers(part):
                story.pasts[part] = {two[part]}
            else:
                story.pasts[part] = set(EMPTY.get(part, {two[part]}))
        story.elements = {}
        for each in SETS:
            for key, pair in self._elements(each, self.after).items():
                if pair[0] and pair[1]:
                    story.elements[each, key] = {pair}
        story.linked = Linked.YES if self.rules.healthy else Linked.MAYBE
        story.forgotten = False
        if not self.rules.healthy and self.who.is_blind:
            self.who.murky = "a photo may still be a stranger, and nothing tells its picture"


def _as_it_was(before: Seen, after: Seen | None) -> bool:
    """Whether nothing happened to a photo itself, though its album may have got another path."""
    return after is not None and after._replace(path=before.path) == before


def _is_like(name: str, wanted: str) -> bool:
    """Whether `name` is what a service makes of a name that is taken."""
    stem, dot, suffix = wanted.rpartition(".")
    return name.startswith(f"{stem}-") and name.endswith(f"{dot}{suffix}")


def _stands_at(who: Who, tome: Tome, side: Side, path: str) -> bool:
    """Whether an album is to stay at a path, or to come back there from a detour."""
    shelf = tome.halves.get(side)
    if shelf not in who.memories[side].shelves:
        return False
    goes_on = tome.halves.get(side.other) in who.memories[side.other].shelves
    return (home(shelf.path) if goes_on else shelf.path) == path


def _is_to_move(who: Who, tome: Tome, side: Side, path: str) -> bool:
    """Whether an album still stands on a side, and there at another path."""
    shelf = tome.halves.get(side)
    return shelf in who.memories[side].shelves and home(shelf.path) != path


def _may_stay_at(who: Who, tome: Tome, side: Side, before: Two) -> bool:
    """Whether an album stands where one with these paths is to go, and may be no one's to move.

    So it is where a run died amid the moves of several: one may be agreed, and the other not.
    """
    mine, theirs = (0, 1) if side is LEFT else (1, 0)
    if len(tome.paths) < 2 or not _stands_at(who, tome, side, before[theirs]):
        return False
    now = [home(tome.halves[each].path) if each in tome.halves else "" for each in Side]
    return any(now[mine] != past[mine] or now[theirs] == past[theirs] for past in tome.paths)


def check_album(
    who: Who, tome: Tome, rules: Rules, before: Two, actions: Sequence[Action], known: bool
) -> None:
    """What must be true of an album after a run, and what is agreed from then on.

    `before`: its paths. `known`: there is a state that may tell of it.
    """
    now = home(tome.halves[LEFT].path), home(tome.halves[RIGHT].path)

    def able(side: Side) -> bool:
        can = who.memories[side].capabilities.moves_albums and side in rules.writes
        path = before[0 if side is RIGHT else 1]
        taken = any(
            other is not tome
            and _stands_at(who, other, side, path)
            and not _is_to_move(who, other, side.other, path)
            for other in who.tomes
        )
        return can and Field.CONTENT in rules.fields and not taken

    if tome.linked is Linked.NO or Field.CONTENT not in rules.fields:
        may = {Outcome(*before)}
    else:
        pasts = tome.paths | ({before} if tome.linked is Linked.MAYBE else set())
        may = one_value(
            before,
            pasts,
            lambda here, there: here == there,
            lambda side: before[0 if side is RIGHT else 1],
            able,
            rules,
        )
        others = [other for other in who.tomes if other is not tome]
        if any(_may_stay_at(who, other, side, before) for other in others for side in Side):
            may.add(Outcome(*before))
    told = any(a.op is Op.CONFLICT and a.name is None and a.album == before[0] for a in actions)
    found = {outcome.told for outcome in may if (outcome.left, outcome.right) == now}
    assert found, f"album {before} -> {now}, not one of {may}"
    assert told in found or not rules.healthy
    if now[0] == now[1] or now != before:
        tome.paths = {now} if rules.healthy else tome.paths | {now}
    if known:
        tome.linked = Linked.YES if rules.healthy or tome.linked is Linked.YES else Linked.MAYBE
