"""What people do with two trees of photos, and what img-sync makes of it."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import pytest

from imgsync.services.files import Files


@pytest.fixture
def synced(trees: Any) -> Any:
    """Two albums, in step."""
    trees.here.add("2012 Sea/IMG_1.jpg", 1, tags=frozenset({"sea"}), title="Strand")
    trees.here.add("2012 Sea/IMG_2.jpg", 2)
    trees.here.add("2013/Alps/IMG_3.jpg", 3, caption="Up there")
    trees.here.add("2013/Alps/IMG_4.jpg", 4)
    assert trees.sync().code == 0
    return trees


@pytest.mark.parametrize("side", ["here", "nas"])
def test_a_picture_that_decays_on_its_disk_is_told_and_not_carried(synced: Any, side: str) -> None:
    tree = synced.here if side == "here" else synced.nas
    name = "local" if side == "here" else "nas"
    path = tree.top / "2012 Sea/IMG_2.jpg"
    good, was = path.read_bytes(), path.stat()
    path.write_bytes(good[:-8] + b"rot" + good[-5:])
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert synced.sync().summary == {}
    report = synced.sync("--check-all")
    assert (report.code, report.actions()) == (1, {"conflict - 2012 Sea/IMG_2.jpg content"})
    [told] = [event["why"] for event in report.events if event["event"] == "planned"]
    assert told == f"decayed on {name}: another picture in a file that looks unchanged"
    assert synced.sync("--check-all", "--prefer", "nas" if side == "here" else "local").code == 0
    assert path.read_bytes() == good
    assert synced.in_step()


class TestFirstMeeting:
    def test_all_goes_there_and_comes_here(self, trees: Any) -> None:
        trees.here.add("a/1.jpg", 1, rating=5)
        trees.nas.add("b/c/2.jpg", 2, caption="two")
        report = trees.sync()
        assert report.code == 0
        assert report.summary == {"created": 2}
        assert trees.here.names() == trees.nas.names() == {"a/1.jpg", "b/c/2.jpg"}
        assert trees.here.said("b/c/2.jpg").caption == "two"
        assert trees.in_step()

    @pytest.mark.parametrize("year", [1969, 1998, 2098])
    def test_copies_keep_the_time_of_their_files(self, trees: Any, year: int) -> None:
        written = (year - 1970) * 31_556_952
        for tree, picture in ((trees.here, 1), (trees.nas, 2)):
            name = f"a/{picture}.jpg"
            tree.add(name, picture, caption="scan")
            os.utime(tree.top / name, (written, written))
        assert trees.sync().code == 0
        copies = (trees.nas.top / "a/1.jpg", trees.here.top / "a/2.jpg")
        assert [copy.stat().st_mtime for copy in copies] == [written, written]
        assert trees.in_step()

    def test_a_copy_that_keeps_something_to_itself_has_the_time_too(self, trees: Any) -> None:
        trees.here.add("a/1.jpg", 1, caption="scan", rating=3)
        os.utime(trees.here.top / "a/1.jpg", (883_612_800, 883_612_800))
        assert trees.sync("--skip", "rating").code == 0
        assert (trees.nas.top / "a/1.jpg").stat().st_mtime == 883_612_800
        assert trees.sync().summary == {"updated": 1}
        assert trees.nas.said("a/1.jpg").rating == 3
        assert trees.in_step()

    def test_what_is_there_already_is_adopted_and_not_sent(self, trees: Any) -> None:
        trees.here.add("a/1.jpg", 1, caption="said here")
        trees.nas.add("a/1.jpg", 1, rating=3)
        report = trees.sync()
        assert report.actions() == {
            "record - a/1.jpg content",
            "update local a/1.jpg rating",
            "update nas a/1.jpg caption",
        }
        assert trees.nas.said("a/1.jpg") == trees.here.said("a/1.jpg")
        assert trees.in_step()

    def test_what_has_no_room_is_told_in_sizes_that_people_read(
        self, trees: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trees.here.add("a/1.jpg", 1)
        monkeypatch.setattr(Files, "room", lambda _: 100)
        report = trees.sync()
        assert report.code == 3
        assert "nas has room for 100 bytes, and 171 bytes would be added" in report.told
        assert trees.nas.names() == set()

    def test_one_picture_under_two_names_is_one_photo(self, trees: Any) -> None:
        trees.here.add("a/1.jpg", 1)
        trees.nas.add("a/renamed.jpg", 1)
        assert trees.sync().summary == {"recorded": 1}
        assert trees.in_step()

    def test_one_name_for_two_pictures_is_a_conflict_until_a_side_is_preferred(
        self, trees: Any
    ) -> None:
        trees.here.add("a/1.jpg", 1, caption="mine")
        trees.nas.add("a/1.jpg", 2, caption="theirs")
        report = trees.sync()
        assert report.code == 1
        assert report.actions() == {"conflict - a/1.jpg content"}
        assert trees.sync("--prefer", "local").code == 0
        assert trees.nas.picture("a/1.jpg") == trees.here.picture("a/1.jpg")
        assert trees.in_step()

    def test_photos_of_one_name_taken_at_different_times_are_two(self, trees: Any) -> None:
        trees.here.add("a/1.jpg", 1, taken="2012-01-01T10:00:00")
        trees.nas.add("a/1.jpg", 2, taken="2015-05-05T10:00:00")
        assert trees.sync().summary == {"created": 2}
        assert len(trees.here.names()) == len(trees.nas.names()) == 2
        assert trees.in_step()


class TestPartsOfTheTree:
    @pytest.mark.parametrize("part", ["2013/Rome", "2013", "new", "new/in/it"])
    def test_a_new_folder_is_found_in_its_place_by_a_run_on_it_alone(
        self, synced: Any, part: str
    ) -> None:
        """Nothing above it has photos: what is remembered of its neighbours tells."""
        synced.here.add(f"{part}/IMG_9.jpg", 9)
        there = synced.nas.names()
        report = synced.run("--sync-with", "nas", str(synced.here.top / part))
        assert report.summary == {"created": 1}
        assert synced.here.names() == synced.nas.names() == there | {f"{part}/IMG_9.jpg"}
        assert synced.in_step()

    def test_a_run_that_excludes_every_photo_is_no_accident(self, synced: Any) -> None:
        synced.here.say("2012 Sea/IMG_1.jpg", title="hidden")
        report = synced.sync("--exclude", "IMG_*")
        assert report.code == 0
        assert not report.actions()
        assert synced.sync().actions() == {"update nas 2012 Sea/IMG_1.jpg title"}


class TestEdits:
    def test_only_the_field_that_changed_is_written(self, synced: Any) -> None:
        synced.here.say("2012 Sea/IMG_1.jpg", caption="Waves")
        before = synced.nas.snapshot()
        report = synced.sync()
        assert report.actions("done") == {"update nas 2012 Sea/IMG_1.jpg caption"}
        assert synced.nas.said("2012 Sea/IMG_1.jpg").caption == "Waves"
        after = synced.nas.snapshot()
        assert [path for path in after if after[path] != before[path]] == [
            str(synced.nas.top / "2012 Sea/IMG_1.jpg")
        ]

    def test_edits_on_both_sides_meet(self, synced: Any) -> None:
        synced.here.say("2012 Sea/IMG_1.jpg", tags=frozenset({"sea", "dog"}))
        synced.nas.say("2012 Sea/IMG_1.jpg", tags=frozenset({"2012"}), rating=4)
        assert synced.sync().code == 0
        for tree in (synced.here, synced.nas):
            said = tree.said("2012 Sea/IMG_1.jpg")
            assert (said.tags, said.rating, said.title) == ({"2012", "dog"}, 4, "Strand")
        assert synced.in_step()

    def test_a_conflict_is_told_at_every_run_and_changes_nothing(self, synced: Any) -> None:
        synced.here.say("2012 Sea/IMG_1.jpg", rating=5)
        synced.nas.say("2012 Sea/IMG_1.jpg", rating=2)
        for _ in range(2):
            report = synced.sync()
            assert (report.code, report.summary) == (1, {"conflicts": 1})
        assert synced.here.said("2012 Sea/IMG_1.jpg").rating == 5
        assert synced.nas.said("2012 Sea/IMG_1.jpg").rating == 2
        assert synced.sync("--prefer", "nas").code == 0
        assert synced.here.said("2012 Sea/IMG_1.jpg").rating == 2
        assert synced.in_step()

    def test_a_changed_picture_replaces_the_other_which_goes_to_the_trash(
        self, synced: Any, home: Any
    ) -> None:
        old = synced.nas.picture("2012 Sea/IMG_2.jpg")
        synced.here.repaint("2012 Sea/IMG_2.jpg", 22)
        assert synced.sync().actions("done") == {"update nas 2012 Sea/IMG_2.jpg content"}
        assert synced.nas.picture("2012 Sea/IMG_2.jpg") == synced.here.picture("2012 Sea/IMG_2.jpg")
        trash = home / ".local/share/Trash/files"
        assert old in [path.read_bytes() for path in trash.iterdir()]
        assert synced.in_step()

    def test_an_edit_reaches_services_also_after_the_cache_was_updated(self, synced: Any) -> None:
        synced.here.say("2012 Sea/IMG_1.jpg", caption="Waves")
        assert synced.run("--sync-to", "local", str(synced.here.top)).summary == {"updated": 1}
        assert synced.run("--diff-with", "local", str(synced.here.top)).code == 0
        synced.sync()
        assert synced.nas.said("2012 Sea/IMG_1.jpg").caption == "Waves"

    def test_what_was_pulled_from_one_service_is_an_edit_for_the_next(self, synced: Any) -> None:
        top = str(synced.here.top)
        synced.run("--sync-with", "usb", top)
        synced.nas.say("2012 Sea/IMG_1.jpg", caption="from the NAS")
        synced.sync()
        report = synced.run("--sync-with", "usb", top)
        assert report.actions("done") == {"update usb 2012 Sea/IMG_1.jpg caption"}
        assert synced.run("--sync-with", "usb", "--sync-with", "nas", top).summary == {}


class TestMoves:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("2012 Sea/IMG_1.jpg", "2012 Sea/beach.jpg"),
            ("2012 Sea/IMG_1.jpg", "2013/Alps/IMG_1.jpg"),
            ("2012 Sea/IMG_1.jpg", "2014 New/other.jpg"),
            ("2012 Sea", "2012 Sea and sun"),
            ("2013/Alps", "2013/Dolomites"),
            ("2013", "Year 2013"),
        ],
        ids=["renamed", "moved", "moved-to-a-new-album", "folder", "inner-folder", "outer-folder"],
    )
    @pytest.mark.parametrize("side", ["here", "nas"])
    def test_a_move_is_carried_as_a_move(self, synced: Any, side: str, old: str, new: str) -> None:
        tree = getattr(synced, side)
        tree.rename(old, new)
        report = synced.sync()
        assert report.code == 0
        assert report.summary.keys() == {"moved"}
        assert synced.here.names() == synced.nas.names()
        assert synced.in_step()

    def test_two_files_that_swap_their_names(self, synced: Any) -> None:
        here = synced.here
        here.rename("2012 Sea/IMG_1.jpg", "2012 Sea/x")
        here.rename("2012 Sea/IMG_2.jpg", "2012 Sea/IMG_1.jpg")
        here.rename("2012 Sea/x", "2012 Sea/IMG_2.jpg")
        assert synced.sync().summary == {"moved": 2}
        for name in ("2012 Sea/IMG_1.jpg", "2012 Sea/IMG_2.jpg"):
            assert synced.nas.picture(name) == here.picture(name)
        assert synced.in_step()

    def test_renamed_on_both_sides_is_a_conflict(self, synced: Any) -> None:
        synced.here.rename("2012 Sea/IMG_1.jpg", "2012 Sea/a.jpg")
        synced.nas.rename("2012 Sea/IMG_1.jpg", "2012 Sea/b.jpg")
        assert synced.sync().summary == {"conflicts": 1}
        assert synced.sync("--prefer", "local").summary == {"moved": 1}
        assert "2012 Sea/a.jpg" in synced.nas.names()
        assert synced.in_step()

    def test_an_edit_there_and_a_rename_here(self, synced: Any) -> None:
        synced.here.rename("2012 Sea/IMG_1.jpg", "2012 Sea/a.jpg")
        synced.nas.say("2012 Sea/IMG_1.jpg", rating=1)
        assert synced.sync().code == 0
        assert synced.here.said("2012 Sea/a.jpg").rating == 1
        assert "2012 Sea/a.jpg" in synced.nas.names()
        assert synced.in_step()

    def test_another_path_moves_nothing(self, synced: Any) -> None:
        album = synced.here.top / "2013"
        report = synced.run("--sync-with", "nas", str(album))
        assert (report.code, report.actions()) == (0, set())
        assert synced.in_step()

    def test_a_tree_that_is_mounted_elsewhere_moves_nothing(self, synced: Any) -> None:
        synced.here.top.rename(synced.here.top.with_name("elsewhere"))
        synced.here.top = synced.here.top.with_name("elsewhere")
        assert synced.in_step()

    def test_a_copied_folder_is_a_new_album(self, synced: Any) -> None:
        top = synced.here.top
        shutil.copytree(top / "2012 Sea", top / "Copy")
        assert synced.sync().summary == {"created": 2}
        assert synced.nas.names() == synced.here.names()
        assert synced.in_step()

    def test_so_it_is_for_a_run_on_the_copy_alone(self, synced: Any) -> None:
        top, there = synced.here.top, synced.nas.names()
        shutil.copytree(top / "2013/Alps", top / "2013/Copy")
        report = synced.run("--sync-with", "nas", str(top / "2013/Copy"))
        assert (report.code, report.summary) == (0, {"created": 2})
        assert synced.nas.names() > there
        assert synced.nas.names() == synced.here.names()
        assert synced.in_step()

    def test_a_folder_that_is_reached_by_another_path_has_not_moved(self, synced: Any) -> None:
        (synced.here.top.parent / "link").symlink_to(synced.here.top / "2013")
        there = synced.nas.names()
        report = synced.run("--sync-with", "nas", str(synced.here.top.parent / "link/Alps"))
        assert (report.code, report.actions()) == (0, set())
        assert synced.nas.names() == there
        assert synced.in_step()

    def test_a_tree_that_moved_is_known_in_runs_on_a_part_of_it(self, synced: Any) -> None:
        there = synced.nas.names()
        synced.here.top.rename(synced.here.top.parent / "moved")
        synced.here.top = synced.here.top.parent / "moved"
        assert synced.sync().actions() == set()
        synced.here.say("2013/Alps/IMG_3.jpg", title="Peak")
        report = synced.run("--sync-with", "nas", str(synced.here.top / "2013"))
        assert (report.code, report.summary) == (0, {"updated": 1})
        assert synced.nas.names() == synced.here.names() == there
        assert synced.in_step()


class TestDeletions:
    @pytest.mark.parametrize("side", ["here", "nas"])
    def test_one_is_carried_only_when_it_is_allowed(self, synced: Any, side: str) -> None:
        getattr(synced, side).remove("2012 Sea/IMG_2.jpg")
        report = synced.sync()
        assert (report.code, report.summary) == (1, {"blocked": 1})
        assert synced.sync("--delete").summary == {"deleted": 1}
        assert synced.here.names() == synced.nas.names()
        assert len(synced.here.names()) == 3
        assert synced.in_step()

    def test_an_edit_beats_a_deletion(self, synced: Any) -> None:
        synced.here.remove("2012 Sea/IMG_1.jpg")
        synced.nas.say("2012 Sea/IMG_1.jpg", caption="keep me")
        assert synced.sync("--delete").summary == {"created": 1}
        assert synced.here.said("2012 Sea/IMG_1.jpg").caption == "keep me"
        assert synced.in_step()

    def test_gone_on_both_sides_is_forgotten(self, synced: Any) -> None:
        synced.here.remove("2012 Sea/IMG_1.jpg")
        synced.nas.remove("2012 Sea/IMG_1.jpg")
        assert synced.sync().actions() == {"forget - 2012 Sea/IMG_1.jpg"}
        assert synced.in_step()

    def test_a_folder_that_vanished_is_missed(self, synced: Any) -> None:
        synced.here.remove("2013")
        report = synced.sync()
        assert (report.code, report.summary) == (1, {"blocked": 2})
        assert "2013/Alps/IMG_3.jpg" in synced.nas.names()
        synced.nas.say("2013/Alps/IMG_4.jpg", rating=5)
        assert synced.sync("--delete").summary == {"deleted": 1, "created": 1}
        assert synced.here.said("2013/Alps/IMG_4.jpg").rating == 5
        assert "2013/Alps/IMG_3.jpg" not in synced.nas.names()
        assert synced.in_step()

    def test_too_many_are_refused(self, synced: Any) -> None:
        for name in ("2012 Sea/IMG_1.jpg", "2012 Sea/IMG_2.jpg", "2013/Alps/IMG_3.jpg"):
            synced.here.remove(name)
        before = synced.nas.snapshot()
        report = synced.sync("--delete")
        assert report.code == 3
        assert synced.nas.snapshot() == before
        assert synced.sync("--delete", "--max-delete", "80").summary == {"deleted": 3}

    def test_a_side_that_shows_nothing_is_refused(self, synced: Any) -> None:
        for folder in list(synced.nas.top.iterdir()):
            shutil.rmtree(folder)
        before = synced.here.snapshot()
        synced.here.say("2012 Sea/IMG_1.jpg", caption="edited meanwhile")
        assert synced.sync().code == 3
        assert synced.nas.names() == set()
        assert synced.here.names() == {
            p.removeprefix(f"{synced.here.top}/") for p in before if not p.endswith(".db")
        }

    def test_all_gone_on_both_sides_is_no_accident(self, synced: Any) -> None:
        for tree in (synced.here, synced.nas):
            for name in tree.names():
                tree.remove(name)
        report = synced.sync()
        assert report.code == 0
        assert {action.split()[0] for action in report.actions()} == {"forget"}
        assert synced.in_step()

    def test_the_cache_keeps_what_a_deletion_needs(self, synced: Any) -> None:
        synced.here.remove("2012 Sea/IMG_1.jpg")
        top = str(synced.here.top)
        assert synced.run("--sync-to", "local", top).summary == {"deleted": 1}
        assert synced.run("--diff-with", "local", top).code == 0
        assert synced.sync().actions() == {"delete nas 2012 Sea/IMG_1.jpg blocked"}

    def test_twins_that_nothing_tells_apart_are_not_guessed(self, synced: Any) -> None:
        here = synced.here
        here.add("2012 Sea/IMG_9.jpg", 2)
        synced.sync()
        here.remove("2012 Sea/IMG_2.jpg")
        here.remove("2012 Sea/IMG_9.jpg")
        here.add("2013/Alps/x.jpg", 2)
        here.add("2013/Alps/y.jpg", 2)
        report = synced.sync("--delete")
        assert report.summary == {"created": 2, "blocked": 2}


class TestOneWay:
    def test_only_that_side_is_written(self, synced: Any) -> None:
        synced.here.say("2012 Sea/IMG_1.jpg", caption="here")
        synced.nas.say("2013/Alps/IMG_3.jpg", caption="there")
        synced.nas.add("2013/Alps/new.jpg", 9)
        synced.nas.add("Only there/new.jpg", 10)
        before = synced.here.names()
        report = synced.push()
        assert report.code == 1
        assert report.actions() == {
            "update nas 2012 Sea/IMG_1.jpg caption",
            "update local 2013/Alps/IMG_3.jpg caption blocked",
            "create local 2013/Alps/new.jpg content blocked",
        }
        assert synced.here.names() == before
        report = synced.pull()
        assert report.code == 0
        assert report.actions("done") == {
            "update local 2013/Alps/IMG_3.jpg caption",
            "create local 2013/Alps/new.jpg content",
            "create local Only there/new.jpg content",
        }
        assert synced.in_step()

    def test_a_diff_or_a_dry_run_changes_nothing(self, synced: Any) -> None:
        synced.here.say("2012 Sea/IMG_1.jpg", caption="here")
        synced.nas.add("New/new.jpg", 9)
        before = synced.here.snapshot(), synced.nas.snapshot()
        dry = [synced.diff(), synced.sync("--no-write")]
        assert [report.code for report in dry] == [1, 1]
        assert dry[0].actions() == dry[1].actions()
        assert dry[0].actions() == {
            "update nas 2012 Sea/IMG_1.jpg caption",
            "create local New/new.jpg content",
        }
        assert (synced.here.snapshot(), synced.nas.snapshot()) == before


class TestPartialRuns:
    def test_fields_outside_only_wait(self, synced: Any) -> None:
        synced.here.say("2012 Sea/IMG_1.jpg", caption="later", rating=5)
        synced.here.add("2012 Sea/new.jpg", 9)
        assert synced.sync("--only", "rating").actions() == {"update nas 2012 Sea/IMG_1.jpg rating"}
        assert synced.nas.said("2012 Sea/IMG_1.jpg").caption == ""
        assert synced.sync().summary == {"updated": 1, "created": 1}
        assert synced.nas.said("2012 Sea/IMG_1.jpg").caption == "later"
        assert synced.in_step()

    def test_a_folder_is_missed_until_the_moves_out_of_it_are_carried(self, synced: Any) -> None:
        for name in ("IMG_3.jpg", "IMG_4.jpg"):
            synced.here.rename(f"2013/Alps/{name}", f"2012 Sea/{name}")
        synced.here.remove("2013")
        assert synced.sync("--only", "rating").actions() == set()
        assert synced.sync().summary["moved"] == 2
        assert synced.nas.names() == synced.here.names()
        assert synced.in_step()

    def test_a_skipped_field_does_not_travel_in_the_bytes(self, trees: Any) -> None:
        trees.here.add("a/1.jpg", 1, caption="private", rating=4)
        assert trees.sync("--skip", "caption").code == 0
        said = trees.nas.said("a/1.jpg")
        assert (said.caption, said.rating) == ("", 4)
        assert trees.here.said("a/1.jpg").caption == "private"
        assert trees.sync().actions() == {"update nas a/1.jpg caption"}
        assert trees.in_step()

    def test_what_is_excluded_is_absent_on_neither_side(self, synced: Any) -> None:
        synced.here.remove("2012 Sea/IMG_2.jpg")
        synced.nas.add("2012 Sea/draft_1.jpg", 9)
        report = synced.sync("--exclude", "IMG_2*", "--exclude", "draft_*", "--delete")
        assert (report.code, report.actions()) == (0, set())
        assert synced.sync("--exclude", "2012*", "--delete").actions() == set()
        assert synced.sync("--no-recurse").actions() == set()
        assert synced.sync().summary == {"blocked": 1, "created": 1}


class TestTheState:
    def test_a_hand_edit_shows_in_the_next_diff(self, synced: Any) -> None:
        state = synced.here.top / "2012 Sea/.img-sync.db"
        state.write_text(state.read_text().replace("Strand", "Beach"))
        report = synced.run("--diff-with", "local", str(synced.here.top))
        assert report.actions() == {"update cache 2012 Sea/IMG_1.jpg title"}
        assert synced.here.said("2012 Sea/IMG_1.jpg").title == "Strand"

    def test_a_bad_line_stops_that_album_alone(self, synced: Any) -> None:
        state = synced.here.top / "2012 Sea/.img-sync.db"
        lines = state.read_text().splitlines()
        state.write_text("\n".join([lines[0], "what is this", *lines[1:]]) + "\n")
        synced.here.say("2012 Sea/IMG_1.jpg", rating=1)
        synced.here.say("2013/Alps/IMG_3.jpg", rating=1)
        report = synced.sync()
        assert report.code == 4
        assert report.actions("done") == {"update nas 2013/Alps/IMG_3.jpg rating"}
        assert ".img-sync.db" in report.told
        assert "line 2" in report.told

    def test_it_holds_what_the_manual_promises(self, synced: Any) -> None:
        lines = (synced.here.top / "2012 Sea/.img-sync.db").read_text().splitlines()
        header, *photos = map(json.loads, lines)
        assert header["albums"]["nas"]["path"] == "2012 Sea"
        assert [photo["name"] for photo in photos] == ["IMG_1.jpg", "IMG_2.jpg"]
        for photo in photos:
            keys = {"id", "name", "size", "mtime", "image_hash", "metadata_hash", "metadata"}
            assert keys <= photo.keys()
            assert photo["services"]["nas"].keys() >= {"ref", "synced", "there"}

    def test_it_moves_with_its_folder(self, synced: Any) -> None:
        synced.here.rename("2013/Alps", "Mountains")
        assert synced.sync().summary == {"moved": 1}
        assert (synced.here.top / "Mountains/.img-sync.db").exists()
