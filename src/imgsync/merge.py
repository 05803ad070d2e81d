"""How two edited sets of tags or people become one, element by element.

Elements are compared in the form in which both sides would show them, so that removing `paris`
from a service that folds case removes `Paris` here, and a first meeting breeds no second spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

import msgspec

from .model import NOTHING_SAID, Field, Metadata, Region, same_region

__all__ = ["agreed_elements", "merge"]

Elements = Any  # frozenset[str] for tags, tuple[Region, ...] for people
Key = Callable[[Any], Hashable]


def merge(
    field: Field,
    left: Elements,
    right: Elements,
    past_left: Elements,
    past_right: Elements,
    common: Callable[[Metadata], Metadata],
) -> tuple[Elements, Elements]:
    """What each side is to show: its own elements, less what the other removed, plus what it added.

    Where one side added what the other removed, the addition wins. An element that the common
    form does not hold stays where it is.
    """
    key = _keys(field, (past_left, past_right, left, right), common)
    new_left = _carry(left, right, past_left, past_right, key)
    new_right = _carry(right, left, past_right, past_left, key)
    return _like(left, new_left), _like(right, new_right)


def agreed_elements(
    field: Field,
    left: Elements,
    right: Elements,
    past_left: Elements,
    past_right: Elements,
    common: Callable[[Metadata], Metadata],
    stubborn: Iterable[Any] = (),
) -> tuple[Elements, Elements]:
    """The pasts, after all that both sides show now, or neither does, is agreed.

    `stubborn`: elements that one side shows though it was told not to: agreed as they are.
    """
    key = _keys(field, (past_left, past_right, left, right), common)
    in_left, in_right = {key(e) for e in left}, {key(e) for e in right}
    settled = (in_left & in_right) | {key(e) for e in stubborn} | {None}
    open_still = (in_left ^ in_right) - settled

    def past(now: Elements, before: Elements) -> Elements:
        held = [e for e in now if key(e) in settled]
        return _like(now, held + [e for e in before if key(e) in open_still])

    return past(left, past_left), past(right, past_right)


def _carry(
    mine: Elements, theirs: Elements, my_past: Elements, their_past: Elements, key: Key
) -> list[Any]:
    held = {key(e) for e in mine} | {None}
    removed_there = {key(e) for e in their_past} - {key(e) for e in theirs} - {None}
    kept = [e for e in mine if e not in my_past or key(e) not in removed_there]
    return kept + [e for e in theirs if e not in their_past and key(e) not in held]


def _keys(field: Field, sets: Iterable[Elements], common: Callable[[Metadata], Metadata]) -> Key:
    """A function that gives elements the same key if both sides show them alike.

    The key is None for what the common form does not hold.
    """
    keys: dict[Any, Hashable] = {}
    faces: list[Region] = []
    for elements in sets:
        for element in elements:
            if element in keys:
                continue
            shown = _alone(field, element, common)
            if field is Field.PEOPLE:
                keys[element] = _face(shown, faces) if shown else None
            else:
                keys[element] = shown or None
    return keys.__getitem__


def _alone(field: Field, element: Any, common: Callable[[Metadata], Metadata]) -> Elements:
    """The element as both sides would show it if it were the only one."""
    held: Elements = (element,) if field is Field.PEOPLE else frozenset({element})
    said = msgspec.structs.replace(NOTHING_SAID, **{field.value: held})
    return common(said).get(field)


def _face(shown: tuple[Region, ...], faces: list[Region]) -> int:
    """The number of the first known face that is the same as this one."""
    for number, face in enumerate(faces):
        if same_region(face, shown[0]):
            return number
    faces.append(shown[0])
    return len(faces) - 1


def _like(pattern: Elements, elements: Iterable[Any]) -> Elements:
    if isinstance(pattern, frozenset):
        return frozenset(elements)
    return Metadata(people=tuple(elements)).clean().people
