"""Where the picture is in a WebP file."""

from __future__ import annotations

from collections.abc import Iterator

from imgsync.metadata.digest.source import Range, Source

__all__ = ["webp"]

_DATA = frozenset({b"VP8 ", b"VP8L", b"ANIM", b"ANMF", b"ALPH"})


def webp(source: Source) -> Iterator[Range]:
    """The data of the picture's chunks, with their padding.

    Source: ExifTool 13.59, RIFF.pm, ProcessRIFF.
    """
    at = 12
    while len(header := source.read(at, 8)) == 8:
        kind, length = header[:4], int.from_bytes(header[4:], "little")
        at += 8
        if length == 0 and kind == b"\0\0\0\0":
            return
        if kind in _DATA:
            if at + length > source.size:
                return
            yield at, length + length % 2
        at += length + length % 2
