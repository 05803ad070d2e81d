"""What a command line asks for: it is done, and comes to an exit code."""

from __future__ import annotations

from ..config import Configuration
from ..errors import Error
from .options import Options
from .screen import Screen

__all__ = ["Work"]


class Work:
    """Something to be done by the options. `code` is the exit code so far."""

    def __init__(self, options: Options, configuration: Configuration, screen: Screen) -> None:
        self.code = 0
        self.options = options
        self.configuration = configuration
        self.screen = screen

    def go(self) -> None:
        """Does it. Raises UsageError, before anything is done, for what cannot be done."""
        raise NotImplementedError

    def trouble(self, error: Error) -> None:
        """Tells an error that does not end all of it."""
        self.screen.say(str(error))
        self.end_with(error.exit_code)

    def end_with(self, code: int) -> None:
        """The exit code is to be this one, unless there is a more severe one: a larger number."""
        self.code = max(self.code, code)
