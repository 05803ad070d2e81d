"""Runs a command line that was understood, and answers for whatever happens."""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..config import find, read
from ..errors import Error
from .listing import Listing
from .options import Options
from .runlog import RunLog
from .screen import OutputGone, Screen, choose
from .session import Session
from .steps import LIST
from .work import Work

__all__ = ["run"]

INTERRUPTED = 130
BUG = 70  # EX_SOFTWARE of sysexits.h


def run(options: Options, arguments: Sequence[str]) -> int:
    """Does what the options ask for and gives the exit code; nothing else comes out of it.

    `arguments`: the command line, for the log.
    """
    screen = choose(options)
    log = RunLog(arguments, screen.say)
    try:
        with _interruptible():
            return _run(options, screen, log)
    except Error as error:
        screen.say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        screen.say("interrupted; what was done is remembered, the next run does the rest")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a bug, which may be anything
        log.write("internal error\n" + "".join(traceback.format_exception(error)).rstrip())
        screen.say(_report(error, log.path))
        return BUG
    finally:
        log.close()


def _run(options: Options, screen: Screen, log: RunLog) -> int:
    configuration = read(find(None if options.config is None else Path(options.config)))
    if options.jobs is not None:
        configuration = configuration.with_jobs(options.jobs)
    work: Work
    if options.print_config:
        work = _Printing(options, configuration, screen)
    elif any(goal == LIST for goal, _ in options.goals):
        work = Listing(options, configuration, screen)
    else:
        work = Session(options, configuration, screen, log)
    try:
        work.go()
    except OutputGone as gone:
        if gone.why:
            work.trouble(Error(f"the output cannot be written: {gone.why}"))
        else:
            work.end_with(INTERRUPTED)
    except Error as error:
        work.trouble(error)
    return work.code


class _Printing(Work):
    """Prints the configuration in force; an error in it comes last."""

    def go(self) -> None:
        for line in self.configuration.lines():
            self.screen.write(line)
        self.configuration.check()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt, the second of them ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        raise KeyboardInterrupt

    # One that is ignored stays so: a shell does that for what runs in its background.
    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(error: Exception, log: Path | None) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
    details = f"; {log} has the details" if log else ""
    return f"internal error ({where}){details}; please report it"
