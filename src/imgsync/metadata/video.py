"""What MP4 and MOV files say of their own: time, place, and an XMP packet.

Only the boxes on the way are read (ISO/IEC 14496-12, QuickTime File Format): never the film.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, NamedTuple

from ..model import Location
from . import places, times

__all__ = ["NO_CLIP", "Clip", "read"]

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_KEY = b"com.apple.quicktime.creationdate"
_PLACE_KEY = b"com.apple.quicktime.location.ISO6709"
# No text of a film is longer, and no box has more in it; what says so is broken, or made to keep
# us busy.
_LONGEST = 16 * 1024 * 1024
_MOST_BOXES = 100_000


class Clip(NamedTuple):
    """What a film says: a time as in `Metadata.taken`, a place, and its XMP or ""."""

    taken: str = ""
    location: Location | None = None
    packet: str = ""


NO_CLIP = Clip()


class _Box(NamedTuple):
    """A box without its header: `start` and `end` are offsets in the file."""

    kind: bytes
    start: int
    end: int


def read(stream: BinaryIO) -> Clip:
    """What the film says, as far as it can be read. Raises OSError from the disk only.

    A time of the camera (with its offset) comes before that of the film's header, which is UTC.
    """
    top = list(_boxes(stream, 0, stream.seek(0, 2)))
    inside = [box for outer in top if outer.kind == b"moov" for box in _within(stream, outer)]
    said = _said(stream, inside)
    headers = [_header_time(_data(stream, box)) for box in inside if box.kind == b"mvhd"]
    user = [box for outer in inside if outer.kind == b"udta" for box in _within(stream, outer)]
    packets = [_data(stream, box)[16:] for box in top if _is_xmp(stream, box)]
    packets += [_data(stream, box) for box in user if box.kind == b"XMP_"]
    spots = [_data(stream, box)[4:] for box in user if box.kind == b"\xa9xyz"]
    spots += [said.get(_PLACE_KEY, b""), *_tagged_places(stream, user)]
    return Clip(
        times.normal(_text(said.get(_DATE_KEY, b""))) or next(filter(None, headers), ""),
        next(filter(None, (places.from_iso6709(_text(spot)) for spot in spots)), None),
        _text(packets[0]) if packets else "",
    )


def _boxes(stream: BinaryIO, at: int, end: int) -> Iterator[_Box]:
    """The boxes from `at` to `end`, until one reaches beyond."""
    for _ in range(_MOST_BOXES):
        if end - at < 8:
            return
        stream.seek(at)
        header = stream.read(16)
        if len(header) < 8:
            return
        size, kind = struct.unpack_from(">I4s", header)
        start = at + 8
        if size == 1 and len(header) == 16:
            (size,) = struct.unpack_from(">Q", header, 8)
            start = at + 16
        after = end if size == 0 else at + size
        if not start <= after <= end:
            return
        yield _Box(kind, start, after)
        at = after


def _within(stream: BinaryIO, box: _Box) -> list[_Box]:
    return list(_boxes(stream, box.start, box.end))


def _data(stream: BinaryIO, box: _Box) -> bytes:
    if box.end - box.start > _LONGEST:
        return b""
    stream.seek(box.start)
    return stream.read(box.end - box.start)


def _is_xmp(stream: BinaryIO, box: _Box) -> bool:
    stream.seek(box.start)
    return box.kind == b"uuid" and stream.read(16) == _XMP_UUID


def _said(stream: BinaryIO, inside: list[_Box]) -> dict[bytes, bytes]:
    """The texts of the `meta` box, by the keys that Apple gives them."""
    said: dict[bytes, bytes] = {}
    for meta in (box for box in inside if box.kind == b"meta"):
        parts = {box.kind: box for box in _within_meta(stream, meta)}
        if b"keys" not in parts or b"ilst" not in parts:
            continue
        keys = _keys(_data(stream, parts[b"keys"]))
        for entry in _within(stream, parts[b"ilst"]):
            number = int.from_bytes(entry.kind)
            for value in _within(stream, entry):
                if value.kind == b"data" and 1 <= number <= len(keys):
                    # Type and language come before the text.
                    said[keys[number - 1]] = _data(stream, value)[8:]
    return said


def _within_meta(stream: BinaryIO, meta: _Box) -> list[_Box]:
    """The boxes in a `meta` box: in MP4 its version comes before them, in QuickTime nothing."""
    stream.seek(meta.start)
    version = 4 if stream.read(4) == bytes(4) else 0
    return list(_boxes(stream, meta.start + version, meta.end))


def _tagged_places(stream: BinaryIO, user: list[_Box]) -> list[bytes]:
    """The places among the tags of iTunes' kind, where ffmpeg puts what it found elsewhere."""
    metas = (box for box in user if box.kind == b"meta")
    lists = (box for meta in metas for box in _within_meta(stream, meta) if box.kind == b"ilst")
    tags = (tag for tags in lists for tag in _within(stream, tags) if tag.kind == b"\xa9xyz")
    values = (value for tag in tags for value in _within(stream, tag) if value.kind == b"data")
    return [_data(stream, value)[8:] for value in values]


def _keys(data: bytes) -> list[bytes]:
    keys = []
    at = 8
    while len(data) - at >= 8:
        size = int.from_bytes(data[at : at + 4])
        if size < 8:
            break
        keys.append(data[at + 8 : at + size])
        at += size
    return keys


def _header_time(data: bytes) -> str:
    """The time in `mvhd`: seconds since 1904; "" where it is not set.

    What would be before 1970, when no film was a file, counts from 1970, as some cameras do.
    """
    wide = data[:1] == b"\1"
    seconds = int.from_bytes(data[4:12] if wide else data[4:8])
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return ""
    if moment < _UNIX_EPOCH:
        moment += _UNIX_EPOCH - _EPOCH
    # A clock that was never set starts with its epoch.
    return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00" if moment.year > 1970 else ""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip("\0 \n")
