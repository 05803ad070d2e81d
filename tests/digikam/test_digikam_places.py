"""Where digiKam's collections and databases are, and what its configuration says."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from imgsync.errors import UsageError
from imgsync.metadata.fields import normal
from imgsync.model import Field
from imgsync.services.digikam import Digikam, rc
from imgsync.services.digikam.collection import Collection
from imgsync.services.digikam.finding import Setting, find
from imgsync.services.digikam.roots import Machine, roots
from imgsync.services.digikam.sqlite import Sqlite

from .conftest import Collected


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with two disks: one at `disk`, mounted in part at `part` too, one at `home me`."""
    for name in ("by-uuid", "by-label", "disk/Photos", "home me/Photos", "part", "net/Photos"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("sda1", "sdb1"):
        (tmp_path / name).touch()
    (tmp_path / "by-uuid/12AB-cd").symlink_to(tmp_path / "sda1")
    (tmp_path / "by-label/My\\x20Stick").symlink_to(tmp_path / "sdb1")
    home = str(tmp_path / "home me").replace(" ", "\\040")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"30 1 8:1 /sub {tmp_path}/part rw shared:1 - ext4 {tmp_path}/sda1 rw\n"
        f"31 1 8:1 / {tmp_path}/disk rw shared:1 - ext4 {tmp_path}/sda1 rw\n"
        f"32 1 8:2 / {home} rw - vfat {tmp_path}/sdb1 rw\n"
    )
    return Machine(mounts, tmp_path / "by-uuid", tmp_path / "by-label")


ROOTS: Mapping[tuple[str, str], str | None] = {
    ("volumeid:?path={}/disk/Photos", "/"): "disk/Photos",
    ("volumeid:?path={}/a%26b%23c%25d+e ?f", "/"): "a&b#c%d+e ?f",
    ("volumeid:?uuid=12ab-CD", "/Photos"): "disk/Photos",
    ("volumeid:?uuid=0000", "/Photos"): None,
    ("volumeid:?label=My Stick", "/Photos"): "home me/Photos",
    ("volumeid:?label=My Stick&directoryhash=00ff", "/Photos"): "home me/Photos",
    ("volumeid:?mountpath={}/home me/", "/Photos"): "home me/Photos",
    ("networkshareid:?mountpath={}/gone&mountpath={}/net", "/Photos"): "net/Photos",
    ("networkshareid:?mountpath={}/gone", "/"): None,
    ("something:?else=1", "/"): None,
    ("", "/"): None,
}


@pytest.mark.parametrize(("row", "folder"), ROOTS.items(), ids=[row[0] for row in ROOTS])
def test_a_collection_is_where_its_identifier_says(
    empty: Collected, machine: Machine, tmp_path: Path, row: tuple[str, str], folder: str | None
) -> None:
    identifier, inside = row
    empty.do(
        "UPDATE AlbumRoots SET identifier = ?, specificPath = ?",
        identifier.replace("{}", str(tmp_path)),
        inside,
    )
    database = Sqlite(empty.file)
    found = [root.folder for root in roots(database, machine)]
    database.close()
    assert found == ([tmp_path / folder] if folder else [])


def test_a_database_is_found_by_digikams_configuration(
    empty: Collected, tmp_path: Path, home: Path
) -> None:
    elsewhere = home / "db"
    elsewhere.mkdir()
    empty.file.rename(elsewhere / "digikam4.db")
    (home / ".config").mkdir()
    (home / ".config/digikamrc").write_text(
        "[Database Settings]\nDatabase Name[$e]=$HOME/db/\nDatabase Type=QSQLITE\n"
    )
    found = find(empty.files(), Setting())
    assert isinstance(found, Collection)
    assert found.database.name == str(elsewhere / "digikam4.db")
    found.close()


def test_a_database_of_other_folders_is_passed_over(empty: Collected) -> None:
    empty.do("UPDATE AlbumRoots SET identifier = 'volumeid:?path=/somewhere/else'")
    assert find(empty.files(), Setting()) is None


def test_what_is_named_and_not_there_is_told(empty: Collected, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        Digikam(str(tmp_path / "none.db")).view(empty.files(), embed=True)
    with pytest.raises(UsageError, match="no digiKam collection"):
        Digikam("off").alone(empty.files())
    with pytest.raises(UsageError, match="needs no section"):
        Digikam.configure("x", {})


def test_habits_are_read_with_digikams_defaults(tmp_path: Path) -> None:
    assert rc.habits(rc.read(tmp_path / "none")) == rc.DEFAULTS
    file = tmp_path / "digikamrc"
    file.write_text(
        "[Metadata Settings]\nSave Tags=true\nSave Rating=false\nSave Pick Label=true\n"
        "Metadata Writing Mode=2\nUse XMP Sidecar For Reading=true\n[Other][Nested]\nSave Tags=x\n"
    )
    habits = rc.habits(rc.read(file))
    assert habits.saves == {Field.TAGS, Field.FAVORITE, Field.RATING}
    assert (habits.into_file, habits.into_sidecar, habits.reads_sidecars) == (True, True, True)


PHOTOS, ALBUMS = 5_000, 50


def test_many_photos_load_album_by_album(empty: Collected) -> None:
    _fill(empty)
    database = Sqlite(empty.file)
    collection = Collection(database, rc.DEFAULTS, normal)
    shelves = (collection.shelf(empty.folder / f"a{number}") for number in range(ALBUMS))
    kept = (kept for shelf in shelves for kept in shelf.values() if kept)
    rated = sum(said.metadata.rating == 3 for _, said in kept)
    database.close()
    assert rated == PHOTOS // 5


def test_only_the_albums_in_question_are_read(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []
    read = Sqlite.rows

    def rows(self: Sqlite, sql: str, *values: object) -> list[tuple[object, ...]]:
        asked.append((sql, *values))
        return read(self, sql, *values)

    view = collected.view()
    monkeypatch.setattr(Sqlite, "rows", rows)
    album = next(a for a in view.albums() if a.ref == "Imported")
    assert view.fingerprint(album)  # type: ignore[arg-type]
    photos = [values for sql, *values in asked if " Images i" in str(sql)]
    assert photos
    assert {tuple(values) for values in photos} == {(9,)}


def _fill(empty: Collected) -> None:
    """Many photos with what people say of them: tags, stars, some texts and places, faces."""
    ids = range(1, PHOTOS + 1)
    when = "2019-01-01T10:00:00.000"
    with closing(sqlite3.connect(empty.file)) as connection, connection:
        many = connection.executemany
        connection.execute("PRAGMA synchronous = OFF")
        many(
            "INSERT INTO Albums (id, albumRoot, relativePath) VALUES (?, 1, ?)",
            ((number + 10, f"/a{number}") for number in range(ALBUMS)),
        )
        tags = ((number, f"t{number}") for number in range(1, 999))
        many("INSERT INTO Tags (id, pid, name) VALUES (?, 0, ?)", tags)
        connection.execute("INSERT INTO TagProperties VALUES (1, 'person', 'Ann')")
        many(
            "INSERT INTO Images VALUES (?, ?, ?, 1, 1, '2020-01-01T00:00:00', 1, 'x', NULL)",
            ((id, 10 + id % ALBUMS, f"{id}.jpg") for id in ids),
        )
        many(
            "INSERT INTO ImageInformation (imageid, rating, creationDate, digitizationDate,"
            " orientation, width, height) VALUES (?, ?, ?, ?, 1, 4000, 3000)",
            ((id, id % 5 + 1, when, when) for id in ids),
        )
        many(
            "INSERT INTO ImageTags VALUES (?, ?)",
            ((id, (id * step) % 998 + 1) for id in ids for step in (1, 7) if id * 6 % 998),
        )
        many(
            "INSERT INTO ImagePositions (imageid, latitudeNumber, longitudeNumber)"
            " VALUES (?, 45.5, 7.25)",
            ((id,) for id in ids if id % 2),
        )
        many(
            "INSERT INTO ImageComments (imageid, type, language, comment)"
            " VALUES (?, ?, 'x-default', 'Some words about it')",
            ((id, kind) for id in ids for kind in (1, 3) if id % 4 == kind),
        )
        many(
            "INSERT INTO ImageTagProperties VALUES (?, 1, 'tagRegion', ?)",
            ((id, '<rect x="101" y="65" width="66" height="81"/>') for id in ids if id % 7 == 0),
        )
