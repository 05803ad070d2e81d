"""What Immich answers, as far as img-sync reads it, and what an asset says as a photo."""

from __future__ import annotations

import base64
import hashlib
import html
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.entities import html5

import msgspec

from ...model import Location, Metadata, Photo, wall_clock

__all__ = [
    "AlbumAnswer",
    "Asset",
    "Page",
    "Search",
    "Tag",
    "Twin",
    "Uploaded",
    "Version",
    "is_extracted",
    "no_time",
    "normal",
    "photo",
    "said",
    "sha1",
    "shown",
    "shown_tag",
    "shown_zone",
    "told_time",
    "utc",
]


class Version(msgspec.Struct, frozen=True):
    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


class Tag(msgspec.Struct, frozen=True):
    """`value` is the path with `/` between the levels."""

    id: str
    value: str


class Exif(msgspec.Struct, frozen=True, rename="camel"):
    """What the last extraction read from the file and its sidecar, as far as it is done."""

    make: str | None = None
    model: str | None = None
    f_number: float | None = None
    iso: float | None = None
    exposure_time: str | None = None
    exif_image_width: float | None = None
    file_size_in_byte: int | None = None
    date_time_original: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    description: str | None = None
    rating: int | None = None


_NO_EXIF = Exif()


class Asset(msgspec.Struct, frozen=True, rename="camel"):
    """A photo or video. `tags` are told by GET /assets/{id} alone.

    `checksum`: the original's SHA-1 in base64. `local_date_time`: a wall clock, whatever its Z.
    """

    id: str
    original_file_name: str
    checksum: str
    updated_at: str
    file_modified_at: str
    local_date_time: str
    is_favorite: bool
    is_trashed: bool = False
    visibility: str = "timeline"
    exif_info: Exif | None = None
    tags: list[Tag] = []

    @property
    def exif(self) -> Exif:
        return self.exif_info or _NO_EXIF

    @property
    def touched(self) -> str:
        """When the server touched it last, to the millisecond: not all answers tell more."""
        moment = _moment(self.updated_at)
        return utc(moment) if moment else self.updated_at


class AlbumAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """An album; `assets` is None where the version does not tell them."""

    id: str
    album_name: str
    asset_count: int
    created_at: str = ""
    assets: list[Asset] | None = None


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """A page of a search. What leads to the next is a number, or from 3.2 on a cursor."""

    items: list[Asset]
    next_page: str | None = None
    next_cursor: str | None = None


class Search(msgspec.Struct, frozen=True):
    assets: Page


class Twin(msgspec.Struct, frozen=True, rename="camel"):
    """What the server says of the checksum `id`: the asset that has it, if there is one."""

    id: str
    asset_id: str | None = None


class Uploaded(msgspec.Struct, frozen=True):
    """`status`: created or duplicate."""

    id: str
    status: str


def sha1(asset: Asset) -> str:
    """The original's checksum as "sha1:" and hex."""
    return "sha1:" + base64.b64decode(asset.checksum).hex()


def is_extracted(asset: Asset) -> bool:
    """Whether the server has read the file by now; before that, little of it is shown."""
    return bool(asset.exif.date_time_original or asset.exif.exif_image_width)


def photo(asset: Asset, tags: Iterable[str] | None = None) -> Photo:
    """The photo that an asset is, with these tags instead of its own.

    Its version is "TIME HASH": when the server last touched it, and what is shown.
    """
    metadata = said(asset, tags)
    checksum, name = sha1(asset), _file_name(asset)
    told = msgspec.json.encode([name, checksum, metadata], order="sorted")
    return Photo(
        ref=asset.id,
        name=name,
        version=f"{asset.touched} {hashlib.sha256(told).hexdigest()[:24]}",
        content=checksum,
        size=asset.exif.file_size_in_byte or 0,
        digests=frozenset({checksum}),
        metadata=metadata,
    )


def shown(version: str) -> str:
    """The part of a version that tells what was shown, and not when."""
    return version.partition(" ")[2]


def shown_tag(value: str) -> str:
    """A tag as a photo shows it; "" if it shows nothing."""
    return "".join(normal(Metadata(tags=frozenset({value}))).tags)


def said(asset: Asset, tags: Iterable[str] | None = None) -> Metadata:
    """What an asset says in normal form, with these tags instead of its own."""
    exif = asset.exif
    place = None
    if exif.latitude is not None and exif.longitude is not None:
        place = Location(exif.latitude, exif.longitude)
    return normal(
        Metadata(
            caption=exif.description or "",
            tags=frozenset((tag.value for tag in asset.tags) if tags is None else tags),
            taken="" if _is_guessed(asset) else asset.local_date_time,
            location=place,
            rating=exif.rating,
            favorite=asset.is_favorite,
        )
    )


# Normal forms

# What XML has no place for: captions and tags go through XMP files.
_ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{1,31});")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


def normal(metadata: Metadata) -> Metadata:
    """What Immich would show of `metadata`, but for what only some versions lose.

    It has no titles, heights, labels, creators and copyrights; it shows wall clocks to the
    millisecond, no partial dates, and no place at 0/0; and what it writes into a sidecar
    comes back with HTML's entities decoded, and read as a value where it looks like one.
    """
    caption = _value(_text(metadata.caption).strip(_BLANKS))
    return Metadata(
        caption="" if caption in ("0", "false", "undefined") else caption,
        tags=frozenset(_value(_text(tag)) for tag in metadata.tags),
        taken=wall_clock(told_time(metadata.taken)),
        location=_place(metadata.location),
        rating=metadata.rating if metadata.rating in (-1, 1, 2, 3, 4, 5) else None,
        favorite=metadata.favorite,
    ).clean()


def _text(text: str) -> str:
    """The text as it comes back, however often it goes there."""
    text = _ILLEGAL.sub("", text)
    while (decoded := _ILLEGAL.sub("", _ENTITY.sub(_decoded, text))) != text:
        text = decoded
    return text


def _decoded(entity: re.Match[str]) -> str:
    known = entity[0][1] == "#" or entity[0][1:] in html5
    return _ILLEGAL.sub("", html.unescape(entity[0])) if known else entity[0]


# What is cut off the ends of captions. JavaScript takes U+FEFF for a blank, too.
_BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + "\ufeff"

# What ExifTool's JSON has without quotes, and what its reader takes for no value.
_NUMBER = re.compile(r"-?(?:\d|[1-9]\d{1,14})(?:\.\d{1,16})?(?:[eE][-+]?\d{1,3})?", re.ASCII)
_NULL = frozenset({"null", "undef"})


def _value(text: str) -> str:
    """A text that looks like a value in the spelling in which JavaScript prints that value."""
    if text.lower() in ("true", "false"):
        return text.lower()
    if _NUMBER.fullmatch(text):
        return _printed(float(text))
    return "undefined" if text in _NULL else text


def _printed(number: float) -> str:
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number and not 1e-6 <= abs(number) < 1e21:
        return re.sub(r"e([-+])0", r"e\1", repr(number).replace(".0e", "e"))
    plain = format(Decimal(repr(number)), "f")
    return plain.removesuffix(".0") if number else "0"


def told_time(taken: str) -> str:
    """A time as Immich is told it, with its offset; "" if it is none that it can hold."""
    found = _TIME.fullmatch(taken)
    if found is None:
        return ""
    wall = found[1] + (found[2] or ":00")
    try:
        datetime.fromisoformat(wall + (found[4] or ""))
    except ValueError:
        return ""
    fraction = (found[3] or "")[:3].rstrip("0")
    return wall + (f".{fraction}" if fraction else "") + (found[4] or "")


def shown_zone(asset: Asset) -> timedelta | None:
    """How far the wall clock that an asset shows is ahead of UTC, None if that is not known."""
    wall, moment = _moment(asset.local_date_time), _moment(asset.exif.date_time_original or "")
    return wall - moment if wall and moment else None


def _place(place: Location | None) -> Location | None:
    if place is None or place.latitude == place.longitude == 0:
        return None
    return Location(place.latitude, place.longitude)


# What is not to be believed


def no_time(asset: Asset) -> str | None:
    """The time that says of this asset that none is known; None if no time can say that.

    Of a file that tells no time Immich shows when it was last modified. A camera's file may have
    been written in the very second in which the picture was taken; but hardly in the very
    millisecond, where those are told.
    """
    modified, exif = _moment(asset.file_modified_at), asset.exif
    camera = any((exif.make, exif.model, exif.f_number, exif.iso, exif.exposure_time))
    if modified is None or (camera and not modified.microsecond):
        return None
    return asset.file_modified_at


def _is_guessed(asset: Asset) -> bool:
    """Whether the time is one that nobody said."""
    taken, none = asset.exif.date_time_original, no_time(asset)
    return not taken or (none is not None and _moment(taken) == _moment(none))


def utc(moment: datetime) -> str:
    """As the API tells most moments."""
    told = moment.astimezone(UTC).replace(tzinfo=None)
    return told.isoformat(timespec="milliseconds") + "Z"


def _moment(time: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _file_name(asset: Asset) -> str:
    """Its file name; whoever uploaded it may have written anything there."""
    name = "".join("_" if c == "/" or ord(c) < 32 else c for c in asset.original_file_name)
    return f"{asset.id}{name}" if name in ("", ".", "..") else name
