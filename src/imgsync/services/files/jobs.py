"""What is asked of the processes that read photos, what they answer, and how it is sent."""

from __future__ import annotations

import struct
from typing import BinaryIO

import msgspec

from ...model import NOTHING_SAID, Metadata
from .tree import Stamp

__all__ = ["Job", "Reading", "receive", "send"]


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


_LENGTH = struct.Struct(">I")


def send(stream: BinaryIO, message: Job | Reading) -> None:
    """Writes one message to a pipe."""
    data = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """The next message from a pipe; b"" at its end, also where that comes amid a message."""
    head = _exactly(stream, _LENGTH.size)
    return _exactly(stream, *_LENGTH.unpack(head)) if head else b""


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = stream.read(size - len(data))
        if not part:
            return b""
        data += part
    return bytes(data)
