"""A service that fails when it is told to: what a bad network and a killed process look like."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from enum import Enum
from typing import Any, BinaryIO, TypeVar

import msgspec

from ..errors import Denied, Rejected, Stale, Unavailable
from ..model import Album, Field, Metadata, Photo
from ..service import Capabilities, Look, Original, Service, Source, Unread

__all__ = ["WRITES", "Crash", "Fault", "Faulty", "Script", "at_writes", "breaking"]

WRITES = frozenset({"create_album", "create", "replace", "edit", "delete", "move", "move_album"})


class Crash(BaseException):
    """The process dies here. Like a KeyboardInterrupt, it is nothing to catch and go on from."""


class Fault(Enum):
    """How one call fails. LOST and CRASHED come after the service did what it was asked.

    A listing or a file that is LOST or CRASHED breaks off in the middle.
    """

    UNAVAILABLE = "unavailable"
    DENIED = "denied"
    REJECTED = "rejected"
    STALE = "stale"
    CRASH = "crash"
    LOST = "lost"
    CRASHED = "crashed"

    @property
    def after(self) -> bool:
        return self in (Fault.LOST, Fault.CRASHED)

    def error(self, op: str) -> BaseException:
        return _ERRORS[self](f"{op}: {self.value}, as the script says")


_ERRORS: dict[Fault, Callable[[str], BaseException]] = {
    Fault.UNAVAILABLE: Unavailable,
    Fault.DENIED: Denied,
    Fault.REJECTED: Rejected,
    Fault.STALE: Stale,
    Fault.CRASH: Crash,
    Fault.LOST: Unavailable,
    Fault.CRASHED: Crash,
}

# Asked at every call, with the method's name; None lets it pass.
Script = Callable[[str], Fault | None]


def at_writes(faults: Iterable[Fault | None]) -> Script:
    """A script that takes one element for every write, and lets all pass when none is left."""
    left = iter(faults)
    return lambda op: next(left, None) if op in WRITES else None


def breaking(data: bytes, error: BaseException) -> BinaryIO:
    """A stream that gives `data`, and raises `error` where it should end."""
    return io.BufferedReader(_Breaking(data, error))


T = TypeVar("T")


class Faulty(Service):
    """`service`, whose calls fail as `script` says. `writes` counts those it was asked for.

    `albums`, `photos`, `open` and the writes fail; all other calls never do.
    """

    def __init__(self, service: Service, script: Script) -> None:
        self.service = service
        self.script = script
        self.name = service.name
        self.capabilities: Capabilities = service.capabilities
        self.writes = 0

    def normal(self, metadata: Metadata) -> Metadata:
        return self.service.normal(metadata)

    def albums(self) -> Iterator[Album | Unread]:
        return self._list("albums", self.service.albums)

    def fingerprint(self, album: Album) -> str:
        return self.service.fingerprint(album)

    def describe(self, album: Album) -> Mapping[str, str]:
        return self.service.describe(album)

    def photos(self, album: Album, look: Look) -> Iterator[Photo | Unread]:
        return self._list("photos", lambda: self.service.photos(album, look))

    def racy(self, album: Album, photo: Photo) -> bool:
        return self.service.racy(album, photo)

    def left_behind(self, album: Album, past: Photo, to: Album, now: Photo) -> str:
        return self.service.left_behind(album, past, to, now)

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        fault = self._before("open")
        original = self.service.open(album, photo, without)
        if fault is None:
            return original
        with original:
            half = original.stream.read(original.size // 2)
        return msgspec.structs.replace(original, stream=breaking(half, fault.error("open")))

    def identify(self, original: Original, name: str) -> str:
        return self.service.identify(original, name)

    def fitting(self, path: str) -> str:
        return self.service.fitting(path)

    def expect(self, photos: Collection[Photo]) -> None:
        self.service.expect(photos)

    def create_album(self, path: str) -> Album:
        return self._write("create_album", lambda: self.service.create_album(path))

    def create(self, album: Album, source: Source) -> Photo:
        return self._write("create", lambda: self.service.create(album, source))

    def replace(self, album: Album, photo: Photo, source: Source) -> Photo:
        return self._write("replace", lambda: self.service.replace(album, photo, source))

    def edit(
        self, album: Album, photo: Photo, metadata: Metadata, fields: frozenset[Field]
    ) -> Photo:
        return self._write("edit", lambda: self.service.edit(album, photo, metadata, fields))

    def delete(self, album: Album, photo: Photo) -> None:
        self._write("delete", lambda: self.service.delete(album, photo))

    def move(self, album: Album, photo: Photo, to: Album, name: str) -> Photo:
        return self._write("move", lambda: self.service.move(album, photo, to, name))

    def move_album(self, album: Album, path: str) -> Album:
        return self._write("move_album", lambda: self.service.move_album(album, path))

    def room(self) -> int | None:
        return self.service.room()

    def hold(self, album: Album) -> AbstractContextManager[None]:
        return self.service.hold(album)

    def close(self) -> None:
        self.service.close()

    def _before(self, op: str) -> Fault | None:
        """The fault that is to come after the call; one that comes before it is raised."""
        fault = self.script(op)
        if fault is not None and not fault.after:
            raise fault.error(op)
        return fault

    def _write(self, op: str, call: Callable[[], T]) -> T:
        self.writes += 1
        fault = self._before(op)
        answer = call()
        if fault is not None:
            raise fault.error(op)
        return answer

    def _list(self, op: str, call: Callable[[], Iterator[T]]) -> Iterator[T]:
        fault = self._before(op)
        if fault is None:
            yield from call()
            return
        shown = list(call())
        yield from shown[: len(shown) // 2]
        raise fault.error(op)


class _Breaking(io.RawIOBase):
    def __init__(self, data: bytes, error: BaseException) -> None:
        super().__init__()
        self._left = memoryview(data)
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._left:
            raise self._error
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
