"""Whole runs between a folder and Immich: what arrives, what is sent, and how often it is asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha1
from pathlib import Path
from uuid import uuid4

import pytest

from imgsync.model import NOTHING_SAID
from imgsync.services.immich import Immich
from imgsync.testing.checks.basis import source

from ..home import Home
from .conftest import opened
from .fake import KEY, FakeImmich

UPLOAD = r"POST /assets\Z|PUT .*/original"


def names_in(top: Path, albums: Iterable[str]) -> dict[str, set[str]]:
    """The photos in the folders of these paths."""
    return {album: {path.name for path in (top / album).glob("*.jp*g")} for album in albums}


def names(fake: FakeImmich) -> dict[str, set[str]]:
    """What stands in each album."""
    return {
        shelf.name: {kept.name for kept in fake.library.standing(shelf)}
        for shelf in fake.library.albums.values()
    }


@pytest.mark.parametrize(
    ("fake", "folder"), [((1, 135, 3), "jpg"), ((3, 2, 2), "jpg/exif-org")], indirect=["fake"]
)
def test_a_tag_from_here_and_a_caption_from_there_arrive(
    here: Home, fake: FakeImmich, folder: str, sample_photos: Path
) -> None:
    shutil.copytree(sample_photos / folder, here.top / "2008")
    report = here.push()
    assert report.code == 0, report.told
    standing = names(fake)
    assert standing == names_in(here.top, standing)
    pictures = {sha1(path.read_bytes()).digest() for path in here.top.rglob("*.jp*g")}
    assert fake.count(UPLOAD) == len(pictures)
    assert here.sync().actions() == set()

    mine, theirs = sorted(standing["2008"])[:2]
    tags = here.said(f"2008/{mine}").tags | {"Places/Italy"}
    here.say(f"2008/{mine}", tags=tags)
    fake.say(theirs, description="Seen there")
    fake.asked.clear()
    report = here.sync()
    assert report.code == 0, report.told
    assert report.actions("done") == {
        f"update gallery {mine} tags",
        f"update local {theirs} caption",
    }
    assert here.said(f"2008/{theirs}").caption == "Seen there"
    kept = next(k for k in fake.library.assets.values() if k.name == mine)
    assert {fake.library.tags[id] for id in kept.tags} == tags
    assert fake.count(UPLOAD) == fake.count("/original") == 0
    assert max(asked.size for asked in fake.asked) < 1000

    assert here.sync().actions() == set()


def test_an_album_in_step_takes_two_requests_however_large(here: Home, fake: FakeImmich) -> None:
    for number in range(6):
        here.add(f"Sea/{number}.jpg", number, tags=frozenset({f"Places/{number}", "sea"}))
    here.add("Hills/a.jpg", 7)
    assert here.push().code == 0
    here.sync()
    fake.asked.clear()
    assert here.sync().code == 0
    hills, sea = sorted(fake.library.albums.values(), key=lambda shelf: shelf.name)
    assert [asked.path for asked in fake.asked] == [
        "/.well-known/immich",
        "/server/version",
        "/server/media-types",
        "/albums",
        f"/albums/{hills.id}",
        "/tags",
        f"/albums/{sea.id}",
    ]


def test_a_file_that_changed_but_for_its_picture_is_not_sent(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1)
    here.push()
    fake.asked.clear()
    here.say("Sea/a.jpg", title="Immich has no titles", creator=("Ann",))
    assert here.sync().actions() == set()
    here.say("Sea/a.jpg", caption="but captions")
    assert here.sync().actions("done") == {"update gallery a.jpg caption"}
    assert fake.count(UPLOAD) == 0
    assert here.sync().actions() == set()


@pytest.mark.parametrize("fake", [(1, 135, 3), (3, 2, 2)], indirect=True)
def test_a_picture_that_changed_takes_the_place_of_the_old(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1, caption="kept", tags=frozenset({"sea"}))
    here.push()
    here.add("Sea/a.jpg", 2, caption="kept", tags=frozenset({"sea"}))
    report = here.sync()
    assert report.actions("done") == {"update gallery a.jpg content"}, report.told
    [standing] = [kept for kept in fake.library.assets.values() if not kept.trashed]
    assert standing.data == (here.top / "Sea/a.jpg").read_bytes()
    assert standing.row["description"] == "kept"
    assert names(fake) == {"Sea": {"a.jpg"}}
    assert here.sync().actions() == set()


def test_what_cannot_be_cleared_there_is_not_tried_for_ever(here: Home, fake: FakeImmich) -> None:
    """The file that was sent says it, and comes back as soon as nothing else is said."""
    here.add("Sea/a.jpg", 1, caption="in the file", tags=frozenset({"sea", "sand"}), rating=3)
    here.push()
    here.say("Sea/a.jpg", caption="", tags=frozenset(), rating=None)
    assert here.sync().actions("done") == {"update gallery a.jpg caption,tags,rating"}
    assert here.sync().actions() == set()
    assert here.said("Sea/a.jpg") == NOTHING_SAID
    here.say("Sea/a.jpg", tags=frozenset({"ship"}))
    here.sync()
    assert here.said("Sea/a.jpg").tags == {"ship"}
    assert here.sync().actions() == set()


def test_a_whole_gallery_comes_into_an_empty_folder(here: Home, fake: FakeImmich) -> None:
    here.add("2012/Sea/a.jpg", 1, caption="Low tide", tags=frozenset({"Places/Brest"}))
    here.add("2012/Sea/b.jpg", 2, taken="2012-07-01T10:20:30+02:00")
    here.push()
    shutil.rmtree(here.top)
    here.top.mkdir()
    report = here.pull()
    assert report.code == 0, report.told
    assert here.said("2012/Sea/a.jpg").caption == "Low tide"
    assert here.said("2012/Sea/a.jpg").tags == {"Places/Brest"}
    assert here.said("2012/Sea/b.jpg").taken == "2012-07-01T10:20:30+02:00"
    assert here.sync().actions() == set()


def test_photos_that_are_there_already_are_never_sent_again(
    here: Home, fake: FakeImmich, tmp_path: Path
) -> None:
    here.add("Sea/a.jpg", 1)
    here.add("Sea/b.jpg", 2)
    here.push()
    shutil.copytree(here.top, tmp_path / "copy", ignore=shutil.ignore_patterns(".img-sync.db"))
    shutil.move(tmp_path / "copy/Sea", tmp_path / "copy/Other")
    fake.asked.clear()
    report = here.run("--sync-with", "gallery", str(tmp_path / "copy"))
    assert report.code == 0, report.told
    assert names(fake) == {"Sea": {"a.jpg", "b.jpg"}, "Other": {"a.jpg", "b.jpg"}}
    assert fake.count(UPLOAD) == 0
    assert fake.count("bulk-upload-check") == 1


def test_one_picture_in_two_folders_is_one_photo_in_two_albums(
    here: Home, fake: FakeImmich
) -> None:
    here.add("Sea/a.jpg", 1)
    here.add("Best/a.jpg", 1)
    here.push()
    assert len(fake.library.assets) == 1
    here.say("Sea/a.jpg", tags=frozenset({"sea"}))
    here.say("Best/a.jpg", tags=frozenset({"best"}))
    here.sync()
    here.sync()
    assert here.said("Sea/a.jpg").tags == here.said("Best/a.jpg").tags == {"sea", "best"}
    assert here.sync().actions() == set()


def test_a_server_that_was_set_up_anew_is_known_again(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1, caption="Low tide")
    here.push()
    library = fake.library
    for kept in list(library.assets.values()):
        del library.assets[kept.id]
        [shelf] = library.albums.values()
        shelf.assets[:] = [fresh := str(uuid4())]
        kept.id = fresh
        library.assets[fresh] = kept
    fake.asked.clear()
    report = here.sync()
    assert report.code == 0, report.told
    assert fake.count(UPLOAD) == 0
    here.say("Sea/a.jpg", caption="High tide")
    assert here.sync().actions("done") == {"update gallery a.jpg caption"}


@pytest.mark.parametrize(("follow", "folder"), [("no", "Sea"), ("yes", "Ocean")])
def test_an_album_that_is_renamed_there(
    here: Home, fake: FakeImmich, follow: str, folder: str
) -> None:
    here.settings(follow_album_names=follow)
    here.add("Sea/a.jpg", 1)
    here.push()
    [shelf] = fake.library.albums.values()
    shelf.name = "Ocean"
    assert here.sync().code == 0
    assert [path.name for path in here.top.iterdir() if path.is_dir()] == [folder]
    here.add(f"{folder}/b.jpg", 2)
    here.sync()
    assert names(fake) == {"Ocean": {"a.jpg", "b.jpg"}}
    assert here.sync().actions() == set()


def test_a_deleted_photo_is_carried_into_the_trash_alone(here: Home, fake: FakeImmich) -> None:
    for number in range(3):
        here.add(f"Sea/{number}.jpg", number)
    here.push()
    (here.top / "Sea/0.jpg").unlink()
    assert here.sync().code == 1
    assert names(fake) == {"Sea": {"0.jpg", "1.jpg", "2.jpg"}}
    assert here.sync("--delete").code == 0
    assert names(fake) == {"Sea": {"1.jpg", "2.jpg"}}
    assert [kept.name for kept in fake.library.assets.values() if kept.trashed] == ["0.jpg"]


def test_a_wrong_key_ends_it_with_one_sentence(here: Home, fake: FakeImmich) -> None:
    here.add("Sea/a.jpg", 1)
    fake.keys.pop(KEY)
    try:
        report = here.sync()
    finally:
        fake.keys[KEY] = None
    assert report.code == 5
    assert "Invalid API key" in report.told
    assert KEY not in report.told


def test_two_runs_at_once_make_nothing_twice(here: Home, fake: FakeImmich, tmp_path: Path) -> None:
    """Two copies of one folder, as on two computers, pushed in the same moment."""
    for number in range(8):
        here.add(f"Sea/{number}.jpg", number)
    shutil.copytree(here.top, tmp_path / "copy")
    with ThreadPoolExecutor(2) as pool:
        services = [opened(fake), opened(fake)]
        list(pool.map(push_all, services, [here.top, tmp_path / "copy"]))
    assert len(fake.library.assets) == 8
    assert set().union(*names(fake).values()) == {f"{number}.jpg" for number in range(8)}


def push_all(service: Immich, top: Path) -> None:
    album = service.create_album("Sea")
    for path in sorted((top / "Sea").glob("*.jpg")):
        number = int(path.stem)
        service.create(album, source(path.name, number))


def test_a_killed_upload_leaves_nothing_that_the_next_run_does_not_mend(
    here: Home, fake: FakeImmich, home: Path
) -> None:
    for number in range(6):
        here.add(f"Sea/{number}.jpg", number, caption=str(number))
    command = [sys.executable, "-m", "imgsync.cli", "--sync-to", "gallery", str(here.top)]
    for fits in (r"POST /assets\Z", r"PUT /albums/.*/assets", "GET /assets/"):
        fake.fail(fits, "hold")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            assert fake.held.wait(60)
            run.kill()
        fake.release()
    assert here.push().code == 0
    assert names(fake) == {"Sea": {f"{number}.jpg" for number in range(6)}}
    assert len(fake.library.assets) == 6
    assert here.sync().actions() == set()
