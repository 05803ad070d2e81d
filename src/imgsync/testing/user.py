"""What people do with a service while img-sync does not look."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from ..model import NOTHING_SAID, Album, Field, Metadata, Photo
from ..service import EVERY_FIELD, Capabilities, Look, Original, Source

__all__ = ["User"]


class Keeper(Protocol):
    """What a `Memory` has. No service is imported here, so that none can be relied on."""

    capabilities: Capabilities
    shelves: list[Any]
    log: list[Any]

    def albums(self) -> Iterator[Album]: ...
    def photos(self, album: Album, look: Look) -> Iterator[Photo]: ...
    def open(self, album: Album, photo: Photo) -> Original: ...
    def create_album(self, path: str) -> Album: ...
    def create(self, album: Album, source: Source) -> Photo: ...
    def replace(self, album: Album, photo: Photo, source: Source) -> Photo: ...
    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo: ...
    def delete(self, album: Album, photo: Photo) -> None: ...
    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo: ...
    def move_album(self, album: Album, path: str) -> Album: ...


class User:
    """Somebody at a `Memory`, who may do everything and sees every field.

    Photos are named by their album's path and their file name; KeyError if there is none. What
    the user does is not in the service's log.
    """

    def __init__(self, service: Keeper) -> None:
        # The same shelves and the same trash, seen by a service that forbids nothing.
        self._hands = copy.copy(service)
        self._hands.log = []
        self._hands.capabilities = msgspec.structs.replace(
            service.capabilities,
            reads=EVERY_FIELD,
            writes=EVERY_FIELD,
            create=True,
            delete=True,
            moves=True,
            renames=True,
            moves_albums=True,
            top=True,
            formats=None,
        )

    def albums(self) -> list[str]:
        return [album.path for album in self._hands.albums()]

    def photos(self, path: str) -> dict[str, Photo]:
        """What stands in the album, by file name, every field shown."""
        return {photo.name: photo for photo in self._hands.photos(self._album(path), Look())}

    def picture(self, path: str, name: str) -> bytes:
        with self._hands.open(self._album(path), self._photo(path, name)) as original:
            return original.stream.read()

    def add(self, path: str, name: str, picture: bytes, metadata: Metadata = NOTHING_SAID) -> Photo:
        """A new photo, in an album that is made if need be."""
        return self._hands.create(self._hands.create_album(path), _source(name, picture, metadata))

    def say(self, path: str, name: str, **values: object) -> Photo:
        """Sets the fields that are named: `say("2012", "a.jpg", title="Beach")`."""
        metadata = msgspec.structs.replace(NOTHING_SAID, **values)
        fields = frozenset(map(Field, values))
        return self._hands.edit(self._album(path), self._photo(path, name), metadata, fields)

    def repaint(self, path: str, name: str, picture: bytes) -> Photo:
        """Another picture; what is said about it stays."""
        photo = self._photo(path, name)
        source = _source(name, picture, photo.metadata)
        return self._hands.replace(self._album(path), photo, source)

    def rename(self, path: str, name: str, new: str) -> Photo:
        return self.move(path, name, path, new)

    def move(self, path: str, name: str, to: str, new: str = "") -> Photo:
        """Into the album `to`, which is made if need be."""
        photo, target = self._photo(path, name), self._hands.create_album(to)
        return self._hands.move(self._album(path), photo, target, new or name)

    def remove(self, path: str, name: str) -> None:
        self._hands.delete(self._album(path), self._photo(path, name))

    def add_album(self, path: str) -> Album:
        return self._hands.create_album(path)

    def move_album(self, path: str, new: str) -> Album:
        return self._hands.move_album(self._album(path), new)

    def remove_album(self, path: str) -> None:
        """The album, those below it where the service is nested, and the photos in them."""
        nested = self._hands.capabilities.nested
        for album in list(self._hands.albums()):
            if album.path == path or (nested and album.path.startswith(path + "/")):
                for photo in self.photos(album.path):
                    self.remove(album.path, photo)
                self._hands.shelves[:] = [s for s in self._hands.shelves if s.path != album.path]

    def _album(self, path: str) -> Album:
        return {album.path: album for album in self._hands.albums()}[path]

    def _photo(self, path: str, name: str) -> Photo:
        return self.photos(path)[name]


def _source(name: str, picture: bytes, metadata: Metadata) -> Source:
    def opened() -> Original:
        return Original(io.BytesIO(picture), len(picture))

    return Source(name, metadata, Photo("", name, size=len(picture)), opened)
