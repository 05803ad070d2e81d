"""What films say: boxes made by hand, and the same as ExifTool reads them."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from imgsync.metadata import files, video
from imgsync.model import METADATA_FIELDS, NOTHING_SAID, Field, Location, Metadata

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
# 2020-06-01 10:00:00 UTC in seconds since 1904.
SECONDS = 3673850400
# 1970-01-01 in the same.
SINCE_1904 = 2082844800


def box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def header(seconds: int = SECONDS, *, wide: bool = False) -> bytes:
    times = struct.pack(">B3x" + ("QQ" if wide else "II"), wide, seconds, seconds)
    return box(b"mvhd", times, bytes(80))


def apple(**said: str) -> bytes:
    """The `meta` box of Apple, with keys and values."""
    keys = [f"com.apple.quicktime.{key.replace('__', '.')}".encode() for key in said]
    names = (struct.pack(">I4s", 8 + len(key), b"mdta") + key for key in keys)
    values = (
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0), text.encode()))
        for number, text in enumerate(said.values(), start=1)
    )
    return box(
        b"meta",
        box(b"hdlr", bytes(8), b"mdta", bytes(13)),
        box(b"keys", struct.pack(">II", 0, len(keys)), *names),
        box(b"ilst", *values),
    )


def itunes(place: bytes) -> bytes:
    """The `meta` box of MP4, with a place among its tags."""
    value = box(b"data", struct.pack(">II", 1, 0), place)
    return box(b"meta", bytes(4), box(b"hdlr", bytes(25)), box(b"ilst", box(b"\xa9xyz", value)))


def film(*inside: bytes, after: bytes = b"") -> bytes:
    return (
        box(b"ftyp", b"qt  ", bytes(4), b"qt  ")
        + box(b"mdat", b"film")
        + box(b"moov", *inside)
        + after
    )


def spot(text: bytes) -> bytes:
    return box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(text), 0x15C7), text))


UTC_TIME = Metadata(taken="2020-06-01T10:00:00+00:00")
FILMS: list[tuple[str, bytes, Metadata]] = [
    ("header", film(header()), UTC_TIME),
    ("wide header", film(header(wide=True)), UTC_TIME),
    ("header that counts from 1970", film(header(SECONDS - SINCE_1904)), UTC_TIME),
    ("header of nothing", film(header(0)), NOTHING_SAID),
    ("header of a clock that was never set", film(header(SINCE_1904 + 100)), NOTHING_SAID),
    ("header out of all time", film(header(2**63, wide=True)), NOTHING_SAID),
    (
        "time and place of Apple",
        film(
            header(),
            apple(
                make="Apple",
                creationdate="2020-06-01T12:00:00+0200",
                location__ISO6709="+48.8577-002.2950+035.210/",
            ),
        ),
        Metadata(taken="2020-06-01T12:00:00+02:00", location=Location(48.8577, -2.295, 35.21)),
    ),
    (
        "place of Android",
        film(header(), spot(b"-33.8568+151.2153/")),
        Metadata(taken=UTC_TIME.taken, location=Location(-33.8568, 151.2153)),
    ),
    (
        "place of ffmpeg",
        film(header(), box(b"udta", itunes(b"+48.8125+2.4862+000.000/"))),
        Metadata(taken=UTC_TIME.taken, location=Location(48.8125, 2.4862, 0.0)),
    ),
    (
        "XMP",
        film(header(), after=box(b"uuid", XMP_UUID, XMP)),
        Metadata(taken=UTC_TIME.taken, rating=4),
    ),
    ("XMP that is none", film(header(), after=box(b"uuid", XMP_UUID, b"<")), UTC_TIME),
    ("no film", b"no film at all", NOTHING_SAID),
    ("nothing", b"", NOTHING_SAID),
    ("box that ends nowhere", film(header())[:-1], NOTHING_SAID),
    ("box of no size", box(b"ftyp", b"qt  ") + bytes(64), NOTHING_SAID),
]


@pytest.mark.parametrize(("data", "expected"), [pytest.param(*row[1:], id=row[0]) for row in FILMS])
def test_films(tmp_path: Path, data: bytes, expected: Metadata) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(data)
    assert files.read(path, None) == expected


@pytest.mark.parametrize("field", [Field.TAKEN, Field.LOCATION])
def test_a_sidecar_hides_what_a_film_says(tmp_path: Path, field: Field) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(film(header(), spot(b"-33.8568+151.2153/")))
    shown = files.read(path, None)
    sidecar = files.write(path, None, NOTHING_SAID, [field])
    assert sidecar == tmp_path / "a.mov.xmp"
    assert files.read(path, sidecar) == shown.but(NOTHING_SAID, [field])
    said = Metadata(taken="2001-01-01T00:00:00", location=Location(1.0, 1.0))
    files.write(path, sidecar, said, METADATA_FIELDS)
    assert files.read(path, sidecar) == said


def test_exiftool_reads_the_same(tmp_path: Path, exiftool: Callable[..., str]) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(
        film(
            header(),
            apple(
                creationdate="2020-06-01T12:00:00+0200",
                location__ISO6709="+48.8577-002.2950+035.210/",
            ),
        )
    )
    (tags,) = json.loads(exiftool("-json", "-n", "-G0", "-s", str(path)))
    shown = files.read(path, None)
    assert tags["QuickTime:CreateDate"] == "2020:06:01 10:00:00"
    assert tags["QuickTime:CreationDate"] == "2020:06:01 12:00:00+02:00"
    assert shown.taken == "2020-06-01T12:00:00+02:00"
    assert shown.location is not None
    spots = [float(number) for number in tags["QuickTime:GPSCoordinates"].split()]
    assert spots == [shown.location.latitude, shown.location.longitude, shown.location.altitude]


def test_a_film_of_nothing_but_boxes_keeps_nobody_busy() -> None:
    crowd = io.BytesIO(box(b"free") * 500_000)
    tracemalloc.start()
    clip = video.read(crowd)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert clip == video.NO_CLIP
    assert most < 40_000_000
