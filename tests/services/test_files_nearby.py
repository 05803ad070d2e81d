"""Names in large folders are found without listing all of them for every photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imgsync.services.files import nearby
from imgsync.services.files.nearby import names_near, noted
from imgsync.services.files.placing import settle

MANY = 300


class Clock:
    """A clock that the test moves; a look at a folder takes a second."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.looks = 0

    def monotonic(self) -> float:
        return self.now

    def look(self, folder: Path) -> list[str]:
        self.looks += 1
        self.now += 1
        return [path.name for path in folder.iterdir()]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(nearby, "time", clock)
    monkeypatch.setattr(nearby, "names_in", clock.look)
    return clock


def folder_of(tmp_path: Path, count: int, name: str = "album") -> Path:
    folder = tmp_path / name
    folder.mkdir()
    for number in range(count):
        (folder / f"IMG_{number}.jpg").touch()
    return folder


def test_a_large_folder_is_looked_at_once_for_many_photos(tmp_path: Path, clock: Clock) -> None:
    folder = folder_of(tmp_path, MANY)
    for number in range(MANY):
        assert names_near(folder, f"IMG_{number}.jpg") == [f"IMG_{number}.jpg"]
        assert names_near(folder, f"img_{number}.jpg") == [f"IMG_{number}.jpg"]
        assert names_near(folder, f"new_{number}.jpg") == []
    assert clock.looks == 1
    clock.now += 60
    names_near(folder, "IMG_0.jpg")
    assert clock.looks == 2


def test_a_small_folder_is_looked_at_each_time(tmp_path: Path, clock: Clock) -> None:
    folder = folder_of(tmp_path, 3)
    assert names_near(folder, "a.jpg") == []
    (folder / "A.JPG").touch()
    assert names_near(folder, "a.jpg") == ["A.JPG"]
    assert clock.looks == 2


# What others do to a folder after it was looked at, and what is near "a.jpg" then.
CHANGES: list[tuple[str, Callable[[Path], object], list[str]]] = [
    ("the photo comes", lambda f: (f / "a.jpg").touch(), ["a.jpg"]),
    ("a sidecar comes", lambda f: (f / "a.jpg.xmp").touch(), ["a.jpg.xmp"]),
    ("one of the other kind comes", lambda f: (f / "a.xmp").touch(), ["a.xmp"]),
    ("a RAW comes, and is noted", lambda f: _noted(f / "a.nef"), ["a.nef"]),
    ("a name in other case comes, and is noted", lambda f: _noted(f / "A.jpg"), ["A.jpg"]),
    ("another photo comes, and is noted", lambda f: _noted(f / "ab.jpg"), []),
]


def _noted(path: Path) -> None:
    path.touch()
    noted(path)


@pytest.mark.parametrize(
    ("change", "near"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_what_comes_in_meanwhile_is_seen(
    tmp_path: Path, clock: Clock, change: Callable[[Path], object], near: list[str]
) -> None:
    folder = folder_of(tmp_path, MANY)
    assert names_near(folder, "a.jpg") == []
    change(folder)
    assert names_near(folder, "a.jpg") == near
    assert clock.looks == 1


def test_a_name_that_img_sync_gives_is_noted(tmp_path: Path, clock: Clock) -> None:
    folder = folder_of(tmp_path, MANY)
    assert names_near(folder, "a.jpg") == []
    made = folder / "made"
    made.touch()
    settle(made, folder / "A.JPG")
    assert names_near(folder, "a.jpg") == ["A.JPG"]


def test_what_is_gone_is_near_no_more(tmp_path: Path, clock: Clock) -> None:
    folder = folder_of(tmp_path, MANY)
    assert names_near(folder, "IMG_1.jpg") == ["IMG_1.jpg"]
    (folder / "IMG_1.jpg").unlink()
    assert names_near(folder, "IMG_1.jpg") == []
    assert clock.looks == 1


def test_a_folder_that_takes_the_path_of_another_is_another(tmp_path: Path, clock: Clock) -> None:
    one, two = folder_of(tmp_path, MANY), folder_of(tmp_path, MANY + 1, "two")
    (two / "A.JPG").touch()
    assert names_near(one, "a.jpg") == []
    one.rename(tmp_path / "away")
    two.rename(one)
    assert names_near(one, "a.jpg") == ["A.JPG"]
    assert names_near(tmp_path / "away", "a.jpg") == []
    assert clock.looks == 3


def test_few_folders_are_remembered(tmp_path: Path) -> None:
    for folder in [folder_of(tmp_path, 60, f"album {number}") for number in range(20)]:
        names_near(folder, "a.jpg")
    assert len(nearby._listed) <= 16
