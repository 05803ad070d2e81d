"""Small pictures to read and write metadata of."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import exiv2
import pytest
from PIL import Image

FORMATS = {"jpg": "JPEG", "png": "PNG", "tif": "TIFF", "webp": "WEBP", "gif": "GIF"}

FOREIGN = Path(__file__).parent / "foreign.xmp"


@cache
def make_plain(suffix: str) -> bytes:
    stream = io.BytesIO()
    picture = Image.linear_gradient("L").resize((16, 12))
    picture.save(stream, FORMATS.get(suffix, "JPEG"))
    return stream.getvalue()


@cache
def make_full(suffix: str) -> bytes:
    if suffix == "gif":
        return make_plain(suffix)
    image = exiv2.ImageFactory.open(make_plain(suffix))
    image.readMetadata()
    image.setXmpPacket(FOREIGN.read_text())
    if suffix not in ("tif", "webp"):
        image.setComment("old comment")
    exif, iptc = image.exifData(), image.iptcData()
    utf16 = exiv2.ByteOrder.invalidByteOrder, exiv2.TypeId.unsignedByte
    exif["Exif.Image.Make"] = "Kept"
    exif["Exif.Image.ImageDescription"] = "OLYMPUS DIGITAL CAMERA"
    exif["Exif.Image.Artist"] = "Ann; Bob"
    exif["Exif.Image.Copyright"] = "exif copyright"
    exif["Exif.Image.XPTitle"] = exiv2.DataValue("xp title\0".encode("utf-16-le"), *utf16)
    exif["Exif.Image.XPKeywords"] = exiv2.DataValue("xp1;xp2\0".encode("utf-16-le"), *utf16)
    exif["Exif.Image.DateTimeOriginal"] = "2009:07:01 10:20:30"
    exif["Exif.Image.Rating"] = "3"
    exif["Exif.Image.RatingPercent"] = "75"
    exif["Exif.Photo.UserComment"] = "charset=Unicode user comment"
    exif["Exif.Photo.DateTimeOriginal"] = "2012:07:01 10:20:30"
    exif["Exif.Photo.DateTimeDigitized"] = "2013:07:01 10:20:30"
    exif["Exif.GPSInfo.GPSLatitude"] = "48/1 30/1 0/1"
    exif["Exif.GPSInfo.GPSLatitudeRef"] = "N"
    exif["Exif.GPSInfo.GPSLongitude"] = "2/1 15/1 0/1"
    exif["Exif.GPSInfo.GPSLongitudeRef"] = "W"
    exif["Exif.GPSInfo.GPSImgDirection"] = "90/1"
    for key, value in (
        ("Iptc.Application2.ObjectName", "iptc title"),
        ("Iptc.Application2.Headline", "kept"),
        ("Iptc.Application2.Caption", "iptc caption"),
        ("Iptc.Application2.Byline", "iptc author"),
        ("Iptc.Application2.Copyright", "iptc copyright"),
        ("Iptc.Application2.Keywords", "iptc1"),
        ("Iptc.Application2.Keywords", "iptc2"),
        ("Iptc.Application2.DateCreated", "20110101"),
        ("Iptc.Application2.TimeCreated", "101112+0100"),
    ):
        iptc.add(exiv2.IptcKey(key), exiv2.StringValue(value))
    image.writeMetadata()
    return bytes(image.io().mmap())


@pytest.fixture(scope="session")
def plain() -> Callable[[str], bytes]:
    """Makes the bytes of a small picture that says nothing, of the format of a suffix.

    A suffix that Pillow cannot write gets a JPEG.
    """
    return make_plain


@pytest.fixture(scope="session")
def full() -> Callable[[str], bytes]:
    """Makes the same with something in every place that img-sync knows, and in others.

    A GIF says nothing all the same: exiv2 cannot write it.
    """
    return make_full
