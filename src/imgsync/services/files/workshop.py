"""Does what is asked for one photo at a time: opens, brings in, changes, moves and deletes it.

Whatever it writes is complete before it gets its name, and no photo is without its name or its
sidecar in between. Loaded only when it is needed: what it builds on takes its time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import NamedTuple

from ... import disk
from ...errors import Rejected, Stale
from ...metadata import files, formats
from ...metadata.digest import digest
from ...model import Field, Metadata, Photo
from ...service import Original, Source
from .incoming import bring_in_line, fetch
from .names import safe_photo_name, sidecar_name
from .naming import ALONE, Made, choose_name, install, move_photo, names_beside
from .nearby import names_near
from .outgoing import open_original
from .placing import double, room, supplant
from .scanner import Scanner, find
from .trash import Trash
from .tree import Entry
from .troubles import told

__all__ = ["Workshop"]


class _Found(NamedTuple):
    """A photo, and the folder that it is in."""

    folder: Path
    entry: Entry

    @property
    def path(self) -> Path:
        return self.folder / self.entry.name

    @property
    def sidecars(self) -> list[Path]:
        return [self.folder / name for name in self.entry.sidecars]

    @property
    def sidecar(self) -> Path | None:
        """The one that speaks for the photo."""
        return self.sidecars[0] if self.sidecars else None


class Workshop:
    """For the tree at `top`. `embed` and `trash` are as in Files; `scanner` reads what was done.

    `discarded` is told what went to the trash, and where. It bears several threads: photos come
    in side by side, and get their names one after the other.
    """

    def __init__(
        self,
        top: Path,
        *,
        embed: bool,
        trash: Trash,
        scanner: Scanner,
        discarded: Callable[[str, str], None],
    ) -> None:
        self._top = top
        self._embed = embed
        self._trash = trash
        self._scanner = scanner
        self._discarded = discarded
        self._alone = RLock()

    def open(self, folder: Path, photo: Photo, without: frozenset[Field]) -> Original:
        found = self._find(folder, photo)
        with told(f"{found.path} cannot be read"):
            if not photo.version and not _may_show(found.path, photo.content):
                raise _stale(found.path)
            return open_original(found.path, found.sidecars, photo, without - {Field.CONTENT})

    def create(self, folder: Path, source: Source) -> Photo:
        name = safe_photo_name(source.name)
        with told(f"{folder / name} cannot be written"):
            content = source.photo.content
            is_there = _shows(folder / name, content)
            if not is_there:
                name, is_there, content = self._bring(folder, name, source)
            with self._alone:
                if is_there:
                    found = _Found(folder, find(folder, name))
                    bring_in_line(found.path, found.sidecar, source, embed=self._embed)
                return self._made(folder, name, content)

    def _bring(self, folder: Path, name: str, source: Source) -> tuple[str, bool, str]:
        """Puts the source's photo into the folder.

        Gives back the name that it has there, whether it was there already, and its content.
        """
        with room(folder) as place:
            made = fetch(place / name, source, embed=self._embed)
            with self._alone:
                chosen = choose_name(
                    folder, name, made.forms, is_it=lambda path: _shows(path, made.content)
                )
                if not chosen.is_there:
                    install(made, chosen, folder)
            return chosen.name, chosen.is_there, made.content

    def replace(self, folder: Path, photo: Photo, source: Source) -> Photo:
        found = self._own(folder, photo)
        self._need_trash()
        with told(f"{found.path} cannot be written"), room(folder) as place:
            made = fetch(place / photo.ref, source, found.sidecars, embed=self._embed)
            with self._alone:
                self._as_listed(folder, photo)  # still: fetching takes its time
                self._supplant(found, made, place)
                return self._made(folder, photo.ref, made.content)

    def _made(self, folder: Path, name: str, content: str) -> Photo:
        """The photo that was just made, whose content was read then: no edit changes that."""
        return self._scanner.again(folder, name, Photo(name, name, "", content))

    def _supplant(self, found: _Found, made: Made, place: Path) -> None:
        """Puts what was made in the place of a photo, which goes to the trash.

        The old files go there under second names, so that old or new have their own at every
        moment.
        """
        old = place / "old"
        old.mkdir()
        for path in (found.path, *found.sidecars):
            double(path, old / path.name)
            self._discard(old / path.name, path)
        beside = _names_for(made, found)
        for sidecar, name in zip(made.sidecars, beside, strict=False):
            supplant(sidecar, found.folder / name)
        supplant(made.path, found.path)
        for name in set(found.entry.sidecars).difference(beside):
            (found.folder / name).unlink()
        disk.sync_folder(found.folder)

    def edit(
        self, folder: Path, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        found = self._as_listed(folder, photo)
        with self._alone, told(f"{found.path} cannot be written"):
            files.write(found.path, found.sidecar, metadata, fields, embed=self._embed)
            return self._scanner.again(folder, photo.ref, self._trusted(folder, photo))

    def delete(self, folder: Path, photo: Photo) -> None:
        try:
            found = self._as_listed(folder, photo)
        except Stale:
            if os.path.lexists(folder / photo.ref):
                raise
            return
        self._need_trash()
        with self._alone, told(f"{found.path} cannot be deleted"):
            # What speaks goes last: without it the photo would look as if it had been edited.
            for path in (*found.sidecars[1:], found.path, *found.sidecars[:1]):
                self._discard(path, path)
            disk.sync_folder(folder)  # before anybody writes down that it is gone

    def move(self, folder: Path, photo: Photo, to: Path, name: str) -> Photo:
        found = self._own(folder, photo)
        name = safe_photo_name(name)
        with self._alone, told(f"{found.path} cannot be moved to {to / name}"):
            if (to, name) != (folder, photo.ref):
                name = move_photo(found.path, found.sidecars, to, name)
            return self._scanner.again(to, name, self._trusted(folder, photo), written=False)

    def _find(self, folder: Path, photo: Photo) -> _Found:
        """Raises Stale if the photo is gone, Rejected if that can be no photo."""
        if "/" in photo.ref or not formats.is_photo(photo.ref):
            raise Rejected(f"{photo.ref!r} is no photo in {folder}")
        with told(f"{folder / photo.ref} cannot be looked at"):
            return _Found(folder, find(folder, photo.ref))

    def _as_listed(self, folder: Path, photo: Photo) -> _Found:
        """The photo; raises Stale if it is gone, or no longer as `photo` says."""
        found = self._find(folder, photo)
        if photo.version:
            same = found.entry.version == photo.version
        else:
            with told(f"{found.path} cannot be read"):
                same = _may_show(found.path, photo.content)
        if not same:
            raise _stale(found.path)
        return found

    def _own(self, folder: Path, photo: Photo) -> _Found:
        """The same; raises Rejected for a link, whose file has another name."""
        found = self._as_listed(folder, photo)
        if found.path.is_symlink():
            raise Rejected(f"{found.path} is a symbolic link: change what it leads to")
        return found

    def _trusted(self, folder: Path, photo: Photo) -> Photo | None:
        """The photo, if it surely has the picture that it had when it was read."""
        return None if self._scanner.racy(folder, photo.ref) else photo

    def _need_trash(self) -> None:
        if self._trash.missing:
            raise Rejected(self._trash.missing)

    def _discard(self, path: Path, known_as: Path) -> None:
        """Puts a file into the trash, known to people under another path, maybe."""
        if not os.access(path.parent, os.W_OK):
            # Trashes that take a copy or make a note first would do so again in every run.
            raise Rejected(
                f"{known_as} cannot be moved to the trash: nothing can be taken out of"
                f" {path.parent}, check its permissions"
            )
        where = self._trash.put(path, os.path.relpath(known_as, self._top))
        self._discarded(os.fspath(known_as), where)


def _names_for(made: Made, found: _Found) -> tuple[str, ...]:
    """Names for the sidecars of what takes the place of a photo.

    Where another photo has one of them, only what speaks goes there.
    """
    gone = {found.entry.name, *found.entry.sidecars}
    near = [name for name in names_near(found.folder, found.entry.name) if name not in gone]
    names = names_beside(found.folder, found.entry.name, made.forms, near)
    return (sidecar_name(found.entry.name, ALONE),) if names is None else names


def _is_digest(content: str) -> bool:
    return content.startswith(("image:", "file:"))


def _stale(path: Path) -> Stale:
    return Stale(f"{path} has changed since it was looked at: run again")


def _may_show(path: Path, content: str) -> bool:
    """Whether the file has that picture, or nothing can tell."""
    return not _is_digest(content) or _shows(path, content)


def _shows(path: Path, content: str) -> bool:
    """Whether there is a file with that picture."""
    return _is_digest(content) and path.is_file() and digest(path).content == content
