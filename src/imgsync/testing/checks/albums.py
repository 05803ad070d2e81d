"""Albums: made, listed, moved."""

from __future__ import annotations

import pytest

from ...errors import Rejected
from ...model import Album, fingerprint
from ...service import Service
from .basis import GONE, MUCH_SAID, Basis, written

__all__ = ["Albums"]

ODD_PATHS = [
    "with blanks",
    "Straße été 夏",
    "beach 🏖",
    'quote\'s "n" `ticks`',
    "a & b; <i>c</i>",
    "50% + #1?",
    "dots...in it",
    "-rf",
    "~",
    "$HOME",
    "back\\slash",
    "2012/Sea/Day 1",
]

HOSTILE_PATHS = [
    "../outside",
    "Summer/../../outside",
    "/outside",
    "a//b",
    ".",
    "Summer/.",
    "nul\0byte",
    "lone\udce9surrogate",
    "x" * 300,
    "new\nline",
]


class Albums(Basis):
    def test_an_empty_service_shows_no_photos(self, service: Service) -> None:
        assert service.name
        assert self.paths(service) == []

    def test_a_new_album_is_empty_and_listed_with_its_first_photo(self, service: Service) -> None:
        album = service.create_album("Summer")
        assert album.path == "Summer"
        assert self.shown(service, album) == []
        self.add(service, album)
        assert album in list(service.albums())

    def test_photos_stand_at_the_top_where_they_can(self, service: Service) -> None:
        if not service.capabilities.top:
            with self.refused(service):
                service.create_album("")
            return
        top = service.create_album("")
        assert top.path == ""
        photo = self.add(service, top)
        self.add(service, self.album(service), "b.jpg", 2)
        assert self.shown(service, top) == [photo]
        first = next(service.albums())
        assert first == top

    def test_an_album_made_twice_is_one(self, service: Service) -> None:
        album = self.album(service)
        photo = self.add(service, album)
        assert service.create_album(album.path) == album
        assert self.paths(service) == ["Summer"]
        assert self.shown(service, album) == [photo]

    def test_albums_outlive_the_run(self, service: Service) -> None:
        photo = self.add(service, self.album(service), metadata=MUCH_SAID)
        service = self.reopen(service)
        assert self.paths(service) == ["Summer"]
        assert self.shown(service, self.album(service)) == [photo]

    def test_an_album_is_listed_before_those_below_it(self, service: Service) -> None:
        for path in ("b/c/d", "b", "b c", "a/b"):
            self.add(service, self.album(service, path))
        paths = self.paths(service)
        above = {"a", "b/c"} if service.capabilities.nested else set()
        assert set(paths) - above == {"a/b", "b", "b c", "b/c/d"}
        for path in paths:
            below = [other for other in paths if other.startswith(path + "/")]
            assert all(paths.index(path) < paths.index(other) for other in below)

    def test_albums_of_one_name_stand_apart(self, service: Service) -> None:
        this, that = self.album(service, "2011/Sea"), self.album(service, "2012/Sea")
        assert this.ref != that.ref
        photo = self.add(service, this)
        assert self.shown(service, this) == [photo]
        assert self.shown(service, that) == []

    @pytest.mark.parametrize("path", ODD_PATHS)
    def test_an_odd_path_is_kept_or_rejected(self, service: Service, path: str) -> None:
        try:
            album = service.create_album(path)
        except Rejected:
            assert self.paths(service) == []
            return
        assert album.path == path
        photo = self.add(service, album)
        service = self.reopen(service)
        assert self.shown(service, self.album(service, path)) == [photo]

    @pytest.mark.parametrize("path", HOSTILE_PATHS, ids=ascii)
    def test_a_hostile_path_leads_nowhere_else(self, service: Service, path: str) -> None:
        summer = self.album(service)
        photo = self.add(service, summer)
        around = self.surroundings(service)
        try:
            album = service.create_album(path)
        except Rejected:
            assert self.paths(service) == ["Summer"]
        else:
            assert album != summer
            assert {"", ".", ".."}.isdisjoint(album.path.split("/"))
            there = self.add(service, album, "b.jpg", 2)
            assert album.path in self.paths(service)
            assert self.shown(service, album) == [there]
        assert self.shown(service, summer) == [photo]
        assert self.surroundings(service) == around

    def test_a_moved_album_takes_its_photos_along(self, service: Service) -> None:
        album = self.album(service)
        photo = self.add(service, album, metadata=MUCH_SAID)
        if not service.capabilities.moves_albums:
            with self.refused(service, album):
                service.move_album(album, "2012/Beach")
            return
        moved = service.move_album(album, "2012/Beach")
        assert moved.path == "2012/Beach"
        assert moved in list(service.albums())
        assert "Summer" not in self.paths(service)
        [there] = self.shown(service, moved)
        assert (there.name, there.content, there.metadata) == (
            photo.name,
            photo.content,
            photo.metadata,
        )

    def test_an_album_that_is_there_already_stays(self, service: Service) -> None:
        """As where it went along with the one above it."""
        if not service.capabilities.moves_albums:
            return
        album = self.album(service)
        photo = self.add(service, album, metadata=MUCH_SAID)
        assert service.move_album(album, "Summer") == album
        assert self.shown(service, album) == [photo]
        assert self.shown(self.reopen(service), album) == [photo]

    def test_albums_below_move_along_where_they_nest(self, service: Service) -> None:
        if not service.capabilities.moves_albums:
            return
        album, below = self.album(service), self.album(service, "Summer/Day 1")
        beside = self.album(service, "Summer 2")
        for number, each in enumerate((album, below, beside)):
            self.add(service, each, f"{number}.jpg", number)
        service.move_album(album, "Beach")
        day = "Beach/Day 1" if service.capabilities.nested else "Summer/Day 1"
        names = {
            album.path: [photo.name for photo in self.shown(service, album)]
            for album in service.albums()
            if isinstance(album, Album) and album.path
        }
        assert names == {"Beach": ["0.jpg"], "Summer 2": ["2.jpg"], day: ["1.jpg"]}

    def test_an_album_moves_over_no_other(self, service: Service) -> None:
        album, other = self.album(service), self.album(service, "Winter")
        self.add(service, album)
        self.add(service, other, "b.jpg", 2)
        with self.refused(service, album, other, by=GONE):
            service.move_album(album, "Winter")

    def test_an_album_moves_not_into_itself(self, service: Service) -> None:
        if not service.capabilities.nested:
            return
        album = self.album(service)
        self.add(service, album)
        with self.refused(service, album, by=GONE):
            service.move_album(album, "Summer/Day 1")

    def test_an_album_that_is_gone_does_not_show_empty(self, service: Service) -> None:
        if not service.capabilities.moves_albums:
            return
        album = self.album(service)
        photo = self.add(service, album)
        service.move_album(album, "Beach")
        try:
            names = [photo.name for photo in self.shown(service, album)]
        except GONE:
            return
        assert names == [photo.name]

    def test_a_fingerprint_is_that_of_the_photos(self, service: Service) -> None:
        """An empty one says nothing, and is always allowed."""
        album = self.album(service)

        def check() -> None:
            told = service.fingerprint(album)
            photos = self.shown(service, album)
            assert told in ("", fingerprint((photo.ref, photo.version) for photo in photos))

        check()
        photo = self.add(service, album)
        check()
        self.add(service, album, "b.jpg", 2)
        check()
        for field in sorted(written(service)):
            photo = service.edit(album, photo, MUCH_SAID, frozenset({field}))
            check()
        if service.capabilities.delete:
            service.delete(album, photo)
            check()

    def test_an_album_can_be_held_again(self, service: Service) -> None:
        album = self.album(service)
        for number in (1, 2):
            with service.hold(album):
                self.add(service, album, f"{number}.jpg", number)
        assert len(self.shown(service, album)) == 2
