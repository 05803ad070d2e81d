"""Ways in which services show less than they are told: arguments for `Memory(normal=...)`.

Each is pure and idempotent; `Memory` cleans what they give.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import msgspec

from ..model import Metadata

__all__ = [
    "Normal",
    "cut_captions",
    "flat_tags",
    "lower_tags",
    "one_after_another",
    "plain_times",
    "stars_alone",
]

Normal = Callable[[Metadata], Metadata]


def cut_captions(longest: int) -> Normal:
    """No caption has more than `longest` characters."""

    def cut(metadata: Metadata) -> Metadata:
        return msgspec.structs.replace(metadata, caption=metadata.caption[:longest])

    return cut


def lower_tags(metadata: Metadata) -> Metadata:
    """`Sea` is `sea`."""
    return msgspec.structs.replace(metadata, tags=frozenset(tag.lower() for tag in metadata.tags))


def flat_tags(metadata: Metadata) -> Metadata:
    """`Places/France/Brest` is `Brest`."""
    leaves = frozenset(tag.rpartition("/")[2] for tag in metadata.tags)
    return msgspec.structs.replace(metadata, tags=leaves)


def plain_times(metadata: Metadata) -> Metadata:
    """`2012-07-01T10:20:30.25+02:00` is `2012-07-01T10:20:30`."""
    return msgspec.structs.replace(metadata, taken=metadata.taken[:19])


def stars_alone(metadata: Metadata) -> Metadata:
    """A rejected photo is an unrated one."""
    return msgspec.structs.replace(metadata, rating=max(metadata.rating or 0, 0) or None)


def one_after_another(*normals: Normal) -> Normal:
    """All of them: what one shows is what the next is told."""
    return lambda metadata: reduce(lambda shown, normal: normal(shown), normals, metadata)
