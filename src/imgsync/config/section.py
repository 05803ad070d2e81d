"""One section of the configuration file, and the sentences that name it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path

from ..errors import UsageError

__all__ = ["COMMAND", "Section", "nearest"]

# KEY_command = ... names a command that prints the value of KEY.
COMMAND = "_command"


class Section:
    """A section's values, and what is said of them."""

    def __init__(self, name: str, path: Path | None, values: Mapping[str, str]) -> None:
        self.name = name
        self.path = path
        self.values = values

    def __str__(self) -> str:
        return f"section [{self.name}] of {self.path}"

    def check(self, known: Collection[str], commands: Collection[str] = ()) -> None:
        """Raises UsageError for a key that is not known, or given in two ways.

        Keys in `commands` may be given by a command.
        """
        for key in self.values:
            plain = key.removesuffix(COMMAND)
            by_command = plain != key and plain in commands
            if key not in known and not by_command:
                raise UsageError(f"unknown key {key} in {self}{nearest(key, known)}")
            if by_command and plain in self.values:
                raise UsageError(f"{self} has both {plain} and {key}: keep one of them")

    def lacks(self, key: str, or_else: str = "") -> UsageError:
        return UsageError(f"{self} lacks the key {key}: add {key} = ...{or_else}")

    def wrong(self, key: str, meant: str) -> UsageError:
        return UsageError(f"{key} = {self.values[key]} in {self}: it must be {meant}")


def nearest(word: str, known: Collection[str]) -> str:
    """The end of a sentence that offers the known word most like `word`, or all of them."""
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are {', '.join(sorted(known))}" if known else ""
