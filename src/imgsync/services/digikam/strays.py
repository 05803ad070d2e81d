"""Photos that stand elsewhere than digiKam believes, and that it will know again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from . import rows
from .database import Database
from .roots import Root
from .rows import Row
from .stamps import unique_hash

__all__ = ["Strays"]


class Strays:
    """Finds the rows of photos that another program has moved, or brought back.

    digiKam knows a file by its size and hash, and where it finds it next, the photo gets all that
    was said of it.
    """

    def __init__(self, database: Database, roots: Sequence[Root]) -> None:
        self._database = database
        self._places = {root.id: root.folder for root in roots}
        self._sizes: frozenset[int] | None = None
        self._hashes = ""

    def row(self, path: Path) -> Row | None:
        """What is kept of the file, if it no longer is where it was; not if this is a copy."""
        if self._sizes is None:
            self._sizes = rows.sizes(self._database)
            self._hashes = self._database.setting("uniqueHashVersion")
        try:
            size = path.stat().st_size
            if size not in self._sizes:  # most new files need not be read
                return None
            hash = unique_hash(path, self._hashes)
        except OSError:  # whoever reads the photo tells
            return None
        return next(filter(self._is_lost, rows.alike(self._database, size, hash)), None)

    def folder(self, row: Row) -> Path | None:
        """Where a photo is believed to be; None for one that is gone, or on no disk of here."""
        sql = "SELECT albumRoot, relativePath FROM Albums WHERE id = ?"
        for root, path in self._database.rows(sql, row.album):
            if root in self._places:
                return self._places[root] / str(path).lstrip("/")
        return None

    def _is_lost(self, row: Row) -> bool:
        """Whether there is surely no file where the photo is believed to be."""
        if row.album is None:
            return True
        folder = self.folder(row)
        return folder is not None and not os.path.lexists(folder / row.name)
