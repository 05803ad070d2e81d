"""One line of an album's state, between its text and its value.

A line is a JSON object that ends with `"sum"`, the CRC-32 of the bytes before it. A line whose
sum is wrong or missing was written by hand: it is read all the same, but not trusted.
Pure: no I/O. The format is described line by line in docs/state-format.md.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

import msgspec
from msgspec import Raw

from .photoline import PhotoLine, ServiceEntry, from_line, to_line
from .text import from_json, has_escapes, to_json
from .values import VERSION, AlbumThere, Child, ChildThere, Header, Record

__all__ = ["BadLine", "Drop", "Extra", "Line", "Newer", "Value", "decode", "encode", "is_json"]


class Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Word that a photo (by id) or an album below (by path) is no longer remembered."""

    drop: Literal["photo", "album"]
    key: str


Value = Header | Child | Record | Drop


class Extra(msgspec.Struct, frozen=True):
    """Keys of a line that this version does not know, kept as they were written.

    `top`: of the line itself; `entries`: of what it says per service.
    """

    top: Mapping[str, Raw]
    entries: Mapping[str, Mapping[str, Raw]]


class Line(msgspec.Struct, frozen=True):
    """A line that was read. `trusted`: img-sync wrote it, and nobody has changed it since."""

    value: Value
    trusted: bool
    extra: Extra | None = None


class BadLine(ValueError):
    """A line that cannot be read, or a value that cannot be written; says why."""


class Newer(BadLine):
    """The header of a later format than this img-sync knows."""


class _Kind(msgspec.Struct, frozen=True):
    """A kind of line: the key that tells it, and where it has entries per service."""

    key: str
    shape: type[msgspec.Struct]
    entries: str = ""
    entry: type[msgspec.Struct] | None = None


_KINDS = (
    _Kind("img-sync", Header, "albums", AlbumThere),
    _Kind("drop", Drop),
    _Kind("path", Child, "links", ChildThere),
    _Kind("id", PhotoLine, "services", ServiceEntry),
)
_STARTS = {b'{"%s":' % kind.key.encode(): kind for kind in _KINDS}
_DECODERS = {kind.key: msgspec.json.Decoder(kind.shape) for kind in _KINDS}
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_ENTRIES = msgspec.json.Decoder(dict[str, dict[str, Raw]])
_PLAIN = msgspec.json.Encoder()
_SUM_LENGTH = len(b',"sum":"01234567"}')
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(line: bytes) -> Line:
    """Reads one line, given without its line end. Raises BadLine.

    Versions of an untrusted photo are "": what it says is to be compared with the photo anew.
    """
    body, trusted = _check_sum(line)
    try:
        value, extra = _decode(_kind(body), body)
    except _UNREADABLE as error:
        raise BadLine(str(error)) from error
    if isinstance(value, PhotoLine):
        value = from_line(value, trusted)
    return Line(value, trusted, extra)


def encode(value: Value, extra: Extra | None = None) -> bytes:
    """The line of `value`, with its line end. Raises BadLine if it could not be read back."""
    body = to_json(to_line(value) if isinstance(value, Record) else value)
    if extra:
        body = _graft(body, _kind(body), extra)
    line = b'%s,"sum":"%08x"}' % (body[:-1], zlib.crc32(body[:-1]))
    if decode(line).value != value:
        raise BadLine("it holds what the file cannot hold")
    return line + b"\n"


def is_json(text: bytes) -> bool:
    """Whether `text` is JSON from its first to its last byte, as no cut line is."""
    try:
        msgspec.json.decode(text, type=Raw)
    except _UNREADABLE:
        return False
    return True


def _check_sum(line: bytes) -> tuple[bytes, bool]:
    """The line without its sum, and whether that was right."""
    head = line[:-_SUM_LENGTH]
    if line[-_SUM_LENGTH:] == b',"sum":"%08x"}' % zlib.crc32(head):
        return head + b"}", True
    return line, False


def _kind(body: bytes) -> _Kind:
    kind = _STARTS.get(body[: body.find(b":") + 1])
    if kind:
        return kind
    keys = _OBJECT.decode(body)
    for kind in _KINDS:
        if kind.key in keys:
            return kind
    raise BadLine("it says neither which album nor which photo it is about")


def _decode(kind: _Kind, body: bytes) -> tuple[Any, Extra | None]:
    if kind.shape is Header:
        _check_format(body)
    plain = not has_escapes(body)
    decoder = _DECODERS[kind.key]
    if plain:
        # What fails here has most likely keys that are not known.
        with suppress(msgspec.ValidationError):
            return decoder.decode(body), None
    known, extra = _split_extra(kind, body)
    return decoder.decode(known) if plain else from_json(known, kind.shape), extra


class _Format(msgspec.Struct, rename={"version": "img-sync"}):
    version: int


def _check_format(body: bytes) -> None:
    version = msgspec.json.decode(body, type=_Format).version
    if version > VERSION:
        raise Newer(f"format {version}")
    if version < VERSION:
        raise BadLine(f"there is no format {version}")


def _split_extra(kind: _Kind, body: bytes) -> tuple[bytes, Extra | None]:
    """The line with the keys that are known, and the others. A sum is neither."""
    top = _OBJECT.decode(body)
    top.pop("sum", None)
    extra = _pop_unknown(top, kind.shape)
    extras: dict[str, Mapping[str, Raw]] = {}
    if kind.entry and kind.entries in top:
        entries = _ENTRIES.decode(top[kind.entries])
        for key, entry in entries.items():
            more = _pop_unknown(entry, kind.entry)
            if more:
                extras[key] = more
        top[kind.entries] = Raw(_PLAIN.encode(entries))
    return _PLAIN.encode(top), Extra(extra, extras) if extra or extras else None


def _pop_unknown(keys: dict[str, Raw], known: type[msgspec.Struct]) -> dict[str, Raw]:
    unknown = [key for key in keys if key not in known.__struct_encode_fields__]
    return {key: keys.pop(key) for key in unknown}


def _graft(body: bytes, kind: _Kind, extra: Extra) -> bytes:
    """The line with what it said beyond our knowledge, as far as what that was said of is left."""
    top = _OBJECT.decode(body)
    if extra.entries:
        entries = _ENTRIES.decode(top[kind.entries])
        for key in entries.keys() & extra.entries.keys():
            entries[key].update(extra.entries[key])
        top[kind.entries] = Raw(_PLAIN.encode(entries))
    top.update(extra.top)
    return _PLAIN.encode(top)
