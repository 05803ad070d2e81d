"""The digest by which Adobe's programs see that the IPTC of a JPEG was changed without them.

Photoshop keeps the MD5 of the IPTC (image resource 0x0404) in resource 0x0425; where the two
differ, Adobe's programs and those that follow the MWG guidelines believe the IPTC before the XMP.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import md5

__all__ = ["renew_digest"]

_SIGNATURE = b"Photoshop 3.0\0"
_IPTC, _DIGEST = 0x0404, 0x0425


def renew_digest(file: bytes) -> bytes:
    """The file with the digest of the IPTC it holds; the same where it is no JPEG or has none."""
    segments = list(_segments(file))
    # Large resources go on in the next segment.
    whole = bytearray().join(file[start:end] for start, end in segments)
    found = dict(_resources(whole))
    if _DIGEST not in found or _IPTC not in found:
        return file
    start, end = found[_DIGEST]
    new = md5(whole[slice(*found[_IPTC])], usedforsecurity=False).digest()
    if end - start != len(new):
        return file
    whole[start:end] = new
    parts = bytearray(file)
    at = 0
    for first, last in segments:
        parts[first:last] = whole[at : at + last - first]
        at += last - first
    return bytes(parts)


def _segments(file: bytes) -> Iterator[tuple[int, int]]:
    """Where Photoshop's segments of a JPEG hold their data."""
    if not file.startswith(b"\xff\xd8"):
        return
    at = 2
    while file[at : at + 1] == b"\xff" and len(file) - at >= 4:
        marker, size = struct.unpack_from(">xBH", file, at)
        # Start of scan: only the picture follows.
        if marker == 0xDA:
            return
        start, end = at + 4, at + 2 + size
        if marker == 0xED and file.startswith(_SIGNATURE, start):
            yield start + len(_SIGNATURE), end
        at = end


def _resources(data: bytearray) -> Iterator[tuple[int, tuple[int, int]]]:
    """The image resources: number, and where the data begin and end."""
    at = 0
    while data[at : at + 4] == b"8BIM" and len(data) - at >= 12:
        number = int.from_bytes(data[at + 4 : at + 6])
        # A name with its length in a byte, and after name and data a byte to make them even.
        start = at + 6 + (data[at + 6] + 2) // 2 * 2 + 4
        size = int.from_bytes(data[start - 4 : start])
        yield number, (start, start + size)
        at = start + size + size % 2
