"""digiKam's database as rows of tables, whichever program keeps it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from ...errors import Rejected

__all__ = ["HASHES", "KNOWN", "Change", "Database"]

# The versions of digiKam's schema (`DBVersion`) that are written: 7.9 has 15; 16 and 17 add a
# column each that nothing here touches. Reading is safe from version 6 on.
KNOWN = frozenset({"15", "16", "17"})
HASHES = frozenset({"2", "3"})  # of `uniqueHashVersion`


class Change(ABC):
    """One transaction. SQL has `?` for every value."""

    @abstractmethod
    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What a SELECT gives."""

    @abstractmethod
    def do(self, sql: str, *values: object) -> int:
        """Changes rows and says how many; after an INSERT, the new row's id."""


class Database(ABC):
    """A connection to the core database.

    Every call raises Unavailable where the database does not answer, is locked or broken, and
    Denied where it lets nobody in.
    """

    name: str  # for people
    whole_seconds: bool  # whether times have no fraction and no zone

    @abstractmethod
    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What a SELECT gives; nothing is locked afterwards."""

    @abstractmethod
    def change(self) -> AbstractContextManager[Change]:
        """A transaction: all that is done in the block is kept, or nothing where it raises."""

    @abstractmethod
    def users(self) -> Iterator[str]:
        """Others that have the database open, each as a word or two for people."""

    @abstractmethod
    def back_up(self) -> None:
        """Keeps a copy as it is now, where whoever keeps the database leaves that to others."""

    @abstractmethod
    def close(self) -> None: ...

    def check_text(self, text: str, what: str) -> None:
        """Raises Rejected for a text that the database cannot hold; `what` is its name."""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Rejected(f"the {what} {text!r} is no Unicode: digiKam cannot hold it") from None

    def setting(self, keyword: str) -> str:
        """What the table Settings says, "" for nothing."""
        found = self.rows("SELECT value FROM Settings WHERE keyword = ?", keyword)
        return str(found[0][0] or "") if found else ""

    def why_read_only(self) -> str:
        """Why it is never written: its version is not known to the last detail; "" if it is."""
        version, hashes = self.setting("DBVersion"), self.setting("uniqueHashVersion")
        if version in KNOWN and hashes in HASHES:
            return ""
        return (
            f"{self.name} is of version {version or '(none)'}, which img-sync reads but does"
            f" not write (it knows {', '.join(sorted(KNOWN))}): update img-sync, or start"
            " digiKam once if the database is the older of the two"
        )
