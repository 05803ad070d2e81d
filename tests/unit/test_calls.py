"""How patient the calls of a run are with a service that is busy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imgsync.atlas import Ground
from imgsync.errors import Denied, ServiceError, Unavailable
from imgsync.execute.calls import LONGEST, TRIES, Calls
from imgsync.plan import Policy
from imgsync.run import Run, Scope
from imgsync.services.memory import Memory

RUN = Run(
    Memory("local"), Path("/"), Memory(), "nas", Policy(), Scope(), 1, lambda event: None, Ground()
)


class Busy:
    """A call that fails with each of the errors, and then is done."""

    def __init__(self, *errors: ServiceError) -> None:
        self.asked = 0
        self._errors: Iterator[ServiceError] = iter(errors)

    def __call__(self) -> str:
        self.asked += 1
        for error in self._errors:
            raise error
        return "done"


def test_a_busy_service_is_asked_again_after_longer_and_longer_pauses() -> None:
    pauses: list[float] = []
    call = Busy(Unavailable("busy"), Unavailable("busy"), Unavailable("busy"))
    assert Calls(RUN, pauses.append).patiently(call) == "done"
    assert pauses == [1.0, 2.0, 4.0]


def test_a_pause_that_a_service_asks_for_is_kept() -> None:
    pauses: list[float] = []
    call = Busy(Unavailable("busy", 0.0), Unavailable("busy", LONGEST))
    assert Calls(RUN, pauses.append).patiently(call) == "done"
    assert pauses == [0.0, LONGEST]


@pytest.mark.parametrize("hours", [1.0, float("inf")])
def test_nobody_waits_for_hours(hours: float) -> None:
    pauses: list[float] = []
    call = Busy(Unavailable("maintenance", hours * 3600))
    with pytest.raises(Unavailable, match="maintenance"):
        Calls(RUN, pauses.append).patiently(call)
    assert (call.asked, pauses) == (1, [])


def test_it_gives_up_in_the_end() -> None:
    pauses: list[float] = []
    call = Busy(*[Unavailable("busy")] * TRIES)
    with pytest.raises(Unavailable):
        Calls(RUN, pauses.append).patiently(call)
    assert (call.asked, len(pauses)) == (TRIES, TRIES - 1)


def test_what_no_patience_helps_is_not_asked_again() -> None:
    call = Busy(Denied("the key is wrong"))
    with pytest.raises(Denied):
        Calls(RUN).patiently(call)
    assert call.asked == 1
