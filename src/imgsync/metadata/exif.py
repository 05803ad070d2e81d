"""Setting EXIF tags of a JPEG so that all else in its EXIF stays, to the byte and in its place.

Maker notes hold offsets, counted from the start of the EXIF or from wherever their maker liked:
they bear neither to be moved nor to be written anew, and exiv2 does both. So what it wrote is
taken only for the tags that were set, and put into the EXIF that was there. A directory stays in
its place if it fits, else it goes behind the rest; values take the room of those they replace, or
go behind the rest, too (TIFF 6.0, Exif 2.32).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Literal, NamedTuple

from .held import Broken, ExifTag
from .jpeg import segments

__all__ = ["keep"]

_APP1, _SIGNATURE = 0xE1, b"Exif\0\0"
_LARGEST = 0xFFFF - 2 - len(_SIGNATURE)
_IMAGE, _PHOTO, _GPS = "Image", "Photo", "GPSInfo"
# Where the directory of the image tells of the others.
_POINTERS = {_PHOTO: 0x8769, _GPS: 0x8825}
_INTEROPERABILITY = 0xA005
# Where a thumbnail is, and how long: a JPEG, or strips.
_THUMBNAILS = ((0x0201, 0x0202), (0x0111, 0x0117))
# Bytes of one value, by the number of its type.
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_LONG = 4
_HEAD = 8
_ENTRY = 12

_Range = tuple[int, int]


class _Value(NamedTuple):
    """The value of a tag: its type, how many of that, and their bytes."""

    kind: int
    number: int
    data: bytes


def keep(old: bytes, new: bytes, tags: Collection[ExifTag]) -> bytes:
    """The file `new`, but nothing of its EXIF differs from that of `old` except `tags`.

    What is no JPEG, or had or has no EXIF, is `new` as it is. Raises Broken where the old EXIF
    cannot be followed, or has no room.
    """
    before, after = (next(segments(file, _APP1, _SIGNATURE), None) for file in (old, new))
    if not before:
        return new
    block = _Block(old[slice(*before)])
    if not after:
        if block.holds_more_than(tags):
            raise Broken("exiv2 does not read the EXIF")
        return new
    block.take(_Block(new[slice(*after)]), tags)
    if len(block.data) > _LARGEST:
        raise Broken("the EXIF does not fit into a JPEG")
    start, end = after
    size = len(block.data) + len(_SIGNATURE) + 2
    head = new[: start - len(_SIGNATURE) - 2] + size.to_bytes(2) + _SIGNATURE
    return head + block.data + new[end:]


class _Block:
    """The EXIF: directories of entries, and values wherever those tell."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        # Room that values and directories left, and what must not be taken for such.
        self._free: list[_Range] = []
        self._used: list[_Range] = [(0, _HEAD)]
        if data[:4] not in (b"II*\0", b"MM\0*"):
            raise Broken("the EXIF has no head")
        self._order: Literal["little", "big"] = "little" if data[:1] == b"I" else "big"

    def take(self, other: _Block, tags: Collection[ExifTag]) -> None:
        """Makes `tags` say what they say in `other`; nothing is left of what they said."""
        if self._order != other._order:
            raise Broken("the EXIF is in another order")
        size = len(self.data)
        wanted = {tag: other._value(tag) for tag in tags}
        changed = {tag: value for tag, value in wanted.items() if value != self._value(tag)}
        self._clear(changed)
        pointers: dict[int, _Value | None] = {}
        for name, pointer in _POINTERS.items():
            if values := _of(changed, name):
                before = self._find(name)
                after = self._set(before, values)
                if after != before:
                    place = _Value(_LONG, 1, after.to_bytes(4, self._order))
                    pointers[pointer] = place if after else None
        if values := _of(changed, _IMAGE) | pointers:
            self.data[4:8] = self._set(self._find(_IMAGE), values).to_bytes(4, self._order)
        for start, end in sorted(self._free, reverse=True):
            if end == len(self.data):
                del self.data[start:]
        # An entry whose value was cut off would find one in what is new.
        if len(self.data) > size and any(end > size for _, end in self._used):
            raise Broken("a value of the EXIF is cut off")

    def holds_more_than(self, tags: Collection[ExifTag]) -> bool:
        """Whether any other tag says something."""
        ours = {*tags, *((_IMAGE, pointer) for pointer in _POINTERS.values())}
        return any(
            (name, self._number(at, 2)) not in ours
            for name in (_IMAGE, *_POINTERS)
            for at in self._entries(self._find(name))
        )

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at : at + size], self._order)

    def _find(self, name: str) -> int:
        """Where a directory is, 0 if there is none."""
        top = self._number(4, 4)
        return top if name == _IMAGE else self._pointer(top, _POINTERS[name])

    def _pointer(self, directory: int, tag: int) -> int:
        """The first number that a tag says, 0 where it says nothing."""
        for at in self._entries(directory):
            if self._number(at, 2) == tag:
                start, end = self._range(at)
                return self._number(start, min(end - start, _BYTES.get(self._number(at + 2, 2), 1)))
        return 0

    def _entries(self, directory: int) -> range:
        """Where the entries of a directory are. Raises Broken if they are not all there."""
        if not directory:
            return range(0)
        first = directory + 2
        end = first + self._number(directory, 2) * _ENTRY
        if directory < _HEAD or first > len(self.data) or end > len(self.data):
            raise Broken("a directory of the EXIF is cut off")
        return range(first, end, _ENTRY)

    def _range(self, entry: int) -> _Range:
        """Where the value of an entry is."""
        size = _BYTES.get(self._number(entry + 2, 2), 1) * self._number(entry + 4, 4)
        start = entry + 8 if size <= 4 else self._number(entry + 8, 4)
        return start, start + size

    def _value(self, tag: ExifTag) -> _Value | None:
        name, number = tag
        for at in self._entries(self._find(name)):
            if self._number(at, 2) == number:
                data = bytes(self.data[slice(*self._range(at))])
                return _Value(self._number(at + 2, 2), self._number(at + 4, 4), data)
        return None

    def _clear(self, tags: Collection[ExifTag]) -> None:
        """Overwrites the values of `tags`, except where others are in the same place."""
        gone: list[_Range] = []
        outlines: list[_Range] = []
        for name in (_IMAGE, *_POINTERS):
            directory = self._find(name)
            outlines += self._outline(directory)
            for at in self._entries(directory):
                start, end = self._range(at)
                if (name, self._number(at, 2)) not in tags:
                    self._used.append((start, end))
                elif start != at + 8:
                    gone.append((start, end))
        with suppress(Broken):  # what is after the image's own directory is no matter of ours
            self._used += self._others()
        for start, end in gone:
            if not any(start < last and first < end for first, last in outlines):
                self._release(start, end)

    def _release(self, start: int, end: int) -> None:
        clear = not any(start < last and first < end for first, last in (*self._used, *self._free))
        if clear and end <= len(self.data):
            self.data[start:end] = bytes(end - start)
            self._free.append((start, end))

    def _outline(self, directory: int) -> list[_Range]:
        """Where a directory itself is, with the place of the next one behind it."""
        return [(directory, self._entries(directory).stop + 4)] if directory else []

    def _others(self) -> Iterator[_Range]:
        """Where that is which no tag of ours is in: the thumbnail and its directory, and others."""
        thumbnail = self._number(self._entries(self._find(_IMAGE)).stop, 4)
        for start, length in _THUMBNAILS:
            first = self._pointer(thumbnail, start)
            yield first, first + self._pointer(thumbnail, length)
        for directory in (thumbnail, self._pointer(self._find(_PHOTO), _INTEROPERABILITY)):
            yield from self._outline(directory)
            yield from map(self._range, self._entries(directory))

    def _set(self, directory: int, values: Mapping[int, _Value | None]) -> int:
        """Sets tags in a directory, 0 for a new one; gives where it is then, 0 if it is empty."""
        old = self._entries(directory)
        entries = [bytes(self.data[at : at + _ENTRY]) for at in old]
        following = bytes(self.data[old.stop : old.stop + 4]) if directory else b""
        entries = [entry for entry in entries if self._tag(entry) not in values]
        entries += [self._entry(tag, value) for tag, value in values.items() if value]
        entries.sort(key=self._tag)
        number = len(entries).to_bytes(2, self._order)
        whole = number + b"".join(entries) + following.ljust(4, b"\0")
        if directory and len(entries) <= len(old):
            whole = whole.ljust(2 + len(old) * _ENTRY + 4, b"\0")
            self.data[directory : directory + len(whole)] = whole
        elif entries:
            for start, end in self._outline(directory):
                self._release(start, end)
            directory = self._append(whole)
        return directory if entries or any(following) else 0

    def _tag(self, entry: bytes) -> int:
        return int.from_bytes(entry[:2], self._order)

    def _entry(self, tag: int, value: _Value) -> bytes:
        data = value.data.ljust(4, b"\0")
        if len(data) > 4:
            data = self._place(data).to_bytes(4, self._order)
        sizes = ((tag, 2), (value.kind, 2), (value.number, 4))
        return b"".join(number.to_bytes(size, self._order) for number, size in sizes) + data

    def _place(self, data: bytes) -> int:
        """Puts a value where one was, or else behind the rest; gives where."""
        for number, (start, end) in enumerate(self._free):
            if len(data) <= end - start and start % 2 == 0:
                after = start + len(data)
                self.data[start:after] = data
                self._free[number] = (after, end)
                return start
        return self._append(data)

    def _append(self, data: bytes) -> int:
        self.data += bytes(len(self.data) % 2)
        self.data += data
        return len(self.data) - len(data)


def _of(values: Mapping[ExifTag, _Value | None], name: str) -> dict[int, _Value | None]:
    """The values of one directory, by their numbers."""
    return {number: value for (directory, number), value in values.items() if directory == name}
