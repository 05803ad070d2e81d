"""A tree that digiKam knows does what every service does, and so does its database."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from imgsync.model import Album, Photo
from imgsync.service import Service, Source
from imgsync.services.digikam import Digikam
from imgsync.testing.conformance import Conformance

from .conftest import Collected, found_by_digikam, one, said_by_digikam


class Kept(Conformance):
    """How photos get into a collection, and what is left of those that were deleted."""

    @pytest.fixture(autouse=True)
    def _collection(self, empty: Collected) -> None:
        self.collected = empty

    @pytest.fixture
    def service(self) -> Service:
        return self.end()

    def end(self) -> Service:
        return self.collected.view()

    def reopen(self, service: Service) -> Service:
        service.close()
        self.collected.check()
        return self.end()

    def put(self, service: Service, album: Album, source: Source) -> Photo:
        files = self.collected.files()
        made = files.create(files.create_album(album.path), source)
        path = "/".join(filter(None, (album.path, made.name)))
        if not path.isprintable():
            return one(service, path)[1]  # no such name can be in the database
        known = "SELECT 1 FROM Images i JOIN Albums a ON a.id = i.album WHERE (relativePath, name)"
        if not self.collected.rows(f"{known} = (?, ?)", f"/{album.path}", made.name):
            found_by_digikam(self.collected, path)
        said_by_digikam(self.collected, path, source.metadata)
        return one(service, path)[1]

    def trash(self, service: Service) -> Collection[bytes]:
        kept = (self.collected.folder.parent / "trash").rglob("*.jpg")
        return [path.read_bytes() for path in kept]


class TestView(Kept):
    """Metadata in the database alone, as digiKam has it at first."""


class TestViewInFiles(Kept):
    """Metadata in files, too."""

    @pytest.fixture(autouse=True)
    def _saving(self, empty: Collected) -> None:
        options = ("Tags", "EXIF_Comments", "Rating", "Pick_Label", "Color_Label", "Date_Time")
        more = ("Template", "FaceTags", "Position")
        empty.says(**{f"Save_{option}": "true" for option in (*options, *more)})


class TestDatabase(Kept):
    """The database against its own files."""

    # Where digiKam knows no album there is none.
    test_a_hostile_path_leads_nowhere_else = None  # type: ignore[assignment]

    def end(self) -> Service:
        return Digikam(self.collected.database).alone(self.collected.files())

    def album(self, service: Service, path: str = "Summer") -> Album:
        self.collected.files().create_album(path)
        levels = path.split("/")
        for number in range(len(levels) + 1):
            sql = "INSERT OR IGNORE INTO Albums (albumRoot, relativePath) VALUES (1, ?)"
            self.collected.do(sql, "/" + "/".join(levels[:number]))
        return service.create_album(path)
