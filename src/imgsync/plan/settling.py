"""What is agreed about a photo once both sides show what they are to show."""

from __future__ import annotations

import msgspec

from ..merge import agreed_elements
from ..model import NOTHING_SAID, SET_FIELDS, Field, Link, Metadata, Photo, same_picture
from .terms import Ends
from .verdicts import only, past_of

__all__ = ["settle"]


def settle(
    base: Link | None,
    id: str,
    left: Photo,
    right: Photo,
    ends: Ends,
    fields: frozenset[Field],
    *,
    placed: bool = True,
    stubborn: Metadata = NOTHING_SAID,
) -> Link:
    """The link after `fields` are agreed on; all other fields keep their past.

    Only what both sides show can be agreed. Of sets, whether among `fields` or not, exactly the
    elements that both sides show, and those that neither does, are agreed; and those of
    `stubborn`, which a side shows though it was told not to. `placed`: the name is agreed too. A
    half keeps its version only if it holds all that the photo showed; otherwise it is "", and the
    next scan looks closer.
    """
    past_left, past_right = past_of(base)
    agreed = (fields & ends.shared()) - SET_FIELDS
    said_left = past_left.metadata.but(left.metadata, agreed)
    said_right = past_right.metadata.but(right.metadata, agreed)
    for field in SET_FIELDS & ends.shared():
        pasts = past_left.metadata.get(field), past_right.metadata.get(field)
        nows = left.metadata.get(field), right.metadata.get(field)
        left_over = stubborn.get(field)
        now_left, now_right = agreed_elements(field, *nows, *pasts, ends.common, left_over)
        said_left = said_left.but(only(field, now_left), (field,))
        said_right = said_right.but(only(field, now_right), (field,))
    content = Field.CONTENT in fields or (base is None and same_picture(left, right) is not False)
    return Link(
        id,
        _half(left, past_left, said_left, content=content, placed=placed or base is None),
        _half(right, past_right, said_right, content=content, placed=placed or base is None),
    )


def _half(shown: Photo, past: Photo, said: Metadata, *, content: bool, placed: bool) -> Photo:
    picture = shown if content or shown.content == past.content else past
    spot = shown if placed else past
    half = Photo(
        ref=spot.ref,
        name=spot.name,
        content=picture.content,
        size=picture.size,
        digests=picture.digests,
        metadata=said,
    )
    whole = (half.name, half.content, said) == (shown.name, shown.content, shown.metadata)
    return msgspec.structs.replace(half, version=shown.version) if whole else half
