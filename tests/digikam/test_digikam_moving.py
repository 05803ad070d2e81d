"""Photos and folders that are moved, replaced and deleted keep their rows as digiKam would."""

from __future__ import annotations

import shutil

import pytest

from imgsync.errors import Stale
from imgsync.model import Album, Field, Metadata
from imgsync.service import Original, Source
from imgsync.testing.checks.basis import source

from .conftest import Collected, metadata, one

LOUVRE = "Holidays/2019 Paris/Louvre"
FACE = "Family/Birthday/sony-cybershot.jpg"


def rows_of(collected: Collected, id: int) -> list[object]:
    """All that the database has on a photo beside its place."""
    tables = (
        *("ImageInformation", "ImagePositions", "ImageComments", "ImageCopyright"),
        *("ImageTags", "ImageTagProperties", "ImageMetadata"),
    )
    found: list[object] = [
        collected.rows(f"SELECT * FROM {table} WHERE imageid = ?", id) for table in tables
    ]
    sql = "SELECT * FROM ImageRelations WHERE ? IN (subject, object) ORDER BY 1, 2"
    return [*found, collected.rows(sql, id)]


def place(collected: Collected, id: int) -> tuple[object, ...]:
    sql = (
        "SELECT a.relativePath, i.name, i.status FROM Images i"
        " LEFT JOIN Albums a ON a.id = i.album WHERE i.id = ?"
    )
    return collected.rows(sql, id)[0]


@pytest.mark.parametrize("to", ["Family/Birthday", "Archive", "New/Folder", ""])
def test_a_photo_takes_its_rows_along(collected: Collected, to: str) -> None:
    view = collected.view()
    album, photo = one(view, FACE)
    before, said = rows_of(collected, 14), photo.metadata
    moved = view.move(album, photo, view.create_album(to), "new name.jpg")
    assert moved.metadata == said
    assert rows_of(collected, 14) == before
    assert place(collected, 14) == (f"/{to}", "new name.jpg", 1)
    assert metadata(collected.view(), f"{to}/new name.jpg".lstrip("/")) == said
    if to == "New/Folder":  # and the folders above it are albums
        assert collected.rows("SELECT count(*) FROM Albums WHERE relativePath = '/New'") == [(1,)]
    collected.check()


def test_a_name_that_a_lost_photo_has_is_free(collected: Collected) -> None:
    (collected.folder / "Archive/Arbitro.tiff").unlink()
    view = collected.view()
    album, photo = one(view, FACE)
    archive = Album("Archive", "Archive")
    name = "Jobagent.png"
    (collected.folder / "Archive" / name).unlink()
    moved = view.move(album, photo, archive, "Jobagent.jpg")
    assert moved.name == "Jobagent.jpg"
    collected.do("UPDATE Images SET name = 'again.jpg' WHERE name = ?", name)
    view.move(archive, moved, archive, "again.jpg")
    assert place(collected, 14) == ("/Archive", "again.jpg", 1)
    assert place(collected, 4) == (None, "again.jpg", 3)
    collected.check()


def test_a_deleted_photo_keeps_its_rows_for_a_while(collected: Collected) -> None:
    view = collected.view()
    album, photo = one(view, f"{LOUVRE}/DSCN0025.jpg")
    before = rows_of(collected, 20)
    view.delete(album, photo)
    view.delete(album, photo)
    assert place(collected, 20) == (None, "DSCN0025.jpg", 3)
    assert rows_of(collected, 20) == before
    collected.check()


@pytest.mark.parametrize("to", ["Holidays/Louvre", "Museums/Paris/Louvre", "Louvre"])
def test_a_folder_takes_its_photos_rows_along(collected: Collected, to: str) -> None:
    view = collected.view()
    before = {id: rows_of(collected, id) for id in (20, 21, 22)}
    view.move_album(Album(LOUVRE, LOUVRE), to)
    assert {id: rows_of(collected, id) for id in before} == before
    assert place(collected, 21) == (f"/{to}", "Pentax_K10D.jpg", 1)
    assert metadata(collected.view(), f"{to}/Pentax_K10D.jpg").creator == ("Laitche",)
    collected.check()


def test_what_is_there_already_stays(collected: Collected) -> None:
    """As where a folder went along with the one above it."""
    view = collected.view()
    there = {id: (place(collected, id), rows_of(collected, id)) for id in (14, 20, 21, 22)}
    view.move_album(Album(LOUVRE, LOUVRE), LOUVRE)
    album, photo = one(view, FACE)
    assert view.move(album, photo, album, photo.name) == photo
    assert {id: (place(collected, id), rows_of(collected, id)) for id in there} == there
    collected.check()


def test_folders_below_move_along(collected: Collected) -> None:
    paris = "Holidays/2019 Paris"
    collected.view().move_album(Album(paris, paris), "Paris")
    assert place(collected, 21) == ("/Paris/Louvre", "Pentax_K10D.jpg", 1)
    sql = "SELECT caption, collection FROM Albums WHERE relativePath = '/Paris'"
    assert collected.rows(sql) == [("Trip to Paris, album caption", "Travel")]
    collected.check()


def test_a_folder_takes_the_place_of_one_that_was_lost(collected: Collected) -> None:
    view = collected.view()
    view.move_album(Album("Archive", "Archive"), "Archiv")
    collected.do("UPDATE Albums SET relativePath = '/Louvre' WHERE relativePath = '/Archiv'")
    view.move_album(Album(LOUVRE, LOUVRE), "Louvre")
    assert place(collected, 21) == ("/Louvre", "Pentax_K10D.jpg", 1)
    assert place(collected, 4) == (None, "Jobagent.png", 3)
    collected.check()


def test_a_new_photo_is_left_for_digikam_to_find(collected: Collected) -> None:
    before = collected.rows("SELECT * FROM Images")
    view = collected.view()
    new = source("new.jpg", metadata=Metadata(title="New", tags=frozenset({"Solo"})))
    made = view.create(Album("Archive", "Archive"), new)
    assert made.metadata == new.metadata
    assert metadata(collected.files(), "Archive/new.jpg") == new.metadata
    assert collected.rows("SELECT * FROM Images") == before
    collected.check()


def test_a_new_photo_inherits_nothing_from_a_lost_one_of_its_name(collected: Collected) -> None:
    (collected.folder / FACE).unlink()
    view = collected.view()
    made = view.create(Album("Family/Birthday", "Family/Birthday"), source("sony-cybershot.jpg"))
    assert made.metadata == Metadata()
    assert place(collected, 14) == (None, "sony-cybershot.jpg", 3)
    collected.check()


def test_a_new_picture_is_read_by_digikam_anew(collected: Collected) -> None:
    view = collected.view()
    album, photo = one(view, FACE)
    new = Metadata(title="New", people=photo.metadata.people)
    made = view.replace(album, photo, source("sony-cybershot.jpg", metadata=new))
    sql = "SELECT status, modificationDate FROM Images WHERE id = 14"
    assert collected.rows(sql) == [(1, None)]
    assert made.metadata == view.normal(new)
    # The old frame is one in the old picture; digiKam finds the new one in the file.
    assert collected.rows("SELECT * FROM ImageTagProperties WHERE imageid = 14") == []
    collected.check()


def test_a_photo_that_was_moved_in_digikam_meanwhile_is_stale(collected: Collected) -> None:
    view = collected.view()
    album, photo = one(view, FACE)
    collected.do("UPDATE Images SET name = 'other.jpg' WHERE id = 14")
    (collected.folder / FACE).rename(collected.folder / "Family/Birthday/other.jpg")
    with pytest.raises(Stale):
        view.move(album, photo, album, "third.jpg")
    with pytest.raises(Stale):
        view.edit(album, photo, Metadata(title="New"), frozenset({Field.TITLE}))


# What other programs do, before digiKam has found it.


def test_a_photo_that_was_moved_is_known_again(collected: Collected) -> None:
    view = collected.view()
    said = metadata(view, FACE)
    (collected.folder / FACE).rename(collected.folder / "Archive/other.jpg")
    view = collected.view()
    album, photo = one(view, "Archive/other.jpg")
    assert photo.metadata == said
    assert place(collected, 14) == ("/Family/Birthday", "sony-cybershot.jpg", 1)
    edited = view.edit(album, photo, Metadata(rating=2), frozenset({Field.RATING}))
    assert edited.metadata == said.but(Metadata(rating=2), [Field.RATING])
    assert place(collected, 14) == ("/Archive", "other.jpg", 1)
    collected.check()


def test_a_photo_that_was_copied_is_what_its_file_says(collected: Collected) -> None:
    shutil.copy2(collected.folder / FACE, collected.folder / "Archive/copy.jpg")
    view = collected.view()
    album, photo = one(view, "Archive/copy.jpg")
    assert photo.metadata == metadata(collected.files(), FACE)
    view.edit(album, photo, Metadata(rating=2), frozenset({Field.RATING}))
    assert place(collected, 14) == ("/Family/Birthday", "sony-cybershot.jpg", 1)
    assert metadata(view, FACE).rating is None


def test_a_folder_that_was_moved_is_known_again(collected: Collected) -> None:
    view = collected.view()
    said = metadata(view, f"{LOUVRE}/Pentax_K10D.jpg")
    before = {id: rows_of(collected, id) for id in (20, 21, 22)}
    (collected.folder / LOUVRE).rename(collected.folder / "Museum")
    view = collected.view()
    album, photo = one(view, "Museum/Pentax_K10D.jpg")
    assert photo.metadata == said
    view.move(album, photo, album, "k10d.jpg")
    assert place(collected, 21) == ("/Museum", "k10d.jpg", 1)
    assert place(collected, 22) == ("/Museum", "olympus-c960.jpg", 1)
    assert {id: rows_of(collected, id) for id in before} == before
    collected.check()


def test_a_photo_that_comes_back_has_its_rows_again(collected: Collected) -> None:
    view = collected.view()
    album, photo = one(view, FACE)
    kept, said = collected.folder.parent / "kept.jpg", metadata(collected.files(), FACE)
    shutil.copy2(collected.folder / FACE, kept)
    view.delete(album, photo)
    size = kept.stat().st_size
    again = Source("again.jpg", said, photo, lambda: Original(kept.open("rb"), size))
    made = view.create(Album("Archive", "Archive"), again)
    assert made.metadata == view.normal(said)
    assert place(collected, 14) == ("/Archive", "again.jpg", 1)
    collected.check()
