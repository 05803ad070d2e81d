"""Lets strangers meet, and fetches files where only pictures can tell whether two are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec

from .atlas import Place
from .errors import Rejected, ServiceError, Stale, Unavailable
from .events import Failed, Fetched, Noted
from .model import Pair, Photo, Side
from .run import Run
from .strangers import meet, unsure

__all__ = ["introduce"]

MOST_IN_VAIN = 3  # photos in a row that a service is asked for and does not give

Strangers = Mapping[Side, Mapping[str, Iterable[Photo]]]


def introduce(
    run: Run, places: Mapping[str, Place], strangers: Strangers
) -> tuple[list[Pair], list[Failed]]:
    """The pairs that the strangers of each album make, and the photos of which that stays open.

    A file that was asked for and did not come leaves its photo, and those that it may be one
    with, out of all pairs: it is neither taken for another photo nor sent a second time. Tells
    Noted and Fetched. Raises Denied and Unavailable.
    """
    keys = sorted({*strangers[Side.LEFT], *strangers[Side.RIGHT]})
    comparable = all(run.side(side).capabilities.exact for side in Side)
    met = {
        key: meet(
            key,
            strangers[Side.LEFT].get(key, ()),
            strangers[Side.RIGHT].get(key, ()),
            by_name=not comparable,
        )
        for key in keys
    }
    failed: list[Failed] = []
    if comparable:
        looks = {key: look for key in keys if (look := _CloserLook(key, met[key])).wanted}
        found = _compared(run, places, looks.values())
        for key, look in looks.items():
            met[key] = look.pairs(found)
        failed = [answer for answer in found.values() if isinstance(answer, Failed)]
    return [pair for pairs in met.values() for pair in pairs], failed


class _Spot(NamedTuple):
    """Where a photo stands."""

    side: Side
    album: str
    ref: str


class _CloserLook:
    """The strangers of an album that their files are to tell apart. `wanted`: which, and where."""

    def __init__(self, key: str, pairs: list[Pair]) -> None:
        self._key = key
        self._pairs = pairs
        self.wanted = {
            _Spot(side, key, photo.ref): photo
            for side, photos in unsure(pairs).items()
            for photo in photos
            if not photo.tells_picture
        }

    def pairs(self, found: Mapping[_Spot, str | Failed]) -> list[Pair]:
        """All pairs, those that only what was found out makes included."""
        settled = [pair for pair in self._pairs if pair.left and pair.right]
        lone = [pair for pair in self._pairs if not (pair.left and pair.right)]
        shown = {side: {p.ref: p for pair in lone if (p := pair.photo(side))} for side in Side}
        richer = {
            side: [self._with_picture(side, photo, found) for photo in photos.values()]
            for side, photos in shown.items()
        }
        again = meet(self._key, richer[Side.LEFT], richer[Side.RIGHT])
        still = {(side, photo.ref) for side, photos in unsure(again).items() for photo in photos}
        return settled + [
            msgspec.structs.replace(
                pair,
                left=pair.left and shown[Side.LEFT][pair.left.ref],
                right=pair.right and shown[Side.RIGHT][pair.right.ref],
            )
            for pair in again
            if not any((p := pair.photo(side)) and (side, p.ref) in still for side in Side)
        ]

    def _with_picture(self, side: Side, photo: Photo, found: Mapping[_Spot, str | Failed]) -> Photo:
        digest = found.get(_Spot(side, self._key, photo.ref))
        if not isinstance(digest, str):
            return photo
        return msgspec.structs.replace(photo, digests=photo.digests | {digest})


def _compared(
    run: Run, places: Mapping[str, Place], looks: Iterable[_CloserLook]
) -> dict[_Spot, str | Failed]:
    """The digests of the pictures that were asked for, and why some could not be had."""
    wanted = {spot: photo for look in looks for spot, photo in look.wanted.items()}
    found: dict[_Spot, str | Failed] = {}
    for side in Side:
        mine = {spot: photo for spot, photo in wanted.items() if spot.side is side}
        if mine:
            found |= _compared_on(run, places, side, mine)
    return found


def _compared_on(
    run: Run, places: Mapping[str, Place], side: Side, wanted: Mapping[_Spot, Photo]
) -> dict[_Spot, str | Failed]:
    service, other = run.side(side), run.side(side.other)
    # A photo that stands in several albums is looked at in one of them.
    copies: dict[tuple[str, str], list[_Spot]] = defaultdict(list)
    for spot in wanted:
        copies["" if service.capabilities.many else spot.album, spot.ref].append(spot)
    run.listen(
        Noted(
            f"{service.name}: which photos are on {other.name} already only their pictures can"
            f" tell; files to be fetched and compared: {len(copies)}"
        )
    )

    def look_into(spots: list[_Spot]) -> _Answer:
        place, photo = places[spots[0].album], wanted[spots[0]]
        album = place.left if side is Side.LEFT else place.right
        assert album is not None
        try:
            with service.open(album, photo) as original:
                return other.identify(original, photo.name), original.size
        except (Rejected, Stale, Unavailable) as error:
            return error

    found: dict[_Spot, str | Failed] = {}
    jobs = min(run.jobs, service.capabilities.connections)
    for spots, answer in _answers(look_into, list(copies.values()), jobs):
        for spot in spots:
            name = wanted[spot].name
            if isinstance(answer, ServiceError):
                why = f"it may be the {name} of {other.name}, and cannot be compared: {answer}"
                found[spot] = Failed(service.name, spot.album, name, why)
            else:
                found[spot], size = answer
                run.listen(Fetched(service.name, spot.album, name, size))
    return found


# The digest of a photo's picture and the size of its file, or why there is none.
_Answer = tuple[str, int] | ServiceError


def _answers(
    ask: Callable[[list[_Spot]], _Answer], questions: list[list[_Spot]], jobs: int
) -> Iterator[tuple[list[_Spot], _Answer]]:
    """What is answered, `jobs` at once. Raises Unavailable after several of that in a row."""
    in_vain = 0
    pool = ThreadPoolExecutor(jobs)
    try:
        for question, answer in zip(questions, pool.map(ask, questions), strict=True):
            in_vain = in_vain + 1 if isinstance(answer, Unavailable) else 0
            if isinstance(answer, Unavailable) and in_vain == MOST_IN_VAIN:
                raise answer
            yield question, answer
    finally:
        pool.shutdown(cancel_futures=True)
