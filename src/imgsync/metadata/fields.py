"""Where each field lives in files and sidecars: the table, and reading and writing by it.

`docs/metadata.md` tells it to people. Texts are rows of places, in order of trust; the other
fields have a module each: tags, times, places, marks, people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from ..model import NOTHING_SAID, Field, Metadata, Region
from . import marks, people, places, tags, times
from .held import Held, legal
from .texts import (
    Comment,
    Exif,
    ExifArtist,
    ExifComment,
    ExifCopyright,
    ExifUtf16,
    Iptc,
    Place,
    Texts,
    When,
    Xmp,
)
from .texts import write as write_texts

__all__ = ["is_descriptive", "is_junk", "normal", "read", "write", "write_sidecar"]

TEXTS: Mapping[Field, tuple[Place, ...]] = {
    Field.TITLE: (
        Xmp("Xmp.dc.title"),
        Iptc("Iptc.Application2.ObjectName", 64),
        Xmp("Xmp.acdsee.caption", "text", When.KEPT),
        ExifUtf16("Exif.Image.XPTitle", When.KEPT),
    ),
    Field.CAPTION: (
        Xmp("Xmp.dc.description"),
        Exif("Exif.Image.ImageDescription"),
        Xmp("Xmp.tiff.ImageDescription", when=When.SIDECAR),
        Iptc("Iptc.Application2.Caption", 2000),
        ExifComment("Exif.Photo.UserComment", When.NEVER),
        Xmp("Xmp.exif.UserComment", when=When.NEVER),
        Comment(),
    ),
    Field.CREATOR: (
        ExifArtist("Exif.Image.Artist"),
        Xmp("Xmp.dc.creator", "list"),
        Iptc("Iptc.Application2.Byline", 32),
    ),
    Field.COPYRIGHT: (
        ExifCopyright("Exif.Image.Copyright"),
        Xmp("Xmp.dc.rights"),
        Iptc("Iptc.Application2.Copyright", 128),
    ),
}

# What cameras and scanners write where people would write a caption.
_JUNK = frozenset(
    text.casefold()
    for text in (
        "ASCII",
        "AppleMark",
        "BIG BEN",
        "DCF 1.0",
        "DCIM",
        "DIGITAL CAMERA",
        "Default",
        "EXIF_JPEG_T422",
        "Exif_JPEG_420",
        "Exif_JPEG_422",
        "Exif_JPEG_PICTURE",
        "KODAK Digital Still Camera",
        "KONICA MINOLTA DIGITAL CAMERA",
        "LEAD Technologies Inc. V1.01",
        "MINOLTA DIGITAL CAMERA",
        "My beautiful picture",
        "OLYMPUS DIGITAL CAMERA",
        "PENTAX DIGITAL CAMERA",
        "PHOTO",
        "Processed By eBay with ImageMagick, z1.1.0. ||B2",
        "SAMSUNG",
        "SAMSUNG CAMERA PICTURES",
        "SAMSUNG DIGITAL CAMERA",
        "SANYO DIGITAL CAMERA",
        "SONY DSC",
        "User comments",
        "binary comment",
        "charset=Ascii",
        "cof",
        "default description",
        "edf",
        "jpeg",
        "maker:0x4c",
    )
)

# A sidecar with one of these speaks for all fields but the time and the place, where it only
# comes first: a RAW's own time is not gone because a sidecar holds a caption.
_DESCRIPTIVE = (
    "Xmp.dc.title",
    "Xmp.dc.description",
    "Xmp.dc.subject",
    "Xmp.dc.creator",
    "Xmp.dc.rights",
    "Xmp.xmp.Rating",
    "Xmp.xmp.Label",
    "Xmp.lr.",
    "Xmp.digiKam.",
    "Xmp.photoshop.DateCreated",
    "Xmp.exif.GPS",
    "Xmp.mwg-rs.",
    "Xmp.MP.",
    "Xmp.iptcExt.PersonInImage",
)
_OVERLAID = frozenset({Field.TAKEN, Field.LOCATION})
# digiKam's "no flag": it says nothing, but says it.
_MARK = ("Xmp.digiKam.PickLabel", "0")


def is_junk(caption: str) -> bool:
    """Whether a caption, cleaned, is what a camera writes and nobody said."""
    return caption.casefold() in _JUNK


def is_descriptive(sidecar: Held) -> bool:
    """Whether a sidecar speaks for its photo; one with develop settings alone does not."""
    return any(key.startswith(_DESCRIPTIVE) for key in sidecar.xmp_keys())


def normal(metadata: Metadata) -> Metadata:
    """The metadata as files give them back: `read` shows this after they were written."""
    changes: dict[str, Any] = {
        "title": legal(metadata.title),
        "caption": legal(metadata.caption),
        "tags": frozenset(map(legal, metadata.tags)),
        "taken": times.normal(metadata.taken),
        "location": places.normal(metadata.location),
        "rating": metadata.rating if metadata.rating in (-1, 1, 2, 3, 4, 5) else None,
        "label": marks.colour_word(legal(metadata.label).strip()),
        "people": people.normal(
            Region(legal(person.name), person.area) for person in metadata.people
        ),
        "creator": tuple(map(legal, metadata.creator)),
        "copyright": legal(metadata.copyright),
    }
    clean = msgspec.structs.replace(metadata, **changes).clean()
    return msgspec.structs.replace(clean, caption="") if is_junk(clean.caption) else clean


def read(own: Held, beside: Held | None = None) -> Metadata:
    """What a photo's own metadata and its sidecar say, cleaned."""
    said = own if beside is None or not is_descriptive(beside) else beside
    return normal(
        Metadata(
            title=_text(said, Field.TITLE),
            caption=_text(said, Field.CAPTION),
            tags=tags.read(said),
            taken=_taken(own, beside),
            location=_location(own, beside),
            rating=marks.read_rating(said),
            label=marks.read_label(said),
            favorite=marks.is_favorite(said),
            people=people.read(said),
            creator=tuple(_first(said, Field.CREATOR)),
            copyright=_text(said, Field.COPYRIGHT),
        )
    )
