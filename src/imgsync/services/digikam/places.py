"""Where albums and photos stand: folders of this machine, and rows of a database."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from . import rows
from .database import Change, Database
from .roots import Root
from .rows import Row

__all__ = ["Places"]

_THERE, _REMOVED = 1, 3  # the status of a photo that is shown, and of one that is gone


class Places:
    """Finds by folder what is in the collections `roots`, and lets it stand elsewhere.

    There is no place for what is in none of them, nor for a name that is not UTF-8.
    """

    def __init__(self, roots: Sequence[Root]) -> None:
        self._roots = roots

    def of(self, folder: Path) -> tuple[Root, str] | None:
        """The collection that a folder is in, and its path there as the database has it."""
        for root in self._roots:
            if folder.is_relative_to(root.folder) and _is_text(str(folder)):
                inside = os.path.relpath(folder, root.folder)
                return root, "/" if inside == "." else f"/{inside}"
        return None

    def album(self, source: Database | Change, folder: Path) -> int | None:
        """The id of the album that a folder is, None where there is none."""
        place = self.of(folder)
        if place is None:
            return None
        root, path = place
        sql = "SELECT id FROM Albums WHERE albumRoot = ? AND relativePath = ?"
        found = source.rows(sql, root.id, path)
        return int(found[0][0]) if found else None

    def folder(self, source: Database | Change, album: int) -> Path | None:
        """The folder that an album is; None for one on no disk of here."""
        folders = {root.id: root.folder for root in self._roots}
        sql = "SELECT albumRoot, relativePath FROM Albums WHERE id = ?"
        for root, path in source.rows(sql, album):
            if root in folders:
                return folders[root] / str(path).lstrip("/")
        return None

    def photo(self, source: Database | Change, folder: Path, name: str) -> Row | None:
        """The photo of that name in a folder, if it is shown there."""
        album = self.album(source, folder)
        return rows.photo(source, album, name) if album is not None and _is_text(name) else None

    def is_taken(self, source: Database | Change, folder: Path, name: str) -> bool:
        """Whether there can be no other photo of that name in a folder, shown or not."""
        if self.of(folder) is None or not _is_text(name):
            return True
        sql = "SELECT id FROM Images WHERE album = ? AND name = ?"
        album = self.album(source, folder)
        return album is not None and bool(source.rows(sql, album, name))

    def put(self, change: Change, photo: int, folder: Path, name: str) -> None:
        """Lets a photo stand in a folder; it stays where it is if there is no place for it."""
        album = self._made(change, folder) if _is_text(name) else None
        if album is not None:
            sql = "UPDATE Images SET album = ?, name = ?, status = ? WHERE id = ?"
            change.do(sql, album, name, _THERE, photo)

    def clear(self, change: Change, folder: Path, name: str) -> None:
        """Takes a photo out of its album: as digiKam itself does, its rows are kept for a while."""
        album = self.album(change, folder)
        if album is not None and _is_text(name):
            sql = "UPDATE Images SET status = ?, album = NULL WHERE album = ? AND name = ?"
            change.do(sql, _REMOVED, album, name)

    def move(self, change: Change, folder: Path, to: Path) -> None:
        """Lets an album, and all below it, stand at another path, which no other folder has."""
        old, new = self.of(folder), self.of(to)
        if old is None or new is None or old == new:
            return
        below = _below(change, *old)
        for id, _ in _below(change, *new):
            sql = "UPDATE Images SET status = ?, album = NULL WHERE album = ?"
            change.do(sql, _REMOVED, id)
            change.do("DELETE FROM Albums WHERE id = ?", id)
        self._made(change, to.parent)
        for id, path in below:
            sql = "UPDATE Albums SET albumRoot = ?, relativePath = ? WHERE id = ?"
            change.do(sql, new[0].id, new[1] + path[len(old[1]) :], id)

    def _made(self, change: Change, folder: Path) -> int | None:
        """The album of a folder, made with those above it; None where there is no place for it."""
        place, album = self.of(folder), self.album(change, folder)
        if place is None or album is not None:
            return album
        root, path = place
        if path != "/":
            self._made(change, folder.parent)
        sql = "INSERT INTO Albums (albumRoot, relativePath, date) VALUES (?, ?, ?)"
        return change.do(sql, root.id, path, time.strftime("%Y-%m-%d"))


def _below(change: Change, root: Root, path: str) -> list[tuple[int, str]]:
    """An album and those below it: ids and paths."""
    found = change.rows("SELECT id, relativePath FROM Albums WHERE albumRoot = ?", root.id)
    return [(id, p) for id, p in found if p == path or p.startswith(f"{path}/")]


def _is_text(name: str) -> bool:
    """Whether a name is UTF-8: no other can be in the database."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
