"""Pictures on their way to Immich: recognised before they are sent, checked when they are there."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from ...errors import Rejected, Stale
from ...model import NOTHING_SAID, Field, Metadata, Photo
from ...service import Original, Source
from ..http import Part
from .answers import Asset, Uploaded, said, sha1, told_time, utc
from .api import Api
from .listing import UNSORTED
from .settling import Editor
from .xmp import sidecar

__all__ = ["HELD", "Uploads"]

# The metadata that Immich holds.
HELD = frozenset(
    {Field.CAPTION, Field.TAGS, Field.TAKEN, Field.LOCATION, Field.RATING, Field.FAVORITE}
)

_CHUNK = 1 << 20
_LONGEST_NAME = 1000  # characters; no file system has longer ones


class Uploads:
    """Brings in pictures. `formats`: the file name suffixes that the server takes."""

    def __init__(self, api: Api, editor: Editor, name: str, formats: Collection[str]) -> None:
        self._api = api
        self._editor = editor
        self._name = name
        self._formats = formats
        self._twins: dict[str, str | None] = {}

    def expect(self, photos: Iterable[Photo]) -> None:
        """Asks at once which of these photos the server has already."""
        asked = {mark for photo in photos for mark in photo.digests if mark.startswith("sha1:")}
        asked -= self._twins.keys()
        if asked:
            self._twins |= dict.fromkeys(asked) | self._api.twins(asked)

    def create(self, album: str, source: Source) -> Asset:
        """The asset of the source's picture, in the album: sent, or found by its checksum."""
        self._check_name(source.name)
        checksum = _known_checksum(source) or _read_checksum(source)
        twin = self._twin(checksum)
        if twin is not None:
            return self._adopt(album, twin, source)
        made = self._send(source, checksum)
        if made.status != "created":
            return self._adopt(album, made.id, source)
        self.join(album, made.id)
        return self._editor.edit(self._editor.extracted(made.id), source.metadata, HELD)

    def replace(self, old: Asset, source: Source) -> Asset:
        """The asset of another picture, wherever `old` stood; that one goes into the trash.

        The server's own way of replacing is not taken: it drops all that was said of the asset
        and takes no sidecar, so that whoever is killed then leaves it as if it had been cleared.
        """
        self._check_name(source.name)
        checksum = _known_checksum(source) or _read_checksum(source)
        twin = self._twin(checksum)
        id = twin or self._send(source, checksum).id
        if id == old.id:
            raise Stale(f"{old.original_file_name} shows this picture already: run again")
        asset = self._told(id, source, anew=twin is None)
        self._api.copy(old.id, id)
        ours = {album.id for album in self._api.albums()}
        for album in self._api.albums(of=old.id):
            if album.id in ours:
                self._api.join(album.id, id)
        self._api.trash(old.id)
        return asset

    def _adopt(self, album: str, id: str, source: Source) -> Asset:
        """A picture that is there already joins the album."""
        asset = self._told(id, source)
        self.join(album, id)
        return asset

    def _told(self, id: str, source: Source, *, anew: bool = False) -> Asset:
        """An asset that shows what the source says.

        What is said there of one that others may use stays; it gets what it lacks.
        """
        anew = self._restored(id) or anew
        asset = self._editor.extracted(id)
        return self._editor.edit(
            asset, source.metadata if anew else _filled(asset, source.metadata), HELD
        )

    def _restored(self, id: str) -> bool:
        """Takes an asset out of the trash, if it is there."""
        asset = self._api.asset(id)
        if asset is None:
            raise Stale(f"a photo is gone from {self._name}: run again")
        if asset.is_trashed:
            self._api.restore(id)
        return asset.is_trashed

    def join(self, album: str, id: str) -> None:
        """Puts an asset into an album, the one of what is in none included."""
        if album != UNSORTED:
            self._api.join(album, id)

    # Sending

    def _check_name(self, name: str) -> None:
        if "/" in name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise Rejected(f"{self._name} takes no file named {name!r}: give it another name")
        suffix = name.rpartition(".")[2].lower()
        if suffix not in self._formats:
            raise Rejected(f"{self._name} takes no {suffix.upper()} files: {name}")

    def _twin(self, checksum: str) -> str | None:
        """The id of the asset that has this checksum, in the trash or not."""
        if checksum in self._twins:
            return self._twins.pop(checksum)
        return self._api.twins([checksum]).get(checksum)

    def _send(self, source: Source, checksum: str) -> Uploaded:
        """Sends a picture with all that is said of it.

        The server may answer that it has one with this checksum. Rejected if what it has then is
        not what was sent.
        """
        shown = self._api.normal(source.metadata)
        # Of a photo with a place the time is shown in the zone of that place, whatever its offset.
        taken = shown.taken if shown.location else told_time(source.metadata.taken)
        said = sidecar(shown, taken)
        suffix = source.name.rpartition(".")[2].lower()
        with source.open() as original:
            file = _Hashed(original, source.name)
            # The true name goes in a field of its own, where any letter is safe.
            sent = Part("assetData", file, original.size, f"photo.{suffix}")
            xmp = Part("sidecarData", said, filename="photo.xmp")
            made = self._api.upload(_fields(source), sent, xmp, checksum)
        if made.status == "created":
            self._check(made.id, source.name, file.checksum)
        return made

    def _check(self, id: str, name: str, checksum: str) -> None:
        asset = self._api.asset(id)
        if asset is not None and sha1(asset) != checksum:
            self._api.trash(id)
            raise Rejected(f"{name} came to {self._name} damaged: run again")


def _fields(source: Source) -> dict[str, str]:
    """What an upload tells beside the file.

    As its modification time it tells the present, never at a full second. A photo without a time
    of its own is shown with that one, by which it is known that nobody said it. From 3.0 on
    only moments of UTC are taken; the time that was said, with its offset, is in the sidecar.
    """
    present = datetime.now(UTC)
    present = present.replace(microsecond=max(present.microsecond, 1000))
    return {
        "fileCreatedAt": utc(_moment(source.metadata.taken) or present),
        "fileModifiedAt": utc(present),
        "filename": source.name,
        "isFavorite": "true" if source.metadata.favorite else "false",
    }


def _moment(taken: str) -> datetime | None:
    told = told_time(taken)
    try:
        moment = datetime.fromisoformat(told)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _filled(asset: Asset, told: Metadata) -> Metadata:
    """What an asset says, with what is told where it says nothing, and all tags of both."""
    here = said(asset)
    silent = [field for field in HELD if here.get(field) == NOTHING_SAID.get(field)]
    return here.but(told, silent).but(Metadata(tags=here.tags | told.tags), [Field.TAGS])


def _known_checksum(source: Source) -> str:
    return next((mark for mark in source.photo.digests if mark.startswith("sha1:")), "")


def _read_checksum(source: Source) -> str:
    with source.open() as original:
        file = _Hashed(original, source.name)
        while file.read(_CHUNK):
            pass
    return file.checksum


class _Hashed:
    """A file that is read, with its checksum so far. Rejected if it has not the bytes it should."""

    def __init__(self, original: Original, name: str) -> None:
        self._stream = original.stream
        self._size = original.size
        self._name = name
        self._came = 0
        self._hash = hashlib.sha1(usedforsecurity=False)

    @property
    def checksum(self) -> str:
        return f"sha1:{self._hash.hexdigest()}"

    def read(self, size: int, /) -> bytes:
        chunk = self._stream.read(size)
        self._came += len(chunk)
        self._hash.update(chunk)
        if self._came > self._size or (not chunk and self._came != self._size):
            raise Rejected(f"{self._name} has changed while it was read: run again")
        return chunk
