"""What img-sync remembers of an album: its photos, its past with each service, its sub-albums.

Immutable values, as plain as the file they are kept in; docs/state-format.md shows them there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Final

import msgspec

from ..model import Link, Photo
from .text import to_json

__all__ = [
    "VERSION",
    "Agreed",
    "AlbumThere",
    "Child",
    "ChildThere",
    "Header",
    "Record",
    "new_id",
    "short_hash",
]

VERSION: Final = 1


class Agreed(msgspec.Struct, frozen=True):
    """What a photo's two sides showed when they last agreed.

    `there`: what the service showed; its ref there is `there.ref`.
    `here`: what the local side showed; None is the same as `Record.photo`.
    `synced`: when that was, ISO 8601, UTC, to the second.
    """

    there: Photo
    here: Photo | None = None
    synced: str = ""

    def link(self, record: Record) -> Link:
        """The link of `record`, left local and right the service."""
        return Link(record.id, left=self.here or record.believed, right=self.there)


class Record(msgspec.Struct, frozen=True):
    """A photo of the folder: as it was last recorded, and what was agreed with each service.

    `id`: the photo's own id, 16 hex characters.
    `photo`: its ref and its name are both its file name.
    `racy`: the file was so young when it was read that it may have changed since without a trace.
    `gone`: the file is no longer there; remembered for what was agreed with services.
    `links`: by the service's key.
    """

    id: str
    photo: Photo
    racy: bool = False
    gone: bool = False
    links: Mapping[str, Agreed] = {}

    @property
    def believed(self) -> Photo:
        """The photo as far as it is to be believed when the file looks unchanged."""
        return msgspec.structs.replace(self.photo, version="") if self.racy else self.photo


class AlbumThere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The album on one service.

    `ref`, `path`: its ref and path there when last agreed.
    `here`: absolute path of the folder then. `rel`: its path relative to the top then.
    `fingerprint`: the service's fingerprint of the album when all in it was in step, else "".
    `photos`: how many photos were linked then.
    """

    ref: str
    path: str
    here: str
    rel: str
    fingerprint: str = ""
    photos: int = 0


class ChildThere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An album below on one service: its ref, and a short hash of each photo as last agreed."""

    ref: str
    photos: frozenset[str] = frozenset()


class Child(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An album below, remembered here so that it is missed when its folder vanishes.

    `path`: relative to this folder. `id`: that album's id. `links`: by the service's key.
    `gone`: known to have vanished; remembered for the albums on services.
    """

    path: str
    id: str
    links: Mapping[str, ChildThere] = {}
    gone: bool = False


class Header(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"version": "img-sync"},
):
    """What the state says of the album itself.

    `version`: of the format. `id`: the album's own id, 16 hex characters.
    `written`: the modification time in ns that the file was given when it was last saved.
    `fingerprint`: of the folder's listing; "" where it is not known.
    `albums`: by the service's key. `below`: sorted paths of the albums below.
    """

    version: int = VERSION
    id: str
    title: str = ""
    written: int = 0
    fingerprint: str = ""
    albums: Mapping[str, AlbumThere] = {}
    below: tuple[str, ...] = ()


def short_hash(photo: Photo) -> str:
    """What an album's parent remembers of a photo: enough to tell that it is still the same."""
    told = photo.version or f"{photo.content}\0{to_json(photo.metadata).decode()}"
    said = f"{photo.ref}\0{told}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(said).hexdigest()[:8]


def new_id() -> str:
    """A random id for an album or a photo: 16 hex characters."""
    return os.urandom(8).hex()
