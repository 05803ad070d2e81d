"""Finds the picture in a photo's file, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imgsync.metadata.digest.bmff import FIRST_BOXES, bmff
from imgsync.metadata.digest.ifd import BYTE_ORDERS
from imgsync.metadata.digest.jpeg import jpeg
from imgsync.metadata.digest.jxl import jxl, looks_like_jxl
from imgsync.metadata.digest.png import SIGNATURES, png
from imgsync.metadata.digest.raf import looks_like_raf, raf
from imgsync.metadata.digest.source import Range, Source
from imgsync.metadata.digest.tiff import tiff
from imgsync.metadata.digest.webp import webp

__all__ = ["picture"]

_JPEG = b"\xff\xd8\xff"
_NEVER_HASHED = (b"GIF8", b"BM")
_JPEG_OR_TIFF = re.compile(rb"\xff\xd8\xff|MM\0\x2a|II\x2a\0")
_LOOK_INTO = 1024


def picture(source: Source, suffix: str) -> Iterator[Range]:
    """The ranges that ExifTool hashes of a file, in that order; none where it hashes nothing.

    The content decides what it is; `suffix` (".nef") only which kind of RAW. Olympus' RAW is
    never hashed under its own suffix.

    Source: ExifTool 13.59, ExifTool.pm, ExtractInfo.
    """
    head = source.read(0, min(_LOOK_INTO, source.size))
    if head.startswith(_JPEG):
        yield from jpeg(source)
    elif head.startswith(SIGNATURES):
        yield from png(source)
    elif head[:2] in BYTE_ORDERS:
        if suffix != ".orf":
            yield from tiff(source, suffix)
    elif head[4:8] in FIRST_BOXES:
        yield from bmff(source)
    elif head.startswith(b"RIFF"):
        yield from webp(source)
    elif looks_like_jxl(head):
        yield from jxl(source)
    elif looks_like_raf(source):
        yield from raf(source)
    elif not head.startswith(_NEVER_HASHED):
        # As a last resort ExifTool looks for a JPEG behind an unknown header.
        found = _JPEG_OR_TIFF.search(head)
        if found and found[0] == _JPEG:
            yield from jpeg(source, found.start())
