"""What is in a tree of folders: one look at each, kept small and fast."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from array import array
from collections.abc import Iterator
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from ...metadata import formats
from ...service import Unread
from .names import is_skipped

__all__ = [
    "STATE",
    "Listing",
    "Stamp",
    "is_inside",
    "list_folder",
    "version",
    "walk",
    "why",
    "young",
]

STATE = ".img-sync.db"  # a folder that holds it is an album

# The coarsest clock of a file system in use: FAT's, in nanoseconds. Within one tick of it a file
# can change and still look the same.
_GRAIN = 2_000_000_000

_by_name = attrgetter("name")


class Stamp(NamedTuple):
    """Size in bytes, and time of the last change in nanoseconds: what a file looks like outside."""

    size: int
    changed: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_size, status.st_mtime_ns)

    def __str__(self) -> str:
        return f"{self.size}:{self.changed}"


def young(changed: int, now: int) -> bool:
    """Whether a file that changed then can change again unseen; both in nanoseconds."""
    return changed > now - _GRAIN


def version(photo: str, stamp: Stamp, sidecar: str | None, sidecar_stamp: Stamp | None) -> str:
    """The version of the photo of that name: "size:mtime", then ":suffix:size:mtime" of a sidecar.

    The suffix is the sidecar's name after the photo's: "+.xmp" for a.jpg.xmp, ".xmp" for a.xmp.
    """
    if sidecar is None or sidecar_stamp is None:
        return str(stamp)
    if sidecar.startswith(photo):
        suffix = "+" + sidecar[len(photo) :]
    else:
        suffix = sidecar[len(os.path.splitext(photo)[0]) :]
    return f"{stamp}:{suffix}:{sidecar_stamp}"


class Listing:
    """The photos, sidecars and folders in one folder, sorted by name.

    `names` and `numbers` (size and time of change, in turn) belong together; `unread` tells what
    has a photo's name and could not be looked at; `links` are folders that stand elsewhere.
    """

    __slots__ = ("folders", "has_state", "links", "names", "now", "numbers", "unread")

    def __init__(self) -> None:
        self.now = time.time_ns()
        self.names: list[str] = []
        self.numbers: list[int] = []
        self.folders: list[str] = []
        self.links: list[str] = []
        self.unread: dict[str, str] = {}
        self.has_state = False

    @property
    def is_album(self) -> bool:
        return self.has_state or bool(self.unread) or any(map(formats.is_photo, self.names))

    def stamps(self) -> dict[str, Stamp]:
        """What each photo and sidecar looks like, by name."""
        numbers = iter(self.numbers)
        return dict(zip(self.names, map(Stamp, numbers, numbers), strict=True))

    def fingerprint(self) -> str:
        """The same while nothing here changes; "" if a change could be missed."""
        if self.unread or young(max(self.numbers[1::2], default=0), self.now):
            return ""
        texts = ("\0".join(self.names), "\0".join(self.folders), "\0".join(self.links))
        digest = hashlib.blake2b("\0\0".join(texts).encode("utf-8", "surrogateescape"))
        digest.update(_packed(self.numbers))
        return digest.hexdigest()[:32]


def _packed(numbers: list[int]) -> bytes:
    try:
        return array("q", numbers).tobytes()
    except OverflowError:  # a time of change after 2262
        return repr(numbers).encode()


@lru_cache(maxsize=1024)
def _counts(suffix: str) -> bool:
    """Whether files with that suffix are listed: photos, videos and sidecars."""
    return suffix.lower() == ".xmp" or formats.is_photo("a" + suffix)


def list_folder(folder: str, top: str) -> Listing:
    """One look at a folder of the tree at `top`. Raises OSError if it cannot be read."""
    listing = Listing()
    add_name, add_number = listing.names.append, listing.numbers.append
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Through the descriptor each look at a file is cheaper than by its whole path. This loop
        # runs once for every file at every run.
        with os.scandir(descriptor) as entries:
            for entry in sorted(entries, key=_by_name):
                name = entry.name
                if (
                    _counts(name[name.rfind(".") :])
                    and name[0] != "."
                    and entry.is_file(follow_symlinks=False)
                ):
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError as error:
                        listing.unread[name] = why(error)
                        continue
                    add_name(name)
                    add_number(status.st_size)
                    add_number(status.st_mtime_ns)
                elif name == STATE:
                    listing.has_state = True
                elif is_skipped(name):
                    pass
                elif entry.is_dir(follow_symlinks=False):
                    listing.folders.append(name)
                elif entry.is_symlink():
                    _add_link(listing, folder, name, top)
    finally:
        os.close(descriptor)
    return listing


def _add_link(listing: Listing, folder: str, name: str, top: str) -> None:
    """A symbolic link counts as what it leads to, if that stands in the tree."""
    try:
        target = os.path.realpath(f"{folder}/{name}", strict=True)
        status = os.stat(target)
    except OSError:
        return
    if not is_inside(target, top):
        return
    if stat.S_ISDIR(status.st_mode):
        listing.links.append(name)
    elif stat.S_ISREG(status.st_mode) and _counts(os.path.splitext(name)[1]):
        listing.names.append(name)
        listing.numbers += Stamp.of(status)


def why(error: OSError) -> str:
    """What the system says, in its words."""
    return error.strerror or str(error)


def is_inside(place: str, top: str) -> bool:
    """Whether a path is `top` or below it; both absolute and free of links."""
    return os.path.commonpath([place, top]) == top


def walk(top: str, passed_over: str = "") -> Iterator[tuple[str, Listing] | Unread]:
    """Looks at `top` and all folders below it, a folder before those in it, in order of names.

    Gives each folder's path relative to `top`. `passed_over` is the path of one that is left out.
    No folder is come to twice: a link is followed only to what is not shown under its own name.
    """
    seen: set[str] = set()
    waiting = [("", False)]
    while waiting:
        path, linked = waiting.pop()
        folder = os.path.join(top, path)
        if linked and not _is_new(folder, top, seen):
            continue
        try:
            listing = list_folder(folder, top)
        except OSError as error:
            yield Unread(path, path, f"cannot be read: {why(error)}; nothing in it is touched")
            continue
        yield path, listing
        below = [(name, linked) for name in listing.folders]
        below += [(name, True) for name in listing.links]
        for name, through_link in sorted(below, reverse=True):
            child = f"{path}/{name}" if path else name
            if child != passed_over:
                waiting.append((child, through_link))


def _is_new(folder: str, top: str, seen: set[str]) -> bool:
    """Whether a folder that was come to through a link is neither shown elsewhere nor `seen`."""
    place = os.path.realpath(folder)
    levels = os.path.relpath(place, top).split("/")
    if place in seen or place == top or not any(map(is_skipped, levels)):
        return False
    seen.add(place)
    return True
