"""How files get their names in a tree: made in a hidden room, never over another, never half."""

from __future__ import annotations

import errno
import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ... import disk
from ...errors import Rejected
from .names import folded
from .nearby import noted
from .tree import names_in

__all__ = ["carry", "double", "is_one_name", "room", "settle", "supplant", "sweep"]


@contextmanager
def room(folder: Path) -> Iterator[Path]:
    """A hidden folder in `folder`, in which files have their own names while they are made.

    It goes with all that is still in it; `sweep` removes those of killed processes.
    """
    place = folder / (disk.TEMPORARY + secrets.token_hex(8))
    place.mkdir(mode=0o700)
    try:
        with disk.temporary(place):  # is locked while we live: see `sweep`
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Removes what killed processes left half made in `folder`. What cannot be removed stays."""
    disk.sweep(folder)
    with suppress(OSError), os.scandir(folder) as entries:
        rooms = [e.path for e in entries if e.name.startswith(disk.TEMPORARY) and _is_folder(e)]
        for place in map(Path, rooms):
            disk.sweep(place)
            if not any(name.startswith(disk.TEMPORARY) for name in names_in(place)):
                shutil.rmtree(place, ignore_errors=True)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def settle(path: Path, final: Path) -> None:
    """Gives the file at `path` the name `final` on the same disk; durable on return.

    Raises FileExistsError where something is there: nothing is overwritten. A crash may leave
    the file under both names, never under none.
    """
    with path.open("rb") as stream:
        disk.Temporary(path, stream).place(final)
    noted(final)


def supplant(path: Path, final: Path) -> None:
    """Gives the file at `path` the name `final` in place of what is there, and its permissions."""
    with path.open("rb") as stream:
        new = disk.Temporary(path, stream)
        with suppress(FileNotFoundError):
            new.resemble(final)
        new.replace(final)
    noted(final)


def carry(path: Path, final: Path) -> None:
    """`settle`, also to another disk: the copy is compared before the file goes."""
    if is_one_name(path, final):
        path.rename(final)
        noted(final)
        return
    try:
        settle(path, final)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with room(final.parent) as place:
            copy = place / final.name
            shutil.copy2(path, copy)
            if not filecmp.cmp(path, copy, shallow=False):
                raise Rejected(f"{path} was not copied faithfully to {final.parent}") from None
            settle(copy, final)
        path.unlink()


def is_one_name(path: Path, other: Path) -> bool:
    """Whether two paths are spellings of one name for the file system, which may know no case.

    Two names of one file are two. The folder's listing tells: a disk that numbers files by the
    names they are asked for (exFAT by FUSE) shows two numbers for one file.
    """
    if path == other:
        return True
    alike = path.parent == other.parent and folded(path.name) == folded(other.name)
    if not alike or not other.exists():
        return False
    return not {path.name, other.name}.issubset(names_in(path.parent))


def double(path: Path, copy: Path) -> None:
    """Gives the file's bytes a second name; without copying them where there are hard links."""
    try:
        copy.hardlink_to(path)
    except OSError:
        shutil.copy2(path, copy)
        with copy.open("rb") as stream:
            disk.sync(stream.fileno())
