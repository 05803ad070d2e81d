"""Where photos go that are deleted or replaced: the desktop's trash, or a folder of one's own."""

from __future__ import annotations

import glob
import os
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from ... import disk
from ...errors import Rejected, UsageError
from ...wording import why
from .names import numbered

__all__ = ["Trash", "trash_at"]

_WAY_OUT = "set trash = FOLDER in the configuration"


class Trash(Protocol):
    """`missing` says why nothing can be put into it, "" if all is well.

    `inside` is its path relative to the tree's top if it stands in the tree, else "".
    """

    missing: str
    inside: str

    def put(self, path: Path, shown_as: str) -> str:
        """Takes the file at `path`, known to people as `shown_as` (its path in the tree).

        Gives back where it went, for people. Raises Rejected, and leaves the file, if it cannot.
        """
        ...


def trash_at(place: str | Path, top: Path) -> Trash:
    """The trash for the tree at `top`: the desktop's ("auto"), or a folder.

    Raises UsageError if that folder is the tree, or the tree is in it.
    """
    if place == "auto":
        return _DesktopTrash(top)
    folder = Path(os.path.realpath(place))
    if top.is_relative_to(folder):
        raise UsageError(f"trash = {place}: {top} cannot be in its own trash")
    return _FolderTrash(folder, top)


class _DesktopTrash:
    """The trash that file managers show, for files in the tree at `top`."""

    inside = ""

    def __init__(self, top: Path) -> None:
        self._top = top
        self.missing = _why_no_trash(top)

    def put(self, path: Path, shown_as: str) -> str:
        # Imported late: it looks for a desktop, and few runs delete anything.
        from send2trash import send2trash

        try:
            send2trash(os.fspath(path))
        except OSError as error:
            raise Rejected(f"cannot be moved to a trash here ({why(error)}): {_WAY_OUT}") from error
        if path != self._top / shown_as:
            with suppress(OSError):  # a comfort: the file is safe
                _tell_origin(path, self._top / shown_as)
        return "the trash"


class _FolderTrash:
    """A folder that keeps what was deleted on a day under its path in the tree."""

    missing = ""

    def __init__(self, folder: Path, top: Path) -> None:
        self._folder = folder
        self.inside = os.path.relpath(folder, top) if folder.is_relative_to(top) else ""

    def put(self, path: Path, shown_as: str) -> str:
        from .placing import carry  # late: few runs delete anything

        kept = self._folder / date.today().isoformat() / shown_as
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            for name in numbered(kept.name):
                try:
                    carry(path, kept.with_name(name))
                except FileExistsError:
                    continue
                return str(kept.with_name(name))
        except OSError as error:
            raise Rejected(f"cannot be moved to the trash {self._folder}: {why(error)}") from error
        raise AssertionError("numbered names do not end")


def _why_no_trash(top: Path) -> str:
    """Why the desktop's trash cannot take files from there; "" if it can.

    The rules are those of the freedesktop.org trash specification 1.0: the home trash for files
    on its disk, else a folder at the top of the disk.
    """
    if sys.platform == "darwin":
        return ""
    home = _home()
    place = _nearest(top)
    if _exists(home) and home.stat().st_dev == place.stat().st_dev:
        nearest = _nearest(_home_trash())
        return "" if os.access(nearest, os.W_OK) else f"{nearest} cannot be written: {_WAY_OUT}"
    mount = _mount(place)
    shared, own = _mount_trashes(mount)
    if any(os.access(folder, os.W_OK) for folder in (shared, own if _exists(own) else mount)):
        return ""
    return f"there is no trash for {top}: {_WAY_OUT}"


def _home() -> Path:
    return Path(os.path.realpath(os.path.expanduser("~")))  # noqa: PTH111 - does not raise


def _home_trash() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or _home() / ".local" / "share") / "Trash"


def _mount(place: Path) -> Path:
    """The top of the disk that a folder is on."""
    while not place.is_mount():
        place = place.parent
    return place


def _mount_trashes(mount: Path) -> tuple[Path, Path]:
    """The trashes of a disk: everybody's, in which each has a folder, and one's own."""
    return mount / ".Trash", mount / f".Trash-{os.getuid()}"


def _tell_origin(path: Path, known_as: Path) -> None:
    """Makes the desktop's trash say of a file that it was at `known_as` when it was put there.

    So a file manager restores it to that place: a second name in a hidden folder, which is what
    it had at last, is none for a person. Raises OSError.
    """
    shared, own = _mount_trashes(_mount(_nearest(known_as.parent)))
    hidden = quote(os.fsencode(os.path.relpath(path.parent, known_as.parent))) + "/"
    for trash in (_home_trash(), shared / str(os.getuid()), own):
        for info in (trash / "info").glob(f"{glob.escape(path.stem)}*.trashinfo"):
            said = info.read_bytes()
            if hidden.encode() in said:
                disk.write_file(info, said.replace(hidden.encode(), b"", 1))


def _nearest(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    path = path.absolute()
    while not _exists(path):
        path = path.parent
    return path


def _exists(path: Path) -> bool:
    """Whether there surely is something: not where a folder above may not be looked into."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises there
