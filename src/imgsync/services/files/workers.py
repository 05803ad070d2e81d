"""Processes that read photos, so that all cores work and a broken file ends none but its own."""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Generator, Sequence
from typing import cast

import msgspec

from ...errors import Unavailable
from .jobs import Job, Reading
from .processes import WAY_OUT, Process

__all__ = ["Workers"]

# Jobs a process is given ahead, so that it never waits, also while this process does something
# else. Few: what is sent and not yet taken must fit into a pipe.
_AHEAD = 7
# One process is worth its start for about as many files.
_ENOUGH = 8

_PROGRAM = "from imgsync.services.files.reader import serve; serve()"


class Workers:
    """Up to `count` processes, started when there is something to read; with one, none is.

    They end with `close`, or when this process does.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._team: list[_Worker] = []
        self._waiting: deque[_Task] = deque()
        self._answers = selectors.DefaultSelector()

    def read(self, jobs: Sequence[Job]) -> Generator[Reading, None, None]:
        """The readings, in the order of the jobs; processes begin with them at once.

        So the next album can be read while the last is thought about. A file that ends a process
        twice is told as trouble of its own. Raises Unavailable, at the call or later, if no process
        can be started.
        """
        if self._count <= 1:
            from .reader import read  # late: this process may never read a photo

            return (read(job) for job in jobs)
        tasks = [_Task(job) for job in jobs]
        self._waiting.extend(tasks)
        self._hire(min(self._count, -(-len(self._waiting) // _ENOUGH)))
        self._ask()
        return self._readings(tasks)

    def close(self) -> None:
        """Ends the processes at once, also in the middle of reading."""
        self._waiting.clear()
        for worker in self._team:
            worker.end()
        self._team = []

    def _hire(self, wanted: int) -> None:
        """Makes the team as large, or as large as the system lets us, if it has anybody."""
        while len(self._team) < wanted:
            try:
                self._team.append(_Worker(self._answers))
            except Unavailable:
                if not self._team:
                    raise
                return

    def _readings(self, tasks: list[_Task]) -> Generator[Reading, None, None]:
        try:
            for task in tasks:
                while task.reading is None:
                    self._hear()
                    self._ask()
                yield task.reading
        finally:
            left = {task for task in tasks if task.reading is None}
            if left:
                self._waiting = deque(task for task in self._waiting if task not in left)

    def _ask(self) -> None:
        """Gives every worker enough to do, the least busy first."""
        while self._waiting:
            worker = min(self._team, key=_Worker.load)
            if worker.load() >= _AHEAD:
                return
            worker.ask(self._waiting.popleft())

    def _hear(self) -> None:
        """Waits until a worker begins, answers, or dies."""
        for key, _ in self._answers.select():
            worker = cast(_Worker, key.data)
            if worker.has_answer() and not worker.answer():
                self._waiting.extendleft(reversed(worker.restart()))


class _Task:
    """A job, the answer once it is there, and how many processes have died of it."""

    __slots__ = ("deaths", "job", "reading")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.reading: Reading | None = None
        self.deaths = 0


class _Worker:
    """A process, and the tasks that it was given and has not answered, oldest first."""

    def __init__(self, answers: selectors.BaseSelector) -> None:
        self._answers = answers
        self._sent: deque[_Task] = deque()
        self._begin(Process(_PROGRAM))

    def load(self) -> int:
        return len(self._sent)

    def ask(self, task: _Task) -> None:
        self._sent.append(task)
        self._process.ask(task.job)

    def has_answer(self) -> bool:
        """Whether it has answered, or is dead."""
        return self._process.has_answer()

    def answer(self) -> bool:
        """Takes the answer to the oldest task; False if the process is dead."""
        data = self._process.answer()
        if data:
            self._sent.popleft().reading = _READING.decode(data)
        return bool(data)

    def restart(self) -> list[_Task]:
        """Starts a new process, and gives back the tasks that were lost.

        The oldest is the one that killed it: it gets a second chance, and no third. Raises
        Unavailable if the process had not even begun, or none can take its place.
        """
        if not self._process.serves:
            raise Unavailable(f"the processes that read photos die as they start: {WAY_OUT}")
        process = Process(_PROGRAM)
        self.end()
        lost = list(self._sent)
        self._sent.clear()
        self._begin(process)
        if lost:
            lost[0].deaths += 1
            if lost[0].deaths > 1:
                lost.pop(0).reading = Reading(_CRASHES)
        return lost

    def end(self) -> None:
        self._answers.unregister(self._process)
        self._process.end()

    def _begin(self, process: Process) -> None:
        self._process = process
        self._answers.register(self._process, selectors.EVENT_READ, self)


_READING = msgspec.msgpack.Decoder(Reading)
_CRASHES = "cannot be read: it crashes the reader; check whether the file is broken"
