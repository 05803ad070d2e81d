"""The two sides of a comparison with digiKam: files as they are, and the database alone."""

from __future__ import annotations

import os
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
        folder = self._changing(album)
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

    Photos that it does not know are not there. Their files are looked at only to recognise them.
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
        top = self._files.top
        for folder in sorted(self._collection.folders()):
            if folder.is_relative_to(top) and folder.is_dir():
                path = "" if folder == top else os.path.relpath(folder, top)
                yield Album(path, path)

    def fingerprint(self, album: Album) -> str:
        shelf = self._collection.shelf(self._folder(album))
        try:
            marked = self._marked(album, shelf)
        except OSError:
            return ""
        if marked is None:
            return ""
        return fingerprint(each for each in marked if each[0] in shelf)

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        shelf = self._collection.shelf(self._folder(album))
        seen_by_digikam = msgspec.structs.replace(
            look, hides=lambda name: name not in shelf or look.hides(name)
        )

        def show(photo: Photo) -> Photo:
            return _as_database(photo, shelf[photo.ref])

        return self._looked_at(album, seen_by_digikam, shelf, show)

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
        raise Rejected(f"{source.name} is for digiKam to find: start it, then run again")

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        raise _not_here(photo.ref)

    def delete(self, album: Album, photo: Photo) -> None:
        raise _not_here(photo.ref)

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        raise _not_here(photo.ref)

    def move_album(self, album: Album, path: str) -> Album:
        raise _not_here(album.path)

    def _shown(self, folder: Path, photo: Photo, before: Photo | None = None) -> Photo:
        kept = self._collection.row(folder, photo.ref)
        if kept is None:
            raise stale(folder / photo.ref)
        return _as_database(photo, kept)


def _as_database(photo: Photo, kept: tuple[Row, Said]) -> Photo:
    version = versions.with_mark(photo.version, kept)
    return msgspec.structs.replace(photo, version=version, metadata=kept[1].metadata)


def _not_here(what: str) -> Rejected:
    return Rejected(f"{what}: digiKam follows what happens to its files, not the other way round")
