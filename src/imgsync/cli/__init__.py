"""The command line of img-sync."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..errors import UsageError
from .options import parse

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs img-sync with the words of a command line and gives its exit code.

    Prints all there is to say. `--version` and `--help` raise SystemExit, and load nothing more.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = parse(words)
        from .command import run

        return run(options, words)
    except UsageError as error:
        print(f"img-sync: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
