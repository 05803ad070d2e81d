"""Sends a film through a service, in a process that has less memory than the film has bytes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

__all__ = ["FILM", "send_and_fetch"]

FILM = 200_000_000  # bytes, none of which is on the disk
SPARE = 100_000_000

_PROGRAM = """
import resource, sys
from pathlib import Path
from imgsync.model import NOTHING_SAID, Photo
from imgsync.service import Original, Source
from imgsync.testing.checks.basis import source

module, kind, path, spare = sys.argv[1:5]
settings = dict(pair.split("=", 1) for pair in sys.argv[5:])
service = getattr(__import__(module, fromlist=[kind]), kind).configure("gallery", settings)
album = service.create_album("Films")
with service.open(album, service.create(album, source("small.jpg", 1))) as original:
    original.stream.read()

file = Path(path)
size = file.stat().st_size
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(spare), used + int(spare)))
film = Source("film.mp4", NOTHING_SAID, Photo("", "film.mp4", size=size),
              lambda: Original(file.open("rb"), size))
with service.open(album, service.create(album, film)) as original:
    came = 0
    while block := original.stream.read(1 << 20):
        came += len(block)
service.close()
print(came)
"""


def send_and_fetch(module: str, kind: str, folder: Path, settings: Mapping[str, str]) -> int:
    """How many bytes came back. Fails if it takes more than half of them in memory."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells and limits the memory of a process")
    film = folder / "film.mp4"
    with film.open("wb") as stream:
        stream.truncate(FILM)
    told = [f"{key}={value}" for key, value in settings.items()]
    command = [sys.executable, "-c", _PROGRAM, module, kind, str(film), str(SPARE), *told]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
