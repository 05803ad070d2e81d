"""The least a first scan must do: SHA-256 of every byte and every exiv2 key, on all cores."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
from pathlib import Path

import exiv2


def read(path: str) -> None:
    with Path(path).open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    image = exiv2.ImageFactory.open(path)
    image.readMetadata()
    for data in (image.exifData(), image.iptcData(), image.xmpData()):
        for datum in data:
            datum.key()
            datum.toString()


if __name__ == "__main__":
    photos = [str(path) for path in Path(sys.argv[1]).rglob("*.jpg")]
    with multiprocessing.Pool(os.cpu_count()) as pool:
        pool.map(read, photos, chunksize=8)
