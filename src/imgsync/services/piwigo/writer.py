"""The calls that change photos in a Piwigo; what may be changed is decided before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...errors import Rejected, Stale, Unavailable
from ...model import METADATA_FIELDS, Album, Field, Metadata
from ...service import Source
from ..http import Declined
from . import words
from .catalogue import Catalogue
from .files import chunks
from .gallery import UNKNOWN, Gallery
from .tags import Tags
from .words import Info

__all__ = ["Writer"]

_REPLACE = {"single_value_mode": "replace", "multiple_value_mode": "replace"}


class Writer:
    """`fields` are those that the gallery holds."""

    def __init__(self, gallery: Gallery, catalogue: Catalogue, fields: frozenset[Field]) -> None:
        self._gallery = gallery
        self._catalogue = catalogue
        self._fields = fields
        self._tags = Tags(gallery)

    def form(self, said: Metadata, name: str) -> dict[str, str]:
        """The parameters that make a photo say all that `said` does; Rejected if it cannot."""
        return words.form(said, self._fields, name)

    def add(self, album: Album, source: Source, name: str, md5: str) -> int:
        """Uploads a photo that the gallery has not; gives its id."""
        told = {"filename": name, "category[]": album.ref, "level": "0"}
        tags = self._tags.ids(source.metadata.tags, ())
        form = {**self.form(source.metadata, name), **told, "tag_ids": tags}
        info = self._upload(source, md5, form)
        # Until this is said, new photos wait in what Piwigo calls its lounge, in no album.
        done = {"image_id": str(info.id), "category_id": album.ref}
        self._gallery.ask("pwg.images.uploadCompleted", object, done)
        self._correct(info, source.metadata, name)
        return info.id

    def replace(self, old: Info, source: Source, said: Metadata, md5: str) -> None:
        """Gives a photo another picture; it keeps its level, which an upload would make public."""
        name = words.shown_file(old.file)
        told = {"image_id": str(old.id), "level": str(old.level), "filename": name}
        tags = self._tags.ids(said.tags, old.tags)
        form = {**self.form(said, name), **told, "tag_ids": tags}
        self._correct(self._upload(source, md5, form), said, name)

    def set(self, info: Info, form: Mapping[str, str], tags: frozenset[str] | None = None) -> None:
        """Sets what the form names, and the tags unless they are None."""
        told = {"image_id": str(info.id), **_REPLACE, **form}
        if tags is not None:
            told["tag_ids"] = self._tags.ids(tags, info.tags)
        self._gallery.ask("pwg.images.setInfo", object, told)

    def put_in(self, id: int, album: Album) -> None:
        """Raises Stale if the album is gone."""
        self._set_album(id, album, "associate")

    def take_out(self, info: Info, album: Album) -> None:
        """Ends a photo's stay in an album; Rejected where that is the folder its file is in."""
        self._set_album(info.id, album, "dissociate")
        now = self._catalogue.info(info.id)
        if now and int(album.ref) in now.albums:
            name = words.shown_file(info.file)
            why = "is a file in a folder of the server: it can only be moved there"
            raise Rejected(f"{name} in {album.path} of {self._gallery.who} {why}")

    def _upload(self, source: Source, md5: str, form: Mapping[str, str]) -> Info:
        size = max(1, self._gallery.status.upload_form_chunk_size) * 1024
        answer: Any = None
        for told, chunk in chunks(source, md5, size):
            answer = self._gallery.upload({**form, **told}, chunk)
        try:
            return msgspec.convert(answer, Info, strict=False)
        except msgspec.ValidationError:
            who = self._gallery.who
            raise Unavailable(f"{who} has not put {source.name} together yet") from None

    def _correct(self, info: Info, said: Metadata, name: str) -> None:
        """Says again what the file's own metadata have overruled, or the upload has garbled."""
        now = words.normal(words.shown(info, self._fields), self._fields)
        wanted = words.normal(said, self._fields)
        differ = {field for field in METADATA_FIELDS if now.get(field) != wanted.get(field)}
        fields = differ & self._fields
        form = words.form(said, fields, name)
        if info.file != words.escaped(name):
            form["file"] = words.escaped(name)
        if form or Field.TAGS in fields:
            self.set(info, form, said.tags if Field.TAGS in fields else None)

    def _set_album(self, id: int, album: Album, action: str) -> None:
        form = {"image_id[]": str(id), "category_id": album.ref, "action": action}
        try:
            self._gallery.ask("pwg.images.setCategory", object, form)
        except Declined as error:
            if error.status != UNKNOWN:
                raise
            who = self._gallery.who
            raise Stale(f"the album {album.path} is gone from {who}") from None
