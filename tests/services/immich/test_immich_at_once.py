"""Several photos at once, moves between albums, and what a large album costs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import types
from pathlib import Path
from threading import Event

import pytest

from imgsync.execute import calls
from imgsync.testing.pictures import jpeg

from ..home import Home
from ..large import FILM, send_and_fetch
from ..together import Together
from .fake import KEY, FakeImmich
from .library import Shelf

UPLOAD = r"POST /assets\Z"


def names(fake: FakeImmich) -> dict[str, set[str]]:
    """What stands in each album."""
    return {
        shelf.name: {kept.name for kept in fake.library.standing(shelf)}
        for shelf in fake.library.albums.values()
    }


def put(fake: FakeImmich, name: str, data: bytes, shelf: Shelf | None = None) -> None:
    """A photo that somebody else brought there, and that nobody dated."""
    dated = "2012-07-01T10:20:30.123Z"
    kept = fake.library.add(name, data, dated, dated, None)
    if shelf is not None:
        shelf.assets.append(kept.id)


# At once


def test_four_photos_are_sent_at_once(here: Home, fake: FakeImmich) -> None:
    for number in range(8):
        here.add(f"Sea/{number}.jpg", number)
    fake.meanwhile = together = Together(UPLOAD, 4)
    assert here.push("--jobs", "8").code == 0
    assert (together.missed, together.met) == (False, 2)
    assert names(fake) == {"Sea": {f"{number}.jpg" for number in range(8)}}
    assert here.sync().actions() == set()


def test_four_photos_are_fetched_at_once(here: Home, fake: FakeImmich) -> None:
    shelf = fake.library.add_album("Sea")
    for number in range(8):
        put(fake, f"{number}.jpg", jpeg(number), shelf)
    fake.settle()
    fake.meanwhile = together = Together("/original", 4)
    assert here.pull("--jobs", "8").code == 0
    assert (together.missed, together.met) == (False, 2)
    assert len(list((here.top / "Sea").glob("*.jpg"))) == 8
    assert here.sync().actions() == set()


def test_both_ways_at_once_end_in_step(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/first.jpg", 100)
    here.push()
    [shelf] = fake.library.albums.values()
    for number in range(12):
        here.add(f"Sea/here {number}.jpg", number)
        data = jpeg(50 + number)
        put(fake, f"there {number}.jpg", data, shelf)
    fake.settle()
    assert here.sync("--jobs", "4").code == 0
    assert names(fake) == {"Sea": {path.name for path in (here.top / "Sea").glob("*.jpg")}}
    assert len(shelf.assets) == 25
    assert here.sync().actions() == set()


def test_two_copies_in_a_folder_are_never_edited_at_once(here: Home, fake: FakeImmich) -> None:
    """They are one photo there: what is said of one copy builds on what was said of the other."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        here.add(f"Sea/{name}", 1)
    here.push("--jobs", "4")
    assert len(fake.library.assets) == 1
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        here.say(f"Sea/{name}", tags=frozenset({name}))
    for _ in range(3):
        assert here.sync("--jobs", "4").code == 0
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        assert here.said(f"Sea/{name}").tags == {"a.jpg", "b.jpg", "c.jpg"}
    assert here.sync().actions() == set()


def test_a_server_that_goes_away_stops_all(
    here: Home, fake: FakeImmich, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PATIENCE", 0.0)
    for number in range(20):
        here.add(f"Sea/{number}.jpg", number)
    fake.fail(UPLOAD, 503, times=1000)
    report = here.push("--jobs", "4")
    assert report.code == 5
    assert "has trouble (503" in report.told
    assert fake.count(UPLOAD) <= 4 * 2 * calls.TRIES  # each line may have begun one more
    fake.failures.clear()
    assert here.push("--jobs", "4").code == 0
    assert len(fake.library.assets) == 20


# Moves


@pytest.mark.parametrize("fake", [(1, 135, 3), (3, 2, 2)], indirect=True)
def test_a_photo_that_is_moved_here_is_moved_there(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1, caption="Low tide")
    here.add("Sea/b.jpg", 2)
    here.add("Hills/c.jpg", 3)
    here.push()
    (here.top / "Sea/a.jpg").rename(here.top / "Hills/a.jpg")
    fake.asked.clear()
    report = here.sync()
    assert report.code == 0, report.told
    assert report.actions("done") == {"move gallery a.jpg "}
    assert names(fake) == {"Sea": {"b.jpg"}, "Hills": {"a.jpg", "c.jpg"}}
    assert fake.count(UPLOAD) == fake.count("DELETE /assets") == 0
    assert here.sync().actions() == set()


def test_a_photo_that_is_moved_there_is_moved_here(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1)
    here.add("Sea/b.jpg", 2)
    here.add("Hills/c.jpg", 3)
    here.push()
    hills, sea = sorted(fake.library.albums.values(), key=lambda shelf: shelf.name)
    hills.assets.append(sea.assets.pop(0))
    report = here.sync()
    assert report.code == 0, report.told
    assert fake.count("/original") == 0
    assert {path.name for path in (here.top / "Hills").glob("*.jpg")} == {"a.jpg", "c.jpg"}
    assert here.sync().actions() == set()


def test_a_photo_that_is_renamed_here_keeps_its_name_there(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1)
    here.add("Hills/b.jpg", 2)
    here.push()
    (here.top / "Sea/a.jpg").rename(here.top / "Sea/first.jpg")
    report = here.sync()
    assert (report.code, report.actions("done")) == (0, {"record - first.jpg "})
    assert here.sync().actions() == set()
    (here.top / "Sea/first.jpg").rename(here.top / "Hills/third.jpg")
    report = here.sync()
    assert (report.code, report.actions("done")) == (0, {"move gallery a.jpg "})
    assert names(fake) == {"Sea": set(), "Hills": {"a.jpg", "b.jpg"}}
    assert here.sync().actions() == set()
    here.say("Hills/third.jpg", caption="Low tide")
    assert here.sync().actions("done") == {"update gallery a.jpg caption"}


def test_a_move_that_is_killed_is_finished_by_the_next_run(here: Home, fake: FakeImmich) -> None:
    """For a moment the photo stands in both albums; nothing is deleted and nothing is fetched."""
    here.add("Sea/a.jpg", 1, caption="Low tide")
    here.add("Sea/b.jpg", 2)
    here.add("Hills/c.jpg", 3)
    here.push()
    (here.top / "Sea/a.jpg").rename(here.top / "Hills/a.jpg")
    fake.fail("DELETE /albums", "hold")
    command = [sys.executable, "-m", "imgsync.cli", "--sync-with", "gallery", str(here.top)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        assert fake.held.wait(60)
        hills, sea = sorted(fake.library.albums.values(), key=lambda shelf: shelf.name)
        assert set(hills.assets) & set(sea.assets)
        run.kill()
    fake.failures.clear()
    kept = next(each for each in fake.library.assets.values() if each.name == "a.jpg")
    if kept.id not in sea.assets:
        sea.assets.append(kept.id)  # as it is when the server never got the second call
    fake.release()
    assert here.sync("--delete").code == 0
    here.sync("--delete")
    assert names(fake)["Hills"] == {"a.jpg", "c.jpg"}
    assert (here.top / "Hills/a.jpg").exists()
    assert not kept.trashed
    assert here.sync().actions() == set()


# What it costs


@pytest.mark.parametrize(("fake", "cost"), [((1, 135, 3), 6), ((3, 2, 2), 7)], indirect=["fake"])
def test_a_thousand_unchanged_photos(here: Home, fake: FakeImmich, cost: int) -> None:
    shelf = fake.library.add_album("Sea")
    for number in range(1000):
        here.add(f"Sea/{number}.jpg", number)
        data = (here.top / f"Sea/{number}.jpg").read_bytes()
        put(fake, f"{number}.jpg", data, shelf)
    fake.settle()
    assert here.sync().code == 0
    assert fake.count(UPLOAD) == fake.count("/original") == 0
    fake.asked.clear()
    again = here.sync()
    assert (again.code, again.actions()) == (0, set())
    assert fake.count() == cost


# Keys


def test_the_key_may_come_from_a_command_or_the_keyring(
    here: Home, home: Path, fake: FakeImmich, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.add("Sea/a.jpg", 1)
    config = home / "config/img-sync.cfg"
    line = f"api_key = {KEY}\n"
    text = config.read_text()
    config.write_text(text.replace(line, f"api_key_command = printf %s {KEY}\n"))
    assert here.push().code == 0
    config.write_text(text.replace(line, ""))
    answers = {("img-sync/gallery", "api_key"): KEY}
    errors = types.SimpleNamespace(KeyringError=KeyError, NoKeyringError=LookupError)
    ring = types.SimpleNamespace(get_password=lambda *place: answers.get(place), errors=errors)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert here.sync().code == 0
    answers.clear()
    report = here.sync()
    assert report.code == 2
    assert "api_key" in report.told


def test_no_output_and_no_log_shows_the_key(here: Home, home: Path, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1)
    assert here.push("--verbose").code == 0
    fake.fail("GET /albums", 403)
    report = here.sync("--verbose")
    assert report.code == 5
    assert "look at its api_key" in report.told
    assert KEY not in report.told
    logs = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".cfg"]
    assert not [path for path in logs if KEY.encode() in path.read_bytes()]
    assert not [
        path for path in here.top.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()
    ]
    assert KEY not in "".join(asked.path for asked in fake.asked)


@pytest.mark.parametrize("fake", [(4, 0, 0)], indirect=True)
def test_a_version_that_is_not_known_is_told_in_the_plan(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1)
    report = here.run("--diff-with", "gallery", str(here.top))
    [blocked] = {event["blocked"] for event in report.events if event["event"] == "planned"}
    assert "4.0.0" in blocked
    assert "allow_newer = yes" in blocked
    assert here.sync().code == 1
    assert fake.library.assets == {}
    here.settings(allow_newer="yes")
    assert here.sync().code == 0
    assert names(fake) == {"Sea": {"a.jpg"}}


def test_albums_are_called_as_the_section_says(here: Home, fake: FakeImmich) -> None:
    here.settings(album="Photos: {path}", unsorted="New")
    fake.library.add_album("Somebody's")
    put(fake, "loose.jpg", jpeg(9))
    fake.settle()
    here.add("2012/Sea/a.jpg", 1)
    assert here.sync().code == here.pull().code == 0
    assert names(fake) == {"Somebody's": set(), "Photos: 2012/Sea": {"a.jpg"}}
    assert (here.top / "New/loose.jpg").exists()
    (here.top / "New/loose.jpg").rename(here.top / "2012/Sea/loose.jpg")
    assert here.sync().code == 0
    assert names(fake)["Photos: 2012/Sea"] == {"a.jpg", "loose.jpg"}
    assert here.sync().actions() == set()


def test_a_film_is_never_in_memory(fake: FakeImmich, tmp_path: Path) -> None:
    settings = {"url": fake.url, "api_key": KEY}
    assert send_and_fetch("imgsync.services.immich", "Immich", tmp_path, settings) == FILM


def test_an_interrupt_breaks_off_what_is_being_sent(here: Home, fake: FakeImmich) -> None:
    """Two films, of which two megabytes a second are taken: it would last a minute."""
    for name, size in (("a.mp4", 110_000_000), ("b.mp4", 120_000_000)):
        (here.top / "Films").mkdir(exist_ok=True)
        with (here.top / "Films" / name).open("wb") as stream:
            stream.truncate(size)
    begun = Event()

    def slowly(asked: str) -> None:
        if asked == "block":
            begun.set()
            time.sleep(0.5)

    fake.meanwhile = slowly
    command = [sys.executable, "-m", "imgsync.cli", "--sync-to", "gallery", str(here.top)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, "--jobs", "2"], **quiet) as run:  # type: ignore[call-overload]
        assert begun.wait(60)
        run.send_signal(signal.SIGINT)
        assert run.wait(50) != 0
    fake.meanwhile = lambda asked: None
    assert fake.library.assets == {}
    assert here.push("--jobs", "2").code == 0
    assert names(fake) == {"Films": {"a.mp4", "b.mp4"}}
