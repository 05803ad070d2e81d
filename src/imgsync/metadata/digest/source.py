"""Reads a photo's bytes by position, without ever holding a large file in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

__all__ = ["Hash", "Pair", "Range", "Source"]

# Where a piece of the picture begins in the file, and how many bytes long it says it is. What
# would lie behind the end of the file is not there.
Range = tuple[int, int]

# Small enough to stay in the processor's cache while it is searched and hashed, and less than the
# 128 KiB from which on memory is asked of the system, piece by piece.
_WINDOW = 120 << 10

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
                block = self._block(offset, length)
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
        for start, window in self.windows(offset):
            found = pair.search(window, max(0, offset - start))
            if found:
                return start + found.start(), found[0][1]
        return None

    def windows(self, offset: int) -> Iterator[tuple[int, bytes]]:
        """What is there from `offset` on, piece by piece: where each begins, and its bytes.

        The first may begin before `offset`. What is fed of a piece before the next one is asked
        for is not read again. Neighbours share a byte at least: no pair of bytes is torn apart.
        """
        while offset + 1 < self.size:
            at = self._view(offset, 2)
            start, window = self._start, self._window
            if at + 2 > len(window):
                return
            yield start, window
            offset = start + len(window) - 1

    def _block(self, offset: int, length: int) -> memoryview:
        """The first of `length` bytes from `offset` on; none at the end of the file."""
        if offset < self._start:
            # The window stays for what follows: often these are few bytes that were held back.
            length = min(length, self._start - offset, _WINDOW)
            return memoryview(os.pread(self._descriptor, length, offset))
        at = self._view(offset, 1)
        return memoryview(self._window)[at : at + length]

    def _view(self, offset: int, least: int) -> int:
        """Where `offset` is in the window, after moving it there unless `least` bytes follow."""
        at = offset - self._start
        if at < 0 or at + least > len(self._window):
            length = max(0, min(_WINDOW, self.size - offset))
            self._window = os.pread(self._descriptor, length, offset)
            self._start = offset
            return 0
        return at
