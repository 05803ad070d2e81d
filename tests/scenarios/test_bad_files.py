"""Bad files, folders and disks: a clear message for each, the rest goes on, nothing is lost."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imgsync.testing.pictures import jpeg

LONG_AGO = 1_500_000_000


class Run(NamedTuple):
    """How a run of img-sync ended: its exit code, its events, what it said besides."""

    code: int
    events: list[dict[str, Any]]
    said: str

    def of(self, kind: str) -> list[str]:
        """The photos, or albums, of all events of a kind."""
        found = [event for event in self.events if event["event"] == kind]
        return sorted("/".join(filter(None, (e["album"], e["name"]))) for e in found)


def sync(here: Path, there: Path, *options: str, limits: Callable[[], None] | None = None) -> Run:
    words = ["--json", *options, "--sync-with", f"file://{there}", str(here)]
    done = subprocess.run(
        [sys.executable, "-m", "imgsync.cli", *words],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=limits,
        check=False,
    )
    said = done.stderr.decode(errors="surrogateescape")
    assert "Traceback" not in said, said
    return Run(done.returncode, [json.loads(line) for line in done.stdout.splitlines()], said)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


def add(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def pictures(folder: Path) -> dict[str, bytes]:
    """All files of a tree but the memory of img-sync, by path. Nothing temporary is among them."""
    found = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
    states = {name for name in found if name.endswith(".img-sync.db")}
    return {name: path.read_bytes() for name, path in found.items() if name not in states}


def assert_in_step(here: Path, there: Path) -> None:
    again = sync(here, there)
    assert (again.code, again.of("planned"), again.of("failed")) == (0, [], [])


def without_privileges() -> None:
    """What root may do beyond others, taken from the program that is started next (Linux)."""
    if os.geteuid() == 0:
        drop, override, search = 24, 1, 2  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, _READ_SEARCH
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(drop, override, 0, 0, 0) or libc.prctl(drop, search, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "capabilities cannot be dropped")


needs_permissions = pytest.mark.skipif(
    os.geteuid() == 0 and sys.platform != "linux", reason="root may read everything here"
)


def test_broken_photos_are_photos(here: Path, there: Path, sample_photos: Path) -> None:
    broken = [path for path in sample_photos.rglob("*") if path.is_file() and path.stat().st_size]
    for number, path in enumerate(sorted(broken)):
        add(here, f"{path.parent.name}/{number:03} {path.name}", path.read_bytes())
    before = pictures(here)
    done = sync(here, there)
    assert (done.code, done.of("failed")) == (0, [])
    assert pictures(here) == before
    assert len(pictures(there)) == len(done.of("done")) > 30
    assert_in_step(here, there)


@pytest.mark.parametrize("cut", [1, 2, 20, 100, 170])
def test_a_cut_photo_is_kept_as_it_is(here: Path, there: Path, cut: int) -> None:
    add(here, "cut.jpg", jpeg(1)[:cut])
    add(here, "whole.jpg", jpeg(2))
    assert sync(here, there).code == 0
    assert pictures(there) == pictures(here)
    assert_in_step(here, there)


def test_an_empty_file_is_neither_sent_nor_taken_for_a_deletion(here: Path, there: Path) -> None:
    path = add(here, "a.jpg", jpeg(1))
    add(here, "b.jpg", jpeg(2))
    assert sync(here, there).code == 0
    path.write_bytes(b"")
    add(here, "c.jpg", jpeg(3))
    done = sync(here, there, "--delete")
    assert (done.code, done.of("failed"), done.of("done")) == (1, ["a.jpg"], ["c.jpg"])
    [failed] = [event for event in done.events if event["event"] == "failed"]
    assert "is empty" in failed["why"]
    assert pictures(there) == {"a.jpg": jpeg(1), "b.jpg": jpeg(2), "c.jpg": jpeg(3)}
    shutil.copy(there / "a.jpg", path)
    assert_in_step(here, there)


def test_a_photo_that_cannot_be_read_is_known_in_any_spelling(here: Path, there: Path) -> None:
    add(here, "e\u0301.jpg", b"")
    add(there, "\u00e9.jpg", jpeg(1))
    done = sync(here, there)
    assert (done.code, done.of("failed"), done.of("planned")) == (1, ["e\u0301.jpg"], [])
    assert pictures(here) == {"e\u0301.jpg": b""}


@needs_permissions
@pytest.mark.parametrize("closed", ["secret", "secret/a.jpg"], ids=["folder", "photo"])
def test_what_may_not_be_read_is_left_alone(here: Path, there: Path, closed: str) -> None:
    add(here, "secret/a.jpg", jpeg(1))
    add(here, "open/b.jpg", jpeg(2))
    assert sync(here, there).code == 0
    # Other metadata, and another time: what is unreadable would be read again.
    add(here, "open/c.jpg", jpeg(3))
    os.utime(here / "secret/a.jpg", (LONG_AGO + 9, LONG_AGO + 9))
    (here / closed).chmod(0)
    done = sync(here, there, "--delete", limits=without_privileges)
    (here / closed).chmod(0o755)
    assert (done.code, done.of("failed"), done.of("done")) == (1, [closed], ["open/c.jpg"])
    assert "Permission denied" in str(done.events)
    assert set(pictures(there)) == {"secret/a.jpg", "open/b.jpg", "open/c.jpg"}
    assert sync(here, there).code == 0
    assert_in_step(here, there)


@needs_permissions
def test_a_tree_that_may_not_be_written_keeps_what_it_has(here: Path, there: Path) -> None:
    add(here, "a/a.jpg", jpeg(1))
    add(there, "a/b.jpg", jpeg(2))
    (there / "a").chmod(0o555)
    done = sync(here, there, limits=without_privileges)
    (there / "a").chmod(0o755)
    assert (done.code, done.of("failed"), done.of("done")) == (1, ["a/a.jpg"], ["a/b.jpg"])
    assert "Permission denied" in str(done.events)
    assert set(pictures(there)) == {"a/b.jpg"}
    assert sync(here, there).code == 0
    assert_in_step(here, there)


@needs_permissions
def test_an_album_whose_memory_may_not_be_written_is_blocked_and_no_failure(
    here: Path, there: Path
) -> None:
    add(here, "a/a.jpg", jpeg(1))
    assert sync(here, there).code == 0
    add(here, "a/b.jpg", jpeg(2))
    add(there, "a/c.jpg", jpeg(3))
    add(here, "d/d.jpg", jpeg(4))
    (here / "a").chmod(0o555)
    done = sync(here, there, limits=without_privileges)
    (here / "a").chmod(0o755)
    assert (done.code, done.of("failed"), done.of("done")) == (1, [], ["d/d.jpg"])
    assert done.events[-1]["blocked"] == 2
    assert sync(here, there).code == 0
    assert_in_step(here, there)


@pytest.mark.skipif(sys.platform == "darwin", reason="its disks take these names for one")
def test_names_of_all_kinds_stay_apart(here: Path, there: Path) -> None:
    names = ["\u00e9.jpg", "e\u0301.jpg", "A.jpg", "a.jpg", "\udcff\udcfe.jpg", "new\nline.jpg"]
    for number, name in enumerate(names):
        add(here, name, jpeg(number))
    done = sync(here, there)
    assert (done.code, done.of("failed")) == (0, [])
    assert sorted(pictures(there).values()) == sorted(pictures(here).values())
    assert set(pictures(here)) == set(names)
    assert_in_step(here, there)


def test_a_photo_that_the_disk_does_not_take_leaves_nothing_behind(here: Path, there: Path) -> None:
    add(here, "big.jpg", jpeg(1) + bytes(200_000))
    add(here, "small.jpg", jpeg(2))

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = sync(here, there, limits=small_files_only)
    assert (done.code, done.of("failed"), done.of("done")) == (1, ["big.jpg"], ["small.jpg"])
    assert set(pictures(there)) == {"small.jpg"}
    assert sync(here, there).code == 0
    assert_in_step(here, there)
