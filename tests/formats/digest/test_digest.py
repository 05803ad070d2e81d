"""What the picture digest covers."""

from __future__ import annotations

import hashlib
import struct
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsync.metadata.digest import Digest, digest, source
from imgsync.metadata.digest.source import Source

MIB = 1 << 20
SEGMENT = b"\xff\xe0\0\x04ab"


def image(picture: bytes) -> str:
    return f"image:{hashlib.sha256(picture).hexdigest()}"


def whole(data: bytes) -> str:
    return f"file:{hashlib.sha256(data).hexdigest()}"


def test_covers_the_picture_and_nothing_else(tmp_path: Path, crafted: Any) -> None:
    path = tmp_path / crafted.name
    path.write_bytes(crafted.data)
    expected = whole(crafted.data) if crafted.picture is None else image(crafted.picture)
    assert digest(path) == Digest(expected, len(crafted.data), frozenset())


@pytest.mark.parametrize("name", ["plain.png", "text.jpg", "empty.jpg"])
def test_adds_the_sums_of_the_whole_file_that_are_asked_for(
    tmp_path: Path, all_crafted: list[Any], name: str
) -> None:
    data = next(photo.data for photo in all_crafted if photo.name == name)
    path = tmp_path / name
    path.write_bytes(data)
    sha1, md5 = hashlib.sha1(data).hexdigest(), hashlib.md5(data).hexdigest()
    with_sums = digest(path, {"sha1", "md5"})
    assert with_sums.sums == {f"sha1:{sha1}", f"md5:{md5}"}
    assert with_sums.content == digest(path).content


def test_raises_only_what_the_disk_does(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digest(tmp_path / "gone.jpg")
    with pytest.raises(IsADirectoryError):
        digest(tmp_path)


# The file is read in pieces: what matters is put around the places where they meet.
@pytest.mark.parametrize("gap", [source._WINDOW + shift for shift in (-9, -8, -7, -2, -1, 0, 1)])
@pytest.mark.parametrize("table", [b"", b"\xff\xc4\0\2", b"\xff\xff\xff\xc4\0\2"])
def test_covers_a_scan_larger_than_what_is_read_at_once(
    tmp_path: Path, gap: int, table: bytes
) -> None:
    scan = b"\xff\xda" + bytes(gap) + b"\xff\0" + b"tail"
    path = tmp_path / "large.jpg"
    path.write_bytes(b"\xff\xd8" + SEGMENT + scan + table + scan + b"\xff\xd9")
    assert digest(path).content == image((scan[:-6] if table else scan) + scan)


PIECES = [b"\xff", b"\xff\xff", b"\xff\0", b"\xff\xd0", b"\xff\xda", b"\xff\xd9", b"\xff\x01"]
PIECES += [b"\xff\xc4\0\4ab", b"\xff\xc4\0", b"\0", b"a", b"bcdefg"]


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from(PIECES)), window=st.integers(2, 40))
def test_is_the_same_however_much_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes], window: int
) -> None:
    path = tmp_path / "scans.jpg"
    path.write_bytes(b"\xff\xd8" + SEGMENT + b"\xff\xda" + b"".join(pieces))
    expected = digest(path, {"sha1"})
    with monkeypatch.context() as patch:
        patch.setattr(source, "_WINDOW", window)
        assert digest(path, {"sha1"}) == expected


def test_needs_little_memory_for_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "large.mov"
    with path.open("wb") as file:
        file.write(struct.pack(">I4s", 256 * MIB, b"mdat"))
        file.truncate(256 * MIB)
    tracemalloc.start()
    content = digest(path).content
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert content.startswith("file:")
    assert peak < 24 * MIB


def test_ends_where_a_file_ends_that_shrinks_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "shrinking.mov"
    path.write_bytes(bytes(20 * MIB))
    with path.open("r+b") as file:
        shrinking = Source(file.fileno())
        file.truncate(9 * MIB)
        hashed = hashlib.sha256()
        assert shrinking.feed([(0, 20 * MIB), (12 * MIB, MIB)], hashed)
    assert hashed.digest() == hashlib.sha256(bytes(9 * MIB)).digest()


def loops(step: int) -> bytes:
    """A TIFF whose directory names itself ten times as its sub-directory."""
    at = [8 + step * n for n in range(10)]
    row = struct.pack("<HHII", 0x14A, 4, 10, 0x1000)
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", 300) + row * 300 + bytes(4)
    return data.ljust(0x1000, b"\0") + struct.pack("<10I", *at)


def strips(number: int) -> bytes:
    """A TIFF with many strips, each of which is the whole file."""
    row = struct.pack("<HHIIHHII", 0x111, 4, number, 38, 0x117, 4, number, 38 + 4 * number)
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + row + bytes(4)
    return head + bytes(4 * number) + b"\xff\xff\xff\0" * number


def chunks(number: int) -> bytes:
    """A film that says it has four thousand million samples in each of many chunks."""
    stsz = struct.pack(">I4sIII", 20, b"stsz", 0, 0xFFFFFFFF, 0xFFFFFFFF)
    stsc = struct.pack(">I4sIIIII", 28, b"stsc", 0, 1, 1, 0xFFFF, 1)
    stco = struct.pack(">I4sII", 16 + 4 * number, b"stco", 0, number) + bytes(4 * number)
    body = stsz + stsc + stco
    hdlr = struct.pack(">I4s8x4s", 20, b"hdlr", b"vide")
    for kind in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        body = struct.pack(">I4s", len(body) + 8, kind) + body
        body = hdlr + body if kind == b"minf" else body
    return struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + body


def items(number: int) -> bytes:
    """A HEIF file with many items that each have as many empty extents as there can be."""
    iloc = struct.pack(">HHHH", 1, 0, 0, 0xFFFF) * number
    body = struct.pack(">I4sIHH", len(iloc) + 16, b"iloc", 0, 0, 0xFFFF) + iloc
    meta = struct.pack(">I4sI", len(body) + 12, b"meta", 0) + body
    return struct.pack(">I4s4sI", 16, b"ftyp", b"heic", 0) + meta


def markers(number: int) -> bytes:
    """A JPEG of nothing but the bytes that pad a marker."""
    return b"\xff\xd8\xff\xda" + b"\xff" * number


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.tif", loops(0), id="directories that hold themselves"),
        pytest.param("a.tif", loops(12), id="directories that overlap"),
        pytest.param("a.tif", strips(100_000), id="strips that overlap"),
        pytest.param("a.mp4", chunks(200_000), id="chunks that overlap"),
        pytest.param("a.heic", items(60_000), id="empty extents"),
        pytest.param("a.jpg", markers(9 * MIB), id="padding"),
        pytest.param("a.jpg", markers(0) + b"\xff\xc4\0\2\xff\xda" * 200_000, id="short scans"),
        pytest.param("a.png", b"\x89PNG\r\n\x1a\n" + bytes(12) * 100_000, id="empty chunks"),
    ],
)
def test_is_not_kept_busy(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    start = time.process_time()
    assert digest(path).size == len(data)
    assert time.process_time() - start < 10


@settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(draw=st.data())
def test_bears_any_damage(tmp_path: Path, all_crafted: list[Any], draw: st.DataObject) -> None:
    photo = draw.draw(st.sampled_from(all_crafted))
    data = bytearray(photo.data)
    places = st.integers(0, max(0, len(data) - 1))
    for place in draw.draw(st.lists(places, max_size=6)):
        data[place : place + 1] = draw.draw(st.binary(max_size=4))
    path = tmp_path / photo.name
    path.write_bytes(data[: draw.draw(st.none() | places)])
    assert digest(path).content.startswith(("image:", "file:"))
