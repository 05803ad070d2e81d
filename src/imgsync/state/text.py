"""JSON that holds any text of Python, names of files that are no UTF-8 too. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

__all__ = ["Shape", "from_json", "has_escapes", "to_json"]

Shape = TypeVar("Shape", bound=msgspec.Struct)

_CANONICAL = msgspec.json.Encoder(order="deterministic")

# What stands in a text for what JSON cannot hold (bytes of file names that are no UTF-8, which
# Python shows as lone surrogates): this character and the four hex digits of the code point.
_ESCAPE = "\x1a"
_TO_ESCAPE = re.compile(r"[\ud800-\udfff\x1a]")
_ESCAPED = re.compile(r"\x1a([0-9a-f]{4})")


def to_json(value: msgspec.Struct) -> bytes:
    """`value` as one line of JSON, always the same for the same value."""
    with suppress(UnicodeEncodeError):
        text = _CANONICAL.encode(value)
        if rb"\u001a" not in text:
            return text
    plain = msgspec.to_builtins(value, order="deterministic")
    return msgspec.json.encode(_map_text(_escape, plain))


def has_escapes(text: bytes) -> bool:
    """Whether `from_json` is needed to read it; any other decoder reads the rest as well."""
    return rb"\u001" in text


def from_json(text: bytes, shape: type[Shape]) -> Shape:
    """The value that `to_json` wrote. Raises msgspec.DecodeError."""
    return msgspec.convert(_map_text(_unescape, msgspec.json.decode(text)), shape)


def _map_text(change: Callable[[str], str], value: Any) -> Any:
    """`value`, made of JSON's types, with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _map_text(change, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_map_text(change, inner) for inner in value]
    return value


def _escape(text: str) -> str:
    return _TO_ESCAPE.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
