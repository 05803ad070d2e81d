"""What Piwigo can hold of what people say, how it stores it, and how it is read back. Pure.

Piwigo keeps text in columns of MySQL's three-byte UTF-8: a character beyond U+FFFF, a text that is
too long or a date that cannot be ends a call in the middle, so they are found before one is made.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

import msgspec

from ...errors import Rejected
from ...model import NOTHING_SAID, Field, Location, Metadata

__all__ = [
    "Info",
    "Ref",
    "Tag",
    "checked_file",
    "derived_title",
    "escaped",
    "form",
    "normal",
    "shown",
    "shown_file",
    "tag_key",
    "tag_name",
    "tag_text",
    "unfit",
]

NAME = 255  # characters of a title, an author, a tag, an album's or a file's name
COMMENT = 65535  # bytes of a caption

# What htmlspecialchars of PHP does to file names, with the numbers it writes.
_ENTITIES = {"&": "&amp;", '"': "&quot;", "'": "&#039;", "<": "&lt;", ">": "&gt;"}
_CHARACTERS = {entity: character for character, entity in _ENTITIES.items()} | {"&#39;": "'"}
_ENTITY = re.compile("|".join(map(re.escape, _CHARACTERS)))

_DATE = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.\d*)?(?:Z|[+-]\d\d:?\d\d)?)?\Z", re.ASCII
)
# Letters of their own for MySQL, whatever Unicode makes of them.
_WHOLE = frozenset("Йй")


class Tag(msgspec.Struct):
    """A tag as photos and lists show it."""

    id: int
    name: str


class Ref(msgspec.Struct):
    """Something that is named by its number alone."""

    id: int


class Info(msgspec.Struct):
    """A photo as `pwg.images.getInfo` shows it.

    `name_raw`, `comment_raw`: as they are stored; before Piwigo 16 `name` and `comment` are.
    `categories`: the albums it is in, as far as the user may see them.
    """

    id: int
    file: str
    element_url: str
    name: str | None = None
    comment: str | None = None
    author: str | None = None
    date_creation: str | None = None
    md5sum: str | None = None
    level: int = 0
    latitude: float | None = None
    longitude: float | None = None
    name_raw: str | msgspec.UnsetType | None = msgspec.UNSET
    comment_raw: str | msgspec.UnsetType | None = msgspec.UNSET
    tags: list[Tag] = []
    categories: list[Ref] = []

    @property
    def albums(self) -> set[int]:
        return {album.id for album in self.categories}


# What is shown


def shown(info: Info, reads: Iterable[Field]) -> Metadata:
    """What is said of a photo. A title that Piwigo made from the file name says nothing."""
    title = info.name if info.name_raw is msgspec.UNSET else info.name_raw
    caption = info.comment if info.comment_raw is msgspec.UNSET else info.comment_raw
    said = Metadata(
        title="" if title == derived_title(info.file) else title or "",
        caption=caption or "",
        tags=frozenset(tag_text(tag.name) for tag in info.tags),
        taken=_held_time(info.date_creation or ""),
        location=_place(info.latitude, info.longitude),
        creator=_people(info.author or ""),
    )
    return NOTHING_SAID.but(said.clean(), reads)


def normal(metadata: Metadata, reads: Iterable[Field]) -> Metadata:
    """What Piwigo would show if it were told `metadata`; tags in the form in which it knows them.

    Times have seconds and no offset. A date alone is its midnight; a month is not held.
    """
    place = metadata.location
    held = msgspec.structs.replace(
        metadata,
        tags=frozenset(map(tag_key, metadata.tags)),
        taken=_held_time(metadata.taken),
        location=_place(place.latitude, place.longitude) if place else None,
        creator=_people("; ".join(metadata.creator)),
    )
    return NOTHING_SAID.but(held.clean(), reads)


def shown_file(file: str) -> str:
    """A file name as people know it: Piwigo keeps it escaped for HTML. Never a path."""
    name = _ENTITY.sub(lambda entity: _CHARACTERS[entity[0]], file)
    name = name.replace("/", "_").replace("\0", "_")
    return name if name not in ("", ".", "..") else f"_{name}"


def derived_title(file: str) -> str:
    """The title that Piwigo gives a photo which came without one."""
    return file.rpartition(".")[0].replace("_", " ")


def tag_text(name: str) -> str:
    """A tag as people know it. See `tag_name`."""
    return name.replace("&lt;", "<")


def tag_key(tag: str) -> str:
    """The same for all spellings that Piwigo takes for one tag.

    Its tables compare as MySQL's utf8_general_ci does: without case and accents.
    """
    folded = "".join(map(_weight, unicodedata.normalize("NFC", tag_text(tag))))
    return unicodedata.normalize("NFC", folded)


def _weight(character: str) -> str:
    first, *marks = list(unicodedata.normalize("NFD", character))
    accented = marks and first.isalpha() and all(unicodedata.combining(mark) for mark in marks)
    letter = first if accented and character not in _WHOLE else character
    capital = "S" if letter == "ß" else letter.upper()
    return capital if len(capital) == 1 else letter


def _held_time(taken: str) -> str:
    """A time as Piwigo keeps it, "" for one that it cannot keep or that is none."""
    found = _DATE.match(taken)
    if not found:
        return ""
    wall = f"{found[1]}T{found[2] or '00:00'}{found[3] or ':00'}"
    try:
        return wall if datetime.fromisoformat(wall).year >= 1000 else ""
    except ValueError:
        return ""


def _place(latitude: float | None, longitude: float | None) -> Location | None:
    if latitude is None or longitude is None:
        return None
    return Location(round(latitude, 6), round(longitude, 6))


def _people(author: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in author.split(";"))))


# What is stored


def form(metadata: Metadata, fields: Iterable[Field], photo: str) -> dict[str, str]:
    """The parameters that make Piwigo say `fields`, tags apart; "" clears.

    Nothing takes a place away. Raises Rejected for what it cannot store of the photo with that
    file name.
    """
    values: dict[str, str] = {}
    for field in fields:
        match field:
            case Field.TITLE:
                values["name"] = _fit(metadata.title, f"the title of {photo}")
            case Field.CAPTION:
                values["comment"] = _fit(metadata.caption, f"the caption of {photo}", long=True)
            case Field.CREATOR:
                author = "; ".join(metadata.creator)
                values["author"] = _fit(author, f"the creator of {photo}")
            case Field.TAKEN:
                values["date_creation"] = _held_time(metadata.taken).replace("T", " ")
            case Field.TAGS:
                for tag in metadata.tags:
                    _fit(tag_name(tag), f"a tag of {photo}")
            case Field.LOCATION:
                values |= _coordinates(metadata.location)
    return values


def tag_name(tag: str) -> str:
    """A tag as it is stored: Piwigo takes anything from a `<` on for HTML, and drops it."""
    return tag.replace("<", "&lt;")


def escaped(name: str) -> str:
    """A file name as Piwigo stores it."""
    return "".join(_ENTITIES.get(character, character) for character in name)


def checked_file(name: str, formats: Iterable[str]) -> str:
    """`name`, if Piwigo takes such a file under it; else raises Rejected."""
    if name in ("", ".", "..") or "/" in name:
        raise Rejected(f"{name!r} cannot be the name of a photo")
    if name.rpartition(".")[2].lower() not in formats:
        raise Rejected(f"this gallery takes no files like {name}: see upload_file_types in Piwigo")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise Rejected(f"the file name {name!r} has a character that is none to be seen: rename it")
    why = unfit(escaped(name))
    if why:
        raise Rejected(f"the file name {name[:80]!r} {why}: rename the file")
    return name


def unfit(text: str, *, long: bool = False) -> str:
    """Why a text cannot be stored, as the end of a sentence; "" if it can. `long`: a caption."""
    for character in text:
        if character == "\0" or character > "\uffff" or "\ud800" <= character <= "\udfff":
            seen = f"{character} " if character.isprintable() else ""
            return f"has the character {seen}(U+{ord(character):04X}), which Piwigo cannot store"
    if long and len(text.encode()) > COMMENT:
        return f"is longer than the {COMMENT} bytes that Piwigo can store"
    if not long and len(text) > NAME:
        return f"is longer than the {NAME} characters that Piwigo can store"
    return ""


def _fit(text: str, what: str, *, long: bool = False) -> str:
    why = unfit(text, long=long)
    if why:
        raise Rejected(f"{what} {why}: change it to have it there too")
    return text


def _coordinates(place: Location | None) -> dict[str, str]:
    """With a decimal point always: Piwigo overlooks a plain 0, and what is empty."""
    if place is None:
        return {}
    return {"latitude": f"{place.latitude:.6f}", "longitude": f"{place.longitude:.6f}"}
