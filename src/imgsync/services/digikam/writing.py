"""Writes what is said of a photo into digiKam's tables, as digiKam itself would."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from ...model import Area, Field, Location, Metadata, Region, same_region
from . import faces
from .database import Change, Database
from .rows import CAPTION, TITLE, Comment, Right, Row
from .said import DEFAULT, first, time_as_shown
from .tags import COLOURS, PICKS, Tags, colour_name, pick_name

__all__ = ["Writer", "check"]

_NOTICE, _CREATOR = "copyrightNotice", "creator"
_REJECTED, _PENDING, _ACCEPTED = (PICKS.index(word) for word in PICKS[1:])
_UNRATED = -1
_SHOWN = re.compile(r"(.{10})T(.{8})(?:\.(\d+))?(.*)")


def check(database: Database, metadata: Metadata, fields: Collection[Field]) -> None:
    """Raises Rejected for a text that the database cannot hold."""
    texts = {
        Field.TITLE: (metadata.title,),
        Field.CAPTION: (metadata.caption,),
        Field.TAGS: tuple(metadata.tags),
        Field.PEOPLE: tuple(person.name for person in metadata.people),
        Field.CREATOR: metadata.creator,
        Field.COPYRIGHT: (metadata.copyright,),
    }
    for field in texts.keys() & set(fields):
        for text in texts[field]:
            database.check_text(text, field)


class Writer:
    """Changes what is said of one photo, in one transaction.

    `shown`: what is said of it now. Other fields than those asked for stay, and so does all that
    img-sync does not show: other languages, unnamed faces, the history.
    """

    def __init__(
        self, change: Change, tags: Tags, row: Row, shown: Metadata, *, whole_seconds: bool
    ) -> None:
        self._change = change
        self._tags = tags
        self._row = row
        self._shown = shown
        self._whole_seconds = whole_seconds

    def write(self, metadata: Metadata, fields: Collection[Field]) -> None:
        """Makes `fields` say what `metadata`, in normal form, say."""
        if not self._row.described:
            self._do("INSERT INTO ImageInformation (imageid, rating) VALUES (?, ?)", _UNRATED)
        writers: Mapping[Field, Callable[[Metadata], None]] = {
            Field.TITLE: lambda said: self._write_comment(TITLE, said.title),
            Field.CAPTION: lambda said: self._write_comment(CAPTION, said.caption),
            Field.PEOPLE: lambda said: self._write_people(said.people),
            Field.TAGS: lambda said: self._write_tags(said.tags),
            Field.TAKEN: lambda said: self._write_taken(said.taken),
            Field.LOCATION: lambda said: self._write_location(said.location),
            Field.LABEL: lambda said: self._write_label(said.label),
            Field.CREATOR: lambda said: self._write_creator(said.creator),
            Field.COPYRIGHT: lambda said: self._write_copyright(said.copyright),
        }
        for field, write in writers.items():
            if field in fields:
                write(metadata)
        if not {Field.RATING, Field.FAVORITE}.isdisjoint(fields):
            self._write_marks(metadata)

    # Texts.

    def _write_comment(self, kind: int, text: str) -> None:
        there = [comment for comment in self._row.comments if comment.kind == kind]
        shown = first(there)
        if not text:
            self._do("DELETE FROM ImageComments WHERE imageid = ? AND type = ?", kind)
        elif isinstance(shown, Comment):
            sql = "UPDATE ImageComments SET comment = ? WHERE id = ?"
            self._change.do(sql, text, shown.id)
        else:
            # A row of its own that says nothing would not collide: its author is NULL.
            self._drop_empty(there)
            sql = "INSERT INTO ImageComments (imageid, type, language, comment) VALUES (?, ?, ?, ?)"
            self._do(sql, kind, DEFAULT, text)

    def _drop_empty(self, comments: list[Comment]) -> None:
        for comment in comments:
            self._change.do("DELETE FROM ImageComments WHERE id = ?", comment.id)

    def _write_copyright(self, text: str) -> None:
        shown = first([right for right in self._row.rights if right.property == _NOTICE])
        if text and isinstance(shown, Right):
            self._change.do("UPDATE ImageCopyright SET value = ? WHERE id = ?", text, shown.id)
            return
        self._drop_rights(_NOTICE)
        if text:
            self._add_right(_NOTICE, text, DEFAULT)

    def _write_creator(self, names: tuple[str, ...]) -> None:
        self._drop_rights(_CREATOR)
        for name in names:
            self._add_right(_CREATOR, name, None)

    def _drop_rights(self, key: str) -> None:
        self._do("DELETE FROM ImageCopyright WHERE imageid = ? AND property = ?", key)

    def _add_right(self, key: str, text: str, language: str | None) -> None:
        sql = (
            "INSERT INTO ImageCopyright (imageid, property, value, extraValue) VALUES (?, ?, ?, ?)"
        )
        self._do(sql, key, text, language)

    # Tags and people.

    def _write_tags(self, paths: Collection[str]) -> None:
        """People whose faces are in the picture keep their tags."""
        framed = {tag for tag, _ in self._faces()}
        wanted = {self._tags.keyword(self._change, path) for path in sorted(paths)}
        for tag in self._assigned():
            if tag in self._tags.paths and tag not in wanted | framed:
                self._do("DELETE FROM ImageTags WHERE imageid = ? AND tagid = ?", tag)
        for tag in sorted(wanted):
            self._assign(tag)

    def _write_people(self, people: tuple[Region, ...]) -> None:
        frame = faces.Frame(self._row.width, self._row.height, self._row.orientation)
        missing = list(people)
        shown = {person for person in self._shown.people if person in missing}
        for tag, value in self._faces():
            name, rectangle = self._tags.people.get(tag), faces.parse(value)
            if name is None or rectangle is None or not (frame.width and frame.height):
                continue
            region = Region(name, faces.area(rectangle, frame))
            same = next((one for one in missing if one == region), None) or next(
                (one for one in missing if one not in shown and same_region(one, region)), None
            )
            if same is not None:
                missing.remove(same)
            else:
                self._do(
                    "DELETE FROM ImageTagProperties WHERE imageid = ? AND tagid = ?"
                    " AND property = 'tagRegion' AND value = ?",
                    tag,
                    value,
                )
        for person in missing:
            self._add_face(person.name, person.area, frame)

    def _add_face(self, name: str, area: Area | None, frame: faces.Frame) -> None:
        tag = self._tags.person(self._change, name)
        self._assign(tag)
        if area is not None and frame.width and frame.height:
            self._do(
                "INSERT INTO ImageTagProperties (imageid, tagid, property, value)"
                " VALUES (?, ?, 'tagRegion', ?)",
                tag,
                faces.rectangle(area, frame),
            )

    def _faces(self) -> list[tuple[int, str]]:
        return [
            (tag, value or "")
            for tag, value in self._change.rows(
                "SELECT tagid, value FROM ImageTagProperties"
                " WHERE imageid = ? AND property = 'tagRegion'",
                self._row.id,
            )
        ]

    def _assigned(self) -> list[int]:
        found = self._change.rows("SELECT tagid FROM ImageTags WHERE imageid = ?", self._row.id)
        return [tag for (tag,) in found]

    def _assign(self, tag: int) -> None:
        if tag not in self._assigned():
            self._do("INSERT INTO ImageTags (imageid, tagid) VALUES (?, ?)", tag)

    # Marks.

    def _write_label(self, word: str) -> None:
        self._drop_tags(self._tags.colours)
        if word:
            name = colour_name(COLOURS.index(word))
            self._assign(self._tags.label(self._change, name))

    def _write_marks(self, said: Metadata) -> None:
        """A flag that says neither accepted nor rejected stays where neither is wanted."""
        wanted = _ACCEPTED if said.favorite else _REJECTED if said.rating == -1 else 0
        now = {self._tags.picks[tag] for tag in self._assigned() if tag in self._tags.picks}
        if wanted and now != {wanted}:
            self._drop_tags(self._tags.picks)
            self._assign(self._tags.label(self._change, pick_name(wanted)))
        elif not wanted and now & {_ACCEPTED, _REJECTED}:
            self._drop_tags(self._tags.picks)
        if said.rating != _UNRATED and said.rating != self._stars():
            sql = "UPDATE ImageInformation SET rating = ? WHERE imageid = ?"
            self._change.do(sql, said.rating or _UNRATED, self._row.id)

    def _stars(self) -> int | None:
        return self._row.rating if self._row.rating > 0 else None

    def _drop_tags(self, tags: Collection[int]) -> None:
        for tag in self._assigned():
            if tag in tags:
                self._do("DELETE FROM ImageTags WHERE imageid = ? AND tagid = ?", tag)

    # Time and place.

    def _write_taken(self, taken: str) -> None:
        """Both times: without one of digitization the other would look like a guess."""
        time = _time_as_kept(taken, whole_seconds=self._whole_seconds)
        digitized = self._row.digitized if taken and self._row.digitized else time
        self._change.do(
            "UPDATE ImageInformation SET creationDate = ?, digitizationDate = ? WHERE imageid = ?",
            time,
            digitized,
            self._row.id,
        )

    def _write_location(self, place: Location | None) -> None:
        if place is None:
            self._do("DELETE FROM ImagePositions WHERE imageid = ?")
            return
        values = (
            _angle(place.latitude, "NS"),
            place.latitude,
            _angle(place.longitude, "EW"),
            place.longitude,
            place.altitude,
        )
        sql = "SELECT imageid FROM ImagePositions WHERE imageid = ?"
        if self._change.rows(sql, self._row.id):
            self._change.do(
                "UPDATE ImagePositions SET latitude = ?, latitudeNumber = ?, longitude = ?,"
                " longitudeNumber = ?, altitude = ? WHERE imageid = ?",
                *values,
                self._row.id,
            )
        else:
            self._do(
                "INSERT INTO ImagePositions (imageid, latitude, latitudeNumber, longitude,"
                " longitudeNumber, altitude) VALUES (?, ?, ?, ?, ?, ?)",
                *values,
            )

    def _do(self, sql: str, *values: object) -> None:
        """A statement whose first value is the photo."""
        self._change.do(sql, self._row.id, *values)


def _angle(degrees: float, letters: str) -> str:
    """As XMP has it: degrees, minutes with eight decimals, and a letter."""
    total = round(abs(degrees) * 60 * 10**8)
    whole, minutes = divmod(total, 60 * 10**8)
    return f"{whole},{minutes // 10**8}.{minutes % 10**8:08}{letters[degrees < 0]}"


def _time_as_kept(taken: str, *, whole_seconds: bool) -> str | None:
    found = _SHOWN.fullmatch(time_as_shown(taken, whole_seconds=whole_seconds))
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    if whole_seconds:
        return f"{day} {clock}"
    return f"{day}T{clock}.{fraction or '':0<3}{zone.replace('+00:00', 'Z')}"
