"""What all tests share: a home of their own, the sample photos, and ExifTool as an oracle."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from send2trash import plat_other

REPO = Path(__file__).resolve().parent.parent
OLDEST_EXIFTOOL = 13.0
TORTURE = bool(os.environ.get("IMG_SYNC_TORTURE"))

# What a person sets for the tests themselves; every other IMG_SYNC_* is hidden from them.
FOR_TESTS = {"IMG_SYNC_EXIFTOOL", "IMG_SYNC_TORTURE"}

settings.register_profile("default", derandomize=True, deadline=None)
settings.register_profile("torture", deadline=None, max_examples=10_000, print_blob=True)
settings.load_profile("torture" if TORTURE else "default")


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder outside `tmp_path`, so that no test sees or touches a person's own.

    Configuration, logs and the trash of this process and of those it starts lie below it.
    """
    folder = next(_homes)
    folder.mkdir()
    for name in os.environ.keys() - FOR_TESTS:
        if name.startswith(("IMG_SYNC_", "XDG_")):
            monkeypatch.delenv(name)
    data = folder / ".local/share"
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / ".cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / ".local/state"))
    # send2trash reads the environment only once, when it is imported.
    monkeypatch.setattr(plat_other, "XDG_DATA_HOME", os.fsencode(data))
    monkeypatch.setattr(plat_other, "HOMETRASH_B", os.fsencode(data / "Trash"))
    monkeypatch.setattr(plat_other, "HOMETRASH", str(data / "Trash"))
    return folder


@pytest.fixture(scope="session")
def sample_photos() -> Path:
    """The folder of real photos that stands beside the repository."""
    folder = REPO.parent / "shared/photos"
    if not folder.is_dir():
        pytest.skip("no sample photos: there is no shared/photos beside the repository")
    return folder


@pytest.fixture(scope="session")
def exiftool() -> Callable[..., str]:
    """Runs ExifTool with the given arguments and gives what it prints on stdout.

    Its exit status is not looked at: ExifTool fails for one bad file among many.
    """
    program = _find_exiftool()
    if program is None:
        pytest.skip(f"no ExifTool {OLDEST_EXIFTOOL} or newer ($IMG_SYNC_EXIFTOOL, npm, PATH)")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        )
        return done.stdout.decode("utf-8", "surrogateescape")

    return run


def _find_exiftool() -> str | None:
    places = (
        os.environ.get("IMG_SYNC_EXIFTOOL"),
        str(REPO / "node_modules/exiftool-vendored.pl/bin/exiftool"),
        shutil.which("exiftool"),
    )
    return next((place for place in places if place and _is_new_enough(place)), None)


def _is_new_enough(program: str) -> bool:
    try:
        done = subprocess.run([program, "-ver"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return float(done.stdout) >= OLDEST_EXIFTOOL
