"""Reads a directory (IFD) of a TIFF file, with ExifTool's patience for what is wrong in it."""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator
from typing import Literal, NamedTuple

from imgsync.metadata.digest.source import Source

__all__ = ["BYTE_ORDERS", "BadDirectory", "ByteOrder", "Directory", "Entry", "looks_valid"]

ByteOrder = Literal["little", "big"]
BYTE_ORDERS: dict[bytes, ByteOrder] = {b"II": "little", b"MM": "big"}

_LETTER: dict[ByteOrder, str] = {"little": "<", "big": ">"}

# Bytes of one value, by the number of its type; 129 is UTF-8 of Exif 3.0.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}
_BYTE, _UNDEFINED = 1, 7
_TEXTS = frozenset({2, _UNDEFINED, 129})

_MOST_WARNINGS = 10
_MOST_VALUES = 100_000
_LARGEST = 0x7FFFFFFF
# Values beyond this are not loaded if nobody knows the tag; nearly all of those are in this range.
_UNLOADED = 10 << 20
_UNKNOWN = range(0x250, 0x8000)
# No value that tells where the picture is is larger.
_LARGE = 4 << 20


class BadDirectory(Exception):
    """The rest of this directory, and what it says of the picture, cannot be believed."""


class Entry(NamedTuple):
    """One tag with its value, which is at `at` in the file.

    `integers` is None where the value is of another type.
    """

    tag: int
    integers: tuple[int, ...] | None
    at: int
    data: bytes

    @property
    def text(self) -> str:
        """The value of a text."""
        return self.data.partition(b"\0")[0].decode("latin-1").rstrip()

    @property
    def number(self) -> str:
        """The value of an integer, as digits; "" where it is of another type."""
        return " ".join(map(str, self.integers or ()))


class Directory:
    """The directory at `at`; its offsets count from `base`. BadDirectory if none can be there.

    A value that is not there makes the whole directory bad, or, if `lenient`, just its entry.
    `next` is the offset of the directory that follows, or 0.

    Source: ExifTool 13.59, Exif.pm, ProcessExif.
    """

    def __init__(
        self, source: Source, order: ByteOrder, at: int, base: int = 0, *, lenient: bool = False
    ) -> None:
        self._source = source
        self._letter = _LETTER[order]
        self._base = base
        self._at = at
        self._lenient = lenient
        self._count = int.from_bytes(source.read(base + at, 2), order)
        length = 12 * self._count
        self._table = source.read(base + at + 2, length + 4)
        rest = self._table[length:]
        if base + at + 2 > source.size or len(self._table) < length or len(rest) in (1, 3):
            raise BadDirectory
        self._end = at + 2 + length
        self.next = int.from_bytes(rest, order) if len(rest) == 4 else 0

    def entries(self, tags: Container[int], *, first_may_be_empty: bool = False) -> Iterator[Entry]:
        """The entries of `tags` that make sense; BadDirectory where the rest of all does not."""
        warnings = 0
        for index in range(self._count):
            if warnings > _MOST_WARNINGS:
                raise BadDirectory
            tag, kind, count, far = struct.unpack_from(
                f"{self._letter}HHII", self._table, 12 * index
            )
            if kind not in _SIZES:
                warnings += kind != 0
                if index == 0 and not first_may_be_empty:
                    raise BadDirectory
                continue
            size = count * _SIZES[kind]
            at = self._at + 2 + 12 * index + 8 if size <= 4 else far
            if size > 4 and not self._is_there(tag, far, size):
                warnings += 1
            elif tag in tags and (kind in _TEXTS or count <= _MOST_VALUES):
                yield self._entry(tag, kind, count, self._base + at)

    def _is_there(self, tag: int, at: int, size: int) -> bool:
        """Whether a value that does not fit into its entry can be where that says."""
        if size > _LARGEST:
            return False
        loaded = size <= _UNLOADED or tag not in _UNKNOWN
        if loaded and self._base + at + size > self._source.size:
            if self._lenient:
                return False
            raise BadDirectory
        return at >= 8 and (at >= self._end or at + size <= self._at)

    def _entry(self, tag: int, kind: int, count: int, at: int) -> Entry:
        size = count * _SIZES[kind]
        data = self._source.read(at, size) if size <= _LARGE else b""
        letter = _INTEGERS.get(_BYTE if (kind, count) == (_UNDEFINED, 1) else kind)
        if letter is None or len(data) < size:
            return Entry(tag, None, at, data)
        return Entry(tag, struct.unpack(f"{self._letter}{count}{letter}", data), at, data)


def looks_valid(source: Source, order: ByteOrder, at: int, *, in_order: bool) -> bool:
    """Whether a small directory without faults is at `at`, its tags in order if they have to be.

    Source: ExifTool 13.59, WriteExif.pl, ValidateIFD.
    """
    count = int.from_bytes(source.read(at, 2), order)
    table = source.read(at + 2, 12 * count)
    if not 1 < count < 64 or len(table) < 12 * count:
        return False
    last = -1
    for tag, kind, values in struct.iter_unpack(f"{_LETTER[order]}HHI4x", table):
        if not 1 <= kind <= 13 or values == 0 or (in_order and tag <= last):
            return False
        last = tag
    return True
