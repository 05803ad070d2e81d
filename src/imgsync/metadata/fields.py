"""Where each field lives in files and sidecars: the table, and reading and writing by it.

`docs/metadata.md` tells it to people. Texts are rows of places, in order of trust; the other
fields have a module each: tags, times, places, marks, people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from ..model import METADATA_FIELDS, Field, Location, Metadata, Region
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
    When,
    Xmp,
)
from .texts import write as write_texts
from .video import Clip

__all__ = ["is_descriptive", "normal", "read", "write", "write_sidecar"]

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

# What cameras, scanners and their programs write where people would write a caption.
_JUNK = re.compile(
    r"""
    [A-Z0-9 -]* DIGITAL[ ]CAMERA | (?:SAMSUNG|KODAK)[ ]CAMERA[ ]PICTURES | SONY[ ]DSC | DCF[ ]1\.0
    | Exif_JPEG_\w+ | <Digimax[^>]*> | KODAK[ ]Digital[ ]Still[ ]Camera | My[ ]beautiful[ ]picture
    | LEAD[ ]Technologies[ ]Inc\.[ ]V[\d.]+ | AppleMark | DCIM | User[ ]comments | binary[ ]comment
    | default[ ]description | charset=Ascii | maker:0x4c | EPSON[ ]DSC[ ]picture | Minolta[ ]DSC
    | filter:[ ]\d+;[ ]fileterIntensity:[\s\S]* | Optimized[ ]by[ ]JPEGmini[ ].*
    | Compressed[ ]by[ ]jpeg-recompress | CREATOR:[ ]gd-jpeg[ ].* | Lavc[\d.]+
    | Created[ ]with[ ](?:The[ ])?GIMP(?:[ ]on[ ]a[ ]Mac)? | ACD[ ]Systems[ ]Digital[ ]Imaging
    | File[ ]written[ ]by[ ]Adobe[ ]Photoshop.*
    """,
    re.VERBOSE | re.ASCII,
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
    "Xmp.xmpDM.pick",
    "Xmp.lr.",
    "Xmp.digiKam.",
    "Xmp.acdsee.",
    "Xmp.mediapro.",
    "Xmp.MicrosoftPhoto.",
    "Xmp.mwg-kw.",
    "Xmp.photoshop.DateCreated",
    "Xmp.exif.GPS",
    "Xmp.mwg-rs.",
    "Xmp.MP.",
    "Xmp.iptcExt.PersonInImage",
)
# digiKam's "no flag": it says nothing, and makes a sidecar that says nothing else speak.
_MARK = ("Xmp.digiKam.PickLabel", "0")


def _is_junk(caption: str) -> bool:
    """Whether a caption, cleaned, is what a camera writes and nobody said."""
    return _JUNK.fullmatch(caption) is not None


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
        "label": legal(metadata.label),
        "people": people.normal(
            Region(legal(person.name), person.area) for person in metadata.people
        ),
        "creator": tuple(map(legal, metadata.creator)),
        "copyright": legal(metadata.copyright),
    }
    clean = msgspec.structs.replace(metadata, **changes).clean()
    return msgspec.structs.replace(
        clean,
        caption="" if _is_junk(clean.caption) else clean.caption,
        label=marks.colour_word(clean.label),
    )


def read(own: Held, beside: Held | None = None, clip: Clip | None = None) -> Metadata:
    """What a photo itself, its sidecar, and the clip that it is say of it, cleaned."""
    said = own if beside is None or not is_descriptive(beside) else beside
    return normal(
        Metadata(
            title=_first_text(said, Field.TITLE),
            caption=_first_text(said, Field.CAPTION),
            tags=tags.read(said),
            taken=_taken(own, beside, clip),
            location=_location(own, beside, clip),
            rating=marks.read_rating(said),
            label=marks.read_label(said),
            favorite=marks.is_favorite(said),
            people=people.read(said),
            creator=_first_texts(said, Field.CREATOR),
            copyright=_first_text(said, Field.COPYRIGHT),
        )
    )


def write(held: Held, metadata: Metadata, fields: Collection[Field]) -> None:
    """Sets `fields` to what `metadata`, in normal form, say; empty values clear.

    The fields not asked for must be as `held` shows them: some share a place.
    """
    for field in METADATA_FIELDS:
        if field in fields:
            _WRITERS[field](held, metadata)


def write_sidecar(
    own: Held, beside: Held, clip: Clip | None, metadata: Metadata, fields: Collection[Field]
) -> None:
    """The same for a sidecar, which afterwards speaks for its photo: `read` shows `metadata`.

    What it did not speak of before is put into it, as far as it would be lost to sight.
    """
    write(beside, metadata, fields)
    if not is_descriptive(beside):
        beside.set_xmp(*_MARK)
    shown = read(own, beside, clip)
    write(beside, metadata, [f for f in METADATA_FIELDS if shown.get(f) != metadata.get(f)])
    if not metadata.taken and _taken(own, beside, clip):
        times.hide(beside)
    if not metadata.location and _location(own, beside, clip):
        places.hide(beside)


def _first_text(held: Held, field: Field) -> str:
    return "".join(_first_texts(held, field)[:1])


def _first_texts(held: Held, field: Field) -> tuple[str, ...]:
    """What the first place says that says anything."""
    for place in TEXTS[field]:
        texts = tuple(filter(str.strip, place.read(held)))
        if texts and not (field is Field.CAPTION and _is_junk(texts[0].strip())):
            return texts
    return ()


def _taken(own: Held, beside: Held | None, clip: Clip | None) -> str:
    if beside is None:
        return times.original(own) or times.created(own) or (clip.taken if clip else "")
    if times.hidden(beside):
        return ""
    own_time = times.original(own)
    return (
        times.original(beside, own_time)
        or own_time
        or times.created(beside)
        or _taken(own, None, clip)
    )


def _location(own: Held, beside: Held | None, clip: Clip | None) -> Location | None:
    if beside is not None and (places.hidden(beside) or places.read(beside)):
        return places.read(beside)
    return places.read(own) or (clip.location if clip else None)


def _text_writer(field: Field) -> Callable[[Held, Metadata], None]:
    def write_field(held: Held, metadata: Metadata) -> None:
        value: str | tuple[str, ...] = metadata.get(field)
        texts = (value,) if isinstance(value, str) and value else tuple(value)
        write_texts(held, TEXTS[field], texts)

    return write_field


_WRITERS: Mapping[Field, Callable[[Held, Metadata], None]] = {
    **{field: _text_writer(field) for field in TEXTS},
    Field.TAGS: lambda held, said: tags.write(held, said.tags),
    Field.TAKEN: lambda held, said: times.write(held, said.taken),
    Field.LOCATION: lambda held, said: places.write(held, said.location),
    Field.RATING: lambda held, said: marks.write_rating(held, said.rating, favorite=said.favorite),
    Field.LABEL: lambda held, said: marks.write_label(held, said.label),
    Field.FAVORITE: lambda held, said: marks.write_favorite(
        held, said.rating, favorite=said.favorite
    ),
    Field.PEOPLE: lambda held, said: people.write(held, said.people),
}
