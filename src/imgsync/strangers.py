"""Which strangers are one photo: photos of two albums that belong together, and that no link knows.

What tells, the surest first: the same picture under the same name; the same picture; the same name
and the same time. A time counts if it is complete to the second and no midnight, which is how
services show a bare date; one that a service only guesses it shows as none. A name alone tells
nothing: whether two of one name are one photo, of which a time is missing, only their pictures can
say. So it is with times that differ by whole quarters of an hour, as the zones of the Earth do,
and where several of one name have one time.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import NamedTuple

from .model import PICTURE_DIGESTS, Pair, Photo, Side, moment

__all__ = ["meet", "unsure"]

_QUARTER = timedelta(minutes=15)


def meet(
    album: str, left: Iterable[Photo], right: Iterable[Photo], *, by_name: bool = False
) -> list[Pair]:
    """Pairs of the strangers of two albums that belong together; those that stay alone included.

    Two of one name that show different pictures, and do not tell different times, are a pair too:
    which picture is right, a person decides. `by_name`: pictures can never be compared, so that a
    name alone must do, unless both tell different times.
    """
    lefts = {photo.ref: photo for photo in sorted(left, key=_by_name)}
    rights = {photo.ref: photo for photo in sorted(right, key=_by_name)}
    pairs: list[Pair] = []
    for way in _WAYS + (_BY_NAME if by_name else _IN_DISPUTE):
        sought = _grouped(rights.values(), way.right)
        for key, ones in _grouped(lefts.values(), way.left).items():
            twos = sought.get(key, [])
            if way.sole and not len(ones) == len(twos) == 1:
                continue
            ones = [one for one in ones if one.ref in lefts]
            twos = [two for two in twos if two.ref in rights]
            for one, two in zip(ones, twos, strict=False):
                del lefts[one.ref], rights[two.ref]
                pairs.append(Pair(album, None, one, two, album, album))
    return pairs + list(_alone(album, lefts.values(), rights.values()))


def _alone(album: str, lefts: Iterable[Photo], rights: Iterable[Photo]) -> Iterator[Pair]:
    here, there = {_name(one) for one in lefts}, {_name(two) for two in rights}
    for one in lefts:
        yield Pair(album, None, one, None, album, album, namesake=_name(one) in there)
    for two in rights:
        yield Pair(album, None, None, two, album, album, namesake=_name(two) in here)


def unsure(pairs: Iterable[Pair]) -> dict[Side, list[Photo]]:
    """The strangers of one album that stayed alone, and may each be one with another all the same.

    They have one name, nothing that they tell makes them two, and the picture of one of them, or
    of both, is not known.
    """
    alone: dict[Side, list[Photo]] = {side: [] for side in Side}
    for pair in pairs:
        if pair.left is None or pair.right is None:
            side = Side.LEFT if pair.left is not None else Side.RIGHT
            alone[side] += filter(None, [pair.photo(side)])
    offers = {side: _offers(photos) for side, photos in alone.items()}
    return {
        side: [photo for photo in photos if _may_be_one_of(photo, offers[side.other])]
        for side, photos in alone.items()
    }


# Photos by name and whether they tell their pictures: the minutes past a quarter at which they
# were taken, None among them for one that tells no time.
_Offers = Mapping[tuple[str, bool], set[timedelta | None]]


def _offers(photos: Iterable[Photo]) -> _Offers:
    offers: dict[tuple[str, bool], set[timedelta | None]] = defaultdict(set)
    for photo in photos:
        offers[_name(photo), photo.tells_picture].add(_past_a_quarter(photo))
    return offers


def _may_be_one_of(photo: Photo, offers: _Offers) -> bool:
    past = _past_a_quarter(photo)
    for tells_picture in {False, not photo.tells_picture}:
        there = offers.get((_name(photo), tells_picture), set())
        if there and (past is None or not there.isdisjoint({past, None})):
            return True
    return False


def _past_a_quarter(photo: Photo) -> timedelta | None:
    when = _when(photo)
    return when and (when[0] - datetime.min) % _QUARTER


# What photos are found by.

Keys = Callable[[Photo], Iterable[Hashable]]


class _Way(NamedTuple):
    """A way to recognise strangers: a left and a right one that have a key in common are one.

    `sole`: only if no other of either side has that key.
    """

    left: Keys
    right: Keys
    sole: bool = False


def _grouped(photos: Iterable[Photo], keys: Keys) -> dict[Hashable, list[Photo]]:
    groups: dict[Hashable, list[Photo]] = defaultdict(list)
    for photo in photos:
        for key in keys(photo):
            groups[key].append(photo)
    return groups


def _by_name(photo: Photo) -> tuple[str, str]:
    return photo.name, photo.ref


def _name(photo: Photo) -> str:
    return unicodedata.normalize("NFC", photo.name)


def _when(photo: Photo) -> tuple[datetime, timedelta | None] | None:
    """When a photo was taken, wall clock and offset, if that is a time that counts."""
    when = moment(photo.metadata.taken)
    return None if when is None or when[0].time() == time.min else when


def _marks(photo: Photo) -> Iterator[Hashable]:
    yield from sorted(photo.marks)


def _named_marks(photo: Photo) -> Iterator[Hashable]:
    yield from ((_name(photo), mark) for mark in sorted(photo.marks))


def _moments(photo: Photo) -> Iterator[Hashable]:
    when = _when(photo)
    if when is not None and when[1] is not None:
        # Counted from the year 1: before that, and after 9999, there is no datetime.
        yield _name(photo), when[0] - datetime.min - when[1]


def _walls(photo: Photo) -> Iterator[Hashable]:
    when = _when(photo)
    if when is not None:
        yield _name(photo), when[0]


def _walls_anywhere(photo: Photo) -> Iterator[Hashable]:
    """Wall clocks of which nobody said where they hang."""
    when = _when(photo)
    if when is not None and when[1] is None:
        yield _name(photo), when[0]


def _names(photo: Photo) -> Iterator[Hashable]:
    yield _name(photo)


def _timeless(photo: Photo) -> Iterator[Hashable]:
    if _when(photo) is None:
        yield _name(photo)


def _that_show_pictures(keys: Keys) -> Keys:
    """Only of photos whose service shows their pictures' digests itself."""
    return lambda photo: keys(photo) if photo.content.startswith(PICTURE_DIGESTS) else ()


# The surest first.
_BY_PICTURE = (_Way(_named_marks, _named_marks), _Way(_marks, _marks))
_BY_TIME = (
    _Way(_moments, _moments),
    _Way(_walls_anywhere, _walls),
    _Way(_walls, _walls_anywhere),
)
_WAYS = _BY_PICTURE + tuple(way._replace(sole=True) for way in _BY_TIME)
_BY_NAME = (*_BY_TIME, _Way(_timeless, _names), _Way(_names, _timeless))
_IN_DISPUTE = tuple(
    _Way(_that_show_pictures(way.left), _that_show_pictures(way.right)) for way in _BY_NAME
)
