"""The XMP sidecar that travels with a new photo: what Immich is to show, whatever the file says.

Immich merges it over the file's own metadata when it reads a photo for the first time, so that
nothing of it is lost to a second reading. Where it looks for what is told in `Sidecar` by its
names of XMP (ISO 16684-1; digiKam's for tags).
"""

from __future__ import annotations

import math
from xml.sax.saxutils import escape, quoteattr

from ...model import Metadata

__all__ = ["sidecar"]

_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}


def sidecar(metadata: Metadata, taken: str) -> bytes:
    """An XMP file that says `metadata`, in Immich's normal form, and `taken` with its offset."""
    # Both names of the caption: an embedded tiff:ImageDescription would hide dc:description.
    caption = [metadata.caption] if metadata.caption else []
    properties = [
        *(_element(name, "Alt", caption) for name in ("dc:description", "tiff:ImageDescription")),
        # The one place of tags that Immich itself writes: from any other, removed ones come back.
        _element("digiKam:TagsList", "Seq", sorted(metadata.tags)),
        _simple("xmp:Rating", str(metadata.rating or 0)),
    ]
    if taken:
        properties += [
            _simple(n, taken) for n in ("exif:DateTimeOriginal", "photoshop:DateCreated")
        ]
    if metadata.location:
        properties += [
            _simple("exif:GPSLatitude", _angle(metadata.location.latitude, "NS")),
            _simple("exif:GPSLongitude", _angle(metadata.location.longitude, "EW")),
        ]
    names = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in _NAMESPACES.items())
    about = f'<rdf:Description rdf:about=""{names}>{"".join(properties)}</rdf:Description>'
    body = f'<rdf:RDF xmlns:rdf="{_NAMESPACES["rdf"]}">{about}</rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{body}</x:xmpmeta>\n'.encode()


def _simple(name: str, value: str) -> str:
    return f"<{name}>{_escaped(value)}</{name}>"


def _element(name: str, kind: str, values: list[str]) -> str:
    if not values:
        return ""
    language = ' xml:lang="x-default"' if kind == "Alt" else ""
    items = "".join(f"<rdf:li{language}>{_escaped(value)}</rdf:li>" for value in values)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>"


def _escaped(text: str) -> str:
    return escape(text, {"\r": "&#13;"})


def _angle(degrees: float, names: str) -> str:
    """Degrees and decimal minutes, "33,52.5S": the GPSCoordinate of XMP."""
    whole = math.floor(abs(degrees))
    minutes = f"{(abs(degrees) - whole) * 60:.8f}"
    if minutes == "60.00000000":
        whole, minutes = whole + 1, "0"
    return f"{whole},{minutes}{names[degrees < 0]}"
