"""Where the picture is in a JPEG file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from imgsync.metadata.digest.source import Range, Source

__all__ = ["jpeg"]

# Markers that continue a scan: a stuffed zero, a restart, the next scan.
_SCAN = frozenset({0x00, 0xDA, *range(0xD0, 0xD8)})
# Markers at which the picture is over: EOI, and JPEG 2000's start of data.
_END = frozenset({0xD9, 0x93})
# All markers without a length, and those with a length of four bytes (JPEG 2000's among them).
_BARE = _SCAN | _END | {0x01, 0xD8, 0x4F, 0x92, *range(0x30, 0x40)}
_LONG = frozenset({0x74, 0x75, 0x77})

_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1

_ANY_MARKER = re.compile(rb"\xff[^\xff]", re.DOTALL)
# RE2 goes through the millions of bytes of a scan four times as fast as `re`.
_MARKER_OUTSIDE_SCAN = re2.compile(rb"\xff[^\x00\xd0-\xd7\xda\xff]", _BYTES)


def jpeg(source: Source, start: int = 0) -> Iterator[Range]:
    """The scans of the JPEG that begins at `start`, each from its SOS marker on, without EOI.

    Where a segment interrupts a scan, as in progressive files, or the file ends, the bytes from
    the scan's last marker on (a stuffed zero counts as one) do not belong to it.

    Source: ExifTool 13.59, ExifTool.pm, ProcessJPEG.
    """
    at = start + 2
    while found := source.search(_ANY_MARKER, at):
        at, marker = found
        if marker in _END:
            return
        if marker in _SCAN:
            end, following = _scan(source, at)
            yield at, end - at
            at = following
        elif marker in _BARE:
            at += 2
        else:
            width = 4 if marker in _LONG else 2
            length = int.from_bytes(source.read(at + 2, width), "big")
            at += 2 + length
            if length < width or at > source.size:
                return


def _scan(source: Source, start: int) -> tuple[int, int]:
    """Up to where the bytes from the scan's marker at `start` on count, and where to go on."""
    found = source.search(_MARKER_OUTSIDE_SCAN, start + 2)
    end, marker = found or (source.size, None)
    if marker in _BARE:
        return end, end
    padding = source.rstrip(b"\xff", start + 2, end)
    return source.rfind(b"\xff", start, padding), end
