"""A tree of folders on a disk: every folder with photos in it is an album."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

from ... import disk
from ...errors import Rejected, Stale, Unavailable, UsageError
from ...metadata import files, formats
from ...metadata.digest import digest
from ...model import Album, Field, Metadata, Photo
from ...service import EVERY_FIELD, Capabilities, Look, Original, Service, Source, Unread
from .incoming import bring_in_line, fetch
from .names import safe_path, safe_photo_name
from .naming import choose_name, install, move_photo
from .outgoing import open_original
from .placing import double, room, supplant, sweep, told
from .scanner import Scanner, find
from .trash import Trash, trash_at
from .tree import STATE, Entry, is_inside, list_folder, walk, why

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

    settings: ClassVar[Mapping[str, str]] = {
        "path": "the folder that the tree stands in",
        "write": "embed or sidecar: where metadata goes of files that can hold it themselves",
        "trash": "auto for the system's, else a folder",
        "jobs": "how many processes read photos",
    }
    required: ClassVar[frozenset[str]] = frozenset({"path"})

    @classmethod
    def configure(cls, name: str, settings: Mapping[str, str]) -> Files:
        """The service that a section of the configuration file describes."""
        write, jobs = settings.get("write", "embed"), settings.get("jobs", "1")
        if write not in ("embed", "sidecar"):
            raise UsageError(f"write = {write} of {name}: it must be embed or sidecar")
        if not jobs.isdecimal() or int(jobs) < 1:
            raise UsageError(f"jobs = {jobs} of {name}: it must be a number from 1 on")
        return cls(
            name,
            Path(settings["path"]).expanduser(),
            write="embed" if write == "embed" else "sidecar",
            trash=settings.get("trash", "auto"),
            jobs=int(jobs),
        )

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
        self.top = Path(os.path.realpath(root))
        self._embed = write == "embed"
        self._own = own
        self._trash: Trash = trash_at(trash, self.top)
        self._scanner = Scanner(str(self.top), jobs or os.cpu_count() or 1, tuple(sorted(sums)))
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
        for found in walk(str(self.top), self._trash.inside):
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
            return list_folder(str(self._folder(album.ref)), str(self.top)).fingerprint()
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

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
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
        folder = self._folder(album.ref)
        name = safe_photo_name(source.name)
        with self._writing(album, folder / name):
            is_there = _shows(folder / name, source.photo.content)
            if not is_there:
                name, is_there = self._bring(folder, name, source)
            if is_there:
                found = _Found(folder, find(folder, name))
                bring_in_line(found.path, found.sidecar, source.metadata, embed=self._embed)
            return self._scanner.again(folder, name)

    def _bring(self, folder: Path, name: str, source: Source) -> tuple[str, bool]:
        """Puts the source's photo into the folder.

        Gives back the name that it has there, and whether it was there already.
        """
        with room(folder) as place:
            made = fetch(place / name, source, embed=self._embed)
            free, is_there = choose_name(
                folder, name, made.sidecar, is_it=lambda path: _shows(path, made.content)
            )
            if not is_there:
                install(made, folder / free)
            return free, is_there

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        found = self._as_listed(album, photo)
        with self._writing(album, found.path), room(found.folder) as place:
            made = fetch(place / photo.ref, source, found.sidecar, embed=self._embed)
            # The old picture goes to the trash under a second name, so that at every moment
            # one of the two has this one.
            old = place / "old" / photo.ref
            old.parent.mkdir()
            double(found.path, old)
            self._discard(old, found)
            if made.sidecar:
                supplant(made.sidecar, found.folder / made.sidecar.name)
            supplant(made.path, found.path)
            return self._scanner.again(found.folder, photo.ref)

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        found = self._as_listed(album, photo, link_ok=True)
        with self._writing(album, found.path):
            files.write(found.path, found.sidecar, metadata, fields, embed=self._embed)
            return self._scanner.again(found.folder, photo.ref, known=photo)

    def delete(self, album: Album, photo: Photo) -> None:
        if not os.path.lexists(self._folder(album.ref) / photo.ref):
            return
        found = self._as_listed(album, photo, link_ok=True)
        with self._writing(album, found.path):
            # The sidecar goes last: without it the photo would look as if it had been edited.
            self._discard(found.path, found)
            if found.sidecar:
                self._discard(found.sidecar, found)

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        found = self._as_listed(album, photo)
        folder = self._folder(to.ref)
        name = safe_photo_name(name)
        with self._writing(album, found.path), self._writing(to, folder / name):
            if (folder, name) != (found.folder, photo.ref):
                name = move_photo(found.path, found.sidecar, folder, name)
            return self._scanner.again(folder, name, known=photo)

    def move_album(self, album: Album, path: str) -> Album:
        path = safe_path(path)
        folder, final = self._folder(album.ref), self._folder(path)
        if path == album.ref:
            return album
        if self.top in (folder, final) or folder != self.top / album.ref:
            raise Rejected(f"{folder} cannot be moved: it is the top of the tree, or a link")
        with told(f"{folder} cannot be moved to {final}"):
            folder.stat()
            if final.is_relative_to(folder) or (final.exists() and not final.samefile(folder)):
                raise Rejected(f"{folder} cannot be moved to {final}: there is a folder already")
            self._make_folders(final.parent)
            folder.rename(final)
            disk.sync_folder(final.parent)
            self._remove_empty(folder.parent)
        self._fingerprints.clear()
        return Album(path, path)

    @contextmanager
    def hold(self, album: Album) -> Iterator[None]:
        """Also removes what killed runs left half made."""
        folder = self._folder(album.ref)
        lock = nullcontext() if self._own else disk.locked(folder / STATE, create=False)
        with lock:
            sweep(folder)
            yield

    def close(self) -> None:
        self._scanner.close()

    # Finding

    def _is_there(self) -> bool:
        try:
            status = self.top.stat()
        except FileNotFoundError:
            if self.top.parent.is_dir():
                return False
            raise Unavailable(
                f"there is no folder {self.top.parent}: is its disk there?"
            ) from None
        except OSError as error:
            raise Unavailable(f"{self.top} cannot be looked at: {why(error)}") from error
        if not stat.S_ISDIR(status.st_mode):
            raise Unavailable(f"{self.top} is no folder")
        return True

    def _folder(self, ref: str) -> Path:
        """Where an album stands, free of links. Raises Rejected if that is not in the tree."""
        place = os.path.realpath(self.top / ref)
        if not is_inside(place, os.fspath(self.top)):
            raise Rejected(f"{self.top / ref} leads out of {self.top}: nothing is done there")
        return Path(place)

    def _find(self, album: Album, photo: Photo) -> _Found:
        """Raises Stale if the photo is gone, Rejected if that can be no photo."""
        folder = self._folder(album.ref)
        if "/" in photo.ref or not formats.is_photo(photo.ref):
            raise Rejected(f"{photo.ref!r} is no photo of the album {album.path}")
        with told(f"{folder / photo.ref} cannot be looked at"):
            return _Found(folder, find(folder, photo.ref))

    def _as_listed(self, album: Album, photo: Photo, *, link_ok: bool = False) -> _Found:
        """The photo; raises Stale if it is gone, or no longer as `photo` says."""
        found = self._find(album, photo)
        with told(f"{found.path} cannot be read"):
            if photo.version:
                same = found.entry.version == photo.version
            else:
                same = not _is_digest(photo.content) or _shows(found.path, photo.content)
        if not same:
            raise Stale(f"{found.path} has changed since it was looked at: run again")
        if not link_ok and found.path.is_symlink():
            raise Rejected(f"{found.path} is a symbolic link: change what it leads to")
        return found

    # Writing, by the step

    @contextmanager
    def _writing(self, album: Album, path: Path) -> Iterator[None]:
        self._fingerprints.pop(album.ref, None)
        with told(f"{path} cannot be written"):
            yield

    def _discard(self, path: Path, found: _Found) -> None:
        """Puts a file of a photo, or a second name of it, into the trash."""
        if self._trash.missing:
            raise Rejected(self._trash.missing)
        original = found.folder / path.name
        where = self._trash.put(path, os.path.relpath(original, self.top))
        self.on_trash(os.fspath(original), where)

    def _make_folders(self, folder: Path) -> None:
        """Makes the folder, and those above it up to the tree's top, durably."""
        if folder.is_dir():
            return
        if folder == self.top.parent:
            raise Unavailable(f"there is no folder {folder}: is its disk there?")
        self._make_folders(folder.parent)
        folder.mkdir()
        disk.sync_folder(folder.parent)

    def _remove_empty(self, folder: Path) -> None:
        """Removes the folder, and those above it below the tree's top, as far as they are empty."""
        while folder != self.top:
            try:
                folder.rmdir()
            except OSError:
                break
            folder = folder.parent
        disk.sync_folder(folder)


class _Found(NamedTuple):
    """A photo, and the folder that it is in."""

    folder: Path
    entry: Entry

    @property
    def path(self) -> Path:
        return self.folder / self.entry.name

    @property
    def sidecar(self) -> Path | None:
        return self.folder / self.entry.sidecar if self.entry.sidecar else None


def _is_digest(content: str) -> bool:
    return content.startswith(("image:", "file:"))


def _shows(path: Path, content: str) -> bool:
    """Whether there is a file with that picture."""
    return _is_digest(content) and path.is_file() and digest(path).content == content
