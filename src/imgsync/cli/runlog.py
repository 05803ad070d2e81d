"""The log of a run: what was done, and what went to the trash."""

from __future__ import annotations

import errno
import os
import shlex
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TextIO

from ..events import Done, Event, Failed, below
from ..wording import why
from .words import Ends, line, visible

__all__ = ["KEPT", "RunLog", "folder"]

# How many logs are kept.
KEPT = 100


def folder() -> Path:
    """Where the logs are: the folder of this program in the XDG state folder.

    Raises OSError if nobody knows where that is.
    """
    from platformdirs import user_state_path

    try:
        home = user_state_path("img-sync", appauthor=False)
    except RuntimeError:
        home = Path()
    if not home.is_absolute():
        raise FileNotFoundError(errno.ENOENT, "there is no home folder: set XDG_STATE_HOME")
    return home / "log"


class RunLog:
    """A file of lines with their times, begun with the first thing that was done.

    A log that cannot be written is told once, by `warn`, and is no reason to stop.
    """

    def __init__(self, arguments: Sequence[str], warn: Callable[[str], None]) -> None:
        self.path: Path | None = None
        self._arguments = arguments
        self._warn = warn
        self._lock = Lock()
        self._file: TextIO | None = None
        self._broken = False
        self._ends = Ends("", "")
        self._folder = ""

    def look(self, ends: Ends, folder: str = "") -> None:
        """What follows is about a run between these two sides; albums are told below `folder`."""
        self._ends, self._folder = ends, folder

    def tell(self, event: Event) -> None:
        """Listens to a run."""
        match below(self._folder, event):
            case Done(action, side):
                self.write(f"done    {line(action, side, self._ends)}")
            case Failed(side, _, _, reason, action) if action is not None:
                self.write(f"failed  {line(action, side, self._ends)}  {visible(reason)}")

    def tell_trash(self, path: str, now: str) -> None:
        """A file went to the trash; `now` says where it is."""
        self.write(f"trash   {visible(path)} -> {visible(now)}")

    def write(self, text: str) -> None:
        """Adds a line, and begins the log if there is none yet."""
        with self._lock:
            try:
                if self._file is None and not self._broken:
                    self._begin()
                if self._file is not None:
                    self._file.write(f"{_now()}  {text}\n")
                    self._file.flush()
            except OSError as error:
                self._give_up(error)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _begin(self) -> None:
        home = folder()
        home.mkdir(parents=True, exist_ok=True)
        self.path = home / f"{time.strftime('%Y-%m-%dT%H-%M-%S')}-{os.getpid()}.log"
        self._file = self.path.open("a", encoding="utf-8", errors="backslashreplace")
        line = f"img-sync {shlex.join(self._arguments)}  (in {_current_folder()})"
        self._file.write(f"{_now()}  {visible(line)}\n")
        for old in sorted(home.glob("*.log"))[:-KEPT]:
            old.unlink(missing_ok=True)

    def _give_up(self, error: OSError) -> None:
        self._broken = True
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
        place = error.filename or self.path
        self._warn(": ".join(filter(None, ["no log is written", str(place or ""), why(error)])))


def _current_folder() -> str:
    """To which the command line's paths are relative."""
    try:
        return os.getcwd()  # noqa: PTH109 - as the command line, it is text
    except OSError:
        return "a folder that is gone"


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S%z")
