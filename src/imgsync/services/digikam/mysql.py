"""A digiKam database on a server of MySQL or MariaDB."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql
from pymysql.constants import CR, ER

from ...errors import Denied, Rejected, Unavailable, UsageError
from .database import Change, Database

__all__ = ["Mysql", "Server", "parse"]

_PATIENCE = 10
_PAUSES = (0.05, 0.2, 0.5)  # seconds between looks for who else has the database open
_DENIED = {
    ER.ACCESS_DENIED_ERROR,
    ER.DBACCESS_DENIED_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
    ER.BAD_DB_ERROR,
    CR.CR_AUTH_PLUGIN_CANNOT_LOAD,
}
# What a statement brings about: it, and no server, is at fault.
_FAULTS = (pymysql.IntegrityError, pymysql.DataError)
# The URL is not repeated: there may be a password in it.
_FORM = (
    "digikam = mysql://...: write mysql://user@host/database, with :port behind the host and"
    " ?socket=PATH at the end where needed; the password goes into digikam_password, or"
    " digikam_password_command"
)
_LAST = "\uffff"  # the last character of utf8mb3, the encoding of digiKam's tables


class Server(NamedTuple):
    """Where the database is. `socket`: the path of a local one, "" for a connection to `host`."""

    user: str
    host: str
    port: int
    database: str
    socket: str = ""

    def __str__(self) -> str:
        return f"mysql://{self.user}@{self.host}/{self.database}"


def parse(url: str) -> Server:
    """What mysql://user@host:port/database names; `?socket=PATH` may follow. Raises UsageError."""
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError:
        raise UsageError(_FORM) from None
    database = unquote(parts.path.strip("/"))
    if parts.password or not (parts.username and database):
        raise UsageError(_FORM)
    socket = parse_qs(parts.query).get("socket", [""])[0]
    host = parts.hostname or "localhost"
    return Server(unquote(parts.username), host, port, database, socket)


class Mysql(Database):
    """The database on `server`."""

    whole_seconds = True
    _own: ClassVar[set[int]] = set()  # the numbers of this process's connections

    def __init__(self, server: Server, password: str) -> None:
        self.name = str(server)
        self._database = server.database
        with self._told():
            self._connection = pymysql.connect(
                user=server.user,
                password=password,
                host=server.host,
                port=server.port,
                unix_socket=server.socket or None,
                database=server.database,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=_PATIENCE,
            )
            self._own.add(self._connection.thread_id())
            self._do(f"SET SESSION innodb_lock_wait_timeout = {_PATIENCE}")

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._told():
            return self._rows(sql, values)

    @contextmanager
    def change(self) -> Iterator[Change]:
        with self._told():
            self._connection.begin()
            try:
                yield _Change(self._connection)
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise

    def users(self) -> Iterator[str]:
        """Connections of other processes to the database, which is what digiKam would be.

        One that has just been closed is listed for a moment more: it does not count.
        """
        found = self._others()
        for pause in _PAUSES:
            if found:
                time.sleep(pause)
                found &= self._others()
        yield from sorted(found)

    def _others(self) -> set[str]:
        return {
            f"connection {number} of {user}@{host}"
            for number, user, host, database, *_ in self.rows("SHOW PROCESSLIST")
            if database == self._database and number not in self._own
        }

    def back_up(self) -> None:
        """A server has its own ways (mysqldump): nothing is done here."""

    def check_text(self, text: str, what: str) -> None:
        beyond = sorted({letter for letter in text if letter > _LAST})
        if beyond:
            raise Rejected(
                f"the {what} has {' '.join(beyond)}, which digiKam's tables on MySQL (utf8mb3)"
                " cannot hold: take it out"
            )
        super().check_text(text, what)

    def close(self) -> None:
        self._connection.close()

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(_translated(sql), values)
            return list(cursor.fetchall())

    def _do(self, sql: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except _FAULTS as error:
            raise Rejected(f"{self.name} does not take this: {error.args[-1]}") from error
        except pymysql.MySQLError as error:
            kind = Denied if error.args and error.args[0] in _DENIED else Unavailable
            raise kind(f"{self.name} cannot be used: {error.args[-1:] or error}") from error


class _Change(Change):
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(_translated(sql), values)
            return list(cursor.fetchall())

    def do(self, sql: str, *values: object) -> int:
        with self._connection.cursor() as cursor:
            changed: int = cursor.execute(_translated(sql), values)
            return (cursor.lastrowid or 0) if sql.startswith("INSERT") else changed


def _translated(sql: str) -> str:
    """With the driver's mark for a value; no statement here has another `%` or `?`."""
    return sql.replace("?", "%s")
