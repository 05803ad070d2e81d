"""How far a run is, how fast it goes and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ..events import Done, Event, Failed, Fetched, Found, Scanned, Sent
from ..model import Field
from ..plan import Action
from ..wording import size

__all__ = ["Doing", "Looking", "Pace", "duration"]

# An action that sends nothing takes about as long as sending so many bytes.
EFFORT = 200_000


class Pace(Protocol):
    """A run under way."""

    @property
    def share(self) -> float | None:
        """How much of it is done, from 0 to 1; None if nobody knows."""

    def tell(self, event: Event) -> None:
        """Something happens in the run."""

    def words(self) -> Iterator[str]:
        """Counts, the time left and rates: what counts most first, since the end may be cut."""


class Looking:
    """A run that looks at both sides. How much there is, is known when both have listed albums."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._clock = clock
        self._start = clock()
        self._found = 0
        self._albums = 0
        self._photos = 0
        self._fetched = 0
        self._bytes = 0

    @property
    def share(self) -> float | None:
        return min(1.0, self._albums / self._found) if self._found else None

    def tell(self, event: Event) -> None:
        match event:
            case Found(albums=albums):
                self._found += albums
            case Scanned(photos=photos):
                self._albums += 1
                self._photos += photos or 0
            case Fetched(size=count):
                self._fetched += 1
                self._bytes += count

    def words(self) -> Iterator[str]:
        yield f"looking: {self._albums:,} albums"
        seconds = self._clock() - self._start
        if self.share and seconds:
            yield f"{duration(seconds / self.share - seconds)} left"
        if self._photos and seconds:
            yield f"{self._photos:,} photos"
            yield f"{self._photos / seconds:,.0f} photos/s"
        if self._fetched:
            yield f"{self._fetched:,} files compared, {size(self._bytes)}"
        yield self._what


class Doing:
    """A run that does the actions that are not blocked."""

    def __init__(
        self, actions: Iterable[Action], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._start = clock()
        self._to_send = {id(action): _bytes(action) for action in actions if action.due}
        self._sent = dict.fromkeys(self._to_send, 0)
        self._all = sum(self._to_send.values())
        self._over = 0

    @property
    def share(self) -> float | None:
        effort = self._all + EFFORT * len(self._to_send)
        return (self._bytes + EFFORT * self._over) / effort if effort else None

    @property
    def _bytes(self) -> int:
        return sum(self._sent.values())

    def tell(self, event: Event) -> None:
        match event:
            case Sent(action, count) if id(action) in self._sent:
                most = self._to_send[id(action)]
                self._sent[id(action)] = min(most, self._sent[id(action)] + count)
            case Done(action=action) | Failed(action=action) if id(action) in self._sent:
                self._sent[id(action)] = self._to_send[id(action)]
                self._over += 1

    def words(self) -> Iterator[str]:
        seconds = self._clock() - self._start
        share = self.share
        yield f"{self._over:,} of {len(self._to_send):,}"
        if seconds:
            if share:
                yield f"{duration(seconds / share - seconds)} left"
            yield f"{self._over / seconds:,.1f}/s"
            if self._all:
                yield f"{size(self._bytes)} of {size(self._all)}"
                yield f"{size(int(self._bytes / seconds))}/s"


def _bytes(action: Action) -> int:
    """How many bytes an action sends."""
    if action.side is None or Field.CONTENT not in action.fields:
        return 0
    photo = action.pair.photo(action.side.other)
    return photo.size if photo is not None else 0


def duration(seconds: float) -> str:
    """A time span as people say it: "40 s", "3 min", "2 h 10 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
