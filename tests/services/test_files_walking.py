"""A large tree is looked at by two processes, which find what one finds."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from imgsync.services.files import walking
from imgsync.services.files.walking import walk
from imgsync.testing.pictures import jpeg


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty folders in eight, of which a few are worth a second process."""
    monkeypatch.setattr(walking, "_MANY", 5)
    for number in range(40):
        folder = tmp_path / f"year {number % 8}/album {number}"
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(jpeg(number))
    return tmp_path


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[walking._Second]:
    """The second processes that are started."""
    started: list[walking._Second] = []

    class Told(walking._Second):
        def __init__(self, top: str, passed_over: str) -> None:
            super().__init__(top, passed_over)
            started.append(self)

    monkeypatch.setattr(walking, "_Second", Told)
    return started


def plain(tree: Path) -> None:
    pass


def a_name_that_is_not_utf8(tree: Path) -> None:
    os.rename(tree / "year 7/album 7", os.fsencode(tree) + b"/year 7/\xe9")  # noqa: PTH104


def nothing_below(tree: Path) -> None:
    (tree / "year 8").mkdir()


@pytest.mark.parametrize("change", [plain, a_name_that_is_not_utf8, nothing_below])
def test_two_processes_find_what_one_finds(
    tree: Path, seconds: list[walking._Second], change: Callable[[Path], None]
) -> None:
    change(tree)
    assert list(walk(str(tree), processes=2)) == list(walk(str(tree)))
    assert seconds[0]._asked
    assert None not in seconds[0]._found


def test_what_is_left_out_is_left_out_by_both(tree: Path) -> None:
    for left_out in ("year 0/album 0", "year 7/album 7", "year 7"):
        found = [seen.path for seen in walk(str(tree), left_out, processes=2)]
        assert found == [seen.path for seen in walk(str(tree), left_out)]
        assert left_out not in found


def test_links_are_followed_once_whoever_finds_them(
    tree: Path, seconds: list[walking._Second]
) -> None:
    (tree / ".store").mkdir()
    (tree / ".store/a.jpg").write_bytes(jpeg(99))
    for place in ("year 0/link", "year 7/link"):
        (tree / place).symlink_to(tree / ".store")
    found = list(walk(str(tree), processes=2))
    assert found == list(walk(str(tree)))
    assert [seen.path for seen in found if "link" in seen.path] == ["year 0/link"]
    # What it found below a link counts for nothing, since it did not know of the other.
    assert (seconds[0]._asked[0], seconds[0]._found[0]) == ("year 7", None)


def test_a_second_process_that_dies_hides_no_folder(
    tree: Path, seconds: list[walking._Second]
) -> None:
    expected = list(walk(str(tree)))
    found = walk(str(tree), processes=2)
    start = [next(found), next(found)]
    os.kill(seconds[0]._process._process.pid, signal.SIGKILL)
    assert start + list(found) == expected
    assert None in seconds[0]._found


def test_where_no_second_process_starts_one_finds_all(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def popen(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(subprocess, "Popen", popen)
    assert list(walk(str(tree), processes=2)) == list(walk(str(tree)))


def test_it_ends_with_the_walk(tree: Path, seconds: list[walking._Second]) -> None:
    found = walk(str(tree), processes=2)
    next(found)
    next(found)
    process = seconds[0]._process._process
    assert process.poll() is None
    found.close()
    assert process.poll() is not None


@pytest.mark.parametrize(("processes", "many"), [(1, 5), (2, 1000)])
def test_one_process_is_enough_for_few_folders_or_if_no_more_are_wanted(
    tree: Path,
    seconds: list[walking._Second],
    monkeypatch: pytest.MonkeyPatch,
    processes: int,
    many: int,
) -> None:
    monkeypatch.setattr(walking, "_MANY", many)
    assert len(list(walk(str(tree), processes=processes))) == 49
    assert not seconds
