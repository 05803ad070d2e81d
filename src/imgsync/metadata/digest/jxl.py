"""Where the picture is in a JPEG XL file."""

from __future__ import annotations

from collections.abc import Iterator

from imgsync.metadata.digest.source import Range, Source

__all__ = ["jxl", "looks_like_jxl"]

_CODESTREAM = b"\xff\x0a"
_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"

# Boxes of the codestream; those that ExifTool hashes only when they are whole.
_WHOLE = frozenset({b"jxlc", b"jxlp", b"jp2c"})
_DATA = _WHOLE | {b"jbrd"}


def looks_like_jxl(head: bytes) -> bool:
    """Whether a file that begins like this is a bare codestream, or a container of that brand."""
    in_container = head.startswith(_CONTAINER) and head[16:24] == b"ftypjxl "
    return head.startswith(_CODESTREAM) or in_container


def jxl(source: Source) -> Iterator[Range]:
    """All of a bare codestream; of a container the codestream and JPEG reconstruction boxes.

    Source: ExifTool 13.59, Jpeg2000.pm, ProcessJXL and ProcessJpeg2000Box.
    """
    if source.read(0, 2) == _CODESTREAM:
        yield 0, source.size
        return
    at = 0
    while len(header := source.read(at, 8)) == 8:
        length, kind = int.from_bytes(header[:4], "big"), header[4:]
        at += 8
        if length == 0:
            if kind in _DATA:
                yield at, source.size - at
            return
        if length == 1:
            length = int.from_bytes(source.read(at, 8), "big") - 16
            at += 8
        else:
            length -= 8
        if not 0 <= length < 1 << 32 or (kind in _WHOLE and at + length > source.size):
            return
        if kind in _DATA:
            yield at, length
        at += length
