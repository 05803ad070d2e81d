"""A digiKam database, and the folders that it knows: looked up by folder, changed with care."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from collections.abc import Collection as Many
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from ...errors import Rejected, Stale
from ...model import METADATA_FIELDS, NOTHING_SAID, Field, Metadata
from . import rows, running, said, stamps
from .database import Change, Database
from .places import Places
from .rc import Habits
from .roots import roots
from .rows import Row
from .said import Said
from .strays import Strays
from .tags import Tags
from .versions import Kept
from .writing import Writer, check

__all__ = ["Collection", "Shelf"]

_GLANCE = 1.0  # seconds for which a look at what is running holds


class Shelf(dict[str, Kept]):
    """What is said of the photos in one folder, by name; any name may be asked for.

    `stray` looks up those that digiKam does not know to be there.
    """

    def __init__(self, there: dict[str, Kept], stray: Callable[[str], Kept]) -> None:
        super().__init__(there)
        self._stray = stray

    def __missing__(self, name: str) -> Kept:
        self[name] = kept = self._stray(name)
        return kept


class Collection:
    """What a database knows of the folders on this machine.

    `normal` is the form in which files give texts back. Whatever changes the database raises
    Rejected, before anything is changed, while digiKam runs or if the database is of an unknown
    version; folders in no collection are none of its business. Before the first change the database
    is backed up, unless its name is in `backed_up`, where it is then put.
    """

    def __init__(
        self,
        database: Database,
        habits: Habits,
        normal: Callable[[Metadata], Metadata],
        backed_up: set[str] | None = None,
    ) -> None:
        self.database = database
        self.habits = habits
        self.roots = roots(database)
        self._files_normal = normal
        self._tags = Tags(database, normal)
        self._places = Places(self.roots)
        self._strays = Strays(database, self._places)
        self._looked = float("-inf")
        self._refusal = ""
        self._backed_up = set() if backed_up is None else backed_up

    def covers(self, top: Path) -> bool:
        """Whether a tree and one of the collections are one, or one stands in the other."""
        return any(
            top.is_relative_to(root.folder) or root.folder.is_relative_to(top)
            for root in self.roots
        )

    def normal(self, metadata: Metadata) -> Metadata:
        """How digiKam shows metadata that are in the files' normal form."""
        whole = self.database.whole_seconds
        return said.normal(metadata, self._tags, whole_seconds=whole).clean()

    def holds(self, folder: Path) -> bool:
        """Whether a folder stands in one of the collections."""
        return self._places.of(folder) is not None

    def close(self) -> None:
        self.database.close()

    # Reading.

    def album(self, folder: Path) -> int | None:
        """The id of the album that a folder is, None where digiKam knows none."""
        return self._places.album(self.database, folder)

    def describe(self, folder: Path) -> dict[str, str]:
        """What people say of an album, by a word for it."""
        album = self.album(folder)
        if album is None:
            return {}
        said = rows.album(self.database, album)
        groups = (f"{top} ({', '.join(behind)})" for top, behind in said.groups.items())
        words = {
            "caption": said.caption,
            "date": said.date,
            "category": said.category,
            "groups": ", ".join(groups),
        }
        return {word: text for word, text in words.items() if text}

    def shelf(self, folder: Path) -> Shelf:
        """What is said of the photos in a folder.

        Nothing of those that digiKam has not seen, or is to read anew.
        """
        album = self.album(folder)
        found = {} if album is None else rows.photos(self.database, album)
        if not self._tags.ids.issuperset(chain.from_iterable([row.tags for row in found.values()])):
            self._tags.read(self.database)
        there = {name: self._kept(row) for name, row in found.items()}
        return Shelf(there, lambda name: self._stray(folder, name))

    def names(self, folder: Path) -> set[str]:
        """The names of the photos that digiKam believes to be in a folder."""
        album = self.album(folder)
        return set() if album is None else rows.names(self.database, album)

    def row(self, folder: Path, name: str) -> Kept:
        """What is said of a photo that digiKam knows to be there, and is not to read anew."""
        return self._kept(self._places.photo(self.database, folder, name))

    def kept(self, folder: Path, name: str) -> Kept:
        """What is said of a photo, wherever digiKam believes it to be."""
        return self.row(folder, name) or self._stray(folder, name)

    def _kept(self, row: Row | None) -> Kept:
        return (row, self._said(row)) if row is not None and row.modified else None

    def _stray(self, folder: Path, name: str) -> Kept:
        """What is said of a photo that is not known to be there, and was moved there."""
        if self._places.is_taken(self.database, folder, name):
            return None
        return self._kept(self._strays.row(folder / name))

    def _said(self, row: Row) -> Said:
        return Said(row, self._tags, self._files_normal)

    # Changing.

    def check(self, metadata: Metadata | None = None, fields: Many[Field] = ()) -> None:
        """Raises Rejected if the database may not be written now, or cannot hold the metadata."""
        if metadata is not None:
            check(self.database, metadata, fields)
        if time.monotonic() - self._looked > _GLANCE:
            self._refusal = self._why_not()
            self._looked = time.monotonic()
        if self._refusal:
            raise Rejected(self._refusal)
        if self.database.name not in self._backed_up:
            self.database.back_up()
            self._backed_up.add(self.database.name)

    def _why_not(self) -> str:
        """Why the database may not be written now; "" if it may."""
        for who in (*running.processes(), *running.services()):
            return (
                f"digiKam is running ({who}): nothing is changed in its collection; close it and"
                " run again"
            )
        for who in self.database.users():
            return (
                f"{self.database.name} is open elsewhere ({who}): nothing is changed in the"
                " collection; close digiKam, and what else has it open, and run again"
            )
        return self.database.why_read_only()

    @contextmanager
    def _change(self) -> Iterator[Change]:
        self.check()
        try:
            with self.database.change() as change:
                yield change
        except BaseException:
            self._tags.read(self.database)  # without those that were not made after all
            raise

    def write(
        self,
        folder: Path,
        name: str,
        seen: Said,
        metadata: Metadata,
        fields: Many[Field],
        stamp: stamps.Stamp | None = None,
    ) -> None:
        """Makes `fields` of a photo say what `metadata`, in normal form, say.

        `seen`: what was said when it was decided; raises Stale if it is another thing now.
        `stamp`: of the file, where that was written too.
        """
        with self._change() as change:
            row = self._places.photo(change, folder, name)
            if row is None or self._said(row).fingerprint != seen.fingerprint:
                raise Stale(f"{folder / name} was changed in digiKam meanwhile: run again")
            if stamp:
                stamps.write(change, row, stamp)
            self._writer(change, row, seen).write(metadata, fields)

    def note(self, folder: Path, name: str, stamp: stamps.Stamp) -> None:
        """Makes digiKam know a file as it is now, if it knows the photo at all."""
        with self._change() as change:
            row = self._places.photo(change, folder, name)
            if row is not None:
                stamps.write(change, row, stamp)

    def read_again(self, folder: Path, name: str, metadata: Metadata) -> None:
        """Makes digiKam read a photo anew at its next start: it has another picture.

        Until then its file counts. digiKam adds to what is there, which is `metadata` by then;
        faces, whose frames are those of the old picture, it finds in the file.
        """
        if not self.holds(folder):
            return
        fields = [field for field in METADATA_FIELDS if field is not Field.PEOPLE]
        with self._change() as change:
            row = self._places.photo(change, folder, name)
            if row is not None:
                writer = self._writer(change, row, self._said(row))
                writer.write(metadata.but(NOTHING_SAID, [Field.PEOPLE]), [Field.PEOPLE])
                writer.write(metadata, fields)
                sql = "UPDATE Images SET modificationDate = NULL WHERE id = ?"
                change.do(sql, row.id)

    def remove(self, folder: Path, name: str) -> None:
        """A photo is gone."""
        if self.holds(folder):
            with self._change() as change:
                self._places.clear(change, folder, name)

    def move(self, folder: Path, name: str, to: Path, new: str) -> None:
        """A photo has another folder and name, and keeps all that is said of it."""
        if (folder, name) == (to, new) or not self.holds(folder):
            return
        with self._change() as change:
            row = self._places.photo(change, folder, name)
            if row is not None:
                self._places.clear(change, to, new)
                self._places.clear(change, folder, name)
                self._places.put(change, row.id, to, new)

    def settle(self, folder: Path, name: str) -> None:
        """Makes digiKam know where a photo is that another program has moved.

        If its whole folder was, that goes along, with what is said of it and in it.
        """
        kept = self._stray(folder, name)
        if kept is None:
            return
        with self._change() as change:
            old = kept[0].album and self._places.folder(change, kept[0].album)
            if old and not old.exists() and self._places.album(change, folder) is None:
                self._places.move(change, old, folder)
            self._places.put(change, kept[0].id, folder, name)

    def move_album(self, folder: Path, to: Path) -> None:
        """A folder has another path, and so has all that is below it."""
        if self.holds(folder) and self.holds(to):  # what leaves, or comes in, digiKam finds itself
            with self._change() as change:
                self._places.move(change, folder, to)

    def _writer(self, change: Change, row: Row, seen: Said) -> Writer:
        whole = self.database.whole_seconds
        return Writer(change, self._tags, row, seen.metadata, whole_seconds=whole)
