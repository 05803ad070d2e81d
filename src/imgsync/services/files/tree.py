"""What is in a tree of folders: one look at each, kept small and fast."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ...metadata import formats, sidecars
from ...model import fingerprint
from ...service import Unread
from ...wording import why
from .names import is_skipped, sidecar_form

__all__ = [
    "STATE",
    "Entry",
    "Listing",
    "Stamp",
    "is_inside",
    "is_new",
    "list_folder",
    "names_in",
]

STATE = ".img-sync.db"  # a folder that holds it is an album
_PHOTO, _SIDECAR = "photo", "sidecar"


class Stamp(NamedTuple):
    """What a file looks like from outside: bytes, and nanoseconds when it was last changed."""

    size: int
    changed: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_size, status.st_mtime_ns)

    def __str__(self) -> str:
        return f"{self.size}:{self.changed}"


class Entry(NamedTuple):
    """A photo in a folder, with the sidecars that belong to it; stamps as text.

    The first sidecar speaks for the photo, and `sidecar_stamp` is that one's.
    """

    name: str
    stamp: str
    sidecars: tuple[str, ...] = ()
    sidecar_stamp: str = ""

    @property
    def sidecar(self) -> str:
        """The one that speaks for the photo; "" if there is none."""
        return self.sidecars[0] if self.sidecars else ""

    @property
    def version(self) -> str:
        """The photo's stamp, then ":form:stamp" of the sidecar that speaks for it."""
        if not self.sidecar:
            return self.stamp
        return f"{self.stamp}:{sidecar_form(self.sidecar, self.name)}:{self.sidecar_stamp}"


class Listing:
    """The photos, sidecars and folders in one folder.

    `photos` and `sidecars` are stamps by name; `unread` tells why some have none; `links` are
    folders that stand elsewhere.
    """

    __slots__ = ("folders", "has_state", "links", "photos", "sidecars", "unread")

    def __init__(self) -> None:
        self.photos: dict[str, str] = {}
        self.sidecars: dict[str, str] = {}
        self.unread: dict[str, str] = {}
        self.folders: list[str] = []
        self.links: list[str] = []
        self.has_state = False

    @property
    def is_album(self) -> bool:
        """Whether there is a photo, or img-sync's memory of some."""
        return self.has_state or bool(self.photos or self.unread)

    def entries(self) -> Iterator[Entry | Unread]:
        """The photos, by name."""
        owners = sidecars.owners([*self.photos, *self.sidecars, *self.unread])
        for name, own in sorted(owners.items()):
            trouble = self.unread.get(name) or (own and self.unread.get(own[0]))
            if trouble:
                yield Unread(name, name, f"cannot be looked at: {trouble}")
            elif own:
                yield Entry(name, self.photos[name], own, self.sidecars[own[0]])
            else:
                yield Entry(name, self.photos[name])

    def fingerprint(self) -> str:
        """`model.fingerprint` of the photos; "" if one of them cannot be looked at."""
        if self.unread:
            return ""
        if not self.sidecars:  # then stamps are versions
            return fingerprint(self.photos.items())
        found = self.entries()
        return fingerprint((each.name, each.version) for each in found if isinstance(each, Entry))


def list_folder(folder: str, top: str) -> Listing:
    """One look at a folder of the tree at `top`. Raises OSError if it cannot be read."""
    listing = Listing()
    photos, others = listing.photos, listing.sidecars
    # Through a descriptor each look at a file is cheaper than by its whole path. The loop runs
    # once for every file at every run of img-sync: it is the price of a run without news.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                name = entry.name
                kind = _kind(name[name.rfind(".") :])
                if kind and name[0] != "." and entry.is_file(follow_symlinks=False):
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError as error:
                        listing.unread[name] = why(error)
                        continue
                    stamps = photos if kind is _PHOTO else others
                    stamps[name] = f"{status.st_size}:{status.st_mtime_ns}"
                elif not is_skipped(name):
                    _add_other(listing, entry, folder, top)
                elif name == STATE:
                    listing.has_state = True
    finally:
        os.close(descriptor)
    listing.folders.sort()
    listing.links.sort()
    return listing


@lru_cache(maxsize=1024)
def _kind(suffix: str) -> str:
    """What files with that suffix are; "" for none of ours."""
    name = "a" + suffix
    return _PHOTO if formats.is_photo(name) else _SIDECAR if sidecars.is_sidecar(name) else ""


def _add_other(listing: Listing, entry: os.DirEntry[str], folder: str, top: str) -> None:
    """A folder, or a link, which counts as what it leads to if that stands in the tree."""
    name = entry.name
    if entry.is_dir(follow_symlinks=False):
        listing.folders.append(name)
    elif entry.is_symlink():
        try:
            target = Path(folder, name).resolve(strict=True)
            status = target.stat()
        except (OSError, RuntimeError):  # RuntimeError: Python 3.11 and 3.12 say so of loops
            return
        if not is_inside(str(target), top):
            return
        if stat.S_ISDIR(status.st_mode):
            listing.links.append(name)
        elif stat.S_ISREG(status.st_mode):
            stamps = {_PHOTO: listing.photos, _SIDECAR: listing.sidecars}
            stamps.get(_kind(Path(name).suffix), {})[name] = str(Stamp.of(status))


def names_in(folder: Path) -> list[str]:
    """All names in a folder. Raises OSError."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def is_inside(place: str, top: str) -> bool:
    """Whether a path is `top` or below it; both absolute and free of links."""
    return os.path.commonpath([place, top]) == top


def is_new(folder: str, top: str, seen: set[str]) -> bool:
    """Whether a folder that was come to through a link is neither shown elsewhere nor `seen`."""
    place = os.path.realpath(folder)
    levels = os.path.relpath(place, top).split("/")
    if place in seen or place == top or not any(map(is_skipped, levels)):
        return False
    seen.add(place)
    return True
