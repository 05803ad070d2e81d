"""A person who runs img-sync between a folder and a photo service, and what came of it."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imgsync.cli import main
from imgsync.metadata import files
from imgsync.model import NOTHING_SAID, Field, Metadata
from imgsync.testing.pictures import jpeg

__all__ = ["Home", "Report", "picture_in", "pictures"]

SECRETS = ("api_key", "password")


@dataclass
class Report:
    """What one command came to."""

    code: int
    events: list[dict[str, Any]]
    told: str

    def actions(self, event: str = "planned") -> set[str]:
        """Every action as "op side name fields"."""
        return {
            " ".join([e["op"], e["side"] or "-", e["name"] or e["album"], ",".join(e["fields"])])
            for e in self.events
            if e["event"] == event
        }


class Home:
    """A folder `top` of photos, and a configuration with the section `gallery`."""

    def __init__(
        self, home: Path, section: Mapping[str, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.top = home / "Photos"
        self.top.mkdir()
        self._config = home / "config/img-sync.cfg"
        self._config.parent.mkdir()
        self._section = section
        self._capsys = capsys
        self.settings()

    def with_folder(self, name: str) -> Home:
        """The same person with another folder."""
        other = copy.copy(self)
        other.top = self.top.with_name(name)
        return other

    def settings(self, **more: str) -> None:
        """Writes the configuration, with `more` in the section."""
        lines = ["[img-sync]", "jobs = 1", "[gallery]"]
        lines += [f"{key} = {value}" for key, value in (*self._section.items(), *more.items())]
        self._config.write_text("\n".join(lines) + "\n")

    def add(self, path: str, picture: int, **said: object) -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(jpeg(picture))
        self.say(path, **said)
        return file

    def say(self, path: str, **said: Any) -> None:
        metadata = msgspec.structs.replace(NOTHING_SAID, **said)
        if said:
            files.write(self.top / path, None, metadata, frozenset(map(Field, said)))
        old = (self.top / path).stat().st_mtime - 1000
        os.utime(self.top / path, (old, old))

    def said(self, path: str) -> Metadata:
        return files.read(self.top / path, None)

    def run(self, *arguments: str) -> Report:
        """One command; no secret may be in what it tells."""
        self._capsys.readouterr()
        code = main([*arguments, "--json"])
        out, told = self._capsys.readouterr()
        assert not any(self._section[key] in out + told for key in SECRETS if key in self._section)
        return Report(code, [json.loads(line) for line in out.splitlines()], told)

    def sync(self, *more: str) -> Report:
        return self.run("--sync-with", "gallery", str(self.top), *more)

    def push(self, *more: str) -> Report:
        return self.run("--sync-to", "gallery", str(self.top), *more)

    def pull(self, *more: str) -> Report:
        return self.run("--sync-to", "local", "--sync-from", "gallery", str(self.top), *more)


def picture_in(data: bytes) -> bytes:
    """The coded picture of a file: what stays of `jpeg`, whatever is said in it."""
    return data[data.index(b"\xff\xda") : data.index(b"\xff\xd9")]


def pictures(folder: Path) -> dict[str, bytes]:
    """The coded pictures of a folder's JPEGs, by name."""
    return {path.name: picture_in(path.read_bytes()) for path in folder.glob("*.jpg")}
