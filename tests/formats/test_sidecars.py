"""Which files are photos, and which sidecars belong to which."""

from __future__ import annotations

import pytest

from imgsync.metadata import formats, sidecars

OWNERS: list[tuple[str, list[str], dict[str, tuple[str, ...]]]] = [
    ("none", ["a.jpg", "b.txt"], {"a.jpg": ()}),
    ("whole name", ["a.jpg", "a.jpg.xmp"], {"a.jpg": ("a.jpg.xmp",)}),
    ("stem", ["a.jpg", "a.xmp"], {"a.jpg": ("a.xmp",)}),
    ("whole name before stem", ["a.jpg", "a.jpg.xmp", "a.xmp"], {"a.jpg": ("a.jpg.xmp", "a.xmp")}),
    ("suffix in another case", ["a.JPG", "a.jpg.XMP"], {"a.JPG": ("a.jpg.XMP",)}),
    ("stem, suffix in another case", ["a.JPG", "a.XMP"], {"a.JPG": ("a.XMP",)}),
    ("stem in another case", ["A.jpg", "a.jpg.xmp", "a.xmp"], {"A.jpg": ()}),
    (
        "two photos that differ in case",
        ["a.JPG", "a.jpg", "a.jpg.xmp"],
        {"a.JPG": (), "a.jpg": ("a.jpg.xmp",)},
    ),
    (
        "two sidecars that differ in case",
        ["a.jpg", "a.jpg.XMP", "a.JPG.xmp", "a.jpg.xmp"],
        {"a.jpg": ("a.jpg.xmp", "a.jpg.XMP", "a.JPG.xmp")},
    ),
    ("RAW and JPEG", ["a.cr2", "a.jpg", "a.xmp"], {"a.cr2": ("a.xmp",), "a.jpg": ()}),
    (
        "RAW and JPEG, a sidecar each",
        ["a.cr2", "a.jpg", "a.jpg.xmp", "a.xmp"],
        {"a.cr2": ("a.xmp",), "a.jpg": ("a.jpg.xmp",)},
    ),
    (
        "RAW with two sidecars, and JPEG",
        ["a.cr2", "a.cr2.xmp", "a.jpg", "a.xmp"],
        {"a.cr2": ("a.cr2.xmp", "a.xmp"), "a.jpg": ()},
    ),
    ("Live Photo", ["a.heic", "a.mov", "a.xmp"], {"a.heic": ("a.xmp",), "a.mov": ()}),
    ("two pictures", ["a.png", "a.jpg", "a.xmp"], {"a.jpg": ("a.xmp",), "a.png": ()}),
    (
        "a name that looks like a suffix",
        ["a.jpg", "a.jpg.png", "a.jpg.xmp"],
        {"a.jpg": ("a.jpg.xmp",), "a.jpg.png": ()},
    ),
    ("no photo of that name", ["a_01.jpg.xmp", "a.jpg", ".xmp"], {"a.jpg": ()}),
]


@pytest.mark.parametrize(
    ("names", "expected"), [pytest.param(*row[1:], id=row[0]) for row in OWNERS]
)
def test_owners(names: list[str], expected: dict[str, tuple[str, ...]]) -> None:
    assert sidecars.owners(names) == expected
    assert sidecars.owners(reversed(names)) == expected


def test_a_new_sidecar_belongs_to_its_photo_alone() -> None:
    for photo in ("a.jpg", "a.CR2", "a.b.mov"):
        assert sidecars.owners(["a.jpg", "a.CR2", "a.b.mov", sidecars.name_for(photo)])[photo]


@pytest.mark.parametrize(
    ("name", "photo", "raw", "video", "embeds"),
    [
        ("a.jpg", True, False, False, True),
        ("a.JPEG", True, False, False, True),
        ("a.png", True, False, False, True),
        ("a.Tif", True, False, False, True),
        ("a.webp", True, False, False, True),
        ("a.gif", True, False, False, False),
        ("a.HEIC", True, False, False, False),
        ("a.avif", True, False, False, False),
        ("a.jxl", True, False, False, False),
        ("a.CR3", True, True, False, False),
        ("a.dng", True, True, False, False),
        ("a.MOV", True, False, True, False),
        ("a.xmp", False, False, False, False),
        ("a.jpg.xmp", False, False, False, False),
        ("jpg", False, False, False, False),
        (".jpg", False, False, False, False),
        ("a.", False, False, False, False),
        ("", False, False, False, False),
    ],
)
def test_formats(name: str, photo: bool, raw: bool, video: bool, embeds: bool) -> None:
    assert formats.is_photo(name) == photo
    assert formats.is_raw(name) == raw
    assert formats.is_video(name) == video
    assert formats.embeds(name) == embeds
