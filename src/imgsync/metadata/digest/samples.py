"""The chunks of media data of one track: where they are, and how large."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator

from imgsync.metadata.digest.source import Range

__all__ = ["SampleTable"]


class SampleTable:
    """What the boxes of one `stbl` say."""

    def __init__(self) -> None:
        self._offsets: array[int] | None = None
        self._number: int | None = None
        self._each = 0
        self._sizes: array[int] = array("I")
        self._runs: list[tuple[int, int]] = []
        self._timed: int | None = None

    def note(self, kind: bytes, data: bytes) -> None:
        """Take in a box of the table; one that is of no use here is passed over.

        Source: ExifTool 13.59, QuickTimeStream.pl, ParseTag.
        """
        if kind in (b"stco", b"co64") and len(data) >= 8:
            self._offsets = _numbers(data, 8, "I" if kind == b"stco" else "Q", _count(data, 4))
        elif kind == b"stsz" and len(data) >= 12:
            self._each = _count(data, 4)
            self._sizes = _numbers(data, 12, "I", 0 if self._each else _count(data, 8))
            self._number = _count(data, 8) if self._each else len(self._sizes)
        elif kind == b"stz2" and len(data) > 12:
            self._each = 0
            self._sizes = _compact(data)
            self._number = len(self._sizes)
        elif kind == b"stsc" and len(data) >= 8 + 12 * _count(data, 4):
            runs = _numbers(data, 8, "I", 3 * _count(data, 4))
            self._runs = list(zip(runs[::3], runs[1::3], strict=True))
        elif kind == b"stts" and len(data) >= 8 + 8 * _count(data, 4):
            times = _numbers(data, 8, "I", 2 * _count(data, 4))
            self._timed = sum(times[::2]) if times else None

    def chunks(self) -> Iterator[Range]:
        """All chunks in file order, or none if the boxes contradict each other.

        Source: ExifTool 13.59, QuickTimeStream.pl, ProcessSamples.
        """
        if self._offsets is None or self._number is None or not self._runs:
            return
        done, timed = 0, self._timed
        sizes = []
        runs = iter(self._runs)
        run = next(runs)
        following = next(runs, None)
        for chunk, _ in enumerate(self._offsets, 1):
            if following is not None and chunk >= following[0] and chunk > 1:
                run, following = following, next(runs, None)
            if done + run[1] > self._number:
                break
            samples = max(1, run[1])
            if timed is not None and done + samples > timed:
                # ExifTool leaves a chunk at the first sample that has no time, and counts that.
                sizes.append(self._total(done, timed - done))
                done, timed = timed + 1, None
            else:
                sizes.append(self._total(done, samples))
                done += samples
        if done == self._number:
            yield from zip(self._offsets, sizes, strict=False)

    def _total(self, first: int, samples: int) -> int:
        if self._each:
            return self._each * max(0, min(samples, (self._number or 0) - first))
        return sum(self._sizes[first : first + samples])


def _count(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def _numbers(data: bytes, at: int, kind: str, count: int) -> array[int]:
    """`count` unsigned numbers from `at` on, fewer where the data ends."""
    numbers = array(kind)
    there = min(count, (len(data) - at) // numbers.itemsize)
    numbers.frombytes(data[at : at + there * numbers.itemsize])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _compact(data: bytes) -> array[int]:
    """Sizes of half a byte (where ExifTool takes the second to be the whole byte), one or two."""
    bits, count = data[7], _count(data, 8)
    if bits == 4:
        pairs = data[12 : 12 + (count + 1) // 2]
        return array("I", [size for byte in pairs for size in (byte >> 4, byte)])
    if bits in (8, 16):
        width = bits // 8
        there = data[12 : 12 + count * width]
        return array(
            "I",
            [
                int.from_bytes(there[at : at + width], "big")
                for at in range(0, len(there) - width + 1, width)
            ],
        )
    return array("I")
