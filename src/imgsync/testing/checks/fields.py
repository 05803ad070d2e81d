"""What people say about a photo: set, changed, cleared, shown in its normal form."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest

from ...errors import Rejected, Stale
from ...model import METADATA_FIELDS, NOTHING_SAID, Field, Location, Metadata, Region
from ...service import Service
from .basis import GONE, LITTLE_SAID, MUCH_SAID, Basis, assert_says, written

__all__ = ["Fields"]

SAYINGS = {
    "nothing": NOTHING_SAID,
    "much": MUCH_SAID,
    "little": LITTLE_SAID,
    "a date without a time": Metadata(taken="2012-07-01"),
    "a month": Metadata(taken="2012-07"),
    "a time without an offset": Metadata(taken="2012-07-01T10:20:30"),
    "a time in UTC": Metadata(taken="2012-07-01T10:20:30Z"),
    "a time before 1970": Metadata(taken="1923-01-01T00:00:00-05:30"),
    "nowhere in the sea": Metadata(location=Location(0.0, 0.0)),
    "on the equator": Metadata(location=Location(0.0, 100.0, 0.0)),
    "below the sea": Metadata(location=Location(31.5, 35.5, -430.5)),
    "rejected": Metadata(rating=-1),
    "five stars": Metadata(rating=5),
    "a label of one's own": Metadata(label="To do"),
    "a tag of many levels": Metadata(tags=frozenset({"a/b/c/d/e/f", "a/b", "a"})),
    "tags that differ in case": Metadata(tags=frozenset({"Sea", "sea", "Places/Sea"})),
    "tags with separators": Metadata(tags=frozenset({"a, b", "c; d", "e|f", "g\\h", "<i>"})),
    "a person without a face": Metadata(people=(Region("Ann"),)),
    "two faces of one": Metadata(
        people=(Region("Ann", (0.25, 0.5, 0.125, 0.25)), Region("Ann", (0.75, 0.5, 0.125, 0.25)))
    ),
    "a caption of lines": Metadata(caption="one\n\n  two\n\tthree"),
    "a long caption": Metadata(caption="word " * 2000 + "end"),
}


class Fields(Basis):
    @pytest.mark.parametrize("field", METADATA_FIELDS)
    def test_a_field_is_set_changed_and_cleared(self, service: Service, field: Field) -> None:
        album = self.album(service)
        photo = self.add(service, album, metadata=MUCH_SAID)
        if field not in service.capabilities.writes:
            self._is_not_written(service, field)
            return
        for said in (LITTLE_SAID, NOTHING_SAID, MUCH_SAID):
            edited = service.edit(album, photo, said, frozenset({field}))
            assert_says(service, edited, photo.metadata.but(said, [field]))
            assert (edited.ref, edited.name, edited.content) == (
                photo.ref,
                photo.name,
                photo.content,
            )
            assert self.told_apart(service, album, photo, edited)
            assert self.shown(service, album) == [edited]
            photo = edited
        service = self.reopen(service)
        assert self.shown(service, self.album(service)) == [photo]

    def _is_not_written(self, service: Service, field: Field) -> None:
        album = self.album(service)
        [photo] = self.shown(service, album)
        with suppress(Rejected):
            service.edit(album, photo, LITTLE_SAID, frozenset({field}))
        [after] = self.shown(service, album)
        assert after.metadata == photo.metadata

    @pytest.mark.parametrize("said", SAYINGS.values(), ids=SAYINGS)
    def test_many_fields_are_edited_at_once(self, service: Service, said: Metadata) -> None:
        fields = written(service)
        if not fields:
            return
        album = self.album(service)
        photo = self.add(service, album, metadata=LITTLE_SAID)
        edited = service.edit(album, photo, said, fields)
        assert_says(service, edited, photo.metadata.but(said, fields))
        assert self.shown(service, album) == [edited]
        again = service.edit(album, edited, said, fields)
        assert again.metadata == edited.metadata
        assert again.content == photo.content

    @pytest.mark.parametrize("said", SAYINGS.values(), ids=SAYINGS)
    def test_a_new_photo_shows_its_normal_form(self, service: Service, said: Metadata) -> None:
        if not service.capabilities.create:
            return
        album = self.album(service)
        photo = self.add(service, album, metadata=said)
        assert_says(service, photo, said, written(service))
        assert self.shown(service, album) == [photo]

    @pytest.mark.parametrize("said", SAYINGS.values(), ids=SAYINGS)
    def test_the_normal_form_is_pure(self, service: Service, said: Metadata) -> None:
        normal = service.normal(said)
        assert normal == service.normal(said)
        assert normal == service.normal(normal)
        assert normal == normal.clean()
        hidden = set(METADATA_FIELDS) - service.capabilities.reads
        assert normal == normal.but(NOTHING_SAID, hidden)

    def test_nothing_said_stays_nothing(self, service: Service) -> None:
        assert service.normal(NOTHING_SAID) == NOTHING_SAID
        photo = self.add(service, self.album(service))
        assert photo.metadata == NOTHING_SAID

    def test_other_photos_stay(self, service: Service) -> None:
        fields = written(service)
        album, other = self.album(service), self.album(service, "Winter")
        photo = self.add(service, album, "a.jpg", 1)
        beside = self.add(service, album, "b.jpg", 2, MUCH_SAID)
        apart = self.add(service, other, "a.jpg", 3, MUCH_SAID)
        if fields:
            service.edit(album, photo, LITTLE_SAID, fields)
        assert beside in self.shown(service, album)
        assert self.shown(service, other) == [apart]

    def test_an_edit_of_an_older_version_is_stale(self, service: Service) -> None:
        fields = written(service)
        album = self.album(service)
        old = self.add(service, album)
        if not (old.version and fields):
            return
        new = service.edit(album, old, MUCH_SAID, fields)
        if new.version == old.version:
            assert self.told_apart(service, album, old, new)
            return
        with self.refused(service, album, by=Stale):
            service.edit(album, old, LITTLE_SAID, fields)

    def test_an_edit_of_a_photo_that_is_gone_is_stale(self, service: Service) -> None:
        fields = written(service)
        if not (fields and service.capabilities.delete):
            return
        album = self.album(service)
        photo = self.add(service, album)
        service.delete(album, photo)
        with self.refused(service, album, by=GONE):
            service.edit(album, photo, MUCH_SAID, fields)
        never = msgspec.structs.replace(photo, ref="no such ref", version="")
        with self.refused(service, album, by=GONE):
            service.edit(album, never, MUCH_SAID, fields)
