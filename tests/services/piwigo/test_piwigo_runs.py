"""Whole runs between a folder and a Piwigo: what arrives, what is sent, and what is asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import types
from dataclasses import replace
from pathlib import Path

import pytest

from imgsync.model import Location

from ..home import Home
from ..large import FILM, send_and_fetch
from ..together import Together
from .database import Album, Kept, Settings, md5
from .fake import PASSWORD, USER, FakePiwigo, Fault

SOURCES = Path(__file__).resolve().parents[3] / "src"

# What every run asks: who we are and what can be done, then for the albums.
BEGIN = {"pwg.session.login": 1, "pwg.session.getStatus": 1, "pwg.plugins.getList": 1}
BEGIN |= {"pwg.categories.getList": 1, "pwg.categories.getAdminList": 1}


def kept(fake: FakePiwigo, file: str) -> Kept:
    [photo] = [photo for photo in fake.methods.photos.values() if photo.file == file]
    return photo


def standing(fake: FakePiwigo) -> dict[str, set[str]]:
    """What stands in each album, by the names of the albums above it."""
    albums = fake.methods.albums
    return {
        "/".join(albums[id].name for id in album.line): {
            photo.file for photo in fake.methods.photos.values() if album.id in photo.albums
        }
        for album in albums.values()
    }


def test_real_photos_go_there_and_edits_come_and_go_without_a_picture(
    here: Home, fake: FakePiwigo, sample_photos: Path
) -> None:
    shutil.copytree(sample_photos / "jpg", here.top / "2008")
    originals = [path for path in here.top.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")]
    report = here.push()
    assert report.code == 0, report.told
    pictures = {md5(original.read_bytes()) for original in originals}
    assert {photo.md5sum for photo in fake.methods.photos.values()} == pictures
    assert here.sync().actions() == set()

    names = sorted(file for file in standing(fake)["2008"] if file.isascii() and "&" not in file)
    here.say(f"2008/{names[0]}", tags=frozenset({"Places/France/Brest"}))
    kept(fake, names[1]).comment = "Written in the gallery"
    sent = fake.sent
    with fake.counted() as calls:
        report = here.sync()
    assert report.code == 0, report.told
    assert report.actions() == {
        f"update gallery {names[0]} tags",
        f"update local {names[1]} caption",
    }
    assert fake.sent == sent
    assert calls["pwg.images.setInfo"] == 1
    assert calls["GET"] == calls["pwg.images.uploadAsync"] == 0
    tags = [fake.methods.tags[id] for id in kept(fake, names[0]).tags]
    assert "Places/France/Brest" in tags
    assert here.said(f"2008/{names[1]}").caption == "Written in the gallery"

    again = here.sync()
    assert (again.code, again.actions()) == (0, set())


def agree(here: Home, fake: FakePiwigo, photos: int) -> None:
    """Brings a folder of photos, with two tags each, in step with an album."""
    here.add("Summer/0.jpg", 0, tags=frozenset({"sea", "Places/Brest"}))
    assert here.push().code == 0
    first = kept(fake, "0.jpg")
    for n in range(1, photos):
        here.add(f"Summer/{n}.jpg", n)
        data = (here.top / f"Summer/{n}.jpg").read_bytes()
        row = replace(first, id=1000 + n, file=f"{n}.jpg", name=str(n), data=data, md5sum=md5(data))
        fake.methods.photos[row.id] = row
    assert here.sync().code == 0


def test_a_thousand_unchanged_photos_cost_thirteen_calls(here: Home, fake: FakePiwigo) -> None:
    agree(here, fake, 1000)
    with fake.counted() as calls:
        again = here.sync()
    assert (again.code, again.actions()) == (0, set())
    assert calls == BEGIN | {
        "pwg.categories.getImages": 2,  # pages of 500
        "pwg.images.search": 2,
        "pwg.tags.getAdminList": 1,
        "pwg.tags.getImages": 2,
        "pwg.images.exist": 1,
    }
    assert calls.total() == 13


def test_a_photo_with_a_creator_or_with_markup_costs_a_call_more(
    here: Home, fake: FakePiwigo
) -> None:
    agree(here, fake, 20)
    kept(fake, "7.jpg").author = "Eve"
    kept(fake, "8.jpg").name = "5 < 6"
    assert here.sync().code == 0
    with fake.counted() as calls:
        assert here.sync().actions() == set()
    assert (calls["pwg.images.getInfo"], calls.total()) == (2, 5 + 5 + 2)


@pytest.mark.parametrize(
    "settings", [Settings(plugins=("ExtendedDescription",)), Settings(map=True)]
)
def test_where_lists_show_too_little_each_photo_costs_a_call(here: Home, fake: FakePiwigo) -> None:
    """Places are in none, and there are plug-ins that change what they show."""
    agree(here, fake, 20)
    with fake.counted() as calls:
        assert here.sync().actions() == set()
    assert calls == BEGIN | {
        "pwg.categories.getImages": 1,
        "pwg.images.getInfo": 20,
        "pwg.session.getStatus": 2,
    }


def test_two_photos_are_sent_at_once_and_never_three(here: Home, fake: FakePiwigo) -> None:
    for n in range(6):
        here.add(f"Summer/{n}.jpg", n)
    together, sending = Together("uploadAsync", 2), []
    most = 0

    def meet(method: str) -> None:
        nonlocal most
        if method == "pwg.images.uploadAsync":
            sending.append(method)
            most = max(most, len(sending))
            together(method)
            time.sleep(0.1)  # a third would have the time to come
            sending.pop()

    fake.fail = meet
    assert here.push("--jobs", "8").code == 0
    assert (together.missed, together.met, most) == (False, 3, 2)
    assert standing(fake) == {"Summer": {f"{n}.jpg" for n in range(6)}}
    assert here.sync().actions() == set()


@pytest.mark.parametrize("settings", [Settings(map=True)])
def test_a_place_that_cannot_be_taken_away_is_told_once(here: Home, fake: FakePiwigo) -> None:
    here.add("Summer/a.jpg", 1, location=Location(48.390625, -4.484375))
    assert here.push().code == 0
    here.say("Summer/a.jpg", location=None)
    report = here.run("--sync-with", "gallery", str(here.top))
    assert report.code == 0
    assert "Summer/a.jpg: gallery cannot clear the location and still shows it" in report.told
    with fake.counted() as calls:
        again = here.sync()
    assert (again.code, again.actions()) == (0, set())
    assert not calls["pwg.images.setInfo"]
    assert here.said("Summer/a.jpg").location is None
    here.say("Summer/a.jpg", location=Location(47.0, 8.0))
    assert here.sync().actions() == {"update gallery a.jpg location"}
    assert kept(fake, "a.jpg").latitude == 47.0


def test_two_runs_at_once_make_nothing_twice(here: Home, fake: FakePiwigo, tmp_path: Path) -> None:
    """Two runs on one folder: who comes second says so, and one more run completes it."""
    for n in range(6):
        here.add(f"Summer/{n}.jpg", n, title=f"T{n}")
    command = [sys.executable, "-m", "imgsync.cli", "--sync-to", "gallery", str(here.top)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    runs = [subprocess.Popen(command, **quiet) for _ in range(2)]  # type: ignore[call-overload]
    codes = [run.wait(60) for run in runs]
    assert set(codes) <= {0, 4}
    assert here.push().code == 0
    assert standing(fake) == {"Summer": {f"{n}.jpg" for n in range(6)}}
    assert len(fake.methods.photos) == 6
    assert here.sync().actions() == set()


@pytest.mark.parametrize("settings", [Settings(version="18.0.0")])
def test_a_version_that_is_not_known_is_told_in_the_plan(here: Home, fake: FakePiwigo) -> None:
    here.add("Summer/a.jpg", 1)
    report = here.run("--diff-with", "gallery", str(here.top))
    [blocked] = {event["blocked"] for event in report.events if event["event"] == "planned"}
    assert "18.0.0" in blocked
    assert "allow_newer = yes" in blocked
    assert here.sync().code == 1
    assert standing(fake) == {}


def test_a_new_photo_costs_four_calls(here: Home, fake: FakePiwigo) -> None:
    here.add("Summer/0.jpg", 0, tags=frozenset({"sea"}))
    assert here.push().code == 0
    here.add("Summer/1.jpg", 1, title="Strand", tags=frozenset({"sea"}))
    with fake.counted() as calls:
        assert here.push().code == 0
    quiet = {"pwg.categories.getImages", *BEGIN}
    assert {method: n for method, n in calls.items() if method not in quiet} == {
        "pwg.images.exist": 1,
        "pwg.images.uploadAsync": 1,
        "pwg.images.uploadCompleted": 1,
        "pwg.images.getInfo": 2,  # one of them of the photo that was there
        "pwg.tags.getAdminList": 1,
    }


def test_a_whole_gallery_comes_into_an_empty_folder(here: Home, fake: FakePiwigo) -> None:
    here.add("2012/Sea/a.jpg", 1, title="Strand", tags=frozenset({"sea", "Places/Brest"}))
    here.add("2012/b.jpg", 2, caption="Low tide", taken="2012-07-01T10:20:30+02:00")
    assert here.push().code == 0
    kept(fake, "a.jpg").author = "Eve; Finn"
    shutil.rmtree(here.top)
    here.top.mkdir()
    assert here.pull().code == 0
    said = here.said("2012/Sea/a.jpg")
    assert (said.title, said.creator) == ("Strand", ("Eve", "Finn"))
    assert said.tags == {"sea", "Places/Brest"}
    assert here.said("2012/b.jpg").caption == "Low tide"
    assert here.sync().actions() == set()


def test_what_a_gallery_does_not_hold_comes_back_in_the_files(here: Home, fake: FakePiwigo) -> None:
    """Byte for byte; but what was to be left alone is in no copy."""
    said = {"rating": 4, "copyright": "Ann", "location": Location(48.390625, -4.484375)}
    here.add("a/a.jpg", 1, title="Strand", taken="2012-07-01", **said)
    original = (here.top / "a/a.jpg").read_bytes()
    assert here.push().code == 0
    shutil.rmtree(here.top)
    here.top.mkdir()
    assert here.pull().code == 0
    assert (here.top / "a/a.jpg").read_bytes() == original
    assert here.sync().actions() == set()
    shutil.rmtree(here.top)
    here.top.mkdir()
    assert here.pull("--skip", "location").code == 0
    assert here.said("a/a.jpg").location is None
    assert here.said("a/a.jpg").rating == 4


def test_of_two_files_of_one_picture_one_may_go(here: Home, fake: FakePiwigo) -> None:
    here.add("Sea/a.jpg", 1)
    here.add("Sea/copy.jpg", 1)
    here.add("Sea/third.jpg", 1)
    here.add("Land/b.jpg", 2)
    assert here.push().code == 0
    assert standing(fake) == {"Sea": {"a.jpg"}, "Land": {"b.jpg"}}
    assert here.sync().actions() == set()
    (here.top / "Sea/copy.jpg").unlink()
    (here.top / "Sea/third.jpg").rename(here.top / "Land/third.jpg")
    assert here.sync("--delete").code == 0
    assert standing(fake) == {"Sea": {"a.jpg"}, "Land": {"a.jpg", "b.jpg"}}
    assert here.sync("--delete").actions() == set()
    assert (here.top / "Sea/a.jpg").exists()


@pytest.mark.parametrize("name", ["../../out", ".hidden", "Dr. No.", "CON", "...", "a\\b", " "])
def test_an_album_of_any_name_comes_into_a_folder(here: Home, fake: FakePiwigo, name: str) -> None:
    here.add("Sea/a.jpg", 1)
    here.add("Sea/Deep/b.jpg", 2)
    assert here.push().code == 0
    shutil.rmtree(here.top)
    here.top.mkdir()
    fake.methods.albums[1].name = name
    assert here.pull().code == 0
    [folder] = [path for path in here.top.iterdir() if path.is_dir()]
    assert {path.name for path in folder.rglob("*.jpg")} == {"a.jpg", "b.jpg"}
    assert (folder / "Deep/b.jpg").exists()
    assert here.sync().actions() == here.pull().actions() == set()
    here.add(f"{folder.name}/c.jpg", 3)
    assert here.sync().code == 0
    assert standing(fake)[name] == {"a.jpg", "c.jpg"}


def test_of_two_albums_for_one_folder_one_is_told(here: Home, fake: FakePiwigo) -> None:
    here.add("Sea/a.jpg", 1)
    here.add("Land/b.jpg", 2)
    assert here.push().code == 0
    shutil.rmtree(here.top)
    here.top.mkdir()
    [land] = [album for album in fake.methods.albums.values() if album.name == "Land"]
    land.name = "Sea."
    for _ in range(2):
        report = here.pull()
        assert report.code == 1
        assert (
            "Sea./ on gallery: another album stands in its place on local: rename one"
            in report.told
        )
    assert [path.name for path in here.top.rglob("*.jpg")] == ["a.jpg"]


def test_photos_that_are_there_already_are_adopted(here: Home, fake: FakePiwigo) -> None:
    here.add("Old/a.jpg", 1, title="Strand")
    assert here.push().code == 0
    shutil.move(here.top / "Old", here.top / "Elsewhere")
    (here.top / "Elsewhere/.img-sync.db").unlink()
    sent = fake.sent
    assert here.sync().code == 0
    assert fake.sent == sent
    assert len(fake.methods.photos) == 1
    assert standing(fake)["Elsewhere"] == {"a.jpg"}


def test_one_picture_in_two_folders_is_one_photo_in_two_albums(
    here: Home, fake: FakePiwigo
) -> None:
    here.add("One/a.jpg", 1)
    here.add("Two/a.jpg", 1)
    assert here.push().code == 0
    assert len(fake.methods.photos) == 1
    here.say("One/a.jpg", tags=frozenset({"one"}))
    here.say("Two/a.jpg", tags=frozenset({"two"}))
    for _ in range(3):
        assert here.sync().code == 0
    assert {fake.methods.tags[id] for id in kept(fake, "a.jpg").tags} == {"one", "two"}
    assert here.said("One/a.jpg").tags == here.said("Two/a.jpg").tags == {"one", "two"}
    assert here.sync().actions() == set()


def test_a_gallery_under_new_numbers_is_linked_again(here: Home, fake: FakePiwigo) -> None:
    here.add("Summer/a.jpg", 1, title="Strand")
    assert here.push().code == 0
    photo = fake.methods.photos.pop(kept(fake, "a.jpg").id)
    photo.id = 777
    fake.methods.photos[777] = photo
    sent = fake.sent
    report = here.sync("--delete")
    assert report.code == 0
    assert fake.sent == sent
    assert (here.top / "Summer/a.jpg").exists()
    assert here.sync().actions() == set()


def test_a_deletion_takes_a_photo_out_of_its_album_alone(here: Home, fake: FakePiwigo) -> None:
    for n in range(3):
        here.add(f"Summer/{n}.jpg", n)
    assert here.push().code == 0
    (here.top / "Summer/0.jpg").unlink()
    assert here.sync().code == 1
    assert here.sync("--delete").code == 0
    assert standing(fake)["Summer"] == {"1.jpg", "2.jpg"}
    assert len(fake.methods.photos) == 3
    assert here.sync().actions() == set()


def test_renamed_photos_and_folders_are_renamed_there(here: Home, fake: FakePiwigo) -> None:
    here.add("Summer/a.jpg", 1)
    here.add("Summer/Day 1/b.jpg", 2)
    assert here.push().code == 0
    sent = fake.sent
    (here.top / "Summer/a.jpg").rename(here.top / "Summer/it's.jpg")
    (here.top / "Summer").rename(here.top / "Beach")
    assert here.sync().code == 0
    assert standing(fake) == {"Beach": {"it&#039;s.jpg"}, "Beach/Day 1": {"b.jpg"}}
    assert fake.sent == sent
    assert here.sync().actions() == set()


def test_of_two_albums_of_one_name_neither_is_taken_for_the_folder(
    here: Home, fake: FakePiwigo
) -> None:
    here.add("Sea/a.jpg", 1)
    assert here.push().code == 0
    albums = fake.methods.albums
    [mine] = albums.values()
    albums[0] = Album(0, "Sea", [0])
    mine.id, mine.line = 9, [9]
    albums[9] = albums.pop(1)
    kept(fake, "a.jpg").albums = [9]
    report = here.sync("--delete")
    assert report.code != 0
    assert report.actions() == set()
    assert "two albums Sea" in json.dumps(report.events)
    assert (here.top / "Sea/a.jpg").exists()


def test_what_cannot_be_held_is_told_and_the_rest_goes(here: Home, fake: FakePiwigo) -> None:
    here.add("Summer/a.jpg", 1, title="sun 😀")
    here.add("Summer/b.jpg", 2, title="moon")
    (here.top / "Summer/c.heic").write_bytes(b"no picture at all")
    report = here.push()
    assert report.code != 0
    assert standing(fake)["Summer"] == {"b.jpg"}
    told = [event["why"] for event in report.events if event["event"] == "failed"]
    assert any("😀" in why for why in told)
    assert "HEIC" in json.dumps([e for e in report.events if e["event"] == "planned"])


def test_a_changed_picture_is_replaced_under_its_number(here: Home, fake: FakePiwigo) -> None:
    here.add("Summer/a.jpg", 1, title="Strand")
    assert here.push().code == 0
    photo = kept(fake, "a.jpg")
    photo.level = 4
    here.add("Summer/a.jpg", 2, title="Strand")
    report = here.sync()
    assert report.code == 0
    now = kept(fake, "a.jpg")
    assert (now.id, now.level, now.name) == (photo.id, 4, "Strand")
    assert now.md5sum == md5((here.top / "Summer/a.jpg").read_bytes())
    assert here.sync().actions() == set()


def test_the_password_may_be_in_the_keyring(
    here: Home, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = home / "config/img-sync.cfg"
    config.write_text(config.read_text().replace(f"password = {PASSWORD}\n", ""))
    answers = {("img-sync/gallery", "password"): PASSWORD}
    errors = types.SimpleNamespace(KeyringError=KeyError, NoKeyringError=LookupError)
    ring = types.SimpleNamespace(get_password=lambda *place: answers.get(place), errors=errors)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert here.push().code == 0
    answers.clear()
    report = here.push()
    assert report.code == 2
    assert "needs user and password" in report.told


def test_a_run_that_is_killed_in_an_upload_makes_no_second_photo(
    here: Home, fake: FakePiwigo, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.add("Summer/a.jpg", 1, title="Strand", tags=frozenset({"sea"}))
    reached = threading.Event()

    def slow(method: str) -> Fault | None:
        if method == "pwg.images.uploadAsync" and not reached.is_set():
            reached.set()
            return Fault.SLOW_AFTER
        return None

    fake.fail = slow
    monkeypatch.setenv("PYTHONPATH", str(SOURCES))
    command = [sys.executable, "-m", "imgsync.cli", "--sync-to", "gallery", str(here.top)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        assert reached.wait(60)
        run.kill()
    while not fake.methods.photos:
        threading.Event().wait(0.01)
    sent = fake.sent
    assert here.sync().code == 0
    assert fake.sent == sent
    assert standing(fake) == {"Summer": {"a.jpg"}}
    assert here.sync().actions() == set()
    assert [fake.methods.tags[id] for id in kept(fake, "a.jpg").tags] == ["sea"]


@pytest.mark.parametrize("settings", [Settings(types="jpg,mp4", chunk=5000)])
def test_a_film_is_never_in_memory(fake: FakePiwigo, tmp_path: Path) -> None:
    settings = {"url": fake.url, "user": USER, "password": PASSWORD}
    assert send_and_fetch("imgsync.services.piwigo", "Piwigo", tmp_path, settings) == FILM
