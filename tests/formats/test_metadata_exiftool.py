"""ExifTool reads what img-sync writes, and img-sync reads what ExifTool writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from imgsync.metadata import files
from imgsync.model import METADATA_FIELDS, Location, Metadata, Region

Make = Callable[[str], bytes]
ExifTool = Callable[..., str]

SAID = Metadata(
    title="Strand",
    caption="grüß Gott, 東京",
    tags=frozenset({"Places/France/Paris", "dog", "Bands/AC|DC"}),
    taken="2012-07-01T10:20:30.250+02:00",
    location=Location(-12.5, 179.9999999, -3.25),
    rating=4,
    label="Purple",
    favorite=True,
    people=(Region("Anna", (0.25, 0.5, 0.125, 0.25)), Region("Bob")),
    creator=("Ann; Bob", "Carl"),
    copyright="© Ann",
)
XMP = {
    "XMP-dc:Title": "Strand",
    "XMP-dc:Description": "grüß Gott, 東京",
    "XMP-dc:Subject": ["AC|DC", "Paris", "dog"],
    "XMP-dc:Creator": ["Ann; Bob", "Carl"],
    "XMP-dc:Rights": "© Ann",
    "XMP-lr:HierarchicalSubject": ["Bands|AC/DC", "Places|France|Paris", "dog"],
    "XMP-photoshop:DateCreated": "2012:07:01 10:20:30.250+02:00",
    "XMP-exif:DateTimeOriginal": "2012:07:01 10:20:30.250+02:00",
    "XMP-exif:GPSLatitude": -12.5,
    "XMP-exif:GPSLongitude": 179.9999999,
    "XMP-exif:GPSAltitude": 3.25,
    "XMP-exif:GPSAltitudeRef": 1,
    "XMP-xmp:Rating": 4,
    "XMP-xmp:Label": "Purple",
    "XMP-digiKam:ColorLabel": 6,
    "XMP-digiKam:PickLabel": 3,
    "XMP-xmpDM:Pick": 1,
    "XMP-iptcExt:PersonInImage": ["Anna", "Bob"],
    "XMP-mwg-rs:RegionName": "Anna",
    "XMP-mwg-rs:RegionType": "Face",
    "XMP-mwg-rs:RegionAreaX": 0.25,
    "XMP-mwg-rs:RegionAreaY": 0.5,
    "XMP-mwg-rs:RegionAreaW": 0.125,
    "XMP-mwg-rs:RegionAreaH": 0.25,
    "XMP-mwg-rs:RegionAreaUnit": "normalized",
    "XMP-MP:RegionPersonDisplayName": "Anna",
    "XMP-MP:RegionRectangle": "0.1875, 0.375, 0.125, 0.25",
}
SIDECAR = XMP | {
    "XMP-digiKam:TagsList": ["Bands/AC|DC", "Places/France/Paris", "dog"],
    "XMP-tiff:ImageDescription": "grüß Gott, 東京",
}
EXIF = {
    "IFD0:ImageDescription": "grüß Gott, 東京",
    "IFD0:Artist": '"Ann; Bob"; Carl',
    "IFD0:Copyright": "© Ann",
    "ExifIFD:DateTimeOriginal": "2012:07:01 10:20:30",
    "ExifIFD:SubSecTimeOriginal": 250,
    "ExifIFD:OffsetTimeOriginal": "+02:00",
    "GPS:GPSLatitude": 12.5,
    "GPS:GPSLatitudeRef": "S",
    "GPS:GPSLongitude": 179.9999999,
    "GPS:GPSLongitudeRef": "E",
    "GPS:GPSAltitude": 3.25,
    "GPS:GPSAltitudeRef": 1,
    "GPS:GPSVersionID": "2 3 0 0",
    "GPS:GPSMapDatum": "WGS-84",
}
SIZE = {"XMP-mwg-rs:RegionAppliedToDimensionsW": 16, "XMP-mwg-rs:RegionAppliedToDimensionsH": 12}
IPTC = {
    "IPTC:CodedCharacterSet": "\x1b%G",
    "IPTC:ObjectName": "Strand",
    "IPTC:Caption-Abstract": "grüß Gott, 東京",
    "IPTC:Keywords": ["AC|DC", "Paris", "dog"],
    "IPTC:By-line": ["Ann; Bob", "Carl"],
    "IPTC:CopyrightNotice": "© Ann",
    "IPTC:DateCreated": "2012:07:01",
    "IPTC:TimeCreated": "10:20:30+02:00",
    "IPTC:City": "Köln",
}


def shown_by(exiftool: ExifTool, path: Path) -> dict[str, object]:
    (tags,) = json.loads(exiftool("-json", "-n", "-G1", "-a", str(path)))
    assert isinstance(tags, dict)
    return tags


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", XMP | EXIF | SIZE),
        ("a.png", XMP | EXIF | SIZE),
        ("a.tif", XMP | EXIF | SIZE),
        ("a.webp", XMP | EXIF | SIZE),
        ("a.cr2", SIDECAR),
    ],
)
def test_exiftool_reads_what_is_written(
    tmp_path: Path, plain: Make, exiftool: ExifTool, name: str, expected: dict[str, object]
) -> None:
    path = tmp_path / name
    path.write_bytes(plain(path.suffix[1:]))
    sidecar = files.write(path, None, SAID, METADATA_FIELDS)
    shown = shown_by(exiftool, sidecar or path)
    assert {tag: shown.get(tag) for tag in expected} == expected
    assert "Warning" not in str(shown)


def test_exiftool_reads_the_iptc_that_is_written(
    tmp_path: Path, plain: Make, exiftool: ExifTool
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(plain("jpg"))
    exiftool("-q", "-overwrite_original", "-charset", "iptc=Latin", "-IPTC:City=Köln", str(path))
    files.write(path, None, SAID, METADATA_FIELDS)
    shown = shown_by(exiftool, path)
    assert {tag: shown.get(tag) for tag in IPTC} == IPTC


def test_guidelines(tmp_path: Path, plain: Make, exiftool: ExifTool) -> None:
    """By the rules of the MWG, as ExifTool has them, the same is read."""
    path = tmp_path / "a.jpg"
    path.write_bytes(plain("jpg"))
    exiftool("-q", "-overwrite_original", "-IPTC:City=x", "-IPTCDigest=new", str(path))
    files.write(path, None, SAID, METADATA_FIELDS)
    (tags,) = json.loads(
        exiftool(
            "-json", "-n", "-use", "MWG", "-MWG:all", "-IPTCDigest", "-CurrentIPTCDigest", str(path)
        )
    )
    assert tags["Creator"] == ["Ann; Bob", "Carl"]
    assert tags["Description"] == "grüß Gott, 東京"
    assert tags["Copyright"] == "© Ann"
    assert tags["Keywords"] == ["AC|DC", "Paris", "dog"]
    assert tags["Rating"] == 4
    assert tags["DateTimeOriginal"] == "2012:07:01 10:20:30.250+02:00"
    assert tags["IPTCDigest"] == tags["CurrentIPTCDigest"]


# What img-sync writes, what says where something is or tells of the file as a whole, and where
# Adobe's toolkit puts the identifier of old packets.
OURS = re.compile(
    r"""
    SourceFile | (?:System|File|ExifTool|Composite|IPTC): | XMP-x:XMPToolkit
    | .*Offsets\Z | MPImage\d+:MPImage(?:Length|Start)
    | XMP-(?:digiKam|lr|MP|mwg-rs): | XMP-microsoft:(?:LastKeyword|Rating)
    | XMP-dc:(?:Title|Description|Subject|Creator|Rights) | XMP-xmp:(?:Rating|Label)
    | XMP-photoshop:DateCreated | XMP-exif:(?:DateTimeOriginal|GPS) | XMP-xmpDM:Pick
    | XMP-iptcExt:PersonInImage | XMP-tiff:ImageDescription | Photoshop:IPTCDigest
    | XMP-rdf:About | XMP-xmpMM:InstanceID
    | IFD0:(?:ImageDescription|Artist|Copyright|XP|Rating|DateTimeOriginal) | GPS:
    | ExifIFD:(?:DateTimeOriginal|SubSecTimeOriginal|OffsetTimeOriginal)
    """,
    re.VERBOSE,
)


def test_all_else_in_real_photos_stays(
    sample_photos: Path, tmp_path: Path, exiftool: ExifTool
) -> None:
    """Maker notes, thumbnails, profiles and what else there is, as ExifTool understands it."""
    photos = sorted([*sample_photos.glob("jpg/**/*.*"), *sample_photos.glob("tiff/*")])
    copies = [tmp_path / f"{number}{path.suffix}" for number, path in enumerate(photos)]
    said = []
    for written in (False, True):
        for path, copy in zip(photos, copies, strict=True):
            copy.write_bytes(path.read_bytes())
            if written:
                files.write(copy, None, SAID, METADATA_FIELDS)
        shown = exiftool("-json", "-G1", "-a", "-s", "-n", "-struct", *map(str, copies))
        said.append([kept(tags) for tags in json.loads(shown)])
    for path, old, new in zip(photos, *said, strict=True):
        assert new == old, path.name


def kept(tags: dict[str, object]) -> dict[str, object]:
    return {tag: value for tag, value in tags.items() if not OURS.match(tag)}


def test_extended_xmp_stays(tmp_path: Path, plain: Make, exiftool: ExifTool) -> None:
    path, history = tmp_path / "a.jpg", tmp_path / "history"
    path.write_bytes(plain("jpg"))
    history.write_text("".join(map(str, range(20_000))))
    exiftool("-q", "-overwrite_original", f"-XMP-photoshop:History<={history}", str(path))
    assert files.write(path, None, SAID, METADATA_FIELDS) is None
    assert exiftool("-b", "-XMP-photoshop:History", str(path)) == history.read_text()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", "a.xmp"])
def test_what_exiftool_writes_is_read(
    tmp_path: Path, plain: Make, exiftool: ExifTool, name: str
) -> None:
    photo = tmp_path / (name if name != "a.xmp" else "a.jpg")
    photo.write_bytes(plain(photo.suffix[1:]))
    exiftool(
        "-q",
        "-n",
        "-overwrite_original",
        "-XMP-dc:Title=Strand",
        "-XMP-dc:Description=grüß Gott, 東京",
        "-XMP-dc:Subject=Paris",
        "-XMP-dc:Subject=dog",
        "-XMP-lr:HierarchicalSubject=Places|France|Paris",
        "-XMP-lr:HierarchicalSubject=Bands|AC/DC",
        "-XMP-photoshop:DateCreated=2012:07:01 10:20:30.250+02:00",
        "-XMP-exif:GPSLatitude=-12.5",
        "-XMP-exif:GPSLongitude=179.9999999",
        "-XMP-exif:GPSAltitude=3.25",
        "-XMP-exif:GPSAltitudeRef=1",
        "-XMP-xmp:Rating=4",
        "-XMP-xmp:Label=Violet",
        "-XMP-xmpDM:Pick=1",
        "-XMP-iptcExt:PersonInImage=Bob",
        "-XMP-mwg-rs:RegionInfo={RegionList=[{Area={X=0.25,Y=0.5,W=0.125,H=0.25,"
        "Unit=normalized},Name=Anna,Type=Face}]}",
        "-XMP-dc:Creator=Ann; Bob",
        "-XMP-dc:Creator=Carl",
        "-XMP-dc:Rights=© Ann",
        str(tmp_path / name),
    )
    assert files.read(photo, tmp_path / name if name == "a.xmp" else None) == SAID


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_the_exif_that_exiftool_writes_is_read(
    tmp_path: Path, plain: Make, exiftool: ExifTool, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(plain(path.suffix[1:]))
    exiftool(
        "-q",
        "-n",
        "-overwrite_original",
        "-EXIF:ImageDescription=grüß Gott",
        '-EXIF:Artist="Ann; Bob"; Carl',
        "-EXIF:Copyright=© Ann\n© Carl",
        "-EXIF:DateTimeOriginal=2012:07:01 10:20:30",
        "-EXIF:SubSecTimeOriginal=250",
        "-EXIF:OffsetTimeOriginal=+02:00",
        "-EXIF:GPSLatitude=12.5",
        "-EXIF:GPSLatitudeRef=S",
        "-EXIF:GPSLongitude=179.9999999",
        "-EXIF:GPSLongitudeRef=E",
        "-EXIF:GPSAltitude=3.25",
        "-EXIF:GPSAltitudeRef=1",
        "-EXIF:Rating=4",
        "-EXIF:XPTitle=Strand",
        "-EXIF:XPKeywords=dog;東京",
        str(path),
    )
    assert files.read(path, None) == Metadata(
        title="Strand",
        caption="grüß Gott",
        tags=frozenset({"dog", "東京"}),
        taken=SAID.taken,
        location=SAID.location,
        rating=4,
        creator=SAID.creator,
        copyright="© Ann\n© Carl",
    )
