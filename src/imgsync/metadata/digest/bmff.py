"""Where the picture is in a file of boxes: HEIC, HEIF, AVIF, CR3, MP4 and MOV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imgsync.metadata.digest.items import Items
from imgsync.metadata.digest.samples import SampleTable
from imgsync.metadata.digest.source import Range, Source

__all__ = ["FIRST_BOXES", "bmff"]

# The boxes by which ExifTool knows such a file.
FIRST_BOXES = frozenset(b"free ftyp junk mdat moov pict PICT pnot skip uuid wide".split())

# Larger boxes are passed over.
_LARGEST = 32 << 20

_HASHED = frozenset({b"vide", b"soun"})
# Handlers of where the data is, not of what it is.
_OF_DATA = frozenset({b"alis", b"url "})


class _Box(NamedTuple):
    """A box's content, from `start` to `end`."""

    kind: bytes
    start: int
    end: int


def bmff(source: Source) -> Iterator[Range]:
    """The coded items of pictures in the order of their ids, then the chunks of video and sound.

    Source: ExifTool 13.59: QuickTime.pm, ProcessMOV and HandleItemInfo; QuickTimeStream.pl,
    ProcessSamples.
    """
    media: _Box | None = None
    for box in _boxes(source, 0, source.size):
        if box.kind == b"mdat":
            media = box
        elif box.end - box.start > _LARGEST:
            continue
        elif box.kind == b"meta":
            # Four bytes of version and flags come first.
            yield from _items(source, box.start + 4, box.end)
        elif box.kind == b"moov":
            for track in _boxes(source, box.start, box.end, b"trak"):
                for offset, size in _chunks(source, track):
                    yield offset, _cut(offset, size, media)


def _boxes(source: Source, at: int, end: int, kind: bytes = b"") -> Iterator[_Box]:
    """The boxes from `at` to `end`, of one `kind` if it is given, until one reaches beyond."""
    while at + 8 <= end and len(header := source.read(at, 8)) == 8:
        size, start = int.from_bytes(header[:4], "big"), at + 8
        if size == 1:
            size, start = int.from_bytes(source.read(start, 8), "big"), at + 16
        if at + size < start or at + size > end:
            return
        at += size
        if kind in (b"", header[4:]):
            yield _Box(header[4:], start, at)


def _items(source: Source, start: int, end: int) -> Iterator[Range]:
    items = Items()
    for box in _boxes(source, start, end):
        if box.kind == b"idat":
            items.data_at = box.start
        elif box.kind == b"iloc":
            items.note_locations(source.read(box.start, box.end - box.start))
        elif box.kind == b"iinf":
            version = source.read(box.start, 1)
            entries = box.start + (6 if version == b"\0" else 8)
            for entry in _boxes(source, entries, box.end, b"infe"):
                items.note_entry(source.read(entry.start, entry.end - entry.start))
    yield from items.ranges()


def _chunks(source: Source, track: _Box) -> Iterator[Range]:
    handler = b""
    for media in _boxes(source, track.start, track.end, b"mdia"):
        for box in _boxes(source, media.start, media.end):
            handler = _handler(source, box, handler)
            if box.kind != b"minf":
                continue
            for part in _boxes(source, box.start, box.end):
                handler = _handler(source, part, handler)
                if part.kind == b"stbl" and handler in _HASHED:
                    yield from _table(source, part).chunks()
            handler = b""


def _handler(source: Source, box: _Box, known: bytes) -> bytes:
    """The type of media that `box` names, if it does."""
    if box.kind != b"hdlr" or box.end - box.start < 12:
        return known
    kind = source.read(box.start + 8, 4)
    return known if kind in _OF_DATA else kind


def _table(source: Source, table: _Box) -> SampleTable:
    samples = SampleTable()
    for box in _boxes(source, table.start, table.end):
        samples.note(box.kind, source.read(box.start, box.end - box.start))
    return samples


def _cut(offset: int, size: int, media: _Box | None) -> int:
    """The size of a chunk, cut where the media data that was seen last ends."""
    if media is None or offset < media.start:
        return size
    return max(0, min(size, media.end - offset))
