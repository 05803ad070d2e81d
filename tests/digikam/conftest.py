"""A real digiKam collection, copied to where a test may change it, and looks into its database."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imgsync.model import METADATA_FIELDS, Album, Field, Location, Metadata, Photo, Region
from imgsync.service import Look, Service, Unread
from imgsync.services.digikam import Digikam, running, stamps
from imgsync.services.digikam.sqlite import Sqlite
from imgsync.services.files import Files

pytest.register_assert_rewrite("imgsync.testing.checks")

SHARED = Path(__file__).resolve().parents[3] / "shared/digikam"
# A photo of which much is said in the database alone, and what tests say of it.
PATH = "Holidays/2019 Paris/DSCN0010.jpg"
SAID = Metadata(
    title="Neu",
    caption="Zwei\nZeilen",
    tags=frozenset({"Places/Spain/Girona", "New/Tree/Leaf", "Straße, été; 夏"}),
    taken="2012-07-01T10:20:30.25+02:00",
    location=Location(-48.390625, 4.484375, 12.5),
    rating=3,
    label="Purple",
    favorite=True,
    people=(Region("Ann", (0.5, 0.5, 0.25, 0.25)), Region("Nora", (0.25, 0.25, 0.125, 0.125))),
    creator=("Ada", "Bob"),
    copyright="© Ada",
)


class Collected:
    """A digiKam collection: its folder, its database, and what digiKam said is in it."""

    def __init__(self, folder: Path, expected: dict[str, Any]) -> None:
        self.folder = folder
        self.file = folder / "digikam4.db"
        self.expected = expected
        self.photos: dict[str, dict[str, Any]] = expected.get("photos", {})
        self.database = str(self.file)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(sql, values).fetchall()

    def do(self, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(sql, values)

    def files(self, *, jobs: int = 1) -> Files:
        trash = self.folder.parent / "trash"
        return Files("local", self.folder, trash=trash, jobs=jobs, own=True)

    def view(self, *, embed: bool = True) -> Service:
        return Digikam(self.database).view(self.files(), embed=embed)

    def says(self, **options: str) -> None:
        """Sets options of `[Metadata Settings]` in digiKam's configuration."""
        folder = Path(os.environ["XDG_CONFIG_HOME"])
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{key.replace('_', ' ')}={value}" for key, value in options.items()]
        text = "\n".join(["[Metadata Settings]", *lines, ""])
        (folder / "digikamrc").write_text(text)

    def check(self) -> None:
        """Whether rows hang together as digiKam leaves them."""
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        parents = dict(self.rows("SELECT id, pid FROM Tags"))
        above = {(id, up) for id in parents for up in _above(parents, id)}
        assert set(self.rows("SELECT id, pid FROM TagsTree")) == above
        for table, column in _PHOTO_TABLES:
            sql = f"SELECT {column} FROM {table} WHERE {column} NOT IN (SELECT id FROM Images)"
            assert self.rows(sql) == [], f"{table} has rows of no photo"
        for table in ("ImageTags", "TagProperties", "ImageTagProperties"):
            sql = f"SELECT tagid FROM {table} WHERE tagid NOT IN (SELECT id FROM Tags)"
            assert self.rows(sql) == [], f"{table} has rows of no tag"
        lost = (
            "SELECT name FROM Images WHERE (status = 1) != (album IS NOT NULL)"
            " OR album NOT IN (SELECT id FROM Albums)"
        )
        assert self.rows(lost) == []
        astray = (
            "SELECT relativePath FROM Albums WHERE albumRoot NOT IN (SELECT id FROM AlbumRoots)"
        )
        assert self.rows(astray) == []
        twice = "SELECT imageid, type, language FROM ImageComments GROUP BY 1, 2, 3 HAVING count(*)"
        assert self.rows(f"{twice} > 1") == []


_PHOTO_TABLES = [
    ("ImageInformation", "imageid"),
    ("ImageMetadata", "imageid"),
    ("ImageProperties", "imageid"),
    ("ImageHistory", "imageid"),
    ("ImagePositions", "imageid"),
    ("ImageComments", "imageid"),
    ("ImageCopyright", "imageid"),
    ("ImageTags", "imageid"),
    ("ImageTagProperties", "imageid"),
    ("ImageRelations", "subject"),
    ("ImageRelations", "object"),
]


def _above(parents: dict[int, int], id: int) -> Iterator[int]:
    while id:
        id = parents[id]
        yield id


@pytest.fixture(autouse=True)
def local_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The collection was made where clocks show UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No digiKam of the person who runs the tests is seen."""
    monkeypatch.setattr(running, "processes", lambda: iter(()))
    monkeypatch.setattr(running, "services", lambda: iter(()))
    monkeypatch.setattr(Sqlite, "users", lambda _self: iter(()))


@pytest.fixture(autouse=True)
def in_no_fear_of_power_cuts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing waits for a disk: hundreds of small transactions would. None is left open."""
    connect = Sqlite._connect
    connections = []

    def hasty(self: Sqlite, mode: str) -> sqlite3.Connection:
        connections.append(connect(self, mode))
        connections[-1].execute("PRAGMA synchronous = OFF")
        return connections[-1]

    monkeypatch.setattr(Sqlite, "_connect", hasty)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    yield
    for connection in connections:
        connection.close()


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    """A copy of the collection that digiKam made."""
    if not SHARED.is_dir():
        pytest.skip("no digiKam collection: there is no shared/digikam beside the repository")
    folder = tmp_path / "Pictures"
    shutil.copytree(SHARED / "Pictures", folder, copy_function=shutil.copyfile)
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o755 if place.is_dir() else 0o644)
    expected = json.loads((SHARED / "EXPECTED.json").read_text(encoding="utf-8"))
    collected = Collected(folder, expected)
    collected.do("UPDATE AlbumRoots SET identifier = ?", f"volumeid:?path={folder}")
    for path, said in collected.photos.items():
        moment = datetime.fromisoformat(said["modificationDate"]).replace(tzinfo=UTC)
        nanoseconds = round(moment.timestamp() * 1000) * 10**6
        for file in filter(None, (path, said["sidecar"])):
            os.utime(folder / file, ns=(nanoseconds, nanoseconds))
    return collected


@pytest.fixture(scope="session")
def _empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not SHARED.is_dir():
        pytest.skip("no digiKam schema: there is no shared/digikam beside the repository")
    file = tmp_path_factory.mktemp("digikam") / "digikam4.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript((SHARED / "schema-sqlite-v15.sql").read_text())
        connection.executemany(
            "INSERT INTO Settings VALUES (?, ?)", [("DBVersion", "15"), ("uniqueHashVersion", "2")]
        )
        connection.execute("INSERT INTO Albums (id, albumRoot, relativePath) VALUES (1, 1, '/')")
    return file


@pytest.fixture
def empty(tmp_path: Path, _empty_database: Path) -> Collected:
    """A collection without a photo, as digiKam begins one."""
    collected = Collected(tmp_path / "Pictures", {})
    collected.folder.mkdir()
    shutil.copyfile(_empty_database, collected.file)
    path = f"volumeid:?path={collected.folder}"
    collected.do("INSERT INTO AlbumRoots VALUES (1, 'Pictures', 0, 1, ?, '/')", path)
    return collected


def shown(service: Service, look: Look | None = None) -> dict[str, Photo]:
    """Every photo of a service by its path."""
    found = {}
    for album in list(service.albums()):
        assert isinstance(album, Album)
        for photo in service.photos(album, look or Look()):
            assert not isinstance(photo, Unread), photo
            found["/".join(filter(None, (album.path, photo.name)))] = photo
    return found


def one(service: Service, path: str) -> tuple[Album, Photo]:
    """An album and a photo in it."""
    folder, _, name = path.rpartition("/")
    album = Album(folder, folder)
    [photo] = service.photos(album, Look(hides=lambda other: other != name))
    assert isinstance(photo, Photo)
    return album, photo


def metadata(service: Service, path: str) -> Metadata:
    return one(service, path)[1].metadata


def edit(service: Service, path: str, said: Metadata, *fields: Field) -> Metadata:
    album, photo = one(service, path)
    return service.edit(album, photo, said, frozenset(fields or METADATA_FIELDS)).metadata


def found_by_digikam(collected: Collected, path: str) -> None:
    """Gives a photo the rows that digiKam would give it when it finds it, and says of it nothing.

    All pictures are 64 x 32 pixels.
    """
    folder, _, name = path.rpartition("/")
    file = collected.folder / path
    stamp = stamps.stamp(Sqlite(collected.file), file, None)
    levels = folder.split("/") if folder else []
    for number in range(len(levels) + 1):
        inside = "/" + "/".join(levels[:number])
        sql = "INSERT OR IGNORE INTO Albums (albumRoot, relativePath) VALUES (1, ?)"
        collected.do(sql, inside)
    collected.do(
        "INSERT INTO Images (album, name, status, category, modificationDate, fileSize, uniqueHash)"
        " SELECT id, ?, 1, 1, ?, ?, ? FROM Albums WHERE relativePath = ?",
        name,
        stamp.time,
        stamp.size,
        stamp.hash,
        f"/{folder}",
    )
    collected.do(
        "INSERT INTO ImageInformation (imageid, rating, creationDate, orientation, width, height)"
        " SELECT id, -1, NULL, 1, 64, 32 FROM Images ORDER BY id DESC LIMIT 1"
    )


def said_by_digikam(collected: Collected, path: str, said: Metadata) -> None:
    """Makes the database say something of a photo that digiKam has found."""
    database = Digikam(collected.database).alone(collected.files())
    album, photo = one(database, path)
    database.edit(album, photo, said, frozenset(METADATA_FIELDS))
    database.close()
