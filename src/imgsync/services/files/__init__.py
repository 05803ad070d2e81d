"""A tree of folders on a disk: every folder with photos in it is an album."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ... import disk
from ...errors import Rejected, Unavailable, UsageError
from ...metadata import formats
from ...model import Album, Field, Metadata, Photo
from ...service import EVERY_FIELD, Capabilities, Look, Original, Service, Source, Unread
from ...wording import why
from .names import is_skipped, safe_path, sidecar_form, sidecar_name
from .scanner import Scanner, find, find_orphan
from .trash import trash_at
from .tree import STATE, is_inside, list_folder
from .troubles import told
from .walking import walk

if TYPE_CHECKING:
    from .workshop import Workshop

__all__ = ["Files"]

_CONNECTIONS = 4  # photos that come in at once; nothing else is done to files meanwhile


def _tell_nobody(path: str, where: str) -> None:
    pass


class Files(Service):
    """The photos in the folders under `root`.

    `write`: whether metadata goes into the files ("embed", where their format allows it) or
        beside them ("sidecar").
    `trash`: "auto" for the desktop's, or a folder that takes what is deleted or replaced.
    `jobs`: how many processes read photos (default: one a core); 1 reads in this one. From two
        on, a second one helps to look at a large tree.
    `own`: the state files in this tree are the run's own, which locks them itself.
    `sums`: checksums of whole files to tell with the photos ("sha1").
    `resumes`: what is read, and remembered nowhere, is kept in the system's folder for caches.

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
        if not re.fullmatch("[1-9][0-9]{0,5}", jobs):
            raise UsageError(f"jobs = {jobs} of {name}: it must be a number from 1 on")
        trash = settings.get("trash", "auto")
        return cls(
            name,
            _whole_path(name, "path", settings["path"]),
            write="embed" if write == "embed" else "sidecar",
            trash="auto" if trash == "auto" else _whole_path(name, "trash", trash),
            jobs=int(jobs),
            resumes=True,
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
        resumes: bool = False,
    ) -> None:
        self.name = name
        self.on_trash: Callable[[str, str], None] = _tell_nobody
        self.top = Path(os.path.realpath(root))
        self._write = write
        self._own = own
        self._trash = trash_at(trash, self.top)
        self._jobs = jobs or os.cpu_count() or 1
        self._scanner = Scanner(str(self.top), self._jobs, tuple(sorted(sums)), resumes=resumes)
        self._fingerprints: dict[str, str] = {}
        self._made: set[str] = set()  # albums that were made here and may have no photo yet
        self._swept: set[Path] = set()
        self._disk: int | None = None  # the one on which the tree was found
        able = not self._trash.missing
        writes = EVERY_FIELD if able else EVERY_FIELD - {Field.CONTENT}
        self.capabilities = Capabilities(
            writes=writes,
            delete=able,
            no_trash=self._trash.missing,
            whole=True,
            strips=formats.EMBEDDING,
            connections=_CONNECTIONS,
        )

    def normal(self, metadata: Metadata) -> Metadata:
        from ...metadata.fields import normal  # late, as the workshop

        return normal(metadata)

    # Looking

    def albums(self) -> Iterator[Album | Unread]:
        """Raises Unavailable if `root` is no folder, or not even the folder above it is there."""
        if not self._is_there():
            return
        for seen in walk(str(self.top), self._trash.inside, processes=self._jobs):
            path = seen.path
            if seen.trouble:
                yield Unread(path, path, seen.trouble)
            elif seen.is_album or path in self._made:
                self._fingerprints[path] = seen.fingerprint
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
        """Raises Stale if the folder is gone, Rejected if it cannot be read, both at the call.

        Processes begin to read at the call.
        """
        folder = self._folder(album.ref)
        with told(f"{folder} cannot be read"):
            return self._scanner.photos(folder, look)

    def racy(self, album: Album, photo: Photo) -> bool:
        """Whether the photo may change once more without getting another version.

        So it is with one that had just been written when this object read it last: the next run
        is to read it again.
        """
        scanner = self._scanner
        return scanner.has_racy and scanner.racy(self._folder(album.ref), photo.ref)

    def left_behind(self, album: Album, past: Photo, to: Album, now: Photo) -> str:
        """So it is with a sidecar that was not renamed, or moved, with its photo."""
        with suppress(OSError, Rejected):
            folder, other = self._folder(album.ref), self._folder(to.ref)
            orphan = find_orphan(folder, past.ref)
            if orphan and not find(other, now.ref).sidecars:
                final = other / sidecar_name(now.ref, sidecar_form(orphan, past.ref))
                stayed = f"its sidecar {folder / orphan} stayed behind"
                return f"{stayed}: rename it to {final}, or delete it"
        return ""

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        return self._workshop.open(self._folder(album.ref), photo, without)

    def identify(self, original: Original, name: str) -> str:
        """By way of a file without a name in the system's folder for temporary ones."""
        from .incoming import identify  # late, as the workshop

        return identify(original, name)

    # Writing

    def create(self, album: Album, source: Source) -> Photo:
        return self._workshop.create(self._changing(album), source)

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        return self._workshop.replace(self._changing(album), photo, source)

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        return self._workshop.edit(self._changing(album), photo, metadata, fields)

    def delete(self, album: Album, photo: Photo) -> None:
        self._workshop.delete(self._changing(album), photo)

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        return self._workshop.move(self._changing(album), photo, self._changing(to), name)

    def fitting(self, path: str) -> str:
        return safe_path(path)

    def create_album(self, path: str) -> Album:
        from .placing import sweep  # late, as the workshop

        path = self._path(path)
        folder = self._folder(path)
        with told(f"{folder} cannot be made"):
            self._make_folders(folder)
            sweep(folder)  # a run that was killed over its first photo
        self._made.update(_with_those_above(path))
        return Album(path, path)

    def move_album(self, album: Album, path: str) -> Album:
        path = self._path(path)
        folder, final = self._folder(album.ref), self._folder(path)
        if path == album.ref:
            return album
        if self.top in (folder, final) or folder != self.top / album.ref:
            raise Rejected(f"{folder} cannot be moved: it is the top of the tree, or a link")
        with told(f"{folder} cannot be moved to {final}"):
            if final.is_relative_to(folder):
                raise Rejected(f"{folder} cannot be moved into itself")
            folder.stat()
            self._make_folders(final.parent)
            folder.rename(final)  # in place of an empty folder; refused where there is more
            disk.sync_folder(final.parent)
            self._remove_empty(folder.parent)
        self._scanner.follow(folder, final)
        self._fingerprints.clear()
        below = album.ref + "/"
        moved = {
            path + made[len(album.ref) :] for made in self._made if (made + "/").startswith(below)
        }
        self._made |= moved | {path}
        return Album(path, path)

    def room(self) -> int | None:
        from .incoming import free_space  # late, as the workshop

        with told(f"the disk of {self.top} cannot be looked at"):
            return free_space(self.top if self.top.exists() else self.top.parent)

    @contextmanager
    def hold(self, album: Album) -> Iterator[None]:
        """Also removes what killed runs left half made, the first time."""
        from .placing import sweep  # late, as the workshop

        folder = self._folder(album.ref)
        with nullcontext() if self._own else disk.locked(folder / STATE, create=False):
            if folder not in self._swept:
                sweep(folder)
                self._swept.add(folder)
            yield

    def close(self) -> None:
        """Also removes the folders of albums that were made, and into which no photo came."""
        self._scanner.close()
        for path in sorted(self._made, reverse=True):
            with suppress(OSError):  # most have photos by now
                (self.top / path).rmdir()

    # Finding

    def _is_there(self) -> bool:
        try:
            status = self.top.stat()
        except FileNotFoundError:
            if self.top.parent.is_dir():
                return False
            raise Unavailable(f"there is no folder {self.top.parent}: is its disk there?") from None
        except OSError as error:
            raise Unavailable(f"{self.top} cannot be looked at: {why(error)}") from error
        if not stat.S_ISDIR(status.st_mode):
            raise Unavailable(f"{self.top} is no folder")
        self._disk = status.st_dev
        return True

    def _has_gone(self) -> bool:
        """Whether the tree was found, and is no longer there or a bare mount point by now."""
        found = self._disk  # first: another thread may just be making the tree
        try:
            return found is not None and found != self.top.stat().st_dev
        except FileNotFoundError:
            return True

    def _path(self, path: str) -> str:
        """A path for an album: new folders get names that do no harm, others keep theirs."""
        folder = self.top
        for level in filter(None, path.split("/")):
            plain = level.isprintable() and not is_skipped(level)
            stands = plain and os.path.isdir(folder / level)  # noqa: PTH112 - never raises
            folder /= level if stands else safe_path(level)
        return "" if folder == self.top else folder.relative_to(self.top).as_posix()

    def _folder(self, ref: str) -> Path:
        """Where an album stands, free of links. Raises Rejected if that is not in the tree."""
        place = os.path.realpath(self.top / ref)
        if not is_inside(place, os.fspath(self.top)):
            raise Rejected(f"{self.top / ref} leads out of {self.top}: nothing is done there")
        return Path(place)

    def _changing(self, album: Album) -> Path:
        """Where an album stands that is about to change."""
        self._fingerprints.pop(album.ref, None)
        return self._folder(album.ref)

    @cached_property
    def _workshop(self) -> Workshop:
        from .workshop import Workshop  # late: it loads much that a run without news does not need

        return Workshop(
            self.top,
            embed=self._write == "embed",
            trash=self._trash,
            scanner=self._scanner,
            discarded=lambda path, where: self.on_trash(path, where),
        )

    def _make_folders(self, folder: Path) -> None:
        """Makes the folder, and those above it up to the tree's top, durably."""
        if folder.is_dir():
            return
        if folder == self.top.parent:
            raise Unavailable(f"there is no folder {folder}: is its disk there?")
        if self._has_gone():
            raise Unavailable(f"{self.top} is no longer there: is its disk?")
        self._make_folders(folder.parent)
        folder.mkdir(exist_ok=True)  # another thread may be doing the same
        if folder == self.top:
            self._disk = folder.stat().st_dev
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


def _whole_path(name: str, key: str, text: str) -> Path:
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises without a home
    if not path.is_absolute():
        raise UsageError(f"{key} = {text} of {name}: it must begin with / or ~/")
    return path


def _with_those_above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
