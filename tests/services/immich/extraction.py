"""What the server's extraction reads from a file and its sidecar, in terms of its own fields."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import exiv2

from imgsync.metadata.held import exiv2_alone

NS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}


@dataclass
class Said:
    """What one container says; None, and no tags, where it says nothing.

    `tags` are those of digiKam's list, which the server writes; `other_tags`, which it never
    writes, are read where no container has such a list.
    """

    caption: str | None = None
    description: str | None = None
    tags: list[str] = field(default_factory=list)
    other_tags: list[str] = field(default_factory=list)
    rating: int | None = None
    taken: str | None = None
    place: tuple[float, float] | None = None
    make: str | None = None


def from_file(data: bytes) -> Said:
    """What is embedded. Files of the tests that hold no EXIF are not even opened."""
    if b"Exif\0\0" not in data and b"Photoshop 3.0" not in data and b"adobe:ns:meta" not in data:
        return Said()
    with exiv2_alone():
        image = exiv2.ImageFactory.open(data)
        image.readMetadata()
        exif = {each.key(): each.toString() for each in image.exifData()}
        iptc = [(each.key(), each.toString()) for each in image.iptcData()]
        xmp = image.xmpPacket()
    said = from_xmp(xmp.encode()) if xmp.strip() else Said()
    taken = exif.get("Exif.Photo.DateTimeOriginal", "").strip("\0 ")
    if len(taken) == 19:
        said.taken = taken[:10].replace(":", "-") + "T" + taken[11:]
        said.taken += exif.get("Exif.Photo.OffsetTimeOriginal", "").strip("\0 ")
    said.caption = exif.get("Exif.Image.ImageDescription", "").strip("\0 ") or said.caption
    said.make = exif.get("Exif.Image.Make")
    if "Exif.Image.Rating" in exif:
        said.rating = int(exif["Exif.Image.Rating"])
    keywords = [value for key, value in iptc if key == "Iptc.Application2.Keywords"]
    said.other_tags = said.other_tags or keywords
    if "Exif.GPSInfo.GPSLatitude" in exif and "Exif.GPSInfo.GPSLongitude" in exif:
        said.place = _degrees(exif, "Latitude", "S"), _degrees(exif, "Longitude", "W")
    return said


def _degrees(exif: dict[str, str], axis: str, negative: str) -> float:
    parts = [part.split("/") for part in exif[f"Exif.GPSInfo.GPS{axis}"].split()]
    numbers = [int(n) / (int(d) or 1) for n, d in parts]
    sum_: float = sum(number / 60**power for power, number in enumerate(numbers))
    return -sum_ if exif.get(f"Exif.GPSInfo.GPS{axis}Ref") == negative else sum_


def from_xmp(data: bytes) -> Said:
    """What an XMP file says; anything that is not well-formed is an error."""
    top = ET.fromstring(data)
    nodes = top.findall(".//rdf:RDF/rdf:Description", NS)

    def texts(name: str) -> list[str]:
        prefix, _, local = name.partition(":")
        found = []
        for node in nodes:
            for child in node.findall(name, NS):
                items = child.findall(".//rdf:li", NS)
                found += [item.text or "" for item in items] or [child.text or ""]
            attribute = node.get(f"{{{NS[prefix]}}}{local}")
            found += [attribute] if attribute is not None else []
        return found

    def text(name: str) -> str | None:
        return next(iter(texts(name)), None)

    hierarchical = [tag.replace("/", "\0") for tag in texts("lr:hierarchicalSubject")]
    hierarchical = [tag.replace("|", "/").replace("\0", "|") for tag in hierarchical]
    rating, latitude = text("xmp:Rating"), text("exif:GPSLatitude")
    longitude = text("exif:GPSLongitude")
    return Said(
        caption=text("tiff:ImageDescription"),
        description=text("dc:description"),
        tags=texts("digiKam:TagsList"),
        other_tags=hierarchical or texts("dc:subject"),
        rating=int(rating) if rating else None,
        taken=text("exif:DateTimeOriginal"),
        place=(_angle(latitude), _angle(longitude)) if latitude and longitude else None,
    )


def _angle(text: str) -> float:
    degrees, minutes = text[:-1].split(",")
    value = int(degrees) + float(minutes) / 60
    return -value if text[-1] in "SW" else value


def merged(file: Said, sidecar: Said | None, version: tuple[int, int, int]) -> dict[str, Any]:
    """The row that the server makes of both; the sidecar comes first."""
    side = sidecar or Said()
    place = side.place or file.place
    if place and place[0] == 0 and (place[1] == 0 or version < (2, 3)):
        place = None  # older ones look at the latitude twice
    tags = side.tags or file.tags or side.other_tags or file.other_tags
    captions = [side.caption, file.caption, side.description, file.description]
    read = [as_read(caption) for caption in captions if caption]
    caption = next((text for text in read if text not in (None, "0", "false")), None) or ""
    rating = side.rating if side.rating is not None else file.rating
    if rating == -1 and version >= (3, 0):
        rating = None
    return {
        "description": re.sub(r"^[\s\ufeff]+|[\s\ufeff]+\Z", "", caption),
        "rating": rating,
        "latitude": place[0] if place else None,
        "longitude": place[1] if place else None,
        "make": file.make,
        "tags": [as_read(tag) or "undefined" for tag in tags],
        "taken": next((t for t in (side.taken, file.taken) if t and "T" in t), None),
    }


def as_read(text: str) -> str | None:
    """A text as it comes back by way of a JSON that has values without quotes; None for none."""
    try:
        value = json.loads(text.lower())
    except ValueError:
        return None if text.strip() == "undef" else text
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return None
    return str(value).removesuffix(".0") if isinstance(value, int | float) else text


def moment(taken: str, zone: tzinfo | None = None) -> tuple[datetime, datetime]:
    """UTC and wall clock of a time; in `zone`, if there is one; else with its own offset, or UTC.

    An offset that no time zone has makes it one of UTC.
    """
    wall = datetime.fromisoformat(taken)
    if zone is None and wall.utcoffset() == timedelta(hours=-5, minutes=-30):
        zone = UTC
    utc = (wall if wall.tzinfo else wall.replace(tzinfo=zone or UTC)).astimezone(UTC)
    return utc, (utc.astimezone(zone) if zone else wall).replace(tzinfo=UTC)


def zone_of(row: dict[str, Any], version: tuple[int, int, int]) -> tzinfo | None:
    """The time zone of a photo's place, in which newer versions show its time."""
    if row["longitude"] is None or version < (2, 3):
        return None
    return timezone(timedelta(hours=round(row["longitude"] / 15)))
