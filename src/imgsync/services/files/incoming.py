"""Photos that come in from elsewhere: made complete before they get their names."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO

from ... import disk
from ...errors import Rejected
from ...metadata import files, sidecars
from ...metadata.digest import digest, digest_open
from ...model import METADATA_FIELDS, SET_FIELDS, Field, Metadata, same
from ...service import Original, Source
from ...wording import size
from .names import sidecar_form, sidecar_name
from .naming import Made
from .troubles import told

__all__ = ["bring_in_line", "fetch", "identify"]

# What is left free on a disk, for states, sidecars and everybody else: bytes, at most a fiftieth.
_RESERVE = 64_000_000
_PART = 1 << 20


def fetch(path: Path, source: Source, old: Sequence[Path] = (), *, embed: bool) -> Made:
    """Copies the source to `path`, checks it, and makes it show the source's metadata.

    It was last written to when the source was, as far as that is known and the disk keeps it.
    Its sidecars are the source's; where that has none, copies of `old`.
    Raises Rejected if there is no room for it, or if what came is not the picture it should be.
    """
    with source.open() as original:
        _check_room(path.parent.parent, source.name, max(original.size, source.photo.size))
        with path.open("xb") as stream:
            _copy(source.name, original.stream, stream, most=original.size)
            # Others go on meanwhile; where it gets its name, they would have to wait.
            disk.sync(stream.fileno())
        _check_size(source.name, path, original)
        beside = original.sidecars or {
            sidecar_form(each.name, path.name): each.read_bytes() for each in old
        }
        own = _put_beside(path, beside)
    content = digest(path).content
    wanted = source.photo.content
    if wanted.startswith(("image:", "file:")) and content != wanted:
        raise Rejected(
            f"{source.name} came with another picture than was listed: run again, and with"
            " --check-all if it still does (its disk may be failing)"
        )
    speaks = bring_in_line(path, own[0] if own else None, source, embed=embed)
    if original.written:
        with suppress(OSError, OverflowError):
            os.utime(path, ns=(original.written, original.written))
    return Made(path, own or [speaks] if speaks else [], content)


def identify(original: Original, name: str) -> str:
    """The content of a file that is not to stay. It needs as much room as it has bytes.

    Nothing of it is left, even if the process is killed. Raises Rejected if there is no room for
    it, or if it is not as long as it says.
    """
    with (
        told(f"{name} cannot be looked into"),
        tempfile.TemporaryFile(prefix="img-sync-") as copy,
    ):
        folder = Path(tempfile.gettempdir())
        _check_room(folder, name, original.size)
        came = _copy(name, original.stream, copy, most=original.size or free_space(folder))
        if original.size and came != original.size:
            raise _wrong_size(name, came, original.size)
        copy.flush()
        return digest_open(copy.fileno(), Path(name).suffix).content


def _put_beside(path: Path, incoming: Mapping[str, bytes]) -> list[Path]:
    """Writes sidecars beside a photo that is alone in its folder; the one that speaks first."""
    named = {sidecar_name(path.name, form): data for form, data in incoming.items()}
    own = [path.with_name(name) for name in sidecars.owners([path.name, *named])[path.name]]
    for sidecar in own:
        sidecar.write_bytes(named[sidecar.name])
    return own


def free_space(folder: Path) -> int:
    """How many bytes of pictures the disk of a folder has room for. Raises OSError."""
    disk = shutil.disk_usage(folder)
    return max(0, disk.free - min(_RESERVE, disk.total // 50))


def _check_room(folder: Path, name: str, needed: int) -> None:
    free = free_space(folder)
    if free < needed:
        raise Rejected(
            f"{name} needs {size(needed)}, but {folder} has room for {size(free)}: make room there"
        )


def _copy(name: str, incoming: BinaryIO, out: IO[bytes], most: int = 0) -> int:
    """Copies all there is, and tells how many bytes. Raises Rejected beyond `most`, if given."""
    came = 0
    while True:
        with told(f"{name} cannot be read where it comes from"):
            part = incoming.read(_PART)
        came += len(part)
        if most and came > most:
            raise _wrong_size(name, came, most)
        if not part:
            return came
        out.write(part)


def _check_size(name: str, path: Path, original: Original) -> None:
    size = path.stat().st_size
    if not size:
        raise Rejected(f"{name} came empty: look at it where it comes from")
    if original.size and size != original.size:
        raise _wrong_size(name, size, original.size)


def _wrong_size(name: str, came: int, size: int) -> Rejected:
    return Rejected(f"{name} came with {came} bytes instead of {size}: run again")


def bring_in_line(path: Path, sidecar: Path | None, source: Source, *, embed: bool) -> Path | None:
    """Makes a photo show what its source does, writing what differs; gives back its sidecar."""
    said = files.read(path, sidecar)
    fields = _different(said, source.metadata) - _fuller(said, source)
    if not fields:
        return sidecar
    return files.write(path, sidecar, source.metadata, fields, embed=embed) or sidecar


def _fuller(said: Metadata, source: Source) -> set[Field]:
    """The fields in which the bytes say all that the source shows, and what it cannot show."""
    alike = set(METADATA_FIELDS) - _different(source.shown(said), source.metadata)
    return {
        field
        for field in alike
        if field not in SET_FIELDS or set(source.metadata.get(field)) <= set(said.get(field))
    }


def _different(shown: Metadata, wanted: Metadata) -> set[Field]:
    """A value in the bytes that is only finer than the one wanted stays."""
    return {f for f in METADATA_FIELDS if not same(f, shown.get(f), wanted.get(f))}
