"""Photos that go elsewhere: opened as they are, or as a copy that keeps something to itself."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ...errors import Rejected, Stale
from ...metadata import files
from ...model import NOTHING_SAID, Field, Metadata, Photo
from ...service import Original
from .tree import Stamp

__all__ = ["open_original"]


def open_original(
    path: Path, sidecar: Path | None, photo: Photo, without: frozenset[Field]
) -> Original:
    """The file at `path`, if it still is the one of `photo`; its bytes do not tell `without`.

    Raises Stale, Rejected if the bytes cannot be freed of these fields, OSError.
    """
    stream = path.open("rb")
    try:
        stamp = Stamp.of(os.fstat(stream.fileno()))
        if photo.version and photo.version.split(":")[:2] != str(stamp).split(":"):
            raise Stale(f"{path} has changed since it was looked at: run again")
        if _tells(path, sidecar, without):
            stream.close()
            return _freed(path, sidecar, without)
        return Original(stream, stamp.size, sidecar.read_bytes() if sidecar else None)
    except BaseException:
        stream.close()
        raise


def _tells(path: Path, sidecar: Path | None, fields: frozenset[Field]) -> bool:
    """Whether the file, or its sidecar, says anything of `fields`, even if the other hides it."""
    if not fields:
        return False
    return any(_says(files.read(path, beside), fields) for beside in {None, sidecar})


def _says(metadata: Metadata, fields: frozenset[Field]) -> bool:
    return metadata != metadata.but(NOTHING_SAID, fields)


def _freed(path: Path, sidecar: Path | None, fields: frozenset[Field]) -> Original:
    """A copy that says nothing of `fields`. It has no name any more: it goes when it is closed."""
    with tempfile.TemporaryDirectory(prefix="img-sync-") as folder:
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        beside = Path(folder, sidecar.name) if sidecar else None
        if sidecar and beside:
            shutil.copyfile(sidecar, beside)
        files.write(copy, beside, NOTHING_SAID, fields)
        if _tells(copy, beside, fields):
            names = ", ".join(sorted(fields))
            raise Rejected(f"{path} cannot be sent without its {names}: its format is not written")
        stream = copy.open("rb")
        size = copy.stat().st_size
        return Original(stream, size, beside.read_bytes() if beside else None)
