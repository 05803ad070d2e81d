"""Tells how many requests a server had at once."""

from __future__ import annotations

import re
from threading import Barrier, BrokenBarrierError, Lock

__all__ = ["Together"]

PATIENCE = 60  # seconds; only a test that fails waits for so long


class Together:
    """Holds the requests that fit until `count` of them are there; lets them pass together.

    `missed`: whether some had to wait in vain. `met`: how often `count` of them came together.
    """

    def __init__(self, fits: str, count: int) -> None:
        self.missed = False
        self.met = 0
        self._fits = fits
        self._lock = Lock()
        self._barrier = Barrier(count, action=self._meet, timeout=PATIENCE)

    def __call__(self, asked: str) -> None:
        if re.search(self._fits, asked):
            try:
                self._barrier.wait()
            except BrokenBarrierError:
                self.missed = True

    def _meet(self) -> None:
        self.met += 1
