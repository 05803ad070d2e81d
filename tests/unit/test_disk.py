"""How files are written, and how one run keeps out another: with real processes and real locks."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import imgsync
from imgsync import disk
from imgsync.errors import StateError

SRC = Path(imgsync.__file__).parent.parent


@contextmanager
def process(folder: Path, script: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that runs `script` in `folder`; it has said a line when the block begins."""
    setup = f"import os, sys; sys.path.insert(0, {str(SRC)!r})\n"
    setup += "from pathlib import Path; from imgsync import disk; from imgsync.state import State\n"
    with subprocess.Popen(
        [sys.executable, "-c", setup + script],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        try:
            yield running
        finally:
            running.kill()


HOLDS_A_TEMPORARY = """
new = disk.temporary(Path('.'), SUFFIX); new.stream.write(b'half'); new.stream.flush()
print(new.path, flush=True); sys.stdin.read()
"""
HOLDS_A_LOCK = """
with disk.locked(Path('state'), create=True):
    print('held', flush=True); sys.stdin.read()
"""


@pytest.fixture
def no_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)


@pytest.fixture
def no_flock(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_temporary_that_is_not_installed_leaves_nothing(tmp_path: Path) -> None:
    with disk.temporary(tmp_path) as new:
        new.stream.write(b"half")
        assert new.path.name.startswith(disk.TEMPORARY)
        assert new.path.parent == tmp_path
    assert names(tmp_path) == []


def test_a_temporary_leaves_nothing_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), disk.temporary(tmp_path):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_replace_takes_the_place_of_what_is_there(tmp_path: Path) -> None:
    final = tmp_path / "a.jpg"
    final.write_bytes(b"old")
    with disk.temporary(tmp_path) as new:
        new.stream.write(b"new")
        new.replace(final)
        assert final.read_bytes() == b"new"
    assert names(tmp_path) == ["a.jpg"]


def test_place_gives_a_free_name(tmp_path: Path) -> None:
    with disk.temporary(tmp_path) as new:
        new.stream.write(b"new")
        new.place(tmp_path / "a.jpg")
    assert names(tmp_path) == ["a.jpg"]
    assert (tmp_path / "a.jpg").read_bytes() == b"new"


def test_place_never_overwrites(tmp_path: Path) -> None:
    final = tmp_path / "a.jpg"
    final.write_bytes(b"theirs")
    with disk.temporary(tmp_path) as new, pytest.raises(FileExistsError):
        new.place(final)
    assert names(tmp_path) == ["a.jpg"]
    assert final.read_bytes() == b"theirs"


@pytest.mark.usefixtures("no_hard_links")
class TestWithoutHardLinks:
    def test_place_gives_a_free_name(self, tmp_path: Path) -> None:
        test_place_gives_a_free_name(tmp_path)

    def test_place_never_overwrites(self, tmp_path: Path) -> None:
        test_place_never_overwrites(tmp_path)

    def test_a_name_is_not_left_behind_empty(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(self: Path, target: Path) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(Path, "replace", fail)
        with disk.temporary(tmp_path) as new, pytest.raises(OSError, match="Input/output"):
            new.place(tmp_path / "a.jpg")
        assert names(tmp_path) == []


def test_place_tells_other_errors(tmp_path: Path) -> None:
    with disk.temporary(tmp_path) as new, pytest.raises(FileNotFoundError):
        new.place(tmp_path / "no folder" / "a.jpg")


@pytest.mark.parametrize("suffix", ["", ".JPG", ".t\u00edf"])
def test_sweep_removes_what_a_killed_process_left(tmp_path: Path, suffix: str) -> None:
    with process(tmp_path, HOLDS_A_TEMPORARY.replace("SUFFIX", repr(suffix))) as other:
        [left] = names(tmp_path)
        disk.sweep(tmp_path)
        assert names(tmp_path) == [left], "its process is alive"
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert names(tmp_path) == [left]
        disk.sweep(tmp_path)
        assert names(tmp_path) == []


def test_sweep_leaves_our_own_temporary_files(tmp_path: Path) -> None:
    with disk.temporary(tmp_path) as new:
        disk.sweep(tmp_path)
        assert new.path.exists()


def test_sweep_leaves_what_img_sync_did_not_make(tmp_path: Path) -> None:
    (tmp_path / ".img-sync-notes.txt").touch()
    (tmp_path / ".img-sync.db").touch()
    (tmp_path / (".img-sync-" + "0" * 16)).symlink_to(".img-sync.db")
    (tmp_path / (".img-sync-" + "1" * 16)).mkdir()
    os.mkfifo(tmp_path / (".img-sync-" + "2" * 16))
    before = names(tmp_path)
    disk.sweep(tmp_path)
    assert names(tmp_path) == before


def test_sweep_of_a_folder_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    disk.sweep(tmp_path / "gone")
    assert names(tmp_path) == []


def test_a_temporary_that_a_sweep_took_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    swept: list[int] = []

    def sweep_first(descriptor: int, operation: int) -> None:
        if not swept:
            swept.append(descriptor)
            [made] = tmp_path.iterdir()
            made.unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    with disk.temporary(tmp_path) as new:
        new.stream.write(b"new")
        new.place(tmp_path / "a.jpg")
    assert swept
    assert (tmp_path / "a.jpg").read_bytes() == b"new"


@pytest.mark.usefixtures("no_flock")
def test_a_temporary_that_cannot_be_locked_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not supported"):
        disk.temporary(tmp_path)
    assert names(tmp_path) == []


def test_write_file_makes_a_file_like_any_new_one(tmp_path: Path) -> None:
    disk.write_file(tmp_path / "new", b"bytes")
    (tmp_path / "other").touch()
    assert (tmp_path / "new").read_bytes() == b"bytes"
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_write_file_keeps_permissions(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(mode)
    disk.write_file(file, b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to somebody")
def test_write_file_keeps_the_owner(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    os.chown(file, 1234, 5678)
    disk.write_file(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 5678)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to somebody")
def test_write_file_keeps_a_group_that_both_are_in(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(0o664)
    os.chown(file, 1234, 5678)
    tmp_path.chmod(0o777)
    script = "os.setgroups([5678]); os.setgid(4321); os.setuid(4321)\n"
    script += "disk.write_file(Path('file'), b'new'); print('done', flush=True)\n"
    with process(tmp_path, script):
        status = file.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (4321, 5678, 0o664)


def test_write_file_keeps_what_a_file_manager_says(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    try:
        os.setxattr(file, "user.xdg.tags", b"sea")
    except (AttributeError, OSError):
        pytest.skip("no extended attributes here")
    disk.write_file(file, b"new")
    assert (file.read_bytes(), os.getxattr(file, "user.xdg.tags")) == (b"new", b"sea")


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file can grow beyond `room` bytes: writes are cut there, then fail."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_write_file_on_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    with full_disk(100), pytest.raises(OSError, match="File too large"):
        disk.write_file(file, b"x" * 100_000)
    assert names(tmp_path) == ["file"]
    assert file.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("code", "told"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)]
)
def test_sync_folder_passes_over_what_a_file_system_cannot_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, told: bool
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    if told:
        with pytest.raises(OSError, match=os.strerror(code)):
            disk.sync_folder(tmp_path)
    else:
        disk.sync_folder(tmp_path)


@pytest.mark.parametrize("refused", [False, True])
def test_macos_is_asked_for_more_than_an_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    asked = []

    def stronger(descriptor: int, command: int) -> None:
        asked.append(command)
        if refused:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", stronger)
    monkeypatch.setattr(os, "fsync", lambda descriptor: asked.append(0))
    with (tmp_path / "a").open("wb") as stream:
        disk.sync(stream.fileno())
    assert asked == ([51, 0] if refused else [51])


def test_a_lock_keeps_another_process_out_until_it_is_gone(tmp_path: Path) -> None:
    with process(tmp_path, HOLDS_A_LOCK) as other:
        with (
            pytest.raises(StateError, match=r"state is in use by another run"),
            disk.locked(tmp_path / "state", create=True),
        ):
            pytest.fail("two have the lock")
        other.send_signal(signal.SIGKILL)
        other.wait()
    with disk.locked(tmp_path / "state", create=False):
        pass


def test_a_lock_ends_with_its_block(tmp_path: Path) -> None:
    for _ in range(2):
        with disk.locked(tmp_path / "state", create=True):
            pass


def test_no_file_is_made_to_be_locked_unless_asked_for(tmp_path: Path) -> None:
    with disk.locked(tmp_path / "state", create=False):
        assert names(tmp_path) == []
    with disk.locked(tmp_path / "state", create=True):
        assert names(tmp_path) == ["state"]


def test_the_lock_is_on_the_file_that_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run renames a new file into place between our open and our lock."""
    state = tmp_path / "state"
    state.write_bytes(b"old")
    flock = fcntl.flock
    replaced: list[int] = []

    def replace_first(descriptor: int, operation: int) -> None:
        if not replaced:
            replaced.append(descriptor)
            (tmp_path / "new").write_bytes(b"new")
            (tmp_path / "new").replace(state)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", replace_first)
    with disk.locked(state, create=False), state.open() as again:
        assert replaced
        with pytest.raises(BlockingIOError):
            flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.usefixtures("no_flock")
def test_a_file_system_without_locks_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(StateError, match=r"state cannot be locked \(Operation not supported\)"),
        disk.locked(tmp_path / "state", create=True),
    ):
        pytest.fail("there is no lock")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("folder", "Is a directory"),
        ("link", "symbolic link"),
        ("no folder/state", "its folder is not there"),
    ],
)
def test_what_cannot_be_locked_is_told_in_a_sentence(tmp_path: Path, what: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    with (
        pytest.raises(StateError, match=f"{what} cannot be .*{why}"),
        disk.locked(tmp_path / what, create=True),
    ):
        pytest.fail("that cannot be locked")


def test_a_file_that_may_only_be_read_is_locked_too(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.touch()
    state.chmod(0o444)
    tmp_path.chmod(0o755)
    unprivileged = "os.geteuid() or os.setuid(65534)\n"
    with (
        process(tmp_path, unprivileged + HOLDS_A_LOCK),
        pytest.raises(StateError, match="in use"),
        disk.locked(state, create=False),
    ):
        pytest.fail("two have the lock")
