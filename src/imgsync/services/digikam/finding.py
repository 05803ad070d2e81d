"""Finds the digiKam collection that a tree of folders stands in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...errors import UsageError
from . import rc

if TYPE_CHECKING:
    from ..files import Files
    from .collection import Collection
    from .database import Database

__all__ = ["AUTO", "OFF", "Setting", "find"]

AUTO, OFF = "auto", "off"
_FILE = "digikam4.db"
_MYSQL = "mysql://"


class Setting(NamedTuple):
    """What the configuration says of digiKam.

    `database`: "auto", "off", a file, or mysql://user@host/database. `password`: gives the one
    for MySQL; is asked only if there is a server to be asked. `backed_up`: names of the databases
    that the run has backed up; one is added before it is changed first.
    """

    database: str = AUTO
    password: Callable[[], str] = str
    backed_up: set[str] | None = None


def find(files: Files, setting: Setting) -> Collection | None:
    """The collection that the tree of `files` has to do with; None if there is none.

    Raises UsageError for a database that is named and is none, and what databases raise.
    """
    if setting.database == OFF:
        return None
    sections = rc.read(rc.path())
    if setting.database.startswith(_MYSQL):
        return _covering(files, setting, sections, [partial(_mysql, setting.database, setting)])
    if setting.database != AUTO:
        path = Path(os.path.expanduser(setting.database))  # noqa: PTH111 - never raises
        if not path.is_file():
            raise UsageError(f"digikam = {path} in section [local]: there is no such file")
        return _covering(files, setting, sections, [partial(_sqlite, path)])
    return _covering(files, setting, sections, _near(files.top, sections, setting))


def _near(top: Path, sections: rc.Sections, setting: Setting) -> Iterator[Callable[[], Database]]:
    """The databases that may be meant: digiKam's own choice, and what stands in the folders."""
    said = sections.get("Database Settings", {})
    name = said.get("Database Name", "")
    if said.get("Database Type") == "QMYSQL" and name:
        if said.get("Internal Database Server", "").lower() != "true":
            yield partial(_mysql, _url(said), setting)
    elif name:
        path = Path(name)
        for file in (path / _FILE, path):
            if file.is_file():
                yield partial(_sqlite, file)
    for folder in (top, *top.parents):
        if (folder / _FILE).is_file():
            yield partial(_sqlite, folder / _FILE)


def _covering(
    files: Files,
    setting: Setting,
    sections: rc.Sections,
    ways: Iterable[Callable[[], Database]],
) -> Collection | None:
    for connect in ways:
        from .collection import Collection  # late: few trees have to do with digiKam

        database = connect()
        try:
            found = Collection(database, rc.habits(sections), files.normal, setting.backed_up)
            if found.covers(files.top):
                return found
        except BaseException:
            database.close()
            raise
        database.close()
    return None


def _sqlite(path: Path) -> Database:
    from .sqlite import Sqlite

    return Sqlite(path)


def _mysql(url: str, setting: Setting) -> Database:
    try:
        from .mysql import Mysql, parse
    except ImportError:
        raise UsageError(
            "digiKam keeps its collection on a server: install img-sync[mysql], or say"
            " digikam = off in section [local]"
        ) from None
    return Mysql(parse(url), setting.password())


def _url(said: rc.Section) -> str:
    """The URL of the server that digiKam itself uses."""
    from urllib.parse import quote

    options = dict(
        part.strip().partition("=")[::2]
        for part in said.get("Database Connectoptions", "").split(";")
    )
    socket = options.get("UNIX_SOCKET", "")
    port = said.get("Database Port", "")
    where = said.get("Database Hostname") or "localhost"
    if port.isdecimal():
        where += f":{port}"
    user, name = (quote(said.get(f"Database {key}", ""), safe="") for key in ("Username", "Name"))
    return f"{_MYSQL}{user}@{where}/{name}" + (f"?socket={quote(socket)}" if socket else "")
