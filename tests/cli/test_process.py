"""img-sync as a process of its own: terminals, pipes, signals, and how soon it starts."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Trees

SOURCES = Path(__file__).resolve().parents[2] / "src"
IMG_SYNC = (sys.executable, "-m", "imgsync.cli")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SOURCES))
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def in_terminal(*words: str, columns: int = 80, typed: bytes = b"") -> tuple[int, str]:
    """Exit code and output of img-sync on a terminal of its own, on which `typed` is typed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.write(ours, typed)
    process = subprocess.Popen(
        [*IMG_SYNC, *words], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            some = os.read(ours, 65536)
        except OSError:  # Linux: the other end is closed
            some = b""
        if not some:
            break
        said += some
    os.close(ours)
    return process.wait(timeout=60), said.decode().replace("\r\n", "\n")


def test_a_terminal_shows_albums_and_colours(trees: Trees) -> None:
    trees.add("2019/1.jpg")
    code, said = in_terminal("--sync-to", "nas", "here")
    assert code == 0
    assert "2019/" in said
    assert "\x1b[32mcreate\x1b[0m nas  1.jpg" in said
    assert "1 created" in said
    assert (trees.there / "2019/1.jpg").exists()


def test_no_color_is_respected(trees: Trees, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    trees.add("2019/1.jpg")
    assert "\x1b[3" not in in_terminal("--diff-with", "nas", "here")[1]


def test_names_cannot_command_the_terminal(trees: Trees) -> None:
    trees.add("\x1b]0;owned\x07\x1b[2J.jpg")
    said = in_terminal("--diff-with", "nas", "here")[1]
    assert r"\x1b]0;owned\x07\x1b[2J.jpg" in said
    assert "\x1b]0" not in said
    assert "\x1b[2J" not in said


def test_a_person_answers_on_the_terminal(trees: Trees) -> None:
    trees.add("1.jpg")
    code, said = in_terminal("--sync-to", "nas", "--interactive", "here", typed=b"n\n")
    assert code == 1
    assert "write this? [y/N]" in said
    assert not (trees.there / "1.jpg").exists()
    assert in_terminal("--sync-to", "nas", "--interactive", "here", typed=b"y\n")[0] == 0
    assert (trees.there / "1.jpg").exists()


def test_json_is_clean_and_all_else_goes_to_stderr(trees: Trees) -> None:
    trees.add("1.jpg")
    (trees.here / "2.jpg").symlink_to("/etc/passwd")
    words = ("--sync-to", "nas", "--json", "here")
    done = subprocess.run([*IMG_SYNC, *words], capture_output=True, check=False)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["planned", "done", "summary"]
    assert done.stderr == b"1 created\n"
    assert done.returncode == 0


def test_json_is_utf_8_or_escaped_in_any_locale(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.add("Zürich 東京.jpg")
    words = [*IMG_SYNC, "--diff-with", "nas", "here"]
    for encoding in ("utf-8", "latin-1", "ascii"):
        monkeypatch.setenv("PYTHONIOENCODING", encoding)
        done = subprocess.run([*words, "--json"], capture_output=True, check=False)
        event = json.loads(done.stdout.decode(encoding).splitlines()[0])
        assert (done.returncode, event["name"]) == (1, "Zürich 東京.jpg")
        done = subprocess.run(words, capture_output=True, check=False)
        assert done.returncode == 1
        assert b"rich" in done.stdout


@pytest.mark.parametrize("mode", [(), ("--json",)])
def test_a_reader_that_goes_away_ends_it_quietly(trees: Trees, mode: tuple[str, ...]) -> None:
    trees.add(*(f"{number}.jpg" for number in range(20)))
    process = subprocess.Popen(
        [*IMG_SYNC, "--sync-to", "nas", *mode, "here"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 130
    assert list(trees.there.iterdir()) == [], "nothing is done for nobody"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_for_the_output_is_told(trees: Trees) -> None:
    trees.add("1.jpg")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*IMG_SYNC, "--diff-with", "nas", "here"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == "img-sync: the output cannot be written: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_version_that_nobody_takes_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*IMG_SYNC, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == "img-sync: the output cannot be written: No space left on device\n"
    assert done.returncode == 1


def test_a_closed_output_is_no_bug(trees: Trees) -> None:
    trees.add("1.jpg")
    line = f"exec {sys.executable} -m imgsync.cli --diff-with nas here >&- 2>&-"
    assert subprocess.run(line, shell=True, check=False).returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_one_line(trees: Trees, home: Path, number: signal.Signals) -> None:
    ready = home / "ready"
    config = home / "config/img-sync.cfg"
    config.write_text(
        f"[nas]\ntype = files\npath_command = sh -c 'touch {ready}; exec sleep 60 2>&-'\n"
    )
    process = subprocess.Popen(
        [*IMG_SYNC, "--sync-to", "nas", "here"], stderr=subprocess.PIPE, text=True
    )
    while not ready.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said.startswith("img-sync: interrupted")
    assert said.count("\n") == 1


def test_the_version_loads_next_to_nothing() -> None:
    program = (
        "import sys; from imgsync.cli import main; main(['--version'])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    version, loaded = done.stdout.splitlines()
    assert version.startswith("img-sync 0.")
    assert {"argparse", "msgspec", "rich", "exiv2", "re", "typing"}.isdisjoint(loaded.split())


def test_a_run_without_news_never_loads_what_draws(trees: Trees) -> None:
    program = (
        "import sys; from imgsync.cli import main\n"
        "code = main(['--diff-with', 'local', 'here'])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert {"rich", "exiv2", "platformdirs", "send2trash", "keyring"}.isdisjoint(
        done.stdout.split()
    )
