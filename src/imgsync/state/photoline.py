"""How a photo stands on its line of the state. Pure: no I/O."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from ..model import NOTHING_SAID, Metadata, Photo
from .text import to_json
from .values import Agreed, Record

__all__ = ["PhotoLine", "ServiceEntry", "from_line", "to_line"]

_NO_DIGESTS: frozenset[str] = frozenset()

# What is UNSET, and in a half what is empty, is not written.


class _Half(msgspec.Struct, frozen=True, omit_defaults=True):
    """A photo as one side showed it; its ref stands beside, or is its name."""

    name: str
    version: str = ""
    content: str = ""
    size: int = 0
    digests: frozenset[str] = _NO_DIGESTS
    metadata: Metadata = NOTHING_SAID


class ServiceEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was agreed with one service."""

    ref: str
    synced: str = ""
    there: _Half
    here: _Half | UnsetType = UNSET


class PhotoLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A photo's line, its keys in the order of the file.

    `size`, `mtime`: of the file; mtime in ns. `sidecar`: what the version says beyond them.
    `version`: the version where it is not made of these. `image_hash`: ExifTool's hex, or "file:"
    and the SHA-256 of the whole file. `content`: the content where it is neither.
    `metadata_hash`: the first 32 hex digits of the SHA-256 of the JSON of `metadata`.
    """

    id: str
    name: str
    size: int = 0
    mtime: int | UnsetType = UNSET
    sidecar: str | UnsetType = UNSET
    version: str | UnsetType = UNSET
    image_hash: str = ""
    content: str | UnsetType = UNSET
    digests: frozenset[str] | UnsetType = UNSET
    metadata_hash: str = ""
    metadata: Metadata = NOTHING_SAID
    racy: bool | UnsetType = UNSET
    gone: bool | UnsetType = UNSET
    services: Mapping[str, ServiceEntry] = {}


def to_line(record: Record) -> PhotoLine:
    """The line of `record`."""
    photo = record.photo
    mtime, sidecar, version = _split_version(photo)
    image_hash, content = _split_content(photo.content)
    return PhotoLine(
        id=record.id,
        name=photo.name,
        size=photo.size,
        mtime=mtime,
        sidecar=sidecar,
        version=version,
        image_hash=image_hash,
        content=content,
        digests=photo.digests or UNSET,
        metadata_hash=_hash(photo.metadata),
        metadata=photo.metadata,
        racy=record.racy or UNSET,
        gone=record.gone or UNSET,
        services={
            key: ServiceEntry(
                ref=agreed.there.ref,
                synced=agreed.synced,
                there=_half(agreed.there),
                here=UNSET if agreed.here is None else _half(agreed.here),
            )
            for key, agreed in record.links.items()
        },
    )


def from_line(line: PhotoLine, trusted: bool) -> Record:
    """What the line says; with no version of anything where it is not `trusted`."""
    name = line.name
    photo = Photo(
        name,
        name,
        _version(line) if trusted else "",
        _content(line),
        line.size,
        line.digests or _NO_DIGESTS,
        line.metadata,
    )
    links = {
        key: Agreed(
            _photo(agreed.ref, agreed.there, trusted),
            _photo(agreed.here.name, agreed.here, trusted) if agreed.here else None,
            agreed.synced,
        )
        for key, agreed in line.services.items()
    }
    return Record(line.id, photo, bool(line.racy), bool(line.gone), links)


def _half(photo: Photo) -> _Half:
    return _Half(
        photo.name,
        photo.version,
        photo.content,
        photo.size,
        photo.digests or _NO_DIGESTS,
        photo.metadata,
    )


def _photo(ref: str, half: _Half, trusted: bool) -> Photo:
    version = half.version if trusted else ""
    return Photo(ref, half.name, version, half.content, half.size, half.digests, half.metadata)


_VERSION = re.compile(r"(\d+):(0|-?[1-9]\d*)(?::(.+))?", re.DOTALL | re.ASCII)


def _split_version(photo: Photo) -> tuple[int | UnsetType, str | UnsetType, str | UnsetType]:
    """mtime, sidecar and version: the version of a file is "size:mtime" or "size:mtime:sidecar"."""
    found = _VERSION.fullmatch(photo.version)
    if found and found[1] == str(photo.size):
        return int(found[2]), found[3] or UNSET, UNSET
    return UNSET, UNSET, photo.version or UNSET


def _version(line: PhotoLine) -> str:
    if line.mtime is UNSET:
        return line.version or ""
    if line.sidecar is UNSET:
        return f"{line.size}:{line.mtime}"
    return f"{line.size}:{line.mtime}:{line.sidecar}"


_IMAGE = re.compile(r"image:([0-9a-f]+)")


def _split_content(content: str) -> tuple[str, str | UnsetType]:
    """image_hash and content: ExifTool's hex where it has a hash, else the content as it is."""
    found = _IMAGE.fullmatch(content)
    if found:
        return found[1], UNSET
    if content.startswith("file:"):
        return content, UNSET
    return "", content or UNSET


def _content(line: PhotoLine) -> str:
    if not line.image_hash:
        return line.content or ""
    return line.image_hash if line.image_hash.startswith("file:") else f"image:{line.image_hash}"


def _hash(metadata: Metadata) -> str:
    return hashlib.sha256(to_json(metadata)).hexdigest()[:32]
