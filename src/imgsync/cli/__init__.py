"""The command line of img-sync."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import UsageError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs img-sync with the words of a command line and gives its exit code.

    Prints all there is to say. Raises SystemExit for `--help`.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if words == ["--version"]:  # answered before anything is loaded that takes its time
            return _print_version()
        from .options import parse

        options = parse(words)
        from .command import run

        return run(options, words)
    except UsageError as error:
        from .words import visible

        print(f"img-sync: {visible(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _print_version() -> int:
    try:
        print(f"img-sync {__version__}", flush=True)
    except OSError as error:
        from .screen import discard_stdout

        discard_stdout()
        print(f"img-sync: the output cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return 0
