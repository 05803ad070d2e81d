"""Photos that go elsewhere: opened as they are, or as a copy that keeps something to itself."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ...errors import Rejected, Stale
from ...metadata import files
from ...model import NOTHING_SAID, Field, Photo
from ...service import Original
from .names import sidecar_form
from .tree import Stamp

__all__ = ["open_original"]


def open_original(
    path: Path, sidecars: Sequence[Path], photo: Photo, without: frozenset[Field]
) -> Original:
    """The file at `path`, if it still is the one of `photo`; its bytes do not tell `without`.

    A sidecar that does not speak for the photo stays behind where it would tell them.

    Raises Stale, Rejected if the bytes cannot be freed of these fields, OSError.
    """
    stream = path.open("rb")
    try:
        stamp = Stamp.of(os.fstat(stream.fileno()))
        if photo.version and photo.version.split(":")[:2] != str(stamp).split(":"):
            raise Stale(f"{path} has changed since it was looked at: run again")
        if without and any(_tells(path, beside, without) for beside in (None, *sidecars)):
            stream.close()
            return _freed(path, sidecars, without, stamp)
        return Original(stream, stamp.size, _bytes_of(path, sidecars), stamp.changed)
    except BaseException:
        stream.close()
        raise


def _tells(path: Path, sidecar: Path | None, fields: frozenset[Field]) -> bool:
    """Whether the file with that sidecar says anything of `fields`."""
    said = files.read(path, sidecar)
    return said != said.but(NOTHING_SAID, fields)


def _bytes_of(path: Path, sidecars: Sequence[Path]) -> dict[str, bytes]:
    return {sidecar_form(beside.name, path.name): beside.read_bytes() for beside in sidecars}


def _freed(
    path: Path, sidecars: Sequence[Path], fields: frozenset[Field], stamp: Stamp
) -> Original:
    """A copy that says nothing of `fields`. It has no name any more: it goes when it is closed."""
    with tempfile.TemporaryDirectory(prefix="img-sync-") as folder:
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        beside = [Path(shutil.copyfile(each, Path(folder, each.name))) for each in sidecars]
        files.write(copy, beside[0] if beside else None, NOTHING_SAID, fields)
        if any(_tells(copy, each, fields) for each in (None, *beside[:1])):
            names = ", ".join(sorted(fields))
            raise Rejected(f"{path} cannot be sent without its {names}: its format is not written")
        told = beside[:1] + [each for each in beside[1:] if not _tells(copy, each, fields)]
        size, beside_it = copy.stat().st_size, _bytes_of(path, told)
        return Original(copy.open("rb"), size, beside_it, stamp.changed)
