"""First meetings with photos that Immich has already, in other bytes or under other ids."""

from __future__ import annotations

from uuid import uuid4

import pytest

from imgsync.services import http
from imgsync.testing.pictures import jpeg

from ..home import Home, picture_in, pictures
from .fake import FakeImmich
from .library import Kept
from .test_immich_runs import UPLOAD, names

NOON = "2012-07-01T12:00:00"
FETCH = "GET /assets/.*/original"


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.0)


def from_a_phone(fake: FakeImmich, name: str, picture: int) -> Kept:
    """A photo that tells no time, in the album Sea: Immich shows when its file was modified."""
    modified = "2013-03-03T03:03:03.123Z"
    with fake.library.lock:
        kept = fake.library.add(name, jpeg(picture) + b"phone", modified, modified, None)
        shelves = [s for s in fake.library.albums.values() if s.name == "Sea"]
        (shelves or [fake.library.add_album("Sea")])[0].assets.append(kept.id)
    fake.settle()
    return kept


def picture(number: int) -> bytes:
    return picture_in(jpeg(number))


def test_a_photo_of_one_name_and_time_is_adopted_unseen(
    here: Home, theirs: Home, fake: FakeImmich
) -> None:
    theirs.add("Sea/a.jpg", 1, taken=NOON, tags=frozenset({"theirs"}), rating=3)
    assert theirs.push().code == 0
    here.add("Sea/a.jpg", 1, taken=f"{NOON}.25+02:00", tags=frozenset({"mine"}), caption="Mine")
    fake.asked.clear()
    report = here.sync()
    assert report.code == 0, report.told
    assert report.actions("done") == {
        "record - a.jpg content,taken",
        "update gallery a.jpg caption,tags",
        "update local a.jpg tags,rating",
    }
    assert here.said("Sea/a.jpg").tags == {"theirs", "mine"}
    assert fake.count(UPLOAD) == fake.count(FETCH) == 0
    assert len(fake.library.assets) == 1
    assert here.sync().actions() == set()


def test_a_photo_without_a_time_is_adopted_when_its_picture_was_looked_at(
    here: Home, fake: FakeImmich
) -> None:
    from_a_phone(fake, "a.jpg", 1)
    here.add("Sea/a.jpg", 1, caption="Mine")
    here.add("Best/a.jpg", 1, caption="Mine")
    fake.asked.clear()
    assert here.sync("--no-write").actions() == {
        "record - a.jpg content",
        "update gallery a.jpg caption",
        "create gallery a.jpg content,caption",
    }
    report = here.sync()
    assert report.code == 0, report.told
    assert "files to be fetched and compared: 1\n" in report.told
    assert fake.count(FETCH) == 2
    fake.asked.clear()
    assert here.sync().actions() == set()
    assert fake.count(FETCH) == 0
    assert fake.count(UPLOAD) == 0


def test_another_picture_of_one_name_is_another_photo(here: Home, fake: FakeImmich) -> None:
    from_a_phone(fake, "a.jpg", 2)
    here.add("Sea/a.jpg", 1)
    report = here.sync()
    assert report.code == 0, report.told
    assert [event["why"] for event in report.events if event["event"] == "planned"] == [
        "new, beside another a.jpg on gallery",
        "new, beside another a.jpg on local",
    ]
    assert pictures(here.top / "Sea") == {"a.jpg": picture(1), "a (2).jpg": picture(2)}
    there = [picture_in(kept.data) for kept in fake.library.assets.values()]
    assert sorted(there) == sorted([picture(1), picture(2)])
    assert fake.count(UPLOAD) == 1
    fake.asked.clear()
    assert here.sync().actions() == set()
    assert fake.count(FETCH) == 0


def test_of_several_namesakes_the_picture_finds_its_own(here: Home, fake: FakeImmich) -> None:
    """One that stands in two albums is fetched once."""
    for number in (1, 2, 3):
        kept = from_a_phone(fake, "image.jpg", number)
    fake.library.add_album("Best").assets.append(kept.id)
    here.add("Sea/image.jpg", 2)
    here.add("Best/image.jpg", 3)
    fake.asked.clear()
    report = here.push()
    assert fake.count(FETCH) == 3
    assert fake.count(UPLOAD) == 0
    assert report.actions("done") == {"record - image.jpg content"}
    assert {e["blocked"] for e in report.events if e.get("op") == "create"} == {
        "this run does not write to local"
    }


@pytest.mark.parametrize("how", ["reset", 503])
def test_a_photo_that_cannot_be_looked_at_waits_for_the_next_run(
    here: Home, fake: FakeImmich, how: str | int
) -> None:
    from_a_phone(fake, "a.jpg", 1)
    here.add("Sea/a.jpg", 1)
    here.add("Sea/b.jpg", 2)
    fake.fail(FETCH, how, times=100)
    report = here.sync()
    assert report.code == 1
    [failed] = [event for event in report.events if event["event"] == "failed"]
    assert (failed["side"], failed["album"], failed["name"]) == ("gallery", "Sea", "a.jpg")
    assert "may be the a.jpg of local, and cannot be compared" in failed["why"]
    assert report.actions("done") == {"create gallery b.jpg content"}
    fake.failures.clear()
    assert here.sync().actions("done") == {"record - a.jpg content"}
    assert names(fake) == {"Sea": {"a.jpg", "b.jpg"}}


def test_a_server_that_gives_no_files_at_all_ends_the_run(here: Home, fake: FakeImmich) -> None:
    for number in range(5):
        from_a_phone(fake, f"{number}.jpg", number)
        here.add(f"Sea/{number}.jpg", number)
    fake.fail(FETCH, 503, times=1000)
    report = here.sync()
    assert report.code == 5
    assert report.actions("done") == set()


def test_a_twin_in_the_trash_joins_the_albums_of_both_folders(
    here: Home, theirs: Home, fake: FakeImmich
) -> None:
    theirs.add("Sea/a.jpg", 1)
    assert theirs.push().code == 0
    [kept] = fake.library.assets.values()
    kept.trashed = True
    fake.library.albums.clear()
    for album in ("One", "Two"):
        here.add(f"{album}/a.jpg", 1)
    fake.asked.clear()
    assert here.push().code == 0
    assert names(fake) == {"One": {"a.jpg"}, "Two": {"a.jpg"}}
    assert (list(fake.library.assets.values()), kept.trashed) == ([kept], False)
    assert fake.count(UPLOAD) == 0
    assert here.sync().actions() == set()


def test_a_restored_server_is_known_again_though_all_ids_are_new(
    here: Home, fake: FakeImmich
) -> None:
    here.add("Sea/a.jpg", 1, caption="Low tide")
    here.add("Sea/Rocks/b.jpg", 2, tags=frozenset({"rock"}))
    assert here.push().code == 0
    library = fake.library
    fresh = {id: str(uuid4()) for id in [*library.assets, *library.albums]}
    for kept in library.assets.values():
        kept.id = fresh[kept.id]
    for shelf in library.albums.values():
        shelf.id, shelf.assets[:] = fresh[shelf.id], map(fresh.__getitem__, shelf.assets)
    library.assets = {kept.id: kept for kept in library.assets.values()}
    library.albums = {shelf.id: shelf for shelf in library.albums.values()}
    fake.asked.clear()
    report = here.sync("--delete")
    assert report.code == 0, report.told
    assert fake.count(UPLOAD) == fake.count(FETCH) == 0
    assert names(fake) == {"Sea": {"a.jpg"}, "Sea/Rocks": {"b.jpg"}}
    assert here.said("Sea/a.jpg").caption == "Low tide"
    here.say("Sea/a.jpg", caption="High tide")
    assert here.sync().actions("done") == {"update gallery a.jpg caption"}
