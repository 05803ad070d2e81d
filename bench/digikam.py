"""A digiKam collection to measure with: `python -m bench.digikam FOLDER` loads all of one."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from imgsync.services.digikam.collection import Collection
from imgsync.services.digikam.rc import DEFAULTS
from imgsync.services.digikam.sqlite import Sqlite
from imgsync.services.files import Files

PHOTOS_PER_ALBUM = 100
DATABASE = "digikam4.db"
FACE = '<rect x="101" y="65" width="66" height="81"/>'
WHEN = "2019-06-01T10:00:00.000"

TAGS, PEOPLE = 1_000, 40
COLOURS = ("None", "Red", "Orange", "Yellow", "Green", "Blue", "Magenta", "Gray", "Black", "White")
TAG, PERSON, COLOUR = 1, 2_001, 3_001  # the first id of each kind


def collection(folder: Path, photos: int, schema: Path) -> None:
    """A database of that many photos, without the photos themselves.

    Each has three tags and a time, two in three have stars and a caption, every second one a
    place, every fourth a title and a label, every fifth a creator, every seventh a face.
    """
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(schema.read_text())
        root = (1, "Pictures", 0, 1, f"volumeid:?path={folder}", "/")
        connection.execute("INSERT INTO AlbumRoots VALUES (?, ?, ?, ?, ?, ?)", root)
        connection.executemany("INSERT INTO Tags (id, pid, name) VALUES (?, ?, ?)", _tags())
        people = ((PERSON + n, "person", f"Person {n}") for n in range(PEOPLE))
        connection.executemany("INSERT INTO TagProperties VALUES (?, ?, ?)", people)
        albums = ((n + 1, 1, f"/album {n:04}") for n in range(photos // PHOTOS_PER_ALBUM))
        sql = "INSERT INTO Albums (id, albumRoot, relativePath) VALUES (?, ?, ?)"
        connection.executemany(sql, albums)
        for table, columns, rows in _rows(range(photos)):
            marks = ", ".join("?" * len(columns.split(",")))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def _tags() -> Iterable[tuple[int, int, str]]:
    """Three levels of keywords, people, and the tags that are colours."""
    yield (10_000, 0, "_Digikam_Internal_Tags_")
    yield (10_001, 0, "People")
    for n in range(TAGS):
        yield (TAG + n, TAG + n // 10 if n >= 10 else 0, f"Keyword {n}")
    for n in range(PEOPLE):
        yield (PERSON + n, 10_001, f"Person {n}")
    for n, name in enumerate(COLOURS):
        yield (COLOUR + n, 10_000, f"Color Label {name}")


def _rows(photos: range) -> Iterable[tuple[str, str, Iterable[tuple[object, ...]]]]:
    """Tables, their columns, and what stands in them."""
    yield (
        "Images",
        "id, album, name, status, category, modificationDate, fileSize, uniqueHash",
        (
            (n + 1, n // PHOTOS_PER_ALBUM + 1, f"IMG_{n:06}.jpg", 1, 1, WHEN, 2_000_000 + n, f"{n}")
            for n in photos
        ),
    )
    yield (
        "ImageInformation",
        "imageid, rating, creationDate, digitizationDate, orientation, width, height",
        ((n + 1, n % 6 if n % 3 else -1, WHEN, WHEN, 1, 4000, 3000) for n in photos),
    )
    yield (
        "ImageTags",
        "imageid, tagid",
        (
            *((n + 1, TAG + (n + step) % TAGS) for n in photos for step in (0, 331, 662)),
            *((n + 1, COLOUR + n % len(COLOURS)) for n in photos if n % 4 == 0),
            *((n + 1, PERSON + n % PEOPLE) for n in photos if n % 7 == 0),
        ),
    )
    yield (
        "ImagePositions",
        "imageid, latitudeNumber, longitudeNumber, altitude",
        ((n + 1, 45 + n / 1e5, 7 - n / 1e5, n % 900) for n in photos if n % 2),
    )
    texts = ((n, kind) for n in photos for kind in (1, 3) if (n % 3 if kind == 1 else n % 4 == 0))
    yield (
        "ImageComments",
        "imageid, type, language, comment",
        ((n + 1, kind, "x-default", f"Some words about the {n}th") for n, kind in texts),
    )
    yield (
        "ImageCopyright",
        "imageid, property, value",
        ((n + 1, "creator", "Ann Author") for n in photos if n % 5 == 0),
    )
    yield (
        "ImageTagProperties",
        "imageid, tagid, property, value",
        ((n + 1, PERSON + n % PEOPLE, "tagRegion", FACE) for n in photos if n % 7 == 0),
    )


def load(folder: Path) -> int:
    """Loads what is said of every photo, album by album, and gives their number."""
    database = Sqlite(folder / DATABASE)
    files = Files("local", folder)
    found = Collection(database, DEFAULTS, files.normal)
    paths = [path for (path,) in database.rows("SELECT relativePath FROM Albums")]
    shelves = (found.shelf(folder / path.lstrip("/")) for path in paths)
    count = sum(
        bool(kept[1].metadata.taken) for shelf in shelves for kept in shelf.values() if kept
    )
    found.close()
    return count


if __name__ == "__main__":
    load(Path(sys.argv[1]))
