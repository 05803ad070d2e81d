"""Tells what is done, as it is done, and counts it."""

from __future__ import annotations

import io
from collections.abc import Callable
from threading import Lock, RLock
from typing import BinaryIO

from ..atlas import join
from ..errors import ServiceError, StateError
from ..events import Done, Event, Failed, Noted, Sent, Started, Summary, count
from ..model import Field, Metadata
from ..plan import Action
from ..run import Findings, Run

__all__ = ["Teller", "Told"]


class Teller:
    """Tells of a run's actions; several threads may do so.

    `lock` guards the ledger and the findings. `interrupted`: nothing more is to be sent.
    """

    def __init__(self, run: Run, findings: Findings, lock: RLock) -> None:
        self.summary = Summary()
        self.interrupted = False
        self._run = run
        self._findings = findings
        self._lock = lock
        self._telling = Lock()

    def started(self, action: Action) -> None:
        self.tell(Started(action, self._run.name(action.side)))

    def tell(self, event: Event) -> None:
        with self._telling:
            self._run.listen(event)

    def kept(self, action: Action, told: Metadata, now: Metadata) -> None:
        """Tells of fields that were to be cleared and are still shown: that is not tried again."""
        for field in action.fields:
            if field is not Field.CONTENT and now.get(field) and not told.get(field):
                name = self._run.name(action.side)
                photo = join(action.album, action.name or "")
                self.tell(Noted(f"{photo}: {name} cannot clear the {field} and still shows it"))

    def sent(self, action: Action, size: int) -> None:
        """Tells; breaks off where a person has interrupted the run: a film may take hours."""
        if self.interrupted:
            raise KeyboardInterrupt
        self.tell(Sent(action, size))

    def done(self, action: Action) -> None:
        with self._lock:
            self.count(action)
            self.tell(Done(action, self._run.name(action.side)))

    def count(self, action: Action) -> None:
        with self._lock:
            self.summary += count(action)

    def failed(self, action: Action, error: ServiceError | StateError) -> None:
        with self._lock:
            self.summary += Summary(failed=1)
            self._findings.leave_open(action.pair)
            name = self._run.name(action.side)
            self.tell(Failed(name, action.album, action.name, str(error), action))


class Told(io.BufferedIOBase):
    """A stream that tells how much was read of it."""

    def __init__(self, stream: BinaryIO, tell: Callable[[int], None]) -> None:
        self._stream = stream
        self._tell = tell

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._stream.read(-1 if size is None else size)
        self._tell(len(data))
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()
