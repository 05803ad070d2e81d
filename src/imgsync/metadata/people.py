"""People in a picture and the frames around their faces: MWG, Microsoft and IPTC regions.

Frames are fractions of the stored picture, whatever its orientation: MWG tells their centre,
Microsoft their upper left corner. Frames without a name, of pets, of focus points and whatever
else a program keeps with a face stay as they are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import count, takewhile
from typing import Any, NamedTuple

from ..model import Area, Region, same_region
from .held import Held

__all__ = ["normal", "read", "write"]

_NAMES = "Xmp.iptcExt.PersonInImage"
_MWG = "Xmp.mwg-rs.Regions"
_MWG_LIST = _MWG + "/mwg-rs:RegionList"
_MWG_SIZE = _MWG + "/mwg-rs:AppliedToDimensions"
_AREA = "/mwg-rs:Area/stArea:"
_MP = "Xmp.MP.RegionInfo"
_MP_LIST = _MP + "/MPRI:Regions"


class _Kind(NamedTuple):
    """One way of keeping frames in XMP: a structure with a Bag of structures in it."""

    top: str
    list: str
    read: Callable[[Held, str], Region | None]
    write: Callable[[Held, str, Region], None]


def read(held: Held) -> tuple[Region, ...]:
    """Everybody in the picture; who is framed twice in the same place is told once."""
    people = [region for _, region in _entries(held, _MWG_KIND) if region]
    for _, region in _entries(held, _MP_KIND):
        if region and not any(same_region(region, other) for other in people):
            people.append(region)
    people += [Region(name) for name in held.xmp_list(_NAMES)]
    return tuple(people)


def normal(people: Iterable[Region]) -> tuple[Region, ...]:
    """The people as files give them back: a frame that cannot be is none."""
    return tuple(Region(person.name, _area(person.area or ())) for person in people)


def write(held: Held, people: Sequence[Region]) -> None:
    """Makes `people` the people in the picture; frames that stay keep what else is in them."""
    held.set_xmp_list(_NAMES, sorted({region.name for region in people}))
    framed = [region for region in people if region.area is not None]
    for kind in (_MWG_KIND, _MP_KIND):
        _write_kind(held, kind, framed)
    if framed and not held.has_xmp(_MWG_SIZE) and held.width and held.height:
        held.set_xmp_struct(_MWG_SIZE, "Struct")
        held.set_xmp(_MWG_SIZE + "/stDim:w", str(held.width))
        held.set_xmp(_MWG_SIZE + "/stDim:h", str(held.height))
        held.set_xmp(_MWG_SIZE + "/stDim:unit", "pixel")


def _entries(held: Held, kind: _Kind) -> list[tuple[str, Region | None]]:
    """The keys of all frames, each with the named person in it."""
    keys = (f"{kind.list}[{number}]" for number in count(1))
    return [(key, kind.read(held, key)) for key in takewhile(held.has_xmp, keys)]


def _write_kind(held: Held, kind: _Kind, people: Iterable[Region]) -> None:
    missing = list(people)
    kept: list[tuple[dict[str, Any], Region | None]] = []
    for key, region in _entries(held, kind):
        wanted = _match(region, missing)
        if wanted:
            missing.remove(wanted)
        if wanted or not region:
            kept.append((held.copy_xmp(key), None if wanted == region else wanted))
    held.remove_xmp(kind.list)
    if not kept and not missing:
        held.remove_xmp(kind.top)
        return
    if not held.has_xmp(kind.top):
        held.set_xmp_struct(kind.top, "Struct")
    held.set_xmp_struct(kind.list, "Bag")
    keys = (f"{kind.list}[{number}]" for number in count(1))
    for (copy, change), key in zip(kept, keys, strict=False):
        held.paste_xmp(key, copy)
        if change:
            kind.write(held, key, change)
    for region, key in zip(missing, keys, strict=False):
        held.set_xmp_struct(key, "Struct")
        kind.write(held, key, region)


def _match(region: Region | None, wanted: list[Region]) -> Region | None:
    """The wanted region that this one is: an equal one, or else one framed nearly the same."""
    if region is None or region in wanted:
        return region
    return next((other for other in wanted if same_region(region, other)), None)


def _read_mwg(held: Held, key: str) -> Region | None:
    name = _name(held.xmp_text(key + "/mwg-rs:Name"))
    if not name or held.xmp_text(key + "/mwg-rs:Type") not in ("", "Face"):
        return None
    numbers = _numbers(held.xmp_text(key + _AREA + side) for side in "xywh")
    if numbers and held.xmp_text(key + _AREA + "unit") == "pixel":
        size = _numbers(held.xmp_text(f"{_MWG_SIZE}/stDim:{side}") for side in "wh")
        numbers = [n / size[i % 2] for i, n in enumerate(numbers)] if size and all(size) else []
    return Region(name, _area(numbers))


def _write_mwg(held: Held, key: str, region: Region) -> None:
    held.set_xmp(key + "/mwg-rs:Name", region.name)
    held.set_xmp(key + "/mwg-rs:Type", "Face")
    held.set_xmp_struct(key + "/mwg-rs:Area", "Struct")
    for side, number in zip("xywh", region.area or (), strict=True):
        held.set_xmp(key + _AREA + side, _decimal(number))
    held.set_xmp(key + _AREA + "unit", "normalized")


def _read_mp(held: Held, key: str) -> Region | None:
    name = _name(held.xmp_text(key + "/MPReg:PersonDisplayName"))
    if not name:
        return None
    numbers = _numbers(held.xmp_text(key + "/MPReg:Rectangle").split(","))
    if len(numbers) == 4:
        left, top, width, height = numbers
        numbers = [left + width / 2, top + height / 2, width, height]
    return Region(name, _area(numbers))


def _write_mp(held: Held, key: str, region: Region) -> None:
    x, y, width, height = region.area or (0.0, 0.0, 0.0, 0.0)
    corner = (x - width / 2, y - height / 2, width, height)
    held.set_xmp(key + "/MPReg:Rectangle", ", ".join(map(_decimal, corner)))
    held.set_xmp(key + "/MPReg:PersonDisplayName", region.name)


_MWG_KIND = _Kind(_MWG, _MWG_LIST, _read_mwg, _write_mwg)
_MP_KIND = _Kind(_MP, _MP_LIST, _read_mp, _write_mp)


def _name(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _numbers(texts: Iterable[str]) -> list[float]:
    """All the numbers, or none where one is none."""
    try:
        return [float(text) for text in texts]
    except ValueError:
        return []


def _area(numbers: Sequence[float]) -> Area | None:
    if len(numbers) != 4 or not all(abs(number) < 10 for number in numbers):
        return None
    x, y, width, height = numbers
    return (x, y, width, height) if width > 0 and height > 0 else None


def _decimal(number: float) -> str:
    """The number to its last digit, without an exponent: not every reader knows one."""
    return format(Decimal(repr(number)), "f")
