"""Reads a photo's bytes by position, without ever holding a large file in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

__all__ = ["Hash", "Pair", "Range", "Source"]

# Where a piece of the picture begins in the file, and how many bytes long it says it is. What
# would lie behind the end of the file is not there.
Range = tuple[int, int]

# Nearly every JPEG fits: it is read once, both to find the picture and to hash it.
_WINDOW = 8 << 20

# What a file may ask for at most, so that one made to keep us busy does not: ranges, bytes of
# them, and bytes read to find them; each is far beyond what any honest file needs.
_MOST_RANGES = 10_000_000
_MOST_HASHED = (8, 256 << 20)
_MOST_READ = (2, 4 << 20)


class Hash(Protocol):
    """What `hashlib` makes."""

    def update(self, data: memoryview, /) -> None: ...


class Pair(Protocol):
    """A compiled pattern for two bytes, as `re` and `re2` make them."""

    def search(self, string: bytes, pos: int = 0, /) -> Any: ...


class Source:
    """A file open for reading. Every method raises OSError where the disk does.

    The file is read, never mapped into memory: one that shrinks meanwhile just ends early.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._left = _MOST_READ[0] * self.size + _MOST_READ[1]
        self._start = 0
        self._window = b""
        self._view(0, 1)

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer at the end of the file, none outside it.

        Once the file has asked for far more than it holds, it is as if it ended.
        """
        length = min(length, self.size - offset)
        if offset < 0 or length <= 0 or self._left < 0:
            return b""
        self._left -= length
        at = offset - self._start
        if at >= 0 and at + length <= len(self._window):
            return self._window[at : at + length]
        return os.pread(self._descriptor, length, offset)

    def feed(self, ranges: Iterable[Range], *hashes: Hash) -> bool:
        """Update `hashes` with the bytes of all `ranges` in turn; whether there were any.

        A file whose ranges add up to many times itself was made to keep us busy: the rest of it
        is not read, and the answer is False.
        """
        fed, most = 0, _MOST_HASHED[0] * self.size + _MOST_HASHED[1]
        for number, (offset, length) in enumerate(ranges):
            length = min(length, self.size - offset)
            if number > _MOST_RANGES or fed + length > most:
                return False
            while length > 0:
                at = self._view(offset, 1)
                block = memoryview(self._window)[at : at + length]
                if not block:
                    break
                for hash_ in hashes:
                    hash_.update(block)
                fed += len(block)
                offset += len(block)
                length -= len(block)
        return fed > 0

    def search(self, pair: Pair, offset: int) -> tuple[int, int] | None:
        """Where `pair` matches first from `offset` on, and the second byte there."""
        while offset + 1 < self.size:
            at = self._view(offset, 2)
            found = pair.search(self._window, at)
            if found:
                return self._start + found.start(), found[0][1]
            if len(self._window) < 2:
                break
            # The last byte may be the first of a pair.
            offset = self._start + len(self._window) - 1
        return None

    def rfind(self, byte: bytes, start: int, end: int) -> int:
        """Where `byte` last is from `start` on and before `end`; -1 if nowhere."""
        for offset, block in self._backwards(start, end):
            found = block.rfind(byte)
            if found >= 0:
                return offset + found
        return -1

    def rstrip(self, byte: bytes, start: int, end: int) -> int:
        """`end`, or where the run of `byte` before it begins, `start` at the earliest."""
        for offset, block in self._backwards(start, end):
            kept = len(block.rstrip(byte))
            if kept:
                return offset + kept
        return start

    def _backwards(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        step = 4096
        while start < end:
            offset = max(start, end - step)
            yield offset, self.read(offset, end - offset)
            end = offset
            step = _WINDOW

    def _view(self, offset: int, least: int) -> int:
        """Where `offset` is in the window, after moving it there unless `least` bytes follow."""
        at = offset - self._start
        if at < 0 or at + least > len(self._window):
            length = max(0, min(_WINDOW, self.size - offset))
            self._window = os.pread(self._descriptor, length, offset)
            self._start = offset
            return 0
        return at
