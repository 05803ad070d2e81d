"""Two trees of photos, a configuration that names the second one, and a person's hands."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imgsync.cli import main
from imgsync.metadata import files, sidecars
from imgsync.model import NOTHING_SAID, Field, Metadata
from imgsync.testing.pictures import jpeg

OLD = 1_500_000_000


@dataclass
class Report:
    """What one command came to: its exit code, its events, and what it told people."""

    code: int
    events: list[dict[str, Any]]
    told: str

    @property
    def summary(self) -> dict[str, int]:
        """The counts that are not 0."""
        last = self.events[-1] if self.events else {}
        return {key: n for key, n in last.items() if key != "event" and n}

    def actions(self, event: str = "planned") -> set[str]:
        """Every action as "op side album/name fields"; blocked ones end with " blocked"."""
        return {_line(each) for each in self.events if each["event"] == event}


def _line(event: dict[str, Any]) -> str:
    place = "/".join(filter(None, [event["album"], event["name"]]))
    words = [event["op"], event["side"] or "-", place, ",".join(event["fields"])]
    return " ".join(filter(None, [*words, "blocked" if event["blocked"] else ""]))


@dataclass
class Tree:
    """A tree of folders, and what a person with other programs does to it."""

    top: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, path: str, picture: int, **said: Any) -> Path:
        """A photo with that picture, as old as all the others."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(jpeg(picture))
        if said:
            self.say(path, **said)
        self._age(file)
        return file

    def say(self, path: str, **said: Any) -> None:
        """Sets fields, as a photo manager does."""
        file = self.top / path
        metadata = msgspec.structs.replace(NOTHING_SAID, **said)
        files.write(file, self._sidecar(file), metadata, frozenset(map(Field, said)))
        self._age(file)

    def repaint(self, path: str, picture: int) -> None:
        """Another picture under the same name; nothing else about it stays."""
        (self.top / path).write_bytes(jpeg(picture))
        self._age(self.top / path)

    def rename(self, path: str, to: str) -> None:
        (self.top / to).parent.mkdir(parents=True, exist_ok=True)
        (self.top / path).rename(self.top / to)

    def remove(self, path: str) -> None:
        place = self.top / path
        shutil.rmtree(place) if place.is_dir() else place.unlink()

    def said(self, path: str) -> Metadata:
        """What the photo says of itself."""
        file = self.top / path
        return files.read(file, self._sidecar(file))

    def picture(self, path: str) -> bytes:
        return (self.top / path).read_bytes()

    def names(self) -> set[str]:
        """The paths of all files but the states."""
        files = (path for path in self.top.rglob("*") if path.is_file())
        return {p.relative_to(self.top).as_posix() for p in files if p.name != ".img-sync.db"}

    def snapshot(self) -> dict[str, tuple[bytes, int]]:
        """Every file, states too: its bytes, and when it was last written."""
        files = (path for path in self.top.rglob("*") if path.is_file())
        return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in files}

    def _sidecar(self, file: Path) -> Path | None:
        own = sidecars.owners(each.name for each in file.parent.iterdir()).get(file.name)
        return file.parent / own[0] if own else None

    def _age(self, file: Path) -> None:
        """No two writes get the same time, and none is younger than the clock's grain."""
        moment = OLD + next(self.numbers)
        for path in (file, self._sidecar(file)):
            if path is not None:
                os.utime(path, (moment, moment))


@dataclass
class Home:
    """`here` is what a person calls PATH, `nas` the service of that name."""

    here: Tree
    nas: Tree
    run: Callable[..., Report]

    def sync(self, *more: str) -> Report:
        return self.run("--sync-with", "nas", str(self.here.top), *more)

    def diff(self, *more: str) -> Report:
        return self.run("--diff-with", "nas", str(self.here.top), *more)

    def push(self, *more: str) -> Report:
        return self.run("--sync-to", "nas", str(self.here.top), *more)

    def pull(self, *more: str) -> Report:
        return self.run("--sync-to", "local", "--sync-from", "nas", str(self.here.top), *more)

    def in_step(self) -> bool:
        """Whether another run would find nothing to do, and do nothing."""
        before = self.here.snapshot(), self.nas.snapshot()
        report = self.sync()
        after = self.here.snapshot(), self.nas.snapshot()
        return report.code == 0 and not report.actions() and _photos(before) == _photos(after)


def _photos(snapshots: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [
        {path: file for path, file in snapshot.items() if not path.endswith(".img-sync.db")}
        for snapshot in snapshots
    ]


@pytest.fixture
def trees(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> Home:
    """Two empty trees; a section `usb` names a third place."""
    for name in ("here", "nas", "usb"):
        (tmp_path / name).mkdir()
    config = home / "config/img-sync.cfg"
    config.parent.mkdir()
    sections = [f"[{n}]\ntype = files\npath = {tmp_path / n}\n" for n in ("nas", "usb")]
    config.write_text("[img-sync]\njobs = 1\n" + "".join(sections))

    def run(*arguments: str) -> Report:
        capsys.readouterr()
        code = main([*arguments, "--json"])
        out, told = capsys.readouterr()
        return Report(code, [json.loads(line) for line in out.splitlines()], told)

    return Home(Tree(tmp_path / "here"), Tree(tmp_path / "nas"), run)
