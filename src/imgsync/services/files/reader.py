"""Reads photos' files: the picture's digest and the metadata.

`python -c "from imgsync.services.files.reader import serve; serve()"` does it for another
process: a file that crashes the reader then ends only that one.
"""

from __future__ import annotations

import os
import signal
import stat
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from ...errors import Rejected
from ...metadata import files
from ...metadata.digest import digest
from ...model import NOTHING_SAID, Metadata
from .tree import Stamp, why

__all__ = ["Job", "Reading", "read", "receive", "send", "serve"]


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


_UNSTEADY = "is still being written; left for the next run"


def read(job: Job) -> Reading:
    """Reads a photo; what goes wrong with it is told in the reading. Never raises for a file."""
    path = Path(os.fsdecode(job.path))
    sidecar = None if job.sidecar is None else Path(os.fsdecode(job.sidecar))
    try:
        return _read(path, sidecar, job)
    except FileNotFoundError:
        return Reading(_UNSTEADY)
    except OSError as error:
        return Reading(f"cannot be read: {why(error)}; nothing is done to it until it can")
    except Rejected as error:
        return Reading(str(error))


def _read(path: Path, sidecar: Path | None, job: Job) -> Reading:
    clock = time.time_ns()
    stamp, sidecar_stamp = _opened(path), sidecar and _opened(sidecar)
    if not stamp.size:
        return Reading("is empty; put the picture back or delete it")
    seen = digest(path, job.sums) if job.picture else None
    metadata = files.read(path, sidecar)
    if stamp != Stamp.of(path.stat()) or (sidecar and sidecar_stamp != Stamp.of(sidecar.stat())):
        return Reading(_UNSTEADY)
    return Reading(
        clock=clock,
        stamp=stamp,
        sidecar=sidecar_stamp or None,
        content=seen.content if seen else "",
        digests=seen.sums if seen else frozenset(),
        metadata=metadata,
    )


def _opened(path: Path) -> Stamp:
    """What a file looks like. Raises OSError if it cannot be read, or is none."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no file")
    return Stamp.of(status)


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


def serve(reader: Callable[[Job], Reading] = read) -> None:
    """Reads what standard input asks for, until it ends, and answers on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks decides when to stop
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the answers
    while data := receive(sys.stdin.buffer):
        try:
            send(answers, reader(msgspec.msgpack.decode(data, type=Job)))
        except BrokenPipeError:
            return
