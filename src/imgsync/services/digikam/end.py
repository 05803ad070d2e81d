"""An end of a run in a collection: what happens to files, digiKam's rows go along with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from ...errors import Stale
from ...model import NOTHING_SAID, Album, Field, Photo
from ...service import Capabilities, Look, Original, Service, Source, Unread
from ..files import Files
from ..files.scanner import find
from ..files.tree import Entry, list_folder, names_in
from ..files.troubles import told
from . import stamps, versions
from .collection import Collection, Shelf

__all__ = ["End", "stale"]


class End(Service):
    """The photos of `files` that digiKam knows, and how its rows go along with their files."""

    def __init__(self, files: Files, collection: Collection) -> None:
        self.name = files.name
        # What digiKam keeps is asked by one thread at a time.
        self.capabilities: Capabilities = msgspec.structs.replace(files.capabilities, connections=1)
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

    def describe(self, album: Album) -> Mapping[str, str]:
        return self._collection.describe(self._folder(album))

    def racy(self, album: Album, photo: Photo) -> bool:
        return self._files.racy(album, photo)

    def left_behind(self, album: Album, past: Photo, to: Album, now: Photo) -> str:
        return self._files.left_behind(album, past, to, now)

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        return self._files.open(album, versions.plain(photo), without)

    def identify(self, original: Original, name: str) -> str:
        return self._files.identify(original, name)

    # Writing.

    def fitting(self, path: str) -> str:
        return self._files.fitting(path)

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
        made = self._files.replace(album, versions.plain(photo), source)
        self._collection.read_again(folder, photo.ref, self.normal(source.metadata))
        return self._shown(folder, made)

    def delete(self, album: Album, photo: Photo) -> None:
        is_there = os.path.lexists(self._folder(album) / photo.ref)
        folder = self._changing(album, photo if is_there else None)
        self._files.delete(album, versions.plain(photo))
        self._collection.remove(folder, photo.ref)

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        folder, other = self._changing(album, photo), self._changing(to)
        moved = self._files.move(album, versions.plain(photo), to, name)
        self._collection.move(folder, photo.ref, other, moved.ref)
        return self._shown(other, moved, photo)

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

    def _shown(self, folder: Path, photo: Photo, before: Photo | None = None) -> Photo:
        """A photo as the end shows it, which was read from its file.

        `before`: as it was listed, where nothing else is said of it now.
        """
        raise NotImplementedError

    def _check_version(self, folder: Path, photo: Photo) -> None:
        """Raises Stale if what digiKam says of a photo is no longer as listed."""
        kept = self._collection.kept(folder, photo.ref) if photo.version else None
        if photo.version and versions.changed(photo, kept):
            raise stale(folder / photo.ref)

    # What they share.

    def _folder(self, album: Album) -> Path:
        return Path(os.path.realpath(self._files.top / album.ref))

    def _changing(self, album: Album, photo: Photo | None = None) -> Path:
        """The folder of an album that may be changed now. Raises Rejected, and Stale.

        A photo that another program has moved is known to digiKam where it is from now on.
        """
        folder = self._folder(album)
        if self._collection.holds(folder):
            self._collection.check()
            if photo is not None:
                self._check_version(folder, photo)
                self._collection.settle(folder, photo.ref)
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
        return (
            (entry.name, versions.with_mark(entry.version, shelf[entry.name])) for entry in entries
        )

    def _looked_at(
        self, album: Album, look: Look, shelf: Shelf, show: Callable[[Photo], Photo | Unread]
    ) -> Iterator[Photo | Unread]:
        """The photos, by `show` as their files are, or the known ones where nothing has changed.

        A file is read again too if what the database says of it has changed. Work begins at the
        call.
        """
        known = {
            ref: versions.as_file(photo, shelf[photo.ref]) for ref, photo in look.known.items()
        }

        def shown(photo: Photo | Unread) -> Photo | Unread:
            if isinstance(photo, Unread):
                return photo
            return look.known[photo.ref] if photo is known.get(photo.ref) else show(photo)

        return map(shown, self._files.photos(album, msgspec.structs.replace(look, known=known)))

    def _again(self, album: Album, photo: Photo) -> Photo:
        """A photo as its file shows it now; its picture is the one of `photo`."""
        with told(f"{self._folder(album) / photo.ref} cannot be read"):
            entry = find(self._folder(album), photo.ref)
        now = msgspec.structs.replace(photo, version=entry.version)
        return self._files.edit(album, now, NOTHING_SAID, frozenset())

    def _stamp(self, folder: Path, entry: Entry) -> stamps.Stamp:
        """What digiKam would remember of a photo's files as they are now."""
        counts = self._collection.habits.reads_sidecars and entry.sidecar
        sidecar = folder / entry.sidecar if counts else None
        return stamps.stamp(self._collection.database, folder / entry.name, sidecar)


def stale(path: Path) -> Stale:
    return Stale(f"{path} has changed since it was looked at: run again")
