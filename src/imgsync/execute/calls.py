"""Calls of services: as many at once as they bear, and again where they ask for that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import TypeVar

from ..errors import Unavailable
from ..model import Side
from ..run import Run
from ..service import Service

__all__ = ["Calls"]

TRIES = 4
PATIENCE = 1.0  # seconds before the second try; doubled for each one after it
LONGEST = 30.0  # seconds; a service that asks for a longer pause is left alone for this run

Result = TypeVar("Result")


class Calls:
    """Calls both sides of a run; several threads may do so."""

    def __init__(self, run: Run, sleep: Callable[[float], None] = time.sleep) -> None:
        self._run = run
        self._sleep = sleep
        self._gates = {
            side: BoundedSemaphore(run.ends[side].capabilities.connections) for side in Side
        }

    @contextmanager
    def at(self, side: Side) -> Iterator[Service]:
        """A side's service, while it bears one more call."""
        with self._gates[side]:
            yield self._run.side(side)

    def patiently(self, call: Callable[[], Result]) -> Result:
        """Calls; again after a while where a service asks for that, a few times.

        Raises Unavailable where that is in vain, or would take longer than a person waits for.
        """
        pause = PATIENCE
        for number in range(1, TRIES + 1):
            try:
                return call()
            except Unavailable as error:
                wait = pause if error.retry_after is None else error.retry_after
                if number == TRIES or wait > LONGEST:
                    raise
                self._sleep(wait)
                pause *= 2
        raise AssertionError
