"""A tree of folders whose photos digiKam knows: as digiKam shows them, and digiKam's side alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from ...errors import Rejected, Stale
from ...model import METADATA_FIELDS, NOTHING_SAID, Album, Field, Metadata, Photo, fingerprint
from ...service import Capabilities, Look, Original, Service, Source, Unread
from ..files import Files
from ..files.scanner import find
from ..files.tree import Entry, list_folder, names_in
from ..files.troubles import told
from . import stamps
from .collection import Collection, Shelf
from .inscribing import inscribe
from .rows import Row
from .said import Said

__all__ = ["Database", "InStep", "View"]

# A photo's version is that of its file, this, and the fingerprint of what the database says.
_MARK = ":digikam="


class _End(Service):
    """The photos of `files` that digiKam knows, and how its rows go along with their files."""

    def __init__(self, files: Files, collection: Collection) -> None:
        self.name = files.name
        self.capabilities: Capabilities = files.capabilities
        self._files = files
        self._collection = collection
        self._missing: dict[Path, set[str]] = {}

    @property
    def on_trash(self) -> Callable[[str, str], None]:
        """Is told the path of every file that went to the trash, and where it is now."""
        return self._files.on_trash

    @on_trash.setter
    def on_trash(self, listener: Callable[[str, str], None]) -> None:
        self._files.on_trash = listener

    # Looking.

    def albums(self) -> Iterator[Album | Unread]:
        return self._files.albums()

    def racy(self, album: Album, photo: Photo) -> bool:
        return self._files.racy(album, photo)

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        return self._files.open(album, _plain(photo), without)

    # Writing.

    def create(self, album: Album, source: Source) -> Photo:
        """digiKam finds the new photo itself, and what is said of it in file or sidecar."""
        folder = self._changing(album)
        missing = self._names_without_files(folder)
        made = self._files.create(album, source)
        if made.name in missing:  # another photo of that name, which is gone
            self._collection.remove(folder, made.name)
            missing.discard(made.name)
        return self._shown(folder, made)

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        folder = self._changing(album, photo)
        made = self._files.replace(album, _plain(photo), source)
        self._collection.read_again(folder, photo.ref, self.normal(source.metadata))
        return self._shown(folder, made)

    def delete(self, album: Album, photo: Photo) -> None:
        is_there = os.path.lexists(self._folder(album) / photo.ref)
        folder = self._changing(album, photo if is_there else None)
        self._files.delete(album, _plain(photo))
        self._collection.remove(folder, photo.ref)

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        folder, other = self._changing(album, photo), self._changing(to)
        moved = self._files.move(album, _plain(photo), to, name)
        self._collection.move(folder, photo.ref, other, moved.ref)
        return self._shown(other, moved)

    def create_album(self, path: str) -> Album:
        return self._files.create_album(path)

    def move_album(self, album: Album, path: str) -> Album:
        folder = self._changing(album)
        moved = self._files.move_album(album, path)
        self._collection.move_album(folder, self._folder(moved))
        return moved

    def room(self) -> int | None:
        return self._files.room()

    def hold(self, album: Album) -> AbstractContextManager[None]:
        return self._files.hold(album)

    def close(self) -> None:
        self._files.close()
        self._collection.close()

    # What each end does in its own way.

    def _shown(self, folder: Path, photo: Photo) -> Photo:
        """A photo as the end shows it, which was read from its file."""
        raise NotImplementedError

    def _check_version(self, folder: Path, photo: Photo) -> None:
        """Raises Stale if what digiKam says of a photo is no longer as listed."""
        if photo.version:
            kept = self._collection.row(folder, photo.ref)
            if _mark_of(photo) != (kept[1].fingerprint if kept else ""):
                raise _stale(folder / photo.ref)

    # What they share.

    def _folder(self, album: Album) -> Path:
        return Path(os.path.realpath(self._files.top / album.ref))

    def _changing(self, album: Album, photo: Photo | None = None) -> Path:
        """The folder of an album that may be changed now. Raises Rejected, and Stale."""
        folder = self._folder(album)
        if self._collection.holds(folder):
            self._collection.check()
            if photo is not None:
                self._check_version(folder, photo)
        return folder

    def _names_without_files(self, folder: Path) -> set[str]:
        """Names of photos that digiKam believes to be in a folder."""
        if folder not in self._missing:
            with told(f"{folder} cannot be read"):
                self._missing[folder] = self._collection.names(folder).difference(names_in(folder))
        return self._missing[folder]

    def _marked(self, album: Album, shelf: Shelf) -> Iterator[tuple[str, str]] | None:
        """Names and versions of the photos in a folder; None if one cannot be looked at."""
        listing = list_folder(os.fspath(self._folder(album)), os.fspath(self._files.top))
        if listing.unread:
            return None
        entries = (entry for entry in listing.entries() if isinstance(entry, Entry))
        return ((entry.name, _with_mark(entry.version, shelf.get(entry.name))) for entry in entries)

    def _seen(
        self, album: Album, look: Look, shelf: Shelf
    ) -> Iterator[tuple[Photo, Photo | None] | Unread]:
        """The photos as their files show them, each with the known one if nothing has changed.

        A file is read again too if what the database says of it has changed.
        """
        known = {ref: _as_file(photo, shelf.get(photo.ref)) for ref, photo in look.known.items()}
        for photo in self._files.photos(album, msgspec.structs.replace(look, known=known)):
            if isinstance(photo, Unread):
                yield photo
            else:
                believed = photo is known.get(photo.ref)
                yield photo, look.known[photo.ref] if believed else None

    def _again(self, album: Album, photo: Photo) -> Photo:
        """A photo as its file shows it now; its picture is the one of `photo`."""
        with told(f"{self._folder(album) / photo.ref} cannot be read"):
            entry = find(self._folder(album), photo.ref)
        now = msgspec.structs.replace(photo, version=entry.version)
        return self._files.edit(album, now, NOTHING_SAID, frozenset())


class View(_End):
    """The folders of `files` as digiKam shows them: its database over what files and sidecars say.

    What is said goes into the database, and into file or sidecar where digiKam's own settings say
    so. `embed`: whether files may be written at all. Photos that digiKam has not found yet are
    those of their files.
    """

    def __init__(self, files: Files, collection: Collection, *, embed: bool) -> None:
        super().__init__(files, collection)
        self._embed = embed

    def normal(self, metadata: Metadata) -> Metadata:
        return self._collection.normal(self._files.normal(metadata))

    def fingerprint(self, album: Album) -> str:
        shelf = self._collection.shelf(self._folder(album))
        if not shelf:
            return self._files.fingerprint(album)
        try:
            versions = self._marked(album, shelf)
        except OSError:
            return ""
        return fingerprint(versions) if versions is not None else ""

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        shelf = self._collection.shelf(self._folder(album))
        for seen in self._seen(album, look, shelf):
            if isinstance(seen, Unread):
                yield seen
            else:
                photo, known = seen
                yield known or self._said(photo, shelf.get(photo.ref))

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        folder = self._changing(album, photo)
        kept = self._collection.row(folder, photo.ref)
        if kept is None:
            return self._shown(folder, self._files.edit(album, _plain(photo), metadata, fields))
        wanted = self.normal(photo.metadata.but(metadata, fields))
        if wanted.tags != photo.metadata.tags and Field.PEOPLE in fields:
            fields |= {Field.TAGS}  # who gets a face gets the tag too
        self._collection.check(wanted, fields)
        stamp = self._inscribe(folder, _plain(photo), kept[0], wanted, fields)
        self._collection.write(folder, photo.ref, kept[1], wanted, fields, stamp)
        return self._shown(folder, self._again(album, photo))

    def _inscribe(
        self, folder: Path, photo: Photo, row: Row, wanted: Metadata, fields: frozenset[Field]
    ) -> stamps.Stamp | None:
        """Writes into file or sidecar what digiKam would; gives what digiKam is to know of them.

        Nothing if it has not seen them as they were before: it is to read them again.
        """
        habits, path = self._collection.habits, folder / photo.ref
        with told(f"{path} cannot be written"):
            entry = find(folder, photo.ref)
            if photo.version and entry.version != photo.version:
                raise _stale(path)
            saved = fields & habits.saves
            if not saved:
                return None
            is_known = stamps.agree(row, self._stamp(folder, entry))
            inscribe(folder, entry, wanted, saved, habits, embed=self._embed)
            return self._stamp(folder, find(folder, photo.ref)) if is_known else None

    def _stamp(self, folder: Path, entry: Entry) -> stamps.Stamp:
        return _stamp(self._collection, folder, entry)

    def _shown(self, folder: Path, photo: Photo) -> Photo:
        return self._said(photo, self._collection.row(folder, photo.ref))

    def _said(self, photo: Photo, kept: tuple[Row, Said] | None) -> Photo:
        metadata = self._collection.normal(photo.metadata)
        return msgspec.structs.replace(
            photo,
            version=_with_mark(photo.version, kept),
            metadata=kept[1].over(metadata) if kept else metadata,
        )


class InStep(_End):
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
            before = _stamp(self._collection, folder, find(folder, photo.ref))
        edited = self._files.edit(album, photo, metadata, fields)
        if stamps.agree(kept[0], before):
            with told(f"{folder / photo.ref} cannot be read"):
                after = _stamp(self._collection, folder, find(folder, photo.ref))
            self._collection.note(folder, photo.ref, after)
        return edited

    def _shown(self, folder: Path, photo: Photo) -> Photo:
        return photo

    def _check_version(self, folder: Path, photo: Photo) -> None:
        pass


class Database(_End):
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
            versions = self._marked(album, shelf)
        except OSError:
            return ""
        if versions is None:
            return ""
        return fingerprint(each for each in versions if each[0] in shelf)

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        shelf = self._collection.shelf(self._folder(album))
        seen_by_digikam = msgspec.structs.replace(
            look, hides=lambda name: name not in shelf or look.hides(name)
        )
        for seen in self._seen(album, seen_by_digikam, shelf):
            if isinstance(seen, Unread):
                yield seen
            else:
                photo, known = seen
                yield known or _as_database(photo, shelf[photo.ref])

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        folder = self._changing(album, photo)
        kept = self._collection.row(folder, photo.ref)
        if kept is None:
            raise _stale(folder / photo.ref)
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

    def _shown(self, folder: Path, photo: Photo) -> Photo:
        kept = self._collection.row(folder, photo.ref)
        if kept is None:
            raise _stale(folder / photo.ref)
        return _as_database(photo, kept)


def _as_database(photo: Photo, kept: tuple[Row, Said]) -> Photo:
    version = _with_mark(photo.version, kept)
    return msgspec.structs.replace(photo, version=version, metadata=kept[1].metadata)


def _stamp(collection: Collection, folder: Path, entry: Entry) -> stamps.Stamp:
    counts = collection.habits.reads_sidecars and entry.sidecar
    sidecar = folder / entry.sidecar if counts else None
    return stamps.stamp(collection.database, folder / entry.name, sidecar)


def _with_mark(version: str, kept: tuple[Row, Said] | None) -> str:
    return f"{version}{_MARK}{kept[1].fingerprint}" if kept and version else version


def _mark_of(photo: Photo) -> str:
    return photo.version.partition(_MARK)[2]


def _plain(photo: Photo) -> Photo:
    """A photo as the service of files knows it."""
    return msgspec.structs.replace(photo, version=photo.version.partition(_MARK)[0])


def _as_file(photo: Photo, kept: tuple[Row, Said] | None) -> Photo:
    """The same, with a version that has its metadata read again where the database's changed."""
    version, _, mark = photo.version.partition(_MARK)
    if mark != (kept[1].fingerprint if kept else ""):
        version = ":".join([*version.split(":")[:2], "?"]) if version else ""
    return msgspec.structs.replace(photo, version=version)


def _stale(path: Path) -> Stale:
    return Stale(f"{path} has changed since it was looked at: run again")


def _not_here(what: str) -> Rejected:
    return Rejected(f"{what}: digiKam follows what happens to its files, not the other way round")
