"""What the manual promises, claim by claim, on two trees."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from imgsync.model import Location, Region

KEYS = ["event", "op", "side", "album", "name", "fields", "why", "blocked"]
COUNTS = ["created", "updated", "deleted", "moved", "recorded", "conflicts", "blocked", "failed"]


@pytest.fixture
def synced(trees: Any) -> Any:
    """Photos in three albums, one of them nested, in step."""
    for number, path in enumerate(
        ["top.jpg", "A/1.jpg", "A/2.jpg", "A/3.jpg", "B/1.jpg", "C/D/1.jpg"]
    ):
        trees.here.add(path, number)
    assert trees.sync().code == 0
    return trees


def configure(home: Path, line: str) -> None:
    """Adds a default to the configuration file."""
    config = home / "config/img-sync.cfg"
    config.write_text(config.read_text().replace("[img-sync]\n", f"[img-sync]\n{line}\n", 1))


class TestScanning:
    @pytest.mark.parametrize(
        "path",
        [
            ".hidden.jpg",
            ".hidden/1.jpg",
            "x/@eaDir/1.jpg",
            "#recycle/1.jpg",
            "lost+found/1.jpg",
            "x/notes.txt",
        ],
    )
    def test_what_is_passed_over(self, trees: Any, path: str) -> None:
        trees.here.add(path, 1)
        assert trees.diff().events[:-1] == []

    @pytest.mark.parametrize(
        ("link", "target", "seen"),
        [
            ("A/link.jpg", "1.jpg", True),
            ("A/link.jpg", "../../outside.jpg", False),
            ("A/link.jpg", "nowhere.jpg", False),
            ("out", "../outside", False),
            ("again", ".", False),
        ],
    )
    def test_links_are_not_followed_out_of_the_tree(
        self, trees: Any, link: str, target: str, seen: bool
    ) -> None:
        trees.here.add("A/1.jpg", 1)
        trees.here.add("../outside.jpg", 2)
        trees.here.add("../outside/3.jpg", 3)
        (trees.here.top / link).symlink_to(target)
        assert len(trees.diff().actions()) == (2 if seen else 1)

    def test_a_folder_that_lost_its_last_photo_stays_an_album(self, synced: Any) -> None:
        synced.here.remove("C/D/1.jpg")
        assert synced.sync("--delete").summary == {"deleted": 1}
        albums = synced.run("--list", "local", str(synced.here.top)).events
        assert "C/D" in [event.get("album") for event in albums]


class TestPath:
    @pytest.mark.parametrize(
        "words",
        [
            ["{top}/"],
            ["{top}/A"],
            ["{top}/C"],
            ["{top}/C/D"],
            ["{top}/A", "{top}/C"],
            ["{top}/A/../B"],
            ["{top}", "--no-recurse"],
            ["{link}"],
            ["{link}/C"],
            ["."],
            ["C/D"],
        ],
        ids=" ".join,
    )
    def test_however_it_is_named_nothing_moves(
        self, synced: Any, monkeypatch: pytest.MonkeyPatch, words: list[str]
    ) -> None:
        top = synced.here.top
        link = top.with_name("link")
        link.symlink_to(top)
        monkeypatch.chdir(top)
        words = [word.format(top=top, link=link) for word in words]
        report = synced.run("--sync-with", "nas", *words)
        assert (report.code, report.actions()) == (0, set())
        assert synced.in_step()

    def test_an_album_below_a_root_gets_its_path_there(self, trees: Any, home: Path) -> None:
        configure(home, f"root = {trees.here.top}")
        trees.here.add("C/D/1.jpg", 1)
        assert trees.run("--sync-with", "nas", str(trees.here.top / "C/D")).code == 0
        assert trees.nas.names() == {"C/D/1.jpg"}


SAID: dict[str, Any] = {
    "title": "Strand",
    "caption": "two\nlines",
    "tags": frozenset({"Places/France/Paris", "sea"}),
    "taken": "2012-07-01T10:20:30.25+02:00",
    "location": Location(48.8566, 2.3522, 35.5),
    "rating": 4,
    "label": "Red",
    "favorite": True,
    "people": (Region("Ann", (0.5, 0.4, 0.1, 0.2)),),
    "creator": ("Jo",),
    "copyright": "(c) Jo",
}
NOTHING: dict[str, Any] = {
    "title": "",
    "caption": "",
    "tags": frozenset(),
    "taken": "",
    "location": None,
    "rating": None,
    "label": "",
    "favorite": False,
    "people": (),
    "creator": (),
    "copyright": "",
}


class TestFields:
    @pytest.mark.parametrize("side", ["here", "nas"])
    def test_each_is_carried_alone_when_it_is_said_and_when_it_is_taken_back(
        self, trees: Any, side: str
    ) -> None:
        for number, name in enumerate(SAID):
            trees.here.add(f"A/{name}.jpg", number)
        trees.sync()
        tree, other = getattr(trees, side), trees.nas if side == "here" else trees.here
        for values in (SAID, NOTHING):
            for name, value in values.items():
                tree.say(f"A/{name}.jpg", **{name: value})
            report = trees.sync()
            there = "nas" if side == "here" else "local"
            wanted = {f"update {there} A/{name}.jpg {name}" for name in SAID}
            assert (report.code, report.actions("done")) == (0, wanted)
            for name, value in values.items():
                assert getattr(other.said(f"A/{name}.jpg"), name) == value
            assert trees.in_step()

    def test_a_sidecar_of_a_raw_and_a_jpeg_is_the_raws(self, trees: Any) -> None:
        trees.here.add("A/a.jpg", 1)
        trees.here.add("A/a.nef", 2, title="raw")
        (trees.here.top / "A/a.nef.xmp").rename(trees.here.top / "A/a.xmp")
        trees.sync()
        assert trees.nas.said("A/a.nef").title == "raw"
        assert trees.nas.said("A/a.jpg").title == ""
        trees.nas.say("A/a.jpg", title="jpeg")
        assert trees.sync().code == 0
        assert trees.here.said("A/a.nef").title == "raw"
        trees.here.rename("A/a.nef", "A/b.nef")
        trees.here.rename("A/a.xmp", "A/b.xmp")
        assert trees.sync().actions("done") == {"move nas A/a.nef"}
        assert trees.nas.names() == {"A/a.jpg", "A/b.nef", "A/b.xmp"}
        assert trees.in_step()

    def test_metadata_go_beside_the_file_where_that_is_wanted(
        self, synced: Any, home: Path
    ) -> None:
        configure(home, "write = sidecar")
        before = synced.nas.picture("A/1.jpg")
        synced.here.say("A/1.jpg", title="beside")
        assert synced.sync().code == 0
        assert synced.nas.picture("A/1.jpg") == before
        assert "A/1.jpg.xmp" in synced.nas.names()
        assert synced.nas.said("A/1.jpg").title == "beside"


class TestMoving:
    @pytest.mark.parametrize("side", ["here", "nas"])
    def test_names_that_go_round_in_a_circle(self, synced: Any, side: str) -> None:
        tree = getattr(synced, side)
        pictures = {tree.picture(f"A/{n}.jpg") for n in (1, 2, 3)}
        for old, new in (("1", "x"), ("2", "1"), ("3", "2"), ("x", "3")):
            tree.rename(f"A/{old}.jpg", f"A/{new}.jpg")
        report = synced.sync()
        assert (report.code, report.summary) == (0, {"moved": 3})
        for n in (1, 2, 3):
            assert synced.here.picture(f"A/{n}.jpg") == synced.nas.picture(f"A/{n}.jpg")
        assert {synced.nas.picture(f"A/{n}.jpg") for n in (1, 2, 3)} == pictures
        assert synced.in_step()

    def test_a_folder_renamed_there_and_a_photo_in_it_here(self, synced: Any) -> None:
        synced.nas.rename("A", "AA")
        synced.here.rename("A/2.jpg", "A/two.jpg")
        assert synced.sync().summary == {"moved": 2}
        assert synced.here.names() == synced.nas.names() >= {"AA/two.jpg", "AA/1.jpg"}
        assert synced.in_step()

    def test_a_name_that_is_taken_there_costs_nobody_a_photo(self, synced: Any) -> None:
        synced.nas.add("A/9.jpg", 90)
        synced.here.rename("A/1.jpg", "A/9.jpg")
        pictures = {synced.here.picture("A/9.jpg"), synced.nas.picture("A/9.jpg")}
        assert synced.sync().code == 0
        for tree in (synced.here, synced.nas):
            assert pictures <= {tree.picture(name) for name in tree.names()}
        assert synced.in_step()


class TestTelling:
    def test_every_event_has_all_its_keys_and_the_summary_is_last(self, synced: Any) -> None:
        synced.here.rename("A", "AA")
        synced.here.repaint("B/1.jpg", 91)
        synced.nas.repaint("B/1.jpg", 92)
        synced.nas.remove("top.jpg")
        synced.here.add("new.jpg", 93)
        *actions, last = synced.sync().events
        assert {tuple(action) for action in actions} == {tuple(KEYS)}
        assert list(last) == ["event", *COUNTS]
        assert [a["name"] for a in actions if a["op"] == "move"] == [None, None]
        assert [a["side"] for a in actions if a["op"] == "conflict"] == [None]

    def test_what_one_way_cannot_carry_is_left_for_both_ways(self, synced: Any) -> None:
        synced.nas.add("A/new.jpg", 94)
        synced.nas.remove("B/1.jpg")
        synced.nas.say("A/1.jpg", title="there")
        blocked = {
            "create local A/new.jpg content blocked",
            "delete local B/1.jpg blocked",
            "update local A/1.jpg title blocked",
        }
        for options in ([], ["--prefer", "local"]):
            report = synced.push("--delete", *options)
            assert (report.code, report.actions()) == (1, blocked)
        assert synced.sync("--delete").summary == {"created": 1, "deleted": 1, "updated": 1}
        assert synced.in_step()


def diverge(trees: Any) -> None:
    trees.here.say("A/1.jpg", title="here")


def dispute(trees: Any) -> None:
    trees.here.say("A/1.jpg", title="here")
    trees.nas.say("A/1.jpg", title="there")


def empty(trees: Any) -> None:
    for path in trees.nas.names():
        trees.nas.remove(path)


def spoil(trees: Any) -> None:
    (trees.here.top / "A/.img-sync.db").write_text("spoilt\n")


def unmount(trees: Any) -> None:
    trees.nas.top.rename(trees.nas.top.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("happens", "words", "code"),
    [
        (None, ["--diff-with", "nas"], 0),
        (None, ["--diff-with", "local"], 0),
        (diverge, ["--diff-with", "nas"], 1),
        (diverge, ["--diff-with", "local"], 1),
        (diverge, ["--sync-with", "nas", "--no-write"], 1),
        (diverge, ["--sync-to", "local", "--no-write"], 1),
        (diverge, ["--sync-with", "nas"], 0),
        (diverge, ["--sync-to", "local"], 0),
        (dispute, ["--sync-with", "nas"], 1),
        (dispute, ["--sync-with", "nas", "--prefer", "local"], 0),
        (None, ["--diff-with", "nobody"], 2),
        (None, ["--sync-to", "nas", "--sync-from", "usb"], 2),
        (None, ["--sync-with", "local"], 2),
        (None, ["--diff-with", "nas", "--only", "smell"], 2),
        (empty, ["--sync-with", "nas", "--delete", "--max-delete", "100"], 3),
        (spoil, ["--diff-with", "local"], 4),
        (spoil, ["--sync-with", "nas"], 4),
        (unmount, ["--sync-with", "nas", "--delete"], 3),
        (None, ["--diff-with", "file:///no/such/place"], 5),
    ],
)
def test_exit_codes(synced: Any, happens: Any, words: list[str], code: int) -> None:
    if happens:
        happens(synced)
    assert synced.run(*words, str(synced.here.top)).code == code


def test_names_of_all_kinds_go_to_a_third_tree_and_stay_there(trees: Any) -> None:
    names = [b"\xff.jpg", b"new\nline.jpg", b"esc\x1b[31m.jpg", b"a\\b.jpg", b"IMG.jpg", b"img.JPG"]
    for number, name in enumerate(names):
        path = trees.here.add(f"A/{number}.jpg", number)
        path.rename(path.parent / os.fsdecode(name))
    assert trees.sync().summary == {"created": len(names)}
    assert trees.run("--sync-with", "usb", str(trees.nas.top)).summary == {"created": len(names)}
    assert trees.in_step()


def test_deleted_and_replaced_photos_are_in_the_trash_that_was_named(
    synced: Any, home: Path, tmp_path: Path
) -> None:
    configure(home, f"trash = {tmp_path}/bin")
    lost = {synced.here.picture("A/1.jpg"), synced.nas.picture("B/1.jpg")}
    synced.nas.remove("A/1.jpg")
    synced.here.repaint("B/1.jpg", 95)
    assert synced.sync("--delete").summary == {"updated": 1, "deleted": 1}
    assert {p.read_bytes() for p in (tmp_path / "bin").rglob("*.jpg")} == lost
