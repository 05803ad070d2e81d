"""Which folders of a tree are albums, and how a folder tells that nothing in it has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgsync.errors import Unavailable, UsageError
from imgsync.model import Album, fingerprint
from imgsync.service import Look, Unread
from imgsync.services.files import Files
from imgsync.testing.pictures import jpeg


def fill(tree: Path, *paths: str) -> None:
    """Makes files; a path that ends in a slash is an empty folder."""
    for number, path in enumerate(paths):
        place = tree / path
        (place if path.endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
        if not path.endswith("/"):
            place.write_bytes(jpeg(number))


def albums(tree: Path, trash: str | Path = "auto") -> list[str]:
    return [album.path for album in listed(Files("tree", tree, trash=trash))]


def listed(files: Files) -> list[Album]:
    found = list(files.albums())
    assert not any(isinstance(each, Unread) for each in found)
    return [each for each in found if isinstance(each, Album)]


def test_new_folders_get_plain_names_and_others_keep_theirs(tmp_path: Path) -> None:
    fill(tmp_path, "etc./a.jpg")
    files = Files("tree", tmp_path)
    assert files.fitting("etc./.new") == "etc/new"
    assert files.create_album("etc./.new").path == "etc./new"
    assert files.create_album("../CON/out.").path == "_/_CON/out"
    moved = files.move_album(Album("etc./new", "etc./new"), "etc./x.")
    assert moved == Album("etc./x", "etc./x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_", "etc."]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(["a.jpg"], [""], id="photos at the top"),
        pytest.param(["2012/Sea/a.jpg"], ["2012/Sea"], id="folders between have no photos"),
        pytest.param(["b/x.jpg", "a/x.jpg", "a/b/x.jpg"], ["a", "a/b", "b"], id="top down"),
        pytest.param(["a b/x.jpg", "a/c/x.jpg", "a/x.jpg"], ["a", "a/c", "a b"], id="not by text"),
        pytest.param(["clip/a.MP4", "raw/a.Cr2"], ["clip", "raw"], id="videos and RAWs"),
        pytest.param(["texts/a.txt", "beside/a.jpg.xmp", "empty/"], [], id="no photo"),
        pytest.param(["gone/.img-sync.db"], ["gone"], id="the last photo is gone"),
        pytest.param(["fake.jpg/a.jpg"], ["fake.jpg"], id="a folder like a photo"),
        pytest.param([".hidden/a.jpg", "a/.x.jpg", ".a.jpg"], [], id="begin with a dot"),
        pytest.param(
            ["@eaDir/a.jpg", "#recycle/a.jpg", "lost+found/a.jpg", "$RECYCLE.BIN/a.jpg"],
            [],
            id="what a NAS or a system leaves",
        ),
    ],
)
def test_a_folder_with_photos_is_an_album(
    tmp_path: Path, paths: list[str], expected: list[str]
) -> None:
    fill(tmp_path, *paths)
    assert albums(tmp_path) == expected


def test_a_trash_in_the_tree_is_no_album(tmp_path: Path) -> None:
    fill(tmp_path, "a/a.jpg", "old/2012-07-01/a/b.jpg")
    assert albums(tmp_path, trash=tmp_path / "old") == ["a"]


def test_a_tree_is_not_in_its_trash(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its own trash"):
        Files("tree", tmp_path / "photos", trash=tmp_path)


class TestLinks:
    def test_out_of_the_tree_are_not_followed(self, tmp_path: Path) -> None:
        fill(tmp_path, "tree/a/a.jpg", "elsewhere/b.jpg")
        (tmp_path / "tree/out").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "tree/a/b.jpg").symlink_to(tmp_path / "elsewhere/b.jpg")
        files = Files("tree", tmp_path / "tree", jobs=1)
        assert list(files.albums()) == [Album("a", "a")]
        assert [photo.ref for photo in files.photos(Album("a", "a"), Look())] == ["a.jpg"]

    def test_lead_to_photos_in_the_tree(self, tmp_path: Path) -> None:
        fill(tmp_path, "a/a.jpg", "b/b.jpg")
        (tmp_path / "b/c.jpg").symlink_to("../a/a.jpg")
        files = Files("tree", tmp_path, jobs=1)
        assert [photo.ref for photo in files.photos(Album("b", "b"), Look())] == ["b.jpg", "c.jpg"]

    def test_lead_to_what_has_no_name_of_its_own(self, tmp_path: Path) -> None:
        fill(tmp_path, ".store/x/a.jpg")
        (tmp_path / "once").symlink_to(".store")
        (tmp_path / "twice").symlink_to(".store/x")
        assert albums(tmp_path) == ["once/x"]

    def test_to_another_album_double_nothing(self, tmp_path: Path) -> None:
        fill(tmp_path, "z/a.jpg")
        (tmp_path / "a").symlink_to("z")
        assert albums(tmp_path) == ["z"]

    def test_that_go_round_end(self, tmp_path: Path) -> None:
        fill(tmp_path, "a/a.jpg", ".store/a.jpg")
        (tmp_path / "a/up").symlink_to("..")
        (tmp_path / "a/self").symlink_to("self")
        (tmp_path / ".store/round").symlink_to("../.store")
        (tmp_path / "way in").symlink_to(".store")
        assert albums(tmp_path) == ["a", "way in"]


class TestTop:
    def test_that_is_not_made_yet_is_empty(self, tmp_path: Path) -> None:
        assert albums(tmp_path / "new") == []

    def test_that_nothing_holds_is_a_missing_disk(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable, match="is its disk there"):
            albums(tmp_path / "disk/tree")
        with pytest.raises(Unavailable, match="is its disk there"):
            Files("tree", tmp_path / "disk/tree").create_album("a")

    @pytest.mark.parametrize("is_found", [True, False], ids=["found", "made"])
    def test_that_goes_while_it_is_used_is_not_begun_anew(
        self, tmp_path: Path, is_found: bool
    ) -> None:
        if is_found:
            fill(tmp_path / "tree", "a/1.jpg")
        files = Files("tree", tmp_path / "tree", jobs=1)
        assert list(files.albums()) == ([Album("a", "a")] if is_found else [])
        files.create_album("b")
        (tmp_path / "tree").rename(tmp_path / "taken away")
        with pytest.raises(Unavailable, match="is no longer there: is its disk"):
            files.create_album("c")
        assert not (tmp_path / "tree").exists()

    def test_whose_disk_goes_is_not_begun_anew_on_the_one_below(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(tmp_path, "a/1.jpg")
        files = Files("tree", tmp_path, jobs=1)
        assert list(files.albums()) == [Album("a", "a")]
        monkeypatch.setattr(files, "_disk", tmp_path.stat().st_dev + 1)
        with pytest.raises(Unavailable, match="is no longer there: is its disk"):
            files.create_album("b")
        assert not (tmp_path / "b").exists()

    def test_that_is_a_file_is_none(self, tmp_path: Path) -> None:
        fill(tmp_path, "a.jpg")
        with pytest.raises(Unavailable, match="no folder"):
            albums(tmp_path / "a.jpg")

    def test_is_made_with_its_first_album(self, tmp_path: Path) -> None:
        Files("tree", tmp_path / "tree").create_album("2012/Sea")
        assert (tmp_path / "tree/2012/Sea").is_dir()


class TestFingerprint:
    @pytest.mark.parametrize(
        "names",
        [
            pytest.param(["b.jpg", "a.jpg"], id="photos"),
            pytest.param(["a.jpg", "a.jpg.xmp"], id="a sidecar"),
            pytest.param(["a.nef", "a.jpg", "a.xmp"], id="a RAW's sidecar"),
            pytest.param(["a.jpg", "b.txt", ".c.jpg"], id="other files"),
            pytest.param([".img-sync.db"], id="no photo"),
            pytest.param(["\udce9.jpg"], id="a name that is not UTF-8"),
        ],
    )
    def test_is_that_of_the_photos(self, tmp_path: Path, names: list[str]) -> None:
        fill(tmp_path, *names)
        for sidecar in tmp_path.glob("*.xmp"):
            sidecar.write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
        files = Files("tree", tmp_path, jobs=1)
        [album] = listed(files)
        photos = list(files.photos(album, Look()))
        assert not any(isinstance(photo, Unread) for photo in photos)
        expected = fingerprint((p.ref, p.version) for p in photos if not isinstance(p, Unread))
        assert files.fingerprint(album) == expected

    def test_is_of_the_moment_of_the_listing_and_then_of_now(self, tmp_path: Path) -> None:
        fill(tmp_path, "a.jpg")
        files = Files("tree", tmp_path, jobs=1)
        [album] = listed(files)
        fill(tmp_path, "b.jpg")
        before, after = files.fingerprint(album), files.fingerprint(album)
        assert before != after
        assert files.fingerprint(album) == after

    def test_of_a_folder_that_is_gone_is_not_known(self, tmp_path: Path) -> None:
        assert Files("tree", tmp_path, jobs=1).fingerprint(Album("gone", "gone")) == ""

    def test_of_times_far_from_now_is_known(self, tmp_path: Path) -> None:
        fill(tmp_path, "a.jpg")
        files = Files("tree", tmp_path, jobs=1)
        prints = set()
        for year in (-(2**31), 2**33):
            os.utime(tmp_path / "a.jpg", (year, year))
            [album] = listed(files)
            prints.add(files.fingerprint(album))
        assert len(prints - {""}) == 2


def test_a_home_folder_that_cannot_be_looked_at_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.jpg").write_bytes(jpeg(1))
    monkeypatch.setenv("HOME", "/" + "x" * 300)
    monkeypatch.delenv("XDG_DATA_HOME")
    assert albums(tmp_path) == [""]
