"""Lists show that photos are unchanged; whatever is edited is noticed all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from imgsync.model import Album, Metadata, Photo
from imgsync.service import Check, Look
from imgsync.services.piwigo import Piwigo
from imgsync.testing.checks.basis import source
from imgsync.testing.pictures import jpeg

from .database import Kept, Settings, md5
from .fake import FakePiwigo

LogIn = Callable[[], Piwigo]
PHOTOS = 8

Edit = Callable[[FakePiwigo, Kept], None]


def retagged(add: str = "", remove: str = "", rename: str = "") -> Edit:
    def edit(fake: FakePiwigo, photo: Kept) -> None:
        names = fake.methods.tags
        if add:
            names[77] = add
            photo.tags = photo.tags | {77}
        photo.tags = {id for id in photo.tags if names[id] != remove}
        for id in photo.tags:
            names[id] = rename or names[id]

    return edit


def says(**values: object) -> Edit:
    return lambda fake, photo: vars(photo).update(values)


def repainted(fake: FakePiwigo, photo: Kept) -> None:
    photo.data = jpeg(99)
    photo.md5sum = md5(photo.data)


@pytest.fixture
def album(service: Piwigo, fake: FakePiwigo) -> Album:
    """An album of photos with a title and a tag each."""
    album = service.create_album("Summer")
    said = Metadata(title="Sun", caption="Hot", tags=frozenset({"sea"}))
    for n in range(PHOTOS):
        service.create(album, source(f"{n}.jpg", n, said))
    return album


def seen(
    service: Piwigo, album: Album, known: list[Photo], check: Check = Check.CHANGED
) -> list[Photo]:
    look = Look(known={photo.ref: photo for photo in known}, check=check)
    photos = service.photos(album, look)
    return sorted((p for p in photos if isinstance(p, Photo)), key=lambda photo: int(photo.ref))


@pytest.mark.parametrize("settings", [Settings(), Settings(version="14.5.0", per_page=6)])
def test_nobody_is_asked_for_photos_that_lists_show_as_they_were(
    album: Album, fake: FakePiwigo, log_in: LogIn
) -> None:
    known = seen(log_in(), album, [])
    service = log_in()
    list(service.albums())
    with fake.counted() as calls:
        assert seen(service, album, known) == known
    assert not calls["pwg.images.getInfo"]
    with fake.counted() as calls:
        assert seen(service, album, known) == known
    pages = -(-PHOTOS // fake.settings.per_page)
    assert calls == {"pwg.categories.getImages": pages, "pwg.images.exist": 1}
    with fake.counted() as calls:
        assert seen(service, album, known, Check.METADATA) == known
    assert calls["pwg.images.getInfo"] == PHOTOS


@pytest.mark.parametrize(
    "edit",
    [
        says(name="Rain"),
        says(name="<b>Sun</b>"),
        says(name=None),
        says(comment="Cold"),
        says(comment=None),
        says(author="Eve"),
        says(date_creation="2012-07-01 10:20:30"),
        says(file="renamed.jpg"),
        says(md5sum=""),
        retagged(add="sand"),
        retagged(remove="sea"),
        retagged(rename="SEA"),
        repainted,
    ],
)
def test_every_edit_is_noticed(album: Album, fake: FakePiwigo, log_in: LogIn, edit: Edit) -> None:
    known = seen(log_in(), album, [])
    edit(fake, fake.methods.photos[int(known[3].ref)])
    found = seen(log_in(), album, known)
    assert found[3] != known[3]
    assert found == seen(log_in(), album, [])


def test_a_creator_who_is_changed_is_noticed(album: Album, fake: FakePiwigo, log_in: LogIn) -> None:
    photo = next(iter(fake.methods.photos.values()))
    photo.author = "Eve"
    known = seen(log_in(), album, [])
    photo.author = "Eve; Finn"
    assert seen(log_in(), album, known)[0].metadata.creator == ("Eve", "Finn")


def test_what_is_written_meanwhile_is_seen(service: Piwigo, album: Album) -> None:
    known = seen(service, album, [])
    assert seen(service, album, known) == known
    said = Metadata(tags=frozenset({"sand"}))
    edited = service.edit(album, known[0], said, service.capabilities.writes - {"content"})
    assert seen(service, album, known) == [edited, *known[1:]]


def test_of_photos_with_the_same_file_each_is_what_it_is(
    album: Album, fake: FakePiwigo, log_in: LogIn
) -> None:
    """Piwigo tells only one of them for a checksum."""
    first = next(iter(fake.methods.photos.values()))
    fake.methods.photos[900] = replace(first, id=900, file="twin.jpg")
    known = seen(log_in(), album, [])
    service = log_in()
    with fake.counted() as calls:
        assert seen(service, album, known) == known
    assert calls["pwg.images.getInfo"] == 1


def test_more_tags_than_a_list_tells_are_asked_for(
    album: Album, fake: FakePiwigo, log_in: LogIn
) -> None:
    """MySQL cuts the list of a photo's tags, and PHP one of all of them."""
    fake.methods.tags |= {id: f"tag {id}" for id in range(10000, 11200)}
    photos = list(fake.methods.photos.values())
    photos[0].tags = set(range(10000, 10200))
    photos[1].tags = {10001, 10600, 11100}
    known = seen(log_in(), album, [])
    with fake.counted() as calls:
        assert seen(log_in(), album, known) == known
    assert (calls["pwg.tags.getImages"], calls["pwg.images.getInfo"]) == (3, 1)
    photos[0].tags -= {10199}
    photos[1].tags -= {11100}
    found = seen(log_in(), album, known)
    assert [a == b for a, b in zip(found, known, strict=True)] == [False] * 2 + [True] * 6


def test_lists_of_a_guest_confirm_nothing(album: Album, fake: FakePiwigo, log_in: LogIn) -> None:
    """A tag that was added to a hidden photo is seen, though the session ends with the lists."""
    hidden = next(iter(fake.methods.photos.values()))
    hidden.level, hidden.tags = 8, set()
    known = seen(log_in(), album, [])
    retagged(add="sand")(fake, hidden)
    for method in ("pwg.images.search", "pwg.tags.getImages", "pwg.tags.getAdminList"):
        service = log_in()
        asked = [method]

        def expire(called: str, asked: list[str] = asked) -> None:
            if called in asked:
                asked.clear()
                fake.expire()

        fake.fail = expire
        assert seen(service, album, known)[0].metadata.tags == {"sand"}
