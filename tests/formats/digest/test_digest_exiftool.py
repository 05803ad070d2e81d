"""The picture digest is ExifTool's, and stays what it is when others edit metadata."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import exiv2
import pytest

from imgsync.metadata.digest import digest

HASH = ("-api", "ImageHashType=SHA256", "-ImageDataHash")

Exiftool = Callable[..., str]


def hashes(exiftool: Exiftool, folder: Path) -> dict[Path, str]:
    """ExifTool's hash of every file below `folder`; "" where it has none."""
    found = json.loads(exiftool("-j", "-r", "-all", *HASH, "-ext", "*", str(folder)))
    return {Path(file["SourceFile"]): file.get("ImageDataHash", "") for file in found}


def disagreements(expected: dict[Path, str]) -> list[tuple[str, str, str]]:
    return [
        (path.name, content, hash_)
        for path, hash_ in expected.items()
        if (content := digest(path).content) != f"image:{hash_}"
        and not (hash_ == "" and content.startswith("file:"))
    ]


def test_is_exiftools_on_every_sample_photo(exiftool: Exiftool, sample_photos: Path) -> None:
    expected = hashes(exiftool, sample_photos)
    assert len(expected) >= 100
    assert disagreements(expected) == []


def test_is_exiftools_on_every_crafted_photo(
    exiftool: Exiftool, tmp_path: Path, all_crafted: list[Any]
) -> None:
    for photo in all_crafted:
        (tmp_path / photo.name).write_bytes(photo.data)
    expected = hashes(exiftool, tmp_path)
    assert len(expected) == len(all_crafted)
    assert disagreements(expected) == []
