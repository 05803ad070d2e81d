"""Where the picture is in a PNG file."""

from __future__ import annotations

from collections.abc import Iterator

from imgsync.metadata.digest.source import Range, Source

__all__ = ["SIGNATURES", "png"]

# PNG and its relatives MNG and JNG.
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\x8aMNG\r\n\x1a\n", b"\x8bJNG\r\n\x1a\n")

_DATA = frozenset({b"IDAT", b"JDAT", b"JDAA"})
_END = {SIGNATURES[0]: b"IEND", SIGNATURES[1]: b"MEND", SIGNATURES[2]: b"IEND"}


def png(source: Source) -> Iterator[Range]:
    """The data of all IDAT chunks, even of those behind the end chunk.

    Source: ExifTool 13.59, PNG.pm, ProcessPNG.
    """
    at = 8
    end = _END[source.read(0, 8)]
    while len(header := source.read(at, 8)) == 8:
        length, kind = int.from_bytes(header[:4], "big"), header[4:]
        if length > 0x7FFFFFFF:
            return
        if kind in _DATA:
            yield at + 8, length
        # The end chunk has no data, whatever it says.
        at += 12 + (0 if kind == end else length)
