"""Folders as digiKam shows them: its database over what files and sidecars say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ...metadata import files
from ...model import METADATA_FIELDS, Album, Field, Metadata, Photo, fingerprint
from ...service import Look, Source, Unread
from ..files import Files
from ..files.scanner import find
from ..files.troubles import told
from . import stamps, versions
from .collection import Collection
from .end import End, stale
from .inscribing import inscribe
from .rows import Row
from .unread import can_say_more, merge
from .versions import Kept

__all__ = ["View"]


class View(End):
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
        folder = self._folder(album)
        if not self._collection.holds(folder):
            return self._files.fingerprint(album)
        shelf = self._collection.shelf(folder)
        try:
            marked = self._marked(album, shelf)
        except OSError:
            return ""
        return fingerprint(marked) if marked is not None else ""

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        folder = self._folder(album)
        shelf = self._collection.shelf(folder)

        def show(photo: Photo) -> Photo:
            return self._said(folder, photo, shelf[photo.ref], look.known.get(photo.ref))

        return self._looked_at(album, look, shelf, show)

    def create(self, album: Album, source: Source) -> Photo:
        made = super().create(album, source)
        is_new = self._collection.row(self._folder(album), made.name) is None
        if is_new and versions.fingerprint(made):  # digiKam would say what it said of it before
            return self.edit(album, made, source.metadata, frozenset(METADATA_FIELDS))
        return made

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        folder = self._changing(album, photo)
        kept = self._collection.row(folder, photo.ref)
        if kept is None:
            edited = self._files.edit(album, versions.plain(photo), metadata, fields)
            return self._shown(folder, edited)
        wanted = self.normal(photo.metadata.but(metadata, fields))
        if wanted.tags != photo.metadata.tags and Field.PEOPLE in fields:
            fields |= {Field.TAGS}  # who gets a face gets the tag too
        if photo.version and versions.is_ahead(photo):
            fields = frozenset(METADATA_FIELDS)  # from now on digiKam knows all of it
        self._collection.check(wanted, fields)
        stamp = self._inscribe(folder, versions.plain(photo), kept[0], wanted, fields)
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
                raise stale(path)
            saved = fields & habits.saves
            if not saved:
                return None
            is_known = stamps.agree(row, self._stamp(folder, entry))
            inscribe(folder, entry, wanted, saved, habits, embed=self._embed)
            return self._stamp(folder, find(folder, photo.ref)) if is_known else None

    def _shown(self, folder: Path, photo: Photo, before: Photo | None = None) -> Photo:
        return self._said(folder, photo, self._collection.kept(folder, photo.ref), before)

    def _said(self, folder: Path, photo: Photo, kept: Kept, before: Photo | None) -> Photo:
        shown = self._collection.normal(photo.metadata)
        more = kept is not None and before is not None and self._is_ahead(before, photo)
        said = kept[1].over(shown) if kept else shown
        return msgspec.structs.replace(
            photo,
            version=versions.with_mark(photo.version, kept, more=more),
            metadata=merge(self.normal(said), shown, self._alone(folder, photo)) if more else said,
        )

    def _is_ahead(self, before: Photo, photo: Photo) -> bool:
        """Whether more is known of a photo, as it was shown `before`, than digiKam has read."""
        has_sidecar = len(photo.version.split(":")) > 2
        return versions.is_ahead(before) and can_say_more(
            photo.name, self._collection.habits, has_sidecar=has_sidecar
        )

    def _alone(self, folder: Path, photo: Photo) -> Metadata:
        """What a file says without its sidecar."""
        path = folder / photo.ref
        with told(f"{path} cannot be read"):
            return self._collection.normal(files.read(path, None))
