"""The memory of an album: `.img-sync.db` in its folder, a text file that people can read and edit.

What is to be remembered is appended line by line, each safely on the disk before the next
action; the end of a run writes the file anew, in order.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import msgspec

from ..disk import locked, sync, temporary
from ..errors import StateError
from ..wording import why
from .codec import BadLine, Drop, Value, decode
from .contents import BadFile, Contents, parse, render, without_fingerprints
from .values import Child, Header, Record, new_id

__all__ = ["NAME", "State", "peek"]

NAME = ".img-sync.db"

_GRAIN = 2_000_000_000  # ns; the coarsest clock of a file system (FAT)
_FIRST_READ = 4096

# What tells that a file is still the one that was read: device, inode, size, mtime.
_Stamp = tuple[int, int, int, int]


class State:
    """What is remembered of one album: its photos, its past with each service, albums below.

    `path`: the file; may be set anew when its folder was moved.
    `exists`: there is a file.
    `touched`: other hands, or a run that was killed, had the file since it was last saved, so
        that the fingerprints in the header are "".

    Every `put` and `drop` is durable on return, or raises StateError and has changed nothing.
    The file is locked and looked at before each write: one that another run holds, or that somebody
    else has changed meanwhile, is never written over. One thread at a time.
    """

    def __init__(
        self, path: Path, contents: Contents, stamp: _Stamp | None = None, touched: bool = False
    ) -> None:
        self.path = path
        self.touched = touched
        self._contents = contents
        self._stamp = stamp
        self._saved = not touched
        self._lock: ExitStack | None = None
        self._gathers = False
        self._list_below()

    @classmethod
    def load(cls, folder: Path) -> State:
        """Reads the state of `folder`; new, empty and not yet written where there is none.

        Raises StateError with the line, where a line cannot be read.
        """
        path = folder / NAME
        found = _read(path)
        if found is None:
            return cls(path, Contents(Header(id=new_id())))
        data, stamp = found
        try:
            contents = parse(data)
        except BadFile as error:
            raise StateError(f"{path} cannot be read: {error}") from error
        touched = not contents.trusted or contents.header.written != stamp[-1]
        if touched:
            contents.header = without_fingerprints(contents.header)
        return cls(path, contents, stamp, touched)

    @property
    def exists(self) -> bool:
        return self._stamp is not None

    @property
    def header(self) -> Header:
        return self._contents.header

    @property
    def records(self) -> Mapping[str, Record]:
        """The photos, by their ids."""
        return self._contents.records

    @property
    def children(self) -> Mapping[str, Child]:
        """The albums below, by their paths."""
        return self._contents.children

    def put(self, *records: Record) -> None:
        """Remembers photos; several cost no more time on the disk than one."""
        if records:
            self._append(*records)

    def drop(self, id: str) -> None:
        """Forgets a photo."""
        self._append(Drop("photo", id))

    def put_header(self, header: Header) -> None:
        """Remembers the album. `written` and `below` of the header are set by the state itself."""
        self._append(header)

    def put_child(self, child: Child) -> None:
        """Remembers an album below."""
        self._append(child)

    def drop_child(self, path: str) -> None:
        """Forgets an album below."""
        self._append(Drop("album", path))

    def save(self) -> None:
        """Writes the file anew and in order, if anything was put or other hands had it.

        Its modification time is set to what the header says, so that `peek` believes the header
        until the file is written to again.
        """
        if not self._saved:
            with self._alone():
                self._rewrite()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keeps other runs from the album meanwhile; the file is made if there is none.

        Raises StateError if another run holds it or has written to it since it was loaded, or
        if it cannot be written.
        """
        if not self.exists:
            self._rewrite()
        with ExitStack() as lock:
            lock.enter_context(locked(self.path, create=False))
            self._check_unchanged()
            self._check_writable()
            self._lock = lock
            try:
                yield
            finally:
                self._lock = None

    def _alone(self) -> AbstractContextManager[None]:
        """Keeps other runs from the file, if there is one, and nothing keeps them from it yet."""
        return self.hold() if self.exists and self._lock is None else nullcontext()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is put and dropped meanwhile reaches the disk together, by one `save` at the end.

        Other runs are kept from the album as by `hold`. For what can be found out again: nothing
        of it is durable before the end, and nothing is written if the body raises.
        """
        with self._alone():
            self._gathers = True
            try:
                yield
            finally:
                self._gathers = False
            self._rewrite()

    def _append(self, *values: Value) -> None:
        if not self._gathers:  # else all lines are made when the file is written
            with self._told():
                lines = b"".join(map(self._contents.line, values))
            self._append_lines(lines)
        for value in values:
            self._contents.take(value)
        self._list_below()

    def _append_lines(self, lines: bytes) -> None:
        if not self.exists:
            self._rewrite()
        with self._alone():
            if not self._contents.whole:
                self._rewrite()
            self._check_unchanged()
            self._append_bytes(lines)

    def _append_bytes(self, lines: bytes) -> None:
        with self._told(), _opened(self.path, os.O_WRONLY | os.O_APPEND) as descriptor:
            size = os.fstat(descriptor).st_size
            self._saved = self._contents.whole = False
            try:
                _write(descriptor, lines)
                self._contents.whole = True
            except OSError:
                os.ftruncate(descriptor, size)
                self._contents.whole = True
                raise
            finally:
                self._stamp = _stamp(os.fstat(descriptor))

    def _rewrite(self) -> None:
        """Writes the whole file, and hands a lock on the old one over to the new one."""
        self._check_unchanged()
        written = _mark()
        self._contents.take(msgspec.structs.replace(self.header, written=written))
        with self._told(), ExitStack() as stack:
            new = stack.enter_context(temporary(self.path.parent))
            new.stream.write(render(self._contents))
            new.stream.flush()
            os.utime(new.stream.fileno(), ns=(written, written))
            if self.exists:
                new.resemble(self.path)
                new.replace(self.path)
            else:
                new.place(self.path)
            self._stamp = _stamp(os.fstat(new.stream.fileno()))
            self._saved = self._contents.whole = True
            if self._lock:
                self._lock.push(stack.pop_all())

    def _list_below(self) -> None:
        below = tuple(sorted(self.children))
        if below != self.header.below:
            self._contents.take(msgspec.structs.replace(self.header, below=below))

    def _check_unchanged(self) -> None:
        try:
            now = _stamp(self.path.stat(follow_symlinks=False))
        except FileNotFoundError:
            now = None
        except OSError as error:
            raise StateError(f"{self.path} cannot be looked at: {error.strerror}") from error
        if now != self._stamp:
            raise StateError(
                f"{self.path} was changed meanwhile, by another run or by hand: run img-sync again"
            )

    @property
    def why_read_only(self) -> str:
        """Why nothing can be remembered in this state, with the way out; "" where it can."""
        folder = os.access(self.path.parent, os.W_OK)
        if folder and (not self.exists or os.access(self.path, os.W_OK)):
            return ""
        return (
            f"{self.path} cannot be written, so that nothing could be remembered:"
            " allow it, or leave this album out"
        )

    def _check_writable(self) -> None:
        if self.why_read_only:
            raise StateError(self.why_read_only)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError as error:
            raise StateError(f"{self.path} was made by another run: run img-sync again") from error
        except BadLine as error:
            raise StateError(f"{self.path} cannot take this in: {error}") from error
        except OSError as error:
            raise StateError(
                f"{self.path} cannot be written, so that nothing more can be remembered of this"
                f" album: {why(error)}"
            ) from error


def peek(folder: Path) -> Header | None:
    """The header alone, read from the first line; None where only `State.load` can tell more.

    That is: there is no file, or it has been written to by anybody since it was last saved.
    """
    try:
        with _opened(folder / NAME, os.O_RDONLY) as descriptor:
            mtime = os.fstat(descriptor).st_mtime_ns
            first = _read_line(descriptor)
        line = decode(first)
    except (OSError, BadLine):
        return None
    header = line.value
    if isinstance(header, Header) and line.trusted and header.written == mtime:
        return header
    return None


def _read(path: Path) -> tuple[bytes, _Stamp] | None:
    """All bytes, and what the file was like before they were read; None where there is none."""
    try:
        with _opened(path, os.O_RDONLY) as descriptor:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise StateError(f"{path} is no file: put it aside")
            with open(descriptor, "rb", closefd=False) as stream:
                return stream.read(), _stamp(status)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else why(error)
        raise StateError(f"{path} cannot be read: {reason}") from error


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read_line(descriptor: int) -> bytes:
    """The first line without its end; all bytes where there is no line end."""
    text = os.read(descriptor, _FIRST_READ)
    while b"\n" not in text:
        more = os.read(descriptor, len(text) + 1)
        if not more:
            break
        text += more
    return text.partition(b"\n")[0]


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    sync(descriptor)


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _mark() -> int:
    """A modification time that every file system keeps exactly and that no later write gets."""
    return (time.time_ns() // _GRAIN - 1) * _GRAIN
