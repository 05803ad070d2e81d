"""Where the picture is in a JPEG file."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

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
            at = yield from _scan(source, at)
        elif marker in _BARE:
            at += 2
        else:
            width = 4 if marker in _LONG else 2
            length = int.from_bytes(source.read(at + 2, width), "big")
            at += 2 + length
            if length < width or at > source.size:
                return


def _scan(source: Source, start: int) -> Generator[Range, None, int]:
    """What counts of the bytes from the scan's marker at `start` on; gives where to go on."""
    # Whether the bytes from the last marker on count depends on the next one.
    last = start
    for at, window in source.windows(start + 2):
        found = _MARKER_OUTSIDE_SCAN.search(window, max(0, start + 2 - at))
        end = found.start() if found else len(window)
        if found and found[0][1] in _BARE:
            yield last, at + end - last
            return at + end
        # What ends in 0xFF may go on as a marker, or be padding before one.
        marker = _last_marker(window, max(0, last - at), end)
        if marker >= 0:
            yield last, at + marker - last
            last = at + marker
        if found:
            return at + end
    return source.size


def _last_marker(window: bytes, begin: int, end: int) -> int:
    """Where the last 0xFF between two places is that something else follows; -1 for none."""
    if end > begin and window[end - 1] == 0xFF:  # few are, and only these are worth a copy
        end = begin + len(window[begin:end].rstrip(b"\xff"))
    return window.rfind(b"\xff", begin, end)
