"""Trees of photos to measure with, made quickly: no two photos have the same picture."""

from __future__ import annotations

import os
import random
import shutil
import struct
from io import BytesIO
from pathlib import Path

from PIL import Image

PHOTOS_PER_ALBUM = 100
LEAST_BYTES = 1_170_000  # of a camera photo; with the larger originals 1.6 MB on average
OLD = 1_500_000_000  # a photo's mtime: well before anything that the clock's grain could blur


def small_photos(tree: Path, count: int, per_album: int = PHOTOS_PER_ALBUM) -> None:
    """`count` JPEGs of a few hundred bytes."""
    picture = _small_jpeg()
    for number in range(count):
        _add(tree, number, _insert(picture, f"{number:010}".encode()), per_album)


def camera_photos(tree: Path, count: int, originals: Path) -> int:
    """`count` JPEGs of about 1.6 MB with the metadata of real ones; gives their bytes in all."""
    paths = (path for kind in ("hdr", "mobile") for path in originals.glob(f"jpg/{kind}/*.jpg"))
    sources = [path.read_bytes() for path in sorted(paths)]
    total = 0
    for number in range(count):
        source = sources[number % len(sources)]
        missing = max(64, LEAST_BYTES - len(source))
        noise = random.Random(number).randbytes(missing)
        # Coded pictures say 0xFF as 0xFF00: a bare 0xFF would begin a marker.
        data = _insert(source, noise.replace(b"\xff", b"\xff\x00"))
        _add(tree, number, data)
        total += len(data)
    return total


def forget(tree: Path, home: Path) -> None:
    """Makes every album of the tree a new one, and drops what was kept of it in `home`."""
    for state in tree.rglob(".img-sync.db"):
        state.unlink()
    shutil.rmtree(home, ignore_errors=True)


def _add(tree: Path, number: int, data: bytes, per_album: int = PHOTOS_PER_ALBUM) -> None:
    album = tree / f"album {number // per_album:04}"
    if number % per_album == 0:
        album.mkdir(parents=True)
    path = album / f"IMG_{number:06}.jpg"
    path.write_bytes(data)
    os.utime(path, (OLD + number, OLD + number))


def _small_jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2017:07:14 02:40:00"
    out = BytesIO()
    Image.new("L", (8, 8)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def _insert(jpeg: bytes, coded: bytes) -> bytes:
    """The JPEG with `coded` put before its coded picture (right behind the header of the scan)."""
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", jpeg, at)
        at += 2 + length
        if marker == 0xFFDA:
            return jpeg[:at] + coded + jpeg[at:]
