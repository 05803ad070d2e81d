"""The service in memory does what every service does, however it is set up."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

import pytest

from imgsync.model import Album, Field, Metadata, Photo
from imgsync.service import EVERY_FIELD, Capabilities, Look, Service, Source
from imgsync.services.memory import Memory, Write
from imgsync.testing import lossy
from imgsync.testing.checks.basis import source
from imgsync.testing.conformance import Conformance
from imgsync.testing.pictures import jpeg
from imgsync.testing.user import User


class InMemory(Conformance):
    """How a test looks into a Memory."""

    def trash(self, service: Service) -> Collection[bytes] | None:
        assert isinstance(service, Memory)
        return [kept.picture for kept in service.trash]

    def put(self, service: Service, album: Album, source: Source) -> Photo:
        assert isinstance(service, Memory)
        if service.capabilities.create:
            return service.create(album, source)
        with source.open() as original:
            picture = original.stream.read()
        return User(service).add(album.path, source.name, picture, source.metadata)


class TestPlain(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        return Memory()


class TestNamesForRefs(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        return Memory(refs="names", pictures=False)


class TestFlatWithPhotosInManyAlbums(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        capabilities = Capabilities(nested=False, many=True, top=False, digest="sha1")
        return Memory(capabilities=capabilities, pictures=False)


class TestLossy(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        normal = lossy.one_after_another(
            lossy.cut_captions(10),
            lossy.lower_tags,
            lossy.flat_tags,
            lossy.plain_times,
            lossy.stars_alone,
        )
        return Memory(normal=normal)


class TestFewFields(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        reads = EVERY_FIELD - {Field.PEOPLE, Field.LABEL}
        writes = frozenset({Field.TITLE, Field.TAGS, Field.RATING, Field.LABEL})
        return Memory(capabilities=Capabilities(reads=reads, writes=writes))


class TestNoVersions(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        return Memory(versions=False, refs="names")


class TestInexact(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        return Memory(
            capabilities=Capabilities(
                exact=False, precise=False, strips=frozenset({"jpg"}), digest="md5"
            )
        )


class TestNothingMoves(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        capabilities = Capabilities(
            moves=False, moves_albums=False, delete=False, formats=frozenset({"jpg"})
        )
        return Memory(capabilities=capabilities)


class TestReadOnly(InMemory):
    @pytest.fixture
    def service(self) -> Service:
        capabilities = Capabilities(
            writes=frozenset(), create=False, delete=False, moves=False, moves_albums=False
        )
        return Memory(capabilities=capabilities)


def test_the_log_tells_what_was_sent() -> None:
    memory = Memory()
    album = memory.create_album("2012/Summer")
    photo = memory.create(album, source("a.jpg", 1))
    memory.create(album, source("a.jpg", 1))
    photo = memory.edit(album, photo, Metadata(title="Beach"), frozenset({Field.TITLE}))
    photo = memory.replace(album, photo, source("a.jpg", 2))
    photo = memory.move(album, photo, memory.create_album("2012"), "b.jpg")
    memory.move_album(album, "2012/Sea")
    memory.delete(memory.create_album("2012"), photo)
    size = len(jpeg(1))
    assert memory.log == [
        Write("create_album", "2012"),
        Write("create_album", "2012/Summer"),
        Write("create", "2012/Summer", "a.jpg", size),
        Write("found", "2012/Summer", "a.jpg", size),
        Write("edit", "2012/Summer", "a.jpg"),
        Write("replace", "2012/Summer", "a.jpg", size),
        Write("move", "2012", "b.jpg"),
        Write("move_album", "2012/Sea"),
        Write("delete", "2012", "b.jpg"),
    ]


def test_a_photo_in_several_albums_is_one() -> None:
    memory = Memory(capabilities=Capabilities(many=True))
    here, there = memory.create_album("Here"), memory.create_album("There")
    first = memory.create(here, source("a.jpg", 1, Metadata(title="Beach")))
    second = memory.create(there, source("b.jpg", 1, Metadata(title="Harbour")))
    assert second == first, "what was said of it stays"
    memory.edit(there, second, Metadata(caption="Low tide"), frozenset({Field.CAPTION}))
    [photo] = memory.photos(here, Look())
    assert photo.metadata == Metadata(title="Beach", caption="Low tide")
    memory.delete(here, photo)
    assert memory.trash == []
    memory.delete(there, photo)
    assert [kept.picture for kept in memory.trash] == [jpeg(1)]


def test_a_photo_in_several_albums_needs_an_id() -> None:
    with pytest.raises(ValueError, match="needs an id"):
        Memory(capabilities=Capabilities(many=True), refs="names")


def test_a_picture_is_comparable_where_it_is_told() -> None:
    told, untold = Memory(), Memory(pictures=False)
    shown = [User(memory).add("Summer", "a.jpg", jpeg(1)) for memory in (told, told, untold)]
    assert shown[0].content == shown[1].content == "image:" + sha256(jpeg(1)).hexdigest()
    assert ":" not in shown[2].content


def test_a_user_may_do_what_the_service_may_not_be_asked() -> None:
    nothing = Capabilities(
        reads=frozenset({Field.CONTENT}),
        writes=frozenset(),
        create=False,
        delete=False,
        moves=False,
        renames=False,
        moves_albums=False,
        formats=frozenset(),
    )
    memory = Memory(capabilities=nothing)
    user = User(memory)
    user.add("Summer", "a.jpg", jpeg(1), Metadata(title="Beach"))
    user.add("Summer", "b.jpg", jpeg(2))
    user.say("Summer", "a.jpg", rating=5, tags=frozenset({"sea"}))
    user.repaint("Summer", "a.jpg", jpeg(3))
    user.rename("Summer", "a.jpg", "c.jpg")
    user.move("Summer", "c.jpg", "Winter")
    user.remove("Summer", "b.jpg")
    user.move_album("Winter", "2012/Winter")
    user.add_album("2013")
    assert user.albums() == ["2012", "2012/Winter", "2013", "Summer"]
    assert user.picture("2012/Winter", "c.jpg") == jpeg(3)
    [photo] = user.photos("2012/Winter").values()
    assert photo.metadata == Metadata(title="Beach", rating=5, tags=frozenset({"sea"}))
    [shown] = memory.photos(memory.create_album("2012/Winter"), Look())
    assert shown.metadata == Metadata()
    user.remove_album("2012")
    assert user.albums() == ["2013", "Summer"]
    assert [kept.picture for kept in memory.trash] == [jpeg(1), jpeg(2), jpeg(3)]
    assert memory.log == []


NORMALS = {
    "cut": (lossy.cut_captions(4), Metadata(caption="one two"), Metadata(caption="one")),
    "lower": (
        lossy.lower_tags,
        Metadata(tags=frozenset({"Sea", "SEA/Ice"})),
        Metadata(tags=frozenset({"sea", "sea/ice"})),
    ),
    "flat": (
        lossy.flat_tags,
        Metadata(tags=frozenset({"a/Sea", "b/Sea"})),
        Metadata(tags=frozenset({"Sea"})),
    ),
    "plain": (
        lossy.plain_times,
        Metadata(taken="2012-07-01T10:20:30.25+02:00"),
        Metadata(taken="2012-07-01T10:20:30"),
    ),
    "stars": (lossy.stars_alone, Metadata(rating=-1), Metadata()),
}


@pytest.mark.parametrize(("normal", "said", "shown"), NORMALS.values(), ids=NORMALS)
def test_a_lossy_service_shows_less(normal: lossy.Normal, said: Metadata, shown: Metadata) -> None:
    memory = Memory(normal=normal)
    assert memory.normal(said) == shown
    assert memory.create(memory.create_album("Summer"), source(metadata=said)).metadata == shown
    assert User(memory).say("Summer", "a.jpg", title="Beach").metadata == shown.but(
        Metadata(title="Beach"), [Field.TITLE]
    )


def test_configuration_names_it() -> None:
    assert Memory.configure("attic", {}).name == "attic"
    assert Memory.settings == {}
