"""A disk that knows no case, as those of cameras, USB sticks and Macs."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgsync.services.files.names import folded
from imgsync.services.files.placing import is_one_name

ONE_NAME: list[tuple[str, list[str], str, str, bool]] = [
    ("the same name", ["a.jpg"], "a.jpg", "a.jpg", True),
    ("another case, one file", ["a.jpg"], "a.jpg", "A.jpg", True),
    ("accents spelled otherwise, one file", ["\u00e9.jpg"], "\u00e9.jpg", "e\u0301.jpg", True),
    ("another case, two files", ["a.jpg", "A.jpg"], "a.jpg", "A.jpg", False),
    ("another name", ["a.jpg", "b.jpg"], "a.jpg", "b.jpg", False),
    ("nothing has the other name", ["a.jpg"], "a.jpg", "b.jpg", False),
]


@pytest.fixture
def caseless(monkeypatch: pytest.MonkeyPatch) -> None:
    def exists(path: Path) -> bool:
        return path.parent.is_dir() and folded(path.name) in {
            folded(other.name) for other in path.parent.iterdir()
        }

    monkeypatch.setattr(Path, "exists", exists)


@pytest.mark.usefixtures("caseless")
@pytest.mark.parametrize(
    ("there", "one", "other", "is_one"),
    [row[1:] for row in ONE_NAME],
    ids=[row[0] for row in ONE_NAME],
)
def test_two_spellings_of_one_name(
    tmp_path: Path, there: list[str], one: str, other: str, is_one: bool
) -> None:
    for name in there:
        (tmp_path / name).touch()
    assert is_one_name(tmp_path / one, tmp_path / other) is is_one
