"""Files of other services that a folder is to identify: read once, within bounds, never kept."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from imgsync.errors import Rejected
from imgsync.service import Original
from imgsync.services.files import Files
from imgsync.testing.pictures import jpeg


class Endless(io.RawIOBase):
    """A file that goes on for ever."""

    came = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self.came += len(buffer)
        return len(buffer)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files, on a disk with room for 5 MB."""
    usage = shutil.disk_usage(tmp_path)._replace(total=100_000_000, free=7_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files("tree", tmp_path_factory.mktemp("tree"), jobs=1)


def test_nothing_is_kept(files: Files, scratch: Path) -> None:
    data = jpeg(1)
    found = files.identify(Original(io.BytesIO(data), len(data)), "a.jpg")
    assert found.startswith("image:")
    assert files.identify(Original(io.BytesIO(data + b"tail"), 0), "a.jpg") == found
    assert list(scratch.iterdir()) == list(files.top.iterdir()) == []


@pytest.mark.parametrize(("size", "most"), [(0, 5_000_000), (3_000_000, 3_000_000)])
def test_a_file_without_an_end_fills_no_disk(
    files: Files, scratch: Path, size: int, most: int
) -> None:
    stream = Endless()
    with pytest.raises(Rejected, match=f"instead of {most}"):
        files.identify(Original(io.BufferedReader(stream), size), "a.jpg")
    assert stream.came < most + 2_000_000
    assert list(scratch.iterdir()) == []


def test_a_file_for_which_there_is_no_room_is_not_begun(files: Files, scratch: Path) -> None:
    stream = Endless()
    with pytest.raises(Rejected, match=rf"a.mov needs 6.0 MB, but {scratch} has room for 5.0 MB"):
        files.identify(Original(io.BufferedReader(stream), 6_000_000), "a.mov")
    assert stream.came == 0
