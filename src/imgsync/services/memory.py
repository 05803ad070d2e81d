"""Photos in the memory of this process: the shortest complete service, and the one to copy.

It forgets everything when the process ends. `docs/writing-a-service.md` walks through it. Its
arguments let it behave like services that show less than they are told, which is what the state
machines of img-sync run on. It bears one call at a time, and `open` besides.
"""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, NamedTuple

from ..errors import Rejected, Stale
from ..model import NOTHING_SAID, Album, Field, Metadata, Photo
from ..service import Capabilities, Check, Look, Original, Service, Source

__all__ = ["Kept", "Memory", "Shelf", "Write"]


@dataclass(eq=False)
class Kept:
    """A photo as it is kept. One that stands in several albums is one object."""

    id: str
    name: str
    picture: bytes = b""
    sidecars: Mapping[str, bytes] = field(default_factory=dict)
    metadata: Metadata = NOTHING_SAID
    content: str = ""
    version: str = ""


@dataclass(eq=False)
class Shelf:
    """An album as it is kept."""

    id: str
    path: str
    photos: list[Kept] = field(default_factory=list)


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

    `normal`: how it changes what it is told, pure and idempotent; None is not at all.
    `refs`: "ids" stay with a photo or an album for life; "names" are its file name or path.
    `pictures`: whether `content` is a digest of the bytes, or a number without a meaning.
    `versions`: whether it tells versions.

    `shelves` and `trash` are what it keeps, `log` tells what was written.
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
        capabilities: Capabilities | None = None,
        normal: Callable[[Metadata], Metadata] | None = None,
        refs: Literal["ids", "names"] = "ids",
        pictures: bool = True,
        versions: bool = True,
    ) -> None:
        self.name = name
        self.capabilities = capabilities or Capabilities()
        self.shelves: list[Shelf] = []
        self.trash: list[Kept] = []
        self.log: list[Write] = []
        self._lossy = normal or (lambda metadata: metadata)
        self._refs = refs
        self._pictures = pictures
        self._versions = versions
        self._numbers = itertools.count(1)
        if self.capabilities.many and refs == "names":
            raise ValueError("a photo that stands in several albums needs an id")

    def normal(self, metadata: Metadata) -> Metadata:
        return self._readable(self._lossy(metadata).clean())

    # Looking

    def albums(self) -> Iterator[Album]:
        for shelf in sorted(self.shelves, key=lambda shelf: shelf.path):
            yield self._album(shelf)

    def photos(self, album: Album, look: Look) -> Iterator[Photo]:
        for kept in list(self._shelf(album).photos):
            if look.hides(kept.name):
                continue
            known = look.known.get(self._ref(kept))
            if known and look.check is Check.CHANGED and known.version == kept.version != "":
                yield known
            else:
                yield self._photo(kept)

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        kept = self._find(self._shelf(album), photo)
        if kept is None or kept.content != photo.content:
            raise Stale(f"{photo.name} is gone from {self.name}, or shows another picture")
        return Original(io.BytesIO(kept.picture), len(kept.picture), kept.sidecars)

    def identify(self, original: Original, name: str) -> str:
        if not self._pictures:
            return super().identify(original, name)
        picture = original.stream.read()
        if len(picture) != original.size:
            raise Rejected(f"{name} has not as many bytes as it says")
        return _picture_digest(picture)

    # Writing

    def create_album(self, path: str) -> Album:
        return self._album(self._make_shelf(self._checked_path(path)))

    def create(self, album: Album, source: Source) -> Photo:
        self._allow(self.capabilities.create, "takes no new photos")
        shelf = self._shelf(album)
        name = self._checked_name(source.name)
        picture, sidecars = self._receive(source)
        kept = self._same(shelf, name, picture)
        if kept is None:
            kept = Kept(f"photo{next(self._numbers)}", _free(name, shelf))
            self._paint(kept, picture, sidecars)
            self._say(kept, source.metadata, self.capabilities.writes)
            op = "create"
        else:
            op = "found"
        if kept not in shelf.photos:
            shelf.photos.append(kept)
        self.log.append(Write(op, shelf.path, kept.name, len(picture)))
        return self._photo(kept)

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        self._allow(Field.CONTENT in self.capabilities.writes, "replaces no pictures")
        shelf = self._shelf(album)
        kept = self._as_listed(shelf, photo)
        picture, sidecars = self._receive(source)
        self.trash.append(replace(kept))
        self._paint(kept, picture, sidecars)
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
        if self._find(shelf, photo) is None:
            return
        kept = self._as_listed(shelf, photo)
        shelf.photos.remove(kept)
        if not any(kept in other.photos for other in self.shelves):
            self.trash.append(kept)
        self.log.append(Write("delete", shelf.path, kept.name))

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        self._allow(self.capabilities.moves or album == to, "moves no photos")
        self._allow(self.capabilities.renames or photo.name == name, "renames no photos")
        shelf, target = self._shelf(album), self._shelf(to)
        kept = self._as_listed(shelf, photo)
        name = self._checked_name(name)
        shelf.photos.remove(kept)
        kept.name = _free(name, target)
        kept.version = self._next_version()
        if kept not in target.photos:
            target.photos.append(kept)
        self.log.append(Write("move", target.path, kept.name))
        return self._photo(kept)

    def move_album(self, album: Album, path: str) -> Album:
        self._allow(self.capabilities.moves_albums, "moves no albums")
        shelf = self._shelf(album)
        old, inside = shelf.path, shelf.path + "/"
        nested = self.capabilities.nested
        taken = {other.path for other in self.shelves} - {old}
        if path in taken or (nested and path.startswith(inside)):
            raise Rejected(f"{self.name} cannot move the album {old} to {path}")
        self._make_parents(self._checked_path(path))
        for other in self.shelves:
            if other is shelf or (nested and other.path.startswith(inside)):
                other.path = path + other.path[len(old) :]
        self.log.append(Write("move_album", path))
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
            digests=frozenset([_digest(checksum, kept.picture)] if checksum else []),
            metadata=self._readable(kept.metadata),
        )

    def _ref(self, kept: Kept) -> str:
        return kept.id if self._refs == "ids" else kept.name

    def _readable(self, metadata: Metadata) -> Metadata:
        return NOTHING_SAID.but(metadata, self.capabilities.reads)

    # What is found

    def _shelf(self, album: Album) -> Shelf:
        for shelf in tuple(self.shelves):  # `open` may come while another call changes them
            if self._album(shelf).ref == album.ref:
                return shelf
        raise Stale(f"the album {album.path} is gone from {self.name}")

    def _find(self, shelf: Shelf, photo: Photo) -> Kept | None:
        photos = tuple(shelf.photos)
        return next((kept for kept in photos if self._ref(kept) == photo.ref), None)

    def _as_listed(self, shelf: Shelf, photo: Photo) -> Kept:
        kept = self._find(shelf, photo)
        if kept is None:
            raise Stale(f"{photo.name} is gone from {shelf.path} in {self.name}")
        if kept.content != photo.content or (photo.version and kept.version != photo.version):
            raise Stale(f"{photo.name} in {shelf.path} has changed since {self.name} listed it")
        return kept

    def _same(self, shelf: Shelf, name: str, picture: bytes) -> Kept | None:
        """The photo that a `create` would make a second time.

        Services that show a photo in several albums know a picture by its bytes alone; others by
        the name too, which may be one like it if that one was taken.
        """
        if self.capabilities.many:
            all_kept = (kept for other in self.shelves for kept in other.photos)
            return next((kept for kept in all_kept if kept.picture == picture), None)
        named = {kept.name: kept for kept in shelf.photos}
        taken = (named[like] for like in itertools.takewhile(named.__contains__, _like(name)))
        return next((kept for kept in taken if kept.picture == picture), None)

    # What is kept

    def _allow(self, able: bool, otherwise: str) -> None:
        if not able:
            raise Rejected(f"{self.name} {otherwise}")

    def _checked_name(self, name: str) -> str:
        formats = self.capabilities.formats
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise Rejected(f"{name!r} cannot be the name of a photo")
        if formats is not None and name.rpartition(".")[2].lower() not in formats:
            raise Rejected(f"{self.name} does not take files like {name}")
        return name

    def _checked_path(self, path: str) -> str:
        if "\0" in path or (path and not {"", ".", ".."}.isdisjoint(path.split("/"))):
            raise Rejected(f"{path!r} cannot be the path of an album")
        self._allow(path != "" or self.capabilities.top, "has no album at the top")
        return path

    def _receive(self, source: Source) -> tuple[bytes, Mapping[str, bytes]]:
        """The whole picture, before anything is changed."""
        with source.open() as original:
            picture = original.stream.read()
        if len(picture) != original.size:
            raise Rejected(f"{source.name} has changed while it was read")
        exact = self.capabilities.exact or picture.endswith(_RECODED)
        return picture if exact else picture + _RECODED, original.sidecars

    def _paint(self, kept: Kept, picture: bytes, sidecars: Mapping[str, bytes]) -> None:
        kept.picture, kept.sidecars = picture, sidecars
        kept.content = _picture_digest(picture) if self._pictures else str(next(self._numbers))

    def _say(self, kept: Kept, metadata: Metadata, fields: frozenset[Field]) -> None:
        kept.metadata = self._lossy(kept.metadata.but(metadata, fields)).clean()
        kept.version = self._next_version()

    def _next_version(self) -> str:
        return str(next(self._numbers)) if self._versions else ""

    def _make_shelf(self, path: str) -> Shelf:
        for shelf in self.shelves:
            if shelf.path == path:
                return shelf
        self._make_parents(path)
        shelf = Shelf(f"album{next(self._numbers)}", path)
        self.shelves.append(shelf)
        self.log.append(Write("create_album", path))
        return shelf

    def _make_parents(self, path: str) -> None:
        above = path.rpartition("/")[0]
        if above and self.capabilities.nested:
            self._make_shelf(above)


_RECODED = b"recoded"


def _picture_digest(picture: bytes) -> str:
    return "image:" + hashlib.sha256(picture).hexdigest()


def _digest(checksum: str, picture: bytes) -> str:
    return f"{checksum}:{hashlib.new(checksum, picture).hexdigest()}"


def _free(name: str, shelf: Shelf) -> str:
    """`name`, or one like it that no photo of the album has."""
    taken = {kept.name for kept in shelf.photos}
    return next(free for free in _like(name) if free not in taken)


def _like(name: str) -> Iterator[str]:
    """`name`, and then others like it."""
    stem, dot, suffix = name.rpartition(".")
    yield name
    for number in itertools.count(2):
        yield f"{stem}-{number}{dot}{suffix}"
