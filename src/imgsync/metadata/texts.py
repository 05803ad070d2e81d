"""The places in files and sidecars that hold plain text: one small class for each kind.

All give and take tuples, since some hold several values (creators); no values removes. `when`
says where a text is written that may not be there yet; clearing a field removes it everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import msgspec

from .held import Held, cut

__all__ = [
    "Comment",
    "Exif",
    "ExifArtist",
    "ExifComment",
    "ExifCopyright",
    "ExifUtf16",
    "Iptc",
    "Place",
    "Texts",
    "When",
    "Xmp",
    "write",
]

Texts = Sequence[str]


class When(Enum):
    """Where a text belongs."""

    ALWAYS = "everywhere this kind of place can be"
    SIDECAR = "in sidecars, and where there is one already"
    KEPT = "where there is one already"
    NEVER = "nowhere; one that is there stays as it is"


class Place(Protocol):
    """One place for a text."""

    @property
    def when(self) -> When: ...

    def read(self, held: Held) -> Texts: ...

    def write(self, held: Held, texts: Texts) -> None: ...


def write(held: Held, where: Sequence[Place], texts: Texts) -> None:
    """Puts the texts to all places they belong to, or clears all places."""
    for place in where:
        if not texts or _belongs(held, place):
            place.write(held, texts)


def _belongs(held: Held, place: Place) -> bool:
    if place.when is When.ALWAYS or (place.when is When.SIDECAR and held.sidecar):
        return True
    return place.when is not When.NEVER and any(place.read(held))


class Xmp(msgspec.Struct, frozen=True):
    """A property of XMP. `kind`: "language" (the default language counts), "list" or "text"."""

    key: str
    kind: str = "language"
    when: When = When.ALWAYS

    def read(self, held: Held) -> Texts:
        texts = held.xmp_list(self.key)
        return texts if self.kind == "list" else texts[:1]

    def write(self, held: Held, texts: Texts) -> None:
        if self.kind == "list":
            held.set_xmp_list(self.key, texts, ordered=True)
        elif self.kind == "language":
            held.set_xmp_language(self.key, "".join(texts[:1]))
        else:
            held.set_xmp(self.key, "".join(texts[:1]))


class Exif(msgspec.Struct, frozen=True):
    """Text in EXIF, as UTF-8."""

    key: str
    when: When = When.ALWAYS

    def read(self, held: Held) -> Texts:
        return (held.exif_text(self.key),)

    def write(self, held: Held, texts: Texts) -> None:
        if not held.sidecar:
            held.set_exif(self.key, "".join(texts[:1]))


class ExifArtist(Exif, frozen=True):
    """Several names with "; " between them, quoted where they hold such signs (MWG 2.0)."""

    def read(self, held: Held) -> Texts:
        names = (found[0] for found in _NAME.finditer(held.exif_text(self.key)))
        return tuple(filter(None, map(_unquoted, names)))

    def write(self, held: Held, texts: Texts) -> None:
        super().write(held, ["; ".join(map(_quoted, texts))])


class ExifCopyright(Exif, frozen=True):
    """The photographer's and the editor's copyright, which a zero parts: two lines here."""

    def read(self, held: Held) -> Texts:
        return (held.exif_whole_text(self.key).strip("\0").replace("\0", "\n"),)


class ExifUtf16(Exif, frozen=True):
    """What Windows writes."""

    def read(self, held: Held) -> Texts:
        return (held.exif_bytes(self.key).decode("utf-16-le", "replace").partition("\0")[0],)

    def write(self, held: Held, texts: Texts) -> None:
        held.set_exif_bytes(self.key, (texts[0] + "\0").encode("utf-16-le") if texts else b"")


class ExifComment(Exif, frozen=True):
    """UserComment. Cameras fill it with bytes of their own: what is not printable says nothing."""

    def read(self, held: Held) -> Texts:
        text = held.exif_comment(self.key).strip("\0 ")
        return () if _CONTROL.search(text) else (text,)


class Iptc(msgspec.Struct, frozen=True):
    """A dataset of IPTC, cut to its length in bytes; written only into IPTC that is there."""

    key: str
    size: int
    when: When = When.ALWAYS

    def read(self, held: Held) -> Texts:
        return held.iptc_list(self.key)

    def write(self, held: Held, texts: Texts) -> None:
        if held.has_iptc():
            held.set_iptc_list(self.key, [cut(text, self.size) for text in texts])


class Comment(msgspec.Struct, frozen=True):
    """The comment of a JPEG."""

    when: When = When.NEVER

    def read(self, held: Held) -> Texts:
        return (held.comment(),)

    def write(self, held: Held, texts: Texts) -> None:
        if not texts and held.comment():
            held.clear_comment()


_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
_NAME = re.compile(r'\s*"(?:[^"]|"")*"\s*(?=;|\Z)|[^;]+')


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if ";" in name or '"' in name else name


def _unquoted(name: str) -> str:
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name[1:-1].replace('""', '"')
    return name
