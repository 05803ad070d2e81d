"""When a photo was taken: how EXIF, XMP and IPTC say it.

A time is what `Metadata.taken` holds: ISO 8601 with the digits of the fraction as they were said,
and an offset only where one was said. Nothing is guessed from names or dates of files.
"""

from __future__ import annotations

import re
from datetime import datetime

from .held import Held

__all__ = ["created", "hidden", "hide", "normal", "original", "write"]

_EXIF_ORIGINAL = (
    "Exif.Photo.DateTimeOriginal",
    "Exif.Photo.SubSecTimeOriginal",
    "Exif.Photo.OffsetTimeOriginal",
)
# Where TIFF/EP has it, and RAW files and some phones with it.
_TIFF_ORIGINAL = ("Exif.Image.DateTimeOriginal", *_EXIF_ORIGINAL[1:])
_EXIF_DIGITIZED = (
    "Exif.Photo.DateTimeDigitized",
    "Exif.Photo.SubSecTimeDigitized",
    "Exif.Photo.OffsetTimeDigitized",
)
_XMP_ORIGINAL = ("Xmp.photoshop.DateCreated", "Xmp.exif.DateTimeOriginal")
_XMP_CREATED = ("Xmp.xmp.CreateDate", "Xmp.exif.DateTimeDigitized")
_IPTC_DATE = "Iptc.Application2.DateCreated"
_IPTC_TIME = "Iptc.Application2.TimeCreated"

_EXIF = re.compile(
    r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(?P<fraction>\d+))?\Z",
    re.ASCII,
)
_OFFSET = re.compile(r"[+-]\d\d:\d\d\Z", re.ASCII)
_XMP = re.compile(
    r"(?P<date>\d{4}(?:-\d\d(?:-\d\d)?)?)"
    r"(?:[T ](?P<time>\d\d:\d\d(?P<seconds>:\d\d(?:\.\d+)?)?)(?P<offset>Z|[+-]\d\d:?\d\d)?)?\Z",
    re.ASCII,
)
# darktable writes a date into XMP as EXIF has it.
_COLONS = re.compile(r"(\d{4}):(\d\d):(\d\d)(?= )", re.ASCII)
_SECOND = len("2012-07-01T10:20:30")


def original(held: Held, own: str = "") -> str:
    """The time the picture was taken, "" if it is not said.

    `own` is what the photo itself says, if `held` is its sidecar: where darktable repeats that
    time there, it does so without the offset, and `own` counts.
    """
    return (
        _exif(held, _EXIF_ORIGINAL)
        or _exif(held, _TIFF_ORIGINAL)
        or _xmp(held, _XMP_ORIGINAL, own)
        or _iptc(held)
    )


def created(held: Held) -> str:
    """The time the picture became a file: a stand-in for the time it was taken."""
    return _exif(held, _EXIF_DIGITIZED) or _xmp(held, _XMP_CREATED)


def hidden(held: Held) -> bool:
    """Whether this sidecar says that nothing is known, whatever the photo itself says."""
    said = [held.xmp_text(key) for key in _XMP_ORIGINAL if held.has_xmp(key)]
    return bool(said) and not any(map(str.strip, said))


def hide(held: Held) -> None:
    """Makes a sidecar say that nothing is known."""
    for key in _XMP_ORIGINAL:
        held.blank_xmp(key)


def normal(taken: str) -> str:
    """An ISO 8601 time as files give it back: `Z` as +00:00, and "" for an impossible one."""
    found = _XMP.match(taken.strip())
    if found is None or not _is_possible(found["date"], found["time"], found["seconds"]):
        return ""
    if not found["time"]:
        return found["date"]
    offset = found["offset"] or ""
    if offset == "Z":
        offset = "+00:00"
    elif len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{found['date']}T{found['time']}{offset}"


def write(held: Held, taken: str) -> None:
    """Makes `taken` the time of `held`; "" removes it with its stand-ins.

    What is not a whole time goes to XMP alone: the others cannot say it.
    """
    for key in _XMP_ORIGINAL:
        held.set_xmp(key, taken)
    if not taken:
        for key in _XMP_CREATED:
            held.remove_xmp(key)
        for key in _EXIF_DIGITIZED:
            held.remove_exif(key)
    if not held.sidecar:
        _write_exif(held, taken)
        _write_iptc(held, taken)


def _exif(held: Held, keys: tuple[str, str, str]) -> str:
    date, fraction, offset = keys
    found = _EXIF.match(held.exif_text(date).strip("\0 "))
    if not found:
        return ""
    taken = "{}-{}-{}T{}:{}:{}".format(*found.groups())
    digits = held.exif_text(fraction).strip("\0 ") or found["fraction"] or ""
    if digits.isascii() and digits.isdigit():
        taken += "." + digits
    zone = held.exif_text(offset).strip("\0 ")
    if _OFFSET.match(zone):
        taken += zone
    return normal(taken)


def _xmp(held: Held, keys: tuple[str, ...], own: str = "") -> str:
    for key in keys:
        said = held.xmp_text(key).strip()
        taken = normal(_COLONS.sub(r"\1-\2-\3", said, count=1))
        if taken:
            repeated = _COLONS.match(said) and taken[:_SECOND] == own[:_SECOND]
            return own if repeated else taken
    return ""


def _iptc(held: Held) -> str:
    dates, times = held.iptc_list(_IPTC_DATE), held.iptc_list(_IPTC_TIME)
    if not dates or not times:
        return ""
    # exiv2 shows a time without an offset as one of +00:00, which many programs write as well
    # when they know of none.
    return normal(f"{dates[0]}T{times[0].removesuffix('+00:00')}")


def _write_exif(held: Held, taken: str) -> None:
    found = _XMP.match(taken)
    for key in (*_EXIF_ORIGINAL, _TIFF_ORIGINAL[0]):
        held.remove_exif(key)
    if found and found["seconds"]:
        whole, _, fraction = found["time"].partition(".")
        values = (f"{found['date'].replace('-', ':')} {whole}", fraction, found["offset"] or "")
        for key, value in zip(_EXIF_ORIGINAL, values, strict=True):
            held.set_exif(key, value)


def _write_iptc(held: Held, taken: str) -> None:
    if not held.has_iptc():
        return
    found = _XMP.match(taken)
    date = time = ""
    if found and found["seconds"]:
        date = found["date"].replace("-", "")
        time = (found["time"].partition(".")[0] + (found["offset"] or "")).replace(":", "")
    held.set_iptc_list(_IPTC_DATE, [date] if date else [])
    held.set_iptc_list(_IPTC_TIME, [time] if time else [])


def _is_possible(date: str, time: str | None, seconds: str | None) -> bool:
    whole = date + "-01-01"[len(date) - 4 :] if len(date) < 10 else date
    clock = "00:00:00" if not time else time.partition(".")[0] if seconds else time + ":00"
    try:
        datetime.fromisoformat(f"{whole}T{clock}")
    except ValueError:
        return False
    return True
