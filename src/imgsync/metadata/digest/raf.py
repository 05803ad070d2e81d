"""Where the picture is in a Fujifilm RAF file."""

from __future__ import annotations

from collections.abc import Iterator

from imgsync.metadata.digest.ifd import BYTE_ORDERS, BadDirectory, ByteOrder, Directory
from imgsync.metadata.digest.source import Range, Source

__all__ = ["looks_like_raf", "raf"]

_SIGNATURE = b"FUJIFILM"

_JPEG_AT = 84
_RAW_AT = (0x64, 0x80)
_SUB_IFD, _STRIPS, _STRIP_SIZES = 0xF000, 0xF007, 0xF008
_TAGS = frozenset({_SUB_IFD, _STRIPS, _STRIP_SIZES})
_DEEPEST = 4


def looks_like_raf(source: Source) -> bool:
    """Whether this is a RAF file whose preview is whole; one that is cut is none to ExifTool."""
    header = source.read(0, 0x70)
    at, length = _pair(header[_JPEG_AT:])
    return (
        len(header) == 0x70
        and header.startswith(_SIGNATURE)
        and not at & 0x8000
        and (at == 0 or at + length <= source.size)
    )


def raf(source: Source) -> Iterator[Range]:
    """The strips that the raw directories name; where there is none, the raw data as a whole.

    Source: ExifTool 13.59, FujiFilm.pm, ProcessRAF.
    """
    jpeg = _pair(source.read(_JPEG_AT, 8))[0]
    for where in _RAW_AT:
        if jpeg and where >= jpeg:
            return
        start, length = _pair(source.read(where, 8))
        if start == 0:
            continue
        header = source.read(start, 16)
        order = BYTE_ORDERS.get(header[:2])
        first = int.from_bytes(header[4:8], order or "big")
        magic = int.from_bytes(header[2:4], order or "big")
        if order is None or first < 8 or len(header) < (16 if magic == 0x2A and first >= 16 else 8):
            yield start, length
        else:
            yield from _directory(source, order, first, start, 0)


def _directory(source: Source, order: ByteOrder, at: int, base: int, depth: int) -> Iterator[Range]:
    found: dict[int, tuple[int, ...]] = {}
    try:
        for entry in Directory(source, order, at, base).entries(_TAGS):
            found[entry.tag] = integers = entry.integers or ()
            if entry.tag == _SUB_IFD and depth < _DEEPEST and len(integers) == 1:
                yield from _directory(source, order, integers[0], base, depth + 1)
    except BadDirectory:
        return
    offsets, sizes = found.get(_STRIPS, ()), found.get(_STRIP_SIZES, ())
    for offset, size in zip(offsets, sizes, strict=False):
        if offset + base >= 0 and size >= 0:
            yield offset + base, size


def _pair(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
