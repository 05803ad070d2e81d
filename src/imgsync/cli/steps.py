"""From the options to the steps of a command: what is compared with what, and what may change."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from ..config import Configuration, percent
from ..errors import UsageError
from ..model import METADATA_FIELDS, Field, Side
from ..plan import Policy
from ..service import Check
from .options import Options

__all__ = [
    "LIST",
    "LOCAL",
    "NewAlbums",
    "Step",
    "check_modes",
    "folders",
    "places",
    "policy",
    "read_check",
    "steps",
]

LOCAL = "local"
LIST, DIFF, TO, WITH = "--list", "--diff-with", "--sync-to", "--sync-with"


class NewAlbums(StrEnum):
    """Whether albums that are only on the service are brought here."""

    NO = "no"
    YES = "yes"
    WHOLE = "whole"  # if all albums of the service are meant to be here


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One service to be compared with the folders of the command, and perhaps synced.

    `service`: its name; "local" is the cache, what is remembered of the folders.
    `writes`: the sides that may be changed; the folders are the left one.
    """

    service: str
    writes: frozenset[Side] = frozenset(Side)
    new_albums: NewAlbums = NewAlbums.NO
    dry: bool = False

    @property
    def cache(self) -> bool:
        return self.service == LOCAL


def steps(options: Options) -> list[Step]:
    """The steps in the order of the command line. Raises UsageError for what makes no sense."""
    kinds = {option for option, _ in options.goals}
    if not kinds:
        raise UsageError(
            "nothing to do: name --list, --diff-with, --sync-to or --sync-with;"
            " img-sync --help explains them"
        )
    if len(options.goals) > 1 and not kinds <= {TO, WITH}:
        raise UsageError(f"{min(kinds - {TO, WITH})} stands alone: one service at a time")
    if len(options.sync_from) > 1:
        raise UsageError("--sync-from can be given once")
    source = options.sync_from[0] if options.sync_from else LOCAL
    if options.sync_from and not kinds <= {DIFF, TO}:
        other = min(kinds - {DIFF, TO})
        raise UsageError(f"--sync-from goes with --diff-with and --sync-to, not with {other}")
    return [_step(kind, name, source, options.no_write) for kind, name in options.goals]


def _step(kind: str, name: str, source: str, dry: bool) -> Step:
    dry = dry or kind == DIFF
    if kind == WITH:
        if name == LOCAL:
            raise UsageError("--sync-with local: local is one of the two sides in any case")
        return Step(service=name, new_albums=NewAlbums.WHOLE, dry=dry)
    if source == LOCAL:
        if kind == DIFF:
            return Step(service=name, new_albums=NewAlbums.WHOLE, dry=dry)
        return Step(service=name, writes=frozenset({Side.RIGHT}), dry=dry)
    if name == LOCAL:
        here = frozenset({Side.LEFT})
        return Step(service=source, writes=here, new_albums=NewAlbums.YES, dry=dry)
    raise UsageError(
        f"{name} and {source}: one of the two sides must be local; bring {source} here first"
        f" (--sync-to local --sync-from {source}), then run --sync-to {name}"
    )


def check_modes(options: Options, all_steps: Iterable[Step]) -> None:
    """Raises UsageError for options that exclude each other, or would have no effect."""
    for one, other in (
        ("interactive", "json"),
        ("interactive", "quiet"),
        ("verbose", "quiet"),
        ("check_all", "check_meta"),
    ):
        if getattr(options, one) and getattr(options, other):
            raise UsageError(f"{_dashed(one)} and {_dashed(other)} exclude each other")
    if any(step.cache for step in all_steps):
        for name in ("only", "skip", "prefer"):
            if getattr(options, name):
                raise UsageError(
                    f"{_dashed(name)} has no effect on the cache, which always takes over all"
                    " that the files say"
                )


def _dashed(name: str) -> str:
    return "--" + name.replace("_", "-")


def folders(options: Options) -> list[Path]:
    """The PATHs, absolute, each once. Raises UsageError for one that is no folder, or in another.

    Symbolic links stay as they were given.
    """
    if not options.paths:
        raise UsageError("no PATH: name the folder whose albums it is about")
    if "" in options.paths:
        raise UsageError("a PATH is empty: name the folder whose albums it is about")
    tops: dict[str, Path] = {}
    for path in options.paths:
        if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for some hostile names
            what = "is no folder" if os.path.lexists(path) else "does not exist"
            raise UsageError(f"{path} {what}")
        try:
            whole = Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve follows links
        except FileNotFoundError:
            raise UsageError(f"{path}: the current folder is gone; go to another one") from None
        tops.setdefault(os.path.realpath(whole), whole)
    if not options.no_recurse:
        for inner in tops:
            for outer in tops:
                if inner != outer and Path(inner).is_relative_to(outer):
                    raise UsageError(f"{inner} lies in {outer}: name one of the two")
    return list(tops.values())


def places(tops: Sequence[Path], root: Path | None) -> dict[Path, str]:
    """The path that each PATH has below `root`; "" for one that lies outside of it.

    Several outside have theirs below the folder that holds them all: each as the top of one tree
    would mix their photos.
    """
    below = {top: path for top in tops if root and (path := _path_below(top, root)) is not None}
    outside = [top for top in tops if top not in below]
    if outside:
        above = os.path.commonpath(outside)
        below |= {top: "/".join(top.relative_to(above).parts) for top in outside}
    return below


def _path_below(top: Path, root: Path) -> str | None:
    """The path of `top` relative to `root`, as they are written or else as links lead; or None."""
    for one, other in ((top, root), (Path(os.path.realpath(top)), Path(os.path.realpath(root)))):
        if one.is_relative_to(other):
            return "/".join(one.relative_to(other).parts)
    return None


def policy(
    options: Options,
    configuration: Configuration,
    step: Step,
    accept: frozenset[str] = frozenset(),
) -> Policy:
    """What the step may do."""
    return Policy(
        writes=step.writes,
        fields=_fields(options),
        prefer=_prefer(options, configuration, step),
        delete=options.delete,
        max_delete=_max_delete(options, configuration),
        accept={Side.RIGHT: accept},
    )


def read_check(options: Options) -> Check:
    """How closely files are looked at that seem unchanged."""
    if options.check_all:
        return Check.ALL
    return Check.METADATA if options.check_meta else Check.CHANGED


def _fields(options: Options) -> frozenset[Field]:
    only = _named(options.only) if options.only else frozenset(Field)
    fields = only - _named(options.skip)
    if not fields:
        raise UsageError("--only and --skip leave no field to carry")
    return fields


def _named(lists: Iterable[str]) -> frozenset[Field]:
    fields: set[Field] = set()
    for word in ",".join(lists).replace(",", " ").split():
        if word == "metadata":
            fields.update(METADATA_FIELDS)
        elif word in Field.__members__.values():
            fields.add(Field(word))
        else:
            names = " ".join([*Field, "metadata"])
            raise UsageError(f"there is no field {word}; there are {names}")
    return frozenset(fields)


def _prefer(options: Options, configuration: Configuration, step: Step) -> Side | None:
    if options.prefer is None:
        return None
    if options.prefer == LOCAL:
        return Side.LEFT
    services = [name for _, name in options.goals] + options.sync_from
    wanted = configuration.key(options.prefer)
    if wanted not in map(configuration.key, services):
        raise UsageError(f"--prefer {options.prefer}: this run has no such side")
    return Side.RIGHT if configuration.key(step.service) == wanted else None


def _max_delete(options: Options, configuration: Configuration) -> float:
    if options.max_delete is None:
        return configuration.defaults.max_delete
    share = percent(options.max_delete)
    if share is None:
        raise UsageError(f"--max-delete {options.max_delete}: it must be a percentage, 0 to 100")
    return share
