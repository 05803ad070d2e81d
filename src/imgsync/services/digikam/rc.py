"""What digiKam's own configuration says: where its database is, and what it writes into files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ...model import Field

__all__ = ["DEFAULTS", "Habits", "Section", "Sections", "habits", "path", "read"]

# Which option of `[Metadata Settings]` lets digiKam write a field into files.
_SAVES = {
    "Save Tags": {Field.TAGS},
    "Save EXIF Comments": {Field.TITLE, Field.CAPTION},
    "Save Rating": {Field.RATING},
    "Save Pick Label": {Field.FAVORITE, Field.RATING},
    "Save Color Label": {Field.LABEL},
    "Save Date Time": {Field.TAKEN},
    "Save Template": {Field.CREATOR, Field.COPYRIGHT},
    "Save FaceTags": {Field.PEOPLE},
    "Save Position": {Field.LOCATION},
}
# Of `Metadata Writing Mode`; anything else is the file alone.
_SIDECAR, _BOTH, _ELSE_SIDECAR = "1", "2", "3"

_ENTRY = re.compile(r"([^=\[]+?)\s*(\[\$[ei]+\])?\s*=\s*(.*)")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_PLAIN = {"s": " ", "t": "\t", "n": "\n", "r": "\r"}

Section = Mapping[str, str]
Sections = Mapping[str, Section]


class Habits(msgspec.Struct, frozen=True):
    """How digiKam treats files.

    `saves`: the fields that it writes into them. `into_file`, `into_sidecar`: where to.
    `else_sidecar`: into a sidecar where the file cannot be written.
    `reads_sidecars`: whether a sidecar counts, and its time with the photo's.
    """

    saves: frozenset[Field] = frozenset()
    into_file: bool = True
    into_sidecar: bool = False
    else_sidecar: bool = False
    reads_sidecars: bool = False


DEFAULTS = Habits()


def path() -> Path:
    """Where digiKam's configuration stands."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config")
    return Path(os.path.expanduser(folder), "digikamrc")  # noqa: PTH111 - never raises


def read(file: Path) -> Sections:
    """The sections of a file of KDE's kind; none if it cannot be read."""
    sections: dict[str, dict[str, str]] = {}
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return sections
    current: dict[str, str] = {}
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), {})
        elif found := _ENTRY.fullmatch(line):
            value = _ESCAPE.sub(_unescaped, found[3])
            current[found[1]] = _VARIABLE.sub(_expanded, value) if found[2] else value
    return sections


def habits(sections: Sections) -> Habits:
    """What `[Metadata Settings]` says, with digiKam's defaults."""
    said = sections.get("Metadata Settings", {})
    mode = said.get("Metadata Writing Mode", "0")
    return Habits(
        saves=frozenset().union(*(fields for key, fields in _SAVES.items() if _is_on(said, key))),
        into_file=mode != _SIDECAR,
        into_sidecar=mode in (_SIDECAR, _BOTH),
        else_sidecar=mode == _ELSE_SIDECAR,
        reads_sidecars=_is_on(said, "Use XMP Sidecar For Reading"),
    )


def _is_on(said: Mapping[str, str], key: str) -> bool:
    return said.get(key, "").lower() in ("true", "1", "on", "yes")


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return _PLAIN.get(found[2], found[2])


def _expanded(found: re.Match[str]) -> str:
    return os.environ.get(found[1] or found[2], "")
