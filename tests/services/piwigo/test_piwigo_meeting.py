"""First meetings with photos that a Piwigo has already, in other bytes or under other numbers."""

from __future__ import annotations

import pytest

from imgsync.services import http
from imgsync.testing.pictures import jpeg

from ..home import Home, picture_in, pictures
from .database import Settings
from .fake import FakePiwigo, Fault
from .test_piwigo_runs import kept, standing

NOON = "2012-07-01T12:00:00"


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.0)


def test_a_photo_of_one_name_and_time_is_adopted_unseen(
    here: Home, theirs: Home, fake: FakePiwigo
) -> None:
    theirs.add("Sea/a.jpg", 1, taken=NOON, tags=frozenset({"theirs"}), title="Theirs")
    assert theirs.push().code == 0
    here.add("Sea/a.jpg", 1, taken=f"{NOON}.25+02:00", tags=frozenset({"mine"}), caption="Mine")
    sent = fake.sent
    with fake.counted() as calls:
        report = here.sync()
    assert report.code == 0, report.told
    assert report.actions("done") == {
        "record - a.jpg content,taken",
        "update gallery a.jpg caption,tags",
        "update local a.jpg title,tags",
    }
    assert here.said("Sea/a.jpg").tags == {"theirs", "mine"}
    assert here.said("Sea/a.jpg").taken == f"{NOON}.25+02:00"
    assert (fake.sent, calls["GET"]) == (sent, 0)
    assert here.sync().actions() == set()


# A bare date is shown as its midnight.
@pytest.mark.parametrize("date", [None, "2012-07-01 00:00:00"])
def test_a_photo_without_a_time_is_adopted_when_its_picture_was_looked_at(
    here: Home, theirs: Home, fake: FakePiwigo, date: str | None
) -> None:
    theirs.add("Sea/a.jpg", 1, title="Theirs")
    assert theirs.push().code == 0
    kept(fake, "a.jpg").date_creation = date
    here.add("Sea/a.jpg", 1, caption="Mine", taken=NOON)
    sent = fake.sent
    with fake.counted() as calls:
        report = here.sync()
    assert "record - a.jpg content" in {action[:24] for action in report.actions("done")}
    assert (fake.sent, calls["GET"]) == (sent, 1)
    assert len(fake.methods.photos) == 1
    assert here.said("Sea/a.jpg").title == "Theirs"
    with fake.counted() as calls:
        again = here.sync()
    assert calls["GET"] == 0
    conflict = {"conflict - a.jpg taken"} if date else set()
    assert again.actions() == conflict


def test_another_picture_of_one_name_is_another_photo(
    here: Home, theirs: Home, fake: FakePiwigo
) -> None:
    theirs.add("Sea/a.jpg", 2)
    assert theirs.push().code == 0
    here.add("Sea/a.jpg", 1)
    report = here.sync()
    assert report.code == 0, report.told
    assert {event["why"] for event in report.events if event["event"] == "planned"} == {
        "new, beside another a.jpg on gallery",
        "new, beside another a.jpg on local",
    }
    one, two = picture_in(jpeg(1)), picture_in(jpeg(2))
    assert pictures(here.top / "Sea") == {"a.jpg": one, "a (2).jpg": two}
    assert sorted(picture_in(p.data) for p in fake.methods.photos.values()) == sorted([one, two])
    with fake.counted() as calls:
        assert here.sync().actions() == set()
    assert calls["GET"] == calls["pwg.images.uploadAsync"] == 0


def test_a_file_that_breaks_off_is_compared_in_the_next_run(
    here: Home, theirs: Home, fake: FakePiwigo
) -> None:
    theirs.add("Sea/a.jpg", 1, title="Theirs")
    assert theirs.push().code == 0
    here.add("Sea/a.jpg", 1)
    fake.fail = lambda method: Fault.CUT if method == "GET" else None
    report = here.sync()
    assert (report.code, report.actions("done")) == (1, set())
    assert "may be the a.jpg of local, and cannot be compared" in report.told
    fake.fail = lambda method: None
    assert here.sync().actions("done") == {"record - a.jpg content", "update local a.jpg title"}
    assert standing(fake) == {"Sea": {"a.jpg"}}


@pytest.mark.parametrize("settings", [Settings(resize=True)])
def test_a_gallery_that_keeps_no_originals_gets_no_second_photo(
    here: Home, theirs: Home, fake: FakePiwigo
) -> None:
    theirs.add("Sea/a.jpg", 1, title="Theirs")
    theirs.push()
    [photo] = fake.methods.photos.values()
    here.add("Sea/a.jpg", 1)
    report = here.sync()
    assert (report.code, report.actions("done")) == (1, set())
    assert "keeps another file of a.jpg than it was sent" in report.told
    assert list(fake.methods.photos.values()) == [photo]


def test_a_picture_anywhere_in_the_gallery_joins_the_albums_of_both_folders(
    here: Home, theirs: Home, fake: FakePiwigo
) -> None:
    """Also one that is in no album any more."""
    theirs.add("Sea/a.jpg", 1)
    assert theirs.push().code == 0
    kept(fake, "a.jpg").albums.clear()
    for album in ("One", "Two"):
        here.add(f"{album}/b.jpg", 1)
    sent = fake.sent
    assert here.push().code == 0
    assert (fake.sent, len(fake.methods.photos)) == (sent, 1)
    assert standing(fake) == {"Sea": set(), "One": {"a.jpg"}, "Two": {"a.jpg"}}
    assert here.sync().actions() == set()


def test_a_restored_gallery_is_known_again_though_all_numbers_are_new(
    here: Home, fake: FakePiwigo
) -> None:
    here.add("Sea/a.jpg", 1, title="Strand")
    here.add("Sea/Rocks/b.jpg", 2, tags=frozenset({"rock"}))
    assert here.push().code == 0
    methods = fake.methods
    for album in methods.albums.values():
        album.id, album.line = album.id + 70, [id + 70 for id in album.line]
    for photo in methods.photos.values():
        photo.id, photo.albums = photo.id + 700, [id + 70 for id in photo.albums]
    methods.albums = {album.id: album for album in methods.albums.values()}
    methods.photos = {photo.id: photo for photo in methods.photos.values()}
    sent = fake.sent
    with fake.counted() as calls:
        report = here.sync("--delete")
    assert report.code == 0, report.told
    assert (fake.sent, calls["GET"]) == (sent, 0)
    assert standing(fake) == {"Sea": {"a.jpg"}, "Sea/Rocks": {"b.jpg"}}
    here.say("Sea/a.jpg", title="Beach")
    assert here.sync().actions("done") == {"update gallery a.jpg title"}
