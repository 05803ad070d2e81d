"""Actions, values and counts in words; whatever files say is made harmless first."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from ..events import Shown, Summary
from ..model import METADATA_FIELDS, NOTHING_SAID, Field, Location, Photo, Region
from ..plan import Action, Op
from ..wording import size

__all__ = [
    "Change",
    "Dispute",
    "Ends",
    "changes",
    "closing",
    "disputes",
    "hindrance",
    "line",
    "listed",
    "place",
    "shown",
    "target",
    "visible",
]


class Ends(NamedTuple):
    """The names of the two sides of a run."""

    left: str
    right: str


# Control characters; marks that turn or hide text; line ends; bytes that are no UTF-8.
_HARMFUL = re.compile(
    "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def visible(text: str) -> str:
    r"""The text on one line, without anything that a terminal would obey: `\x1b`, `\u202e`.

    A byte of a file name that is no UTF-8 is shown as `\xe9`.
    """
    return _HARMFUL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return _SHORT.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def place(album: str, name: str | None) -> str:
    """Where a photo is, below PATH; an album ends with a slash, and PATH itself is `./`."""
    if name is None:
        return visible(album or ".") + "/"
    return visible(f"{album}/{name}" if album else name)


def _text(text: str) -> str:
    return '"' + visible(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _rating(rating: int | None) -> str:
    return "none" if rating is None else "rejected" if rating < 0 else str(rating)


def _location(location: Location | None) -> str:
    if location is None:
        return "none"
    point = f"{location.latitude:.6f} {location.longitude:.6f}"
    return point if location.altitude is None else f"{point} {location.altitude:g} m"


def _person(region: Region) -> str:
    if region.area is None:
        return _text(region.name)
    x, y = region.area[:2]
    return f"{_text(region.name)} (at {x:.0%} {y:.0%})"


_WORDS: dict[Field, Callable[[Any], str]] = {
    Field.TAGS: lambda tags: ", ".join(map(_text, sorted(tags))) or "none",
    Field.TAKEN: lambda taken: visible(taken) or "none",
    Field.LOCATION: _location,
    Field.RATING: _rating,
    Field.FAVORITE: lambda favorite: "yes" if favorite else "no",
    Field.PEOPLE: lambda people: ", ".join(map(_person, people)) or "none",
    Field.CREATOR: lambda names: ", ".join(map(_text, names)) or "none",
}


def value(field: Field, photo: Photo) -> str:
    """What a photo shows of a field."""
    if field is Field.CONTENT:
        return size(photo.size) if photo.size else "a picture"
    return _WORDS.get(field, _text)(photo.metadata.get(field))


class Change(NamedTuple):
    """What becomes of a field: tags or people that come and go, or an old and a new value."""

    field: Field
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        if self.old or self.new:
            return f"{self.field}: {self.old} -> {self.new}"
        words = [f"+{word}" for word in self.added] + [f"-{word}" for word in self.removed]
        return f"{self.field}: {' '.join(words)}"


def changes(action: Action) -> Iterator[Change]:
    """What an update would change, field by field; nothing for any other action."""
    if action.op is not Op.UPDATE or action.side is None:
        return
    photo, source = action.pair.photo(action.side), action.pair.photo(action.side.other)
    if photo is None:
        return
    wanted = msgspec.structs.replace(photo, metadata=action.metadata)
    if source is not None:
        wanted = msgspec.structs.replace(wanted, size=source.size)
    for field in action.fields:
        if field is Field.TAGS:
            yield _come_and_go(field, photo.metadata.tags, wanted.metadata.tags, _text)
        elif field is Field.PEOPLE:
            yield _come_and_go(field, photo.metadata.people, wanted.metadata.people, _person)
        else:
            yield Change(field, old=value(field, photo), new=value(field, wanted))


def _come_and_go(
    field: Field, old: Collection[Any], new: Collection[Any], word: Callable[[Any], str]
) -> Change:
    added = sorted(word(one) for one in new if one not in old)
    return Change(field, tuple(added), tuple(sorted(word(one) for one in old if one not in new)))


class Dispute(NamedTuple):
    """What the two sides show of a field that is in conflict."""

    field: Field
    left: str
    right: str


def disputes(action: Action) -> Iterator[Dispute]:
    """What a conflict is about; nothing where it is about a name or an album."""
    left, right = action.pair.left, action.pair.right
    if action.op is Op.CONFLICT and left is not None and right is not None:
        for field in action.fields:
            yield Dispute(field, value(field, left), value(field, right))


def target(action: Action) -> str:
    """Where a move leads."""
    album, name = action.to
    return place(album, None if action.name is None else name)


def details(action: Action, ends: Ends) -> Iterator[str]:
    """What an action changes, or what it is about, in a few words each."""
    yield from map(str, changes(action))
    for dispute in disputes(action):
        yield f"{dispute.field}: {ends.left} {dispute.left}, {ends.right} {dispute.right}"
    if action.op is Op.RECORD and action.fields:
        yield " ".join(action.fields)


def hindrance(action: Action) -> str:
    """Why an action is not done; "" if it is."""
    if action.blocked is None or action.op is Op.CONFLICT:
        return ""
    return f"{'accepted' if action.accepted else 'blocked'}: {visible(action.blocked)}"


def line(action: Action, side: str | None, ends: Ends) -> str:
    """An action on one line: what, where, which photo, what changes, and why."""
    where = place(action.album, action.name)
    if action.op is Op.MOVE:
        where += f" -> {target(action)}"
    parts = [action.op, side or "-", where, "; ".join(details(action, ends))]
    parts += [f"({visible(action.why)})" if action.why else "", hindrance(action)]
    return "  ".join(filter(None, parts))


def listed(album: str, said: Mapping[str, str]) -> str:
    """An album on one line, with all that is said of it."""
    return "  ".join([place(album, None), *(f"{key}: {_text(said[key])}" for key in said)])


def shown(event: Shown) -> str:
    """A photo on one line, with all that is said about it."""
    photo = event.photo
    said = [f for f in METADATA_FIELDS if photo.metadata.get(f) != NOTHING_SAID.get(f)]
    words = [f"{field}: {value(field, photo)}" for field in said]
    where = place(event.album, photo.name)
    return "  ".join(["photo", event.side, where, value(Field.CONTENT, photo), *words])


_PLANNED = {
    "created": "to create",
    "updated": "to update",
    "deleted": "to delete",
    "moved": "to move",
    "recorded": "to record",
}


def closing(done: Summary, planned: Summary) -> str:
    """What was done, what there would be to do, and what is left, as a sentence."""
    were, would, left = map(_counts, (done, planned, done + planned))
    words = [f"{were[key]:,} {key}" for key in _PLANNED if were[key]]
    words += [f"{would[key]:,} {to_do}" for key, to_do in _PLANNED.items() if would[key]]
    rest = [
        f"{left[key]:,} {key.rstrip('s') if left[key] == 1 else key}"
        for key in ("conflicts", "blocked", "failed")
        if left[key]
    ]
    parts = [", ".join(words), "left: " + ", ".join(rest) if rest else ""]
    return "; ".join(filter(None, parts)) or "in step, nothing to do"


def _counts(summary: Summary) -> dict[str, int]:
    counts: dict[str, int] = msgspec.structs.asdict(summary)
    return counts
