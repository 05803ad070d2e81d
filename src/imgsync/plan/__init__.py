"""What is to be done about one photo, decided field by field; nothing is done here.

A field has *changed* on a side when it differs from what that side showed when both last agreed.
Photos that meet for the first time have the past "same picture, nothing said". What only one side
changed goes to the other; what both changed to the same is recorded; sets are merged element by
element; anything else that both changed is a conflict until the policy prefers a side.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Field, Link, Metadata, Pair, Photo, Side
from . import actions
from .gate import forbids, forbids_update
from .settling import settle
from .terms import Action, End, Ends, Op, Policy
from .verdicts import (
    Verdict,
    are_named,
    decay,
    is_edited,
    is_mistaken,
    verdicts_of,
    verdicts_of_places,
)

__all__ = ["Action", "End", "Ends", "Op", "Policy", "are_named", "forbids", "plan", "settle"]


def plan(pair: Pair, ends: Ends, policy: Policy) -> tuple[Action, ...]:
    """The actions that bring a pair in step, RECORD first; none if it is.

    An action that the policy or a service forbids is in it too, with `blocked`.
    """
    if pair.left is not None and pair.right is not None:
        return tuple(_both(pair, pair.left, pair.right, ends, policy))
    present = Side.LEFT if pair.left is not None else Side.RIGHT
    photo = pair.photo(present)
    if photo is None:
        return (actions.forget(pair),)
    if Field.CONTENT not in policy.fields:
        return ()
    if pair.base is None:
        why = "new"
        if pair.namesake:
            why = f"new, beside another {photo.name} on {ends[present.other].name}"
        return (actions.create(pair, photo, present, ends, policy, why),)
    if is_edited(photo, pair.base.half(present), ends[present], ends.shared()):
        why = f"deleted on {ends[present.other].name}, edited on {ends[present].name} since"
        return (actions.create(pair, photo, present, ends, policy, why),)
    return (actions.delete(pair, photo, present, ends, policy),)


def _both(pair: Pair, left: Photo, right: Photo, ends: Ends, policy: Policy) -> Iterator[Action]:
    if pair.base is not None and _untouched(pair, pair.base, left, right):
        return
    doubt = _doubt(pair.base, left, right, ends)
    if doubt:
        why = _undecided(pair, doubt, ends, policy)
        if why is not None:
            yield actions.conflict(pair, left, [Field.CONTENT], why)
            return
    verdicts = verdicts_of(pair.base, left, right, ends, policy)
    name, album = verdicts_of_places(pair, left, right, ends, policy)
    placed = name is album is Verdict.AGREED

    agreed = frozenset(field for field, verdict in verdicts.items() if verdict is Verdict.AGREED)
    id = pair.base.id if pair.base else ""
    link = settle(pair.base, id, left, right, ends, agreed, placed=placed)
    moved = album is Verdict.AGREED and _strayed(pair)
    if pair.base is None or _is_news(pair.base, link) or moved:
        yield actions.record(pair, left, link)
    disputes = []
    if Field.CONTENT in policy.fields:
        yield from actions.moves(pair, name, album, ends, policy)
        if Verdict.CONFLICT in (name, album):
            there = f"{pair.right_album}/{right.name}".lstrip("/")
            disputes.append(f"moved on both sides, on {ends.right.name} to {there}")
    yield from actions.updates(pair, left, right, ends, policy, verdicts)
    disputed = [field for field, verdict in verdicts.items() if verdict is Verdict.CONFLICT]
    if disputed:
        disputes.append("changed on both sides")
    if disputes:
        yield actions.conflict(pair, left, disputed, "; ".join(disputes))


def _doubt(base: Link | None, left: Photo, right: Photo, ends: Ends) -> str:
    """Why only a person can tell which of two pictures is the right one; "" if the past does."""
    if is_mistaken(base, left, right):
        return "same name, different pictures"
    where = decay(base, left, right, ends)
    return f"{where}: another picture in a file that looks unchanged" if where else ""


def _undecided(pair: Pair, why: str, ends: Ends, policy: Policy) -> str | None:
    """Why neither of two pictures may take the other's place; None if one may."""
    if policy.prefer is None or Field.CONTENT not in policy.fields:
        return why
    reason = forbids_update(Field.CONTENT, policy.prefer.other, pair, ends, policy)
    return None if reason is None else f"{why}; {reason}"


def _untouched(pair: Pair, base: Link, left: Photo, right: Photo) -> bool:
    """Whether both sides say just what the link holds: versions aside, nothing has changed."""
    return (
        _said(left) == _said(base.left) and _said(right) == _said(base.right) and not _strayed(pair)
    )


def _said(photo: Photo) -> tuple[str, str, str, Metadata]:
    return photo.ref, photo.name, photo.content, photo.metadata


def _strayed(pair: Pair) -> bool:
    return not pair.album == pair.left_album == pair.right_album


def _is_news(base: Link, link: Link) -> bool:
    """Whether a link says more than that versions have moved on."""
    renamed = any(base.half(side).name != link.half(side).name for side in Side)
    return renamed or any(actions.learnt(field, base, link) for field in Field)
