"""Pictures: fetched, replaced, and sources that fail on the way."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

import msgspec
import pytest

from ...errors import Rejected, ServiceError, Stale
from ...model import NOTHING_SAID, PICTURE_DIGESTS, Field, Metadata
from ...service import Original, Service, Source
from ..faults import Crash, breaking
from ..pictures import jpeg
from .basis import GONE, LITTLE_SAID, MUCH_SAID, Basis, assert_says, checksum, source, written

__all__ = ["Pictures"]

SIDECAR = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:own="http://example.org/own/1.0/" own:Remark="kept as it was">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Title of the sidecar</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""

HALF = jpeg(7)[: len(jpeg(7)) // 2]
WHOLE = len(jpeg(7))
BROKEN: dict[str, tuple[Callable[[], BinaryIO], type[BaseException] | tuple[type, ...]]] = {
    "the disk fails": (lambda: breaking(HALF, OSError("gone")), (OSError, ServiceError)),
    "the other service fails": (lambda: breaking(HALF, Stale("gone")), Stale),
    "the process dies": (lambda: breaking(HALF, Crash()), Crash),
    "fewer bytes than told": (lambda: io.BytesIO(HALF), Rejected),
    "no bytes": (lambda: io.BytesIO(), Rejected),
    "more bytes than told": (lambda: io.BytesIO(jpeg(7) + b"more"), Rejected),
}


class Pictures(Basis):
    def test_a_picture_comes_back(self, service: Service) -> None:
        album = self.album(service)
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        with service.open(album, photo) as first, service.open(album, photo) as second:
            data = first.stream.read(10) + first.stream.read()
            again = second.stream.read()
        assert data == again
        assert first.size == len(data)
        assert first.stream.closed
        assert photo.size in (0, len(data))
        if service.capabilities.digest:
            assert checksum(service.capabilities.digest, data) in photo.digests

    def test_the_file_of_another_service_is_identified_and_not_kept(self, service: Service) -> None:
        """As the content that it would have here, if that means anything elsewhere."""
        album = self.album(service)
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        around = self.surroundings(service)
        with service.open(album, photo) as original:
            if not photo.content.startswith(PICTURE_DIGESTS):
                with pytest.raises(Rejected):
                    service.identify(original, photo.name)
                return
            assert service.identify(original, photo.name) == photo.content
        for stream, error in BROKEN.values():
            with Original(stream(), WHOLE) as original, pytest.raises(error):
                service.identify(original, "a.jpg")
        assert self.shown(service, album) == [photo]
        assert self.surroundings(service) == around

    def test_the_bytes_are_those_that_were_given(self, service: Service) -> None:
        """Metadata that a service writes into the file is the one thing that may differ."""
        if not service.capabilities.exact:
            return
        album = self.album(service)
        for name, picture in (("a.jpg", 1), ("b.jpg", 2)):
            photo = self.add(service, album, name, picture)
            with service.open(album, photo) as original:
                assert original.stream.read() == jpeg(picture)
            digest = service.capabilities.digest
            assert not digest or checksum(digest, jpeg(picture)) in photo.digests

    def test_a_sidecar_that_comes_back_keeps_what_is_not_ours(self, service: Service) -> None:
        if not service.capabilities.create:
            return
        album = self.album(service)
        photo = service.create(album, source("a.jpg", 1, LITTLE_SAID, SIDECAR))
        assert_says(service, photo, LITTLE_SAID, written(service))
        with service.open(album, photo) as original:
            assert all(b"kept as it was" in data for data in original.sidecars.values())

    @pytest.mark.parametrize("field", [Field.TITLE, Field.CAPTION, Field.CREATOR, Field.TAGS])
    def test_a_field_is_stripped(self, service: Service, field: Field) -> None:
        if not service.capabilities.strips:
            return
        said = Metadata(
            title="Xyzzy", caption="Xyzzy", creator=("Xyzzy",), tags=frozenset({"Xyzzy"})
        )
        album = self.album(service)
        photo = self.add(service, album, metadata=NOTHING_SAID.but(said, [field]))
        with service.open(album, photo, frozenset({field})) as original:
            assert b"Xyzzy" not in b"".join([original.stream.read(), *original.sidecars.values()])

    def test_a_replaced_picture_keeps_what_is_said(self, service: Service) -> None:
        album = self.album(service)
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        beside = self.add(service, album, "b.jpg", 2, MUCH_SAID)
        if Field.CONTENT not in service.capabilities.writes:
            with self.refused(service, album):
                service.replace(album, photo, source("a.jpg", 7))
            return
        new = service.replace(album, photo, source("a.jpg", 7, LITTLE_SAID))
        assert new.content not in (photo.content, beside.content)
        assert self.told_apart(service, album, photo, new)
        assert_says(service, new, photo.metadata.but(LITTLE_SAID, written(service)))
        assert self.shown(service, album) == sorted([new, beside], key=lambda photo: photo.name)
        with service.open(album, new) as original:
            data = original.stream.read()
        assert not service.capabilities.exact or jpeg(7)[-14:] in data
        back = service.replace(album, new, source("a.jpg", 1, MUCH_SAID))
        assert back.content == photo.content or not photo.content.startswith(("image:", "file:"))

    def test_a_replaced_picture_is_in_the_trash(self, service: Service) -> None:
        if Field.CONTENT not in service.capabilities.writes or self.trash(service) is None:
            return
        album = self.album(service)
        photo = self.add(service, album)
        with service.open(album, photo) as original:
            old = original.stream.read()
        service.replace(album, photo, source("a.jpg", 7))
        trash = self.trash(service)
        assert trash is not None
        assert list(trash) == [old]

    def test_a_replaced_picture_cannot_be_fetched_as_the_old_one(self, service: Service) -> None:
        if Field.CONTENT not in service.capabilities.writes:
            return
        album = self.album(service)
        old = self.add(service, album)
        new = service.replace(album, old, source("a.jpg", 7))
        with pytest.raises(Stale):
            service.open(album, old)
        with service.open(album, new) as original:
            assert original.size
        if old.version:
            with self.refused(service, album, by=Stale):
                service.replace(album, old, source("a.jpg", 8))

    def test_a_picture_that_is_gone_cannot_be_fetched(self, service: Service) -> None:
        album = self.album(service)
        never = msgspec.structs.replace(self.add(service, album), ref="no such ref", version="")
        with self.refused(service, album, by=GONE):
            service.open(album, never)
        if Field.CONTENT in service.capabilities.writes:
            with self.refused(service, album, by=GONE):
                service.replace(album, never, source("a.jpg", 7))

    @pytest.mark.parametrize(("stream", "error"), BROKEN.values(), ids=BROKEN)
    def test_a_source_that_fails_leaves_nothing(
        self,
        service: Service,
        stream: Callable[[], BinaryIO],
        error: type[BaseException] | tuple[type[BaseException], ...],
    ) -> None:
        album = self.album(service)
        photo = self.add(service, album, metadata=MUCH_SAID)
        around, trash = self.surroundings(service), self.trash(service)
        opened: list[BinaryIO] = []
        bad = _given(source("new.jpg", 7), stream, opened)
        if service.capabilities.create:
            with pytest.raises(error):
                service.create(album, bad)
        if Field.CONTENT in service.capabilities.writes:
            with pytest.raises(error):
                service.replace(album, photo, bad)
        assert all(stream.closed for stream in opened), "whoever gets a file closes it"
        assert self.shown(service, album) == [photo]
        assert self.surroundings(service) == around
        assert self.trash(service) == trash
        assert self.add(service, album, "new.jpg", 7).name == "new.jpg"

    def test_a_source_that_does_not_open_leaves_nothing(self, service: Service) -> None:
        def fail() -> Original:
            raise Stale("gone from the other service")

        album = self.album(service)
        photo = self.add(service, album)
        bad = msgspec.structs.replace(source("new.jpg", 7), open=fail)
        if service.capabilities.create:
            with self.refused(service, album, by=Stale):
                service.create(album, bad)
        if Field.CONTENT in service.capabilities.writes:
            with self.refused(service, album, by=Stale):
                service.replace(album, photo, bad)


def _given(good: Source, stream: Callable[[], BinaryIO], opened: list[BinaryIO]) -> Source:
    """`good`, with bytes that come from `stream`; its streams are told in `opened`."""

    def opens() -> Original:
        opened.append(stream())
        return Original(opened[-1], WHOLE)

    # Its checksums are of no bytes that any service holds, so that all of it has to be read.
    photo = msgspec.structs.replace(good.photo, digests=frozenset())
    return msgspec.structs.replace(good, photo=photo, open=opens)
