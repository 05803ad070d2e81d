"""A whole state file, between its bytes and what it says. Pure: no I/O."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

import msgspec

from .codec import BadLine, Drop, Extra, Line, Newer, Value, decode, encode, is_json
from .values import Child, Header, Record

__all__ = ["BadFile", "Contents", "parse", "render", "without_fingerprints"]


class BadFile(ValueError):
    """The file cannot be read; says why and the way out, to follow the file's name."""


@dataclass
class Contents:
    """What a state file says.

    `extras`: keys that are not known here, by the `key` of their line.
    `trusted`: no line was written by hand.
    `whole`: the file ends with a complete line, so that another can be appended.
    """

    header: Header
    records: dict[str, Record] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    extras: dict[tuple[str, str], Extra] = field(default_factory=dict)
    trusted: bool = True
    whole: bool = True

    def take(self, value: Value) -> None:
        """Lets a later line speak: it takes the place of what was said before."""
        match value:
            case Record():
                self.records[value.id] = value
            case Child():
                self.children[value.path] = value
            case Header():
                self.header = value
            case Drop():
                gone = self.records if value.drop == "photo" else self.children
                gone.pop(value.key, None)
                self.extras.pop(_key(value), None)

    def line(self, value: Value) -> bytes:
        """The line that says `value`, along with what is not known here. Raises BadLine."""
        extra = None if isinstance(value, Drop) else self.extras.get(_key(value))
        return encode(value, extra)


def _key(value: Value) -> tuple[str, str]:
    """What a line is about: a later line with the same key takes its place."""
    match value:
        case Record():
            return "photo", value.id
        case Child():
            return "album", value.path
        case Header():
            return "", ""
        case Drop():
            return value.drop, value.key


def parse(data: bytes) -> Contents:
    """What a file says. Raises BadFile.

    A last line that was cut is passed over: it is what a killed process was just writing.
    """
    texts = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    tail = texts.pop()
    if is_json(tail):
        texts.append(tail)
    lines = [_parse_line(number, text) for number, text in enumerate(texts, 1) if text.strip()]
    headers = [line.value for line in lines if isinstance(line.value, Header)]
    if not headers:
        raise BadFile("no line of it is about the album: put the file aside to begin anew")
    contents = Contents(headers[-1], trusted=all(line.trusted for line in lines), whole=not tail)
    for line in lines:
        contents.take(line.value)
        if line.extra:
            contents.extras[_key(line.value)] = line.extra
        elif contents.extras:
            contents.extras.pop(_key(line.value), None)
    return contents


def _parse_line(number: int, text: bytes) -> Line:
    try:
        return decode(text)
    except Newer as error:
        raise BadFile(f"it was written by a newer img-sync ({error}): use that one") from error
    except BadLine as error:
        raise BadFile(f"line {number} is bad ({error}): mend or delete that line") from error


def render(contents: Contents) -> bytes:
    """The file that says `contents` line by line: the album, albums below, photos by name."""
    children = sorted(contents.children.values(), key=lambda child: child.path)
    photos = sorted(contents.records.values(), key=lambda record: (record.photo.name, record.id))
    values: list[Value] = [contents.header, *children, *photos]
    return b"".join(map(contents.line, values))


def without_fingerprints(header: Header) -> Header:
    """The header without what tells that nothing has changed."""
    albums = {
        service: msgspec.structs.replace(there, fingerprint="")
        for service, there in header.albums.items()
    }
    return msgspec.structs.replace(header, fingerprint="", albums=albums)
