"""What one file, or one sidecar, holds, as exiv2 shows it: the only door to exiv2.

exiv2's XMP toolkit is not safe with threads: a `Held` is made and used within `exiv2_alone`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import exiv2

__all__ = ["Broken", "ExifTag", "Held", "cut", "exiv2_alone", "legal"]

_LOCK = threading.RLock()

# A broken photo is told of by img-sync, not by warnings of a library on stderr.
exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)
_DARKTABLE = ("http://darktable.sf.net/", "darktable")
exiv2.XmpProperties.registerNs(*_DARKTABLE)
_PREFIXES = (
    "acdsee darktable dc digiKam exif iptcExt lr mediapro MicrosoftPhoto MP MPReg MPRI mwg-kw"
    " mwg-rs photoshop stArea stDim tiff xmp xmpDM"
)
_NAMESPACES = {prefix: exiv2.XmpProperties.ns(prefix) for prefix in _PREFIXES.split()}
_NAMESPACE = re.compile(r"""\bxmlns:([^\s=:]++)\s*+=\s*+["']([^"']*)["']""")

# exiv2 writes more kinds than these, but of those nobody has tried what becomes of the picture.
_EMBEDS = frozenset(
    {exiv2.ImageType.jpeg, exiv2.ImageType.png, exiv2.ImageType.tiff, exiv2.ImageType.webp}
)
_SIDECAR_FORMAT = (
    exiv2.XmpParser.XmpFormatFlags.omitPacketWrapper
    | exiv2.XmpParser.XmpFormatFlags.useCompactFormat
)
_MAKER_NOTE = "Exif.Photo.MakerNote"
_CHARACTER_SET = "Iptc.Envelope.CharacterSet"
_UTF8 = "\x1b%G"
# What XML 1.0 has no place for, and DEL, which the XMP toolkit makes a blank.
_ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


# The name of a directory of EXIF ("Image", "Photo", "GPSInfo"), and the number of a tag in it.
ExifTag = tuple[str, int]


class Broken(Exception):
    """exiv2 can make nothing of the bytes, or cannot write into them."""


@contextmanager
def exiv2_alone() -> Iterator[None]:
    """Meanwhile no other thread is in exiv2, and what it throws becomes Broken."""
    with _LOCK:
        try:
            yield
        except (exiv2.Exiv2Error, RuntimeError, MemoryError) as error:
            raise Broken(str(error)) from error


def _forget_namespaces() -> None:
    """Makes exiv2 forget what prefixes mean in the XMP that it has seen.

    It keeps them for as long as the process lives, and before those it knows itself.
    """
    exiv2.XmpProperties.unregisterNs()
    exiv2.XmpProperties.registerNs(*_DARKTABLE)


def _is_ambiguous(packet: str) -> bool:
    """Whether a prefix stands for two namespaces, or one of ours for another: exiv2 mixes them."""
    meant = dict(_NAMESPACES)
    for prefix, uri in _NAMESPACE.findall(packet):
        whole = uri if uri.endswith(("/", "#")) else uri + "/"
        if meant.setdefault(prefix, whole) != whole:
            return True
    return False


def legal(text: str) -> str:
    """The text without the characters that XMP cannot hold."""
    return _ILLEGAL.sub("", text)


def cut(text: str, size: int) -> str:
    """As many whole characters of the text as fit into `size` bytes of UTF-8."""
    return text.encode()[:size].decode(errors="ignore")


class Held:
    """The metadata of one file or sidecar, in memory: nothing here reaches the disk.

    Keys are exiv2's ("Xmp.dc.title"). Text comes decoded and legal, but not trimmed. What is not
    there reads as empty; setting an empty value removes. Only the one that was made last can be
    written: exiv2 knows the namespaces of no other. `width` and `height` are the stored
    picture's, 0 where they are not known. `exif_set` are the tags of EXIF that were set or removed.
    `whole`: whether all was read that is there.
    """

    def __init__(self, image: Any, *, sidecar: bool) -> None:
        self.sidecar = sidecar
        self.whole = sidecar
        self.width: int = image.pixelWidth()
        self.height: int = image.pixelHeight()
        self._image = image
        self._exif = image.exifData()
        self._iptc = image.iptcData()
        self._xmp = image.xmpData()
        self.exif_set: set[ExifTag] = set()
        self._exif_found: dict[str, Any] | None = None
        self._xmp_found: dict[str, Any] | None = None

    @classmethod
    def of_file(cls, source: str | bytes) -> Held:
        """What a file, by its path or by its bytes, holds as far as exiv2 can read it.

        Raises Broken.
        """
        _forget_namespaces()
        try:
            image = exiv2.ImageFactory.open(source)
        except Exception as error:  # exiv2 lets through whatever C++ throws
            raise Broken(str(error)) from error
        held = cls(image, sidecar=False)
        with suppress(Exception):  # the same; what was read until then counts
            image.readMetadata()
            packet = image.xmpPacket()
            if image.xmpData().empty() and packet.strip("\0 \t\r\n"):
                cls.of_packet(packet)
            held.width, held.height = image.pixelWidth(), image.pixelHeight()
            held.whole = not _is_ambiguous(packet)
        return held

    @classmethod
    def of_packet(cls, packet: str, *, sidecar: bool = True) -> Held:
        """What an XMP packet holds; "" is an empty one. Raises Broken."""
        _forget_namespaces()
        if _is_ambiguous(packet):
            raise Broken("a prefix stands for two namespaces")
        image = exiv2.ImageFactory.create(exiv2.ImageType.xmp)
        try:
            image.setXmpPacket(legal(packet))
        except Exception as error:  # exiv2 lets through whatever C++ throws
            raise Broken(str(error)) from error
        return cls(image, sidecar=sidecar)

    def file(self) -> bytes:
        """The bytes of the file with what was set.

        Raises Broken where exiv2 cannot do it, or something would be lost: what it did not read,
        or a maker note (in a JPEG, `exif.keep` puts that back).
        """
        if not self.whole:
            raise Broken("not all of the metadata can be read")
        if self._image.imageType() != exiv2.ImageType.jpeg and _MAKER_NOTE in self._exif:
            raise Broken("the maker note would not bear to be moved")
        if self._image.imageType() not in _EMBEDS:
            raise Broken("img-sync writes into JPEG, PNG, TIFF and WebP files only")
        try:
            if self._image.xmpData().empty():
                self._image.clearXmpPacket()  # without it exiv2 leaves the old one in a WebP
            self._image.writeMetadata()
            return bytes(self._image.io().mmap())
        except Exception as error:  # exiv2 lets through whatever C++ throws
            raise Broken(str(error)) from error

    def packet(self) -> str:
        """The XMP as RDF/XML, without a wrapper. Raises Broken."""
        try:
            failed, packet = exiv2.XmpParser.encode(self._xmp, _SIDECAR_FORMAT)
        except Exception as error:  # exiv2 lets through whatever C++ throws
            raise Broken(str(error)) from error
        if failed:
            raise Broken("exiv2 cannot write the XMP")
        return str(packet)

    # XMP

    def xmp_keys(self) -> list[str]:
        """Every key, in the order of the packet; elements of structures are keys of their own."""
        return list(self._find_xmp())

    def has_xmp(self, key: str) -> bool:
        return key in self._find_xmp()

    def xmp_text(self, key: str) -> str:
        """A simple value; the default language or the first element where there are several."""
        values = self.xmp_list(key)
        return values[0] if values else ""

    def xmp_list(self, key: str) -> list[str]:
        """The elements of a Bag or Seq; the languages of a Lang Alt, the default one first."""
        datum = self._find_xmp().get(key)
        if datum is None:
            return []
        value = datum.value()
        if isinstance(value, exiv2.LangAltValue):
            return [legal(text) for text in self._languages(value).values()]
        if isinstance(value, exiv2.XmpArrayValue):
            return [legal(text) for text in value]
        return [legal(datum.toString())]

    def set_xmp(self, key: str, value: str) -> None:
        """A simple value."""
        self.remove_xmp(key)
        if value:
            self._xmp[key] = exiv2.XmpTextValue(value)

    def set_xmp_struct(self, key: str, kind: str) -> None:
        """A structure or an array of structures: `kind` is "Struct", "Bag" or "Seq"."""
        self.remove_xmp(key)
        self._xmp[key] = exiv2.XmpTextValue(f"type={kind}")

    def set_xmp_list(self, key: str, values: Sequence[str], *, ordered: bool = False) -> None:
        """A Bag, or a Seq where `ordered`."""
        self.remove_xmp(key)
        if values:
            kind = exiv2.TypeId.xmpSeq if ordered else exiv2.TypeId.xmpBag
            self._xmp[key] = exiv2.XmpArrayValue(list(values), kind)

    def set_xmp_language(self, key: str, value: str) -> None:
        """The default language of a Lang Alt; the others stay, unless `value` is empty."""
        datum = self._find_xmp().get(key)
        old = datum.value() if datum is not None else None
        languages = self._languages(old) if isinstance(old, exiv2.LangAltValue) else {}
        self.remove_xmp(key)
        if value:
            self._xmp[key] = exiv2.LangAltValue(languages | {"x-default": value})

    def blank_xmp(self, key: str) -> None:
        """A simple value that is there and empty."""
        self.remove_xmp(key)
        self._xmp[key] = exiv2.XmpTextValue("")

    def copy_xmp(self, key: str) -> dict[str, Any]:
        """A value with all that is in it, for `paste_xmp`."""
        inside = (key + "/", key + "[")
        return {
            found[len(key) :]: datum.value().clone()
            for found, datum in self._find_xmp().items()
            if found == key or found.startswith(inside)
        }

    def paste_xmp(self, key: str, copy: Mapping[str, Any]) -> None:
        """Adds what `copy_xmp` gave, at another key."""
        self._xmp_found = None
        for inside, value in copy.items():
            self._xmp.add(exiv2.XmpKey(key + inside), value)

    def remove_xmp(self, key: str) -> None:
        """Removes a value with all that is in it."""
        inside = (key + "/", key + "[")
        gone = [found for found in self._find_xmp() if found == key or found.startswith(inside)]
        self._xmp_found = None
        for found in gone:
            del self._xmp[found]

    def _find_xmp(self) -> dict[str, Any]:
        if self._xmp_found is None:
            self._xmp_found = {datum.key(): datum for datum in self._xmp}
        return self._xmp_found

    @staticmethod
    def _languages(value: Any) -> dict[str, str]:
        languages: dict[str, str] = dict(value)
        if "x-default" in languages:
            return {"x-default": languages.pop("x-default")} | languages
        return languages

    # EXIF

    def has_exif(self) -> bool:
        return bool(self._exif.count())

    def exif_text(self, key: str) -> str:
        """Text, or numbers with blanks between them."""
        datum = self._find_exif(key)
        return "" if datum is None else _decoded(datum.toString())

    def exif_comment(self, key: str) -> str:
        """A text that may begin with its character code; without that."""
        datum = self._find_exif(key)
        if datum is None:
            return ""
        value = datum.value()
        coded = isinstance(value, exiv2.CommentValue)
        return _decoded(value.comment() if coded else datum.toString())

    def exif_whole_text(self, key: str) -> str:
        """The text of an ASCII tag with the zeros in it, at which others stop."""
        return _unicode(self.exif_bytes(key).decode("utf-8", "surrogateescape"))

    def exif_bytes(self, key: str) -> bytes:
        """The bytes of a tag of type BYTE, ASCII or UNDEFINED."""
        datum = self._find_exif(key)
        value: Any = datum.value() if datum is not None else None
        return bytes(value.data()) if hasattr(value, "data") else b""

    def set_exif(self, key: str, value: str) -> None:
        """Text as UTF-8; numbers with blanks between them for a numeric tag."""
        self.remove_exif(key)
        if value:
            self._exif[key] = value

    def set_exif_bytes(self, key: str, value: bytes) -> None:
        """A tag of type BYTE."""
        self.remove_exif(key)
        if value:
            self._exif[key] = exiv2.DataValue(
                value, exiv2.ByteOrder.invalidByteOrder, exiv2.TypeId.unsignedByte
            )

    def remove_exif(self, key: str) -> None:
        found = exiv2.ExifKey(key)
        self.exif_set.add((found.groupName(), found.tag()))
        self._exif_found = None
        while key in self._exif:
            del self._exif[key]

    def _find_exif(self, key: str) -> Any:
        # exiv2 goes through all keys for each question.
        if self._exif_found is None:
            self._exif_found = {}
            for datum in self._exif:
                self._exif_found.setdefault(datum.key(), datum)
        return self._exif_found.get(key)

    # IPTC and the JPEG comment

    def has_iptc(self) -> bool:
        return bool(self._iptc.count())

    def iptc_list(self, key: str) -> list[str]:
        """Every value of a dataset: UTF-8 where it can be that, else Windows-1252."""
        if not self.has_iptc():
            return []
        return [_decoded(datum.toString()) for datum in self._iptc if datum.key() == key]

    def set_iptc_list(self, key: str, values: Sequence[str]) -> None:
        """Every value of a dataset; all text of the IPTC becomes UTF-8, and is marked so."""
        rest = [
            (datum.key(), _utf8(datum.value()))
            for datum in self._iptc
            if datum.key() not in (key, _CHARACTER_SET)
        ]
        self._iptc.clear()
        if rest or values:
            self._add_iptc(_CHARACTER_SET, exiv2.StringValue(_UTF8))
        for old_key, old in rest:
            self._add_iptc(old_key, old)
        for value in values:
            self._add_iptc(key, exiv2.StringValue(value))

    def iptc_size(self) -> int:
        """How many bytes it takes."""
        return int(self._iptc.size())

    def _add_iptc(self, key: str, value: Any) -> None:
        self._iptc.add(exiv2.IptcKey(key), value)

    def comment(self) -> str:
        """The comment of a JPEG, or what exiv2 takes for one in other formats."""
        return _decoded(self._image.comment())

    def clear_comment(self) -> None:
        self._image.clearComment()


def _decoded(text: str) -> str:
    return text if text.isascii() and text.isprintable() else legal(_unicode(text))


def _unicode(text: str) -> str:
    """The binding gives bytes that are no UTF-8 as surrogates: such a text is Windows-1252."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return text


def _utf8(value: Any) -> Any:
    """A copy of a dataset's value, in UTF-8 if it is text."""
    if isinstance(value, exiv2.StringValue):
        return exiv2.StringValue(_unicode(value.toString()))
    return value.clone()
