"""Processes that read photos, so that all cores work and a broken file ends none but its own."""

from __future__ import annotations

import selectors
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from typing import cast

import msgspec

from .jobs import Job, Reading
from .processes import Process

__all__ = ["Workers"]

# Jobs a process is given ahead, so that it never waits. Few: what is sent and not yet taken must
# fit into a pipe.
_AHEAD = 4
# One process is worth its start for about as many files.
_ENOUGH = 8

_PROGRAM = "from imgsync.services.files.reader import serve; serve()"


class Workers:
    """Up to `count` processes, started when there is something to read; with one, none is.

    They end with `close`, or when this process does.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []

    def read(self, jobs: Sequence[Job]) -> Generator[Reading, None, None]:
        """The readings, in the order of the jobs.

        A file that ends a process twice is told as trouble of its own.
        """
        if self._count <= 1:
            from .reader import read  # late: this process may never read a photo

            yield from map(read, jobs)
            return
        team = self._gather(min(self._count, -(-len(jobs) // _ENOUGH)))
        try:
            yield from _Round(jobs, team).readings()
        finally:
            self._dismiss(team)

    def close(self) -> None:
        """Ends the processes at once, also in the middle of reading."""
        for worker in self._idle + self._busy:
            worker.end()
        self._idle, self._busy = [], []

    def _gather(self, count: int) -> list[_Worker]:
        team = [self._idle.pop() if self._idle else _Worker() for _ in range(count)]
        self._busy += team
        return team

    def _dismiss(self, team: list[_Worker]) -> None:
        for worker in team:
            if worker not in self._busy:  # `close` was here
                continue
            self._busy.remove(worker)
            if worker.sent:  # left in the middle: its answers are nobody's
                worker.end()
            else:
                self._idle.append(worker)


class _Worker:
    """A process, and the numbers of the jobs that it has not answered, oldest first."""

    def __init__(self) -> None:
        self.sent: deque[int] = deque()
        self._process = Process(_PROGRAM)

    def ask(self, number: int, job: Job) -> None:
        self.sent.append(number)
        self._process.ask(job)

    def answer(self) -> Reading | None:
        """Waits for the answer to the oldest job; None if the process is dead."""
        data = self._process.answer()
        return msgspec.msgpack.decode(data, type=Reading) if data else None

    def fileno(self) -> int:
        return self._process.fileno()

    def restart(self) -> list[int]:
        """Starts a new process, and gives back the numbers of the jobs that were lost."""
        self.end()
        lost = list(self.sent)
        self.sent.clear()
        self._process = Process(_PROGRAM)
        return lost

    def end(self) -> None:
        self._process.end()


class _Round:
    """The reading of one sequence of jobs by a team of workers."""

    def __init__(self, jobs: Sequence[Job], team: list[_Worker]) -> None:
        self._jobs = jobs
        self._team = team
        self._waiting = deque(range(len(jobs)))
        self._deaths: Counter[int] = Counter()
        self._done: dict[int, Reading] = {}

    def readings(self) -> Iterator[Reading]:
        for number in range(len(self._jobs)):
            while number not in self._done:
                self._ask()
                self._hear()
            yield self._done.pop(number)

    def _ask(self) -> None:
        """Gives every worker enough to do, the least busy first."""
        while self._waiting:
            worker = min(self._team, key=lambda worker: len(worker.sent))
            if len(worker.sent) >= _AHEAD:
                return
            number = self._waiting.popleft()
            worker.ask(number, self._jobs[number])

    def _hear(self) -> None:
        """Waits until a worker answers, or dies."""
        answers = selectors.PollSelector()
        for worker in self._team:
            answers.register(worker, selectors.EVENT_READ)
        for key, _ in answers.select():
            worker = cast(_Worker, key.fileobj)
            reading = worker.answer()
            if reading is None:
                self._revive(worker)
            else:
                self._done[worker.sent.popleft()] = reading

    def _revive(self, worker: _Worker) -> None:
        """The oldest job is the one that killed it; it gets a second chance, before all others."""
        lost = worker.restart()
        if lost:
            self._deaths[lost[0]] += 1
            if self._deaths[lost[0]] > 1:
                self._done[lost.pop(0)] = Reading(_CRASHES)
        self._waiting.extendleft(reversed(lost))


_CRASHES = "cannot be read: it crashes the reader; check whether the file is broken"
