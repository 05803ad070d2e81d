"""A collection that digiKam made is shown as digiKam shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imgsync.metadata import files
from imgsync.model import Album, Field, Location, Metadata, Photo, Region, same
from imgsync.model import fingerprint as of_versions
from imgsync.service import Check, Look
from imgsync.services.digikam import Digikam
from imgsync.services.digikam import rows as tables
from imgsync.services.digikam.sqlite import Sqlite
from imgsync.services.files import Files

from .conftest import Collected, metadata, one, shown

COLOURS = ["", "Red", "Orange", "Yellow", "Green", "Blue", "Purple", "Gray", "Black", "White"]

# digiKam shows a date for these too: that of the file itself, which depends on when it was copied.
# Carried on it would become a fact, so it is no time taken: the file's own word counts, if any.
GUESSED = {
    *("Archive/Arbitro.tiff", "Archive/Jobagent.png", "Archive/Tless0.tiff"),
    *("Archive/samplefilehub.heif", "Family/landscape_1.jpg", "Family/landscape_6.jpg"),
    *("Family/portrait_8.jpg", "Family/Birthday/portrait_1.jpg", "Holidays/2020 Beach/clip.mp4"),
    *("Imported/imp09.jpg", "Imported/imp11_rot6.jpg"),
}

# Captions that cameras wrote: digiKam shows them, and files and services take them for none.
BY_CAMERAS = {
    "Holidays/2020 Beach/Konica_Minolta_DiMAGE_Z3.jpg",
    "Holidays/2020 Beach/sanyo-vpcg250.jpg",
    "Imported/imp06.jpg",
}


def expected(said: dict[str, Any]) -> Metadata:
    """What digiKam's own words in EXPECTED.json come to."""

    def text(kind: str) -> str:
        texts = {t["language"]: t["text"] for t in reversed(said[kind])}
        return texts.get("x-default") or next(reversed(texts.values()), "")

    rights: dict[str, list[str]] = {}
    for row in said["copyright"]:
        rights.setdefault(row["property"], []).append(row["value"])
    place = said["geo"]
    return Metadata(
        title=text("titles").strip(),
        caption=text("captions").strip(),
        tags=frozenset(said["tags"]),
        taken=_time(said["creationDate"]) if said["digitizationDate"] else "",
        location=place
        and Location(
            round(place["latitudeNumber"], 7),
            round(place["longitudeNumber"], 7),
            place["altitude"],
        ),
        rating=-1 if said["pick_label"] == 1 else said["rating"] if said["rating"] > 0 else None,
        label=COLOURS[said["color_label"] or 0],
        favorite=said["pick_label"] == 3,
        people=tuple(sorted((r for f in said["faces"] for r in _region(f, said)), key=str)),
        creator=tuple(rights.get("creator", ())),
        copyright="".join(rights.get("copyrightNotice", ())[:1]),
    )


def _time(text: str) -> str:
    return text.replace(".000", "").replace("Z", "+00:00")


def _region(face: dict[str, Any], said: dict[str, Any]) -> list[Region]:
    """By the formulas of the MWG for orientations 1 and 6, the only ones in the collection."""
    if face["person"] is None:
        return []
    x, y, w, h = face["rect"]
    width, height = said["width"], said["height"]
    if said["orientation"] == 6:
        x, y, w, h = y, height - x - w, h, w
    area = ((x + w / 2) / width, (y + h / 2) / height, w / width, h / height)
    return [Region(face["person"], tuple(round(number, 6) for number in area))]


def test_every_photo_reads_as_digikam_says(collected: Collected) -> None:
    view = collected.view()
    found = {path: photo.metadata for path, photo in shown(view).items()}
    assert found.keys() == collected.photos.keys()
    for path, said in collected.photos.items():
        wanted = expected(said)
        assert (said["digitizationDate"] is None) == (path in GUESSED)
        if path in GUESSED:
            taken = metadata(collected.files(), path).taken
            wanted = wanted.but(Metadata(taken=taken), [Field.TAKEN])
        assert found[path] == wanted, path
        normal = view.normal(found[path])
        assert normal == found[path].but(normal, [Field.CAPTION] * (path in BY_CAMERAS)), path


def test_what_only_the_database_knows_is_shown(collected: Collected) -> None:
    path = "Holidays/2019 Paris/DSCN0010.jpg"
    assert metadata(collected.files(), path).title == ""
    said = metadata(collected.view(), path)
    assert said.title == "GUI title DSCN0010"
    assert said.caption == 'GUI caption, line one\nline two: "quotes" & <xml>'
    assert said.tags == {"Places", "Places/Spain", "Places/Spain/Girona"}
    assert said.rating == 5


def test_captions_of_all_languages_groups_and_albums_are_read(collected: Collected) -> None:
    database = Sqlite(collected.file)
    albums = {said["relativePath"]: said for said in collected.expected["albums"]}
    for path, said in albums.items():
        read = tables.album(database, said["id"])
        words = (said["caption"] or "", said["date"], said["collection"] or "")
        assert (read.caption, read.date, read.category) == words, path
        groups = {name for behind in read.groups.values() for name in behind}
        assert groups == {
            photo["name"]
            for photo in collected.photos.values()
            if photo["album"] == path and photo["grouped_behind"]
        }
    for said in collected.photos.values():
        row = tables.photo(database, albums[said["album"]]["id"], said["name"])
        assert row is not None
        captions = {(c.language, c.said) for c in row.comments if c.kind == tables.CAPTION}
        assert captions == {(c["language"], c["text"]) for c in said["captions"]}, said["name"]
        assert row.id == said["id"]
        assert (row.modified, row.size) == (said["modificationDate"], said["fileSize"])
        # All dates as digiKam shows them; which of them are no time taken is said above.
        assert (row.created, row.digitized or None) == (
            said["creationDate"],
            said["digitizationDate"],
        )
    database.close()


@pytest.mark.parametrize("status", [2, 3, 4])
def test_rows_of_another_status_are_no_photos(collected: Collected, status: int) -> None:
    path = "Holidays/2019 Paris/DSCN0010.jpg"
    collected.do("UPDATE Images SET status = ? WHERE name = 'DSCN0010.jpg'", status)
    assert metadata(collected.view(), path) == metadata(collected.files(), path)


def test_a_photo_that_digikam_is_to_read_again_is_what_its_file_says(collected: Collected) -> None:
    path = "Holidays/2019 Paris/DSCN0010.jpg"
    collected.do("UPDATE Images SET modificationDate = NULL WHERE name = 'DSCN0010.jpg'")
    assert metadata(collected.view(), path) == metadata(collected.files(), path)


EDITS = {
    "a tag": "INSERT INTO ImageTags VALUES (16, 10)",
    "a tag's name": "UPDATE Tags SET name = 'Espagne' WHERE name = 'Spain'",
    "stars": "UPDATE ImageInformation SET rating = 2 WHERE imageid = 16",
    "a caption": "UPDATE ImageComments SET comment = 'new' WHERE imageid = 16",
    "a place": "DELETE FROM ImagePositions WHERE imageid = 16",
    "a time": "UPDATE ImageInformation SET creationDate = '1999-01-01T00:00:00.000'"
    " WHERE imageid = 16",
    "a label": "INSERT INTO ImageTags VALUES (16, 13)",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_that_only_the_database_knows_is_seen(collected: Collected, edit: str) -> None:
    view = collected.view()
    album, photo = one(view, "Holidays/2019 Paris/DSCN0010.jpg")
    before = {p.ref: p for p in view.photos(album, Look()) if isinstance(p, Photo)}
    marked = view.fingerprint(album)
    collected.do(edit)
    view = collected.view()
    after = {p.ref: p for p in view.photos(album, Look(known=before)) if isinstance(p, Photo)}
    assert view.fingerprint(album) != marked
    assert {ref for ref in after if after[ref] != before[ref]} == {photo.ref}
    assert after[photo.ref].metadata != photo.metadata
    assert after[photo.ref].version != photo.version
    assert after[photo.ref].content == photo.content


def test_a_time_is_as_fine_as_the_file_tells_it(collected: Collected) -> None:
    path = "Holidays/2019 Paris/DSCN0010.jpg"
    for told, shown_as in (
        ("2008-10-22T16:28:39.25+02:00", "2008-10-22T16:28:39.25+02:00"),
        ("2008-10-22T16:28:40", "2008-10-22T16:28:39"),  # another time: the database's counts
    ):
        files.write(collected.folder / path, None, Metadata(taken=told), [Field.TAKEN])
        assert metadata(collected.view(), path).taken == shown_as


GUESSES = [
    ("2026-11-20T07:01:02.250", None, ""),  # to the millisecond
    ("2026-11-22T08:54:35.000", None, ""),  # when the file was changed
    ("2026-11-22T08:54:35.506", None, ""),  # when it was made
    ("2010-07-01T08:20:30.506", None, "2010-07-01T08:20:30"),  # set by hand in digiKam
    ("1999-05-01T12:00:00.000", None, "1999-05-01T12:00:00"),  # what people say
    ("1999-05-01T12:00:00.250", "1999-05-01T12:00:00.250", "1999-05-01T12:00:00.25"),
    ("1999-05-01T12:00:00.000+02:00", None, "1999-05-01T12:00:00+02:00"),
]


@pytest.mark.parametrize(("created", "digitized", "taken"), GUESSES)
def test_a_time_of_the_file_itself_is_none(
    collected: Collected, created: str, digitized: str | None, taken: str
) -> None:
    sql = "UPDATE ImageInformation SET creationDate = ?, digitizationDate = ? WHERE imageid = 2"
    collected.do(sql, created, digitized)
    assert metadata(collected.view(), "Archive/Arbitro.tiff").taken == taken


def test_a_fingerprint_is_that_of_the_versions(collected: Collected) -> None:
    view = collected.view()
    for album in view.albums():
        assert isinstance(album, Album)
        photos = [photo for photo in view.photos(album, Look()) if isinstance(photo, Photo)]
        assert view.fingerprint(album) == of_versions((p.ref, p.version) for p in photos)


def test_known_photos_are_believed_and_not_read(collected: Collected) -> None:
    view = collected.view()
    album = Album("Imported", "Imported")
    known = {p.ref: p for p in view.photos(album, Look()) if isinstance(p, Photo)}
    again = list(collected.view().photos(album, Look(known=known)))
    assert all(photo is known[photo.ref] for photo in again)
    read = list(collected.view().photos(album, Look(known=known, check=Check.ALL)))
    assert read == again


def test_a_photo_that_digikam_has_not_found_is_its_file(collected: Collected) -> None:
    (collected.folder / "Imported/new.jpg").write_bytes(
        (collected.folder / "Imported/imp05.jpg").read_bytes()
    )
    new = metadata(collected.view(), "Imported/new.jpg")
    # digiKam will give everybody whose face is in the file the tag of a person.
    assert new.tags == {"People/Ann", "People/Bob"}
    known = metadata(collected.view(), "Imported/imp05.jpg")
    assert same(Field.PEOPLE, new.people, known.people)  # whose frames are whole pixels
    assert new == known.but(new, [Field.PEOPLE])


@pytest.mark.parametrize("top", ["", "Holidays", "Holidays/2019 Paris"])
def test_the_tree_may_be_any_part_of_the_collection(collected: Collected, top: str) -> None:
    tree = Files("local", collected.folder / top, jobs=1, own=True)
    view = Digikam("auto").view(tree, embed=True)
    inside = "Holidays/2019 Paris/DSCN0012.jpg"[len(top) + 1 if top else 0 :]
    assert metadata(view, inside).label == "Red"


def test_a_tree_that_is_no_part_of_it_is_plain_files(collected: Collected, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    tree = Files("local", tmp_path / "other", jobs=1, own=True)
    assert Digikam(collected.database).view(tree, embed=True) is tree
    tree = collected.files()
    assert Digikam("off").view(tree, embed=True) is tree
