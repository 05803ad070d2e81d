"""The actions that bring a photo in step, those that are forbidden included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..merge import merge
from ..model import NOTHING_SAID, Field, Link, Metadata, Pair, Photo, Side, wall_clock
from .gate import (
    forbids_create,
    forbids_delete,
    forbids_move,
    forbids_update,
    left_out,
    suffix_of,
)
from .terms import Action, End, Ends, Op, Policy, ordered
from .verdicts import Verdict, decay, only, past_of

__all__ = ["conflict", "create", "delete", "forget", "learnt", "moves", "record", "updates"]


def create(pair: Pair, photo: Photo, present: Side, ends: Ends, policy: Policy, why: str) -> Action:
    """Copies the photo from the side `present` to the other."""
    side = present.other
    fields = policy.fields & ends.shared()
    suffix = suffix_of(photo.name)
    hidden = left_out(photo, policy)
    reason = forbids_create(photo.name, side, pair, hidden, ends, policy)
    takes = ends[side].capabilities.formats
    return Action(
        op=Op.CREATE,
        pair=pair,
        side=side,
        album=pair.album_of(present),
        name=photo.name,
        fields=ordered(
            [
                f
                for f in fields
                if f is Field.CONTENT or photo.metadata.get(f) != NOTHING_SAID.get(f)
            ]
        ),
        metadata=NOTHING_SAID.but(photo.metadata, fields),
        without=hidden,
        why=why,
        blocked=reason,
        accepted=takes is not None
        and suffix not in takes
        and suffix in policy.accept.get(side, ()),
    )


def updates(
    pair: Pair,
    left: Photo,
    right: Photo,
    ends: Ends,
    policy: Policy,
    verdicts: Mapping[Field, Verdict],
) -> Iterator[Action]:
    """For each side that is to get something an UPDATE, and another for what it cannot get."""
    shown = {Side.LEFT: left, Side.RIGHT: right}
    past_left, past_right = past_of(pair.base)
    wanted: dict[Side, dict[Field, Metadata]] = {side: {} for side in Side}
    for field, verdict in verdicts.items():
        if verdict is Verdict.MERGE:
            nows = left.metadata.get(field), right.metadata.get(field)
            pasts = past_left.metadata.get(field), past_right.metadata.get(field)
            merged = merge(field, *nows, *pasts, ends.common)
            for side, now, value in zip(Side, nows, merged, strict=True):
                if value != now:
                    wanted[side][field] = only(field, value)
        elif verdict in (Verdict.LEFT, Verdict.RIGHT):
            side = Side(verdict.value)
            origin, target = shown[side.other], shown[side]
            wanted[side][field] = _carried(field, origin, target, ends[side.other])
    decayed = decay(pair.base, left, right, ends)
    for side, values in wanted.items():
        yield from _update(pair, side, values, ends, policy, decayed)


def _carried(field: Field, origin: Photo, target: Photo, source: End) -> Metadata:
    """A field as it goes to another side.

    An offset is not added to a time that has none, unless somebody is known to have said it.
    """
    if field is Field.CONTENT:
        return NOTHING_SAID
    value, there = origin.metadata.get(field), target.metadata.get(field)
    if field is Field.TAKEN and not source.capabilities.precise and there:
        value = wall_clock(value) if there == wall_clock(there) else value
    return only(field, value)


def _update(
    pair: Pair,
    side: Side,
    values: Mapping[Field, Metadata],
    ends: Ends,
    policy: Policy,
    decayed: str,
) -> Iterator[Action]:
    photo, origin = pair.photo(side), pair.photo(side.other)
    assert photo is not None
    assert origin is not None
    reasons = {field: forbids_update(field, side, pair, ends, policy) for field in values}
    for able in (True, False):
        some = [field for field, reason in reasons.items() if (reason is None) is able]
        metadata = photo.metadata
        for field in some:
            metadata = metadata.but(values[field], (field,))
        if some:
            why = decayed if Field.CONTENT in some else ""
            yield Action(
                op=Op.UPDATE,
                pair=pair,
                side=side,
                album=pair.album_of(side),
                name=photo.name,
                fields=ordered(some),
                metadata=metadata,
                without=left_out(origin, policy) if Field.CONTENT in some else frozenset(),
                why=why or f"changed on {ends[side.other].name}",
                blocked="; ".join(dict.fromkeys(filter(None, map(reasons.get, some)))) or None,
            )


def moves(
    pair: Pair, name: Verdict, album: Verdict, ends: Ends, policy: Policy
) -> Iterator[Action]:
    """What goes to one side is one MOVE, of name and album together, if that can be done."""
    for side in Side:
        photo, other = pair.photo(side), pair.photo(side.other)
        assert photo is not None
        assert other is not None
        here, there = pair.album_of(side), pair.album_of(side.other)
        target = Verdict(side.value)
        if name is target:
            apart = album is target and not ends[side].capabilities.moves
            to = there if album is target and not apart else here
            yield _move(pair, photo, side, (to, other.name), ends, policy)
            if apart:
                yield _move(pair, photo, side, (there, other.name), ends, policy)
        elif album is target:
            yield _move(pair, photo, side, (there, photo.name), ends, policy)


def _move(
    pair: Pair, photo: Photo, side: Side, to: tuple[str, str], ends: Ends, policy: Policy
) -> Action:
    album, name = to
    where = f"{album}/{name}".lstrip("/") if album != pair.album_of(side) else name
    return Action(
        op=Op.MOVE,
        pair=pair,
        side=side,
        album=pair.album_of(side),
        name=photo.name,
        to=to,
        why=f"moved on {ends[side.other].name} to {where}",
        blocked=forbids_move(side, album, pair, ends, policy),
    )


def delete(pair: Pair, photo: Photo, present: Side, ends: Ends, policy: Policy) -> Action:
    """Deletes the photo on the one side that still has it."""
    return Action(
        op=Op.DELETE,
        pair=pair,
        side=present,
        album=pair.album_of(present),
        name=photo.name,
        why=f"deleted on {ends[present.other].name}",
        blocked=forbids_delete(present, pair, ends, policy),
    )


def record(pair: Pair, left: Photo, link: Link) -> Action:
    """Writes down what both sides agree on."""
    past = pair.base or Link("", *past_of(None))
    return Action(
        op=Op.RECORD,
        pair=pair,
        album=pair.left_album,
        name=left.name,
        fields=tuple(field for field in Field if learnt(field, past, link)),
        link=link,
        why="known on both sides" if pair.base is None else "the same on both sides",
    )


def learnt(field: Field, base: Link, link: Link) -> bool:
    """Whether a link says something else of a field than the one before."""
    if field is Field.CONTENT:
        return (base.left.content, base.right.content) != (link.left.content, link.right.content)
    return any(base.half(s).metadata.get(field) != link.half(s).metadata.get(field) for s in Side)


def forget(pair: Pair) -> Action:
    """Drops the link of a photo that is on neither side."""
    assert pair.base is not None
    return Action(
        op=Op.FORGET,
        pair=pair,
        album=pair.album,
        name=pair.base.left.name,
        why="gone on both sides",
    )


def conflict(pair: Pair, left: Photo, fields: Iterable[Field], why: str) -> Action:
    """Tells what a person must decide."""
    return Action(
        op=Op.CONFLICT,
        pair=pair,
        album=pair.left_album,
        name=left.name,
        fields=ordered(fields),
        why=why,
    )
