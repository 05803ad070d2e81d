"""Where a photo was taken: how EXIF, XMP and videos say it.

Positions are kept to seven decimals of a degree (a centimetre), heights to a millimetre: EXIF and
XMP hold both exactly. Latitude and longitude 0 are what devices write that know of no place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model import Location
from .held import Held

__all__ = ["from_iso6709", "hidden", "hide", "normal", "read", "write"]

_GPS = "Exif.GPSInfo.GPS"
_XMP = "Xmp.exif.GPS"
_AXES = (("Latitude", "NS"), ("Longitude", "EW"))
_DEGREE = 10**7
_METRE = 10**3
_HIGHEST = 2**32 / _METRE - 1

# Lengths are bounded: no hostile file makes a number that takes minutes to compute.
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20}|/\d{1,20})?\Z", re.ASCII)
_XMP_ANGLE = re.compile(
    r"(\d{1,3}),(\d{1,2}(?:\.\d{1,20})?)(?:,(\d{1,2}(?:\.\d{1,20})?))?([NSEW])\Z", re.ASCII
)
_ISO6709 = re.compile(
    r"([+-]\d{1,2}(?:\.\d{1,20})?)([+-]\d{1,3}(?:\.\d{1,20})?)([+-]\d{1,9}(?:\.\d{1,20})?)?",
    re.ASCII,
)


def read(held: Held) -> Location | None:
    """The place, or None; EXIF before XMP."""
    return _exif(held) or _xmp(held)


def hidden(held: Held) -> bool:
    """Whether this sidecar says that nothing is known, whatever the photo itself says."""
    return all(held.has_xmp(_XMP + axis) and not held.xmp_text(_XMP + axis) for axis, _ in _AXES)


def hide(held: Held) -> None:
    """Makes a sidecar say that nothing is known."""
    for axis, _ in _AXES:
        held.blank_xmp(_XMP + axis)


def normal(location: Location | None) -> Location | None:
    """A place as files give it back, None for an impossible one."""
    if location is None:
        return None
    return _location(location.latitude, location.longitude, location.altitude)


def write(held: Held, location: Location | None) -> None:
    """Makes `location` the place of `held`; None removes it. Other GPS data stay."""
    for name in ("Altitude", "AltitudeRef"):
        held.remove_exif(_GPS + name)
        held.remove_xmp(_XMP + name)
    for axis, _ in _AXES:
        held.remove_exif(_GPS + axis)
        held.remove_exif(_GPS + axis + "Ref")
        held.remove_xmp(_XMP + axis)
    if location is None:
        return
    if not held.sidecar:
        _write_exif(held, location)
    _write_xmp(held, location)


def from_iso6709(text: str) -> Location | None:
    """The place in the form of QuickTime ("+48.8577+002.295+035.2/"), or None."""
    found = _ISO6709.match(text)
    if not found:
        return None
    height = float(found[3]) if found[3] else None
    return _location(float(found[1]), float(found[2]), height)


def _location(latitude: float, longitude: float, altitude: float | None) -> Location | None:
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    # Adding 0.0 turns -0.0 into 0.0.
    latitude, longitude = round(latitude, 7) + 0.0, round(longitude, 7) + 0.0
    if altitude is not None:
        altitude = round(altitude, 3) + 0.0 if abs(altitude) < _HIGHEST else None
    return Location(latitude, longitude, altitude) if latitude or longitude else None


def _exif(held: Held) -> Location | None:
    angles = []
    for axis, signs in _AXES:
        text = held.exif_text(_GPS + axis)
        sign = held.exif_text(_GPS + axis + "Ref").strip("\0 ").upper() if text else ""
        parts = [_number(part) for part in text.split()]
        if not 1 <= len(parts) <= 3 or None in parts or sign not in tuple(signs):
            return None
        angles.append(_angle(parts, negative=sign == signs[1]))
    return _location(angles[0], angles[1], _exif_height(held))


def _exif_height(held: Held) -> float | None:
    below = held.exif_text(_GPS + "AltitudeRef").strip() == "1"
    return _height(held.exif_text(_GPS + "Altitude"), below=below)


def _xmp(held: Held) -> Location | None:
    angles = []
    for axis, signs in _AXES:
        found = _XMP_ANGLE.match(held.xmp_text(_XMP + axis).strip().upper())
        if not found or found[4] not in signs:
            return None
        parts = [float(part) for part in found.groups()[:3] if part]
        angles.append(_angle(parts, negative=found[4] == signs[1]))
    below = held.xmp_text(_XMP + "AltitudeRef").strip() == "1"
    return _location(angles[0], angles[1], _height(held.xmp_text(_XMP + "Altitude"), below=below))


def _angle(parts: Sequence[float | None], *, negative: bool) -> float:
    """Degrees, from degrees, minutes and seconds: exact to far more than is kept of them."""
    total = sum((part or 0.0) / 60.0**level for level, part in enumerate(parts))
    return -total if negative else total


def _height(text: str, *, below: bool) -> float | None:
    number = _number(text.strip())
    return -number if number is not None and below else number


def _number(text: str) -> float | None:
    """A decimal number or a fraction; None for anything else and for a division by 0."""
    if not _NUMBER.match(text):
        return None
    over, slash, under = text.partition("/")
    if not slash:
        return float(text)
    return int(over) / int(under) if int(under) else None


def _write_exif(held: Held, location: Location) -> None:
    if not held.exif_text(_GPS + "VersionID"):
        held.set_exif(_GPS + "VersionID", "2 3 0 0")
    held.set_exif(_GPS + "MapDatum", "WGS-84")
    for (axis, signs), value in zip(_AXES, (location.latitude, location.longitude), strict=True):
        degrees, minutes, seconds = _sexagesimal(value)
        held.set_exif(_GPS + axis, f"{degrees}/1 {minutes}/1 {seconds}/{_DEGREE}")
        held.set_exif(_GPS + axis + "Ref", signs[value < 0])
    if location.altitude is not None:
        held.set_exif(_GPS + "Altitude", _millimetres(location.altitude))
        held.set_exif(_GPS + "AltitudeRef", "1" if location.altitude < 0 else "0")


def _write_xmp(held: Held, location: Location) -> None:
    if not held.has_xmp(_XMP + "VersionID"):
        held.set_xmp(_XMP + "VersionID", "2.3.0.0")
    held.set_xmp(_XMP + "MapDatum", "WGS-84")
    for (axis, signs), value in zip(_AXES, (location.latitude, location.longitude), strict=True):
        degrees, rest = divmod(round(abs(value) * _DEGREE), _DEGREE)
        minutes, rest = divmod(rest * 60, _DEGREE)
        held.set_xmp(_XMP + axis, f"{degrees},{minutes}.{rest:07}{signs[value < 0]}")
    if location.altitude is not None:
        held.set_xmp(_XMP + "Altitude", _millimetres(location.altitude))
        held.set_xmp(_XMP + "AltitudeRef", "1" if location.altitude < 0 else "0")


def _sexagesimal(value: float) -> tuple[int, int, int]:
    """Whole degrees, whole minutes, and ten-millionths of a second, exactly."""
    degrees, rest = divmod(round(abs(value) * _DEGREE), _DEGREE)
    minutes, rest = divmod(rest * 60, _DEGREE)
    return degrees, minutes, rest * 60


def _millimetres(height: float) -> str:
    return f"{round(abs(height) * _METRE)}/{_METRE}"
