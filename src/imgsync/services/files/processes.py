"""Processes of img-sync's own: each answers what it is asked, one question after another."""

from __future__ import annotations

import os
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, TypeVar, cast

import msgspec

__all__ = ["Process", "serve"]

Question = TypeVar("Question")

_LENGTH = struct.Struct(">I")


class Process:
    """Runs `program`, Python that ends in `serve`, until `end` or the end of this process."""

    def __init__(self, program: str) -> None:
        import subprocess  # late: the processes themselves start none

        # -P: nothing is imported from the folder that the user happens to be in.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", program],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._questions = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)

    def ask(self, question: object) -> None:
        """Asks without waiting. What is asked and not yet taken must fit into a pipe."""
        # If it is dead the end of its answers will tell.
        with suppress(BrokenPipeError):
            _send(self._questions, question)

    def answer(self) -> bytes:
        """Waits for the answer to the oldest question; b"" if the process is dead."""
        return _receive(self._answers)

    def fileno(self) -> int:
        """Where answers can be waited for."""
        return self._answers.fileno()

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
