"""Where the configuration file is, its syntax, and its section of defaults."""

from __future__ import annotations

import configparser
import os
import re
import stat
from pathlib import Path
from typing import Any

import msgspec

from ..errors import UsageError
from .section import Section

__all__ = ["GENERAL", "Defaults", "count", "defaults", "find", "parse", "percent"]

GENERAL = "img-sync"


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """The section `[img-sync]`.

    `root`: the folder that album paths are relative to. `exclude`: globs of what is not looked at.
    `write`: "embed" or "sidecar": where metadata goes of files that can hold it themselves.
    `trash`: "auto" for the system's, else a folder. `jobs`: how many processes and calls at once.
    `max_delete`: the share of a side's linked photos that a run may delete.
    """

    root: Path | None = None
    exclude: tuple[str, ...] = ()
    write: str = "embed"
    trash: str = "auto"
    jobs: int = 1
    max_delete: float = 0.5

    def as_text(self) -> dict[str, str]:
        """The values as they would stand in the file."""
        return {
            "root": str(self.root or ""),
            "exclude": "\n".join(self.exclude),
            "write": self.write,
            "trash": self.trash,
            "jobs": str(self.jobs),
            "max_delete": f"{self.max_delete * 100:g}",
        }


def find(named: Path | None) -> Path | None:
    """The configuration file in force, None if there is none.

    `named` (by `--config`), else IMG_SYNC_CONFIG of the environment, else
    `~/config/img-sync.cfg`, else `img-sync.cfg` in $XDG_CONFIG_HOME. Raises UsageError if one of
    the first two names none, or if nobody can tell whether one of the others is there.
    """
    if named is None and (value := os.environ.get("IMG_SYNC_CONFIG")):
        named = Path(value)
    if named is not None:
        path = _expanded(named)
        if not _is_there(path):
            raise UsageError(f"there is no configuration file {path}")
        return path
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config")
    places = (Path("~/config/img-sync.cfg"), folder / "img-sync.cfg")
    return next(filter(_is_there, map(_expanded, places)), None)


def _expanded(path: Path) -> Path:
    """The path with the home folder for `~`, as it is where nobody knows that folder."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises then


def _is_there(path: Path) -> bool:
    """Whether something that is no folder has that path."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UsageError(
            f"{path} cannot be looked at: {error.strerror}; name another configuration file with"
            " --config"
        ) from None


def parse(path: Path) -> dict[str, dict[str, str]]:
    """The sections of the file; raises UsageError with the line that is wrong."""
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8: save it as UTF-8") from None
    except configparser.Error as error:
        raise UsageError(f"{path}, {_syntax(error)}") from None
    return {name: dict(parser[name]) for name in parser.sections()}


def _syntax(error: configparser.Error) -> str:
    match error:
        case configparser.DuplicateSectionError(section=section, lineno=line):
            return f"line {line}: section [{section}] is there twice"
        case configparser.DuplicateOptionError(section=section, option=key, lineno=line):
            return f"line {line}: {key} is there twice in section [{section}]"
        case configparser.MissingSectionHeaderError(lineno=line):
            return f"line {line}: a section must come first, such as [{GENERAL}]"
        case configparser.ParsingError(errors=[(line, _), *_]):
            return f"line {line}: neither a [section] nor KEY = VALUE"
    return str(error)


def defaults(section: Section) -> Defaults:
    """What the section `[img-sync]` says; raises UsageError for unknown keys and bad values."""
    section.check(Defaults.__struct_fields__)
    values = section.values
    found: dict[str, Any] = {"jobs": _processors()}
    if values.get("root"):
        found["root"] = _folder(section, "root")
    if "exclude" in values:
        globs = values["exclude"].replace(",", "\n").splitlines()
        found["exclude"] = tuple(filter(None, map(str.strip, globs)))
    if "write" in values:
        if values["write"] not in ("embed", "sidecar"):
            raise section.wrong("write", "embed or sidecar")
        found["write"] = values["write"]
    if values.get("trash", "auto") != "auto":
        found["trash"] = str(_folder(section, "trash"))
    if "jobs" in values:
        jobs = count(values["jobs"])
        if jobs is None:
            raise section.wrong("jobs", "a number from 1 on")
        found["jobs"] = jobs
    if "max_delete" in values:
        share = percent(values["max_delete"])
        if share is None:
            raise section.wrong("max_delete", "a percentage from 0 to 100")
        found["max_delete"] = share
    return Defaults(**found)


def percent(text: str) -> float | None:
    """The share that "50" or "50%" means, from 0 to 1; None if it means none."""
    try:
        number = float(text.strip().removesuffix("%"))
    except ValueError:
        return None
    return number / 100 if 0 <= number <= 100 else None


def count(text: str) -> int | None:
    """The number from 1 on that a text is; None if it is none, or absurd."""
    return int(text) if re.fullmatch("[1-9][0-9]{0,5}", text) else None


def _folder(section: Section, key: str) -> Path:
    path = _expanded(Path(section.values[key]))
    if not path.is_absolute():
        raise section.wrong(key, "a whole path, which begins with / or ~/")
    return path


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
