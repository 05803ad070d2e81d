"""How img-sync writes to a disk: whole files or nothing, and one run at a time.

A file gets its name only when its bytes are safely on the disk, so that neither a killed process
nor a full disk nor a power cut leaves a half one. Temporary files stand in the folder of their
target and are locked while their process lives; `sweep` removes those of the dead.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from .errors import StateError
from .wording import why

__all__ = [
    "TEMPORARY",
    "Temporary",
    "locked",
    "sweep",
    "sync",
    "sync_folder",
    "temporary",
    "write_file",
]

TEMPORARY = ".img-sync-"
_TEMPORARY_NAME = re.compile(re.escape(TEMPORARY) + r"[0-9a-f]{16}(?:\.[^.]*)?\Z")

# What link says on file systems that have no hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
# What is said of extended attributes where there are none, or none that we may set.
_NO_ATTRIBUTES = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENODATA, errno.EINVAL}
)
# What fsync says of a folder on file systems that cannot sync one, or that we may not read.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM})


class Temporary:
    """A new file without a final name; removed at the end of its `with`, unless it was installed.

    It is locked until then: after `replace` or `place` it is the final file that stays locked.
    """

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.stream = stream

    def __enter__(self) -> Temporary:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What fails here is left to `sweep`; a full disk, which shows again when the rest of the
        # buffer is written, was told of before.
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self.stream.close()

    def resemble(self, path: Path) -> None:
        """Takes over what the file at `path` has beside its bytes, but for its times.

        That is its permissions; and its owner, its group and its extended attributes (access
        lists, tags of a file manager), as far as allowed.
        """
        like = path.stat()
        descriptor = self.stream.fileno()
        # Who may not give it to the owner may still give it to a group that both are in.
        for owner in (-1, like.st_uid):
            with suppress(PermissionError):
                os.fchown(descriptor, owner, like.st_gid)
        _copy_attributes(path, descriptor)
        os.fchmod(descriptor, stat.S_IMODE(like.st_mode))

    def replace(self, final: Path) -> None:
        """Gives the file its final name, in place of what is there; durable on return."""
        self._flush()
        self.path.replace(final)
        sync_folder(final.parent)

    def place(self, final: Path) -> None:
        """The same, but raises FileExistsError where something is there: nothing is overwritten."""
        self._flush()
        try:
            final.hardlink_to(self.path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._place_without_links(final)
        else:
            self.path.unlink(missing_ok=True)
        sync_folder(final.parent)

    def _place_without_links(self, final: Path) -> None:
        # An empty file of our own reserves the name.
        os.close(os.open(final, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
        try:
            self.path.replace(final)
        except OSError:
            final.unlink()
            raise

    def _flush(self) -> None:
        self.stream.flush()
        sync(self.stream.fileno())


def _copy_attributes(path: Path, descriptor: int) -> None:
    if not hasattr(os, "listxattr"):  # Python has it on Linux only
        return
    with _passed_over(_NO_ATTRIBUTES):
        for name in os.listxattr(path):
            with _passed_over(_NO_ATTRIBUTES):
                os.setxattr(descriptor, name, os.getxattr(path, name))


@contextmanager
def _passed_over(codes: Collection[int]) -> Iterator[None]:
    """Passes over errors of the system with these codes."""
    try:
        yield
    except OSError as error:
        if error.errno not in codes:
            raise


def temporary(folder: Path, suffix: str = "") -> Temporary:
    """A new temporary file in `folder`, with the permissions of any new file. Raises OSError.

    `suffix` (".jpg") is for readers that go by it.
    """
    while True:
        path = folder / (TEMPORARY + os.urandom(8).hex() + suffix)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            if _lock(descriptor) and _is_at(descriptor, path):
                return Temporary(path, os.fdopen(descriptor, "w+b"))
        except OSError:
            path.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        # A sweep took it for a dead one before it was locked, and removes it.
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Removes the temporary files in `folder` that no living process holds.

    What cannot be looked at is left. Files that img-sync did not make are never touched.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        dead = [entry for entry in entries if _TEMPORARY_NAME.match(entry.name)]
        for entry in dead:
            with suppress(OSError):
                _remove_dead(folder / entry.name)


def _remove_dead(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and _lock(descriptor):
            path.unlink()
    finally:
        os.close(descriptor)


def write_file(path: Path, data: bytes) -> None:
    """Makes `data` the whole content of `path`, durably. Raises OSError, and changes nothing then.

    Permissions and owner of an existing file are kept.
    """
    with temporary(path.parent) as new:
        new.stream.write(data)
        with suppress(FileNotFoundError):
            new.resemble(path)
        new.replace(path)


def sync(descriptor: int) -> None:
    """Makes an open file's bytes durable. Raises OSError.

    macOS leaves them in the drive's own cache at an fsync; it has a stronger call, which some of
    its file systems do not know.
    """
    stronger: int | None = getattr(fcntl, "F_FULLFSYNC", None)
    if stronger is not None:
        with suppress(OSError):
            fcntl.fcntl(descriptor, stronger)
            return
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable, where the file system can do that. Raises OSError."""
    with _passed_over(_NO_FOLDER_SYNC):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def locked(path: Path, *, create: bool) -> Iterator[None]:
    """Keeps other runs from the file at `path` meanwhile; raises StateError if one is at it.

    A file that is not there is made (empty) where `create` says so; else nothing is locked.
    The lock is flock's: advisory, and gone with its process.
    """
    descriptor = _open_locked(path, create=create)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open_locked(path: Path, *, create: bool) -> int | None:
    while True:
        try:
            descriptor = _open(path, create=create)
        except FileNotFoundError:
            if create:
                raise StateError(f"{path} cannot be made: its folder is not there") from None
            return None
        except OSError as error:
            raise StateError(f"{path} cannot be opened: {why(error)}") from error
        try:
            held = _lock(descriptor)
            # Another run may have put a new file in its place before the lock was ours.
            if held and _is_at(descriptor, path):
                return descriptor
        except OSError as error:
            os.close(descriptor)
            raise StateError(
                f"{path} cannot be locked ({error.strerror}): keep the album on a file system"
                " that knows flock"
            ) from error
        os.close(descriptor)
        if not held:
            raise StateError(f"{path} is in use by another run of img-sync: let it end first")


def _open(path: Path, *, create: bool) -> int:
    """Opened for writing (flock over NFS asks for that), for reading where that is all we may."""
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_RDWR | (os.O_CREAT if create else 0), 0o666)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        return os.open(path, flags | os.O_RDONLY)


def _lock(descriptor: int) -> bool:
    """Whether the lock is ours now. Raises OSError where the file system knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether `path` is still the name of the open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False
