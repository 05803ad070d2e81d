"""A tree of folders on a disk: every folder with photos in it is an album."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Literal, NamedTuple

from ... import disk
from ...errors import Rejected, Stale, Unavailable
from ...metadata import files, formats
from ...metadata.digest import digest
from ...model import Album, Field, Metadata, Photo
from ...service import EVERY_FIELD, Capabilities, Look, Original, Service, Source, Unread
from .incoming import bring_in_line, choose_name, fetch, install, renamed_sidecar
from .names import safe_path, safe_photo_name
from .outgoing import open_original
from .placing import carry, double, room, settle, supplant, sweep, told
from .scanner import Entry, Scanner, find
from .trash import Trash, trash_at
from .tree import STATE, is_inside, list_folder, walk, why

__all__ = ["Files"]


def _tell_nobody(path: str, where: str) -> None:
    pass


class Files(Service):
    """The photos in the folders under `root`.

    `write`: whether metadata goes into the files ("embed", where their format allows it) or
        beside them ("sidecar").
    `trash`: "auto" for the desktop's, or a folder that takes what is deleted or replaced.
    `jobs`: how many processes read photos (default: one a core); 1 reads in this one.
    `own`: the state files in this tree are the run's own, which locks them itself.
    `sums`: checksums of whole files to tell with the photos ("sha1").

    `on_trash` is told the path of every file that went to the trash, and where it is now.
    An album's ref is its path, a photo's its file name. Symbolic links count only where they
    lead to something in the tree; a photo that is one is never moved or replaced. A photo that
    comes in gets its name when it is complete, with its metadata.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        *,
        write: Literal["embed", "sidecar"] = "embed",
        trash: str | Path = "auto",
        jobs: int | None = None,
        own: bool = False,
        sums: Collection[str] = (),
    ) -> None:
        self.name = name
        self.on_trash: Callable[[str, str], None] = _tell_nobody
        self._top = Path(os.path.realpath(root))
        self._embed = write == "embed"
        self._own = own
        self._trash: Trash = trash_at(trash, self._top)
        self._scanner = Scanner(str(self._top), jobs or os.cpu_count() or 1, tuple(sorted(sums)))
        self._fingerprints: dict[str, str] = {}
        able = not self._trash.missing
        writes = EVERY_FIELD if able else EVERY_FIELD - {Field.CONTENT}
        self.capabilities = Capabilities(writes=writes, delete=able, strips=True)

    @property
    def no_trash(self) -> str:
        """Why nothing can be deleted or replaced here; "" if it can."""
        return self._trash.missing

    # Looking

    def albums(self) -> Iterator[Album | Unread]:
        """Raises Unavailable if `root` is no folder, or not even the folder above it is there."""
        if not self._is_there():
            return
        for found in walk(str(self._top), self._trash.inside):
            if isinstance(found, Unread):
                yield found
                continue
            path, listing = found
            if listing.is_album:
                self._fingerprints[path] = listing.fingerprint()
                yield Album(path, path)

    def fingerprint(self, album: Album) -> str:
        """As it was when `albums` came by; asked for once more, or after a write, as it is now."""
        seen = self._fingerprints.pop(album.ref, None)
        if seen is not None:
            return seen
        try:
            return list_folder(str(self._folder(album.ref)), str(self._top)).fingerprint()
        except OSError:
            return ""

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        """Raises Stale if the folder is gone, Rejected if it cannot be read."""
        folder = self._folder(album.ref)
        with told(f"{folder} cannot be read"):
            yield from self._scanner.photos(folder, look)

    def racy(self, album: Album, photo: Photo) -> bool:
        """Whether the photo may change once more without getting another version.

        So it is with one that had just been written when this object read it last: the next run
        is to read it again.
        """
        return self._scanner.racy(self._folder(album.ref), photo.ref)

    def open(
        self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()
    ) -> Original:
        found = self._find(album, photo)
        with told(f"{found.path} cannot be read"):
            return open_original(found.path, found.sidecar, photo, without - {Field.CONTENT})

    # Writing

    def create_album(self, path: str) -> Album:
        path = safe_path(path)
        folder = self._folder(path)
        with told(f"{folder} cannot be made"):
            self._make_folders(folder)
        return Album(path, path)

    def create(self, album: Album, source: Source) -> Photo:
        name = safe_photo_name(source.name)
        folder = self._folder(album.ref)
        with self._writing(album, folder / name):
            if not _shows(folder / name, source.photo.content):
                with room(folder) as place:
                    made = fetch(place / name, source, embed=self._embed)
                    name, is_there = choose_name(
                        folder, name, made.sidecar, is_it=lambda path: _shows(path, made.content)
                    )
                    if not is_there:
                        install(made, folder / name)
            found = _Found.at(folder, name)
            bring_in_line(found.path, found.sidecar, source.metadata, embed=self._embed)
            return self._scanner.again(folder, name)

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        found = self._as_listed(album, photo)
        _refuse_link(found.path, "replaced")
        with self._writing(album, found.path), room(found.folder) as place:
            made = fetch(place / photo.ref, source, found.sidecar, embed=self._embed)
            self._keep_old(album, found, place)
            if made.sidecar:
                supplant(made.sidecar, found.folder / made.sidecar.name)
            supplant(made.path, found.path)
            return self._scanner.again(found.folder, photo.ref)

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        found = self._as_listed(album, photo)
        with self._writing(album, found.path):
            files.write(
                found.path.resolve(), found.sidecar, metadata, fields, embed=self._embed
            )
            return self._scanner.again(found.folder, photo.ref, known=photo)

    def delete(self, album: Album, photo: Photo) -> None:
        found = self._find(album, photo, missing_ok=True)
        ...

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        found = self._as_listed(album, photo)
        _refuse_link(found.path, "moved")
        folder = self._folder(to.ref)
        name = safe_photo_name(name)
        if (folder, name) == (found.folder, photo.ref): return ...
        with self._writing(album, found.path), self._writing(to, folder / name):
            self._move(...)
