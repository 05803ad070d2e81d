"""What a folder shows of its photos, and what of it is read again."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from imgsync.errors import Stale
from imgsync.metadata import files as metadata_files
from imgsync.model import NOTHING_SAID, Album, Field, Metadata, Photo
from imgsync.service import Check, Look, Unread
from imgsync.services.files import Files
from imgsync.testing.pictures import jpeg

TOP = Album("", "")
LONG_AGO = 1_500_000_000


def add(folder: Path, name: str, n: int = 1, title: str = "", *, at: int = LONG_AGO) -> Path:
    path = folder / name
    path.write_bytes(jpeg(n))
    if title:
        metadata_files.write(path, None, Metadata(title=title), {Field.TITLE})
    os.utime(path, (at, at))
    return path


def add_sidecar(folder: Path, name: str, title: str, *, at: int = LONG_AGO) -> Path:
    scratch = folder / "scratch.heic"
    scratch.write_bytes(b"nothing")
    made = metadata_files.write(scratch, None, Metadata(title=title), {Field.TITLE})
    assert made is not None
    scratch.unlink()
    path = made.replace(folder / name)
    os.utime(path, (at, at))
    return path


def look(folder: Path, *known: Photo, check: Check = Check.CHANGED) -> list[Photo | Unread]:
    files = Files("tree", folder, jobs=1)
    return list(files.photos(TOP, Look(known={p.ref: p for p in known}, check=check)))


def the_photo(folder: Path, *known: Photo, check: Check = Check.CHANGED) -> Photo:
    [photo] = look(folder, *known, check=check)
    assert isinstance(photo, Photo), photo
    return photo


def told(photo: Photo, *, content: str = "image:as known", title: str = "as known") -> Photo:
    """What is known of a photo, and stands nowhere in its file."""
    return msgspec.structs.replace(photo, content=content, metadata=Metadata(title=title))


def test_a_photo_is_known_by_its_file_name(tmp_path: Path) -> None:
    add(tmp_path, "a.jpg", 1, "Sea")
    photo = the_photo(tmp_path)
    assert (photo.ref, photo.name) == ("a.jpg", "a.jpg")
    assert photo.content.startswith("image:")
    assert photo.size == (tmp_path / "a.jpg").stat().st_size
    assert photo.digests == frozenset()
    assert photo.metadata == Metadata(title="Sea")


@pytest.mark.parametrize(
    ("photo", "sidecar", "version"),
    [
        ("a.jpg", None, "171:1500000000000000000"),
        ("a.jpg", "a.jpg.xmp", "171:1500000000000000000:+.xmp:{}:1500000001000000000"),
        ("a.jpg", "a.xmp", "171:1500000000000000000:.xmp:{}:1500000001000000000"),
        ("a.JPG", "a.XMP", "171:1500000000000000000:.XMP:{}:1500000001000000000"),
        ("a.b.jpg", "a.b.xmp", "171:1500000000000000000:.xmp:{}:1500000001000000000"),
        ("a.JPG", "a.jpg.xmp", "171:1500000000000000000:.jpg.xmp:{}:1500000001000000000"),
        ("a.jpg", "b.xmp", "171:1500000000000000000"),
    ],
)
def test_a_version_is_size_and_time_of_a_photo_and_its_sidecar(
    tmp_path: Path, photo: str, sidecar: str | None, version: str
) -> None:
    add(tmp_path, photo)
    if sidecar:
        add_sidecar(tmp_path, sidecar, "Beside", at=LONG_AGO + 1)
        version = version.format((tmp_path / sidecar).stat().st_size)
    assert the_photo(tmp_path).version == version


@pytest.mark.parametrize(
    ("change", "check", "content", "title"),
    [
        pytest.param(None, Check.CHANGED, "as known", "as known", id="nothing"),
        pytest.param(None, Check.METADATA, "as known", "inside", id="nothing, --check-meta"),
        pytest.param(None, Check.ALL, "read", "inside", id="nothing, --check-all"),
        pytest.param("photo", Check.CHANGED, "read", "inside", id="the photo"),
        pytest.param("photo", Check.METADATA, "read", "inside", id="the photo, --check-meta"),
        pytest.param("sidecar", Check.CHANGED, "as known", "beside", id="a sidecar"),
        pytest.param("sidecar", Check.ALL, "read", "beside", id="a sidecar, --check-all"),
    ],
)
def test_only_what_changed_is_read(
    tmp_path: Path, change: str | None, check: Check, content: str, title: str
) -> None:
    path = add(tmp_path, "a.jpg", 1, "inside")
    before = the_photo(tmp_path)
    if change == "photo":
        os.utime(path, (LONG_AGO + 9, LONG_AGO + 9))
    if change == "sidecar":
        add_sidecar(tmp_path, "a.jpg.xmp", "beside")
    photo = the_photo(tmp_path, told(before), check=check)
    assert photo.content == ("image:as known" if content == "as known" else before.content)
    assert photo.metadata.title == title


@pytest.mark.parametrize(
    "unknown",
    [{"version": ""}, {"content": ""}, {"version": "1:1"}],
    ids=["no version", "no digest", "another version"],
)
def test_what_is_not_known_well_is_read(tmp_path: Path, unknown: dict[str, str]) -> None:
    add(tmp_path, "a.jpg", 1, "inside")
    before = the_photo(tmp_path)
    assert the_photo(tmp_path, msgspec.structs.replace(told(before), **unknown)) == before


def test_checksums_are_told_where_they_are_asked_for(tmp_path: Path) -> None:
    add(tmp_path, "a.jpg")
    known = the_photo(tmp_path)
    files = Files("tree", tmp_path, jobs=1, sums={"sha1", "md5"})
    [photo] = files.photos(TOP, Look(known={"a.jpg": known}))
    assert isinstance(photo, Photo)
    assert sorted(sum.partition(":")[0] for sum in photo.digests) == ["md5", "sha1"]
    assert list(files.photos(TOP, Look(known={"a.jpg": photo}))) == [photo]


def test_what_is_hidden_is_not_there(tmp_path: Path) -> None:
    add(tmp_path, "a.jpg")
    add(tmp_path, "b.jpg")
    files = Files("tree", tmp_path, jobs=1)
    shown = files.photos(TOP, Look(hides=lambda name: name.startswith("a")))
    assert [photo.name for photo in shown] == ["b.jpg"]


def test_a_sidecar_belongs_to_the_raw_even_where_that_is_hidden(tmp_path: Path) -> None:
    add(tmp_path, "a.jpg", 1, "inside")
    add(tmp_path, "a.nef")
    add_sidecar(tmp_path, "a.xmp", "beside")
    files = Files("tree", tmp_path, jobs=1)
    [photo] = files.photos(TOP, Look(hides=lambda name: name == "a.nef"))
    assert isinstance(photo, Photo)
    assert photo.metadata.title == "inside"


def test_names_are_what_the_disk_has(tmp_path: Path) -> None:
    names = ["\u00e9.jpg", "e\u0301.jpg", "A.jpg", "a.jpg", "\udcff\udcfe.jpg", "new\nline.jpg"]
    for number, name in enumerate(names):
        add(tmp_path, name, number)
    shown = look(tmp_path)
    assert sorted(photo.name for photo in shown) == sorted(names)
    assert len({photo.content for photo in shown if isinstance(photo, Photo)}) == len(names)


def test_a_folder_that_is_gone_is_not_empty(tmp_path: Path) -> None:
    with pytest.raises(Stale):
        list(Files("tree", tmp_path, jobs=1).photos(Album("gone", "gone"), Look()))


class TestRacy:
    """git's rule: what was just written may be written again without looking any different."""

    @pytest.mark.parametrize(("age", "racy"), [(-1, True), (60, False), (-3600, True)], ids=str)
    def test_a_young_photo_is(self, tmp_path: Path, age: int, racy: bool) -> None:
        add(tmp_path, "a.jpg", at=int(time.time()) - age)
        files = Files("tree", tmp_path, jobs=1)
        [photo] = files.photos(TOP, Look())
        assert isinstance(photo, Photo)
        assert photo.version
        assert files.racy(TOP, photo) is racy

    def test_a_young_sidecar_makes_its_photo_so(self, tmp_path: Path) -> None:
        add(tmp_path, "a.jpg")
        add_sidecar(tmp_path, "a.xmp", "Sea", at=int(time.time()) + 1)
        files = Files("tree", tmp_path, jobs=1)
        [photo] = files.photos(TOP, Look())
        assert isinstance(photo, Photo)
        assert files.racy(TOP, photo)

    def test_what_img_sync_wrote_is_not(self, tmp_path: Path) -> None:
        add(tmp_path, "a.jpg")
        files = Files("tree", tmp_path, jobs=1)
        [photo] = files.photos(TOP, Look())
        assert isinstance(photo, Photo)
        edited = files.edit(TOP, photo, Metadata(title="Sea"), frozenset({Field.TITLE}))
        assert not files.racy(TOP, edited)

    def test_a_young_photo_is_not_believed_when_it_is_moved(self, tmp_path: Path) -> None:
        soon = int(time.time()) + 60
        add(tmp_path, "a.jpg", 1, at=soon)
        files = Files("tree", tmp_path, jobs=1)
        [photo] = files.photos(TOP, Look())
        assert isinstance(photo, Photo)
        add(tmp_path, "a.jpg", 2, at=soon)
        moved = files.move(TOP, photo, TOP, "b.jpg")
        assert moved.version == photo.version
        assert moved.content != photo.content
        assert files.racy(TOP, moved)

    def test_a_photo_that_moves_with_its_folder_is_as_young_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "2012/Sea").mkdir(parents=True)
        (tmp_path / "Hills").mkdir()
        for folder in ("2012/Sea", "Hills"):
            add(tmp_path / folder, "a.jpg", at=int(time.time()) + 60)
        files = Files("tree", tmp_path, jobs=1)
        [hill] = files.photos(Album("Hills", "Hills"), Look())
        [sea] = files.photos(Album("2012/Sea", "2012/Sea"), Look())
        assert isinstance(hill, Photo)
        assert isinstance(sea, Photo)
        files.move_album(Album("2012", "2012"), "2013")
        assert files.racy(Album("2013/Sea", "2013/Sea"), sea)
        assert files.racy(Album("Hills", "Hills"), hill)


class TestUnread:
    def test_an_empty_file_is_no_photo_and_not_absent(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").touch()
        why = "is empty; put the picture back or delete it"
        assert look(tmp_path) == [Unread("a.jpg", "a.jpg", why)]

    @pytest.mark.parametrize("which", ["a.jpg", "a.jpg.xmp"])
    @pytest.mark.parametrize(
        "meanwhile",
        [
            pytest.param(lambda path: path.write_bytes(path.read_bytes() + b" "), id="grows"),
            pytest.param(lambda path: os.utime(path, (9, 9)), id="gets another time"),
            pytest.param(Path.unlink, id="vanishes"),
        ],
    )
    def test_a_file_that_changes_while_it_is_read_is_left(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        which: str,
        meanwhile: Callable[[Path], None],
    ) -> None:
        add(tmp_path, "a.jpg")
        add_sidecar(tmp_path, "a.jpg.xmp", "Sea")
        read = metadata_files.read

        def slowly(path: Path, sidecar: Path | None) -> Metadata:
            metadata = read(path, sidecar)
            meanwhile(tmp_path / which)
            return metadata

        monkeypatch.setattr(metadata_files, "read", slowly)
        why = "is still being written; left for the next run"
        assert look(tmp_path) == [Unread("a.jpg", "a.jpg", why)]

    def test_a_sidecar_that_is_none(self, tmp_path: Path) -> None:
        add(tmp_path, "a.jpg")
        (tmp_path / "a.xmp").write_text("no XMP at all")
        [unread] = look(tmp_path)
        assert isinstance(unread, Unread)
        assert "a.xmp" in unread.why


def test_real_photos_show_as_they_are_read(tmp_path: Path, sample_photos: Path) -> None:
    for source in sorted(sample_photos.rglob("*.*"))[:40]:
        shutil.copy(source, tmp_path / source.name)
    for shown in look(tmp_path):
        if isinstance(shown, Photo):
            assert shown.metadata == metadata_files.read(tmp_path / shown.name, None)
            assert shown.metadata == shown.metadata.clean()
    assert any(
        shown.metadata != NOTHING_SAID for shown in look(tmp_path) if isinstance(shown, Photo)
    )
