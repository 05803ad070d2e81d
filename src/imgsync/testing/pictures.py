"""Small photos that are valid and differ, made without any imaging library."""

from __future__ import annotations

__all__ = ["jpeg"]


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


_DC, _AC = 0x00, 0x10
_HEAD = b"".join(
    [
        b"\xff\xd8",
        _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        _segment(0xDB, b"\0" + bytes([8]) * 64),
        # Baseline, 8 bits a sample, 32 high, 64 wide, one grey component.
        _segment(0xC0, b"\x08\0\x20\0\x40\x01\x01\x11\0"),
        # DC differences of one bit have the code 0, those of none (never used) the code 10.
        _segment(0xC4, bytes([_DC, 1, 1]) + bytes(14) + b"\x01\0"),
        # AC: "end of block" alone, with the code 0.
        _segment(0xC4, bytes([_AC, 1]) + bytes(15) + b"\0"),
        _segment(0xDA, b"\x01\x01\0\0\x3f\0"),
    ]
)


def jpeg(n: int) -> bytes:
    """The n-th JPEG, 64 x 32 pixels of grey, without any metadata; `n` has 32 bits.

    Each of its 32 blocks is lighter than the one before where the bit of `n` is 1, else darker,
    so that two of them differ in their coded picture alone (ITU-T T.81, F.1.2).
    """
    blocks = "".join(f"0{bit}0" for bit in f"{n:032b}")
    return _HEAD + int(blocks, 2).to_bytes(12) + b"\xff\xd9"
