"""What digiKam remembers of a file: size, time and hash, by which it sees that it was changed."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from .database import Change, Database
from .guesses import told_apart
from .rows import Row

__all__ = ["Stamp", "agree", "stamp", "unique_hash", "write"]

_BLOCK = 100 * 1024
_SMALL = 25 * 1024
_PARTS = 5
_SAME = 2  # seconds: digiKam compares whole ones, and lets one pass


class Stamp(NamedTuple):
    """A file's size in bytes, its time as the table has it, and its hash."""

    size: int
    time: str
    hash: str


def stamp(database: Database, path: Path, sidecar: Path | None) -> Stamp:
    """The stamp of a photo; `sidecar` is given where digiKam reads it. Raises OSError."""
    status = path.stat()
    changed = max(status.st_mtime_ns, sidecar.stat().st_mtime_ns if sidecar else 0)
    # Local time without a zone, its milliseconds cut off.
    local = datetime.fromtimestamp(changed // 10**9)
    time = f"{local:%Y-%m-%d %H:%M:%S}"
    if not database.whole_seconds:
        time = f"{local:%Y-%m-%dT%H:%M:%S}.{changed // 10**6 % 1000:03}"
    return Stamp(status.st_size, time, unique_hash(path, database.setting("uniqueHashVersion")))


def agree(row: Row, stamp: Stamp) -> bool:
    """Whether digiKam has seen a file as it is now: times may be a second apart."""
    try:
        apart = datetime.fromisoformat(row.modified) - datetime.fromisoformat(stamp.time)
    except ValueError:
        return False
    return row.size == stamp.size and abs(apart.total_seconds()) < _SAME


def write(change: Change, row: Row, stamp: Stamp) -> None:
    """Makes digiKam know a file as it is now, so that it does not read it again.

    To be called before another time is written, which counts from then on.
    """
    created, modified = told_apart(row, stamp.time)
    change.do(
        "UPDATE Images SET modificationDate = ?, fileSize = ?, uniqueHash = ? WHERE id = ?",
        modified,
        stamp.size,
        stamp.hash,
        row.id,
    )
    if created != row.created:
        sql = "UPDATE ImageInformation SET creationDate = ? WHERE imageid = ?"
        change.do(sql, created, row.id)


def unique_hash(path: Path, version: str) -> str:
    """digiKam's hash of a file, "2" or "3". Raises OSError.

    2: MD5 of the first and the last 100 KiB. 3: of the first 100 KiB, and of up to five parts of
    25 KiB each that are spread over the rest.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        total = os.fstat(stream.fileno()).st_size
        first = min(total, _BLOCK)
        md5.update(stream.read(first))
        if version == "2":
            stream.seek(total - first)
            md5.update(stream.read(first))
            return md5.hexdigest()
        part = min(total - first, _SMALL)
        step = (total - first - part) // _PARTS + 1
        for number in range(1, _PARTS + 1):
            if stream.tell() == total:
                break
            stream.seek(min(step * number + first, total - part))
            md5.update(stream.read(part))
    return md5.hexdigest()
