"""Versions of photos in a collection: that of the files, and what digiKam says of them."""

from __future__ import annotations

import msgspec

from ...model import Photo
from .rows import Row
from .said import Said

__all__ = ["Kept", "as_file", "changed", "fingerprint", "is_ahead", "plain", "with_mark"]

# A photo's version is that of its file, this, and the fingerprint of what the database says;
# then, where file and sidecar say more than digiKam has read, the other.
_MARK, _MORE = ":digikam=", "+"

# What the database says of a photo; None where it says nothing.
Kept = tuple[Row, Said] | None


def with_mark(version: str, kept: Kept, *, more: bool = False) -> str:
    """The version of a photo whose files are at `version`.

    `more`: whether it is shown with what digiKam has not read.
    """
    if kept is None or not version:
        return version
    return f"{version}{_MARK}{kept[1].fingerprint}{_MORE if more else ''}"


def fingerprint(photo: Photo) -> str:
    """What the database said when the photo was looked at; "" if it said nothing."""
    return photo.version.partition(_MARK)[2].removesuffix(_MORE)


def changed(photo: Photo, kept: Kept) -> bool:
    """Whether the database says something else than when the photo was looked at."""
    return fingerprint(photo) != (kept[1].fingerprint if kept else "")


def is_ahead(photo: Photo) -> bool:
    """Whether the photo was shown as its files are, or with more than digiKam had read."""
    mark = photo.version.partition(_MARK)[2]
    return not mark or mark.endswith(_MORE)


def plain(photo: Photo) -> Photo:
    """A photo as the service of files knows it."""
    return msgspec.structs.replace(photo, version=photo.version.partition(_MARK)[0])


def as_file(photo: Photo, kept: Kept) -> Photo:
    """The same, with a version that has its metadata read again where the database's changed."""
    version = plain(photo).version
    if version and changed(photo, kept):
        version = ":".join([*version.split(":")[:2], "?"])
    return msgspec.structs.replace(photo, version=version)
