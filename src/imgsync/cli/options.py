"""The grammar of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from .. import __version__
from ..config import count
from ..errors import UsageError

__all__ = ["Options", "make_parser", "parse"]

USAGE = """\
img-sync --list      SERVICE [PATH]
       img-sync --diff-with SERVICE [--sync-from SERVICE] PATH...
       img-sync --sync-to   SERVICE [--sync-from SERVICE] PATH...
       img-sync --sync-with SERVICE PATH..."""

DESCRIPTION = """\
Keeps photo albums in step between the folders under PATH and photo services: pictures and
metadata, field by field, both ways. SERVICE is local, a section of the configuration file, or
file:///path, another tree of folders."""

EPILOG = """\
FIELDS: content title caption tags taken location rating label favorite people creator copyright,
separated by commas; metadata is all of them but content.

exit codes: 0 in step, 1 differences, 2 wrong usage or configuration, 3 refused, 4 a state cannot
be used, 5 a service could not be used, 70 a bug, 130 interrupted.

examples:
  img-sync --diff-with local ~/Pictures        what has changed here since the last time?
  img-sync --diff-with nas ~/Pictures          what would a sync with the NAS do?
  img-sync --sync-with nas ~/Pictures          do it
"""


class Options(argparse.Namespace):
    """A command line that was understood, as it was written."""

    goals: list[tuple[str, str]]  # "--sync-to" and the like, with the service, in their order
    sync_from: list[str]
    paths: list[str]
    no_write: bool
    interactive: bool
    verbose: bool
    quiet: bool
    json: bool
    check_all: bool
    check_meta: bool
    delete: bool
    max_delete: str | None
    prefer: str | None
    only: list[str]
    skip: list[str]
    exclude: list[str]
    no_recurse: bool
    jobs: int | None
    config: str | None
    print_config: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; img-sync --help lists the options")


class _Goal(argparse.Action):
    """Keeps which option named a service, since their order counts."""

    def __call__(self, parser: object, namespace: Any, values: object, option: object = "") -> None:
        namespace.goals = [*namespace.goals, (self.option_strings[0], values)]


def parse(argv: Sequence[str] | None = None) -> Options:
    """What the command line asks for; raises UsageError if its words are none of ours.

    `--version` and `--help` are answered here: they raise SystemExit.
    """
    return make_parser().parse_intermixed_args(argv, Options())


def make_parser() -> argparse.ArgumentParser:
    """The parser of all options."""
    parser = _Parser(
        prog="img-sync",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a folder of albums")
    _add_goals(parser)
    _add_what(parser)
    _add_how(parser)
    return parser


def _add_goals(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to do")
    helps = {
        "--list": "list the albums of SERVICE, with --verbose their photos too",
        "--diff-with": "list what --sync-with SERVICE would do; with local: what has changed here"
        " since the last time",
        "--sync-to": "change only SERVICE; with local: remember what is here, or with --sync-from"
        " bring the albums of another service here",
        "--sync-with": "both ways",
    }
    for option, text in helps.items():
        group.add_argument(
            option, action=_Goal, dest="goals", default=[], metavar="SERVICE", help=text
        )
    group.add_argument(
        "--sync-from",
        action="append",
        default=[],
        metavar="SERVICE",
        help="the source (default: local)",
    )
    group.add_argument(
        "--print-config", action="store_true", help="print the configuration in force"
    )
    group.add_argument(
        "--version", action="version", version=f"img-sync {__version__}", help="print the version"
    )
    group.add_argument("--help", "-h", action="help", help="print this help")


def _add_what(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what may happen")
    group.add_argument("--no-write", action="store_true", help="only list what would be done")
    group.add_argument("--interactive", action="store_true", help="ask before writing")
    group.add_argument("--delete", action="store_true", help="carry deletions, into the trash")
    group.add_argument(
        "--max-delete",
        metavar="PERCENT",
        help="refuse to delete a larger share of one side's photos (default: 50)",
    )
    group.add_argument(
        "--prefer", metavar="local|SERVICE", help="the side whose value wins a conflict"
    )
    group.add_argument(
        "--only", action="append", default=[], metavar="FIELDS", help="carry these fields alone"
    )
    group.add_argument(
        "--skip", action="append", default=[], metavar="FIELDS", help="leave these fields alone"
    )
    group.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="look at no file or album of this name (may be repeated)",
    )
    group.add_argument("--no-recurse", action="store_true", help="PATH alone, no folder in it")


def _add_how(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how")
    group.add_argument("--check-all", action="store_true", help="read and hash every byte again")
    group.add_argument(
        "--check-meta", action="store_true", help="read the metadata of every file again"
    )
    group.add_argument("--verbose", action="store_true", help="show all that is known first")
    group.add_argument("--quiet", action="store_true", help="print nothing but errors")
    group.add_argument("--json", action="store_true", help="print one JSON event a line")
    group.add_argument(
        "--jobs", type=_count, metavar="N", help="do so much at once (default: one a processor)"
    )
    group.add_argument("--config", metavar="FILE", help="read this configuration file")


def _count(text: str) -> int:
    number = count(text)
    if number is None:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 on")
    return number
