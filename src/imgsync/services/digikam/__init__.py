"""digiKam: its database, over and against the files of its collections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ...errors import UsageError
from ...service import Service
from .finding import AUTO, Setting, find

if TYPE_CHECKING:
    from ..files import Files

__all__ = ["Digikam"]


class Digikam:
    """What a tree of folders in a digiKam collection can be: one of three ends of a run.

    `database`: "auto", "off", a file, or mysql://user@host/database; `password` gives the one for
    MySQL, and is asked only if there is a server to be asked; `backed_up` are the names of those
    that the run has backed up, for all its ends. What the ends are built on is loaded only where
    there is a collection. All raise UsageError for a database that cannot be one, and ServiceError
    where it does not answer.
    """

    settings: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        database: str = AUTO,
        password: Callable[[], str] = str,
        backed_up: set[str] | None = None,
    ) -> None:
        self._setting = Setting(database, password, backed_up)

    @classmethod
    def configure(cls, name: str, settings: Mapping[str, str]) -> Service:
        """Raises UsageError: the collection is found by section [local]."""
        raise UsageError(
            f"type = digikam in section [{name}]: digiKam needs no section of its own; the service"
            " digikam is there wherever a collection is, and [local] tells where its database is"
        )

    def view(self, files: Files, *, embed: bool) -> Service:
        """The tree as digiKam shows it; `files` itself where digiKam has no part in it.

        `embed`: whether files may be written.
        """
        collection = find(files, self._setting)
        if collection is None:
            return files
        from .view import View

        return View(files, collection, embed=embed)

    def in_step(self, files: Files) -> Service:
        """The tree as its files are, while they are compared with the database."""
        collection = find(files, self._setting)
        if collection is None:
            return files
        from .comparing import InStep

        return InStep(files, collection)

    def alone(self, files: Files) -> Service:
        """The database alone. Raises UsageError if it knows nothing of the tree."""
        collection = find(files, self._setting)
        if collection is None:
            raise UsageError(
                f"{files.name}: there is no digiKam collection at {files.top}; say where its"
                " database is with digikam = ... in section [local]"
            )
        from .comparing import Database

        return Database(files, collection)
