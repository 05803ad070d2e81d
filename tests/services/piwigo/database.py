"""What a pretended Piwigo keeps, and how its tables and PHP treat what they are given."""

from __future__ import annotations

import hashlib
import html
import io
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from PIL import Image, IptcImagePlugin

ALLOWED = ("b", "strong", "em", "i")


class Fatal(Exception):
    """PHP ends here, with a page of HTML and HTTP 200."""


@dataclass
class Album:
    id: int
    name: str
    line: list[int]
    status: str = "public"
    granted: bool = True
    comment: str | None = None


@dataclass
class Kept:
    """A row of the table of images, its file, and its rows in other tables.

    `storage`: the album that stands for the folder in which the server found the file.
    """

    id: int
    file: str
    data: bytes = b""
    md5sum: str = ""
    name: str | None = None
    comment: str | None = None
    author: str | None = None
    date_creation: str | None = None
    level: int = 0
    latitude: float | None = None
    longitude: float | None = None
    lastmodified: int = 0
    storage: int = 0
    albums: list[int] = field(default_factory=list)
    tags: set[int] = field(default_factory=set)


@dataclass
class Settings:
    """How the gallery is set up."""

    version: str = "16.4.0"
    types: str = "jpg,jpeg,png,gif,webp"
    chunk: int = 500
    map: bool = False
    iptc: bool = False
    resize: bool = False
    warnings: bool = False
    plugins: tuple[str, ...] = ()
    per_page: int = 500

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])


def text(value: str, limit: int = 255) -> str:
    """A text on its way into a column; Fatal where the database would not take it."""
    if any(character > "\uffff" for character in value):
        raise Fatal("mysqli_sql_exception: Incorrect string value")
    if (limit == 255 and len(value) > limit) or len(value.encode()) > 65535:
        raise Fatal("mysqli_sql_exception: Data too long for column")
    return value


def date(value: str) -> str | None:
    """A time on its way into a column: to the second; Fatal for zones and impossible days."""
    if not value:
        return None
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:\.\d+)?)?", value)
    if not found:
        raise Fatal("mysqli_sql_exception: Incorrect datetime value")
    if "-00" not in found[1]:
        try:
            datetime.fromisoformat(f"{found[1]} {found[2] or '00:00:00'}")
        except ValueError:
            raise Fatal("mysqli_sql_exception: Incorrect datetime value") from None
    return f"{found[1]} {found[2] or '00:00:00'}"


def same_name(one: str, two: str) -> bool:
    """Whether a column that is compared without case and accents finds two texts alike."""
    return _collated(one) == _collated(two)


def _collated(name: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return bare.upper().rstrip(" ")


def strip_tags(value: str, allowed: tuple[str, ...] = ()) -> str:
    """As PHP does it: from a `<` that no blank follows to the next `>`, or to the end."""

    def keep(found: re.Match[str]) -> str:
        name = re.match(r"</?(\w+)", found[0])
        return found[0] if name and name[1].lower() in allowed else ""

    return re.sub(r"<[^\s>][^>]*(>|\Z)", keep, value.replace("\0", ""))


def escaped_upload(filename: str) -> str:
    """A file name as an upload keeps it: with slashes added to it, and escaped for HTML."""
    slashed = re.sub(r"(['\"\\])", r"\\\1", filename)
    return html.escape(slashed).replace("&#x27;", "&#039;")


@dataclass
class Inside:
    """What Piwigo reads from a file."""

    width: int
    height: int
    taken: str | None
    latitude: float | None
    longitude: float | None
    caption: str | None
    keywords: list[str]


def look_inside(data: bytes) -> Inside | None:
    """The file's own metadata; None if it is no picture of a type that is taken."""
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "GIF", "WEBP"))
    except OSError:
        return None
    exif = image.getexif()
    taken = exif.get_ifd(0x8769).get(0x9003)
    taken = re.sub(r"^(\d+):(\d+):(\d+)", r"\1-\2-\3", str(taken)) if taken else None
    place = exif.get_ifd(0x8825)
    iptc = IptcImagePlugin.getiptcinfo(image) or {}
    words = iptc.get((2, 25), [])
    return Inside(
        *image.size,
        taken=taken,
        latitude=_degrees(place.get(2), place.get(1) == "S"),
        longitude=_degrees(place.get(4), place.get(3) == "W"),
        caption=_plain(iptc.get((2, 120))),
        keywords=[_plain(word) or "" for word in (words if isinstance(words, list) else [words])],
    )


def _plain(value: bytes | list[bytes] | None) -> str | None:
    first = value[0] if isinstance(value, list) else value
    return first.decode(errors="replace") if first else None


def _degrees(parts: Any, negative: bool) -> float | None:
    if not parts:
        return None
    degrees: float = sum(float(part) / 60**n for n, part in enumerate(parts))
    return round(-degrees if negative else degrees, 6)


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
