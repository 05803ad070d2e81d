"""Photos and folders of a tree move, are opened and held, and nothing is lost by it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from imgsync import disk
from imgsync.errors import Rejected, Stale, StateError
from imgsync.metadata import files as metadata_files
from imgsync.metadata.digest import digest
from imgsync.model import Album, Field, Metadata, Photo
from imgsync.services.files import Files, naming, placing
from imgsync.testing.checks.basis import source
from imgsync.testing.pictures import jpeg

from .trees import TOP, names, shown, sidecar_of


class Moved(NamedTuple):
    there: list[str]
    photo: str
    to: str
    after: list[str]


class TestMove:
    @pytest.mark.parametrize(
        "case",
        [
            pytest.param(Moved(["a.jpg"], "a.jpg", "b/c.jpg", ["b/c.jpg"]), id="photo"),
            pytest.param(
                Moved(["a.jpg", "a.jpg.xmp"], "a.jpg", "b/c.jpg", ["b/c.jpg", "b/c.jpg.xmp"]),
                id="a.jpg.xmp",
            ),
            pytest.param(
                Moved(["a.jpg", "a.xmp"], "a.jpg", "b/c.jpg", ["b/c.jpg", "b/c.xmp"]), id="a.xmp"
            ),
            pytest.param(
                Moved(["a.jpg", "a.xmp"], "a.jpg", "a.jpeg", ["a.jpeg", "a.xmp"]), id="suffix"
            ),
            pytest.param(
                Moved(["a.jpg", "a.xmp"], "a.jpg", "A.jpg", ["A.jpg", "A.xmp"]), id="case"
            ),
            pytest.param(
                Moved(
                    ["a.nef", "a.jpg", "a.xmp"],
                    "a.nef",
                    "b/a.nef",
                    ["a.jpg", "b/a.nef", "b/a.xmp"],
                ),
                id="a RAW with the sidecar",
            ),
            pytest.param(
                Moved(
                    ["a.nef", "a.jpg", "a.xmp"],
                    "a.jpg",
                    "b/a.jpg",
                    ["a.nef", "a.xmp", "b/a.jpg"],
                ),
                id="a JPEG without it",
            ),
            pytest.param(
                Moved(["a.jpg", "b.jpg"], "a.jpg", "b.jpg", ["b (2).jpg", "b.jpg"]), id="taken"
            ),
            pytest.param(
                Moved(["a.jpg", "b/a.xmp"], "a.jpg", "b/a.jpg", ["b/a (2).jpg", "b/a.xmp"]),
                id="a lone sidecar would join it",
            ),
            pytest.param(
                Moved(
                    ["a.jpg", "a.xmp", "b.nef", "b.xmp"],
                    "a.jpg",
                    "b.jpg",
                    ["b.jpg", "b.jpg.xmp", "b.nef", "b.xmp"],
                ),
                id="its sidecar's name is taken",
            ),
            pytest.param(
                Moved(
                    ["a.jpg", "a.xmp", "b.nef"], "a.jpg", "b.jpg", ["b.jpg", "b.jpg.xmp", "b.nef"]
                ),
                id="its sidecar would be another's",
            ),
            pytest.param(
                Moved(
                    ["a.nef", "a.nef.xmp", "a.xmp", "a.jpg"],
                    "a.nef",
                    "b.nef",
                    ["a.jpg", "b.nef", "b.nef.xmp", "b.xmp"],
                ),
                id="a RAW with two",
            ),
            pytest.param(
                Moved(
                    ["a.nef", "a.nef.xmp", "a.xmp", "b.cr2"],
                    "a.nef",
                    "b.nef",
                    ["b (2).nef", "b (2).nef.xmp", "b (2).xmp", "b.cr2"],
                ),
                id="one of two would be another's",
            ),
            pytest.param(
                Moved(
                    ["a.jpg", "a.jpg.xmp", "b.png", "b.xmp"],
                    "a.jpg",
                    "b.jpg",
                    ["b (2).jpg", "b (2).jpg.xmp", "b.png", "b.xmp"],
                ),
                id="it would take another's",
            ),
            pytest.param(Moved(["a.jpg"], "a.jpg", "../../x.jpg", ["_.._x.jpg"]), id="hostile"),
        ],
    )
    def test_a_photo_takes_its_own_sidecars_along(
        self, files: Files, tree: Path, case: Moved
    ) -> None:
        (tree / "b").mkdir()
        for number, name in enumerate(case.there):
            data = sidecar_of(name, tree) if name.endswith(".xmp") else jpeg(number)
            (tree / name).write_bytes(data)
        photo = shown(files)[case.photo]
        to = Album("b", "b") if case.to.startswith("b/") else TOP
        moved = files.move(TOP, photo, to, case.to.removeprefix("b/"))
        assert [name for name in names(tree) if name != "b/"] == case.after
        assert (moved.content, moved.metadata) == (photo.content, photo.metadata)
        assert shown(files, to)[moved.name] == moved

    def test_to_where_it_is_changes_nothing(self, files: Files, tree: Path) -> None:
        photo = files.create(TOP, source())
        assert files.move(TOP, photo, TOP, "a.jpg") == photo

    def test_one_that_changed_is_left(self, files: Files, tree: Path) -> None:
        photo = files.create(TOP, source())
        (tree / "a.jpg").write_bytes(jpeg(2) + b" ")
        with pytest.raises(Stale):
            files.move(TOP, photo, TOP, "b.jpg")
        assert names(tree) == ["a.jpg"]

    def test_a_link_is_no_file(self, files: Files, tree: Path) -> None:
        (tree / "a.jpg").write_bytes(jpeg(1))
        (tree / "b.jpg").symlink_to("a.jpg")
        link = shown(files)["b.jpg"]
        with pytest.raises(Rejected, match="symbolic link"):
            files.move(TOP, link, TOP, "c.jpg")
        with pytest.raises(Rejected, match="symbolic link"):
            files.replace(TOP, link, source("c.jpg", 2))
        edited = files.edit(TOP, link, Metadata(title="Sea"), frozenset({Field.TITLE}))
        assert edited.metadata.title == "Sea"
        assert (tree / "b.jpg").is_symlink()
        files.delete(TOP, edited)
        assert names(tree) == ["a.jpg"]

    def test_to_another_disk_the_copy_is_compared(
        self, files: Files, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = files.create(TOP, source())
        album = files.create_album("other disk")
        link = os.link

        def between_disks(path: str, final: str, **more: bool) -> None:
            if Path(path).parent == tree:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            link(path, final, **more)

        monkeypatch.setattr(os, "link", between_disks)
        moved = files.move(TOP, photo, album, "a.jpg")
        assert moved == photo
        assert names(tree) == ["other disk/", "other disk/a.jpg"]

    @pytest.mark.parametrize("dies_before", ["settle", "carry", "sync_folder"])
    def test_a_killed_move_is_finished_when_it_is_asked_for_again(
        self, files: Files, tree: Path, monkeypatch: pytest.MonkeyPatch, dies_before: str
    ) -> None:
        data = sidecar_of("Sea", tree)
        photo = files.create(TOP, source(sidecar=data, metadata=Metadata(title="Sea")))
        (tree / "a.xmp").write_bytes(sidecar_of("silent", tree))
        album = files.create_album("b")

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(disk if dies_before == "sync_folder" else naming, dies_before, die)
        with pytest.raises(KeyboardInterrupt):
            files.move(TOP, photo, album, "a.jpg")
        monkeypatch.undo()
        for where, found in ((TOP, shown(files)), (album, shown(files, album))):
            for each in found.values():
                assert each.metadata.title == "Sea", "a photo stands without its sidecar"
                files.move(where, each, album, "a.jpg")
        whole = ["b/", "b/a.jpg", "b/a.jpg.xmp", "b/a.xmp"]
        assert names(tree) in (whole, ["a.jpg.xmp", "a.xmp", *whole])


class TestAlbums:
    def test_an_album_moves_with_all_that_is_in_it(self, files: Files, tree: Path) -> None:
        album = files.create_album("2012/Sea")
        files.create(album, source())
        (tree / "2012/Sea/notes.txt").touch()
        assert files.move_album(album, "Beach/2012") == Album("Beach/2012", "Beach/2012")
        assert names(tree) == [
            "Beach/",
            "Beach/2012/",
            "Beach/2012/a.jpg",
            "Beach/2012/notes.txt",
        ]

    def test_a_folder_that_is_not_empty_stays(self, files: Files, tree: Path) -> None:
        album = files.create_album("2012/Sea")
        (tree / "2012/notes.txt").touch()
        files.move_album(album, "Beach")
        assert names(tree) == ["2012/", "2012/notes.txt", "Beach/"]

    @pytest.mark.parametrize("to", ["Winter", "2012/Sea/below", ""])
    def test_an_album_moves_over_nothing_but_an_empty_folder(
        self, files: Files, tree: Path, to: str
    ) -> None:
        album = files.create_album("2012/Sea")
        files.create_album("Winter")
        (tree / "Winter/notes.txt").touch()
        before = names(tree)
        with pytest.raises(Rejected, match="cannot be moved"):
            files.move_album(album, to)
        assert names(tree) == before

    def test_an_empty_folder_makes_room(self, files: Files, tree: Path) -> None:
        album = files.create_album("2012/Sea")
        (tree / "Winter").mkdir()
        files.move_album(album, "Winter")
        assert names(tree) == ["Winter/"]

    def test_an_album_that_is_gone_is_stale(self, files: Files) -> None:
        with pytest.raises(Stale):
            files.move_album(Album("gone", "gone"), "here")

    def test_a_file_in_the_way_is_told(self, files: Files, tree: Path) -> None:
        (tree / "2012").touch()
        with pytest.raises(Rejected, match="2012"):
            files.create_album("2012/Sea")

    def test_nothing_is_written_through_a_link_out_of_the_tree(
        self, files: Files, tree: Path
    ) -> None:
        (tree.parent / "elsewhere").mkdir()
        (tree / "out").symlink_to(tree.parent / "elsewhere")
        for album in (Album("out", "out"), Album("../elsewhere", "x"), Album("/tmp", "x")):
            with pytest.raises(Rejected, match="leads out of"):
                files.create(album, source())
        with pytest.raises(Rejected, match="leads out of"):
            files.create_album("out/below")
        assert names(tree.parent / "elsewhere") == []

    @pytest.mark.parametrize("ref", ["../a.jpg", ".img-sync.db", "notes.txt", "b/a.jpg"])
    def test_a_ref_that_is_no_photo_is_not_touched(
        self, files: Files, tree: Path, ref: str
    ) -> None:
        with pytest.raises(Rejected, match="no photo"):
            files.delete(TOP, Photo(ref, "a.jpg"))


class TestOpen:
    def test_gives_the_bytes_and_the_sidecar(self, files: Files, tree: Path) -> None:
        data = sidecar_of("Sea", tree)
        photo = files.create(TOP, source(sidecar=data, metadata=Metadata(title="Sea")))
        with files.open(TOP, photo) as original:
            assert original.stream.read() == jpeg(1)
            assert (original.size, original.sidecars) == (171, {"+.xmp": data})

    def test_a_new_sidecar_makes_no_other_picture(self, files: Files, tree: Path) -> None:
        photo = files.create(TOP, source())
        (tree / "a.xmp").write_bytes(sidecar_of("Sea", tree))
        with files.open(TOP, photo) as original:
            assert list(original.sidecars) == [".xmp"]

    @pytest.mark.parametrize("change", [lambda p: p.write_bytes(b"x"), Path.unlink])
    def test_another_picture_is_stale(
        self, files: Files, tree: Path, change: Callable[[Path], object]
    ) -> None:
        photo = files.create(TOP, source())
        change(tree / "a.jpg")
        with pytest.raises(Stale):
            files.open(TOP, photo)

    def test_without_a_version_the_picture_decides(self, files: Files, tree: Path) -> None:
        photo = msgspec.structs.replace(files.create(TOP, source()), version="")
        files.open(TOP, photo).stream.close()
        (tree / "a.jpg").write_bytes(jpeg(2))
        with pytest.raises(Stale):
            files.open(TOP, photo)

    @pytest.mark.parametrize("beside", [False, True], ids=["inside", "in a sidecar"])
    def test_what_is_to_be_kept_back_is_not_told(
        self, files: Files, tree: Path, tmp_path: Path, beside: bool
    ) -> None:
        said = Metadata(title="Secret", caption="Open")
        sidecar = sidecar_of("Secret", tree) if beside else None
        photo = files.create(TOP, source(metadata=said, sidecar=sidecar))
        with files.open(TOP, photo, frozenset({Field.TITLE, Field.CONTENT})) as original:
            copy = tmp_path / "copy.jpg"
            copy.write_bytes(original.stream.read())
            assert original.size == copy.stat().st_size
        told = copy.with_suffix(".xmp") if beside else None
        for data in original.sidecars.values():
            copy.with_suffix(".xmp").write_bytes(data)
        assert metadata_files.read(copy, told) == Metadata(caption="Open")
        assert b"Secret" not in b"".join([copy.read_bytes(), *original.sidecars.values()])
        assert digest(copy).content == photo.content
        assert shown(files)["a.jpg"].metadata == said

    def test_a_sidecar_that_does_not_speak_stays_behind_where_it_would_tell(
        self, files: Files, tree: Path
    ) -> None:
        photo = files.create(TOP, source(sidecar=sidecar_of("Sea", tree)))
        (tree / "a.xmp").write_bytes(sidecar_of("Secret", tree))
        with files.open(TOP, photo) as original:
            assert list(original.sidecars) == ["+.xmp", ".xmp"]
        with files.open(TOP, photo, frozenset({Field.TITLE})) as original:
            assert list(original.sidecars) == ["+.xmp"]

    def test_bytes_that_tell_it_all_the_same_do_not_go(self, files: Files, tree: Path) -> None:
        # A RAW is never written into, so it cannot be freed of what the camera said.
        (tree / "a.jpg").write_bytes(jpeg(1))
        metadata_files.write(tree / "a.jpg", None, Metadata(title="Secret"), {Field.TITLE})
        (tree / "a.jpg").rename(tree / "a.nef")
        with pytest.raises(Rejected, match="cannot be sent without its title"):
            files.open(TOP, shown(files)["a.nef"], frozenset({Field.TITLE}))


class TestHold:
    def test_two_runs_do_not_write_to_one_album(self, tree: Path) -> None:
        (tree / ".img-sync.db").touch()
        one, other = (Files("tree", tree, jobs=1) for _ in range(2))
        with one.hold(TOP), pytest.raises(StateError, match="another run"), other.hold(TOP):
            pass
        with other.hold(TOP):
            pass

    def test_the_runs_own_tree_is_locked_by_its_state(self, tree: Path) -> None:
        (tree / ".img-sync.db").touch()
        own = Files("tree", tree, jobs=1, own=True)
        with disk.locked(tree / ".img-sync.db", create=False), own.hold(TOP):
            pass

    def test_what_the_dead_left_is_removed_and_what_the_living_make_is_not(
        self, files: Files, tree: Path
    ) -> None:
        dead = tree / (disk.TEMPORARY + "0" * 16)
        dead.mkdir()
        (dead / "a.jpg").write_bytes(jpeg(1))
        with placing.room(tree) as living, files.hold(TOP):
            assert list(tree.iterdir()) == [living]
        assert names(tree) == []
