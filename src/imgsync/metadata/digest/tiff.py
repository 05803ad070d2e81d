"""Where the picture is in a TIFF file, and in the RAW files that are built like one."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from imgsync.metadata.digest.ifd import (
    BYTE_ORDERS,
    BadDirectory,
    ByteOrder,
    Directory,
    Entry,
    looks_valid,
)
from imgsync.metadata.digest.sony import adobe_private, sony_private
from imgsync.metadata.digest.source import Range, Source

__all__ = ["tiff"]

# The kinds of RAW file that have rules of their own, by suffix.
_KINDS = frozenset({"ARW", "CR2", "DNG", "NEF", "NRW", "PEF", "RW2", "SR2", "SRW"})
# Suffixes of what else is known, under which a TIFF file is not taken for quite one; one that is
# not known is as good as .tif.
_OTHERS = frozenset(
    {
        *("AVIF", "CR3", "GIF", "HEIC", "HEIF", "HIF", "JPE", "JPEG", "JPG", "JXL", "M4V", "MOV"),
        *("MP4", "PNG", "RAF", "WEBP"),
    }
)
_KIND_BY_COMPRESSION = {
    "32767": "ARW",
    "32770": "SRW",
    "32867": "KDC",
    "34713": "NEF",
    "65000": "DCR",
    "65535": "PEF",
}
_BIG_TIFF, _CANON_MAGIC, _PANASONIC_MAGIC = 0x2B, b"CR\x02\0", 0x55

_SUBFILE_TYPE, _COMPRESSION, _MAKE, _MODEL = 0xFE, 0x103, 0x10F, 0x110
_STRIPS, _TILES, _JPEG, _PANASONIC_RAW, _PRIVATE = 0x111, 0x144, 0x201, 0x118, 0xC634
# Where the picture's parts are, and how large they are.
_SIZES = {_STRIPS: 0x117, _TILES: 0x145, _JPEG: 0x202}
_SUB_IFD, _GLOBAL, _EXIF, _INTEROP = 0x14A, 0x190, 0x8769, 0xA005
_DIRECTORIES = {
    _SUB_IFD: "SubIFD",
    _GLOBAL: "GlobParamIFD",
    _EXIF: "ExifIFD",
    _INTEROP: "InteropIFD",
}
_MOST_SUB_IFDS = 10

_TAGS = frozenset(
    {
        *(_SUBFILE_TYPE, _COMPRESSION, _MAKE, _MODEL, _PANASONIC_RAW, _PRIVATE),
        *_DIRECTORIES,
        *_SIZES,
        *_SIZES.values(),
    }
)
# Deeper than any camera nests directories, which may also form a circle.
_DEEPEST = 8

_TO_THE_END = 999_999_999


def tiff(source: Source, suffix: str) -> Iterator[Range]:
    """Strips, tiles and JPEGs of all directories, except thumbnails and most previews.

    The pictures of a sub-directory come before those of its parent, those of the next directory
    after them. `suffix` (".nef") tells the kind of file.

    Source: ExifTool 13.59: Exif.pm and PanasonicRaw.pm, tags with IsImageData; WriteExif.pl,
    AddImageDataHash; ExifTool.pm, DoProcessTIFF; Sony.pm, SetARW.
    """
    header = source.read(0, 16)
    order = BYTE_ORDERS[header[:2]]
    magic = int.from_bytes(header[2:4], order)
    first = int.from_bytes(header[4:8], order)
    kind = suffix[1:].upper()
    kind = kind if kind in _KINDS | _OTHERS else "TIFF"
    if len(header) < 8 or first < 8 or (kind == "TIFF" and magic == _BIG_TIFF):
        return
    if magic == 0x2A and first >= 16 and header[8:12] == _CANON_MAGIC:
        kind = "CR2"
    panasonic = magic == _PANASONIC_MAGIC and kind in ("TIFF", "RW2")
    kind = "RW2" if panasonic else kind
    yield from _Tiff(source, order, kind, panasonic=panasonic).ranges(first)


class _Ifd:
    """What one directory has told of its picture so far."""

    def __init__(self, name: str, parent: str) -> None:
        self.name = name
        self.parent = parent
        self.compression = ""
        self.subfile_type = ""
        self.found: dict[int, tuple[int, ...]] = {}

    def ranges(self) -> Iterator[Range]:
        # ExifTool sorts the tags' numbers as texts.
        for tag in sorted(_SIZES, key=str):
            offsets, sizes = self.found.get(tag, ()), self.found.get(_SIZES[tag], ())
            yield from (pair for pair in zip(offsets, sizes, strict=False) if min(pair) >= 0)
        for offset in self.found.get(_PANASONIC_RAW, ())[:1]:
            yield offset, _TO_THE_END


class _Tiff:
    """One TIFF file, and what its directories have told of it so far."""

    def __init__(self, source: Source, order: ByteOrder, kind: str, *, panasonic: bool) -> None:
        self._source = source
        self._order: ByteOrder = order
        self._kind = kind
        self._kind_known = False
        self._panasonic = panasonic
        self._make = ""
        self._model = ""
        self._sony_raw: int | None = None
        self._followed: set[int] = set()

    def ranges(self, first: int) -> Iterator[Range]:
        # ExifTool does not remember a directory that stands right behind the header.
        if first != (16 if self._kind == "CR2" else 8):
            self._followed.add(first)
        yield from self._chain(first, "IFD", "")
        if self._sony_raw is not None:
            yield self._sony_raw, self._source.size

    def _chain(self, at: int, name: str, parent: str, depth: int = 0) -> Iterator[Range]:
        """The directory at `at` and all that follow it, until one was there before or is bad."""
        number = 0
        while True:
            suffix = "" if name == "SubIFD" and number == 0 else str(number)
            try:
                at = yield from self._directory(at, name + suffix, parent, depth)
            except BadDirectory:
                return
            number += 1
            if at == 0 or at in self._followed:
                return
            # Some RAW files have nonsense behind a sub-directory.
            if name == "SubIFD" and number == 1 and not self._looks_valid(at, in_order=True):
                return
            self._followed.add(at)

    def _directory(
        self, at: int, name: str, parent: str, depth: int
    ) -> Generator[Range, None, int]:
        """What the directory at `at` and those below it hold; the offset of the next one."""
        if depth > _DEEPEST:
            raise BadDirectory
        directory = Directory(self._source, self._order, at)
        ifd = _Ifd(name, parent)
        panasonic = self._panasonic and name.startswith("IFD")
        sony = self._model.startswith("ILCE")
        for entry in directory.entries(_TAGS, first_may_be_empty=sony):
            if entry.tag == _EXIF or (entry.tag in _DIRECTORIES and not panasonic):
                yield from self._below(entry, ifd, depth + 1)
            elif panasonic:
                self._note_panasonic(entry, ifd)
            elif entry.tag == _PRIVATE:
                yield from self._private(entry)
            else:
                self._note(entry, ifd)
        yield from ifd.ranges()
        return directory.next

    def _below(self, entry: Entry, ifd: _Ifd, depth: int) -> Iterator[Range]:
        if not entry.integers:
            return
        name = _DIRECTORIES[entry.tag]
        if entry.tag != _SUB_IFD:
            if len(entry.integers) == 1 or entry.tag == _GLOBAL:
                yield from self._alone(entry.integers[0], name, ifd.name, depth)
        elif self._is_sony_raw(entry, ifd):
            self._sony_raw = entry.integers[0]
        else:
            yield from self._chain(entry.integers[0], name, ifd.name, depth)
            for number, at in enumerate(entry.integers[1:_MOST_SUB_IFDS], 1):
                yield from self._alone(at, f"{name}{number}", ifd.name, depth)

    def _alone(self, at: int, name: str, parent: str, depth: int) -> Iterator[Range]:
        try:
            yield from self._directory(at, name, parent, depth)
        except BadDirectory:
            return

    def _private(self, entry: Entry) -> Iterator[Range]:
        if self._kind not in ("ARW", "SR2"):
            yield from adobe_private(entry.data, entry.at, self._source)
        elif len(entry.data) == 4 and self._sony_raw is None:
            at = int.from_bytes(entry.data, self._order)
            yield from sony_private(self._source, self._order, at)

    def _note(self, entry: Entry, ifd: _Ifd) -> None:
        tag = entry.tag
        if tag == _SUBFILE_TYPE:
            ifd.subfile_type = entry.number
        elif tag == _COMPRESSION:
            ifd.compression = entry.number
            if not self._kind_known and ifd.compression in _KIND_BY_COMPRESSION:
                self._kind = _KIND_BY_COMPRESSION[ifd.compression]
                self._kind_known = True
        elif tag == _MAKE:
            self._make = entry.text
        elif tag == _MODEL:
            self._model = entry.text
        elif tag in _SIZES.values():
            ifd.found[tag] = entry.integers or ()
        elif entry.integers is not None and (
            tag == _TILES
            or (tag == _STRIPS and self._strips_count(ifd))
            or (tag == _JPEG and self._jpeg_counts(ifd))
        ):
            ifd.found[tag] = entry.integers

    def _note_panasonic(self, entry: Entry, ifd: _Ifd) -> None:
        if entry.tag == _MODEL:
            self._model = entry.text
        elif entry.tag == _PANASONIC_RAW and entry.integers is not None:
            ifd.found[entry.tag] = entry.integers

    def _strips_count(self, ifd: _Ifd) -> bool:
        """Whether strips are the picture, not a preview: those of CR2 and JPEGs in DNG may be."""
        if ifd.compression in ("34892", "52546"):
            return True
        if self._kind == "CR2" and ifd.name == "IFD0":
            return False
        if self._kind in ("DNG", "TIFF") and ifd.compression == "7" and ifd.subfile_type != "0":
            return ifd.name == "SubIFD2"
        return True

    def _jpeg_counts(self, ifd: _Ifd) -> bool:
        """Whether a JPEG is more than a thumbnail or the usual preview."""
        if ifd.name == "IFD0":
            if self._kind == "NEF" and ifd.compression == "6":
                self._kind = "NRW"
            return self._kind not in ("NRW", "ARW", "SR2")
        if ifd.name == "SubIFD" and self._kind == "SRW":
            return ifd.parent != "IFD1"
        return ifd.name != "IFD1"

    def _is_sony_raw(self, entry: Entry, ifd: _Ifd) -> bool:
        """Whether what should point to a sub-directory points to the picture (Sony DSLR-A100)."""
        if ifd.name != "IFD0" or not self._make.startswith("SONY"):
            return False
        if (ifd.subfile_type, ifd.compression) != ("1", "6"):
            return False
        self._kind = "ARW"
        if self._model != "DSLR-A100" or len(entry.data) != 4 or not entry.integers:
            return False
        return not self._looks_valid(entry.integers[0], in_order=False)

    def _looks_valid(self, at: int, *, in_order: bool) -> bool:
        return looks_valid(self._source, self._order, at, in_order=in_order)
