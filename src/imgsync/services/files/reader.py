"""Reads photos' files: the picture's digest and the metadata.

`python -c "from imgsync.services.files.reader import serve; serve()"` does it for another
process: a file that crashes the reader then ends only that one.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from ...errors import Rejected
from ...metadata import files
from ...metadata.digest import digest
from ...wording import why
from .jobs import Job, Reading
from .processes import serve as serve_questions
from .tree import Stamp

__all__ = ["read", "serve"]


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


def serve(reader: Callable[[Job], Reading] = read) -> None:
    """Reads what standard input asks for, until it ends, and answers on standard output."""
    serve_questions(Job, reader)
