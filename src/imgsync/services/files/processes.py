"""Processes of img-sync's own: each answers what it is asked, one question after another."""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, TypeVar, cast

import msgspec

from ...errors import Unavailable
from ...wording import why

__all__ = ["WAY_OUT", "Process", "serve"]

Question = TypeVar("Question")

_LENGTH = struct.Struct(">I")
_READY = "ready"  # what a process says before its first answer

WAY_OUT = "end other programs, or do without by --jobs 1"


class Process:
    """Runs `program`, Python that ends in `serve`, until `end` or the end of this process.

    Raises Unavailable if the system starts none. `serves`: it came as far as `serve`, and
    has said so; one that dies before has died of nothing that it was asked.
    """

    def __init__(self, program: str) -> None:
        import subprocess  # late: the processes themselves start none

        self.serves = False
        try:
            # -P: nothing is imported from the folder that the user happens to be in.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", program],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except OSError as error:
            raise Unavailable(
                f"the system starts no process to read photos ({why(error)}): {WAY_OUT}"
            ) from error
        self._questions = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)

    def ask(self, question: object) -> None:
        """Asks without waiting. What is asked and not yet taken must fit into a pipe."""
        # If it is dead the end of its answers will tell.
        with suppress(BrokenPipeError):
            _send(self._questions, question)

    def answer(self) -> bytes:
        """Waits for the answer to the oldest question; b"" if the process is dead."""
        self._greet()
        return _receive(self._answers)

    def fileno(self) -> int:
        """Where something can be waited for, of which `has_answer` says whether it is an answer."""
        return self._answers.fileno()

    def has_answer(self) -> bool:
        """Whether `answer` need not wait; it need not for a dead process either."""
        if self._has_news():
            self._greet()
        return self._has_news()

    def _greet(self) -> None:
        if not self.serves:
            self.serves = bool(_receive(self._answers))

    def _has_news(self) -> bool:
        return bool(select.select([self._answers], [], [], 0)[0])

    def end(self) -> None:
        """Ends it at once, whatever it does."""
        self._process.kill()
        self._questions.close()
        self._answers.close()
        self._process.wait()


def serve(kind: type[Question], answer: Callable[[Question], object]) -> None:
    """Answers questions from standard input on standard output, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks decides when to stop
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the answers
    questions = msgspec.msgpack.Decoder(kind)
    _send(answers, _READY)
    while data := _receive(sys.stdin.buffer):
        try:
            _send(answers, answer(questions.decode(data)))
        except BrokenPipeError:
            return


def _send(stream: BinaryIO, message: object) -> None:
    data = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def _receive(stream: BinaryIO) -> bytes:
    """The next message from a pipe; b"" at its end, also where that comes amid a message."""
    head = _exactly(stream, _LENGTH.size)
    return _exactly(stream, *_LENGTH.unpack(head)) if head else b""


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = stream.read(size - len(data))
        if not part:
            return b""
        data += part
    return bytes(data)
