"""Whether a time was said by people, or taken by digiKam from the dates of the file itself."""

from __future__ import annotations

import re
from datetime import datetime

from .rows import Row

__all__ = ["is_guess", "told_apart"]

_NEAR = 1.0  # seconds by which digiKam takes two times of a file for one
_COPYING = 0.01  # seconds from when a small file was made until it was last changed
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3})", re.ASCII)


def is_guess(row: Row) -> bool:
    """Whether the time is the file's own, which digiKam takes where the file tells none.

    Then there is no time of digitization, and the time is that of the file's last change, or one
    to the millisecond, as clocks of computers have it and people do not: who sets another time in
    digiKam keeps the fraction of the guess, and so is whole seconds off. Servers drop fractions:
    there all such times are taken for guesses.
    """
    if not row.created or row.digitized:
        return False
    try:
        created = datetime.fromisoformat(row.created)
        modified = datetime.fromisoformat(row.modified)
    except ValueError:
        return False
    if created.tzinfo is not None:
        return False
    apart = abs((created - modified).total_seconds())
    is_set = created.microsecond == 0 or abs(apart - round(apart)) <= _COPYING
    return apart <= _NEAR or not is_set or "." not in row.created


def told_apart(row: Row, modified: str) -> tuple[str, str]:
    """The row's time and that of its file's last change, which is `modified` from now on.

    A guess has to stay one, and a time that was set too, whenever the file is changed. That hangs
    on their fractions of a second, which are free: digiKam compares whole seconds of files, and
    shows none of a guess.
    """
    time, change = _TIME.fullmatch(row.created), _TIME.fullmatch(modified)
    if row.digitized or time is None or change is None:
        return row.created, modified
    fraction = int(time[2])
    if not is_guess(row):
        return row.created, f"{change[1]}.{fraction:03}"
    fraction = fraction or 1  # whole seconds are what people say
    return f"{time[1]}.{fraction:03}", f"{change[1]}.{(fraction + 500) % 1000:03}"
