"""What is asked of the processes that read photos, and what they answer."""

from __future__ import annotations

import msgspec

from ...model import NOTHING_SAID, Metadata
from .tree import Stamp

__all__ = ["Job", "Reading"]


class Job(msgspec.Struct, frozen=True, array_like=True):
    """What to read: the paths of a photo and of its sidecar, as bytes.

    `picture`: whether to digest the picture, with the checksums `sums` of the whole file.
    """

    path: bytes
    sidecar: bytes | None
    picture: bool
    sums: tuple[str, ...] = ()


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """What was read. Where `trouble` says why it could not be, nothing else counts.

    `clock`: nanoseconds, when reading began. `content` is "" where it was not asked for.
    """

    trouble: str = ""
    clock: int = 0
    stamp: Stamp = Stamp(0, 0)
    sidecar: Stamp | None = None
    content: str = ""
    digests: frozenset[str] = frozenset()
    metadata: Metadata = NOTHING_SAID
