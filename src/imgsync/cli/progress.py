"""What moves on stderr while a run goes on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from threading import RLock, Timer
from typing import TYPE_CHECKING, Protocol

from ..events import Event
from ..plan import Action
from .pace import Doing, Looking, Pace
from .words import Ends

if TYPE_CHECKING:
    from .bars import Bar

__all__ = ["BarProgress", "Progress", "SilentProgress"]

# Seconds after which a run gets a bar. Most that find nothing are over by then, and never load
# what draws it.
SOON = 0.5


class Progress(Protocol):
    """What moves on stderr while a run goes on; all that is printed there goes through it."""

    def look(self, ends: Ends, top: str) -> None:
        """A run between two sides begins to look at the folders under `top`."""

    def do(self, actions: Sequence[Action]) -> None:
        """A run begins to do these."""

    def tell(self, event: Event) -> None:
        """Something happens in the run."""

    def stop(self) -> None:
        """Nothing is to move until the next look or do."""

    def say(self, message: str) -> None:
        """Prints a line."""


class SilentProgress:
    """Nothing moves."""

    def look(self, ends: Ends, top: str) -> None: ...

    def do(self, actions: Sequence[Action]) -> None: ...

    def tell(self, event: Event) -> None: ...

    def stop(self) -> None: ...

    def say(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)


class BarProgress(SilentProgress):
    """A bar with rates and the time left, once a run has taken a moment."""

    def __init__(self, soon: float = SOON) -> None:
        self._soon = soon
        self._lock = RLock()
        self._pace: Pace | None = None
        self._timer: Timer | None = None
        self._bar: Bar | None = None

    def look(self, ends: Ends, top: str) -> None:
        self._begin(Looking(f"{ends.left} and {ends.right}: {top}"))

    def do(self, actions: Sequence[Action]) -> None:
        self._begin(Doing(actions))

    def tell(self, event: Event) -> None:
        with self._lock:
            if self._pace is not None:
                self._pace.tell(event)

    def stop(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._bar is not None:
                self._bar.stop()
            self._pace = self._timer = self._bar = None

    def say(self, message: str) -> None:
        with self._lock:
            if self._bar is None:
                super().say(message)
            else:
                self._bar.say(message)

    def _begin(self, pace: Pace) -> None:
        self.stop()
        with self._lock:
            self._pace = pace
            self._timer = Timer(self._soon, self._show, [pace])
            self._timer.daemon = True
            self._timer.start()

    def _show(self, pace: Pace) -> None:
        from .bars import Bar

        with self._lock:
            if self._pace is pace:
                self._bar = Bar(pace)
