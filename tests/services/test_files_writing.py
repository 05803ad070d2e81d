"""Photos come into a tree, change and go, and nothing is lost by it."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

from imgsync import disk
from imgsync.errors import Rejected, Stale, Unavailable
from imgsync.metadata import files as metadata_files
from imgsync.metadata.digest import digest
from imgsync.model import NOTHING_SAID, Field, Metadata, Photo
from imgsync.service import Original, Source
from imgsync.services.files import Files, naming, placing
from imgsync.testing.pictures import jpeg

from .trees import TOP, names, shown, sidecar_of


def source(
    name: str = "a.jpg",
    n: int = 1,
    metadata: Metadata = NOTHING_SAID,
    *,
    content: str = "theirs",
    sidecar: bytes | None = None,
    size: int | None = None,
) -> Source:
    data = jpeg(n)
    photo = Photo("ref", name, "1", content, len(data), metadata=metadata)
    claimed = len(data) if size is None else size
    beside = {"+.xmp": sidecar} if sidecar else {}
    return Source(name, metadata, photo, lambda: Original(io.BytesIO(data), claimed, beside))


def test_words_that_the_other_side_does_not_hold_stay_in_a_file(
    files: Files, tree: Path, tmp_path: Path
) -> None:
    """It holds ratings not at all, and titles without case."""
    path = tmp_path / "theirs.jpg"
    path.write_bytes(jpeg(1))
    inside = Metadata(title="BEACH", caption="Low tide", rating=4)
    metadata_files.write(path, None, inside, {Field.TITLE, Field.CAPTION, Field.RATING})
    data = path.read_bytes()

    def shown(said: Metadata) -> Metadata:
        return Metadata(title=said.title.lower(), caption=said.caption)

    def theirs(said: Metadata) -> Source:
        photo = Photo("ref", "a.jpg", "1", "theirs", len(data), metadata=said)
        return Source("a.jpg", said, photo, lambda: Original(io.BytesIO(data), len(data)), shown)

    same = files.create(TOP, theirs(Metadata(title="beach", caption="Low tide")))
    assert same.metadata == inside
    assert (tree / same.name).read_bytes() == data
    (tree / same.name).unlink()
    edited = files.create(TOP, theirs(Metadata(title="beach", caption="High tide")))
    assert edited.metadata == msgspec.structs.replace(inside, caption="High tide")


def content(n: int, folder: Path) -> str:
    path = folder.parent / "scratch.jpg"
    path.write_bytes(jpeg(n))
    return digest(path).content


class TestCreate:
    def test_a_photo_shows_what_was_given(self, files: Files, tree: Path) -> None:
        said = Metadata(title="Sea", tags=frozenset({"Places/France"}))
        photo = files.create(TOP, source("a.jpg", 1, said, content=content(1, tree)))
        assert photo.metadata == said
        assert photo.content == content(1, tree)
        assert shown(files) == {"a.jpg": photo}
        assert names(tree) == ["a.jpg"]

    def test_metadata_beside_files_stays_out_of_them(self, tree: Path) -> None:
        files = Files("tree", tree, write="sidecar", jobs=1)
        photo = files.create(TOP, source("a.jpg", 1, Metadata(title="Sea")))
        assert photo.metadata.title == "Sea"
        assert (tree / "a.jpg").read_bytes() == jpeg(1)
        assert names(tree) == ["a.jpg", "a.jpg.xmp"]

    def test_a_sidecar_comes_along(self, files: Files, tree: Path) -> None:
        data = sidecar_of("Beside", tree)
        photo = files.create(TOP, source(metadata=Metadata(title="Beside"), sidecar=data))
        assert photo.metadata.title == "Beside"
        assert (tree / "a.jpg.xmp").read_bytes() == data

    @pytest.mark.parametrize(
        ("there", "wanted", "got"),
        [
            pytest.param(["a.jpg"], "a.jpg", "a (2).jpg", id="taken"),
            pytest.param(["a.jpg", "a (2).jpg"], "a.jpg", "a (3).jpg", id="taken twice"),
            pytest.param(["A.jpg"], "a.JPG", "a (2).JPG", id="but for case"),
            pytest.param(["e\u0301.jpg"], "\u00e9.jpg", "\u00e9 (2).jpg", id="but for NFC"),
            pytest.param(["a.png"], "a.jpg", "a.jpg", id="another suffix"),
            pytest.param(["a.jpg.xmp"], "a.jpg", "a (2).jpg", id="a lone sidecar would join it"),
            pytest.param(["a.xmp"], "a.jpg", "a (2).jpg", id="so would one of the other kind"),
            pytest.param(
                ["a.jpg", "a.xmp"], "a.nef", "a (2).nef", id="a RAW takes no sidecar away"
            ),
        ],
    )
    def test_a_name_that_is_taken_is_left(
        self, files: Files, tree: Path, there: list[str], wanted: str, got: str
    ) -> None:
        for number, name in enumerate(there, 7):
            (tree / name).write_bytes(jpeg(number))
        assert files.create(TOP, source(wanted)).name == got
        assert names(tree) == sorted([*there, got])

    @pytest.mark.parametrize("known", [True, False], ids=["by their digest", "by what comes"])
    def test_asked_for_again_it_makes_no_second(
        self, files: Files, tree: Path, known: bool
    ) -> None:
        (tree / "a.jpg").write_bytes(jpeg(7))
        theirs = content(1, tree) if known else "theirs"
        first = files.create(TOP, source("a.jpg", 1, content=theirs))
        again = files.create(TOP, source("a.jpg", 1, Metadata(title="Sea"), content=theirs))
        assert first.name == again.name == "a (2).jpg"
        assert again.metadata.title == "Sea"
        assert names(tree) == ["a (2).jpg", "a.jpg"]

    @pytest.mark.parametrize("dies_at", [1, 2], ids=["its sidecar", "its own file"])
    def test_one_that_was_killed_is_made_when_it_is_asked_for_again(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int
    ) -> None:
        files = Files("tree", tree, write="sidecar", jobs=1)
        settle, left = placing.settle, list(range(1, dies_at))

        def die(path: Path, final: Path) -> None:
            if not left:
                raise KeyboardInterrupt
            left.pop()
            settle(path, final)

        monkeypatch.setattr(naming, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            files.create(TOP, source(metadata=Metadata(title="Sea")))
        assert not (tree / "a.jpg").exists()
        monkeypatch.undo()
        assert files.create(TOP, source(metadata=Metadata(title="Sea"))).metadata.title == "Sea"
        assert names(tree) == ["a.jpg", "a.jpg.xmp"]

    def test_twins_whose_names_differ_in_case_are_two(self, files: Files, tree: Path) -> None:
        same = content(1, tree)
        made = [files.create(TOP, source(name, 1, content=same)) for name in ("a.jpg", "A.jpg")]
        assert [photo.name for photo in made] == ["a.jpg", "A (2).jpg"]

    def test_a_finer_value_in_the_bytes_stays(self, files: Files, tree: Path) -> None:
        fine = "2012-07-01T10:20:30.25+02:00"
        first = files.create(TOP, source("a.jpg", 1, Metadata(taken=fine)))
        again = source("a.jpg", 1, Metadata(taken="2012-07-01T10:20:30"), content=first.content)
        assert files.create(TOP, again).metadata.taken == fine

    @pytest.mark.parametrize(
        ("wrong", "why"),
        [
            pytest.param({"size": 170}, "171 bytes instead of 170", id="another size"),
            pytest.param({"content": "image:0"}, "another .* --check-all", id="another picture"),
            pytest.param({"size": 10**15}, "1.0 PB|1000.0 TB", id="no room"),
        ],
    )
    def test_what_does_not_come_whole_leaves_nothing(
        self, files: Files, tree: Path, wrong: dict[str, int | str], why: str
    ) -> None:
        with pytest.raises(Rejected, match=why):
            files.create(TOP, source(**wrong))  # type: ignore[arg-type]
        assert names(tree) == []

    def test_an_empty_picture_is_none(self, files: Files, tree: Path) -> None:
        nothing = msgspec.structs.replace(source(), open=lambda: Original(io.BytesIO(), 0))
        with pytest.raises(Rejected, match="came empty"):
            files.create(TOP, nothing)
        assert names(tree) == []

    def test_a_disk_without_room_says_both_numbers(
        self, files: Files, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = shutil.disk_usage(tree)._replace(free=3_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(Rejected, match=r"needs 171 bytes, but .* has room for 0 bytes"):
            files.create(TOP, source())


class TestFailingDisk:
    @pytest.mark.parametrize(
        ("number", "error"),
        [
            (errno.ENOSPC, Rejected),
            (errno.EIO, Unavailable),
            (errno.ESTALE, Unavailable),
            (errno.EROFS, Unavailable),
            (errno.EACCES, Rejected),
            (errno.ENAMETOOLONG, Rejected),
            (errno.ENOENT, Stale),
        ],
        ids=lambda value: errno.errorcode.get(value, "") if isinstance(value, int) else "",
    )
    @pytest.mark.parametrize("step", ["link", "fsync", "mkdir"])
    def test_is_told_in_a_sentence_that_names_the_file(
        self,
        files: Files,
        tree: Path,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        error: type[Exception],
        step: str,
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number), "somewhere")

        monkeypatch.setattr(os, step, fail)
        with pytest.raises(error, match=rf"{tree}/a\.jpg cannot be written: "):
            files.create(TOP, source())
        monkeypatch.undo()
        assert names(tree) == []


class TestReplace:
    def test_the_old_picture_goes_to_the_trash(self, files: Files, tree: Path) -> None:
        gone: list[tuple[str, str]] = []
        files.on_trash = lambda path, where: gone.append((path, where))
        old = files.create(TOP, source("a.jpg", 1, Metadata(title="Old")))
        (tree / "a.jpg").chmod(0o600)
        old = shown(files)["a.jpg"]
        before = (tree / "a.jpg").read_bytes()
        new = files.replace(TOP, old, source("b.jpg", 2, Metadata(title="New")))
        assert (new.ref, new.content, new.metadata.title) == ("a.jpg", content(2, tree), "New")
        [(path, where)] = gone
        assert path == str(tree / "a.jpg")
        assert Path(where).read_bytes() == before
        assert names(tree) == ["a.jpg"]
        assert (tree / "a.jpg").stat().st_mode & 0o777 == 0o600

    def test_its_sidecar_says_the_new_and_goes_along(self, files: Files, tree: Path) -> None:
        (tree / "a.jpg").write_bytes(jpeg(1))
        (tree / "a.xmp").write_bytes(sidecar_of("Old", tree))
        new = files.replace(TOP, shown(files)["a.jpg"], source("a.jpg", 2, Metadata(title="New")))
        assert new.metadata.title == "New"
        assert names(tree) == ["a.jpg", "a.xmp"]
        [day] = (tree.parent / "trash").iterdir()
        assert metadata_files.read(day / "a.jpg", day / "a.xmp").title == "Old"

    @pytest.mark.parametrize(
        ("incoming", "expected"),
        [
            ([".xmp"], {"a.jpg.xmp": "words .xmp"}),
            (["+.xmp", ".xmp"], {"a.jpg.xmp": "words +.xmp"}),
        ],
        ids=["a lone one", "two"],
    )
    def test_its_sidecars_leave_anothers_alone(
        self, files: Files, tree: Path, incoming: list[str], expected: dict[str, str]
    ) -> None:
        (tree / "a.jpg").write_bytes(jpeg(1))
        (tree / "a.nef").write_bytes(jpeg(3))
        (tree / "a.xmp").write_bytes(sidecar_of("of the RAW", tree))
        beside = {form: sidecar_of(f"words {form}", tree) for form in incoming}
        data = jpeg(2)
        new = msgspec.structs.replace(
            source("a.jpg", 2, Metadata(title=expected["a.jpg.xmp"])),
            open=lambda: Original(io.BytesIO(data), len(data), beside),
        )
        files.replace(TOP, shown(files)["a.jpg"], new)
        assert names(tree) == ["a.jpg", "a.jpg.xmp", "a.nef", "a.xmp"]
        assert (tree / "a.xmp").read_bytes() == sidecar_of("of the RAW", tree)
        assert (tree / "a.jpg.xmp").read_bytes() == beside[incoming[0]]

    def test_the_desktop_restores_it_to_where_it_was(self, tree: Path, home: Path) -> None:
        files = Files("tree", tree, jobs=1)
        old = files.create(TOP, source("a b.jpg", 1, Metadata(title="Old")))
        before = (tree / "a b.jpg").read_bytes()
        files.replace(TOP, old, source("a b.jpg", 2))
        trash = home / ".local/share/Trash"
        assert (trash / "files/a b.jpg").read_bytes() == before
        info = (trash / "info/a b.jpg.trashinfo").read_text().splitlines()
        assert f"Path={quote(str(tree))}/a%20b.jpg" in info

    def test_one_that_changed_is_left(self, files: Files, tree: Path) -> None:
        old = files.create(TOP, source("a.jpg", 1))
        (tree / "a.jpg").write_bytes(jpeg(3) + b" ")
        with pytest.raises(Stale):
            files.replace(TOP, old, source("a.jpg", 2))
        assert (tree / "a.jpg").read_bytes() == jpeg(3) + b" "
        assert names(tree) == ["a.jpg"]

    def test_one_that_changes_while_the_new_comes_is_left(self, files: Files, tree: Path) -> None:
        old = files.create(TOP, source("a.jpg", 1))

        def slowly() -> Original:
            (tree / "a.jpg").write_bytes(jpeg(3) + b" ")
            return source("a.jpg", 2).open()

        with pytest.raises(Stale):
            files.replace(TOP, old, msgspec.structs.replace(source("a.jpg", 2), open=slowly))
        assert (tree / "a.jpg").read_bytes() == jpeg(3) + b" "
        assert names(tree) == ["a.jpg"]

    def test_no_power_cut_brings_an_old_sidecar_back(
        self, files: Files, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tree / "a.jpg").write_bytes(jpeg(1))
        (tree / "a.xmp").write_bytes(sidecar_of("Sea", tree))
        synced = Synced(monkeypatch)
        beside = {"+.xmp": sidecar_of("Hills", tree)}
        data = jpeg(2)
        new = Source(
            "a.jpg",
            Metadata(title="Hills"),
            Photo("ref", "a.jpg", "1", "theirs", len(data)),
            lambda: Original(io.BytesIO(data), len(data), beside),
        )
        files.replace(TOP, shown(files)["a.jpg"], new)
        assert names(tree) == ["a.jpg", "a.jpg.xmp"]
        assert synced.holds(tree)

    def test_the_name_is_never_missing(
        self, files: Files, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = files.create(TOP, source("a.jpg", 1))
        monkeypatch.setattr(os, "rename", watched(os.rename, tree / "a.jpg"))
        monkeypatch.setattr(os, "replace", watched(os.replace, tree / "a.jpg"))
        monkeypatch.setattr(os, "unlink", watched(os.unlink, tree / "a.jpg"))
        files.replace(TOP, old, source("a.jpg", 2))


def watched(call: Callable[..., None], path: Path) -> Callable[..., None]:
    """The call, which fails the test if the path is not there before and after it."""

    def watch(*args: object, **more: object) -> None:
        assert path.exists()
        call(*args, **more)
        assert path.exists()

    return watch


class Synced:
    """The folders whose names were made durable since they last changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._names: dict[int, set[str]] = {}
        self._real = os.fsync
        monkeypatch.setattr(os, "fsync", self._fsync)

    def _fsync(self, descriptor: int) -> None:
        self._real(descriptor)
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            self._names[status.st_ino] = _lasting(os.listdir(descriptor))

    def holds(self, folder: Path) -> bool:
        now = _lasting(each.name for each in folder.iterdir())
        return self._names.get(folder.stat().st_ino) == now


def _lasting(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith(disk.TEMPORARY)}


class TestDelete:
    def test_a_photo_and_its_sidecar_go_to_the_trash(self, files: Files, tree: Path) -> None:
        data = sidecar_of("Sea", tree)
        album = files.create_album("2012/Sea")
        photo = files.create(album, source(sidecar=data, metadata=Metadata(title="Sea")))
        files.delete(album, photo)
        assert names(tree) == ["2012/", "2012/Sea/"]
        [day] = (tree.parent / "trash").iterdir()
        assert names(day) == ["2012/", "2012/Sea/", "2012/Sea/a.jpg", "2012/Sea/a.jpg.xmp"]

    def test_no_power_cut_brings_it_back(
        self, files: Files, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = sidecar_of("Sea", tree)
        photo = files.create(TOP, source(sidecar=data, metadata=Metadata(title="Sea")))
        synced = Synced(monkeypatch)
        files.delete(TOP, photo)
        assert synced.holds(tree)

    def test_nothing_in_the_trash_is_overwritten(self, files: Files, tree: Path) -> None:
        for number in (1, 2, 3):
            files.delete(TOP, files.create(TOP, source("a.jpg", number)))
        [day] = (tree.parent / "trash").iterdir()
        assert names(day) == ["a (2).jpg", "a (3).jpg", "a.jpg"]

    def test_one_that_changed_is_left(self, files: Files, tree: Path) -> None:
        photo = files.create(TOP, source())
        (tree / "a.jpg").write_bytes(jpeg(2) + b" ")
        with pytest.raises(Stale):
            files.delete(TOP, photo)
        assert (tree / "a.jpg").exists()

    def test_without_a_version_the_picture_decides(self, files: Files, tree: Path) -> None:
        photo = msgspec.structs.replace(files.create(TOP, source()), version="")
        (tree / "a.jpg").write_bytes(jpeg(2))
        with pytest.raises(Stale):
            files.delete(TOP, photo)
        (tree / "a.jpg").write_bytes(jpeg(1))
        files.delete(TOP, photo)
        assert names(tree) == []

    def test_the_sidecar_of_a_raw_stays_with_it(self, files: Files, tree: Path) -> None:
        for name in ("a.nef", "a.jpg"):
            (tree / name).write_bytes(jpeg(1))
        (tree / "a.xmp").write_bytes(sidecar_of("Sea", tree))
        files.delete(TOP, shown(files)["a.jpg"])
        assert names(tree) == ["a.nef", "a.xmp"]

    def test_the_desktop_has_a_trash(self, tree: Path, home: Path) -> None:
        files = Files("tree", tree, jobs=1)
        assert files.capabilities.delete
        files.delete(TOP, files.create(TOP, source()))
        assert names(home / ".local/share/Trash/files") == ["a.jpg"]

    def test_without_a_trash_nothing_goes(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "access", lambda *_: False)
        files = Files("tree", tree, jobs=1)
        photo = files.create(TOP, source())
        assert not files.capabilities.delete
        assert Field.CONTENT not in files.capabilities.writes
        assert "set trash = FOLDER" in files.capabilities.no_trash
        with pytest.raises(Rejected, match="set trash = FOLDER"):
            files.delete(TOP, photo)
        with pytest.raises(Rejected, match="set trash = FOLDER"):
            files.replace(TOP, photo, source("a.jpg", 2))
        assert shown(files) == {"a.jpg": photo}

    @pytest.mark.parametrize("place", ["auto", "trash"])
    def test_the_trash_gets_nothing_out_of_a_folder_that_is_closed(
        self, tree: Path, home: Path, monkeypatch: pytest.MonkeyPatch, place: str
    ) -> None:
        trash = "auto" if place == "auto" else str(tree.parent / place)
        files = Files("tree", tree, jobs=1, trash=trash)
        album = files.create_album("a")
        photo = files.create(album, source())
        monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tree / "a")
        with pytest.raises(Rejected, match=r"nothing can be taken out of .*/a, check its perm"):
            files.delete(album, photo)
        assert names(tree) == ["a/", "a/a.jpg"]
        assert not (tree.parent / "trash").exists()
        assert not (home / ".local/share/Trash").exists()

    def test_a_trash_that_fails_says_the_way_out(
        self, tree: Path, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        files = Files("tree", tree, jobs=1)
        photo = files.create(TOP, source())
        (home / ".local").write_text("in the way")
        with pytest.raises(Rejected, match=r"^cannot be moved to a trash .* set trash ="):
            files.delete(TOP, photo)
        assert names(tree) == ["a.jpg"]
