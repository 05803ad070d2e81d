"""A run that was stopped while it read a tree leaves what it has read to the next one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from imgsync.model import Album, Photo
from imgsync.service import Check, Look
from imgsync.services.files import Files, reader, readings
from imgsync.services.files.jobs import Job, Reading
from imgsync.testing.pictures import jpeg

TOP = Album("", "")
OLD = 1_500_000_000


class Reads:
    """The names of the files that were read since they were last asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, job: Job) -> Reading:
        self.names.append(Path(os.fsdecode(job.path)).name)
        return READ(job)

    def taken(self) -> list[str]:
        names, self.names = self.names, []
        return names


READ = reader.read


@pytest.fixture
def caches(home: Path) -> Path:
    return home / ".cache/img-sync"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    reads = Reads()
    monkeypatch.setattr(reader, "read", reads)
    return reads


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(6):
        add(tmp_path / "tree", number)
    return tmp_path / "tree"


def add(tree: Path, number: int, changed: float = OLD) -> None:
    tree.mkdir(exist_ok=True)
    (tree / f"{number}.jpg").write_bytes(jpeg(number))
    os.utime(tree / f"{number}.jpg", (changed, changed))


def look(tree: Path, *, most: int | None = None) -> list[Photo]:
    """What a run sees that may stop after `most` photos."""
    files = Files("tree", tree, jobs=1, resumes=True)
    try:
        return list(islice(shown(files, Look()), most))
    finally:
        files.close()


def shown(files: Files, look: Look) -> Iterator[Photo]:
    for photo in files.photos(TOP, look):
        assert isinstance(photo, Photo)
        yield photo


def test_the_next_run_goes_on_where_one_was_stopped(tree: Path, reads: Reads) -> None:
    look(tree, most=4)
    assert reads.taken() == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    photos = look(tree)
    assert reads.taken() == ["4.jpg", "5.jpg"]
    assert photos == look(tree)
    assert reads.taken() == []


def test_what_was_read_is_what_is_there(tree: Path, reads: Reads) -> None:
    fresh = list(shown(Files("tree", tree, jobs=1), Look()))
    look(tree)
    assert look(tree) == fresh


def test_a_file_that_looks_different_is_read_again(tree: Path, reads: Reads) -> None:
    look(tree)
    add(tree, 2, changed=OLD + 10)
    (tree / "3.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    reads.taken()
    look(tree)
    assert reads.taken() == ["2.jpg", "3.jpg"]


def test_a_file_that_had_just_been_written_is_read_again(tree: Path, reads: Reads) -> None:
    os.utime(tree / "1.jpg")
    look(tree)
    reads.taken()
    look(tree)
    assert reads.taken() == ["1.jpg"]


def test_who_believes_nothing_reads_all_again(tree: Path, reads: Reads) -> None:
    look(tree)
    reads.taken()
    files = Files("tree", tree, jobs=1, resumes=True)
    list(shown(files, Look(check=Check.ALL)))
    files.close()
    assert len(reads.taken()) == 6


def test_what_is_remembered_elsewhere_is_not_kept(tree: Path, caches: Path) -> None:
    files = Files("tree", tree, jobs=1, resumes=True)
    known = {photo.ref: photo for photo in shown(Files("tree", tree, jobs=1), Look())}
    list(shown(files, Look(known=known, check=Check.ALL)))
    files.close()
    assert not caches.exists()


def test_a_torn_line_is_passed_over(tree: Path, reads: Reads, caches: Path) -> None:
    look(tree)
    [kept] = (caches / "readings").iterdir()
    kept.write_bytes(kept.read_bytes()[:-40])
    reads.taken()
    look(tree)
    assert reads.taken() == ["5.jpg"]
    look(tree)
    assert reads.taken() == []


@pytest.mark.parametrize("first", [b'["img-sync readings","0.0.0"]\n', b"\x00", b""])
def test_readings_of_another_version_are_dropped(
    tree: Path, reads: Reads, caches: Path, first: bytes
) -> None:
    look(tree)
    [kept] = (caches / "readings").iterdir()
    kept.write_bytes(first + kept.read_bytes().partition(b"\n")[2])
    reads.taken()
    look(tree)
    assert len(reads.taken()) == 6
    look(tree)
    assert reads.taken() == []


def test_what_grows_too_large_is_begun_anew(
    tree: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(tree)
    reads.taken()
    monkeypatch.setattr(readings, "_LARGEST", 100)
    look(tree)
    assert len(reads.taken()) == 6


def test_without_a_folder_for_caches_all_is_read(tree: Path, reads: Reads, caches: Path) -> None:
    caches.parent.mkdir()
    caches.write_text("no folder")
    assert len(look(tree)) == len(look(tree)) == 6
    assert len(reads.taken()) == 12


def test_a_link_in_place_of_the_readings_is_not_followed(
    tree: Path, reads: Reads, caches: Path, tmp_path: Path
) -> None:
    look(tree)
    [kept] = (caches / "readings").iterdir()
    kept.unlink()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    kept.symlink_to(victim)
    look(tree)
    assert victim.read_text() == "mine"
