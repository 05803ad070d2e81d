"""digiKam itself opens what img-sync has written, keeps it, and is noticed while it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from imgsync.errors import Rejected
from imgsync.model import METADATA_FIELDS, Album, Field, Location, Metadata, Region
from imgsync.services.digikam import running
from imgsync.services.digikam.running import holders, processes, services

from .conftest import PATH, SHARED, Collected, metadata, one

PROGRAMS = ("digikam", "Xvfb", "dbus-run-session", "dbus-send")
PATIENCE = 120.0  # seconds for digiKam to start on a busy machine
# Seconds: what it has found it tells in a message that stands for six, and if its window is closed
# meanwhile, digiKam 7.9 crashes, or first takes all memory for more than a minute.
REST = 8.0
SAID = Metadata(
    title="Titel von außen",
    caption="Zwei\nZeilen",
    tags=frozenset({"Places/Spain/Girona", "Neu/Baum/Blatt"}),
    taken="2012-07-01T10:20:30",
    location=Location(48.390625, 4.484375, 12.5),
    rating=2,
    label="Purple",
    favorite=True,
    people=(Region("Nora", (0.5, 0.5, 0.25, 0.25)),),
    creator=("Ada",),
    copyright="© Ada",
)

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.25)
    raise AssertionError(f"waited in vain for {what}")


class Program:
    """digiKam with a home and a display of its own."""

    def __init__(self, collected: Collected, home: Path, folder: Path) -> None:
        self.collected = collected
        self.folder = folder
        self.home = home
        self.environment = {**os.environ, "LANG": "C.UTF-8", "QT_QPA_PLATFORM": "xcb", "TZ": "UTC"}
        self.environment["XDG_RUNTIME_DIR"] = str(folder)
        if os.getuid() == 0:  # the maps' browser ends digiKam otherwise
            self.environment["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
        config = (SHARED / "digikamrc").read_text()
        (home / ".config").mkdir()
        (home / ".config/digikamrc").write_text(
            config.replace("/home/user/Pictures", str(collected.folder))
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """From when it has scanned its collection until its window was closed."""
        scanned = self._scanned()
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["dbus-run-session", "--", "digikam"],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for(lambda: self._scanned() != scanned or process.poll() is not None, "a scan")
            assert process.poll() is None, (self.folder / "log").read_text(errors="replace")[-500:]
            yield
            number, bus = wait_for(self.process, "digiKam's process")
            self._rest(number)
            self._close(number, bus)
            assert process.wait(PATIENCE) == 0
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.wait()

    def _scanned(self) -> str:
        return str(self.collected.rows("SELECT value FROM Settings WHERE keyword = 'Scanned'"))

    def process(self) -> tuple[str, str] | None:
        """The number of its process and the address of its bus; others may run here as well."""
        for who in processes():
            number = who.split()[1]
            text = Path("/proc", number, "environ").read_bytes().decode(errors="replace")
            said = dict(line.partition("=")[::2] for line in text.split("\0"))
            if said.get("HOME") == str(self.home):
                return number, said["DBUS_SESSION_BUS_ADDRESS"]
        return None

    def _rest(self, number: str) -> None:
        """Waits until the process has done next to nothing for a while."""
        deadline = time.monotonic() + PATIENCE
        since, used = time.monotonic(), _ticks(number)
        while time.monotonic() < since + REST:
            assert time.monotonic() < deadline, "digiKam does not come to rest"
            time.sleep(0.25)
            if _ticks(number) > used + 10:
                since, used = time.monotonic(), _ticks(number)

    def _close(self, number: str, bus: str) -> None:
        subprocess.run(
            [
                *("dbus-send", "--session", "--print-reply", f"--dest=org.kde.digikam-{number}"),
                *("/digikam/Digikam", "org.qtproject.Qt.QWidget.close"),
            ],
            env={**self.environment, "DBUS_SESSION_BUS_ADDRESS": bus},
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=30,
        )

    def shoot(self, name: str) -> None:
        """A picture of digiKam with the edited photo, for whoever wants to look, where one can be.

        digiKam stands in its album; the photo is the second there.
        """
        if shutil.which("xdotool") and shutil.which("import"):
            self._does("xdotool", "key", "Escape")  # no, no models for faces are to be fetched
            time.sleep(0.5)
            window = ("search", "--onlyvisible", "--class", "digikam")
            self._does("xdotool", *window, *("windowmove", "%1", "0", "0"))
            self._does("xdotool", *window, *("windowsize", "%1", "1280", "900"))
            time.sleep(1)
            for place in (("677", "200"), ("986", "77")):  # the photo, the tab with its texts
                self._does("xdotool", "mousemove", *place, "click", "1")
                time.sleep(0.5)
            self._does("import", "-window", "root", str(self.folder / name))

    def _does(self, *command: str) -> None:
        subprocess.run(command, env=self.environment, check=False, timeout=30)


def _ticks(number: str) -> int:
    """The processor's time that a process has used, in hundredths of a second; see proc(5)."""
    user, system = Path("/proc", number, "stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


@pytest.fixture
def program(collected: Collected, home: Path, tmp_path: Path) -> Iterator[Program]:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt install digikam xvfb dbus)")
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    program = Program(collected, home, folder)
    reader, writer = os.pipe()
    display = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=[writer],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            program.environment["DISPLAY"] = f":{answer.readline().strip()}"
        yield program
    finally:
        display.terminate()
        display.wait()


def test_digikam_keeps_what_was_written_over_two_starts(
    collected: Collected, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = collected.view()
    album, photo = one(view, PATH)
    said = view.edit(album, photo, SAID, frozenset(METADATA_FIELDS)).metadata
    album, photo = one(view, "Family/Birthday/sony-cybershot.jpg")
    moved = view.move(album, photo, view.create_album("Moved/Here"), "face.jpg").metadata
    louvre = Album("Holidays/2019 Paris/Louvre", "Holidays/2019 Paris/Louvre")
    view.move_album(louvre, "Louvre")
    # And what another program has moved, which digiKam has not found before img-sync has.
    (collected.folder / "Imported").rename(collected.folder / "Brought")
    album, photo = one(view, "Brought/imp05.jpg")
    view.edit(album, photo, Metadata(rating=1), frozenset({Field.RATING}))
    view.close()
    rows = (
        "SELECT i.id, i.name, i.modificationDate, i.fileSize, i.uniqueHash, a.relativePath"
        " FROM Images i JOIN Albums a ON a.id = i.album"
    )
    before = sorted(collected.rows(rows))
    groups = collected.rows("SELECT * FROM ImageRelations ORDER BY 1, 2")
    for start in ("first", "second"):
        with program.running():
            program.shoot(f"{start}.png")
            if start == "first":
                _is_noticed(collected, program, monkeypatch)
        assert sorted(collected.rows(rows)) == before
        assert collected.rows("SELECT * FROM ImageRelations ORDER BY 1, 2") == groups
        view = collected.view()
        assert metadata(view, PATH) == said
        assert metadata(view, "Moved/Here/face.jpg") == moved
        assert metadata(view, "Brought/imp05.jpg").rating == 1
        assert metadata(view, "Louvre/Pentax_K10D.jpg").creator == ("Laitche",)
        view.close()
        collected.check()


def _is_noticed(collected: Collected, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """In all three ways, and nothing is written."""
    process = program.process()
    assert process is not None
    number, bus = process
    assert f"process {number}" in list(holders(collected.file))
    with monkeypatch.context() as patch:
        patch.setenv("DBUS_SESSION_BUS_ADDRESS", bus)
        assert list(services()) == [f"process {number}"]
        patch.setattr(running, "processes", processes)
        view = collected.view()
        album, photo = one(view, PATH)
        with pytest.raises(Rejected, match="digiKam is running"):
            view.edit(album, photo, Metadata(title="never"), frozenset({Field.TITLE}))
        view.close()
