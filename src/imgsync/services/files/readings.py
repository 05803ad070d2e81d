"""What was read of a tree's files and may be remembered nowhere yet.

Reading a large tree for the first time takes an hour, and only a run that comes to its end writes
down what it has seen. So a run that was stopped, and one that only looked, leaves its readings in
the system's folder for caches, where the next one finds them. Nothing depends on them: what cannot
be read or written there is passed over.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from ... import __version__
from .jobs import Job, Reading
from .tree import Entry

__all__ = ["Readings", "readings_of"]

_HEAD = msgspec.json.encode(("img-sync readings", __version__)) + b"\n"
_AT_ONCE = 1 << 16  # bytes that are written together
_LARGEST = 256 << 20  # a larger file is begun anew


class _Line(msgspec.Struct, frozen=True, array_like=True):
    """The path of a photo, and what was asked and answered, not decoded before it is needed."""

    path: bytes
    rest: msgspec.Raw


_LINE = msgspec.json.Decoder(_Line)
_REST = msgspec.json.Decoder(tuple[Job, Reading])


def readings_of(top: Path) -> Readings | None:
    """The readings of the tree at `top`; None where there is no folder for caches."""
    from platformdirs import user_cache_path  # late: most runs read nothing

    with suppress(RuntimeError):
        home = user_cache_path("img-sync", appauthor=False)
        if home.is_absolute():
            name = hashlib.sha256(os.fsencode(top)).hexdigest()[:32]
            return Readings(home / "readings" / f"{name}.jsonl")
    return None


class Readings:
    """A file of readings, a line each behind a first one that names its format."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[bytes, msgspec.Raw] | None = None
        self._fresh: list[bytes] = []
        self._size = 0

    def find(self, job: Job, entry: Entry) -> Reading | None:
        """The reading of a file that looks as it did then, if it has all that `job` asks for."""
        if self._known is None:
            self._known = self._load()
        rest = self._known.get(job.path)
        if rest is None:
            return None
        try:
            asked, reading = _REST.decode(rest)
        except msgspec.DecodeError:
            return None
        if asked != job or (str(reading.stamp), str(reading.sidecar or "")) != (
            entry.stamp,
            entry.sidecar_stamp,
        ):
            return None
        return reading

    def add(self, job: Job, reading: Reading) -> None:
        line = msgspec.json.encode((job.path, (job, reading))) + b"\n"
        self._fresh.append(line)
        self._size += len(line)
        if self._size > _AT_ONCE:
            self._write()

    def close(self) -> None:
        """Keeps what was added last."""
        if self._fresh:
            self._write()

    def _load(self) -> dict[bytes, msgspec.Raw]:
        try:
            if self._path.stat().st_size <= _LARGEST:
                with self._path.open("rb") as lines:
                    if next(lines, b"") == _HEAD:
                        found = (self._decoded(line) for line in lines)
                        return {line.path: line.rest.copy() for line in found if line}
            self._path.unlink()
        except OSError:
            pass
        return {}

    def _decoded(self, line: bytes) -> _Line | None:
        """The line, if it is one: a run that was killed may leave half of one."""
        with suppress(msgspec.DecodeError):
            return _LINE.decode(line)
        return None

    def _write(self) -> None:
        data, self._fresh, self._size = b"".join(self._fresh), [], 0
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            file = os.open(self._path, flags, 0o600)
            try:
                # One call: what another run writes meanwhile comes before it, or behind. On a
                # line of its own, whatever a run that was killed has left.
                os.write(file, (b"\n" if os.fstat(file).st_size else _HEAD) + data)
            finally:
                os.close(file)
