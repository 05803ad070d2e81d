"""Where a Piwigo lies, loses or breaks off, nothing is lost and nothing is made twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from imgsync.errors import Denied, Rejected, Stale, Unavailable
from imgsync.model import NOTHING_SAID, Album, Field, Location, Metadata, Photo
from imgsync.service import Look, Original, Source, Unread
from imgsync.services import http
from imgsync.services.piwigo import Piwigo
from imgsync.testing.checks.basis import LITTLE_SAID, MUCH_SAID, source
from imgsync.testing.pictures import jpeg

from .database import Kept, Settings
from .fake import KEY, PASSWORD, USER, FakePiwigo, Fault

LogIn = Callable[[], Piwigo]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits before a call is tried again."""
    monkeypatch.setattr(http, "PATIENCE", 0.0)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is slow is given up soon; so is one that the machine keeps busy."""
    monkeypatch.setattr(http, "ANSWER", 0.2)
    monkeypatch.setattr(http, "DIGEST", 0.2)


def shown(service: Piwigo, album: Album) -> list[Photo]:
    photos = list(service.photos(album, Look()))
    assert all(isinstance(photo, Photo) for photo in photos)
    return [photo for photo in photos if isinstance(photo, Photo)]


def kept(fake: FakePiwigo, photo: Photo) -> Kept:
    return fake.methods.photos[int(photo.ref)]


def once(fault: Fault, method: str) -> Callable[[str], Fault | None]:
    """The fault comes with the next call of the method, and never again."""
    left = [fault]
    return lambda asked: left.pop() if asked == method and left else None


# Sessions


def test_photos_are_not_gone_because_the_session_is(service: Piwigo, fake: FakePiwigo) -> None:
    """A guest sees neither private albums nor photos of a higher level, and is told no error."""
    album = service.create_album("Family")
    photos = [service.create(album, source(f"{n}.jpg", n)) for n in range(3)]
    kept(fake, photos[0]).level = 8
    fake.expire()
    assert shown(service, album) == photos
    fake.methods.albums[int(album.ref)].status = "private"
    fake.expire()
    assert [album.path for album in service.albums() if isinstance(album, Album)] == ["Family"]
    fake.expire()
    assert service.edit(album, photos[0], MUCH_SAID, frozenset({Field.TITLE}))


@pytest.mark.parametrize(
    "method",
    [
        "pwg.categories.getList",
        "pwg.categories.getAdminList",
        "pwg.categories.getImages",
        "pwg.images.getInfo",
        "pwg.images.exist",
        "pwg.images.uploadAsync",
        "pwg.images.uploadCompleted",
        "pwg.images.setInfo",
        "pwg.images.setCategory",
        "pwg.tags.add",
        "pwg.categories.add",
    ],
)
def test_a_session_may_end_at_any_call(service: Piwigo, fake: FakePiwigo, method: str) -> None:
    fake.fail = once(Fault.EXPIRED, method)
    album = service.create_album("2012/Sea")
    photo = service.create(album, source("it's.jpg", 1, MUCH_SAID))
    hidden = kept(fake, photo)
    hidden.level = 8
    assert [(a.path) for a in service.albums() if isinstance(a, Album)] == ["2012", "2012/Sea"]
    assert shown(service, album) == [photo]
    other = service.create_album("Other")
    assert service.create(other, source("it's.jpg", 1)) == photo
    service.delete(album, photo)
    assert shown(service, album) == []
    assert shown(service, other) == [photo]


def test_a_deletion_that_a_guest_asks_for_is_not_taken_for_done(
    service: Piwigo, fake: FakePiwigo
) -> None:
    album = service.create_album("Family")
    photo = service.create(album, source())
    fake.methods.albums[int(album.ref)].status = "private"
    fake.expire()
    service.delete(album, photo)
    assert shown(service, album) == []


def test_a_wrong_password_is_told_without_it(fake: FakePiwigo) -> None:
    with pytest.raises(Denied, match="does not let in admin") as caught:
        Piwigo("gallery", fake.url, USER, "wrong one")
    assert "wrong one" not in str(caught.value)


def test_a_url_without_a_gallery_is_told(fake: FakePiwigo) -> None:
    with pytest.raises(Denied, match="is no Piwigo under this path: look at url"):
        Piwigo("gallery", f"{fake.url}/photos", USER, PASSWORD)


def test_an_api_key_is_a_user_and_a_password(fake: FakePiwigo) -> None:
    settings = {"url": fake.url, "api_key": ":".join(KEY)}
    Piwigo.configure("gallery", settings).close()
    assert fake.calls["pwg.session.login"] == 1


# Answers


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SLOW, Fault.BUSY, Fault.DOWN, Fault.CUT])
@pytest.mark.parametrize("method", ["pwg.categories.getImages", "pwg.images.setInfo"])
def test_what_can_be_asked_again_is(
    service: Piwigo, fake: FakePiwigo, method: str, fault: Fault
) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source())
    fake.fail = once(fault, method)
    assert service.edit(album, photo, MUCH_SAID, frozenset({Field.TITLE})) in shown(service, album)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize(
    "method", ["pwg.images.uploadAsync", "pwg.images.uploadCompleted", "pwg.categories.add"]
)
def test_a_call_that_fails_makes_nothing_twice(
    service: Piwigo, fake: FakePiwigo, method: str, fault: Fault
) -> None:
    """As the executor does it: what was Unavailable is asked for again."""

    def patiently(call: Callable[[], Album | Photo]) -> Album | Photo:
        for _ in range(4):
            try:
                return call()
            except Unavailable:
                pass
        raise AssertionError

    fake.fail = once(fault, method)
    album = patiently(lambda: service.create_album("Summer"))
    assert isinstance(album, Album)
    photo = patiently(lambda: service.create(album, source("a.jpg", 1, MUCH_SAID)))
    assert [photo] == shown(service, album)
    assert len(fake.methods.albums) == len(fake.methods.photos) == 1
    assert isinstance(photo, Photo)
    assert service.normal(photo.metadata) == service.normal(MUCH_SAID)


def test_a_change_that_was_done_by_half_is_no_success(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source())
    real = fake.methods.set_info

    def half(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        fake.methods.half_done = True

    fake.methods._methods["pwg.images.setInfo"] = half
    with pytest.raises(Unavailable, match="only a part"):
        service.edit(album, photo, MUCH_SAID, frozenset({Field.TITLE}))


def test_warnings_before_the_answer_are_passed_over(fake: FakePiwigo, log_in: LogIn) -> None:
    fake.settings.warnings = True
    assert log_in().create_album("Summer").path == "Summer"


def test_a_page_instead_of_an_answer_is_no_success(fake: FakePiwigo, service: Piwigo) -> None:
    album = service.create_album("Summer")
    fake.methods._methods.pop("pwg.categories.getImages")
    with pytest.raises(Rejected, match="not valid"):
        shown(service, album)


def test_a_gallery_that_knows_photos_by_their_names_alone_gets_none(
    service: Piwigo, fake: FakePiwigo
) -> None:
    fake.methods._methods["pwg.images.exist"] = lambda *_: []
    with pytest.raises(Denied, match="uniqueness_mode"):
        service.create(service.create_album("Summer"), source())
    assert fake.sent == 0


# Albums


def test_a_private_album_is_unread_and_not_gone(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("2012/Sea")
    hidden = fake.methods.albums[int(album.ref)]
    hidden.status, hidden.granted = "private", False
    [_, unread] = service.albums()
    assert isinstance(unread, Unread)
    assert unread.name == "2012/Sea"
    with pytest.raises(Rejected, match="private"):
        service.create_album("2012/Sea")


def test_no_album_is_moved_where_it_would_vanish(service: Piwigo, fake: FakePiwigo) -> None:
    album, secret = service.create_album("Sea"), service.create_album("Secret")
    fake.methods.albums[int(secret.ref)].status = "private"
    with pytest.raises(Rejected, match="would be hidden"):
        service.move_album(album, "Secret/New/Sea")
    assert len(fake.methods.albums) == 2


def test_albums_are_added_at_the_end(service: Piwigo, fake: FakePiwigo) -> None:
    for path in ("b", "a", "c"):
        service.create_album(path)
    assert [album.name for album in fake.methods.albums.values()] == ["b", "a", "c"]


def test_a_listing_of_many_pages_is_whole(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    first = service.create(album, source())
    for id in range(1000, 2199):
        fake.methods.photos[id] = replace(kept(fake, first), id=id, md5sum=f"{id:032x}")
    with fake.counted() as calls:
        assert len(shown(service, album)) == 1200
    assert calls == {
        "pwg.categories.getImages": 3,
        "pwg.images.getInfo": 1200,
        "pwg.session.getStatus": 1,
    }


@pytest.mark.parametrize("settings", [Settings(per_page=2)])
def test_a_gallery_may_have_shorter_pages(service: Piwigo) -> None:
    album = service.create_album("Summer")
    photos = [service.create(album, source(f"{n}.jpg", n)) for n in range(5)]
    assert shown(service, album) == photos


def test_a_listing_that_changes_meanwhile_is_begun_again(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    first = service.create(album, source())
    rows = {id: replace(kept(fake, first), id=id, md5sum=f"{id:032x}") for id in range(1000, 1600)}
    fake.methods.photos |= rows
    asked = []

    def deleted(method: str) -> None:
        if method == "pwg.categories.getImages":
            asked.append(method)
            if len(asked) == 2:  # between the pages: what is left moves up by one
                del fake.methods.photos[1000]

    fake.fail = deleted
    assert len(shown(service, album)) == 600
    assert len(asked) == 4


def test_a_known_photo_that_a_listing_skips_is_not_gone(service: Piwigo, fake: FakePiwigo) -> None:
    """One went and one came between two pages: their number is right, and one is skipped."""
    album = service.create_album("Summer")
    first = service.create(album, source())
    rows = {id: replace(kept(fake, first), id=id, md5sum=f"{id:032x}") for id in range(1000, 1600)}
    fake.methods.photos |= rows
    known = {photo.ref: photo for photo in shown(service, album)}
    asked = []

    def swapped(method: str) -> None:
        if method == "pwg.categories.getImages":
            asked.append(method)
            if len(asked) == 2:
                del fake.methods.photos[1000]
                fake.methods.photos[9999] = replace(rows[1001], id=9999)

    fake.fail = swapped
    photos = {photo.ref for photo in service.photos(album, Look(known=known))}
    assert len(asked) == 2
    assert photos == known.keys() - {"1000"} | {"9999"}


# Photos


def test_a_new_photo_leaves_the_lounge(service: Piwigo, fake: FakePiwigo) -> None:
    service.create(service.create_album("Summer"), source())
    assert fake.methods.lounge == []
    assert fake.calls["pwg.images.uploadCompleted"] == 1


def test_a_photo_travels_in_chunks(fake: FakePiwigo, log_in: LogIn) -> None:
    fake.settings.chunk = 1
    service = log_in()
    album = service.create_album("Summer")
    big = jpeg(1) + bytes(2500)
    photo = service.create(album, _of(big))
    assert fake.calls["pwg.images.uploadAsync"] == 3
    with service.open(album, photo) as original:
        assert original.stream.read() == big


def test_the_same_bytes_are_one_photo_in_two_albums(service: Piwigo, fake: FakePiwigo) -> None:
    one, two = service.create_album("One"), service.create_album("Two")
    photo = service.create(one, source("a.jpg", 1, MUCH_SAID))
    sent = fake.sent
    again = service.create(two, source("a.jpg", 1, LITTLE_SAID))
    assert again == photo
    assert fake.sent == sent


def test_a_photo_out_of_its_last_album_is_kept_and_found(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source("a.jpg", 1, MUCH_SAID))
    service.delete(album, photo)
    assert shown(service, album) == []
    assert kept(fake, photo).albums == []
    sent = fake.sent
    assert service.create(album, source("a.jpg", 1)) == photo
    assert fake.sent == sent


def test_a_replaced_picture_keeps_its_level_and_what_was_said(
    service: Piwigo, fake: FakePiwigo
) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source("a.jpg", 1, MUCH_SAID))
    kept(fake, photo).level = 4
    dated = _of(_with_exif(jpeg(2)), MUCH_SAID)
    new = service.replace(album, photo, dated)
    assert new.ref == photo.ref
    assert new.content != photo.content
    assert kept(fake, photo).level == 4
    assert kept(fake, photo).date_creation == "2012-07-01 10:20:30"
    assert new.metadata == photo.metadata


def test_a_picture_of_another_type_replaces_none(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source("a.jpg", 1))
    with pytest.raises(Rejected, match="go on showing"):
        service.replace(album, photo, source("a.png", 2))


@pytest.mark.parametrize("settings", [Settings(iptc=True)])
def test_what_is_said_beats_what_the_file_says(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    said = Metadata(caption="Ours", tags=frozenset({"ours"}), taken="1999-12-31T23:59:58")
    photo = service.create(album, _of(_with_exif(jpeg(1)), said))
    assert photo.metadata == said
    bare = service.create(album, _of(_with_exif(jpeg(2))))
    assert bare.metadata == NOTHING_SAID


@pytest.mark.parametrize("name", ['O\'Neil & <b>"x".jpg', "back\\slash.jpg", "portrait_1.jpg"])
def test_a_file_name_survives_the_upload(service: Piwigo, name: str) -> None:
    assert service.create(service.create_album("Summer"), source(name)).name == name


def test_a_photo_of_others_has_no_title_from_its_name(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source("portrait_1.jpg"))
    kept(fake, photo).name = "portrait 1"
    assert shown(service, album)[0].metadata == NOTHING_SAID


def test_a_tag_that_somebody_made_meanwhile_is_taken(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source("a.jpg", 1, Metadata(tags=frozenset({"Sea"}))))
    fake.methods.tags[900] = "PARÍS"
    said = Metadata(tags=frozenset({"Paris", "sea", "I <3 it"}))
    edited = service.edit(album, photo, said, frozenset({Field.TAGS}))
    assert edited.metadata.tags == {"PARÍS", "Sea", "I <3 it"}


@pytest.mark.parametrize("field", [Field.TITLE, Field.CAPTION, Field.CREATOR, Field.TAGS])
def test_what_piwigo_cannot_store_is_never_sent(
    service: Piwigo, fake: FakePiwigo, field: Field
) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source())
    told = "😀" if field in (Field.TITLE, Field.CAPTION) else ["😀"]
    said = msgspec.convert({field.value: told}, Metadata)
    with fake.counted() as calls:
        with pytest.raises(Rejected, match="😀"):
            service.edit(album, photo, said, frozenset({field}))
        with pytest.raises(Rejected, match="😀"):
            service.create(album, source("b.jpg", 2, said))
    assert not calls


def test_a_type_that_is_refused_all_the_same_is_told(service: Piwigo) -> None:
    album = service.create_album("Summer")
    with pytest.raises(Rejected, match="forbidden file type"):
        service.create(album, _of(b"II*\0 no JPEG at all"))
    assert shown(service, album) == []


@pytest.mark.parametrize("settings", [Settings(resize=True)])
def test_a_smaller_copy_is_no_original(service: Piwigo) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, _of(jpeg(1) + bytes(1000)))
    with (
        service.open(album, photo) as original,
        pytest.raises(Rejected, match="keeps another file"),
    ):
        original.stream.read()


def test_a_file_that_breaks_off_is_no_file(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    photo = service.create(album, source())
    fake.fail = once(Fault.CUT, "GET")
    with service.open(album, photo) as original, pytest.raises(Unavailable):
        original.stream.read()


def test_no_file_is_fetched_from_elsewhere(service: Piwigo, fake: FakePiwigo) -> None:
    """The gallery may think that it has another name; only what follows it counts."""
    album = service.create_album("Summer")
    photo = service.create(album, source())
    fake.methods.url = "http://elsewhere.example/gallery"
    with service.open(album, photo) as original:
        assert original.stream.read() == jpeg(1)
    fake.methods.url = "http://elsewhere.example/other"
    with pytest.raises(Rejected, match="outside"):
        service.open(album, photo)


def test_an_album_that_is_gone_takes_no_photo(service: Piwigo, fake: FakePiwigo) -> None:
    album = service.create_album("Summer")
    service.create(service.create_album("Other"), source("a.jpg", 1))
    fake.methods.albums.pop(int(album.ref))
    with pytest.raises(Stale, match="is gone"):
        service.create(album, source("a.jpg", 1))
    with pytest.raises(Stale, match="is gone"):
        shown(service, album)


def test_a_file_in_a_folder_of_the_server_stays_in_its_album(
    service: Piwigo, fake: FakePiwigo
) -> None:
    """Piwigo says nothing when it does not take such a photo out of its album."""
    album, other = service.create_album("Synchronized"), service.create_album("Other")
    photo = service.create(album, source())
    kept(fake, photo).storage = int(album.ref)
    with pytest.raises(Rejected, match="folder of the server"):
        service.delete(album, photo)
    with pytest.raises(Rejected, match="folder of the server"):
        service.move(album, photo, other, photo.name)
    with pytest.raises(Rejected, match="synchronization"):
        service.move(album, photo, album, "b.jpg")
    assert shown(service, album) == [photo]
    assert shown(service, other) == []


# What it can do


@pytest.mark.parametrize("settings", [Settings(map=True)])
def test_places_are_held_where_the_map_is_on(service: Piwigo) -> None:
    assert Field.LOCATION in service.capabilities.reads & service.capabilities.writes
    album = service.create_album("Summer")
    said = Metadata(location=Location(0.0, -4.4843751))
    photo = service.create(album, source("a.jpg", 1, said))
    assert photo.metadata.location == Location(0.0, -4.484375)
    assert service.edit(album, photo, NOTHING_SAID, frozenset({Field.LOCATION})) == photo


def test_places_are_left_alone_without_a_map(service: Piwigo) -> None:
    assert Field.LOCATION not in service.capabilities.reads
    photo = service.create(service.create_album("Summer"), source("a.jpg", 1, MUCH_SAID))
    assert photo.metadata.location is None


@pytest.mark.parametrize("settings", [Settings(version="18.0.0")])
def test_a_newer_version_is_only_read_unless_that_is_allowed(
    service: Piwigo, fake: FakePiwigo
) -> None:
    assert "18.0.0" in service.capabilities.closed
    assert list(service.albums()) == []
    with pytest.raises(Rejected, match="allow_newer = yes"):
        service.create_album("Summer")
    settings = {"url": fake.url, "user": USER, "password": PASSWORD, "allow_newer": "yes"}
    bold = Piwigo.configure("gallery", settings)
    assert bold.create_album("Summer").path == "Summer"
    bold.close()


@pytest.mark.parametrize("settings", [Settings(version="13.8.0")])
def test_an_older_version_is_refused(fake: FakePiwigo) -> None:
    with pytest.raises(Denied, match="14 or newer"):
        Piwigo("gallery", fake.url, USER, PASSWORD)


def test_formats_are_those_of_the_gallery(fake: FakePiwigo, log_in: LogIn) -> None:
    assert "heic" not in (log_in().capabilities.formats or ())
    fake.settings.types = "jpg,jpeg,HEIC"
    assert "heic" in (log_in().capabilities.formats or ())


def _of(data: bytes, said: Metadata = NOTHING_SAID) -> Source:
    photo = Photo(ref="1", name="a.jpg", size=len(data))
    return Source("a.jpg", said, photo, lambda: Original(io.BytesIO(data), len(data)))


def _with_exif(data: bytes) -> bytes:
    """With DateTimeOriginal 2001-02-03 04:05:06, an IPTC caption and an IPTC keyword."""
    taken = b"2001:02:03 04:05:06\0"
    tiff = b"II*\0\x08\0\0\0" + _entry(0x8769, 4, 1, 26) + _entry(0x9003, 2, 20, 44) + taken
    iptc = b"\x1c\x02\x78\0\x05Theirs"[:-1] + b"\x1c\x02\x19\0\x06theirs"
    block = b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4) + iptc + b"\0" * (len(iptc) % 2)
    return (
        data[:2]
        + _segment(0xE1, b"Exif\0\0" + tiff)
        + _segment(0xED, b"Photoshop 3.0\0" + block)
        + data[2:]
    )


def _entry(tag: int, kind: int, count: int, value: int) -> bytes:
    """A TIFF directory of one entry."""
    row = tag.to_bytes(2, "little") + kind.to_bytes(2, "little")
    row += count.to_bytes(4, "little") + value.to_bytes(4, "little")
    return b"\x01\0" + row + b"\0\0\0\0"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body
