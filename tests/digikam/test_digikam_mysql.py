"""The same on a server: a real MariaDB, with a database that digiKam made there."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from imgsync.errors import Denied, Rejected, Unavailable, UsageError
from imgsync.model import METADATA_FIELDS, NOTHING_SAID, Field, Metadata, Photo, Region
from imgsync.service import Service
from imgsync.services.digikam import Digikam
from imgsync.services.files import Files

from .conftest import PATH, SAID, SHARED, Collected, edit, metadata, one, shown

pymysql = pytest.importorskip("pymysql", reason="no driver for MySQL: pip install img-sync[mysql]")


View = Callable[[], Service]


class Server:
    """A MariaDB on a socket, and the database `digikam` in it."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    @property
    def url(self) -> str:
        return f"mysql://digikam@localhost/digikam?socket={quote(str(self.socket))}"

    def connect(self, user: str = "digikam", **options: Any) -> Any:
        return pymysql.connect(
            user=user, unix_socket=str(self.socket), charset="utf8mb4", autocommit=True, **options
        )

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.connect(database="digikam") as connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def prepare(self) -> None:
        """Makes the database as digiKam left it, and a copy to make it so again."""
        with self.connect("root") as connection, connection.cursor() as cursor:
            cursor.execute("CREATE USER digikam@localhost")
            cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON digikam.* TO digikam@localhost")
            for database in ("digikam", "clean"):
                cursor.execute(f"CREATE DATABASE {database}")
                self._fill(database)

    def _fill(self, database: str) -> None:
        client = shutil.which("mariadb") or "mysql"
        command = [client, "-uroot", f"--socket={self.socket}", database]
        dump = (SHARED / "mariadb/digikam-mariadb.sql").read_bytes()
        subprocess.run(command, input=dump, check=True)

    def reset(self, folder: Path) -> None:
        """Makes all tables as they were, for the collection in `folder`."""
        with self.connect("root", database="digikam") as connection:
            cursor = connection.cursor()
            cursor.execute("SET foreign_key_checks = 0")
            cursor.execute("SHOW TABLES")
            tables = sorted(table for (table,) in cursor.fetchall())  # Tags before TagsTree
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")
            for table in tables:
                if table == "TagsTree":  # which triggers have filled
                    cursor.execute(f"DELETE FROM {table}")
                cursor.execute(f"INSERT INTO {table} SELECT * FROM clean.{table}")
            identifier = f"networkshareid:?mountpath={folder}"
            cursor.execute("UPDATE AlbumRoots SET identifier = %s", (identifier,))


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if program is None or install is None:
        pytest.skip("no MariaDB server: apt install mariadb-server")
    if not (Path(__file__).resolve().parents[3] / "shared/digikam").is_dir():
        pytest.skip("no digiKam schema: there is no shared/digikam beside the repository")
    folder = tmp_path_factory.mktemp("maria")
    socket = folder / "s"
    common = ["--no-defaults", f"--datadir={folder / 'data'}"]
    if os.getuid() == 0:
        common.append("--user=root")
    subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    hasty = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--sync-frm=0"]
    options = ["--skip-networking", "--innodb-doublewrite=0", *hasty, f"--socket={socket}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *common, *options], stdout=log, stderr=log)
    try:
        server = Server(socket)
        _wait(server, process)
        server.prepare()
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.socket.exists():
            return
        assert process.poll() is None, "MariaDB does not start"
        time.sleep(0.1)
    raise AssertionError("MariaDB does not answer")


@pytest.fixture
def server(_server: Server, collected: Collected) -> Server:
    _server.reset(collected.folder)
    return _server


@pytest.fixture
def view(collected: Collected, server: Server) -> Iterator[View]:
    """Opens the collection, as a run does; all are closed in the end."""
    with ExitStack() as stack:

        def view() -> Service:
            service = Digikam(server.url).view(collected.files(), embed=True)
            stack.callback(service.close)
            return service

        yield view


def check(server: Server) -> None:
    """Whether rows hang together; the server's foreign keys see to all but the tags' tree."""
    parents = {id: pid for id, pid in server.rows("SELECT id, pid FROM Tags") if id}
    tree = {(id, pid) for id, pid in server.rows("SELECT id, pid FROM TagsTree") if id}
    for id, pid in parents.items():
        while pid > 0:
            assert (id, pid) in tree
            pid = parents[pid]


def test_a_fresh_scan_reads_as_digikam_says(
    collected: Collected, server: Server, view: View
) -> None:
    """The dump was made from the same files, with none of what only the other database knows."""
    photos = shown(view())
    assert photos.keys() == collected.photos.keys()
    said = photos["Imported/imp01.jpg"].metadata
    known = metadata(collected.view(), "Imported/imp01.jpg")
    assert said == known
    assert photos["Family/landscape_1.jpg"].metadata.caption.startswith("Beschreibung (de-AT)")
    assert photos["Imported/imp05.jpg"].metadata == metadata(collected.view(), "Imported/imp05.jpg")
    guessed = [path for path, said in collected.photos.items() if said["digitizationDate"] is None]
    for path in guessed:  # digiKam took the date of the file, which is no time taken
        assert photos[path].metadata.taken == metadata(collected.files(), path).taken, path
    assert all("_Digikam_root_tag_" not in tag for p in photos.values() for tag in p.metadata.tags)


@pytest.mark.parametrize("field", METADATA_FIELDS)
def test_each_field_comes_back_from_the_database_alone(
    collected: Collected, server: Server, view: View, field: Field
) -> None:
    before = (collected.folder / PATH).read_bytes()
    for said in (SAID, NOTHING_SAID):
        service = view()
        old = metadata(service, PATH)
        new = edit(service, PATH, said, field)
        wanted = service.normal(old.but(said, [field]))
        if field is Field.TAKEN and said.taken:
            assert (wanted.taken, new.taken) == ("2012-07-01T10:20:30+02:00", "2012-07-01T10:20:30")
            wanted = wanted.but(new, [field])
        assert new == wanted
    assert (collected.folder / PATH).read_bytes() == before
    check(server)


@pytest.mark.parametrize(
    "said",
    [
        Metadata(title="Beach 🏖"),
        Metadata(caption="🏖"),
        Metadata(tags=frozenset({"a/🏖"})),
        Metadata(creator=("🏖",)),
        Metadata(people=(Region("🏖", (0.5, 0.5, 0.1, 0.1)),)),
    ],
)
def test_what_utf8mb3_cannot_hold_is_caught_before_anything_is_written(
    collected: Collected, server: Server, view: View, said: Metadata
) -> None:
    collected.says(Save_Tags="true", Save_EXIF_Comments="true")
    before = (collected.folder / PATH).read_bytes()
    with pytest.raises(Rejected, match=r"🏖.*utf8mb3"):
        edit(view(), PATH, said)
    assert (collected.folder / PATH).read_bytes() == before


def test_tags_that_the_server_takes_for_one_are_one(
    collected: Collected, server: Server, view: View
) -> None:
    said = edit(view(), PATH, Metadata(tags=frozenset({"places/spain"})))
    assert said.tags == {"Places/spain"}
    again = edit(view(), PATH, Metadata(tags=frozenset({"PLACES/SPAIN"})))
    assert again.tags == {"Places/spain"}


def test_files_are_stamped_in_whole_seconds(
    collected: Collected, server: Server, view: View
) -> None:
    collected.says(Save_EXIF_Comments="true")
    edit(view(), PATH, Metadata(title="Neu"), Field.TITLE)
    sql = "SELECT fileSize, modificationDate FROM Images WHERE name = 'DSCN0010.jpg'"
    [(size, when)] = server.rows(sql)
    status = (collected.folder / PATH).stat()
    assert (size, when.timestamp()) == (status.st_size, status.st_mtime_ns // 10**9)


def test_moves_and_deletions_keep_the_rows(
    collected: Collected, server: Server, view: View
) -> None:
    service = view()
    album, photo = one(service, "Imported/imp05.jpg")
    [(id,)] = server.rows("SELECT id FROM Images WHERE name = 'imp05.jpg'")
    moved = service.move(album, photo, service.create_album("New/Folder"), "a.jpg")
    assert isinstance(moved, Photo)
    assert moved.metadata == photo.metadata
    place = (
        "SELECT a.relativePath, i.name FROM Images i JOIN Albums a ON a.id = i.album"
        f" WHERE i.id = {id}"
    )
    assert server.rows(place) == [("/New/Folder", "a.jpg")]
    there = service.move_album(service.create_album("New"), "Newer")
    assert server.rows(place) == [("/Newer/Folder", "a.jpg")]
    album, photo = one(service, f"{there.path}/Folder/a.jpg")
    service.delete(album, photo)
    assert server.rows(f"SELECT album, status FROM Images WHERE id = {id}") == [(None, 3)]
    check(server)


def test_what_another_program_has_moved_is_known_again(
    collected: Collected, server: Server, view: View
) -> None:
    said = metadata(view(), "Imported/imp01.jpg")
    (collected.folder / "Imported").rename(collected.folder / "Brought")
    service = view()
    album, photo = one(service, "Brought/imp01.jpg")
    assert photo.metadata == said
    service.edit(album, photo, Metadata(rating=1), frozenset({Field.RATING}))
    place = "SELECT relativePath FROM Albums a JOIN Images i ON i.album = a.id WHERE name = %s"
    assert server.rows(place, "imp02.jpg") == [("/Brought",)]
    check(server)


def test_another_connection_is_taken_for_digikam(
    collected: Collected, server: Server, view: View
) -> None:
    service = view()
    with server.connect(database="digikam"), pytest.raises(Rejected, match="open elsewhere"):
        edit(service, PATH, SAID)


def test_a_server_that_refuses_or_is_gone_is_told(collected: Collected, server: Server) -> None:
    files: Files = collected.files()
    with pytest.raises(Denied, match="mysql://nobody@localhost"):
        Digikam(server.url.replace("digikam@", "nobody@")).view(files, embed=True)
    with pytest.raises(Unavailable, match="cannot be used"):
        Digikam("mysql://digikam@127.0.0.1:1/digikam").view(files, embed=True)


@pytest.mark.parametrize(
    "url",
    [
        *("mysql://", "mysql://host/db", "mysql://u@h"),
        *("mysql://u:secret@host/db", "mysql://u:secret@host:x/db"),
    ],
)
def test_a_url_that_names_no_database_is_told(collected: Collected, url: str) -> None:
    with pytest.raises(UsageError, match="mysql://user@host/database") as told:
        Digikam(url).view(collected.files(), embed=True)
    assert "secret" not in str(told.value)
