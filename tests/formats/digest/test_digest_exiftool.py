"""The picture digest is ExifTool's, and stays what it is when others edit metadata."""

from __future__ import annotations

import json
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
    found = json.loads(exiftool("-j", "-r", *HASH, "-ext", "*", str(folder)))
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


EDITABLE = ["baseline.jpg", "progressive.jpg", "written by pillow.png", "written by pillow.tif"]
EDITABLE += ["written by pillow.webp"]
TEXT = "Said by somebody at such length that other parts of the file have to move. " * 9


@pytest.fixture(params=EDITABLE)
def editable(request: pytest.FixtureRequest, tmp_path: Path, all_crafted: list[Any]) -> Path:
    path: Path = tmp_path / request.param
    path.write_bytes(next(photo.data for photo in all_crafted if photo.name == path.name))
    return path


def test_stays_when_exiftool_edits_metadata(exiftool: Exiftool, editable: Path) -> None:
    before, data = digest(editable), editable.read_bytes()
    words = (f"-XMP-dc:Description={TEXT}", f"-Artist={TEXT}", "-XMP-dc:Subject=one")
    exiftool("-overwrite_original", *words, str(editable))
    assert editable.read_bytes() != data
    assert digest(editable).content == before.content


def test_stays_when_exiv2_edits_metadata(editable: Path) -> None:
    before, data = digest(editable), editable.read_bytes()
    image = exiv2.ImageFactory.open(str(editable))
    image.readMetadata()
    image.exifData()["Exif.Image.Artist"] = TEXT
    image.xmpData()["Xmp.dc.subject"] = "one"
    image.writeMetadata()
    del image
    assert editable.read_bytes() != data
    assert digest(editable).content == before.content
