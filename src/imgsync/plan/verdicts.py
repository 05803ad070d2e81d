"""What is to become of each field of a photo that stands on both sides, of its name and album."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from ..model import (
    METADATA_FIELDS,
    NOTHING_SAID,
    SET_FIELDS,
    Field,
    Link,
    Metadata,
    Pair,
    Photo,
    Side,
    same,
    same_picture,
)
from .terms import End, Ends, Policy

__all__ = [
    "Verdict",
    "are_named",
    "decay",
    "is_edited",
    "is_mistaken",
    "only",
    "past_of",
    "verdicts_of",
    "verdicts_of_places",
]


class Verdict(StrEnum):
    AGREED = "agreed"
    LEFT = "left"  # the left side is to get the right one's value
    RIGHT = "right"
    MERGE = "merge"  # each side is to get what it lacks, if anything
    CONFLICT = "conflict"


OVERRULE = {Side.LEFT: Verdict.RIGHT, Side.RIGHT: Verdict.LEFT}


_STRANGER = Photo(ref="", name="")


def past_of(base: Link | None) -> tuple[Photo, Photo]:
    return (_STRANGER, _STRANGER) if base is None else (base.left, base.right)


def only(field: Field, value: object) -> Metadata:
    return msgspec.structs.replace(NOTHING_SAID, **{field.value: value})


def verdicts_of(
    base: Link | None, left: Photo, right: Photo, ends: Ends, policy: Policy
) -> dict[Field, Verdict]:
    """What is to become of each field that the run is about."""
    verdicts: dict[Field, Verdict] = {
        field: _compare(field, base, left, right, ends, policy)
        for field in METADATA_FIELDS
        if field in ends.shared() & policy.fields
    }
    if Field.CONTENT in policy.fields:
        verdicts[Field.CONTENT] = _compare_pictures(base, left, right, ends, policy)
    return verdicts


def _compare(
    field: Field, base: Link | None, left: Photo, right: Photo, ends: Ends, policy: Policy
) -> Verdict:
    past_left, past_right = past_of(base)
    left_changed = _changed(field, left, past_left, ends.left)
    right_changed = _changed(field, right, past_right, ends.right)
    if not left_changed and not right_changed:
        return Verdict.AGREED
    if field in SET_FIELDS:
        return Verdict.MERGE
    here, there = left.metadata.get(field), right.metadata.get(field)
    one = ends.common(only(field, here)).get(field)
    two = ends.common(only(field, there)).get(field)
    if one == two:
        return Verdict.AGREED
    alike = same(field, one, two)
    if left_changed and right_changed:
        if alike:
            return Verdict.AGREED
        return OVERRULE[policy.prefer] if policy.prefer else Verdict.CONFLICT
    changed = Side.LEFT if left_changed else Side.RIGHT
    if alike and not ends[changed].capabilities.precise:
        return Verdict.AGREED
    return OVERRULE[changed]


def _changed(field: Field, now: Photo, past: Photo, end: End) -> bool:
    """Whether a side says something else than it did; noise does not count."""
    here, before = now.metadata.get(field), past.metadata.get(field)
    noisy = not end.capabilities.precise
    return bool(here != before) and not (noisy and same(field, here, before))


def _compare_pictures(
    base: Link | None, left: Photo, right: Photo, ends: Ends, policy: Policy
) -> Verdict:
    past_left, past_right = past_of(base)
    mistaken = is_mistaken(base, left, right)
    left_changed = mistaken or _repainted(left, past_left)
    right_changed = mistaken or _repainted(right, past_right)
    if same_picture(left, right) or not (left_changed or right_changed):
        return Verdict.AGREED
    if decay(base, left, right, ends) or (left_changed and right_changed):
        return OVERRULE[policy.prefer] if policy.prefer else Verdict.CONFLICT
    return Verdict.RIGHT if left_changed else Verdict.LEFT


def _repainted(now: Photo, past: Photo) -> bool:
    """Whether a side is known to show another picture than it did."""
    known = now.content and past.content
    return bool(known) and now.content != past.content and not same_picture(now, past)


def decay(base: Link | None, left: Photo, right: Photo, ends: Ends) -> str:
    """Where another picture is shown though, by its version, nothing has changed; "" if nowhere.

    Nobody edits like that; a disk that fails does, and what it shows is no value to be carried.
    """
    if base is None or same_picture(left, right):
        return ""
    names = [
        ends[side].name
        for side, now in ((Side.LEFT, left), (Side.RIGHT, right))
        if "" != now.version == base.half(side).version and _repainted(now, base.half(side))
    ]
    return f"decayed on {' and '.join(names)}" if names else ""


def is_mistaken(base: Link | None, left: Photo, right: Photo) -> bool:
    """Whether a pair of one name shows two pictures, and no picture of it was ever agreed on."""
    known = base is not None and (base.left.content or base.right.content)
    return not known and same_picture(left, right) is False


def is_edited(photo: Photo, past: Photo, end: End, fields: Iterable[Field]) -> bool:
    """Whether a side changed its picture, or any of the `fields` that the other side shows too."""
    return _repainted(photo, past) or any(
        _changed(field, photo, past, end) for field in METADATA_FIELDS if field in fields
    )


def verdicts_of_places(
    pair: Pair, left: Photo, right: Photo, ends: Ends, policy: Policy
) -> tuple[Verdict, Verdict]:
    """What is to become of the name and of the album, each compared like a field."""
    base = pair.base
    if base is None:
        return Verdict.AGREED, Verdict.AGREED
    album = _placed(pair.album, pair.left_album, pair.album, pair.right_album, policy)
    return _named(base, left, right, ends, policy), album


def are_named(base: Link | None, left: Photo, right: Photo, ends: Ends, policy: Policy) -> bool:
    """Whether nothing is left to be done about the names of two photos."""
    return base is None or _named(base, left, right, ends, policy) is Verdict.AGREED


def _named(base: Link, left: Photo, right: Photo, ends: Ends, policy: Policy) -> Verdict:
    """What is to become of the name. A side that cannot rename keeps its own, for good."""
    verdict = _placed(base.left.name, left.name, base.right.name, right.name, policy)
    if verdict is Verdict.CONFLICT or verdict is Verdict.AGREED:
        return verdict
    return verdict if ends[Side(verdict.value)].capabilities.renames else Verdict.AGREED


def _placed(past_left: str, left: str, past_right: str, right: str, policy: Policy) -> Verdict:
    left_moved, right_moved = left != past_left, right != past_right
    if left == right or not (left_moved or right_moved):
        return Verdict.AGREED
    if left_moved and right_moved:
        return OVERRULE[policy.prefer] if policy.prefer else Verdict.CONFLICT
    return Verdict.RIGHT if left_moved else Verdict.LEFT
