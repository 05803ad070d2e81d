"""Photos: created and listed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec

from ...model import Field, Photo
from ...service import Check, Look, Service
from .basis import LITTLE_SAID, MUCH_SAID, Basis, assert_says, source, written

__all__ = ["Photos"]


class Photos(Basis):
    def test_a_created_photo_shows_what_was_given(self, service: Service) -> None:
        album = self.album(service)
        if not service.capabilities.create:
            with self.refused(service, album):
                service.create(album, source())
            return
        photo = service.create(album, source("a.jpg", 1, MUCH_SAID))
        assert photo.name == "a.jpg"
        assert photo.ref
        assert photo.content
        assert_says(service, photo, MUCH_SAID, written(service))

    def test_a_photo_of_which_no_time_is_known_shows_none(self, service: Service) -> None:
        """When its file came, or was written, is no time at which it was taken."""
        album = self.album(service)
        self.add(service, album)
        service = self.reopen(service)
        [photo] = self.shown(service, self.album(service))
        assert photo.metadata.taken == ""

    def test_what_a_write_gives_back_is_what_is_listed(self, service: Service) -> None:
        album = self.album(service)
        photos = [
            self.add(service, album, "a.jpg", 1, MUCH_SAID),
            self.add(service, album, "b.jpg", 2, LITTLE_SAID),
        ]
        for check in Check:
            assert self.shown(service, album, Look(check=check)) == photos
        again = self.reopen(service)
        assert self.shown(again, self.album(again)) == photos

    def test_a_photo_created_again_is_one(self, service: Service) -> None:
        if not service.capabilities.create:
            return
        album = self.album(service)
        photo = service.create(album, source("a.jpg", 1, MUCH_SAID))
        again = service.create(album, source("a.jpg", 1, MUCH_SAID))
        assert (again.ref, again.name, again.content) == (photo.ref, photo.name, photo.content)
        assert self.shown(service, album) == [again]
        service = self.reopen(service)
        service.create(self.album(service), source("a.jpg", 1, MUCH_SAID))
        assert len(self.shown(service, self.album(service))) == 1

    def test_a_name_that_another_picture_has_is_not_taken_from_it(self, service: Service) -> None:
        if not service.capabilities.create:
            return
        album = self.album(service)
        first = service.create(album, source("a.jpg", 1, MUCH_SAID))
        second = service.create(album, source("a.jpg", 2, LITTLE_SAID))
        third = service.create(album, source("a.jpg", 3))
        assert first in self.shown(service, album)
        assert len({photo.content for photo in (first, second, third)}) == 3
        assert len(self.shown(service, album)) == 3
        assert second.name.endswith(".jpg")
        assert_says(service, second, LITTLE_SAID, written(service))

    def test_one_picture_under_two_names_is_two_photos(self, service: Service) -> None:
        album = self.album(service)
        first, second = self.add(service, album, "a.jpg"), self.add(service, album, "b.jpg")
        shown = self.shown(service, album)
        if not service.capabilities.many:
            assert shown == [first, second]
        assert {first.ref, second.ref} == {photo.ref for photo in shown}

    def test_one_picture_in_two_albums(self, service: Service) -> None:
        here, there = self.album(service, "Here"), self.album(service, "There")
        first, second = self.add(service, here), self.add(service, there)
        assert self.shown(service, here) == [first]
        assert self.shown(service, there) == [second]
        if not service.capabilities.delete:
            return
        trash = self.trash(service)
        service.delete(here, first)
        assert self.shown(service, here) == []
        assert self.shown(service, there) == [second]
        if service.capabilities.many:
            assert self.trash(service) == trash, "a photo that stands elsewhere is no trash"

    def test_a_photo_in_one_album_alone_is_edited_alone(self, service: Service) -> None:
        if service.capabilities.many or Field.TITLE not in service.capabilities.writes:
            return
        here, there = self.album(service, "Here"), self.album(service, "There")
        first, second = self.add(service, here), self.add(service, there)
        service.edit(here, first, MUCH_SAID, frozenset({Field.TITLE}))
        assert self.shown(service, there) == [second]

    def test_pictures_that_differ_have_contents_that_differ(self, service: Service) -> None:
        album = self.album(service)
        photos = [self.add(service, album, f"{n}.jpg", n) for n in range(9)]
        assert len({photo.content for photo in photos}) == len(photos)

    def test_calls_may_come_at_once(self, service: Service) -> None:
        """As many as the service says it bears, into one album, under one name."""
        if not service.capabilities.create:
            return
        with ThreadPoolExecutor(service.capabilities.connections) as pool:
            albums = list(pool.map(service.create_album, ["2012/Summer"] * 8))
            assert albums == albums[:1] * 8
            given = [source("a.jpg", number, MUCH_SAID) for number in range(16)]
            photos = list(pool.map(service.create, albums * 2, given))
        shown = self.shown(service, albums[0])
        assert sorted(photo.ref for photo in photos) == sorted(photo.ref for photo in shown)
        assert len({photo.content for photo in shown}) == 16

    def test_a_format_that_is_not_taken_is_rejected(self, service: Service) -> None:
        formats = service.capabilities.formats
        if formats is None:
            return
        assert all(suffix == suffix.lower().strip(".") for suffix in formats)
        album = self.album(service)
        with self.refused(service, album):
            service.create(album, source("a.xyz"))

    def test_hidden_names_are_passed_over(self, service: Service) -> None:
        album = self.album(service)
        self.add(service, album, "a.jpg", 1)
        seen = self.add(service, album, "b.jpg", 2)
        assert self.shown(service, album, Look(hides=lambda name: name == "a.jpg")) == [seen]

    def test_what_is_known_is_not_made_up(self, service: Service) -> None:
        """However much is known: a photo that changed since, or is gone, is shown as it is."""
        album = self.album(service)
        photo = self.add(service, album, metadata=MUCH_SAID)
        forged = msgspec.structs.replace(photo, metadata=LITTLE_SAID, content="forged")
        gone = msgspec.structs.replace(photo, ref=photo.ref + "0", name="gone.jpg")

        def look(known: Photo, check: Check) -> Photo:
            looked = Look(known={photo.ref: known, gone.ref: gone}, check=check)
            [shown] = self.shown(service, album, looked)
            return shown

        for version in ("", "of another time"):
            old = msgspec.structs.replace(forged, version=version)
            for check in Check:
                assert look(old, check) == photo, f"{check} believed version {version!r}"
        assert look(forged, Check.ALL) == photo
        assert look(forged, Check.METADATA).metadata == photo.metadata
        assert look(photo, Check.CHANGED) == photo
        assert look(forged, Check.CHANGED) in (photo, forged)
