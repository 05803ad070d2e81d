"""Where the folders are that digiKam's collections stand in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from .database import Database

__all__ = ["Machine", "Root", "roots"]


class Machine(NamedTuple):
    """Where a machine tells of its volumes."""

    mounts: Path = Path("/proc/self/mountinfo")
    by_uuid: Path = Path("/dev/disk/by-uuid")
    by_label: Path = Path("/dev/disk/by-label")


class Root(NamedTuple):
    """A collection: its row in AlbumRoots, and its folder, free of links."""

    id: int
    folder: Path


def roots(database: Database, machine: Machine | None = None) -> list[Root]:
    """The collections whose folders can be found here, the innermost first."""
    found = []
    for id, identifier, inside in database.rows(
        "SELECT id, identifier, specificPath FROM AlbumRoots"
    ):
        base = _base(str(identifier or ""), machine or Machine())
        if base is not None:
            folder = os.path.realpath(base / str(inside or "").lstrip("/"))
            found.append(Root(id, Path(folder)))
    return sorted(found, key=lambda root: len(root.folder.parts), reverse=True)


def _base(identifier: str, machine: Machine) -> Path | None:
    """The folder that `specificPath` is relative to; None if it is not to be found."""
    scheme, _, query = identifier.partition(":?")
    said: dict[str, list[str]] = {}
    for part in query.split("&"):
        key, _, value = part.partition("=")
        said.setdefault(key, []).append(os.fsdecode(unquote_to_bytes(os.fsencode(value))))
    mount_paths = (Path(path) for path in said.get("mountpath", ()))
    if scheme == "networkshareid":
        return next((path for path in mount_paths if path.is_dir()), None)
    if scheme != "volumeid":
        return None
    if "path" in said:
        return Path(said["path"][0])
    if "uuid" in said:
        return _mounted(machine, _named(machine.by_uuid, said["uuid"][0].lower()))
    if "label" in said:
        return _mounted(machine, _named(machine.by_label, said["label"][0]))
    return next(mount_paths, None)


def _named(folder: Path, name: str) -> str:
    """The device that a link in `folder` names; case does not count for uuids."""
    with suppress(OSError):
        for link in folder.iterdir():
            if name in (_unescaped(link.name, "x"), link.name.lower()):
                return os.path.realpath(link)
    return ""


def _mounted(machine: Machine, device: str) -> Path | None:
    """Where a device is mounted, the first place that shows all of it."""
    places = [(inside, where) for source, inside, where in _mounts(machine) if source == device]
    places.sort(key=lambda place: place[0] != "/")
    return Path(places[0][1]) if device and places else None


def _mounts(machine: Machine) -> Iterator[tuple[str, str, str]]:
    """Devices, the folder of each that is mounted, and where; see proc(5)."""
    try:
        text = machine.mounts.read_text(errors="surrogateescape")
    except OSError:
        return
    for line in text.splitlines():
        head, _, tail = line.partition(" - ")
        fields, more = head.split(" "), tail.split(" ")
        if len(fields) > 4 and len(more) > 1:
            source = _unescaped(more[1], "")
            yield os.path.realpath(source), _unescaped(fields[3], ""), _unescaped(fields[4], "")


def _unescaped(text: str, letter: str) -> str:
    r"""With `\040` (or, after `letter` x, `\x20`) as the characters they stand for."""
    parts = text.split("\\" + letter)
    width, base = (2, 16) if letter else (3, 8)
    data = os.fsencode(parts[0])
    for part in parts[1:]:
        data += bytes([int(part[:width], base) & 0xFF]) + os.fsencode(part[width:])
    return os.fsdecode(data)
