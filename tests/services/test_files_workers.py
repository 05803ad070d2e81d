"""Photos are read by processes, which may die, and which never outlive the one that asks."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgsync.errors import Unavailable
from imgsync.model import Album, Photo
from imgsync.service import Look, Unread
from imgsync.services.files import Files, workers
from imgsync.services.files.jobs import Job
from imgsync.services.files.workers import Workers
from imgsync.testing.pictures import jpeg

TOP = Album("", "")

# A reader that dies of files called "bad", and of those called "once" at the first sight.
MORTAL = """
import os
from imgsync.services.files.reader import read, serve
def mortal(job):
    if b"bad" in job.path:
        os.abort()
    if b"once" in job.path and not os.path.exists(job.path + b".seen"):
        open(job.path + b".seen", "w").close()
        os.kill(os.getpid(), 9)
    return read(job)
serve(mortal)
"""

# A reader that leaves a note beside every file that it has read.
NOTING = """
from imgsync.services.files.reader import read, serve
def noting(job):
    open(job.path + b".noted", "w").close()
    return read(job)
serve(noting)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(30):
        (tmp_path / f"{number:02}.jpg").write_bytes(jpeg(number))
    return tmp_path


@pytest.fixture
def files(folder: Path) -> Iterator[Files]:
    files = Files("tree", folder, jobs=2)
    yield files
    files.close()


@pytest.fixture
def team() -> Iterator[Workers]:
    team = Workers(2)
    yield team
    team.close()


def jobs(folder: Path) -> list[Job]:
    return [Job(os.fsencode(path), None, True) for path in sorted(folder.glob("*.jpg"))]


def children(parent: int | None = None) -> set[int]:
    """The living processes that a process has started, this one if none is named."""
    if shutil.which("ps") is None:
        pytest.skip("no ps to look at processes with")
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat=,command="], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 3) for line in listed.stdout.splitlines())
    return {
        int(pid)
        for pid, above, state, command in rows
        if int(above) == (parent or os.getpid()) and state[0] != "Z" and command[:3] != "ps "
    }


def test_processes_read_what_one_reads(files: Files, folder: Path) -> None:
    alone = Files("tree", folder, jobs=1)
    assert list(files.photos(TOP, Look())) == list(alone.photos(TOP, Look()))


def test_a_file_that_kills_its_reader_is_told_and_the_others_are_read(
    files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_PROGRAM", MORTAL)
    (folder / "10 bad.jpg").write_bytes(jpeg(77))
    (folder / "20 once.jpg").write_bytes(jpeg(78))
    shown = {each.name: each for each in files.photos(TOP, Look())}
    assert len(shown) == 32
    unread = [each for each in shown.values() if isinstance(each, Unread)]
    assert [each.name for each in unread] == ["10 bad.jpg"]
    assert "crashes the reader" in unread[0].why
    assert isinstance(shown["20 once.jpg"], Photo)


def test_a_reader_that_dies_between_two_albums_is_replaced(folder: Path, team: Workers) -> None:
    assert all(not reading.trouble for reading in team.read(jobs(folder)))
    for process in children():
        os.kill(process, signal.SIGKILL)
    assert all(not reading.trouble for reading in team.read(jobs(folder)))


class TestNoProcess:
    @pytest.fixture
    def starts(self, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
        """Whether the system starts the next processes; those that are not named are not."""
        start, allowed = subprocess.Popen, list[bool]()

        def popen(*arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
            if not (allowed and allowed.pop(0)):
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            return start(*arguments, **more)

        monkeypatch.setattr(subprocess, "Popen", popen)
        return allowed

    def test_that_the_system_starts_none_is_told_as_it_is(
        self, files: Files, starts: list[bool]
    ) -> None:
        with pytest.raises(Unavailable, match=r"starts no process .*unavailable.*--jobs 1"):
            files.photos(TOP, Look())

    def test_one_is_enough(self, files: Files, starts: list[bool]) -> None:
        starts.append(True)
        assert len([each for each in files.photos(TOP, Look()) if isinstance(each, Photo)]) == 30

    def test_that_none_takes_the_place_of_a_dead_one_is_told(
        self, folder: Path, team: Workers, starts: list[bool], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workers, "_PROGRAM", MORTAL)
        (folder / "00 bad.jpg").write_bytes(jpeg(77))
        starts.append(True)
        with pytest.raises(Unavailable, match="starts no process"):
            list(team.read(jobs(folder)))

    def test_no_file_is_blamed_for_one_that_dies_as_it_starts(
        self, files: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workers, "_PROGRAM", "raise MemoryError")
        with pytest.raises(Unavailable, match=r"die as they start.*--jobs 1"):
            list(files.photos(TOP, Look()))


def test_two_albums_may_be_read_at_once(folder: Path, team: Workers) -> None:
    one, other = team.read(jobs(folder)), team.read(jobs(folder))
    assert [(a.content, b.content) for a, b in zip(one, other, strict=True)] == [
        (a.content, a.content) for a in team.read(jobs(folder))
    ]


def test_processes_are_kept_for_the_next_album(folder: Path, team: Workers) -> None:
    before = children()
    list(team.read(jobs(folder)))
    first = children() - before
    list(team.read(jobs(folder)))
    assert children() - before == first
    assert len(first) == 2
    team.close()
    assert children() == before


def test_one_photo_starts_one_process_and_none_starts_none(folder: Path, team: Workers) -> None:
    before = children()
    assert list(team.read([])) == []
    assert children() == before
    list(team.read(jobs(folder)[:1]))
    assert len(children() - before) == 1


def test_nothing_runs_on_when_the_team_is_closed_in_the_middle(folder: Path, team: Workers) -> None:
    before = children()
    # So many that neither process is through with its share when the other begins.
    reading = team.read(jobs(folder) * 20)
    next(reading)
    assert len(children() - before) == 2
    team.close()
    assert children() == before


def test_what_nobody_waits_for_any_more_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, team: Workers
) -> None:
    monkeypatch.setattr(workers, "_PROGRAM", NOTING)
    monkeypatch.setattr(workers, "_ENOUGH", 30)  # one process: it is asked for a few at a time
    reading = team.read(jobs(folder))
    next(reading)
    reading.close()
    [late] = team.read(jobs(folder)[-1:])
    assert late.content == next(Workers(1).read(jobs(folder)[-1:])).content
    assert len(list(folder.glob("*.noted"))) < 12


def test_reading_begins_before_anybody_waits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, team: Workers
) -> None:
    """So one album is read while the one before it is thought about."""
    monkeypatch.setattr(workers, "_PROGRAM", NOTING)
    reading = team.read(jobs(folder))
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*.noted"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(list(folder.glob("*.noted"))) >= 5
    assert len(list(reading)) == 30


def test_readers_end_with_the_process_that_asks(folder: Path) -> None:
    """Also when it is killed, and in the middle of reading."""
    program = f"""
from pathlib import Path
from imgsync.model import Album
from imgsync.service import Look
from imgsync.services.files import Files
found = Files("tree", Path({str(folder)!r}), jobs=2).photos(Album("", ""), Look())
next(found)
print("reading", flush=True)
import time; time.sleep(600)
"""
    asks = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with asks:
        assert asks.stdout is not None
        assert asks.stdout.readline() == b"reading\n"
        readers = children(asks.pid)
        assert len(readers) == 2
        asks.kill()
    deadline = time.monotonic() + 60
    while (left := readers & everything()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def everything() -> set[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, check=True)
    return set(map(int, listed.stdout.split()))
