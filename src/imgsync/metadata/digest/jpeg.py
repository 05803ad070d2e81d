"""Where the picture is in a JPEG file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imgsync.metadata.digest.source import Range, Source

__all__ = ["jpeg"]

# Markers that continue a scan: a stuffed zero, a restart, the next scan.
_SCAN = frozenset({0x00, 0xDA, *range(0xD0, 0xD8)})
# Markers at which the picture is over: EOI, and JPEG 2000's start of data.
_END = frozenset({0xD9, 0x93})
# All markers without a length, and those with a length of four bytes (JPEG 2000's among them).
_BARE = _SCAN | _END | {0x01, 0xD8, 0x4F, 0x92, *range(0x30, 0x40)}
_LONG = frozenset({0x74, 0x75, 0x77})

_ANY_MARKER = re.compile(rb"\xff[^\xff]", re.DOTALL)
_MARKER_OUTSIDE_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xda\xff]", re.DOTALL)


def jpeg(source: Source, start: int = 0) -> Iterator[Range]:
    """The scans of the JPEG that begins at `start`, each from its SOS marker on, without EOI.

    Where a segment interrupts a scan, as in progressive files, or the file ends, the bytes from
    the scan's last marker on (a stuffed zero counts as one) do not belong to it.

    Source: ExifTool 13.59, ExifTool.pm, ProcessJPEG.
    """
    at = start + 2
    while (at := source.search(_ANY_MARKER, at)) >= 0:
        marker = source.read(at + 1, 1)[0]
        if marker in _END:
            return
        if marker in _SCAN:
            end, whole = _scan(source, at)
            yield at, end - at
            at = whole
        elif marker in _BARE:
            at += 2
        else:
            at = _behind_segment(source, at)
            if at < 0:
                return


def _scan(source: Source, start: int) -> tuple[int, int]:
    """Up to where the scan's bytes from the marker at `start` on count, and what follows it."""
    end = source.search(_MARKER_OUTSIDE_SCAN, start + 2)
    if end >= 0 and source.read(end + 1, 1)[0] in _BARE:
        return end, end
    if end < 0:
        end = source.size
    padding = source.rstrip(b"\xff", start + 2, end)
    return source.rfind(b"\xff", start, padding), end


def _behind_segment(source: Source, at: int) -> int:
    """What follows the segment whose marker is at `at`; -1 where it is cut or impossible."""
    width = 4 if source.read(at + 1, 1)[0] in _LONG else 2
    length = int.from_bytes(source.read(at + 2, width), "big")
    end = at + 2 + length
    return end if length >= width and end <= source.size else -1
