"""From rows of digiKam's tables to what they say of a photo."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from ...metadata import people, places
from ...model import Location, Metadata, Region, wall_clock
from . import faces
from .guesses import is_guess
from .rows import CAPTION, TITLE, Comment, Right, Row
from .tags import COLOURS, PICKS, Tags

__all__ = ["DEFAULT", "Said", "first", "normal", "time_as_shown"]

DEFAULT = "x-default"
_NOTICE, _CREATOR = "copyrightNotice", "creator"
_ACCEPTED, _REJECTED = PICKS.index("Accepted"), PICKS.index("Rejected")

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,3})\d*)?(Z|[+-]\d\d:?\d\d)?\Z", re.ASCII
)
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Said:
    """What the database says of one photo; looked into only as far as it is asked.

    `normal` is the form in which files would give back its texts.
    """

    __slots__ = ("_fingerprint", "_metadata", "_normal", "_row", "_tags")

    def __init__(self, row: Row, tags: Tags, normal: Callable[[Metadata], Metadata]) -> None:
        self._row = row
        self._tags = tags
        self._normal = normal
        self._fingerprint = ""
        self._metadata: Metadata | None = None

    @property
    def fingerprint(self) -> str:
        """Changes with anything that is said: 16 hex digits."""
        if not self._fingerprint:
            row, paths, tags = self._row, self._tags.paths, self._row.tags
            said = (
                sorted([paths[tag] for tag in tags if tag in paths]),
                _number(tags, self._tags.colours),
                _number(tags, self._tags.picks),
                row.rating,
                None if self.guessed else row.created,
                self.guessed,
                row.place,
                [(c.kind, c.language, c.said) for c in row.comments],
                [(r.property, r.language, r.said) for r in row.rights],
                sorted([(self._tags.people.get(tag, ""), value) for tag, value in row.faces]),
                (row.width, row.height, row.orientation) if row.faces else None,
            )
            self._fingerprint = hashlib.sha256(_encode(said)).hexdigest()[:16]
        return self._fingerprint

    @property
    def guessed(self) -> bool:
        """Whether digiKam took the time from the file's own dates, or has none yet."""
        return not self._row.described or is_guess(self._row)

    @property
    def metadata(self) -> Metadata:
        """What it says, in normal form; but also the caption that a camera wrote."""
        if self._metadata is None:
            self._metadata = self._read()
        return self._metadata

    def over(self, file: Metadata) -> Metadata:
        """The same, over what file and sidecar say.

        They only tell more of the time: all of it where digiKam just guessed, or the offset and
        the fraction of a second where the database has none.
        """
        taken = self.metadata.taken
        finer = taken and wall_clock(file.taken).startswith(taken)
        if not (self.guessed or finer):
            return self.metadata
        return msgspec.structs.replace(self.metadata, taken=file.taken)

    def _read(self) -> Metadata:
        row, paths = self._row, self._tags.paths
        pick = _number(row.tags, self._tags.picks)
        return Metadata(
            title=self._text(_shown(row.comments, TITLE)) if row.comments else "",
            caption=self._text(_shown(row.comments, CAPTION)) if row.comments else "",
            tags=frozenset([paths[tag] for tag in row.tags if tag in paths]),
            taken=self._taken(),
            location=places.normal(Location(*row.place)) if row.place else None,
            rating=-1 if pick == _REJECTED else row.rating if 1 <= row.rating <= 5 else None,
            label=COLOURS[_number(row.tags, self._tags.colours)].replace("None", ""),
            favorite=pick == _ACCEPTED,
            people=self._people() if row.faces else (),
            creator=self._creator() if row.rights else (),
            copyright=self._copyright() if row.rights else "",
        )

    def _taken(self) -> str:
        """A time that a person has set is one of whole seconds, whatever fraction stayed."""
        if self.guessed:
            return ""
        return time_as_shown(self._row.created, whole_seconds=not self._row.digitized)

    def _text(self, comment: Comment | Right | None) -> str:
        if comment is None:
            return ""
        text = comment.said
        return text if _is_plain(text) else self._normal(Metadata(title=text)).title

    def _creator(self) -> tuple[str, ...]:
        names = (self._text(r) for r in self._row.rights if r.property == _CREATOR)
        return tuple(filter(None, names))

    def _copyright(self) -> str:
        return self._text(first([r for r in self._row.rights if r.property == _NOTICE]))

    def _people(self) -> tuple[Region, ...]:
        return Metadata(people=people.normal(self._regions())).clean().people

    def _regions(self) -> Iterable[Region]:
        row = self._row
        frame = faces.Frame(row.width, row.height, row.orientation)
        for tag, value in row.faces:
            rectangle = faces.parse(value)
            if tag in self._tags.people and rectangle and row.width and row.height:
                yield Region(self._tags.people[tag], faces.area(rectangle, frame))


def normal(metadata: Metadata, tags: Tags, *, whole_seconds: bool) -> Metadata:
    """What digiKam shows of `metadata`, which are as files show them.

    A face stands for the tag of its person, and a person without a face is nothing but that tag.
    Labels are nine colours, a favourite cannot be rejected, and a time is whole or none.
    """
    keywords = {path for path in metadata.tags if tags.allows(path)}
    keywords.update(tags.path_of(person.name) for person in metadata.people)
    return msgspec.structs.replace(
        metadata,
        tags=frozenset(filter(tags.allows, keywords)),
        taken=time_as_shown(metadata.taken, whole_seconds=whole_seconds),
        rating=None if metadata.favorite and metadata.rating == -1 else metadata.rating,
        label=metadata.label if metadata.label in COLOURS[1:] else "",
        people=tuple(person for person in metadata.people if person.area is not None),
    )


def time_as_shown(text: str, *, whole_seconds: bool = False) -> str:
    """An ISO time to the millisecond, without zeros at its end; "" for one that is not whole."""
    found = _TIME.match(text)
    if not found:
        return ""
    day, minute, second, fraction, zone = found.groups()
    try:
        datetime.fromisoformat(f"{day} {minute}{second or ''}")
    except ValueError:
        return ""
    fraction = "" if whole_seconds else (fraction or "").rstrip("0")
    zone = "+00:00" if zone == "Z" else zone or ""
    return f"{day}T{minute}{second or ':00'}" + (f".{fraction}" if fraction else "") + zone


def first(texts: Sequence[Comment | Right]) -> Comment | Right | None:
    """Of a text in several languages the one that is shown: the default, else the first."""
    there = [one for one in texts if one.said and not one.said.isspace()]
    if len(there) == 1:
        return there[0]
    default = [one for one in there if one.language in (DEFAULT, "")]
    return next(iter(default or there), None)


def _shown(comments: Sequence[Comment], kind: int) -> Comment | Right | None:
    there = [comment for comment in comments if comment.kind == kind]
    return first(there) if there else None


def _is_plain(text: str) -> bool:
    """Whether a text is surely its own normal form."""
    return text.isascii() and text.isprintable() and text == text.strip()


def _number(ids: list[int], labels: Mapping[int, int]) -> int:
    """The number of a label, the highest if there are several; 0 for none."""
    if labels.keys().isdisjoint(ids):  # most photos have none
        return 0
    return max(labels[id] for id in ids if id in labels)
