"""What every chapter of the conformance suite stands on: a service, and ways to fill it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from ...errors import Rejected, ServiceError, Stale
from ...model import (
    METADATA_FIELDS,
    NOTHING_SAID,
    SET_FIELDS,
    Album,
    Field,
    Location,
    Metadata,
    Photo,
    Region,
    same,
)
from ...service import Check, Look, Original, Service, Source, Unread
from ..pictures import jpeg

__all__ = [
    "GONE",
    "LITTLE_SAID",
    "MUCH_SAID",
    "Basis",
    "assert_says",
    "checksum",
    "source",
    "written",
]

MUCH_SAID = Metadata(
    title="Beach",
    caption="Low tide, and nobody there.",
    tags=frozenset({"sea", "Places/France/Brest"}),
    taken="2012-07-01T10:20:30.25+02:00",
    location=Location(48.390625, -4.484375, 12.5),
    rating=4,
    label="Red",
    favorite=True,
    people=(Region("Ann", (0.5, 0.5, 0.25, 0.25)), Region("Bo", (0.25, 0.25, 0.125, 0.125))),
    creator=("Cleo Maker",),
    copyright="Cleo Maker 2012",
)
LITTLE_SAID = Metadata(
    title="Harbour",
    caption="High tide.",
    tags=frozenset({"sea", "ship"}),
    taken="1999-12-31T23:59:58",
    location=Location(-33.859375, 151.203125),
    rating=2,
    label="Blue",
    favorite=False,
    people=(Region("Ann", (0.5, 0.5, 0.25, 0.25)), Region("Dee")),
    creator=("Eve", "Finn"),
    copyright="Public domain",
)


class Basis:
    """A service under test, and what the suite cannot know of it."""

    @pytest.fixture
    def service(self) -> Service:
        """A service that holds no photo yet, a new one for every test."""
        raise NotImplementedError("the fixture `service` gives an empty service")

    def reopen(self, service: Service) -> Service:
        """The same photos, as another run sees them: closes `service` and opens a new one.

        Left as it is where nothing outlives the service.
        """
        return service

    def put(self, service: Service, album: Album, source: Source) -> Photo:
        """How a photo gets in; replaced where the service itself cannot `create`."""
        return service.create(album, source)

    def trash(self, service: Service) -> Collection[bytes] | None:
        """The pictures in the trash; None where a test cannot look into it."""
        return None

    def surroundings(self, service: Service) -> object:
        """What lies around the albums (other folders, say) and must never change."""
        return None

    def album(self, service: Service, path: str = "Summer") -> Album:
        return service.create_album(path)

    def add(
        self,
        service: Service,
        album: Album,
        name: str = "a.jpg",
        picture: int = 1,
        metadata: Metadata = NOTHING_SAID,
    ) -> Photo:
        return self.put(service, album, source(name, picture, metadata))

    def shown(self, service: Service, album: Album, look: Look | None = None) -> list[Photo]:
        """The album's photos, sorted by name, each with a ref of its own; nothing is believed."""
        photos = _seen(Photo, service.photos(album, look or Look(check=Check.ALL)))
        assert len({photo.ref for photo in photos}) == len(photos), "a ref stands for two photos"
        return sorted(photos, key=lambda photo: photo.name)

    def paths(self, service: Service) -> list[str]:
        """The paths of all albums but the top, in the order in which they are listed.

        An album without a photo need not be among them, nor an album above another.
        """
        albums = _seen(Album, service.albums())
        assert len({album.ref for album in albums}) == len(albums), "a ref stands for two albums"
        assert len({album.path for album in albums}) == len(albums), "two albums have one path"
        return [album.path for album in albums if album.path]

    def told_apart(self, service: Service, album: Album, old: Photo, new: Photo) -> bool:
        """Whether versions tell what was done to a photo, or the service says they may not."""
        done = (old.content, old.metadata) != (new.content, new.metadata)
        return not (done and old.version and new.version == old.version) or service.racy(album, new)

    @contextmanager
    def refused(
        self,
        service: Service,
        *albums: Album,
        by: type[ServiceError] | tuple[type[ServiceError], ...] = Rejected,
    ) -> Iterator[None]:
        """The block raises `by`, and changes neither the albums' paths nor what is in `albums`."""
        before = self.paths(service), [self.shown(service, album) for album in albums]
        with pytest.raises(by):
            yield
        assert before == (self.paths(service), [self.shown(service, album) for album in albums])


# What may be said of a photo, or an album, that is not there.
GONE = (Stale, Rejected)

Kind = TypeVar("Kind")


def _seen(kind: type[Kind], found: Iterable[Kind | Unread]) -> list[Kind]:
    """All that was found; nothing in the suite gives a service a reason not to look."""
    listed = list(found)
    seen = [one for one in listed if isinstance(one, kind)]
    assert seen == listed, "something could not be looked at"
    return seen


def written(service: Service) -> frozenset[Field]:
    """The metadata fields that the service writes."""
    return service.capabilities.writes.intersection(METADATA_FIELDS)


def checksum(kind: str, data: bytes) -> str:
    return f"{kind}:{hashlib.new(kind, data).hexdigest()}"


def source(
    name: str = "a.jpg",
    picture: int = 1,
    metadata: Metadata = NOTHING_SAID,
    sidecar: bytes | None = None,
) -> Source:
    """`jpeg(picture)` as another service has it."""
    data = jpeg(picture)
    photo = Photo(
        ref=f"elsewhere/{picture}",
        name=name,
        version="1",
        content=f"elsewhere {picture}",
        size=len(data),
        digests=frozenset({checksum("sha1", data), checksum("md5", data)}),
        metadata=metadata,
    )
    sidecars = {"+.xmp": sidecar} if sidecar else {}
    return Source(name, metadata, photo, lambda: Original(io.BytesIO(data), len(data), sidecars))


def assert_says(
    service: Service, photo: Photo, said: Metadata, fields: Collection[Field] = METADATA_FIELDS
) -> None:
    """`photo` shows `said` in `fields`, in the service's normal form, and no field it cannot read.

    Elements of a set may be spelled otherwise, as long as their normal form is the same. A service
    that is not precise may be off by what `model.same` tolerates.
    """
    capabilities, normal, shown = service.capabilities, service.normal(said), photo.metadata
    assert shown == shown.clean(), "metadata goes out cleaned"
    for field in METADATA_FIELDS:
        value, expected = shown.get(field), normal.get(field)
        value = service.normal(shown).get(field) if field in SET_FIELDS and value else value
        if field not in capabilities.reads:
            assert value == NOTHING_SAID.get(field), f"{field} is not read, but shown"
        elif field in fields and (capabilities.precise or not same(field, value, expected)):
            assert value == expected, f"{field} is not what was said"
