"""Which files are photos, and which of them can hold metadata themselves."""

from __future__ import annotations

__all__ = ["EMBEDDING", "KNOWN", "embeds", "is_photo", "is_raw", "is_video"]

# Suffixes of what exiv2 writes without touching the picture. Some RAWs it could, too: left alone.
EMBEDDING = frozenset({"jpg", "jpeg", "jpe", "png", "tif", "tiff", "webp"})
_READ_ONLY = frozenset({"gif", "heic", "heif", "hif", "avif", "jxl"})
_RAW = frozenset({"cr2", "cr3", "nef", "arw", "dng", "raf", "orf", "rw2", "pef", "srw"})
_VIDEO = frozenset({"mp4", "mov", "m4v"})
KNOWN = EMBEDDING | _READ_ONLY | _RAW | _VIDEO


def is_photo(name: str) -> bool:
    """Whether a file of this name is a photo or a video, by its suffix."""
    return _suffix(name) in KNOWN


def is_raw(name: str) -> bool:
    """Whether a file of this name holds what a camera's sensor saw."""
    return _suffix(name) in _RAW


def is_video(name: str) -> bool:
    """Whether a file of this name is a video."""
    return _suffix(name) in _VIDEO


def embeds(name: str) -> bool:
    """Whether metadata may be written into a file of this name; the others get a sidecar."""
    return _suffix(name) in EMBEDDING


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return suffix.lower() if stem and dot else ""
