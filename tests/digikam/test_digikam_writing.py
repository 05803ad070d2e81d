"""What is written into a digiKam database, and when nothing is."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imgsync.errors import Rejected, Stale, Unavailable
from imgsync.model import (
    METADATA_FIELDS,
    NOTHING_SAID,
    Album,
    Area,
    Field,
    Metadata,
    Region,
)
from imgsync.service import Service
from imgsync.services.digikam import Digikam, running, stamps
from imgsync.services.digikam.running import holders, processes, services
from imgsync.services.digikam.sqlite import Sqlite
from imgsync.services.files import Files
from imgsync.testing.checks.basis import source

from .conftest import PATH, SAID, Collected, edit, metadata, one

ID = 16
SAVING = {
    f"Save_{option}": "true"
    for option in (
        *("Tags", "EXIF_Comments", "Rating", "Pick_Label", "Color_Label", "Date_Time"),
        *("Template", "FaceTags", "Position"),
    )
}


def database(collected: Collected) -> Service:
    return Digikam(collected.database).alone(collected.files())


@pytest.mark.parametrize("field", METADATA_FIELDS)
@pytest.mark.parametrize("said", [SAID, NOTHING_SAID], ids=["set", "cleared"])
def test_each_field_comes_back_from_the_database_alone(
    collected: Collected, said: Metadata, field: Field
) -> None:
    before = (collected.folder / PATH).read_bytes()
    view = collected.view()
    old = metadata(view, PATH)
    new = edit(view, PATH, said, field)
    assert new == view.normal(old.but(said, [field]))
    assert metadata(database(collected), PATH) == new
    assert metadata(collected.view(), PATH) == new
    assert (collected.folder / PATH).read_bytes() == before  # digiKam's default
    collected.check()


def test_others_are_left_alone(collected: Collected) -> None:
    view = collected.view()
    edit(view, PATH, SAID)
    fresh = collected.view()
    for path in collected.photos:
        if path != PATH:
            assert metadata(fresh, path) == metadata(view, path), path
    texts = collected.rows("SELECT author, date FROM ImageComments WHERE imageid = ?", ID)
    assert ("Gui Author", "2026-11-22T09:01:02.423") in texts


def test_other_languages_stay_until_a_text_is_cleared(collected: Collected) -> None:
    path = "Imported/imp01.jpg"
    texts = "SELECT language, comment FROM ImageComments WHERE imageid = 30 AND type = 1"
    edit(collected.view(), path, Metadata(caption="new"), Field.CAPTION)
    assert dict(collected.rows(texts)) == {
        "de-DE": "Deutsche Beschreibung imp01",
        "fr-FR": "Légende française imp01",
        "x-default": "new",
    }
    edit(collected.view(), path, NOTHING_SAID, Field.CAPTION)
    assert collected.rows(texts) == []


def test_rows_are_what_digikam_writes(collected: Collected) -> None:
    edit(collected.view(), PATH, SAID)
    photo = "WHERE imageid = 16"
    assert collected.rows(f"SELECT * FROM ImagePositions {photo}")[0][1:6] == (
        "48,23.43750000S",
        -48.390625,
        "4,29.06250000E",
        4.484375,
        12.5,
    )
    assert collected.rows(
        f"SELECT creationDate, digitizationDate FROM ImageInformation {photo}"
    ) == [("2012-07-01T10:20:30.250+02:00", "2008-10-22T16:28:39.000")]
    labels = (
        "SELECT t.name FROM ImageTags i JOIN Tags t ON t.id = i.tagid"
        " JOIN Tags p ON p.id = t.pid"
        " WHERE i.imageid = 16 AND p.name = '_Digikam_Internal_Tags_' ORDER BY 1"
    )
    assert collected.rows(labels) == [("Color Label Magenta",), ("Pick Label Accepted",)]
    faces = (
        "SELECT t.name, p.name, x.value FROM ImageTagProperties x JOIN Tags t ON t.id = x.tagid"
        " JOIN Tags p ON p.id = t.pid"
        " WHERE x.imageid = 16 AND x.property = 'tagRegion' ORDER BY 1"
    )
    assert collected.rows(faces) == [
        ("Ann", "People", '<rect x="240" y="180" width="160" height="120"/>'),
        ("Nora", "People", '<rect x="120" y="90" width="80" height="60"/>'),
    ]
    person = (
        "SELECT x.property, x.value FROM TagProperties x JOIN Tags t ON t.id = x.tagid"
        " WHERE t.name = 'Nora' ORDER BY 1"
    )
    assert collected.rows(person) == [("faceEngineId", "Nora"), ("person", "Nora")]
    rights = f"SELECT property, value, extraValue FROM ImageCopyright {photo}"
    assert sorted(collected.rows(rights)) == [
        ("copyrightNotice", "© Ada", "x-default"),
        ("creator", "Ada", None),
        ("creator", "Bob", None),
    ]


# How an area of a stored picture of 600 x 400 is displayed, by EXIF's orientation.
STORED: Area = (0.25, 0.5, 0.1, 0.3)
TURNED = [
    (1, "120,140,60,120"),
    (2, "420,140,60,120"),
    (3, "420,140,60,120"),
    (4, "120,140,60,120"),
    (5, "140,120,120,60"),
    (6, "140,120,120,60"),
    (7, "140,420,120,60"),
    (8, "140,420,120,60"),
]


@pytest.mark.parametrize(("orientation", "rectangle"), TURNED)
def test_faces_go_to_the_displayed_picture_and_back(
    collected: Collected, orientation: int, rectangle: str
) -> None:
    sql = "UPDATE ImageInformation SET orientation = ?, width = 600, height = 400 WHERE imageid = ?"
    collected.do(sql, orientation, ID)
    person = Region("Ann", STORED)
    assert edit(collected.view(), PATH, Metadata(people=(person,)), Field.PEOPLE).people == (
        person,
    )
    [(value,)] = collected.rows(f"SELECT value FROM ImageTagProperties WHERE imageid = {ID}")
    x, y, width, height = rectangle.split(",")
    assert value == f'<rect x="{x}" y="{y}" width="{width}" height="{height}"/>'


def test_faces_without_a_name_and_the_labels_that_nobody_asked_for_stay(
    collected: Collected,
) -> None:
    path = "Imported/imp05.jpg"
    edit(collected.view(), path, NOTHING_SAID, Field.PEOPLE, Field.TAGS)
    kept = "SELECT property FROM ImageTagProperties WHERE imageid = 34"
    assert collected.rows(kept) == [("autodetectedFace",)]
    pending = "Family/landscape_1.jpg"
    edit(collected.view(), pending, Metadata(rating=1), Field.RATING, Field.FAVORITE)
    flags = (
        "SELECT t.name FROM ImageTags i JOIN Tags t ON t.id = i.tagid"
        " WHERE i.imageid = 8 AND t.name LIKE 'Pick%'"
    )
    assert collected.rows(flags) == [("Pick Label Pending",)]


@pytest.mark.parametrize(
    "tag", ["_Digikam_Internal_Tags_/Color Label Red", "_Digikam_Internal_Tags_", "People/Unknown"]
)
def test_what_digikam_keeps_for_itself_is_no_keyword(collected: Collected, tag: str) -> None:
    before = collected.rows("SELECT * FROM Tags")
    said = edit(collected.view(), PATH, Metadata(tags=frozenset({tag, "Solo"})), Field.TAGS)
    assert said.tags == {"Solo"}
    assert collected.rows("SELECT * FROM Tags") == before


# Files.


def stamp_of(collected: Collected, path: str, sidecar: str = "") -> tuple[object, ...]:
    file = collected.folder / path
    beside = collected.folder / sidecar if sidecar else None
    return tuple(stamps.stamp(Sqlite(collected.file), file, beside))


def kept_stamp(collected: Collected, id: int = ID) -> tuple[object, ...]:
    sql = "SELECT fileSize, modificationDate, uniqueHash FROM Images WHERE id = ?"
    return collected.rows(sql, id)[0]


def test_a_stamp_is_digikams(collected: Collected) -> None:
    for path, said in collected.photos.items():
        wanted = (said["fileSize"], said["modificationDate"], said["uniqueHash"])
        assert stamp_of(collected, path) == wanted, path


def test_a_hash_of_version_3_takes_parts_of_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "a"
    for size in (0, 1000, 100 * 1024, 110 * 1024, 400 * 1024):
        file.write_bytes(bytes(n % 251 for n in range(size)))
        small = stamps.unique_hash(file, "2") == stamps.unique_hash(file, "3")
        assert small == (size == 0), size


@pytest.mark.parametrize(
    ("mode", "embed", "in_file", "in_sidecar"),
    [
        ("0", True, True, False),
        ("1", True, False, True),
        ("2", True, True, True),
        ("3", True, True, False),
        ("0", False, False, True),
    ],
)
def test_files_say_it_where_digikam_would(
    collected: Collected, mode: str, embed: bool, in_file: bool, in_sidecar: bool
) -> None:
    collected.says(**SAVING, Metadata_Writing_Mode=mode, Use_XMP_Sidecar_For_Reading="true")
    before = (collected.folder / PATH).read_bytes()
    new = edit(collected.view(embed=embed), PATH, SAID)
    assert metadata(collected.files(), PATH) == new
    assert metadata(database(collected), PATH).but(new, [Field.TAKEN]) == new
    assert ((collected.folder / PATH).read_bytes() != before) == in_file
    sidecar = f"{PATH}.xmp"
    assert (collected.folder / sidecar).exists() == in_sidecar
    assert kept_stamp(collected) == stamp_of(collected, PATH, sidecar if in_sidecar else "")
    collected.check()


def test_only_what_digikam_saves_goes_into_files(collected: Collected) -> None:
    collected.says(Save_Tags="true")
    edit(collected.view(), PATH, SAID)
    in_file = metadata(collected.files(), PATH)
    assert in_file.tags == SAID.tags | {"People/Ann", "People/Nora"}
    assert (in_file.title, in_file.rating, in_file.people) == ("", None, ())


def test_a_film_gets_no_sidecar_where_digikam_writes_none(collected: Collected) -> None:
    collected.says(**SAVING)
    edit(collected.view(), "Holidays/2020 Beach/clip.mp4", Metadata(title="Clip"), Field.TITLE)
    assert not list((collected.folder / "Holidays/2020 Beach").glob("*.xmp"))
    assert metadata(collected.view(), "Holidays/2020 Beach/clip.mp4").title == "Clip"


# What digiKam shows where a file tells no time: what was made of it, and the time taken.
TIMES_OF_FILES = [
    ("its own date", "2026-11-22T08:54:35.506", ""),
    ("its own date, of a disk that knows whole seconds", "2026-11-22T08:54:35.000", ""),
    ("set by hand from its own date", "2010-07-01T08:20:30.506", "2010-07-01T08:20:30"),
    ("set by hand", "2010-07-01T08:20:30.000", "2010-07-01T08:20:30"),
    ("without a fraction", "2010-07-01T08:20:30", ""),
]


@pytest.mark.parametrize(
    ("created", "taken"),
    [row[1:] for row in TIMES_OF_FILES],
    ids=[row[0] for row in TIMES_OF_FILES],
)
@pytest.mark.parametrize("fraction", ["000", "006", "506", "511", "999"])
def test_writing_a_file_leaves_a_guessed_time_guessed_and_a_set_one_set(
    collected: Collected, monkeypatch: pytest.MonkeyPatch, created: str, taken: str, fraction: str
) -> None:
    """Whatever the fraction of the second in which it is written."""
    path = "Archive/Arbitro.tiff"
    collected.do(
        "UPDATE ImageInformation SET creationDate = ?, digitizationDate = NULL WHERE imageid = 2",
        created,
    )
    collected.says(**SAVING)
    real = stamps.stamp

    def stamp(*of: Any) -> stamps.Stamp:
        found = real(*of)
        if found.time < "2026-11-23":
            return found  # as it was before
        return found._replace(time=f"{found.time[:20]}{fraction}")

    monkeypatch.setattr(stamps, "stamp", stamp)
    for label in ("Red", "Blue"):
        view = collected.view()
        assert metadata(view, path).taken == taken
        assert edit(view, path, Metadata(label=label), Field.LABEL).taken == taken
        assert metadata(database(collected), path).taken == taken
    file = (collected.folder / path).stat().st_mtime
    [(modified,)] = collected.rows("SELECT modificationDate FROM Images WHERE id = 2")
    digikams = datetime.fromisoformat(modified).replace(tzinfo=UTC).timestamp()
    assert int(digikams) == int(file)  # all that digiKam compares


def test_a_file_that_digikam_is_still_to_read_stays_so(collected: Collected) -> None:
    collected.says(**SAVING)
    os.utime(collected.folder / PATH)  # changed by another program, as far as digiKam knows
    before = kept_stamp(collected)
    edit(collected.view(), PATH, SAID)
    assert kept_stamp(collected) == before


# When nothing is written.


def test_a_photo_that_was_edited_in_digikam_meanwhile_is_stale(collected: Collected) -> None:
    view = collected.view()
    album, photo = one(view, PATH)
    collected.do("UPDATE ImageInformation SET rating = 1 WHERE imageid = ?", ID)
    with pytest.raises(Stale):
        view.edit(album, photo, SAID, frozenset({Field.TITLE}))
    with pytest.raises(Stale):
        view.delete(album, photo)
    assert metadata(collected.view(), PATH).title == "GUI title DSCN0010"


@pytest.mark.parametrize("way", ["a process", "a name on the bus", "an open database"])
def test_nothing_is_changed_while_digikam_runs(
    collected: Collected, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    before = collected.file.read_bytes()
    place, name = {
        "a process": (running, "processes"),
        "a name on the bus": (running, "services"),
        "an open database": (Sqlite, "users"),
    }[way]
    monkeypatch.setattr(place, name, lambda *_: iter(["process 4711"]))
    view = collected.view()
    album, photo = one(view, PATH)
    with pytest.raises(Rejected, match=r"\(process 4711\).*close"):
        view.edit(album, photo, SAID, frozenset({Field.TITLE}))
    with pytest.raises(Rejected, match="close"):
        view.create(album, source())
    with pytest.raises(Rejected, match="close"):
        view.delete(album, photo)
    with pytest.raises(Rejected, match="close"):
        view.move(album, photo, album, "other.jpg")
    with pytest.raises(Rejected, match="close"):
        view.move_album(album, "elsewhere")
    assert collected.file.read_bytes() == before
    assert sorted(collected.folder.glob("digikam4.db*")) == [collected.file]


def test_what_stands_beside_the_collection_is_changed_all_the_same(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "processes", lambda: iter(["process 4711"]))
    trash = collected.folder.parent / "trash"
    (collected.folder.parent / "Beside").mkdir()
    tree = Files("local", collected.folder.parent, trash=trash, jobs=1, own=True)
    view = Digikam(collected.database).view(tree, embed=True)
    before = collected.file.read_bytes()
    beside = Album("Beside", "Beside")
    photo = view.create(beside, source())
    photo = view.edit(beside, photo, Metadata(title="New"), frozenset({Field.TITLE}))
    photo = view.move(beside, view.replace(beside, photo, source("b.jpg", 2)), beside, "c.jpg")
    moved = view.move_album(beside, "Elsewhere")
    view.delete(moved, photo)
    assert not list((collected.folder.parent / "Elsewhere").glob("*.jpg"))
    assert collected.file.read_bytes() == before


def test_a_process_called_digikam_is_noticed(tmp_path: Path) -> None:
    for number, name in (("1", "init"), ("77", "digikam"), ("78", "digikam-helper")):
        (tmp_path / number).mkdir()
        (tmp_path / number / "comm").write_text(f"{name}\n")
    assert list(processes(tmp_path)) == ["process 77"]


def test_a_name_on_the_bus_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "dbus-send"
    program.write_text(
        '#!/bin/sh\necho \'array [ string "org.kde.digikam-4711" string ":1.5" ]\'\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert list(services()) == ["process 4711"]


def test_a_process_that_has_the_database_open_is_noticed(collected: Collected) -> None:
    program = "import sys; f = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, str(collected.file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert list(holders(collected.file)) == [f"process {other.pid}"]
        assert other.stdin is not None
        other.stdin.close()
    assert list(holders(collected.file)) == []


@pytest.mark.parametrize("version", ["18", "14", ""])
def test_an_unknown_version_is_read_and_never_written(collected: Collected, version: str) -> None:
    collected.do("UPDATE Settings SET value = ? WHERE keyword = 'DBVersion'", version)
    before = collected.file.read_bytes()
    view = collected.view()
    assert metadata(view, PATH).title == "GUI title DSCN0010"
    with pytest.raises(Rejected, match="version"):
        edit(view, PATH, SAID)
    assert collected.file.read_bytes() == before


# What each version changed in the one before it, as far as it is known.
NEWER = {
    "16": (
        "ALTER TABLE AlbumRoots ADD COLUMN caseSensitivity INTEGER",
        "DELETE FROM Settings WHERE keyword = 'Locale'",
    ),
    "17": (
        "ALTER TABLE ImageInformation ADD COLUMN timeZone INTEGER",
        "CREATE INDEX rating_index ON ImageInformation (rating)",
        "UPDATE Settings SET value = '3' WHERE keyword = 'uniqueHashVersion'",
    ),
}


@pytest.mark.parametrize("version", NEWER)
def test_newer_versions_that_are_known_are_read_and_written(
    collected: Collected, version: str
) -> None:
    known = metadata(collected.view(), PATH)
    for number in (number for number in NEWER if number <= version):
        for sql in NEWER[number]:
            collected.do(sql)
        collected.do("UPDATE Settings SET value = ? WHERE keyword = 'DBVersion'", number)
    collected.says(**SAVING)
    view = collected.view()
    album, photo = one(view, PATH)
    assert photo.metadata == known
    said = view.edit(album, photo, SAID, frozenset(METADATA_FIELDS)).metadata
    assert said == metadata(database(collected), PATH) == metadata(collected.files(), PATH)
    assert kept_stamp(collected) == stamp_of(collected, PATH)
    album, photo = one(view, PATH)
    moved = view.move(album, photo, view.create_album("New"), "a.jpg")
    assert metadata(collected.view(), "New/a.jpg") == moved.metadata == said
    view.delete(Album("New", "New"), moved)
    assert collected.rows("SELECT album, status FROM Images WHERE id = ?", ID) == [(None, 3)]
    sql = "SELECT value FROM Settings WHERE keyword = 'DBVersion'"
    assert collected.rows(sql) == [(version,)]
    collected.check()


def test_a_database_that_is_locked_is_not_waited_for_forever(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgsync.services.digikam.sqlite._PATIENCE", 0.01)
    view = collected.view()
    with closing(sqlite3.connect(collected.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            edit(view, PATH, SAID)
    assert edit(view, PATH, SAID).title == "Neu"


def test_a_database_that_keeps_a_log_is_one_file_afterwards(collected: Collected) -> None:
    collected.do("PRAGMA journal_mode = WAL")
    view = collected.view()
    assert edit(view, PATH, SAID, Field.TITLE).title == "Neu"
    view.close()
    assert not list(collected.folder.glob("digikam4.db-*"))
    [backup] = collected.folder.glob("digikam4.db.img-sync-*")
    with closing(sqlite3.connect(backup)) as copy:
        sql = "SELECT comment FROM ImageComments WHERE imageid = ? AND type = 3"
        assert copy.execute(sql, (ID,)).fetchone() == ("GUI title DSCN0010",)
    collected.check()


def test_a_write_that_fails_leaves_all_as_it_was(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    before = collected.rows("SELECT * FROM Tags"), metadata(collected.view(), PATH)
    view = collected.view()
    monkeypatch.setattr("imgsync.services.digikam.writing.Writer._write_marks", fail)
    with pytest.raises(KeyboardInterrupt):
        edit(view, PATH, SAID)
    monkeypatch.undo()
    assert (collected.rows("SELECT * FROM Tags"), metadata(collected.view(), PATH)) == before


def test_the_database_is_backed_up_before_a_run_writes_first(collected: Collected) -> None:
    for number in range(7):
        view = collected.view()
        for title in ("a", "b"):
            edit(view, PATH, Metadata(title=f"{title}{number}"), Field.TITLE)
    kept = sorted(collected.folder.glob("digikam4.db.img-sync-*"))
    titles = []
    for file in kept:
        with closing(sqlite3.connect(file)) as copy:
            sql = "SELECT comment FROM ImageComments WHERE imageid = ? AND type = 3"
            titles += copy.execute(sql, (ID,)).fetchone()
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert titles == ["b1", "b2", "b3", "b4", "b5"]
