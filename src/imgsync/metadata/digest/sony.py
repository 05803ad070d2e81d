"""What ExifTool takes for a part of the picture in Sony's RAW files, though it is none."""

from __future__ import annotations

from collections.abc import Iterator

from imgsync.metadata.digest.ifd import BYTE_ORDERS, BadDirectory, ByteOrder, Directory
from imgsync.metadata.digest.source import Range, Source

__all__ = ["adobe_private", "sony_private"]

_MINOLTA = 0x7250
_MINOLTA_ORDERS: dict[bytes, ByteOrder] = {b"\0MRI": "little", b"\0MRM": "big"}
_ADOBE = b"Adobe\0"
_SONY_RECORD = b"SR2 "


def sony_private(source: Source, order: ByteOrder, at: int) -> Iterator[Range]:
    """The rest of the Minolta block behind its segments, in the private directory at `at`.

    ExifTool hashes it as if the block were a Minolta RAW file, where the picture follows.

    Source: ExifTool 13.59: Sony.pm, ProcessSR2; MinoltaRaw.pm, ProcessMRW.
    """
    if source.read(at, 4) in _MINOLTA_ORDERS:
        return
    for start, size in _minolta_blocks(source, order, at, 0):
        yield from _behind_segments(source.read(start, size), start)


def adobe_private(data: bytes, at: int, source: Source) -> Iterator[Range]:
    """The same in a DNG that Adobe's converter made: there the block lies within `data` at `at`.

    What ExifTool hashes then goes on to the end of `data`.

    Source: ExifTool 13.59, DNG.pm, ProcessAdobeData and ProcessAdobeSR2.
    """
    if not data.startswith(_ADOBE):
        return
    place = len(_ADOBE)
    while place + 8 <= len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "big")
        place += 8
        if place + size > len(data):
            return
        order = BYTE_ORDERS.get(data[place : place + 2])
        if kind == _SONY_RECORD and size >= 6 and order is not None:
            # The record begins with its byte order and where it was in the original file.
            was = int.from_bytes(data[place + 2 : place + 6], "big")
            shift = at + place + 6 - was
            for start, length in _minolta_blocks(source, order, was, shift):
                if at <= start and start + length <= at + len(data):
                    yield from _behind_segments(data[start - at :], start)
        place += size + size % 2


def _minolta_blocks(source: Source, order: ByteOrder, at: int, base: int) -> Iterator[Range]:
    try:
        for entry in Directory(source, order, at, base, lenient=True).entries({_MINOLTA}):
            yield entry.at, len(entry.data)
    except BadDirectory:
        return


def _behind_segments(block: bytes, start: int) -> Iterator[Range]:
    """What follows the segments of the Minolta block at `start`, if they add up."""
    order = _MINOLTA_ORDERS.get(block[:4])
    if order is None or len(block) < 8:
        return
    at, end = 8, 8 + int.from_bytes(block[4:8], order)
    while at < end:
        if at + 8 > len(block):
            return
        at += 8 + int.from_bytes(block[at + 4 : at + 8], order)
    yield start + at, max(0, len(block) - at)
