"""What is read of files and sidecars that others wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import exiv2
import pytest

from imgsync.metadata import files
from imgsync.model import NOTHING_SAID, Field, Location, Metadata, Region

Make = Callable[[str], bytes]

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "darktable": "http://darktable.sf.net/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}


def xmp(body: str, **attributes: str) -> str:
    """An XMP packet; `__` in the name of an attribute is the colon."""
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    said = " ".join(f'{name.replace("__", ":")}="{v}"' for name, v in attributes.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {said}>{body}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )


def items(name: str, kind: str, *values: str) -> str:
    return f"<{name}><rdf:{kind}>{''.join(map(li, values))}</rdf:{kind}></{name}>"


def li(value: str) -> str:
    return f"<rdf:li>{value}</rdf:li>"


def face(name: str, area: str, *, unit: str = "normalized", kind: str = "Face") -> str:
    sides = zip("xywh", area.split(), strict=False)
    said = " ".join(f'stArea:{side}="{number}"' for side, number in sides)
    return (
        f'<rdf:li rdf:parseType="Resource"><mwg-rs:Name>{name}</mwg-rs:Name>'
        f"<mwg-rs:Type>{kind}</mwg-rs:Type>"
        f'<mwg-rs:Area {said} stArea:unit="{unit}"/></rdf:li>'
    )


def mwg(*faces: str) -> str:
    return (
        '<mwg-rs:Regions rdf:parseType="Resource">'
        '<mwg-rs:AppliedToDimensions stDim:w="200" stDim:h="100" stDim:unit="pixel"/>'
        f"<mwg-rs:RegionList><rdf:Bag>{''.join(faces)}</rdf:Bag></mwg-rs:RegionList>"
        "</mwg-rs:Regions>"
    )


def mp(name: str, rectangle: str) -> str:
    return (
        '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>'
        f'<rdf:li MPReg:Rectangle="{rectangle}" MPReg:PersonDisplayName="{name}"/>'
        "</rdf:Bag></MPRI:Regions></MP:RegionInfo>"
    )


# The file says something in every place: without the places named, the next one is believed.
TRUST: list[tuple[Field, list[str], object]] = [
    (Field.TITLE, [], "iptc title"),
    (Field.TITLE, ["Iptc.Application2.ObjectName"], "acdsee title"),
    (Field.TITLE, ["Iptc.Application2.ObjectName", "Xmp.acdsee.caption"], "xp title"),
    (Field.CREATOR, [], ("Ann", "Bob")),
    (Field.CREATOR, ["Exif.Image.Artist"], ("iptc author",)),
    (Field.COPYRIGHT, [], "exif copyright"),
    (Field.COPYRIGHT, ["Exif.Image.Copyright"], "iptc copyright"),
    (Field.RATING, [], 2),
    (Field.RATING, ["Xmp.acdsee.rating"], 3),
    (Field.RATING, ["Xmp.acdsee.rating", "Exif.Image.Rating"], 4),
    (
        Field.RATING,
        ["Xmp.acdsee.rating", "Exif.Image.Rating", "Exif.Image.RatingPercent"],
        3,
    ),
    (Field.LABEL, [], "Green"),
    (Field.LABEL, ["Xmp.darktable.colorlabels"], "Yellow"),
    (Field.TAKEN, [], "2012-07-01T10:20:30"),
    (Field.TAKEN, ["Exif.Photo.DateTimeOriginal"], "2009-07-01T10:20:30"),
    (
        Field.TAKEN,
        ["Exif.Photo.DateTimeOriginal", "Exif.Image.DateTimeOriginal"],
        "2011-01-01T10:11:12+01:00",
    ),
    (
        Field.TAKEN,
        [
            "Exif.Photo.DateTimeOriginal",
            "Exif.Image.DateTimeOriginal",
            "Iptc.Application2.DateCreated",
        ],
        "2013-07-01T10:20:30",
    ),
    (
        Field.TAKEN,
        [
            "Exif.Photo.DateTimeOriginal",
            "Exif.Image.DateTimeOriginal",
            "Iptc.Application2.DateCreated",
            "Exif.Photo.DateTimeDigitized",
        ],
        "2001-01-01",
    ),
    (Field.LOCATION, [], Location(48.5, -2.25)),
    (Field.LOCATION, ["Exif.GPSInfo.GPSLatitudeRef"], None),
    (Field.FAVORITE, [], True),
    (Field.PEOPLE, [], (Region("Anna", (0.7, 0.3, 0.2, 0.2)),)),
    (Field.TAGS, [], frozenset({"Old/Tag", "Old/Child", "iptc1", "iptc2", "xp1", "xp2"})),
    (
        Field.TAGS,
        ["Xmp.digiKam.TagsList", "Xmp.mwg-kw.Keywords"],
        frozenset({"Old", "Old/Key", "Old/Set", "iptc1", "iptc2", "xp1", "xp2"}),
    ),
]
CAPTIONS = [
    ("Xmp.dc.description", "old"),
    ("Xmp.tiff.ImageDescription", "tiff old"),
    ("Iptc.Application2.Caption", "iptc caption"),
    ("Exif.Photo.UserComment", "user comment"),
    ("Xmp.exif.UserComment", "xmp comment"),
    ("", "old comment"),
]
TRUST += [
    (Field.CAPTION, [key for key, _ in CAPTIONS[:gone]], text)
    for gone, (_, text) in enumerate(CAPTIONS)
]


@pytest.mark.parametrize(("field", "without", "expected"), TRUST)
def test_places_are_believed_in_order_of_trust(
    tmp_path: Path, full: Make, field: Field, without: list[str], expected: object
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(full("jpg"))
    image = exiv2.ImageFactory.open(str(path))
    image.readMetadata()
    for data in (image.exifData(), image.iptcData(), image.xmpData()):
        for key in [datum.key() for datum in data]:
            if key.partition("/")[0] in without:
                del data[key]
    image.writeMetadata()
    assert files.read(path, None).get(field) == expected


SIDECARS: list[tuple[str, Mapping[str, str], str, Metadata]] = [
    ("rating", {"xmp__Rating": "4"}, "", Metadata(rating=4)),
    ("rating as a real number", {"xmp__Rating": "4.0"}, "", Metadata(rating=4)),
    ("rating of nothing", {"xmp__Rating": "0"}, "", NOTHING_SAID),
    ("rating out of range", {"xmp__Rating": "7"}, "", NOTHING_SAID),
    ("rating that is no number", {"xmp__Rating": "nan"}, "", NOTHING_SAID),
    ("rejected by rating", {"xmp__Rating": "-1"}, "", Metadata(rating=-1)),
    (
        "rejected by digiKam",
        {"digiKam__PickLabel": "1", "xmp__Rating": "3"},
        "",
        Metadata(rating=-1),
    ),
    ("rejected by Lightroom", {"xmpDM__pick": "-1"}, "", Metadata(rating=-1)),
    ("accepted by digiKam", {"digiKam__PickLabel": "3"}, "", Metadata(favorite=True)),
    ("accepted by Lightroom", {"xmpDM__pick": "1"}, "", Metadata(favorite=True)),
    ("pending", {"digiKam__PickLabel": "2"}, "", NOTHING_SAID),
    ("taken back in digiKam", {"digiKam__PickLabel": "0", "xmpDM__pick": "1"}, "", NOTHING_SAID),
    ("label", {"xmp__Label": "Red"}, "", Metadata(label="Red")),
    ("label in German", {"xmp__Label": "Rot"}, "", Metadata(label="Red")),
    ("label in Russian", {"xmp__Label": "Желтый"}, "", Metadata(label="Yellow")),
    ("label of Bridge", {"xmp__Label": "To Do"}, "", Metadata(label="Purple")),
    ("label in words", {"xmp__Label": "To print"}, "", Metadata(label="To print")),
    ("label of digiKam", {"digiKam__ColorLabel": "2"}, "", Metadata(label="Orange")),
    (
        "label of digiKam is magenta",
        {"digiKam__ColorLabel": "6", "xmp__Label": "Purple"},
        "",
        Metadata(label="Purple"),
    ),
    (
        "label that digiKam does not know of",
        {"digiKam__ColorLabel": "0", "xmp__Label": "Green"},
        "",
        Metadata(label="Green"),
    ),
    ("year", {"photoshop__DateCreated": "1950"}, "", Metadata(taken="1950")),
    ("month", {"photoshop__DateCreated": "1950-03"}, "", Metadata(taken="1950-03")),
    (
        "minute",
        {"photoshop__DateCreated": "1950-03-01T10:20Z"},
        "",
        Metadata(taken="1950-03-01T10:20+00:00"),
    ),
    (
        "offset without a colon",
        {"exif__DateTimeOriginal": "2012-07-01T10:20:30.50+0200", "xmp__Rating": "0"},
        "",
        Metadata(taken="2012-07-01T10:20:30.50+02:00"),
    ),
    (
        "date of darktable",
        {"exif__DateTimeOriginal": "2021:08:19 18:48:53", "xmp__Rating": "0"},
        "",
        Metadata(taken="2021-08-19T18:48:53"),
    ),
    ("no date", {"photoshop__DateCreated": "0000-00-00T00:00:00"}, "", NOTHING_SAID),
    ("no such date", {"photoshop__DateCreated": "2012-02-30"}, "", NOTHING_SAID),
    (
        "place in minutes",
        {"exif__GPSLatitude": "48,30.6N", "exif__GPSLongitude": "2,15.0W"},
        "",
        Metadata(location=Location(48.51, -2.25)),
    ),
    (
        "place in seconds, below the sea",
        {
            "exif__GPSLatitude": "48,30,36S",
            "exif__GPSLongitude": "2,15,0E",
            "exif__GPSAltitude": "1005/10",
            "exif__GPSAltitudeRef": "1",
        },
        "",
        Metadata(location=Location(-48.51, 2.25, -100.5)),
    ),
    (
        "place zero",
        {"exif__GPSLatitude": "0,0.0N", "exif__GPSLongitude": "0,0.0E"},
        "",
        NOTHING_SAID,
    ),
    (
        "height of the devil",
        {
            "exif__GPSLatitude": "1,0.0N",
            "exif__GPSLongitude": "1,0.0E",
            "exif__GPSAltitude": "1e999999999",
        },
        "",
        Metadata(location=Location(1.0, 1.0)),
    ),
    (
        "only another language",
        {},
        '<dc:title><rdf:Alt><rdf:li xml:lang="de-DE">Strand</rdf:li></rdf:Alt></dc:title>',
        Metadata(title="Strand"),
    ),
    (
        "default language last",
        {},
        '<dc:title><rdf:Alt><rdf:li xml:lang="de-DE">Strand</rdf:li>'
        '<rdf:li xml:lang="x-default">Beach</rdf:li></rdf:Alt></dc:title>',
        Metadata(title="Beach"),
    ),
    (
        "keywords: numbers, commas, blanks",
        {},
        items("dc:subject", "Bag", "2024", "a, b", " ", " c "),
        Metadata(tags=frozenset({"2024", "a, b", "c"})),
    ),
    (
        "keywords that are levels",
        {},
        items("dc:subject", "Bag", "Paris", "France", "dog")
        + items("lr:hierarchicalSubject", "Bag", "Places|France|Paris"),
        Metadata(tags=frozenset({"Places/France/Paris", "dog"})),
    ),
    (
        "a level said to be a tag as well",
        {},
        items("digiKam:TagsList", "Seq", "Places", "Places/France"),
        Metadata(tags=frozenset({"Places", "Places/France"})),
    ),
    (
        "a slash inside a level",
        {},
        items("lr:hierarchicalSubject", "Seq", "Bands|AC/DC") + items("dc:subject", "Bag", "AC/DC"),
        Metadata(tags=frozenset({"Bands/AC|DC"})),
    ),
    (
        "letters in two spellings",
        {},
        items("dc:subject", "Bag", "e\u0301te\u0301")
        + items("lr:hierarchicalSubject", "Bag", "Saisons|été"),
        Metadata(tags=frozenset({"Saisons/été"})),
    ),
    (
        "faces",
        {},
        mwg(face("Anna", "0.5 0.5 0.2 0.2"), face("", "0.1 0.1 0.1 0.1")),
        Metadata(people=(Region("Anna", (0.5, 0.5, 0.2, 0.2)),)),
    ),
    (
        "faces in pixels",
        {},
        mwg(face("Anna", "100 50 40 20", unit="pixel")),
        Metadata(people=(Region("Anna", (0.5, 0.5, 0.2, 0.2)),)),
    ),
    ("pets", {}, mwg(face("Rex", "0.5 0.5 0.2 0.2", kind="Pet")), NOTHING_SAID),
    (
        "a face that is a point",
        {},
        mwg(face("Anna", "0.5 0.5")),
        Metadata(people=(Region("Anna"),)),
    ),
    (
        "faces of Microsoft",
        {},
        mp("Anna", "0.25, 0.25, 0.5, 0.5"),
        Metadata(people=(Region("Anna", (0.5, 0.5, 0.5, 0.5)),)),
    ),
    (
        "one face in both ways",
        {},
        mwg(face("Anna", "0.5 0.5 0.5 0.5")) + mp("Anna", "0.25, 0.25, 0.49, 0.5"),
        Metadata(people=(Region("Anna", (0.5, 0.5, 0.5, 0.5)),)),
    ),
    (
        "two faces, one in each way",
        {},
        mwg(face("Anna", "0.5 0.5 0.2 0.2")) + mp("Bob", "0.4, 0.4, 0.2, 0.2"),
        Metadata(
            people=(Region("Anna", (0.5, 0.5, 0.2, 0.2)), Region("Bob", (0.5, 0.5, 0.2, 0.2)))
        ),
    ),
    (
        "names without a frame",
        {},
        items("Iptc4xmpExt:PersonInImage", "Bag", "Anna", "Bob")
        + mwg(face("Anna", "0.5 0.5 0.2 0.2")),
        Metadata(people=(Region("Anna", (0.5, 0.5, 0.2, 0.2)), Region("Bob"))),
    ),
]


@pytest.mark.parametrize(
    ("attributes", "body", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in SIDECARS],
)
def test_sidecars_of_others(
    tmp_path: Path, plain: Make, attributes: Mapping[str, str], body: str, expected: Metadata
) -> None:
    path, sidecar = tmp_path / "a.jpg", tmp_path / "a.xmp"
    path.write_bytes(plain("jpg"))
    sidecar.write_text(xmp(body, **attributes), encoding="utf-8")
    assert files.read(path, sidecar) == expected


EXIF: list[tuple[str, Mapping[str, Any], Metadata]] = [
    (
        "sub-seconds and offset",
        {
            "Exif.Photo.DateTimeOriginal": "2012:07:01 10:20:30",
            "Exif.Photo.SubSecTimeOriginal": "050",
            "Exif.Photo.OffsetTimeOriginal": "+02:00",
            "Exif.Photo.OffsetTime": "+09:00",
        },
        Metadata(taken="2012-07-01T10:20:30.050+02:00"),
    ),
    (
        "the offset of another time",
        {"Exif.Photo.DateTimeOriginal": "2012:07:01 10:20:30", "Exif.Photo.OffsetTime": "+09:00"},
        Metadata(taken="2012-07-01T10:20:30"),
    ),
    (
        "sub-seconds behind the seconds",
        {
            "Exif.Photo.DateTimeOriginal": "2018:05:25 07:13:09.978",
            "Exif.Photo.DateTimeDigitized": "2011:07:15 11:14:39",
        },
        Metadata(taken="2018-05-25T07:13:09.978"),
    ),
    (
        "date in the place of TIFF/EP",
        {"Exif.Image.DateTimeOriginal": "2012:07:01 10:20:30"},
        Metadata(taken="2012-07-01T10:20:30"),
    ),
    ("no date", {"Exif.Photo.DateTimeOriginal": "0000:00:00 00:00:00"}, NOTHING_SAID),
    ("blank date", {"Exif.Photo.DateTimeOriginal": "    :  :     :  :  "}, NOTHING_SAID),
    ("time of the file", {"Exif.Image.DateTime": "2012:07:01 10:20:30"}, NOTHING_SAID),
    ("blank caption", {"Exif.Image.ImageDescription": "      "}, NOTHING_SAID),
    (
        "caption of an Olympus",
        {"Exif.Image.ImageDescription": "OLYMPUS DIGITAL CAMERA  "},
        NOTHING_SAID,
    ),
    ("caption of a Sony", {"Exif.Image.ImageDescription": "          SONY DSC"}, NOTHING_SAID),
    (
        "caption of an optimizer behind that of a camera",
        {
            "Exif.Image.ImageDescription": "OLYMPUS DIGITAL CAMERA",
            "Exif.Photo.UserComment": "Optimized by JPEGmini 3.14.12.71901706 0x2a644463",
        },
        NOTHING_SAID,
    ),
    ("caption", {"Exif.Image.ImageDescription": "My camera"}, Metadata(caption="My camera")),
    (
        "names with signs",
        {"Exif.Image.Artist": '"Ann; Bob"; Carl;"D ""E"" F" ;G'},
        Metadata(creator=("Ann; Bob", "Carl", 'D "E" F', "G")),
    ),
    (
        "place without a hemisphere",
        {"Exif.GPSInfo.GPSLatitude": "48/1 30/1 0/1", "Exif.GPSInfo.GPSLongitude": "2/1 15/1 0/1"},
        NOTHING_SAID,
    ),
    (
        "place divided by zero",
        {
            "Exif.GPSInfo.GPSLatitude": "48/0 0/0 0/0",
            "Exif.GPSInfo.GPSLatitudeRef": "N",
            "Exif.GPSInfo.GPSLongitude": "2/1 15/1 0/1",
            "Exif.GPSInfo.GPSLongitudeRef": "E",
        },
        NOTHING_SAID,
    ),
]


@pytest.mark.parametrize(
    ("values", "expected"), [pytest.param(*row[1:], id=row[0]) for row in EXIF]
)
def test_exif_of_others(
    tmp_path: Path, plain: Make, values: Mapping[str, Any], expected: Metadata
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(plain("jpg"))
    image = exiv2.ImageFactory.open(str(path))
    image.readMetadata()
    for key, value in values.items():
        image.exifData()[key] = value
    image.writeMetadata()
    assert files.read(path, None) == expected


@pytest.mark.parametrize(
    ("repeated", "taken"),
    [
        ("2021:08:19 18:48:53", "2021-08-19T18:48:53.250+02:00"),
        ("2021:08:19 18:48:53.25", "2021-08-19T18:48:53.250+02:00"),
        ("2021:08:19 18:48:54", "2021-08-19T18:48:54"),
        ("2021-08-19T18:48:53", "2021-08-19T18:48:53"),
    ],
)
def test_a_time_that_darktable_repeats_keeps_its_offset(
    tmp_path: Path, plain: Make, repeated: str, taken: str
) -> None:
    path, sidecar = tmp_path / "a.jpg", tmp_path / "a.jpg.xmp"
    path.write_bytes(plain("jpg"))
    files.write(path, None, Metadata(taken="2021-08-19T18:48:53.250+02:00"), [Field.TAKEN])
    sidecar.write_text(xmp("", exif__DateTimeOriginal=repeated))
    assert files.read(path, sidecar).taken == taken


@pytest.mark.parametrize("written", ["grün".encode("cp1252"), "grün".encode()])
def test_text_of_an_unknown_encoding(tmp_path: Path, plain: Make, written: bytes) -> None:
    path = tmp_path / "a.jpg"
    image = exiv2.ImageFactory.open(plain("jpg"))
    image.readMetadata()
    marker = "x" * len(written)
    image.exifData()["Exif.Image.Copyright"] = marker + "y" + marker
    image.iptcData()["Iptc.Application2.ObjectName"] = marker
    image.writeMetadata()
    data = bytes(image.io().mmap()).replace(b"y", b"\0").replace(marker.encode(), written)
    path.write_bytes(data)
    shown = files.read(path, None)
    assert (shown.title, shown.copyright) == ("grün", "grün\ngrün")


DOMINANCE = [
    ("develop settings", xmp("", crs__Exposure2012="1", dc__format="image/jpeg"), False),
    ("history", xmp("", darktable__xmp_version="5"), False),
    ("a rating", xmp("", xmp__Rating="0"), True),
    ("a keyword", xmp(items("dc:subject", "Bag", "a")), True),
    ("a place", xmp("", exif__GPSLatitude="1,0.0N", exif__GPSLongitude="1,0.0E"), True),
]


@pytest.mark.parametrize(
    ("packet", "speaks"), [pytest.param(*row[1:], id=row[0]) for row in DOMINANCE]
)
def test_a_sidecar_speaks_for_its_photo_if_it_describes_it(
    tmp_path: Path, full: Make, packet: str, speaks: bool
) -> None:
    path, sidecar = tmp_path / "a.jpg", tmp_path / "a.jpg.xmp"
    path.write_bytes(full("jpg"))
    sidecar.write_text(packet)
    shown = files.read(path, sidecar)
    assert (shown.caption == "") == speaks
    assert ("Old/Tag" not in shown.tags) == speaks
    # These two it only says first.
    assert shown.taken == "2012-07-01T10:20:30"
    assert shown.location is not None
