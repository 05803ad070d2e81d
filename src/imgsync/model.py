"""The values img-sync thinks in: photos, what people say about them, and what was agreed.

Everything here is immutable and does no I/O. Services hand out metadata that has been
through `Metadata.clean`, so equal values compare equal with `==`; `same` adds the tolerance
that two different services need.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Any

import msgspec

__all__ = [
    "METADATA_FIELDS",
    "NOTHING_SAID",
    "PICTURE_DIGESTS",
    "SET_FIELDS",
    "Album",
    "Area",
    "Field",
    "Link",
    "Location",
    "Metadata",
    "Pair",
    "Photo",
    "Region",
    "Side",
    "fingerprint",
    "moment",
    "same",
    "same_picture",
    "same_region",
    "wall_clock",
]


class Side(StrEnum):
    """One end of a run. People see the services' names instead."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Field(StrEnum):
    """One part of a photo; the picture is a field like the others."""

    CONTENT = "content"
    TITLE = "title"
    CAPTION = "caption"
    TAGS = "tags"
    TAKEN = "taken"
    LOCATION = "location"
    RATING = "rating"
    LABEL = "label"
    FAVORITE = "favorite"
    PEOPLE = "people"
    CREATOR = "creator"
    COPYRIGHT = "copyright"


METADATA_FIELDS = tuple(field for field in Field if field is not Field.CONTENT)
SET_FIELDS = frozenset({Field.TAGS, Field.PEOPLE})


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place: degrees north, degrees east, metres above sea level or None."""

    latitude: float
    longitude: float
    altitude: float | None = None


# Centre x, centre y, width, height: fractions of the stored (not rotated) picture (MWG regions).
Area = tuple[float, float, float, float]


class Region(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person in a picture, and where the face is, or None where nobody drew a frame."""

    name: str
    area: Area | None = None


_NO_TAGS: frozenset[str] = frozenset()


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True):
    """What people say about a photo. An empty value means "nothing said".

    `tags`: paths with `/` between the levels ("Places/France/Paris").
    `taken`: ISO 8601 wall clock with optional fraction and offset ("2012-07-01T10:20:30.25+02:00");
        an offset that is not known is not written; a partial date ("2012-07") stays partial.
    `rating`: 1 to 5, -1 for rejected, None for unrated.
    `label`: an English colour word ("Red") or the text an editor wrote.
    """

    title: str = ""
    caption: str = ""
    tags: frozenset[str] = _NO_TAGS
    taken: str = ""
    location: Location | None = None
    rating: int | None = None
    label: str = ""
    favorite: bool = False
    people: tuple[Region, ...] = ()
    creator: tuple[str, ...] = ()
    copyright: str = ""

    def __post_init__(self) -> None:
        # What is left out of a text is only this one empty set: else no tags would have two texts.
        if not self.tags:
            msgspec.structs.force_setattr(self, "tags", _NO_TAGS)

    def get(self, field: Field) -> Any:
        """The value of a metadata field."""
        return getattr(self, field)

    def but(self, values: Metadata, fields: Iterable[Field]) -> Metadata:
        """These metadata with `fields` taken from `values`; CONTENT among them is passed over."""
        changes = {f: values.get(f) for f in fields if f is not Field.CONTENT}
        return msgspec.structs.replace(self, **changes) if changes else self

    def clean(self) -> Metadata:
        """The same, in the one form that is hashed and compared.

        Text is NFC with `\\n` line ends and no blanks around it; empty elements and repeated
        people are dropped; tags lose empty levels; a rating of 0 is no rating; a place that is
        none on Earth (as broken numbers are) is no place.
        """
        return Metadata(
            title=_text(self.title),
            caption=_text(self.caption),
            tags=frozenset(filter(None, map(_tag, self.tags))),
            taken=self.taken.strip(),
            location=_place(self.location),
            rating=self.rating or None,
            label=_text(self.label),
            favorite=self.favorite,
            people=_people(self.people),
            creator=tuple(filter(None, map(_text, self.creator))),
            copyright=_text(self.copyright),
        )


NOTHING_SAID = Metadata()


class Album(msgspec.Struct, frozen=True):
    """An album as one service shows it. `path` has `/` between the levels; the tree's top is ""."""

    ref: str
    path: str


# The schemes of `Photo.content` that can be compared with other services.
PICTURE_DIGESTS = ("image:", "file:")


class Photo(msgspec.Struct, frozen=True, omit_defaults=True):
    """One photo or video as one service shows it at one moment.

    `ref`: the service's own name for it; opaque to everyone else; unique within its album.
    `name`: its file name, for people and for matching.
    `version`: changes whenever anything about it changes; "" is not known.
    `content`: changes only when the picture itself changes; "" is not known. Of the form
        "scheme:value" where it can be compared with other services: "image:" is ExifTool's
        ImageDataHash, "file:" the SHA-256 of the whole file where there is no such hash.
    `size`: bytes of the original, 0 where it is not known.
    `digests`: checksums of the whole file ("sha1:...", lower-case hex).
    """

    ref: str
    name: str
    version: str = ""
    content: str = ""
    size: int = 0
    digests: frozenset[str] = frozenset()
    metadata: Metadata = NOTHING_SAID

    @property
    def marks(self) -> frozenset[str]:
        """All that the picture can be recognised by elsewhere."""
        return self.digests | {self.content} if ":" in self.content else self.digests

    @property
    def tells_picture(self) -> bool:
        """Whether one of the marks is a digest of the picture: then unequal ones tell, too."""
        return any(mark.startswith(PICTURE_DIGESTS) for mark in self.marks)


class Link(msgspec.Struct, frozen=True):
    """A photo that stands on both sides, each half as that side showed it when they last agreed.

    `id` is the photo's own id in its album's state.
    """

    id: str
    left: Photo
    right: Photo

    def half(self, side: Side) -> Photo:
        return self.left if side is Side.LEFT else self.right


class Pair(msgspec.Struct, frozen=True):
    """What is known of one photo: the past, and what each side shows now.

    `album` names the album whose state holds the link (or would); `left_album` and `right_album`
    the albums in which the sides show the photo now. All three are paths relative to the run's top.
    `doubt`: why an absence may be none, "" where it is certain. `namesake`: the side without the
    photo shows another new one of its name.
    """

    album: str
    base: Link | None = None
    left: Photo | None = None
    right: Photo | None = None
    left_album: str = ""
    right_album: str = ""
    doubt: str = ""
    namesake: bool = False

    def photo(self, side: Side) -> Photo | None:
        return self.left if side is Side.LEFT else self.right

    def album_of(self, side: Side) -> str:
        return self.left_album if side is Side.LEFT else self.right_album


def fingerprint(versions: Iterable[tuple[str, str]]) -> str:
    """One value for the (ref, version) of all photos of an album; "" if a version is not known."""
    lines = [f"{ref}\0{version}" if version else "" for ref, version in versions]
    if "" in lines:
        return ""
    said = "\n".join(sorted(lines)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(said).hexdigest()[:32]


def same(field: Field, a: Any, b: Any) -> bool:
    """Whether two services mean the same by `a` and `b`, values of a metadata field.

    Places may lie a tenth of an arc second (3 m) and a metre of height apart, and a height that
    one side lacks does not count; times are compared to the second, as wall clocks where either
    lacks an offset; faces may be framed a little differently.
    """
    if a == b:
        return True
    if field is Field.TAKEN:
        return _same_time(a, b)
    if field is Field.LOCATION:
        return a is not None and b is not None and _same_place(a, b)
    if field is Field.PEOPLE:
        return len(a) == len(b) and all(map(same_region, a, b))
    return False


def same_region(a: Region, b: Region) -> bool:
    """Whether two regions are the same face: the name, and frames that overlap by more than 0.6."""
    if a == b or a.name != b.name:
        return a == b
    if a.area is None or b.area is None:
        return False
    return _overlap(a.area, b.area) > 0.6


def wall_clock(taken: str) -> str:
    """A time without its offset."""
    day, letter, clock = taken.partition("T")
    return day + letter + re.split("[Z+-]", clock, maxsplit=1)[0]


def same_picture(a: Photo, b: Photo) -> bool | None:
    """Whether two photos show the same picture: True, False, or None where nothing says so.

    Unequal checksums of whole files say nothing: bytes differ as soon as metadata is embedded.
    """
    if not a.marks.isdisjoint(b.marks):
        return True
    return False if a.tells_picture and b.tells_picture else None


def _text(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _tag(tag: str) -> str:
    return "/".join(filter(None, map(_text, tag.split("/"))))


def _place(place: Location | None) -> Location | None:
    if place is None or not (abs(place.latitude) <= 90 and abs(place.longitude) <= 180):
        return None
    known = place.altitude is None or isfinite(place.altitude)
    return place if known else Location(place.latitude, place.longitude)


def _people(people: Iterable[Region]) -> tuple[Region, ...]:
    """Sorted, each once; a name without a frame is dropped where the same name has one."""
    named = {Region(_text(r.name), r.area) for r in people}
    framed = {r.name for r in named if r.area is not None}
    keep = (r for r in named if r.name and (r.area is not None or r.name not in framed))
    return tuple(sorted(keep, key=lambda r: (r.name, r.area or ())))


_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:(Z)|([+-])(\d\d):?(\d\d))?\Z", re.ASCII
)


def moment(taken: str) -> tuple[datetime, timedelta | None] | None:
    """Wall clock (no fraction) and offset of a time; None for a partial or impossible one."""
    found = _TIME.match(taken)
    if not found:
        return None
    try:
        wall = datetime.fromisoformat(found[1])
    except ValueError:
        return None
    if found[2]:
        return wall, timedelta()
    if found[3]:
        offset = timedelta(hours=int(found[4]), minutes=int(found[5]))
        return wall, -offset if found[3] == "-" else offset
    return wall, None


def _same_time(a: str, b: str) -> bool:
    one, two = moment(a), moment(b)
    if one is None or two is None:
        return False
    (wall_a, offset_a), (wall_b, offset_b) = one, two
    if offset_a is None or offset_b is None:
        return wall_a == wall_b
    # Moments are not computed: in the years 1 and 9999 they may be none that Python knows.
    return wall_a - wall_b == offset_a - offset_b


_DEGREES = 3e-5
_METRES = 1.0


def _same_place(a: Location, b: Location) -> bool:
    east = abs(a.longitude - b.longitude)
    near = abs(a.latitude - b.latitude) <= _DEGREES and min(east, 360 - east) <= _DEGREES
    if a.altitude is None or b.altitude is None:
        return near
    return near and abs(a.altitude - b.altitude) <= _METRES


def _overlap(a: Area, b: Area) -> float:
    """Intersection over union of two frames."""
    width = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    height = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (a[2] * a[3] + b[2] * b[3] - both)
