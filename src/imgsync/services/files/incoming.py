"""Photos that come in from elsewhere: made complete before they get their names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ...errors import Rejected
from ...metadata import files, sidecars
from ...metadata.digest import digest
from ...model import METADATA_FIELDS, Field, Metadata, same
from ...service import Original, Source
from .names import beginning, folded, numbered
from .placing import settle, told

__all__ = ["Made", "bring_in_line", "choose_name", "fetch", "install", "renamed_sidecar"]

_RESERVE = 64_000_000  # bytes left free on a disk, for states, sidecars and everybody else
_PART = 1 << 20


class Made(NamedTuple):
    """A photo that is complete but for its final name, with its sidecar if it has one."""

    path: Path
    sidecar: Path | None
    content: str


def fetch(path: Path, source: Source, *, sidecar: Path | None, embed: bool) -> Made:
    """Copies the source to `path`, checks it, and makes it show the source's metadata.

    Its sidecar is the source's; where that has none, the file at `sidecar` is changed.
    Raises Rejected if there is no room for it, or if what came is not the picture it should be.
    """
    with source.open() as original:
        _check_room(path.parent, source.name, max(original.size, source.photo.size))
        with path.open("xb") as stream:
            _copy(source.name, original.stream, stream)
        _check_size(source.name, path, original)
        if original.sidecar is not None:
            sidecar = sidecar or path.with_name(sidecars.name_for(path.name))
            sidecar.write_bytes(original.sidecar)
    content = digest(path).content
    wanted = source.photo.content
    if wanted.startswith(("image:", "file:")) and content != wanted:
        raise Rejected(f"{source.name} came with another picture than was listed: run again")
    return Made(path, bring_in_line(path, sidecar, source.metadata, embed=embed), content)


def _check_room(folder: Path, name: str, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + _RESERVE:
        raise Rejected(
            f"{name} needs {_human(size)}, and {_human(_RESERVE)} must stay free, but"
            f" {folder.parent} has {_human(free)}: make room there"
        )


def _human(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _copy(name: str, incoming: BinaryIO, out: BinaryIO) -> None:
    while True:
        with told(f"{name} cannot be read where it comes from"):
            part = incoming.read(_PART)
        if not part:
            return
        out.write(part)


def _check_size(name: str, path: Path, original: Original) -> None:
    size = path.stat().st_size
    if not size:
        raise Rejected(f"{name} came empty: look at it where it comes from")
    if original.size and size != original.size:
        raise Rejected(f"{name} came with {size} bytes instead of {original.size}: run again")


def bring_in_line(
    path: Path, sidecar: Path | None, metadata: Metadata, *, embed: bool
) -> Path | None:
    """Makes a photo show `metadata`, writing what differs; gives back its sidecar."""
    shown = files.read(path, sidecar)
    fields = _different(shown, metadata)
    if not fields:
        return sidecar
    return files.write(path, sidecar, metadata, fields, embed=embed) or sidecar


def _different(shown: Metadata, wanted: Metadata) -> set[Field]:
    """A value in the bytes that is only finer than the one wanted stays."""
    return {f for f in METADATA_FIELDS if not same(f, shown.get(f), wanted.get(f))}


def choose_name(
    folder: Path,
    name: str,
    *,
    is_it: Callable[[Path], bool],
    sidecar: Path | None = None,
    sidecar_name: Callable[[str], str] = sidecars.name_for,
    without: Collection[str | None] = (),
) -> tuple[str, bool]:
    """The name for a photo in `folder`: `name`, or one like it where that is taken.

    The second value is whether the photo is there already under that name, as `is_it` says of a
    file. A name is taken where some file system takes another for it, and where a sidecar waits
    that would speak for the photo, unless it is a copy of its own `sidecar`, left by a killed
    run. The files called `without` do not count.
    """
    names = {other for other in os.listdir(folder) if other not in without}
    taken = set(map(folded, names))
    for candidate in numbered(name):
        if candidate in names and is_it(folder / candidate):
            return candidate, True
        if folded(candidate) in taken:
            continue
        beside = sidecar_name(candidate) if sidecar else None
        near = [other for other in names if other.startswith(beginning(candidate))]
        waiting = sidecars.owners([*near, candidate])[candidate]
        if waiting is None and (beside is None or folded(beside) not in taken):
            return candidate, False
        if sidecar and waiting == beside and _same_bytes(folder / waiting, sidecar):
            return candidate, False
    raise AssertionError("numbered names do not end")


def _same_bytes(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def renamed_sidecar(sidecar: str, photo: str, name: str) -> str:
    """What a photo's sidecar is called after the photo got another name."""
    if sidecar.startswith(photo):
        return name + sidecar[len(photo) :]
    return os.path.splitext(name)[0] + sidecar[len(os.path.splitext(photo)[0]) :]


def install(made: Made, final: Path) -> None:
    """Gives a photo its name, the sidecar first: no moment shows the photo without it."""
    if made.sidecar is None:
        settle(made.path, final)
        return
    beside = final.with_name(sidecars.name_for(final.name))
    with suppress(FileExistsError):  # the same bytes, as `choose_name` saw
        settle(made.sidecar, beside)
    settle(made.path, final)
