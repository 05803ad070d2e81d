"""Finding the further pictures of a JPEG again after what is before them has grown.

Gain maps of HDR photos (Ultra HDR, Apple), the second eye of stereo photos and large previews
follow the picture. Where they are stands in the Multi-Picture Format (CIPA DC-007): a TIFF
structure in a segment of its own, from whose start their places are counted.
"""

from __future__ import annotations

from typing import Literal

from .held import Broken
from .jpeg import segments

__all__ = ["renew_places"]

_APP2, _SIGNATURE = 0xE2, b"MPF\0"
_PICTURES = 0xB002
_ENTRY, _PICTURE = 12, 16


def renew_places(old: bytes, new: bytes) -> bytes:
    """The file `new`, which differs from `old` in its segments alone, with the places as they are.

    What has no further pictures stays as it is. Raises Broken where the old places cannot be read.
    """
    before, after = (next(segments(file, _APP2, _SIGNATURE), None) for file in (old, new))
    if not before or not after:
        return new
    start, end = after
    index = bytearray(new[start:end])
    order: Literal["little", "big"] = "little" if index[:1] == b"I" else "big"

    def number(at: int, size: int = 4) -> int:
        return int.from_bytes(index[at : at + size], order)

    def add(at: int, more: int) -> None:
        try:
            index[at : at + 4] = (number(at) + more).to_bytes(4, order)
        except OverflowError:
            raise Broken("a further picture is nowhere") from None

    grown = len(new) - len(old)
    first = number(4) + 2
    for entry in range(first, first + number(first - 2, 2) * _ENTRY, _ENTRY):
        if number(entry, 2) != _PICTURES:
            continue
        size, place = number(entry + 4), number(entry + 8)
        if place + size > len(index):
            raise Broken("the list of further pictures is cut off")
        for picture in range(place, place + size - _PICTURE + 1, _PICTURE):
            # Attributes, size, place, and two numbers of others. The first picture is at 0.
            if number(picture + 8):
                add(picture + 8, before[0] - start + grown)
            else:
                add(picture + 4, grown)
    return new[:start] + index + new[end:]
