"""Faces as digiKam keeps them: pixels of the picture as it is displayed, and back to regions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ...model import Area

__all__ = ["Frame", "area", "parse", "rectangle"]

# Decimals of a region: digiKam writes as many into files.
_DIGITS = 6

_NUMBER = re.compile(r'\b(x|y|width|height)="(-?\d{1,9})"')

Point = tuple[float, float]

# How a point of the stored picture, in fractions, is displayed; by EXIF's orientation.
_DISPLAYED: Mapping[int, Callable[[float, float], Point]] = {
    1: lambda u, v: (u, v),
    2: lambda u, v: (1 - u, v),
    3: lambda u, v: (1 - u, 1 - v),
    4: lambda u, v: (u, 1 - v),
    5: lambda u, v: (v, u),
    6: lambda u, v: (1 - v, u),
    7: lambda u, v: (1 - v, 1 - u),
    8: lambda u, v: (v, 1 - u),
}
_BACK = {6: 8, 8: 6}  # every other orientation is its own inverse
_TURNED = {5, 6, 7, 8}


class Frame(NamedTuple):
    """The picture that faces are in: pixels as they are stored, and EXIF's orientation."""

    width: int
    height: int
    orientation: int = 1

    @property
    def displayed(self) -> tuple[int, int]:
        """Width and height as they are seen."""
        if self.orientation in _TURNED:
            return self.height, self.width
        return self.width, self.height


Rectangle = tuple[int, int, int, int]  # left, top, width, height


def parse(value: str) -> Rectangle | None:
    """The rectangle of `<rect x="1" y="2" width="3" height="4"/>`; None if there is none."""
    numbers = dict(_NUMBER.findall(value))
    if len(numbers) != 4:
        return None
    x, y, width, height = (int(numbers[key]) for key in ("x", "y", "width", "height"))
    return (x, y, width, height) if width > 0 and height > 0 else None


def area(rectangle: Rectangle, frame: Frame) -> Area:
    """The region that a rectangle is: its centre and size in fractions of the stored picture."""
    across, down = frame.displayed
    left, top, width, height = rectangle
    orientation = _BACK.get(frame.orientation, frame.orientation)
    centre = ((left + width / 2) / across, (top + height / 2) / down)
    x, y = _DISPLAYED.get(orientation, _DISPLAYED[1])(*centre)
    w, h = width / across, height / down
    if frame.orientation in _TURNED:
        w, h = h, w
    return round(x, _DIGITS), round(y, _DIGITS), round(w, _DIGITS), round(h, _DIGITS)


def rectangle(region: Area, frame: Frame) -> str:
    """How digiKam writes a region, to whole pixels as Qt rounds them."""
    across, down = frame.displayed
    x, y, w, h = region
    if frame.orientation in _TURNED:
        w, h = h, w
    u, v = _DISPLAYED.get(frame.orientation, _DISPLAYED[1])(x, y)
    left, top = _rounded((u - w / 2) * across), _rounded((v - h / 2) * down)
    width, height = max(1, _rounded(w * across)), max(1, _rounded(h * down))
    return f'<rect x="{left}" y="{top}" width="{width}" height="{height}"/>'


def _rounded(number: float) -> int:
    return math.floor(number + 0.5)
