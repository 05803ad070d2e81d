"""What ExifTool takes for a part of the picture in Sony's RAW files, though it is none."""

from __future__ import annotations

from collections.abc import Iterator

from imgsync.metadata.digest.ifd import BadDirectory, ByteOrder, Directory
from imgsync.metadata.digest.source import Range, Source

__all__ = ["sony_private"]

_MINOLTA = 0x7250
_ORDERS: dict[bytes, ByteOrder] = {b"\0MRI": "little", b"\0MRM": "big"}


def sony_private(source: Source, order: ByteOrder, at: int) -> Iterator[Range]:
    """The rest of the Minolta block behind its segments, in the private directory at `at`.

    ExifTool hashes it as if the block were a Minolta RAW file, where the picture follows.

    Source: ExifTool 13.59: Sony.pm, ProcessSR2; MinoltaRaw.pm, ProcessMRW.
    """
    if source.read(at, 4) in _ORDERS:
        return
    try:
        for entry in Directory(source, order, at, lenient=True).entries({_MINOLTA}):
            used = _behind_segments(entry.data)
            yield entry.at + used, len(entry.data) - used
    except BadDirectory:
        return


def _behind_segments(block: bytes) -> int:
    """Where the segments of a Minolta block end; its length where they do not add up."""
    order = _ORDERS.get(block[:4])
    if order is None or len(block) < 8:
        return len(block)
    at, end = 8, 8 + int.from_bytes(block[4:8], order)
    while at < end and at + 8 <= len(block):
        at += 8 + int.from_bytes(block[at + 4 : at + 8], order)
    return min(at, len(block)) if at >= end else len(block)
