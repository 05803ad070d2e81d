"""Photos in the memory of this process: the shortest complete service, and the one to copy.

It forgets everything when the process ends. `docs/writing-a-service.md` walks through it; the
state machines of img-sync run on it, since by its arguments it can behave like services that
show less than they are told. It bears one call at a time.
"""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal, NamedTuple

from ..errors import Rejected, Stale
from ..model import NOTHING_SAID, Album, Field, Metadata, Photo
from ..service import Capabilities, Check, Look, Original, Service, Source

__all__ = ["Kept", "Memory", "Shelf", "User", "Write"]


@dataclass(eq=False)
class Kept:
    """A photo as it is kept. One that stands in several albums is one object."""

    id: str
    name: str
    picture: bytes
    sidecar: bytes | None
    metadata: Metadata
    content: str = ""
    version: str = ""


@dataclass(eq=False)
class Shelf:
    """An album as it is kept."""

    id: str
    path: str
    photos: list[Kept]


class Write(NamedTuple):
    """One call that wrote: its name, the album's path, the photo's name, picture bytes sent.

    `op` is "found" for a `create` that was sent a picture which is there already.
    """

    op: str
    album: str
    name: str = ""
    sent: int = 0


class Memory(Service):
    """A service that keeps its photos in memory.

    `normal`: how it changes what it is told, pure and idempotent; None: not at all.
    `refs`: "ids" stay with a photo or an album for life, "names" are its file name or path.
    `pictures`: whether `content` is a digest of the picture, or a number that tells nobody else
        anything. `versions`: whether it tells versions.

    `shelves` and `trash` are what it keeps, `log` what img-sync wrote, and `user` does what
    people do with the service while img-sync does not look.
    """

    settings: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def configure(cls, name: str, settings: Mapping[str, str]) -> Memory:
        """The service that a section of the configuration file describes."""
        return cls(name)

    def __init__(
        self,
        name: str = "memory",
        *,
        capabilities: Capabilities = Capabilities(),
        normal: Callable[[Metadata], Metadata] | None = None,
        refs: Literal["ids", "names"] = "ids",
        pictures: bool = True,
        versions: bool = True,
    ) -> None:
        if capabilities.many and refs == "names":
            raise ValueError("a photo that stands in several albums needs an id")
        self.name = name
        self.capabilities = capabilities
        self.shelves: list[Shelf] = []
        self.trash: list[Kept] = []
        self.log: list[Write] = []
        self.user = User(self)
        self._normal = normal or (lambda metadata: metadata)
        self._refs = refs
        self._pictures = pictures
        self._versions = versions
        self._count = itertools.count(1)

    def normal(self, metadata: Metadata) -> Metadata:
        return self._readable(self._storable(metadata))

    # Looking

    def albums(self) -> Iterator[Album]:
        for shelf in sorted(self.shelves, key=lambda shelf: shelf.path):
            yield self._album(shelf)

    def photos(self, album: Album, look: Look) -> Iterator[Photo]:
        for kept in list(self._shelf(album).photos):
            if look.hides(kept.name):
                continue
            known = look.known.get(self._ref(kept))
            believed = look.check is Check.CHANGED and known is not None and known.version != ""
            if believed and known.version == kept.version:
                yield known
            else:
                yield self._photo(kept)

    def open(
        self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()
    ) -> Original:
        kept = self._find(self._shelf(album), photo)
        if kept is None or kept.content != photo.content:
            raise Stale(f"{photo.name} has another picture by now, or is gone")
        return Original(io.BytesIO(kept.picture), len(kept.picture), kept.sidecar)

    # Writing

    def create_album(self, path: str) -> Album:
        shelf = self._make_shelf(_checked_path(path))
        return self._album(shelf)

    def create(self, album: Album, source: Source) -> Photo:
        self._allow(self.capabilities.create, "takes no new photos")
        shelf = self._shelf(album)
        name = self._checked_name(source.name)
        picture, sidecar = self._receive(source)
        kept = self._same(shelf, name, picture)
        if kept is None:
            metadata = NOTHING_SAID.but(source.metadata, self.capabilities.writes)
            kept = self._add(shelf, name, picture, sidecar, metadata)
            self.log.append(Write("create", shelf.path, kept.name, len(picture)))
        else:
            self._show_in(shelf, kept)
            self.log.append(Write("found", shelf.path, kept.name, len(picture)))
        return self._photo(kept)

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        self._allow(Field.CONTENT in self.capabilities.writes, "replaces no pictures")
        shelf = self._shelf(album)
        kept = self._as_listed(shelf, photo)
        picture, sidecar = self._receive(source)
        self._paint(kept, picture, sidecar)
        self._say(kept, source.metadata, self.capabilities.writes)
        self.log.append(Write("replace", shelf.path, kept.name, len(picture)))
        return self._photo(kept)

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        self._allow(fields <= self.capabilities.writes, f"does not write all of {sorted(fields)}")
        shelf = self._shelf(album)
        kept = self._as_listed(shelf, photo)
        self._say(kept, metadata, fields)
        self.log.append(Write("edit", shelf.path, kept.name))
        return self._photo(kept)

    def delete(self, album: Album, photo: Photo) -> None:
        self._allow(self.capabilities.delete, "deletes no photos")
        shelf = self._shelf(album)
        if self._find(shelf, photo) is not None:
            self._take_out(shelf, self._as_listed(shelf, photo))
            self.log.append(Write("delete", shelf.path, photo.name))

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        self._allow(self.capabilities.moves, "moves no photos")
        shelf, target = self._shelf(album), self._shelf(to)
        kept = self._as_listed(shelf, photo)
        self._carry(shelf, kept, target, self._checked_name(name))
        self.log.append(Write("move", target.path, kept.name))
        return self._photo(kept)

    def move_album(self, album: Album, path: str) -> Album:
        self._allow(self.capabilities.moves_albums, "moves no albums")
        shelf = self._shelf(album)
        self._carry_shelf(shelf, _checked_path(path))
        self.log.append(Write("move_album", shelf.path))
        return self._album(shelf)

    # What is shown

    def _album(self, shelf: Shelf) -> Album:
        return Album(ref=shelf.id if self._refs == "ids" else shelf.path, path=shelf.path)

    def _photo(self, kept: Kept) -> Photo:
        checksum = self.capabilities.digest
        return Photo(
            ref=self._ref(kept),
            name=kept.name,
            version=kept.version,
            content=kept.content,
            size=len(kept.picture),
            digests=frozenset({_digest(checksum, kept.picture)} if checksum else ()),
            metadata=self._readable(kept.metadata),
        )

    def _ref(self, kept: Kept) -> str:
        return kept.id if self._refs == "ids" else kept.name

    def _readable(self, metadata: Metadata) -> Metadata:
        return NOTHING_SAID.but(metadata, self.capabilities.reads)

    def _storable(self, metadata: Metadata) -> Metadata:
        return self._normal(metadata).clean()

    # What is found

    def _allow(self, able: bool, otherwise: str) -> None:
        if not able:
            raise Rejected(f"{self.name} {otherwise}")

    def _shelf(self, album: Album) -> Shelf:
        for shelf in self.shelves:
            if self._album(shelf).ref == album.ref:
                return shelf
        raise Stale(f"the album {album.path} is gone from {self.name}")

    def _find(self, shelf: Shelf, photo: Photo) -> Kept | None:
        return next((kept for kept in shelf.photos if self._ref(kept) == photo.ref), None)

    def _as_listed(self, shelf: Shelf, photo: Photo) -> Kept:
        kept = self._find(shelf, photo)
        if kept is None:
            raise Stale(f"{photo.name} is gone from {shelf.path}")
        if kept.content != photo.content or (photo.version and kept.version != photo.version):
            raise Stale(f"{photo.name} in {shelf.path} has changed since it was listed")
        return kept

    def _same(self, shelf: Shelf, name: str, picture: bytes) -> Kept | None:
        """The photo that a `create` would make a second time.

        Services that show a photo in several albums know the picture by its bytes alone.
        """
        if self.capabilities.many:
            everywhere = (kept for shelf in self.shelves for kept in shelf.photos)
            return next((kept for kept in everywhere if kept.picture == picture), None)
        here = (kept for kept in shelf.photos if kept.name == name)
        return next((kept for kept in here if kept.picture == picture), None)
