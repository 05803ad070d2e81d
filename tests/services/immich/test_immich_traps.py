"""What Immich does that nobody would expect, and what img-sync makes of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from imgsync.errors import Denied, Rejected, Stale, Unavailable, UsageError
from imgsync.metadata import files
from imgsync.model import NOTHING_SAID, Album, Field, Location, Metadata, Photo
from imgsync.service import Check, Look, Original, Source
from imgsync.services import http
from imgsync.services.http import Declined
from imgsync.services.immich import Immich, api, uploads
from imgsync.services.immich.answers import AlbumAnswer, normal
from imgsync.services.immich.api import Api
from imgsync.services.immich.naming import Naming
from imgsync.services.immich.uploads import HELD
from imgsync.services.immich.xmp import sidecar
from imgsync.testing.checks.basis import LITTLE_SAID, MUCH_SAID, checksum, source
from imgsync.testing.faults import Crash, breaking
from imgsync.testing.pictures import jpeg

from .conftest import _OPENED, opened
from .extraction import from_xmp
from .fake import KEY, USER_KEY, FakeImmich

V1, V3 = (1, 135, 3), (3, 2, 2)
BOTH = pytest.mark.parametrize("fake", [V1, V3], indirect=True)
NEW = pytest.mark.parametrize("fake", [V3], indirect=True)
UPLOAD = r"POST /assets\Z|PUT .*/original"
TAGS = frozenset({Field.TAGS})
PLACE = frozenset({Field.LOCATION})


@pytest.fixture
def gallery(fake: FakeImmich) -> Immich:
    return opened(fake)


@pytest.fixture
def album(gallery: Immich) -> Album:
    return gallery.create_album("Sea")


def listed(service: Immich, album: Album, *known: Photo) -> dict[str, Photo]:
    """What the album shows, by file name."""
    look = Look(known={photo.ref: photo for photo in known})
    return {photo.name: photo for photo in service.photos(album, look)}


def tagged(*tags: str) -> Metadata:
    return Metadata(tags=frozenset(tags))


def holding(tmp_path: Path, picture: int, **said: Any) -> Source:
    """A photo whose file itself says something, of which nothing is to be shown."""
    file = tmp_path / "a.jpg"
    file.write_bytes(jpeg(picture))
    metadata = msgspec.structs.replace(NOTHING_SAID, **said)
    files.write(file, None, metadata, frozenset(map(Field, said)))
    data = file.read_bytes()
    photo = Photo("", "a.jpg", digests=frozenset({checksum("sha1", data)}))
    return Source("a.jpg", NOTHING_SAID, photo, lambda: Original(io.BytesIO(data), len(data)))


# The sidecar


@pytest.mark.parametrize(
    "said",
    [
        MUCH_SAID,
        LITTLE_SAID,
        NOTHING_SAID,
        Metadata(caption="<b>1 & 2</b>\n\n\"'é🏖"),
        Metadata(tags=frozenset({"a|b/c, d", "<i>", "A"})),
        Metadata(location=Location(-0.00001, -179.99999999)),
        Metadata(location=Location(89.9999999999, 0.5)),
        Metadata(rating=-1),
    ],
)
def test_the_sidecar_says_it_all(said: Metadata) -> None:
    wanted = normal(said)
    found = from_xmp(sidecar(wanted, said.taken))
    assert (found.caption or "") == (found.description or "") == wanted.caption
    assert set(found.tags) == wanted.tags
    assert found.rating == (wanted.rating or 0)
    assert (found.taken or "") == said.taken
    if wanted.location is None:
        assert found.place is None
    else:
        there = wanted.location.latitude, wanted.location.longitude
        assert found.place == pytest.approx(there, abs=1e-8)


# Jobs that overwrite


def test_without_an_admins_key_each_step_waits_until_it_is_quiet(fake: FakeImmich) -> None:
    gallery = opened(fake, USER_KEY)
    album = gallery.create_album("Sea")
    photo = gallery.create(album, source("a.jpg", 1, tagged("a", "b", "c")))
    photo = gallery.edit(album, photo, Metadata(caption="x", tags=frozenset({"c", "d"})), HELD)
    fake.settle()
    assert listed(gallery, album)["a.jpg"].metadata.tags == {"c", "d"}
    assert photo.metadata.caption == "x"
    assert fake.count("GET /jobs") == 1


def test_tags_go_one_after_the_other(gallery: Immich, album: Album, fake: FakeImmich) -> None:
    photo = gallery.create(album, source("a.jpg", 1, tagged("a", "b", "c", "d")))
    fake.asked.clear()
    gallery.edit(album, photo, tagged("d", "e"), TAGS)
    steps = [a.method for a in fake.asked if a.method != "GET" or a.path.startswith("/assets")]
    changes = [n for n, method in enumerate(steps) if method == "DELETE"]
    assert len(changes) == 3
    assert all(steps[n + 1] == "GET" for n in changes)
    assert steps.index("PUT") < changes[0]


def test_a_tag_that_another_sets_meanwhile_is_not_lost(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    photo = gallery.create(album, source("a.jpg", 1, tagged("a")))
    kept = fake.library.assets[photo.ref]
    with fake.library.lock:
        kept.tags.add(fake.library.tag("theirs"))
        fake.library.write_sidecar(kept, {})
    with pytest.raises(Stale):
        gallery.edit(album, photo, tagged("a", "mine"), TAGS)
    fake.settle()
    assert listed(gallery, album)["a.jpg"].metadata.tags == {"a", "theirs"}


def test_a_server_that_keeps_nothing_is_told_of(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    photo = gallery.create(album, source("a.jpg", 1, tagged("a")))
    fake.library.forgets_sidecars = True
    told = Metadata(caption="x", tags=frozenset({"b"}))
    with pytest.raises(Rejected, match=r"does not keep the caption, tags of a\.jpg"):
        gallery.edit(album, photo, told, frozenset({Field.CAPTION, Field.TAGS}))


def test_words_in_the_file_itself_cannot_be_cleared(
    gallery: Immich, album: Album, tmp_path: Path
) -> None:
    made = gallery.create(
        album, holding(tmp_path, 1, caption="in the file", tags=frozenset({"sea", "sand"}))
    )
    assert made.metadata == Metadata(caption="in the file", tags=frozenset({"sea", "sand"}))
    fewer = gallery.edit(album, made, tagged("sea"), TAGS)
    assert fewer.metadata.tags == {"sea"}


def test_the_last_tag_that_came_with_a_new_photo_can_be_removed(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    """The server clears digiKam's list of the sidecar, and reads whatever else has tags there."""
    made = gallery.create(album, source("a.jpg", 1, tagged("sea", "Places/France")))
    assert gallery.edit(album, made, NOTHING_SAID, TAGS).metadata.tags == frozenset()
    fake.settle()
    assert listed(gallery, album)["a.jpg"].metadata.tags == frozenset()


@BOTH
def test_a_rating_is_cleared_as_the_version_wants_it(gallery: Immich, album: Album) -> None:
    photo = gallery.create(album, source("a.jpg", 1, Metadata(rating=3)))
    photo = gallery.edit(album, photo, NOTHING_SAID, frozenset({Field.RATING}))
    assert photo.metadata.rating is None


@BOTH
def test_a_rejected_photo_is_rejected_where_the_version_can(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    told = Metadata(rating=-1)
    shown = gallery.normal(told).rating
    assert shown == (None if fake.is_3 else -1)
    photo = gallery.create(album, source("a.jpg", 1, told))
    assert photo.metadata.rating == shown
    fake.asked.clear()
    assert gallery.edit(album, photo, told, frozenset({Field.RATING})) == photo
    assert fake.count("PUT") == 0


@BOTH
def test_a_place_on_the_equator_is_one_where_the_version_can(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    place = Location(0.0, 100.0)
    photo = gallery.create(album, source("a.jpg", 1, Metadata(location=place)))
    assert photo.metadata.location == (place if fake.is_3 else None)
    photo = gallery.edit(album, photo, Metadata(location=Location(0.0, 0.0)), PLACE)
    assert photo.metadata.location is None


@pytest.mark.parametrize(
    ("told", "caption", "tag"),
    [
        ("2019", "2019", "2019"),
        ("007", "007", "007"),
        ("1.50", "1.5", "1.5"),
        ("1E3", "1000", "1000"),
        ("-0", "", "0"),
        ("123456789012345.10", "123456789012345.1", "123456789012345.1"),
        ("True", "true", "true"),
        ("FALSE", "", "false"),
        ("null", "", "undefined"),
        ("undef", "", "undefined"),
    ],
)
def test_a_word_that_looks_like_a_value_comes_back_as_one(
    gallery: Immich, album: Album, told: str, caption: str, tag: str
) -> None:
    said = Metadata(caption=told, tags=frozenset({told, "x/1.50"}))
    photo = gallery.create(album, source("a.jpg", 1, said))
    assert photo.metadata == Metadata(caption=caption, tags=frozenset({tag, "x/1.50"}))


@pytest.mark.parametrize(
    ("told", "printed"),
    [
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("0.000001", "0.000001"),
        ("1e-7", "1e-7"),
        ("-1.5e-10", "-1.5e-10"),
        ("1e400", "Infinity"),
        ("1e", "1e"),
    ],
)
def test_numbers_are_printed_as_javascript_does(told: str, printed: str) -> None:
    assert normal(tagged(told)).tags == {printed}


def test_a_text_is_decoded_as_often_as_it_was_encoded() -> None:
    assert normal(Metadata(caption="&" + "amp;" * 5000 + "lt;")).caption == "<"


def test_blanks_of_javascript_are_cut_off_captions(gallery: Immich, album: Album) -> None:
    photo = gallery.create(album, source("a.jpg", 1, Metadata(caption="\ufeff \u2003x \ufeff")))
    assert photo.metadata.caption == "x"


def test_a_favorite_alone_waits_for_no_job(gallery: Immich, album: Album, fake: FakeImmich) -> None:
    photo = gallery.create(album, source("a.jpg", 1))
    fake.asked.clear()
    fields = frozenset({Field.FAVORITE})
    assert gallery.edit(album, photo, Metadata(favorite=True), fields).metadata.favorite
    assert [asked.method for asked in fake.asked] == ["GET", "PUT", "GET"]


def test_a_time_that_nobody_said_is_none(
    gallery: Immich, album: Album, fake: FakeImmich, tmp_path: Path
) -> None:
    photo = gallery.create(album, holding(tmp_path, 1))
    row = fake.library.assets[photo.ref].row
    row["make"] = "Camera"
    assert row["dateTimeOriginal"]
    assert listed(gallery, album)["a.jpg"].metadata.taken == ""
    kept = fake.library.assets[photo.ref]
    kept.modified = row["dateTimeOriginal"] = "2008-05-30T15:56:01.000Z"
    kept.local = "2008-05-30T17:56:01.000Z"
    assert listed(gallery, album)["a.jpg"].metadata.taken == "2008-05-30T17:56:01"


# Pictures that are there already


@BOTH
def test_a_twin_in_the_trash_is_taken_out_and_told_anew(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    old = gallery.create(album, source("a.jpg", 1, Metadata(caption="old", rating=2)))
    gallery.delete(album, old)
    fake.asked.clear()
    new = gallery.create(album, source("b.jpg", 1, Metadata(caption="new")))
    assert new.ref == old.ref
    assert (new.metadata.caption, new.metadata.rating) == ("new", None)
    assert list(listed(gallery, album)) == ["a.jpg"]
    assert fake.count(UPLOAD) == 0


@BOTH
def test_a_twin_elsewhere_joins_the_album_and_gets_what_it_lacks(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    there = gallery.create_album("There")
    old = gallery.create(there, source("a.jpg", 1, Metadata(caption="theirs", tags=TAGS_A)))
    fake.asked.clear()
    told = Metadata(caption="mine", rating=4, tags=frozenset({"b"}))
    new = gallery.create(album, source("b.jpg", 1, told))
    assert new.ref == old.ref
    assert new.metadata == Metadata(caption="theirs", rating=4, tags=frozenset({"a", "b"}))
    assert listed(gallery, album).keys() == listed(gallery, there).keys() == {"a.jpg"}
    assert fake.count(UPLOAD) == 0


TAGS_A = frozenset({"a"})


def test_all_are_asked_for_at_once(gallery: Immich, album: Album, fake: FakeImmich) -> None:
    given = [source(f"{n}.jpg", n) for n in range(5)]
    gallery.create(album, given[0])
    fake.asked.clear()
    gallery.expect([each.photo for each in given])
    for each in given:
        gallery.create(album, each)
    assert fake.count("bulk-upload-check") == 1
    assert fake.count(UPLOAD) == 4
    gallery.expect([])
    assert len(listed(gallery, album)) == 5


def test_a_picture_that_comes_twice_is_sent_once(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    """Also where the first look found neither of two folders' copies."""
    gallery.expect([source("a.jpg", 1).photo])
    gallery.create(album, source("a.jpg", 1))
    other = gallery.create_album("Other")
    gallery.create(other, source("b.jpg", 1))
    assert len(fake.library.assets) == 1
    assert len(listed(gallery, other)) == 1


# Damage


def test_a_picture_that_arrives_damaged_is_no_success(
    gallery: Immich, album: Album, fake: FakeImmich, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "damages", True)
    with pytest.raises(Rejected, match="damaged"):
        gallery.create(album, source("a.jpg", 1))
    assert listed(gallery, album) == {}
    assert all(kept.trashed for kept in fake.library.assets.values())


def test_a_download_that_is_damaged_fails_at_its_end(
    gallery: Immich, album: Album, fake: FakeImmich, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = gallery.create(album, source("a.jpg", 1))
    monkeypatch.setattr(fake, "damages", True)
    with gallery.open(album, photo) as original, pytest.raises(Unavailable, match="checksum"):
        original.stream.read()


@pytest.mark.parametrize("error", [OSError("gone"), Stale("gone"), Crash()])
def test_an_upload_that_breaks_off_leaves_nothing(
    gallery: Immich, album: Album, fake: FakeImmich, error: BaseException
) -> None:
    """The checksum is known, so that it breaks off while it is sent."""
    good = source("a.jpg", 1)
    half = jpeg(1)[:100]
    bad = msgspec.structs.replace(good, open=lambda: Original(breaking(half, error), len(jpeg(1))))
    with pytest.raises(type(error)):
        gallery.create(album, bad)
    assert fake.library.assets == {}
    assert gallery.create(album, good).name == "a.jpg"


# Listings


def test_a_deleted_tag_is_noticed_though_no_photo_was_touched(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    photo = gallery.create(album, source("a.jpg", 1, tagged("a", "b")))
    with fake.library.lock:
        fake.library.delete_tag(fake.library.tag("b"))
    assert listed(opened(fake), album, photo)["a.jpg"].metadata.tags == {"a"}


@BOTH
@pytest.mark.parametrize("visibility", ["archive", "hidden"])
def test_a_photo_that_is_put_out_of_sight_is_not_gone(
    gallery: Immich, album: Album, fake: FakeImmich, visibility: str
) -> None:
    photos = [gallery.create(album, source(f"{n}.jpg", n, tagged("a"))) for n in range(4)]
    kept = fake.library.assets[photos[0].ref]
    kept.visibility = visibility
    if visibility == "hidden":  # the video of a live photo leaves its albums, too
        fake.library.albums[album.ref].assets.remove(kept.id)
    found = listed(gallery, album, *photos)
    assert found.keys() == {"0.jpg", "1.jpg", "2.jpg", "3.jpg"}
    assert all(photo.metadata.tags == {"a"} for photo in found.values())


@NEW
def test_pages_that_lose_photos_lose_none(
    gallery: Immich, album: Album, fake: FakeImmich, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All taken in one second: the second page shows some of the first once more."""
    monkeypatch.setattr(api, "PAGE", 5)
    same_second = Metadata(taken="2012-07-01T10:20:30", tags=frozenset({"a"}))
    photos = [gallery.create(album, source(f"{n}.jpg", n, same_second)) for n in range(12)]
    for known in ([], photos):
        found = listed(gallery, album, *known)
        assert {photo.ref for photo in found.values()} == {photo.ref for photo in photos}
        assert all(photo.metadata.tags == {"a"} for photo in found.values())


@pytest.mark.parametrize("check", [Check.CHANGED, Check.METADATA])
def test_tags_are_asked_for_in_as_few_requests_as_can_be(
    gallery: Immich, album: Album, fake: FakeImmich, check: Check
) -> None:
    flat = [gallery.create(album, source(f"{n}.jpg", n, tagged("sea"))) for n in range(8)]
    deep = gallery.create(album, source("deep.jpg", 9, tagged("Places/Brest", "Places", "sea")))
    bare = gallery.create(album, source("bare.jpg", 10))
    photos = [*flat, deep, bare]
    fresh = opened(fake)
    fake.asked.clear()
    found = {p.name: p for p in fresh.photos(album, Look(check=check))}
    assert found == {photo.name: photo for photo in photos}
    assert [(asked.method, asked.path.split("/")[1]) for asked in fake.asked] == [
        ("GET", "albums"),
        ("GET", "tags"),
        ("POST", "search"),  # Places, and what is below it
        ("POST", "search"),  # sea
        ("GET", "assets"),  # the one that is below Places
    ]
    fake.asked.clear()
    known = Look(known={photo.ref: photo for photo in photos})
    assert {p.name: p for p in fresh.photos(album, known)} == found
    assert [asked.path.split("/")[1] for asked in fake.asked] == ["albums", "tags"]


HOSTILE = ["../../x.jpg", "/etc/x.jpg", "a\0b.jpg", "", ".", "..", "a\nb.jpg"]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_file_name_stays_one(
    gallery: Immich, album: Album, fake: FakeImmich, name: str
) -> None:
    photo = gallery.create(album, source("a.jpg", 1))
    fake.library.assets[photo.ref].name = name
    [shown] = listed(gallery, album)
    assert shown not in ("", ".", "..")
    assert not set("/\0\n") & set(shown)


# Albums

NAMES = {
    "2019/Paris": "2019/Paris",
    "../outside": "outside",
    "/a//b/./c/": "a/b/c",
    "..": "id-of-it",
    "": "id-of-it",
    "a\0b\nc": "a_b_c",
}


@pytest.mark.parametrize(("name", "path"), NAMES.items(), ids=ascii)
def test_an_albums_name_leads_nowhere_else(name: str, path: str) -> None:
    answer = AlbumAnswer("id-of-it", name, 1)
    assert list(Naming("gallery").albums([answer])) == [Album("id-of-it", path)]


def test_albums_of_one_name_are_told_apart_by_age() -> None:
    answers = [AlbumAnswer(str(n), "Sea", 1, f"20{n}") for n in (12, 10, 11)]
    assert list(Naming("gallery").albums(answers)) == [
        Album("10", "Sea"),
        Album("11", "Sea (2)"),
        Album("12", "Sea (3)"),
    ]


def test_a_template_names_albums_and_hides_others(fake: FakeImmich) -> None:
    gallery = opened(fake, naming=Naming("gallery", "Photos: {path}!"))
    fake.library.add_album("Something else")
    album = gallery.create_album("2012/Sea")
    assert {shelf.name for shelf in fake.library.albums.values()} == {
        "Something else",
        "Photos: 2012/Sea!",
    }
    assert list(gallery.albums()) == [album]
    with pytest.raises(UsageError, match=r"\{path\}"):
        Naming("gallery", "Photos")


@BOTH
def test_what_is_in_no_album_is_one_where_that_is_wanted(fake: FakeImmich) -> None:
    gallery = opened(fake, naming=Naming("gallery", unsorted="Unsorted"))
    sea, unsorted = gallery.create_album("Sea"), gallery.create_album("Unsorted")
    gallery.create(sea, source("a.jpg", 1))
    photo = gallery.create(unsorted, source("b.jpg", 2, tagged("a")))
    assert list(gallery.albums()) == [sea, unsorted]
    assert listed(gallery, unsorted) == {"b.jpg": photo}
    gallery.create(sea, source("b.jpg", 2))
    assert listed(gallery, unsorted, photo) == {}
    gallery.delete(unsorted, photo)
    assert not any(kept.trashed for kept in fake.library.assets.values())
    with pytest.raises(Rejected):
        gallery.move_album(unsorted, "Elsewhere")
    assert list(opened(fake).albums()) == [sea]


@NEW
def test_what_is_wrong_is_told_by_the_newest_versions_too(
    gallery: Immich, fake: FakeImmich
) -> None:
    with pytest.raises(Declined, match=r"Validation failed; : id must be a UUID"):
        gallery._api.trash("no id")


@BOTH
def test_albums_of_other_people_are_left_alone(
    gallery: Immich, album: Album, fake: FakeImmich
) -> None:
    """From 3.0 on they are listed unless one asks for one's own; a photo may stand in them."""
    theirs = fake.library.add_album("Theirs")
    theirs.owned = False
    photo = gallery.create(album, source("a.jpg", 1))
    theirs.assets.append(photo.ref)
    assert list(gallery.albums()) == [album]
    new = gallery.replace(album, photo, source("a.jpg", 2))
    assert listed(gallery, album) == {"a.jpg": new}
    assert theirs.assets == [photo.ref]


@pytest.mark.parametrize(
    ("fake", "copies"), [(V1, False), ((2, 0, 1), False), (V3, True)], indirect=["fake"]
)
def test_links_and_stacks_go_to_the_new_picture_where_the_version_can(
    gallery: Immich, album: Album, fake: FakeImmich, copies: bool
) -> None:
    photo = gallery.create(album, source("a.jpg", 1))
    new = gallery.replace(album, photo, source("a.jpg", 2))
    assert fake.copied == ([(photo.ref, new.ref)] if copies else [])
    assert fake.library.assets[photo.ref].trashed


def test_a_photo_of_other_albums_does_not_become_unsorted(fake: FakeImmich) -> None:
    gallery = opened(fake, naming=Naming("gallery", unsorted="Unsorted"))
    sea, unsorted = gallery.create_album("Sea"), gallery.create_album("Unsorted")
    other = gallery.create_album("Other")
    photo = gallery.create(sea, source("a.jpg", 1))
    gallery.create(other, source("a.jpg", 1))
    with pytest.raises(Rejected, match="other albums"):
        gallery.move(sea, photo, unsorted, "a.jpg")
    gallery.delete(other, photo)
    assert gallery.move(sea, photo, unsorted, "a.jpg") == photo
    assert listed(gallery, unsorted) == {"a.jpg": photo}
    assert gallery.move(unsorted, photo, sea, "a.jpg") == photo
    assert (listed(gallery, unsorted), listed(gallery, sea)) == ({}, {"a.jpg": photo})


TIMES = {
    "2012-07-01T10:20:30.25+02:00": "2012-07-01T08:20:30.250Z",
    "2012-07-01T10:20:30": "2012-07-01T10:20:30.000Z",
    "0001-01-01T00:00:00+14:00": None,
    "2012-07": None,
}


@NEW
@pytest.mark.parametrize(("said", "sent"), TIMES.items())
def test_an_upload_tells_moments_of_utc(
    gallery: Immich, album: Album, fake: FakeImmich, said: str, sent: str | None
) -> None:
    """3.x takes no other; the wall clock that was said comes from the sidecar."""
    fields = uploads._fields(source("a.jpg", 1, Metadata(taken=said)))
    assert fields["fileCreatedAt"] == (sent or fields["fileModifiedAt"])
    if sent:
        photo = gallery.create(album, source("a.jpg", 1, Metadata(taken=said)))
        assert photo.metadata.taken == normal(Metadata(taken=said)).taken


PARIS, SYDNEY = Location(48.85, 2.35), Location(-33.86, 151.2)


@BOTH
@pytest.mark.parametrize("said", ["2012-07-01T10:20:30+02:00", "2012-07-01T10:20:30"])
def test_a_place_brings_no_other_time(gallery: Immich, album: Album, said: str) -> None:
    """From 2.3 on a time is shown in the zone of the photo's place, whatever was said of it."""
    wall = "2012-07-01T10:20:30"
    photo = gallery.create(album, source("a.jpg", 1, Metadata(taken=said, location=SYDNEY)))
    assert photo.metadata == Metadata(taken=wall, location=SYDNEY)
    for place in (PARIS, None, SYDNEY):
        photo = gallery.edit(album, photo, Metadata(location=place), PLACE)
        assert photo.metadata == Metadata(taken=wall, location=place)


@BOTH
def test_a_time_is_kept_where_there_is_a_place(gallery: Immich, album: Album) -> None:
    photo = gallery.create(album, source("a.jpg", 1, Metadata(location=SYDNEY)))
    for said in ("1885-12-25T10:20:30.5-05:00", "2012-07-01T10:20:30", ""):
        photo = gallery.edit(album, photo, Metadata(taken=said), frozenset({Field.TAKEN}))
        assert photo.metadata == normal(Metadata(taken=said, location=SYDNEY))


@BOTH
def test_an_offset_that_no_zone_has_costs_no_time(gallery: Immich, album: Album) -> None:
    said = "1923-01-01T00:00:00-05:30"
    photo = gallery.create(album, source("a.jpg", 1, Metadata(taken=said)))
    assert photo.metadata.taken == "1923-01-01T00:00:00"


# Who may do what


def configured(fake: FakeImmich, **more: str) -> Immich:
    service = Immich.configure("gallery", {"url": fake.url, "api_key": KEY, **more})
    _OPENED.append(service)
    return service


@pytest.mark.parametrize("fake", [(4, 0, 0)], indirect=True)
def test_a_version_that_is_not_known_is_only_read(fake: FakeImmich) -> None:
    fake.library.add_album("Sea")
    gallery = configured(fake)
    [album] = gallery.albums()
    assert listed(gallery, album) == {}
    for write in (
        lambda: gallery.create_album("New"),
        lambda: gallery.create(album, source("a.jpg")),
        lambda: gallery.move_album(album, "New"),
    ):
        with pytest.raises(Rejected, match=r"4\.0\.0.*allow_newer = yes"):
            write()
    assert configured(fake, allow_newer="yes").create(album, source("a.jpg")).name == "a.jpg"


@pytest.mark.parametrize("fake", [(1, 134, 0)], indirect=True)
def test_a_version_that_is_too_old_is_not_used(fake: FakeImmich) -> None:
    with pytest.raises(Denied, match=r"1\.134\.0"):
        configured(fake)


def test_a_missing_permission_is_named_and_the_key_is_not(fake: FakeImmich) -> None:
    fake.keys["KEY-few"] = {"album.read", "asset.read"}
    gallery = opened(fake, "KEY-few")
    with pytest.raises(Denied, match=r"album\.create") as denied:
        gallery.create_album("Sea")
    assert "KEY-few" not in f"{denied.value!r}{denied.value.__cause__!r}"
    with pytest.raises(Denied, match="Invalid API key"):
        list(opened(fake, "KEY-wrong").albums())


@pytest.mark.parametrize(
    ("key", "value"),
    [("allow_newer", "maybe"), ("album", "{folder}"), ("url", "photos"), ("api_key", "ä")],
)
def test_a_setting_that_cannot_be_is_named(fake: FakeImmich, key: str, value: str) -> None:
    with pytest.raises(UsageError, match=key):
        configured(fake, **{key: value})


def test_the_api_is_where_the_server_says(
    fake: FakeImmich, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(url: str) -> str:
        found = Api.connect("gallery", url, KEY)
        found.close()
        return str(found.version)

    for url in (fake.url, f"{fake.url}/", f"{fake.url}/api"):
        assert version(url) == "1.135.3"
    monkeypatch.setattr(fake, "endpoint", "/other")
    assert version(fake.url) == "1.135.3"
    monkeypatch.setattr(fake, "endpoint", "https://evil.example/api")
    fake.asked.clear()
    with pytest.raises(Denied, match=r"evil\.example"):
        Api.connect("gallery", fake.url, KEY)
    monkeypatch.setattr(fake, "endpoint", "http://[::1")
    with pytest.raises(Denied, match="points to no address"):
        Api.connect("gallery", fake.url, KEY)


def test_room_is_what_the_quota_leaves(gallery: Immich, fake: FakeImmich) -> None:
    assert gallery.room() is None
    fake.quota = (1000, 400)
    assert gallery.room() == 600
    fake.quota = None


# Connections that fail

WRITES: dict[str, Callable[[Immich, Album, Photo], object]] = {
    "create": lambda service, album, photo: service.create(album, source("n.jpg", 5, MUCH_SAID)),
    "edit": lambda service, album, photo: service.edit(
        album, msgspec.structs.replace(photo, version=""), MUCH_SAID, HELD
    ),
    "replace": lambda service, album, photo: service.replace(
        album, msgspec.structs.replace(photo, version=""), source("a.jpg", 6, MUCH_SAID)
    ),
    "delete": lambda service, album, photo: service.delete(
        album, msgspec.structs.replace(photo, version="")
    ),
}
NUMBERS = range(12)


@pytest.mark.parametrize("op", WRITES)
@pytest.mark.parametrize(
    ("fake", "how"), [(V1, "lost"), (V1, "acted"), (V3, "cut"), (V3, 429)], indirect=["fake"]
)
def test_a_write_that_fails_anywhere_is_done_when_asked_again(
    gallery: Immich, album: Album, fake: FakeImmich, op: str, how: str | int
) -> None:
    """Each of its requests that changes something fails once, before or after the server acted."""
    wanted = outcome(fake, opened(fake), op)
    for number in NUMBERS:
        fake.reset()
        service = opened(fake)
        album = service.create_album("Sea")
        photo = service.create(album, source("a.jpg", 1, LITTLE_SAID))
        service.create(album, source("b.jpg", 2))
        fake.fail(r"^(POST|PUT|DELETE) (?!/search|.*check)", how, skip=number)
        failed = False
        for _ in range(3):
            try:
                WRITES[op](service, album, photo)
                break
            except Unavailable:
                failed = True
            except Stale:
                break  # it was done, and the photo has another picture now
        fake.settle()
        assert shown_by(fake, service) == wanted, number
        if not failed:
            assert number > 0, "nothing failed"
            return
    raise AssertionError("it makes more requests than were tried")


@pytest.mark.parametrize("how", ["slow", "late"])
@pytest.mark.parametrize(
    "fits",
    [UPLOAD, "PUT /assets/", r"PUT /tags\Z", "PUT /tags/assets", "PUT /albums/", "POST /albums"],
)
def test_a_server_that_does_not_answer_in_time_makes_nothing_twice(
    fake: FakeImmich, monkeypatch: pytest.MonkeyPatch, fits: str, how: str
) -> None:
    """Whether it never heard, or has done what was asked: as the executor does, asked again."""
    monkeypatch.setattr(http, "ANSWER", 0.3)
    monkeypatch.setattr(http, "DIGEST", 0.3)
    fake.patience = 0.5
    service = opened(fake)
    fake.fail(fits, how)
    album = patiently(lambda: service.create_album("Sea"))
    photo = patiently(lambda: service.create(album, source("a.jpg", 1, LITTLE_SAID)))
    try:
        patiently(lambda: service.edit(album, photo, MUCH_SAID, HELD))
    except Stale:  # it was done, or a part of it: the next run looks again
        fake.settle()
        service.edit(album, listed(service, album)["a.jpg"], MUCH_SAID, HELD)
    assert not any(failure.times for failure in fake.failures)
    assert [each.name for each in fake.library.albums.values()] == ["Sea"]
    assert len(fake.library.assets) == 1
    assert listed(service, album)["a.jpg"].metadata.tags == MUCH_SAID.tags


T = TypeVar("T")


def patiently(call: Callable[[], T]) -> T:
    """As the executor does it: what was Unavailable is asked for again."""
    for _ in range(3):
        with suppress(Unavailable):
            return call()
    return call()


def outcome(fake: FakeImmich, service: Immich, op: str) -> object:
    album = service.create_album("Sea")
    photo = service.create(album, source("a.jpg", 1, LITTLE_SAID))
    service.create(album, source("b.jpg", 2))
    WRITES[op](service, album, photo)
    return shown_by(fake, service)


def shown_by(fake: FakeImmich, service: Immich) -> object:
    """All that stands in albums, without refs and versions."""
    return {
        album.path: sorted(
            (photo.content, photo.metadata.caption, tuple(sorted(photo.metadata.tags)))
            for photo in service.photos(album, Look(check=Check.ALL))
        )
        for album in service.albums()
    }
