"""The digest by which Adobe's programs see that the IPTC of a JPEG was changed without them.

Photoshop keeps the MD5 of the IPTC (image resource 0x0404) in resource 0x0425; where the two
differ, Adobe's programs and those that follow the MWG guidelines believe the IPTC before the XMP.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5

from .jpeg import segments

__all__ = ["iptc", "renew_digest"]

_APP13, _SIGNATURE = 0xED, b"Photoshop 3.0\0"
_IPTC, _DIGEST = 0x0404, 0x0425


def renew_digest(file: bytes) -> bytes:
    """The file with the digest of the IPTC it holds; the same where it is no JPEG or has none."""
    parts = list(segments(file, _APP13, _SIGNATURE))
    # Large resources go on in the next segment.
    whole = bytearray().join(file[start:end] for start, end in parts)
    found = dict(_resources(whole))
    if _DIGEST not in found or _IPTC not in found:
        return file
    start, end = found[_DIGEST]
    new = md5(whole[slice(*found[_IPTC])], usedforsecurity=False).digest()
    if end - start != len(new):
        return file
    whole[start:end] = new
    renewed = bytearray(file)
    at = 0
    for first, last in parts:
        renewed[first:last] = whole[at : at + last - first]
        at += last - first
    return bytes(renewed)


def iptc(file: bytes) -> bytes:
    """The IPTC of a JPEG; b"" where it is none, or has none."""
    whole = bytearray().join(file[slice(*part)] for part in segments(file, _APP13, _SIGNATURE))
    parts = (part for number, part in _resources(whole) if number == _IPTC)
    return b"".join(whole[slice(*part)] for part in parts)


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
