"""A run that is killed at any moment: one more run completes it, and nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imgsync.metadata import files, sidecars
from imgsync.metadata.digest import digest
from imgsync.model import NOTHING_SAID, Field
from imgsync.testing.pictures import jpeg

PHOTOS = 300
KILLS = 200 if os.environ.get("IMG_SYNC_TORTURE") else 15
ALBUMS = ("2011", "2012/Sea", "2012/Alps")


def sync(place: Path) -> subprocess.Popen[bytes]:
    """A real run between the trees in `place`, in a process group of its own."""
    config = place / "img-sync.cfg"
    config.write_text(f"[nas]\ntype = files\npath = {place / 'there'}\n")
    command = [sys.executable, "-m", "imgsync.cli", "--config", str(config), "--json"]
    return subprocess.Popen(
        [*command, "--sync-with", "nas", str(place / "here")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def finish(run: subprocess.Popen[bytes]) -> tuple[int, list[dict[str, Any]]]:
    out, _ = run.communicate(timeout=120)
    return run.returncode, [json.loads(line) for line in out.splitlines()]


def say(photo: Path, **said: Any) -> None:
    metadata = msgspec.structs.replace(NOTHING_SAID, **said)
    files.write(photo, None, metadata, frozenset(map(Field, said)))


def find(tree: Path) -> dict[str, Path]:
    found = (path for path in tree.rglob("*") if path.is_file() and path.name != ".img-sync.db")
    return {path.relative_to(tree).as_posix(): path for path in found}


def shown(tree: Path) -> dict[str, tuple[str, object]]:
    """The picture and the words of every photo."""
    found = find(tree)
    owners = sidecars.owners(found)
    return {
        name: (digest(found[name]).content, files.read(found[name], found[own[0]] if own else None))
        for name, own in owners.items()
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trees: a third of the photos in step and edited since, a third new on either side."""
    place = tmp_path_factory.mktemp("prepared")
    here, there = place / "here", place / "there"
    there.mkdir()
    for album in ALBUMS:
        (here / album).mkdir(parents=True)
    for number in range(PHOTOS // 3):
        photo = here / ALBUMS[number % 3] / f"IMG_{number}.jpg"
        photo.write_bytes(jpeg(number))
    code, _ = finish(sync(place))
    assert code == 0
    for number in range(PHOTOS // 3):
        name = f"{ALBUMS[number % 3]}/IMG_{number}.jpg"
        match number % 5:
            case 0:
                say(here / name, caption=f"here {number}")
            case 1:
                say(there / name, tags=frozenset({"there", str(number)}))
            case 2:
                (here / name).rename((here / name).with_name(f"renamed_{number}.jpg"))
            case 3:
                (there / name).write_bytes(jpeg(1000 + number))
    for number in range(PHOTOS // 3, PHOTOS):
        tree = here if number % 2 else there
        photo = tree / ALBUMS[number % 3] / f"IMG_{number}.jpg"
        photo.write_bytes(jpeg(number))
        if number % 7 == 0:
            say(photo, rating=number % 5 + 1)
    return place


@pytest.fixture(scope="module")
def whole(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[float, object]:
    """How long an undisturbed run takes, and what both sides show then."""
    place = tmp_path_factory.mktemp("whole") / "trees"
    shutil.copytree(prepared, place)
    start = time.monotonic()
    code, _ = finish(sync(place))
    seconds = time.monotonic() - start
    assert code == 0
    both = shown(place / "here")
    assert both == shown(place / "there")
    assert len(both) == PHOTOS
    return seconds, both


@pytest.mark.parametrize("seed", range(KILLS))
def test_one_more_run_completes_it(
    seed: int, prepared: Path, whole: tuple[float, object], tmp_path: Path
) -> None:
    seconds, wanted = whole
    shutil.copytree(prepared, tmp_path / "trees")
    here, there = tmp_path / "trees/here", tmp_path / "trees/there"
    run = sync(tmp_path / "trees")
    time.sleep(random.Random(seed).uniform(0.1, 1.0) * seconds)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()

    code, _ = finish(sync(tmp_path / "trees"))
    assert code == 0
    assert shown(here) == shown(there) == wanted
    for tree in (here, there):
        assert [path for path in tree.rglob(".img-sync*") if path.name != ".img-sync.db"] == []
    code, events = finish(sync(tmp_path / "trees"))
    assert (code, [event["event"] for event in events]) == (0, ["summary"])
