"""Whole runs in a digiKam collection: with another service, and with digiKam itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from imgsync.cli import main
from imgsync.metadata import files
from imgsync.model import Field, Metadata
from imgsync.services.digikam import running

from .conftest import Collected, found_by_digikam, metadata

PARIS = "Holidays/2019 Paris"


class Answer(NamedTuple):
    code: int
    out: str
    err: str


class Runs:
    """img-sync on the collection; `nas` is another tree beside it."""

    def __init__(
        self, collected: Collected, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.collected = collected
        self.nas = collected.folder.parent / "nas"
        self.nas.mkdir()
        self._capsys = capsys
        config = home / "config/img-sync.cfg"
        config.parent.mkdir()
        trash = collected.folder.parent / "trash"
        config.write_text(
            f"[img-sync]\njobs = 1\ntrash = {trash}\n[nas]\ntype = files\npath = {self.nas}\n"
        )

    def __call__(self, *words: str, inside: str = "") -> Answer:
        self._capsys.readouterr()
        code = main([*words, str(self.collected.folder / inside)])
        return Answer(code, *self._capsys.readouterr())


@pytest.fixture
def runs(collected: Collected, home: Path, capsys: pytest.CaptureFixture[str]) -> Runs:
    return Runs(collected, home, capsys)


def words_of(answer: Answer, side: str) -> dict[str, str]:
    """What is to be updated on a side: paths, with what is said of them."""
    lines = (line.split("  ", 3) for line in answer.out.splitlines())
    return {path: said for op, where, path, said in lines if (op, where) == ("update", side)}


def test_what_only_digikam_knows_reaches_a_service(collected: Collected, runs: Runs) -> None:
    assert runs("--sync-to", "nas").code == 0
    there = files.read(runs.nas / f"{PARIS}/DSCN0010.jpg", None)
    assert there == metadata(collected.view(), f"{PARIS}/DSCN0010.jpg")
    assert runs("--sync-to", "nas") == (0, "", "in step, nothing to do\n")
    collected.do("UPDATE ImageInformation SET rating = 1 WHERE imageid = 16")
    answer = runs("--sync-to", "nas")
    assert list(words_of(answer, "nas")) == [f"{PARIS}/DSCN0010.jpg"]


def test_what_a_service_says_reaches_digikam(collected: Collected, runs: Runs) -> None:
    runs("--sync-with", "nas")
    other = runs.nas / f"{PARIS}/DSCN0012.jpg"
    files.write(other, None, Metadata(title="Told there"), [Field.TITLE])
    assert runs("--sync-with", "nas").code == 0
    assert metadata(collected.view(), f"{PARIS}/DSCN0012.jpg").title == "Told there"
    assert metadata(collected.files(), f"{PARIS}/DSCN0012.jpg").title == ""
    assert runs("--sync-with", "nas") == (0, "", "in step, nothing to do\n")
    collected.check()


def test_nothing_is_written_while_digikam_runs_and_the_rest_goes_on(
    collected: Collected, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs("--sync-with", "nas")
    album = runs.nas / f"{PARIS}"
    files.write(album / "DSCN0012.jpg", None, Metadata(title="Told there"), [Field.TITLE])
    collected.do("UPDATE ImageInformation SET rating = 1 WHERE imageid = 16")
    with monkeypatch.context() as patch:
        patch.setattr(running, "processes", lambda: iter(["process 4711"]))
        answer = runs("--sync-with", "nas")
        assert answer.code != 0
        assert "digiKam is running (process 4711)" in answer.out + answer.err
        assert metadata(collected.view(), f"{PARIS}/DSCN0012.jpg").title == ""
        assert files.read(album / "DSCN0010.jpg", None).rating == 1
    assert runs("--sync-with", "nas").code == 0
    assert metadata(collected.view(), f"{PARIS}/DSCN0012.jpg").title == "Told there"


def test_what_digikam_does_not_read_of_a_photo_it_finds_is_not_lost(
    collected: Collected, runs: Runs
) -> None:
    """A photo comes with a sidecar, and digiKam, as it is by default, passes over sidecars."""
    runs("--sync-with", "nas")
    there, path = runs.nas / "Archive/new.heif", "Archive/new.heif"
    there.write_bytes((runs.nas / "Archive/samplefilehub.heif").read_bytes() + b"\0\0\0\x08free")
    said = Metadata(title="Told there", tags=frozenset({"Solo"}))
    files.write(there, None, said, [Field.TITLE, Field.TAGS])
    beside = there.with_name("new.heif.xmp")
    assert runs("--sync-with", "nas").code == 0
    found_by_digikam(collected, path)
    assert runs("--sync-with", "nas") == (0, "", "in step, nothing to do\n")
    assert files.read(there, beside) == said
    # What is said in digiKam is added to it,
    collected.do(
        "UPDATE ImageInformation SET rating = 4 WHERE imageid = (SELECT max(id) FROM Images)"
    )
    assert runs("--sync-with", "nas").code == 0
    assert files.read(there, beside) == said.but(Metadata(rating=4), [Field.RATING])
    # and once something comes from there digiKam knows all of it.
    files.write(there, beside, Metadata(caption="More"), [Field.CAPTION])
    assert runs("--sync-with", "nas").code == 0
    known = Metadata("Told there", "More", frozenset({"Solo"}), rating=4)
    assert metadata(collected.view(), path) == known
    collected.do("DELETE FROM ImageComments WHERE imageid = (SELECT max(id) FROM Images)")
    assert runs("--sync-with", "nas").code == 0
    assert files.read(there, beside) == Metadata(tags=frozenset({"Solo"}), rating=4)
    collected.check()


def test_what_is_said_of_albums_is_listed(collected: Collected, runs: Runs) -> None:
    lines = runs("--list", "local", "--verbose", inside="Holidays").out.splitlines()
    albums = [line for line in lines if not line.startswith("photo")]
    assert albums == [
        '2019 Paris/  caption: "Trip to Paris, album caption"  date: "2008-03-15"'
        '  category: "Travel"',
        '2019 Paris/Louvre/  date: "2000-11-07"'
        '  groups: "Pentax_K10D.jpg (DSCN0025.jpg, olympus-c960.jpg)"',
        '2020 Beach/  date: "1998-01-01"',
    ]
    answer = runs("--list", "local", "--verbose", "--json", inside=f"{PARIS}/Louvre")
    told = json.loads(answer.out.splitlines()[0])
    assert told["said"] == {
        "date": "2000-11-07",
        "groups": "Pentax_K10D.jpg (DSCN0025.jpg, olympus-c960.jpg)",
    }


def test_files_and_database_are_compared_field_by_field(collected: Collected, runs: Runs) -> None:
    before = collected.file.read_bytes()
    answer = runs("--diff-with", "digikam")
    assert answer.code == 1
    here, there = words_of(answer, "local"), words_of(answer, "digikam")
    assert re.search('title: "" -> "GUI title DSCN0010"', here[f"{PARIS}/DSCN0010.jpg"])
    assert "favorite" in here[f"{PARIS}/DSCN0012.jpg"]
    assert "Mei Lin" in here["Family/Birthday/sony-cybershot.jpg"]
    assert "rating" in there["Imported/imp02.jpg"]  # xmp:Rating is -1, which digiKam passes over
    assert collected.file.read_bytes() == before


def test_a_caption_that_a_camera_wrote_is_shown_and_not_carried(
    collected: Collected, runs: Runs
) -> None:
    path = "Holidays/2020 Beach/sanyo-vpcg250.jpg"
    assert metadata(collected.view(), path).caption == "SANYO DIGITAL CAMERA"
    answer = runs("--diff-with", "digikam", "--only", "caption")
    assert path not in words_of(answer, "local") | words_of(answer, "digikam")
    runs("--sync-with", "nas")
    assert runs("--sync-with", "nas") == (0, "", "in step, nothing to do\n")
    files.write(runs.nas / path, None, Metadata(caption="Told there"), [Field.CAPTION])
    assert runs("--sync-with", "nas").code == 0
    assert metadata(collected.view(), path).caption == "Told there"


def test_files_and_database_come_into_step(collected: Collected, runs: Runs) -> None:
    path = "Imported/imp10.jpg"
    files.write(
        collected.folder / "root-photo.jpg",
        None,
        Metadata(tags=frozenset({"Solo", "From/Elsewhere"})),
        [Field.TAGS],
    )
    first = runs("--sync-with", "digikam", "--prefer", "digikam")
    assert first.code == 0, first.out + first.err
    in_files, view = collected.files(), collected.view()
    assert metadata(in_files, f"{PARIS}/DSCN0010.jpg").title == "GUI title DSCN0010"
    assert metadata(view, "root-photo.jpg").tags == {"Solo", "From/Elsewhere"}
    assert metadata(in_files, path) == metadata(view, path)
    assert runs("--diff-with", "digikam") == (0, "", "in step, nothing to do\n")
    assert len(list(collected.folder.glob("digikam4.db.img-sync-*"))) == 1
    collected.check()


def test_a_file_that_is_written_stays_known_to_digikam(collected: Collected, runs: Runs) -> None:
    path = f"{PARIS}/DSCN0010.jpg"
    runs("--sync-with", "digikam", "--prefer", "digikam")
    kept = "SELECT fileSize, modificationDate FROM Images WHERE id = 16"
    status = (collected.folder / path).stat()
    [(size, time)] = collected.rows(kept)
    assert size == status.st_size
    assert time.endswith(f"{status.st_mtime_ns // 10**6 % 1000:03}")


def test_folders_and_photos_that_another_program_has_moved_lose_nothing(
    collected: Collected, runs: Runs
) -> None:
    """digiKam has not found them yet: neither side takes that for an edit, or a deletion."""
    runs("--sync-with", "digikam", "--prefer", "digikam")
    runs("--sync-with", "nas")
    before = metadata(collected.view(), f"{PARIS}/DSCN0010.jpg")
    (collected.folder / PARIS).rename(collected.folder / "Paris")
    (collected.folder / "root-photo.jpg").rename(collected.folder / "Archive/moved.jpg")
    for service, done in (("digikam", {"record"}), ("nas", {"move"})):
        answer = runs("--sync-with", service, "--delete")
        assert answer.code == 0
        assert {line.split()[0] for line in answer.out.splitlines()} == done
    assert files.read(runs.nas / "Paris/DSCN0010.jpg", None) == before
    collected.check()


def test_a_folder_that_moves_on_a_service_takes_all_below_it_along(
    collected: Collected, runs: Runs
) -> None:
    runs("--sync-with", "nas")
    groups = collected.rows("SELECT * FROM ImageRelations ORDER BY 1, 2")
    (runs.nas / PARIS).rename(runs.nas / "Paris")
    assert runs("--sync-with", "nas").code == 0
    there = "SELECT count(*) FROM Images i JOIN Albums a ON a.id = i.album WHERE relativePath = ?"
    assert collected.rows(there, "/Paris") == [(5,)]
    assert collected.rows(there, "/Paris/Louvre") == [(3,)]
    assert collected.rows("SELECT * FROM ImageRelations ORDER BY 1, 2") == groups
    collected.check()


def test_a_photo_that_digikam_is_to_read_is_not_taken_for_deleted(
    collected: Collected, runs: Runs
) -> None:
    runs("--sync-with", "digikam", "--prefer", "digikam")
    collected.do("UPDATE Images SET modificationDate = NULL WHERE name = 'DSCN0010.jpg'")
    answer = runs("--sync-with", "digikam", "--delete")
    assert "DSCN0010.jpg on digikam: digiKam has not found it yet" in answer.err
    assert (collected.folder / PARIS / "DSCN0010.jpg").exists()


def test_a_part_of_the_collection_is_compared_alone(collected: Collected, runs: Runs) -> None:
    answer = runs("--diff-with", "digikam", inside=PARIS)
    assert set(words_of(answer, "local")) >= {"DSCN0010.jpg", "DSCN0012.jpg"}
    assert "Family" not in answer.out


def test_where_there_is_no_collection_digikam_is_no_service(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert main(["--diff-with", "digikam", str(tmp_path / "other")]) == 2
