"""Whether digiKam is running: nothing may be written to its database then."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["holders", "processes", "services"]

_PROC = Path("/proc")
_NAME = "digikam"
_BUS_NAME = "org.kde.digikam-"
_SECONDS = 5


def processes(proc: Path = _PROC) -> Iterator[str]:
    """Processes called digikam."""
    if not proc.is_dir():
        if b"digikam" in _said("ps", "-A", "-o", "comm="):
            yield "a process digikam"
        return
    for folder in _processes(proc):
        with suppress(OSError):
            if (folder / "comm").read_text(errors="replace").strip() == _NAME:
                yield f"process {folder.name}"


def services() -> Iterator[str]:
    """digiKam's names on the session's D-Bus."""
    if not _has_bus():
        return
    answer = _said(
        "dbus-send",
        "--session",
        "--print-reply",
        "--dest=org.freedesktop.DBus",
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus.ListNames",
    ) or _said("busctl", "--user", "--no-pager", "list")
    for word in answer.decode(errors="replace").replace('"', " ").split():
        if word.startswith(_BUS_NAME):
            yield f"process {word.removeprefix(_BUS_NAME)}"


def holders(path: Path, proc: Path = _PROC) -> Iterator[str]:
    """Other processes that have the file open, as far as they let themselves be looked at."""
    try:
        wanted = path.stat()
    except OSError:
        return
    for folder in _processes(proc):
        if folder.name != str(os.getpid()) and _holds(folder / "fd", wanted):
            yield f"process {folder.name}"


def _processes(proc: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (folder for folder in proc.iterdir() if folder.name.isdecimal())


def _holds(descriptors: Path, wanted: os.stat_result) -> bool:
    with suppress(OSError), os.scandir(descriptors) as entries:
        for entry in entries:
            with suppress(OSError):
                if os.path.samestat(entry.stat(), wanted):
                    return True
    return False


def _has_bus() -> bool:
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return "DBUS_SESSION_BUS_ADDRESS" in os.environ or bool(folder and Path(folder, "bus").exists())


def _said(*command: str) -> bytes:
    """What a program prints; nothing where there is no such program."""
    if shutil.which(command[0]) is None:
        return b""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout
