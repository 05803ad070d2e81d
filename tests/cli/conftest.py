"""What the tests of the command line share: small trees, and img-sync run on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imgsync.cli import main
from imgsync.testing.pictures import jpeg

SIDECAR = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>
"""


class Trees:
    """The folders `here` and `there`, side by side; `there` is the service `nas`."""

    def __init__(self, folder: Path) -> None:
        self.here, self.there = folder / "here", folder / "there"
        self.here.mkdir()
        self.there.mkdir()
        self._count = 0

    def add(self, *names: str, root: Path | None = None) -> None:
        """Puts new photos of these paths into `root`, mostly `here`."""
        for name in names:
            path = (root or self.here) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(self._count))
            self._count += 1

    def say(self, name: str, caption: str, root: Path | None = None) -> None:
        """Gives a photo a caption, in its sidecar."""
        Path(root or self.here, f"{name}.xmp").write_text(SIDECAR.format(caption))


class Answer(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


Run = Callable[..., Answer]


@pytest.fixture
def trees(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Trees:
    """Two empty trees in the current folder, and a configuration in which `there` is `nas`."""
    config = home / "config/img-sync.cfg"
    config.parent.mkdir()
    config.write_text(f"[img-sync]\njobs = 1\n[nas]\ntype = files\npath = {tmp_path}/there\n")
    monkeypatch.chdir(tmp_path)
    return Trees(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process."""

    def run(*words: str | Path) -> Answer:
        capsys.readouterr()
        code = main([str(word) for word in _split(words)])
        return Answer(code, *capsys.readouterr())

    return run


def _split(words: Sequence[str | Path]) -> Sequence[str | Path]:
    """One string is a whole line."""
    return words[0].split() if len(words) == 1 and isinstance(words[0], str) else words
