"""Photos that stand elsewhere than digiKam believes, and that it will know again."""

from __future__ import annotations

import os
from pathlib import Path

from . import rows
from .database import Database
from .places import Places
from .rows import Row
from .stamps import unique_hash

__all__ = ["Strays"]


class Strays:
    """Finds the rows of photos that another program has moved, or brought back.

    digiKam knows a file by its size and hash, and where it finds it next, the photo gets all that
    was said of it.
    """

    def __init__(self, database: Database, places: Places) -> None:
        self._database = database
        self._places = places
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

    def _is_lost(self, row: Row) -> bool:
        """Whether there is surely no file where the photo is believed to be."""
        if row.album is None:
            return True
        folder = self._places.folder(self._database, row.album)
        return folder is not None and not os.path.lexists(folder / row.name)
