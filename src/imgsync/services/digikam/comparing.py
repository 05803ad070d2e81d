"""The two sides of a comparison with digiKam: files as they are, and the database alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ...errors import Rejected
from ...model import METADATA_FIELDS, Album, Field, Metadata, Photo, fingerprint
from ...service import Capabilities, Look, Source, Unread
from ..files import Files
from ..files.scanner import find
from ..files.troubles import told
from . import stamps, versions
from .collection import Collection
from .end import End, stale
from .rows import Row
from .said import Said

__all__ = ["Database", "InStep"]

_UNFOUND = "digiKam has not found it yet: start it, then run again"


class InStep(End):
    """The folders of `files` as the files are; digiKam is told of what is written into them."""

    def normal(self, metadata: Metadata) -> Metadata:
        return self._files.normal(metadata)

    def fingerprint(self, album: Album) -> str:
        return self._files.fingerprint(album)

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        return self._files.photos(album, look)

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        folder = self._changing(album, photo)
        kept = self._collection.row(folder, photo.ref)
        if kept is None:
            return self._files.edit(album, photo, metadata, fields)
        with told(f"{folder / photo.ref} cannot be read"):
            before = self._stamp(folder, find(folder, photo.ref))
        edited = self._files.edit(album, photo, metadata, fields)
        if stamps.agree(kept[0], before):
            with told(f"{folder / photo.ref} cannot be read"):
                after = self._stamp(folder, find(folder, photo.ref))
            self._collection.note(folder, photo.ref, after)
        return edited

    def _shown(self, folder: Path, photo: Photo, before: Photo | None = None) -> Photo:
        return photo

    def _check_version(self, folder: Path, photo: Photo) -> None:
        pass


class Database(End):
    """What digiKam's database says of the photos in the folders of `files`, and nothing else.

    Photos that it does not know cannot be read: if they were absent they would seem deleted. Files
    are looked at only to recognise them.
    """

    def __init__(self, files: Files, collection: Collection) -> None:
        super().__init__(files, collection)
        self.capabilities = Capabilities(
            writes=frozenset(METADATA_FIELDS),
            create=False,
            delete=False,
            moves=False,
            renames=False,
            moves_albums=False,
            whole=True,
        )

    def normal(self, metadata: Metadata) -> Metadata:
        return self._collection.normal(self._files.normal(metadata))

    def albums(self) -> Iterator[Album | Unread]:
        for album in self._files.albums():
            if isinstance(album, Unread) or self._collection.holds(self._folder(album)):
                yield album

    def fingerprint(self, album: Album) -> str:
        shelf = self._collection.shelf(self._folder(album))
        try:
            marked = self._marked(album, shelf)
        except OSError:
            return ""
        found = None if marked is None else list(marked)
        return fingerprint(found) if found and all(shelf[name] for name, _ in found) else ""

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        shelf = self._collection.shelf(self._folder(album))

        def show(photo: Photo) -> Photo | Unread:
            kept = shelf[photo.ref]
            return _as_database(photo, kept) if kept else Unread(photo.ref, photo.name, _UNFOUND)

        return self._looked_at(album, look, shelf, show)

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        folder = self._changing(album, photo)
        kept = self._collection.row(folder, photo.ref)
        if kept is None:
            raise stale(folder / photo.ref)
        wanted = self.normal(photo.metadata.but(metadata, fields))
        if wanted.tags != photo.metadata.tags and Field.PEOPLE in fields:
            fields |= {Field.TAGS}
        self._collection.check(wanted, fields)
        self._collection.write(folder, photo.ref, kept[1], wanted, fields)
        return self._shown(folder, self._again(album, photo))

    def create(self, album: Album, source: Source) -> Photo:
        raise Rejected(f"{source.name}: {_UNFOUND}")

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        raise _not_here(photo.ref)

    def delete(self, album: Album, photo: Photo) -> None:
        raise _not_here(photo.ref)

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        raise _not_here(photo.ref)

    def move_album(self, album: Album, path: str) -> Album:
        raise _not_here(album.path)

    def _shown(self, folder: Path, photo: Photo, before: Photo | None = None) -> Photo:
        kept = self._collection.kept(folder, photo.ref)
        if kept is None:
            raise stale(folder / photo.ref)
        return _as_database(photo, kept)


def _as_database(photo: Photo, kept: tuple[Row, Said]) -> Photo:
    version = versions.with_mark(photo.version, kept)
    return msgspec.structs.replace(photo, version=version, metadata=kept[1].metadata)


def _not_here(what: str) -> Rejected:
    return Rejected(f"{what}: digiKam follows what happens to its files, not the other way round")
