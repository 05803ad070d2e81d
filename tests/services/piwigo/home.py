"""A person who runs img-sync between a folder and a Piwigo, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from imgsync.metadata import files
from imgsync.model import NOTHING_SAID, Field, Metadata
from imgsync.testing.pictures import jpeg

__all__ = ["Home", "Report"]


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


@dataclass
class Home:
    """A folder `top` of a person who runs img-sync, and the section `gallery`."""

    top: Path
    run: Callable[..., Report]

    def add(self, path: str, picture: int, **said: object) -> None:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(jpeg(picture))
        self.say(path, **said)

    def say(self, path: str, **said: object) -> None:
        metadata = msgspec.structs.replace(NOTHING_SAID, **said)
        if said:
            files.write(self.top / path, None, metadata, frozenset(map(Field, said)))
        old = (self.top / path).stat().st_mtime - 1000
        os.utime(self.top / path, (old, old))

    def said(self, path: str) -> Metadata:
        return files.read(self.top / path, None)

    def sync(self, *more: str) -> Report:
        return self.run("--sync-with", "gallery", str(self.top), *more)

    def push(self, *more: str) -> Report:
        return self.run("--sync-to", "gallery", str(self.top), *more)

    def pull(self, *more: str) -> Report:
        return self.run("--sync-to", "local", "--sync-from", "gallery", str(self.top), *more)
