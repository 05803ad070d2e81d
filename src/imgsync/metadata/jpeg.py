"""Where a JPEG (ISO/IEC 10918-1) holds metadata: its application segments."""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["segments"]

_START_OF_SCAN = 0xDA


def segments(file: bytes, marker: int, signature: bytes) -> Iterator[tuple[int, int]]:
    """Where the segments of a kind hold what follows their signature; none if it is no JPEG."""
    if not file.startswith(b"\xff\xd8"):
        return
    at = 2
    while file[at : at + 1] == b"\xff" and len(file) - at >= 4:
        found, size = struct.unpack_from(">xBH", file, at)
        if found == 0xFF:  # a marker may be filled up
            at += 1
            continue
        if found == _START_OF_SCAN:  # only the picture follows
            return
        start, end = at + 4, at + 2 + size
        if found == marker and file.startswith(signature, start):
            yield start + len(signature), end
        at = end
