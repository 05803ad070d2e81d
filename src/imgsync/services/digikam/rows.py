"""What digiKam's tables say of the photos of one album."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from .database import Change, Database

__all__ = [
    "CAPTION",
    "TITLE",
    "Album",
    "Comment",
    "Right",
    "Row",
    "album",
    "alike",
    "names",
    "photo",
    "photos",
    "sizes",
]

# Kinds of comments.
CAPTION, TITLE = 1, 3
_CONFIRMED = "tagRegion"


class Comment(msgspec.Struct, frozen=True):
    """A caption or title. `kind`: 1 or 3. `language`: "x-default", or one as in RFC 3066."""

    id: int
    kind: int
    language: str
    said: str


class Right(msgspec.Struct, frozen=True):
    """A row of ImageCopyright: "creator", "copyrightNotice" and others."""

    id: int
    property: str
    said: str
    language: str


class Row(msgspec.Struct):
    """One photo. Times are as the table has them, "" for none; `size` is the file's, in bytes.

    `album`: None where the photo is gone.
    `modified` is "" where digiKam is to read the file again. `rating` is -1 where there is none.
    `faces`: ids of people's tags, and rectangles as XML.
    """

    id: int
    album: int | None
    name: str
    modified: str
    size: int
    described: bool
    rating: int
    created: str
    digitized: str
    orientation: int
    width: int
    height: int
    place: tuple[float, float, float | None] | None
    tags: list[int] = []
    comments: list[Comment] = []
    rights: list[Right] = []
    faces: list[tuple[int, str]] = []


class Album(msgspec.Struct, frozen=True):
    """What people say of an album. `groups`: its photos on top, and those grouped behind each."""

    caption: str
    date: str
    category: str
    groups: dict[str, list[str]]


_PHOTO = (
    "SELECT i.id, i.album, i.name, i.modificationDate, i.fileSize, f.imageid, f.rating,"
    " f.creationDate, f.digitizationDate, f.orientation, f.width, f.height,"
    " p.latitudeNumber, p.longitudeNumber, p.altitude"
    " FROM Images i LEFT JOIN ImageInformation f ON f.imageid = i.id"
    " LEFT JOIN ImagePositions p ON p.imageid = i.id WHERE {}"
)
_TAGS = "SELECT t.imageid, t.tagid FROM ImageTags t JOIN Images i ON i.id = t.imageid WHERE {}"
_COMMENTS = (
    "SELECT c.imageid, c.id, c.type, c.language, c.comment FROM ImageComments c"
    " JOIN Images i ON i.id = c.imageid WHERE c.type IN (1, 3) AND {}"
    " ORDER BY c.imageid, c.id"
)
_RIGHTS = (
    "SELECT c.imageid, c.id, c.property, c.value, c.extraValue FROM ImageCopyright c"
    " JOIN Images i ON i.id = c.imageid WHERE c.property IN ('creator', 'copyrightNotice') AND {}"
    " ORDER BY c.imageid, c.id"
)
_FACES = (
    "SELECT t.imageid, t.tagid, t.value FROM ImageTagProperties t"
    f" JOIN Images i ON i.id = t.imageid WHERE t.property = '{_CONFIRMED}' AND {{}}"
)
_GROUPS = (
    "SELECT top.name, i.name FROM ImageRelations r JOIN Images i ON i.id = r.subject"
    " JOIN Images top ON top.id = r.object WHERE r.type = 2 AND i.status = 1 AND top.album = ?"
    " ORDER BY top.name, i.name"
)

_SHOWN = "i.status = 1 AND i.album = ?"
_ALIKE = "(i.status = 1 OR i.album IS NULL) AND i.fileSize = ? AND i.uniqueHash = ?"


def photos(source: Database | Change, album: int) -> dict[str, Row]:
    """The photos of an album by name: those that digiKam shows, and no others."""
    return {row.name: row for row in _read(source, _SHOWN, album)}


def photo(source: Database | Change, album: int, name: str) -> Row | None:
    """One of them."""
    return next(iter(_read(source, f"{_SHOWN} AND i.name = ?", album, name)), None)


def alike(source: Database | Change, size: int, hash: str) -> list[Row]:
    """The photos whose files are of that size and hash: those that are gone come last."""
    return sorted(_read(source, _ALIKE, size, hash), key=lambda row: (row.album is None, row.id))


def sizes(source: Database | Change) -> frozenset[int]:
    """The sizes of all files that the database knows, in bytes."""
    return frozenset(size for (size,) in source.rows("SELECT DISTINCT fileSize FROM Images"))


def names(source: Database | Change, album: int) -> set[str]:
    """The names of the photos that digiKam believes to be in an album."""
    sql = "SELECT name FROM Images WHERE album = ? AND status = 1"
    return {name for (name,) in source.rows(sql, album)}


def album(source: Database | Change, id: int) -> Album:
    """What is said of an album."""
    sql = "SELECT caption, date, collection FROM Albums WHERE id = ?"
    [(caption, date, category)] = source.rows(sql, id)
    groups: dict[str, list[str]] = {}
    for top, name in source.rows(_GROUPS, id):
        groups.setdefault(top, []).append(name)
    return Album(caption or "", str(date or ""), category or "", groups)


def _read(source: Database | Change, which: str, *values: object) -> Iterable[Row]:
    found = {row[0]: _row(row) for row in source.rows(_PHOTO.format(which), *values)}

    def each(sql: str) -> list[tuple[Any, ...]]:
        """Rows that begin with the photo's id."""
        there = source.rows(sql.format(which), *values)
        return [row for row in there if row[0] in found]

    for photo, tag in each(_TAGS):
        found[photo].tags.append(tag)
    for photo, id, kind, language, text in each(_COMMENTS):
        found[photo].comments.append(Comment(id, kind, language or "", text or ""))
    for photo, id, key, value, extra in each(_RIGHTS):
        found[photo].rights.append(Right(id, key, value or "", extra or ""))
    for photo, tag, value in each(_FACES):
        found[photo].faces.append((tag, value or ""))
    return found.values()


def _row(row: tuple[Any, ...]) -> Row:
    id, album, name, modified, size, described, rating, created, digitized, *more = row
    turn, width, height, north, east, altitude = more
    return Row(
        id=id,
        album=album,
        name=name,
        modified=str(modified or ""),
        size=size or 0,
        described=described is not None,
        rating=-1 if rating is None else rating,
        created=str(created or ""),
        digitized=str(digitized or ""),
        orientation=turn or 1,
        width=width or 0,
        height=height or 0,
        place=None if north is None or east is None else (north, east, altitude),
    )
