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
    if words == ["--version"]:  # answered before anything is loaded that takes its time
        print(f"img-sync {__version__}")
        return 0
    try:
        from .options import parse

        options = parse(words)
        from .command import run

        return run(options, words)
    except UsageError as error:
        print(f"img-sync: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
