"""What a command prints: a report on stdout, messages and progress on stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from ..events import Event, Failed, Noted, Summary, below
from ..plan import Action
from .options import Options
from .progress import BarProgress, Progress, SilentProgress
from .reports import JsonReport, PlainReport, QuietReport, Report, TerminalReport
from .words import Ends, place, visible

__all__ = ["OutputGone", "Screen", "choose", "discard_stdout"]


class OutputGone(KeyboardInterrupt):
    """Stdout takes no more: there is no use in looking further.

    `why` is "" where nobody reads it any more, as after `| head`: that is no error.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Screen:
    """Everything a command prints. Several threads may tell it events.

    While something is being done, trouble with stdout is kept until that is over.
    """

    def __init__(self, report: Report, progress: Progress, *, quiet: bool = False) -> None:
        self._report = report
        self._progress = progress
        self._quiet = quiet
        self._lock = RLock()
        self._doing = False
        self._lost: OSError | None = None
        self._folder = self._service = ""
        self._said: set[str] = set()

    def look(self, ends: Ends, top: str, *, folder: str = "", brief: bool = False) -> None:
        """A run between two sides begins to look; a `brief` one does not print its plan.

        What it tells of albums is printed as below `folder`.
        """
        with self._lock:
            self._folder, self._service = folder, ends.right
            self._said.clear()
            self._print(lambda: self._report.look(ends, brief=brief))
            self._progress.look(ends, visible(top))

    def finish_look(self) -> None:
        """The run has looked: its plan is complete, and printed."""
        with self._lock:
            self._progress.stop()
            self._print(self._report.finish_look)

    def do(self, actions: Sequence[Action]) -> None:
        """The run begins to do these."""
        with self._lock:
            self._doing = True
            self._progress.do(actions)

    def stop(self) -> None:
        """The run is over, or ended early."""
        with self._lock:
            self._progress.stop()
            self._doing = False

    def tell(self, event: Event) -> None:
        """Listens to a run. Raises OutputGone."""
        with self._lock:
            self._progress.tell(event)
            event = below(self._folder, event)
            match event:
                case Failed(side, album, name, why):
                    where = place(album, name) + (f" on {side}" if side == self._service else "")
                    # What names its file itself, as a state's trouble does, needs no other name.
                    self.say(why if why.startswith("/") else f"{where}: {why}")
                case Noted(why) if not self._quiet:
                    self.say(why)
            self._print(lambda: self._report.tell(event))

    def write(self, text: str) -> None:
        """Prints a line on stdout."""
        with self._lock:
            self._print(lambda: print(text))

    def say(self, message: str) -> None:
        """Prints a sentence on stderr, once in a run."""
        with self._lock:
            if message not in self._said:
                self._progress.say(f"img-sync: {visible(message)}")
            self._said.add(message)

    def ask(self, question: str) -> bool:
        """Asks a person, who answers on stdin; no answer is a no."""
        print(f"{visible(question)} [y/N] ", end="", file=sys.stderr, flush=True)
        try:
            answer = sys.stdin.readline() if sys.stdin else ""
        except KeyboardInterrupt:
            print(file=sys.stderr)  # what is said next is no part of the question
            raise
        if not (answer.endswith("\n") and sys.stdin.isatty()):  # nothing ended the line
            print(file=sys.stderr)
        return answer.strip().lower() in ("y", "yes")

    def album(self, side: str, path: str, said: Mapping[str, str]) -> None:
        """Lists an album, and what is said of it."""
        with self._lock:
            self._print(lambda: self._report.album(side, path, said))

    def close(self, summary: Summary, in_words: str = "") -> None:
        """Tells the closing summary of the command, and says it to people."""
        with self._lock:
            if in_words and not self._quiet:
                self._progress.say(in_words)
            self._print(lambda: self._report.tell(summary))
            self._print(sys.stdout.flush)

    def _print(self, printing: Callable[[], Any]) -> None:
        if self._lost is None:
            try:
                printing()
            except OSError as error:
                self._lost = error
                discard_stdout()
        if self._lost is not None and not self._doing:
            is_pipe = isinstance(self._lost, BrokenPipeError)
            raise OutputGone("" if is_pipe else str(self._lost.strerror))


def discard_stdout() -> None:
    """Lets what is still buffered for stdout vanish: else Python stumbles on it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def choose(options: Options) -> Screen:
    """The screen that suits the options, and what stdout and stderr are."""
    _open_streams()
    report: Report
    to_people, messages_to_people = sys.stdout.isatty(), sys.stderr.isatty()
    if options.json:
        report = JsonReport()
    elif options.quiet:
        report = QuietReport()
    elif to_people:
        report = TerminalReport(whole=options.verbose or options.interactive)
    else:
        report = PlainReport()
    # Lines that are printed while a run looks or works would tear the bars apart.
    torn = to_people and (options.json or options.verbose)
    moving = messages_to_people and not options.quiet and not torn
    return Screen(report, BarProgress() if moving else SilentProgress(), quiet=options.quiet)


def _open_streams() -> None:
    """Sees to it that printing cannot fail for what is printed, nor for a stream that is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - as long as we run
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
