"""The names in a folder that are like another, without a look at all of them for every photo.

A folder of ten thousand photos takes milliseconds to list. Done for each photo that comes in, that
would soon be all that a run does.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ...metadata import sidecars
from .names import beginning, folded
from .tree import names_in

__all__ = ["names_near", "noted"]

# Folders with fewer names are listed at each call.
_MANY = 50
# A list of a larger one is good for so many times as long as it took: listing is a small share of
# all that is done, and what other programs add is seen soon.
_WORTH = 20
_MOST_FOLDERS = 16

# Path, device and inode: one path may lead to another folder soon, and some disks number nothing.
_Place = tuple[Path, int, int]


class _Listed(NamedTuple):
    """The names of a folder by their folded beginnings; good until the monotonic clock says so."""

    until: float
    names: dict[str, set[str]]


_listed: dict[_Place, _Listed] = {}
_lock = Lock()


def names_near(folder: Path, name: str) -> list[str]:
    """The names in a folder that begin as a photo's `name` does, in whatever case and spelling.

    The photo's own name and the usual ones of its sidecars are among them as soon as they are
    there, and so is what `noted` was told. None is given that is gone. Others that came in the
    last moment may be missing from a large folder. Raises OSError.
    """
    place = _place_of(folder)
    with _lock:
        listed = _listed.get(place)
        if listed is None or listed.until < time.monotonic():
            listed = _list(folder, place)
        near = set(listed.names.get(_key(name), ()))
    near |= {name, sidecars.name_for(name), sidecars.name_for(name.rpartition(".")[0])}
    return [other for other in sorted(near) if os.path.lexists(folder / other)]


def noted(path: Path) -> None:
    """A file has just got this name."""
    with _lock:
        listed = _listed.get(_place_of(path.parent))
        if listed is not None:
            listed.names.setdefault(_key(path.name), set()).add(path.name)


def _list(folder: Path, place: _Place) -> _Listed:
    before = time.monotonic()
    found = names_in(folder)
    names: dict[str, set[str]] = {}
    for name in found:
        names.setdefault(_key(name), set()).add(name)
    after = time.monotonic()
    listed = _Listed(after + _WORTH * (after - before), names)
    _listed.pop(place, None)
    if len(found) >= _MANY:
        _listed[place] = listed
        while len(_listed) > _MOST_FOLDERS:
            del _listed[next(iter(_listed))]
    return listed


def _place_of(folder: Path) -> _Place:
    status = folder.stat()
    return folder, status.st_dev, status.st_ino


def _key(name: str) -> str:
    return folded(beginning(name))
