"""Photos that leave their place: moved, renamed, deleted."""

from __future__ import annotations

import msgspec

from ...errors import Stale
from ...model import Photo
from ...service import Service
from .basis import GONE, LITTLE_SAID, MUCH_SAID, Basis, written

__all__ = ["Moves"]


class Moves(Basis):
    def test_a_moved_photo_is_the_same_photo(self, service: Service) -> None:
        album, to = self.album(service), self.album(service, "2012/Winter")
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        beside = self.add(service, album, "b.jpg", 2, LITTLE_SAID)
        if not service.capabilities.moves:
            with self.refused(service, album, to):
                service.move(album, photo, to, photo.name)
            return
        moved = service.move(album, photo, to, photo.name)
        assert moved.name == photo.name
        assert _what(moved) == _what(photo)
        assert self.shown(service, album) == [beside]
        assert self.shown(service, to) == [moved]
        again = self.reopen(service)
        assert self.shown(again, self.album(again, "2012/Winter")) == [moved]

    def test_a_move_is_done_when_it_is_asked_for_again(self, service: Service) -> None:
        """The photo may stand where it is to stand already, and here as well."""
        if not (service.capabilities.moves and service.capabilities.many):
            return
        album, to = self.album(service), self.album(service, "Winter")
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        self.add(service, to, "a.jpg", 1, MUCH_SAID)
        moved = service.move(album, photo, to, photo.name)
        assert _what(moved) == _what(photo)
        assert self.shown(service, album) == []
        assert self.shown(service, to) == [moved]

    def test_a_photo_stays_in_the_albums_that_it_is_not_moved_from(self, service: Service) -> None:
        if not (service.capabilities.moves and service.capabilities.many):
            return
        album, to = self.album(service), self.album(service, "Winter")
        other = self.album(service, "Other")
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        self.add(service, other, "a.jpg", 1, MUCH_SAID)
        moved = service.move(album, photo, to, photo.name)
        assert self.shown(service, other) == self.shown(service, to) == [moved]

    def test_a_photo_is_renamed_in_its_place(self, service: Service) -> None:
        album = self.album(service)
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        if not service.capabilities.renames:
            with self.refused(service, album):
                service.move(album, photo, album, "b.jpg")
            return
        for name in ("b.jpg", "B.jpg", "B.jpg"):
            photo, old = service.move(album, photo, album, name), photo
            assert photo.name == name
            assert _what(photo) == _what(old)
            assert self.shown(service, album) == [photo]

    def test_a_photo_is_moved_and_renamed_at_once(self, service: Service) -> None:
        if not (service.capabilities.moves and service.capabilities.renames):
            return
        album, to = self.album(service), self.album(service, "Winter")
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        moved = service.move(album, photo, to, "c.jpg")
        assert moved.name == "c.jpg"
        assert _what(moved) == _what(photo)
        assert self.shown(service, album) == []
        assert self.shown(service, to) == [moved]

    def test_a_moved_photo_takes_no_other_ones_name(self, service: Service) -> None:
        if not service.capabilities.moves:
            return
        album, to = self.album(service), self.album(service, "Winter")
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        other = self.add(service, to, "a.jpg", 2, LITTLE_SAID)
        moved = service.move(album, photo, to, "a.jpg")
        assert moved.ref != other.ref
        assert moved.name.endswith(".jpg")
        assert _what(moved) == _what(photo)
        assert self.shown(service, album) == []
        assert other in self.shown(service, to)
        assert moved in self.shown(service, to)

    def test_a_move_of_a_photo_that_changed_is_stale(self, service: Service) -> None:
        if not service.capabilities.moves:
            return
        album, to = self.album(service), self.album(service, "Winter")
        photo = self.add(service, album)
        never = msgspec.structs.replace(photo, ref="no such ref", version="")
        with self.refused(service, album, to, by=GONE):
            service.move(album, never, to, never.name)
        fields = written(service)
        new = service.edit(album, photo, MUCH_SAID, fields) if fields else photo
        if new.version != photo.version:
            with self.refused(service, album, to, by=Stale):
                service.move(album, photo, to, photo.name)

    def test_a_deleted_photo_is_in_the_trash(self, service: Service) -> None:
        album = self.album(service)
        photo = self.add(service, album, "a.jpg", 1, MUCH_SAID)
        beside = self.add(service, album, "b.jpg", 2, LITTLE_SAID)
        if not service.capabilities.delete:
            with self.refused(service, album):
                service.delete(album, photo)
            return
        with service.open(album, photo) as original:
            picture = original.stream.read()
        around = self.surroundings(service)
        service.delete(album, photo)
        assert self.shown(service, album) == [beside]
        assert self.trash(service) is None or list(self.trash(service) or ()) == [picture]
        assert self.surroundings(service) == around
        again = self.reopen(service)
        assert self.shown(again, self.album(again)) == [beside]

    def test_a_photo_is_deleted_twice_without_harm(self, service: Service) -> None:
        if not service.capabilities.delete:
            return
        album = self.album(service)
        photo, beside = self.add(service, album), self.add(service, album, "b.jpg", 2)
        service.delete(album, photo)
        service.delete(album, photo)
        assert self.shown(service, album) == [beside]
        service.delete(album, beside)
        assert self.shown(service, album) == []

    def test_a_photo_that_changed_is_not_deleted(self, service: Service) -> None:
        fields = written(service)
        if not (service.capabilities.delete and fields):
            return
        album = self.album(service)
        photo = self.add(service, album)
        if service.edit(album, photo, MUCH_SAID, fields).version != photo.version:
            with self.refused(service, album, by=Stale):
                service.delete(album, photo)


def _what(photo: Photo) -> tuple[object, ...]:
    """What a photo is, wherever it stands."""
    return photo.content, photo.size, photo.digests, photo.metadata
