"""A digiKam database in a file of SQLite."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from ... import disk
from ...errors import Rejected, Unavailable
from .database import Change, Database
from .running import holders

__all__ = ["Sqlite"]

# digiKam itself gives up after ten seconds.
_PATIENCE = 10.0
# KiB: an album's rows are scattered over the tables.
_CACHE = 64 * 1024
_KEPT = 5
_BACKUP = ".img-sync-"


class Sqlite(Database):
    """The database in the file `path`, which is never made."""

    whole_seconds = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._is_changed = False
        self._connection = self._connect("ro")
        with self._told():
            self._connection.execute(f"PRAGMA cache_size = -{_CACHE}")

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._told():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def change(self) -> Iterator[Change]:
        with self._told(), closing(self._connect("rw")) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _Change(connection)
                connection.execute("COMMIT")
                self._is_changed = True
            except BaseException:
                connection.rollback()
                raise

    def users(self) -> Iterator[str]:
        return holders(self.path)

    def back_up(self) -> None:
        """Beside the database, under its name and the time; the last five are kept."""
        now = datetime.now().strftime("%Y-%m-%dT%H%M%S.%f")
        final = self.path.with_name(f"{self.path.name}{_BACKUP}{now}")
        with self._told(), disk.temporary(self.path.parent) as new:
            with closing(sqlite3.connect(new.path)) as copy:
                self._connection.backup(copy)
            new.resemble(self.path)
            new.replace(final)
            kept = sorted(self.path.parent.glob(f"{_globbed(self.path.name)}{_BACKUP}*"))
            for old in kept[:-_KEPT]:
                with suppress(FileNotFoundError):
                    old.unlink()

    def close(self) -> None:
        """Leaves all in the one file also where changes go into a log first (WAL).

        Who closes such a database last moves them over, if it may write.
        """
        self._connection.close()
        if self._is_changed:
            with suppress(Unavailable), self._told(), closing(self._connect("rw")) as last:
                last.execute("SELECT keyword FROM Settings").fetchone()

    def _connect(self, mode: str) -> sqlite3.Connection:
        with self._told():
            return sqlite3.connect(
                f"file:{quote_from_bytes(os.fsencode(self.path))}?mode={mode}",
                uri=True,
                timeout=_PATIENCE,
                isolation_level=None,
                check_same_thread=False,  # one thread at a time, as `connections` says
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise Rejected(f"{self.path} does not take this: {error}") from error
        except sqlite3.Error as error:
            raise Unavailable(f"{self.path} cannot be used: {error}") from error
        except OSError as error:
            why = error.strerror or str(error)
            raise Unavailable(
                f"{self.path} cannot be copied before it is written: {why}"
            ) from error


class _Change(Change):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def do(self, sql: str, *values: object) -> int:
        cursor = self._connection.execute(sql, values)
        return (cursor.lastrowid or 0) if sql.startswith("INSERT") else cursor.rowcount


def _globbed(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
