"""Small photos of every format, built here so that it is known which of their bytes are picture."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from PIL import Image


class Crafted(NamedTuple):
    """A photo's file; `picture` is what ExifTool hashes of it, None where it hashes nothing."""

    name: str
    data: bytes
    picture: bytes | None


# JPEG. A scan's bytes are made up: nothing here decodes them.

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SCAN = b"\xff\xda\0\x08\1\1\0\0\x3f\0" + b"\x12\x34\xff\0\x56\xff\xd0\x78"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


HEAD = SOI + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + segment(0xDB, bytes(65))
TABLE = segment(0xC4, bytes(20))


def pillow(form: str, **options: Any) -> bytes:
    picture = Image.effect_mandelbrot((40, 30), (-2, -1.2, 1, 1.2), 40).convert("RGB")
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def scans(jpeg: bytes) -> bytes:
    """From the first SOS up to EOI, of a file without other segments between."""
    return jpeg[jpeg.index(b"\xff\xda") : jpeg.rindex(EOI)]


def jpegs() -> Iterable[Crafted]:
    baseline = pillow("JPEG")
    yield Crafted("baseline.jpg", baseline, scans(baseline))
    yield Crafted("trailer.jpg", baseline + b"more\xff\xda" + baseline, scans(baseline))
    yield Crafted("unknown header.jpg", b"\0" * 9 + baseline, scans(baseline))
    yield Crafted("restarts.jpg", HEAD + SCAN + EOI, SCAN)
    # What stands behind the last marker of a scan is lost where a table follows.
    yield Crafted("progressive.jpg", HEAD + SCAN + TABLE + SCAN + EOI, SCAN[:-3] + SCAN)
    yield Crafted("cut.jpg", HEAD + SCAN, SCAN[:-3])
    yield Crafted("cut in a marker.jpg", HEAD + SCAN + b"\xff", SCAN[:-3])
    yield Crafted("padding.jpg", HEAD + SCAN + b"\xff\xff" + EOI, SCAN + b"\xff\xff")
    yield Crafted("padding, table.jpg", HEAD + SCAN + b"\xff\xff" + TABLE + EOI, SCAN[:-3])
    yield Crafted("garbage.jpg", HEAD + b"junk" + SCAN + EOI, SCAN)
    yield Crafted("no scan.jpg", HEAD + EOI, None)
    yield Crafted("cut segment.jpg", HEAD + segment(0xE1, bytes(99))[:50], None)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + b"\0\0\0\0"


def pngs() -> Iterable[Crafted]:
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13))
    data, end = chunk(b"IDAT", b"one") + chunk(b"IDAT", b"two"), chunk(b"IEND", b"")
    written = pillow("PNG")
    start = written.index(b"IDAT") + 4
    size = struct.unpack(">I", written[start - 8 : start - 4])[0]
    yield Crafted("written by pillow.png", written, written[start : start + size])
    yield Crafted("plain.png", head + chunk(b"tEXt", b"a\0b") + data + end, b"onetwo")
    yield Crafted("text behind.png", head + data + chunk(b"tEXt", b"a\0b") + end, b"onetwo")
    yield Crafted("more behind the end.png", head + data + end + data, b"onetwo" * 2)
    yield Crafted("cut.png", (head + data)[:-5], b"onetw")
    yield Crafted("no data.png", head + end, None)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webps() -> Iterable[Crafted]:
    written = pillow("WEBP", lossless=True)
    yield Crafted("written by pillow.webp", written, written[20:])
    exif = (b"EXIF", b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    yield Crafted("lossy.webp", riff((b"VP8 ", b"lossy"), exif), b"lossy\0")
    yield Crafted("lossless.webp", riff((b"VP8L", b"even")), b"even")
    animated = riff((b"VP8X", bytes(10)), (b"ANIM", bytes(6)), (b"ANMF", b"frame."), exif)
    yield Crafted("animated.webp", animated, bytes(6) + b"frame.")
    yield Crafted("cut.webp", riff((b"ALPH", b"alph"), (b"VP8 ", bytes(20)))[:-1], b"alph")


# TIFF and what is built like it.

# A tag's value: an int, several, a str or bytes.
Tags = dict[int, Any]


class Tiff:
    """Lays out pictures and directories of a little-endian TIFF file, one behind the other."""

    def __init__(self, header: bytes = b"II*\0\0\0\0\0") -> None:
        self.data = bytearray(header)

    def put(self, data: bytes) -> int:
        at = len(self.data)
        self.data += data + b"\0" * (len(data) % 2)
        return at

    def directory(self, tags: Tags, following: int = 0) -> int:
        rows = b""
        for tag, value in sorted(tags.items()):
            kind, count, data = self._encoded(value)
            if len(data) > 4:
                data = struct.pack("<I", self.put(data))
            rows += struct.pack("<HHI4s", tag, kind, count, data)
        return self.put(struct.pack("<H", len(tags)) + rows + struct.pack("<I", following))

    def done(self, first: int) -> bytes:
        struct.pack_into("<I", self.data, 4, first)
        return bytes(self.data)

    @staticmethod
    def _encoded(value: Any) -> tuple[int, int, bytes]:
        if isinstance(value, str):
            return 2, len(value) + 1, value.encode() + b"\0"
        if isinstance(value, bytes):
            return 7, len(value), value
        values = [value] if isinstance(value, int) else value
        return 4, len(values), struct.pack(f"<{len(values)}I", *values)


SIZE, FULL, REDUCED = 0xFE, 0, 1
COMPRESSION, MAKE, MODEL = 0x103, 0x10F, 0x110
STRIPS, COUNTS, TILES, TILE_COUNTS = 0x111, 0x117, 0x144, 0x145
SUB_IFDS, JPEG, JPEG_SIZE = 0x14A, 0x201, 0x202


def strips(tiff: Tiff, *parts: bytes, tags: tuple[int, int] = (STRIPS, COUNTS)) -> Tags:
    return {tags[0]: [tiff.put(part) for part in parts], tags[1]: [len(part) for part in parts]}


def tiffs() -> Iterable[Crafted]:
    written = pillow("TIFF")
    yield Crafted("written by pillow.tif", written, written[-40 * 30 * 3 :])

    tiff = Tiff()
    pages = [strips(tiff, b"first", b"page"), strips(tiff, b"tiles", tags=(TILES, TILE_COUNTS))]
    first = tiff.directory(pages[0], tiff.directory(pages[1]))
    yield Crafted("two pages.tif", tiff.done(first), b"firstpagetiles")

    tiff = Tiff()
    first = tiff.directory(strips(tiff, b"round"), following=14)
    yield Crafted("circle.tif", tiff.done(first), b"round")

    tiff = Tiff()
    tags = strips(tiff, b"picture")
    first = tiff.directory(tags | {0x11A: (72, 1)})
    struct.pack_into("<I", tiff.data, first + 2 + 2 * 12 + 8, 1 << 20)
    yield Crafted("value behind the end.tif", tiff.done(first), None)

    # ExifTool takes these strips for a preview, unless the name promises another format.
    tiff = Tiff()
    data = tiff.done(tiff.directory({COMPRESSION: 7} | strips(tiff, b"jpeg")))
    yield Crafted("jpeg inside.tif", data, None)
    yield Crafted("tiff inside.jpg", data, b"jpeg")

    tiff = Tiff()
    first = tiff.directory({STRIPS: 1 << 20, COUNTS: 7})
    yield Crafted("strip behind the end.tif", tiff.done(first), None)
    yield Crafted("cut header.tif", b"II*\0", None)
    yield Crafted("directory behind the end.tif", b"II*\0\0\0\1\0", None)


def raws() -> Iterable[Crafted]:
    raw = Tiff()
    main = raw.directory({SIZE: FULL, COMPRESSION: 34713} | strips(raw, b"nikon raw"))
    preview = raw.directory({SIZE: REDUCED} | strips(raw, b"preview", tags=(JPEG, JPEG_SIZE)))
    thumb = {SIZE: REDUCED, SUB_IFDS: [preview, main]} | strips(raw, b"thumb")
    yield Crafted("nikon.nef", raw.done(raw.directory(thumb)), b"previewnikon rawthumb")

    raw = Tiff()
    main = raw.directory({SIZE: FULL, COMPRESSION: 7} | strips(raw, b"dng raw"))
    preview = raw.directory({SIZE: REDUCED, COMPRESSION: 7} | strips(raw, b"preview"))
    thumb = {SIZE: REDUCED, COMPRESSION: 1, SUB_IFDS: [main, preview]} | strips(raw, b"thumb")
    yield Crafted("converted.dng", raw.done(raw.directory(thumb)), b"dng rawthumb")

    raw = Tiff(b"II*\0\0\0\0\0CR\2\0\0\0\0\0")
    last = raw.directory(strips(raw, b"canon raw"))
    thumb = strips(raw, b"thumb", tags=(JPEG, JPEG_SIZE))
    first = raw.directory(strips(raw, b"preview"), raw.directory(thumb, last))
    yield Crafted("canon.cr2", raw.done(first), b"canon raw")

    raw = Tiff()
    last = raw.directory(strips(raw, b"large preview", tags=(JPEG, JPEG_SIZE)))
    second = raw.directory(strips(raw, b"thumb", tags=(JPEG, JPEG_SIZE)), last)
    first = raw.directory({COMPRESSION: 65535} | strips(raw, b"pentax raw"), second)
    yield Crafted("pentax.pef", raw.done(first), b"pentax rawlarge preview")

    raw = Tiff()
    main = raw.directory({COMPRESSION: 32770} | strips(raw, b"samsung raw"))
    small = raw.directory(strips(raw, b"thumb", tags=(JPEG, JPEG_SIZE)))
    first = raw.directory({SUB_IFDS: main}, raw.directory({SUB_IFDS: small}))
    yield Crafted("samsung.srw", raw.done(first), b"samsung raw")

    raw = Tiff(b"IIU\0\0\0\0\0" + bytes.fromhex("88e774d8f8251d4d947a6e77822b5d6a"))
    at = raw.put(b"panasonic raw to the end")
    first = raw.directory({0x118: at, COUNTS: 3})
    data = raw.done(first)
    yield Crafted("panasonic.rw2", data, data[at:])

    raw = Tiff()
    yield Crafted("olympus.orf", raw.done(raw.directory(strips(raw, b"olympus"))), None)
    yield Crafted("sony.arw", *sony())
    yield Crafted("sony.dng", *sony_in_dng())
    yield Crafted("fuji.raf", *fuji())
    yield Crafted("cut.raf", fuji()[0][:400], None)


# A block of the maker's earlier cameras, in which one segment tells the picture's size.
MINOLTA = b"\0MRI" + struct.pack("<I", 12) + b"\0PRD" + struct.pack("<I", 4) + b"size"


def sony_in_dng() -> tuple[bytes, bytes]:
    was = 5000
    row = struct.pack("<HHHIII", 1, 0x7250, 7, len(MINOLTA), was + 18, 0)
    record = b"II" + struct.pack(">I", was) + row + MINOLTA + b"counted"
    adobe = b"Adobe\0" + b"SR2 " + struct.pack(">I", len(record)) + record + b", too"
    raw = Tiff()
    first = raw.directory({COMPRESSION: 1, 0xC634: adobe} | strips(raw, b"sony raw"))
    return raw.done(first), b"counted, toosony raw"


def sony() -> tuple[bytes, bytes]:
    raw = Tiff()
    private = raw.directory({0x7200: 0, 0x7250: MINOLTA + b"counted as picture"})
    main = raw.directory({COMPRESSION: 32767} | strips(raw, b"sony raw"))
    tags = {SIZE: REDUCED, COMPRESSION: 6, MAKE: "SONY", MODEL: "ILCE-7", SUB_IFDS: main}
    tags |= strips(raw, b"preview", tags=(JPEG, JPEG_SIZE)) | {0xC634: private}
    return raw.done(raw.directory(tags)), b"sony rawcounted as picture"


def fuji() -> tuple[bytes, bytes]:
    raw = Tiff()
    sub = raw.directory({0xF007: raw.put(b"fuji raw"), 0xF008: 8})
    body = raw.done(raw.directory({0xF000: sub}))
    preview = pillow("JPEG")
    header = bytearray(b"FUJIFILMCCD-RAW ".ljust(0xA0, b"\0"))
    struct.pack_into(">II", header, 84, len(header), len(preview))
    struct.pack_into(">II", header, 0x64, len(header) + len(preview), len(body))
    return bytes(header) + preview + body, b"fuji raw"


# Boxes.


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full(kind: bytes, *parts: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]), *parts)


def heif(brand: bytes, coding: bytes) -> bytes:
    """Two coded pictures, the second listed first, and metadata between them in the file."""
    entries = [(2, coding), (1, coding), (3, b"Exif")]
    places = {1: b"one", 3: b"\0\0\0\0Exif", 2: b"two"}
    start = 0
    for _ in range(2):
        at, offsets = start, {}
        for number, data in places.items():
            offsets[number] = at, len(data)
            at += len(data)
        infes = [full(b"infe", struct.pack(">HH4sx", n, 0, k), version=2) for n, k in entries]
        ilocs = [struct.pack(">HHHII", n, 0, 1, *offsets[n]) for n, _ in entries]
        meta = full(
            b"meta",
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"iinf", struct.pack(">H", 3), *infes),
            full(b"iloc", b"\x44\0", struct.pack(">H", 3), *ilocs),
        )
        head = box(b"ftyp", brand, bytes(4), b"mif1") + meta
        start = len(head) + 8
    return head + box(b"mdat", *places.values())


def movie(*, media_first: bool) -> bytes:
    """Two chunks of video with one of sound between them, and a track of text."""
    chunks = {b"vide": [b"video 1", b"video 2!"], b"soun": [b"sound"], b"text": [b"text"]}
    order = [chunks[b"vide"][0], chunks[b"soun"][0], chunks[b"vide"][1], chunks[b"text"][0]]
    media = box(b"mdat", *order)
    head = box(b"ftyp", b"isom", bytes(4), b"mp42")
    start, moov = len(head) + 8, b""
    for _ in range(2):
        data = b"".join(order)
        tracks = []
        for handler, parts in chunks.items():
            offsets = [start + data.index(part) for part in parts]
            tables = [
                full(b"stsz", struct.pack(f">II{len(parts)}I", 0, len(parts), *map(len, parts))),
                full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
                full(b"stco", struct.pack(f">I{len(parts)}I", len(parts), *offsets)),
            ]
            hdlr = full(b"hdlr", bytes(4), handler, bytes(13))
            tracks.append(box(b"trak", box(b"mdia", hdlr, box(b"minf", box(b"stbl", *tables)))))
        moov = box(b"moov", *tracks)
        start = len(head) + 8 + (0 if media_first else len(moov))
    return head + (media + moov if media_first else moov + media)


def boxed() -> Iterable[Crafted]:
    yield Crafted("phone.heic", heif(b"heic", b"hvc1"), b"onetwo")
    yield Crafted("picture.heif", heif(b"mif1", b"hvc1"), b"onetwo")
    yield Crafted("picture.avif", heif(b"avif", b"av01"), b"onetwo")
    yield Crafted("other coding.heif", heif(b"mif1", b"unci"), None)
    picture = b"video 1video 2!sound"
    yield Crafted("movie.mp4", movie(media_first=False), picture)
    yield Crafted("movie.mov", movie(media_first=True), picture)
    yield Crafted("cut.mp4", movie(media_first=True)[:-1], None)
    brand = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    parts = (
        box(b"jxlp", b"\0\0\0\0\xff\nab"),
        box(b"Exif", bytes(12)),
        box(b"jxlp", b"\x80\0\0\1cd"),
    )
    yield Crafted("boxes.jxl", brand + b"".join(parts), parts[0][8:] + parts[2][8:])
    yield Crafted("bare.jxl", b"\xff\n" + bytes(range(40)), b"\xff\n" + bytes(range(40)))


def others() -> Iterable[Crafted]:
    yield Crafted("plain.gif", pillow("GIF"), None)
    yield Crafted("plain.bmp", pillow("BMP"), None)
    yield Crafted("text.jpg", b"This is no picture at all.\n", None)
    yield Crafted("short.jpg", b"\xff", None)
    yield Crafted("empty.jpg", b"", None)
    baseline = pillow("JPEG")
    yield Crafted("JPEG inside.png", baseline, scans(baseline))


CRAFTED = [*jpegs(), *pngs(), *webps(), *tiffs(), *raws(), *boxed(), *others()]


@pytest.fixture(params=CRAFTED, ids=[photo.name for photo in CRAFTED])
def crafted(request: pytest.FixtureRequest) -> Crafted:
    photo: Crafted = request.param
    return photo


@pytest.fixture(scope="session")
def all_crafted() -> list[Crafted]:
    return CRAFTED
