"""Files on their way over HTTP: a form that is read while it is sent, a file while it arrives."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..errors import Rejected, Unavailable

if TYPE_CHECKING:
    import httpx2

__all__ = ["Download", "Multipart", "Part"]

_CHUNK = 1 << 18


class Readable(Protocol):
    """A file as far as it is needed to send it."""

    def read(self, size: int, /) -> bytes: ...


class Part(NamedTuple):
    """A field of a multipart form: a text, or a file of `size` bytes under `filename`."""

    name: str
    body: str | bytes | Readable
    size: int = 0
    filename: str = ""


class Multipart:
    """A multipart form (RFC 7578), made while it is sent: no file is ever whole in memory.

    Iterating raises what the streams raise, and Rejected where one has another size than told.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        boundary = f"img-sync-{secrets.token_hex(16)}"
        self._parts = [(_head(boundary, part), part) for part in parts]
        self._end = f"--{boundary}--\r\n".encode()
        self.headers: Mapping[str, str] = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(self._size()),
        }

    def __iter__(self) -> Iterator[bytes]:
        for head, part in self._parts:
            yield head
            yield from _bytes(part)
            yield b"\r\n"
        yield self._end

    def _size(self) -> int:
        return sum(len(h) + _length(p) + 2 for h, p in self._parts) + len(self._end)


def _head(boundary: str, part: Part) -> bytes:
    said = f'form-data; name="{_quoted(part.name)}"'
    if part.filename:
        said += f'; filename="{_quoted(part.filename)}"\r\nContent-Type: application/octet-stream'
    return f"--{boundary}\r\nContent-Disposition: {said}\r\n\r\n".encode()


def _quoted(text: str) -> str:
    """As browsers quote names in forms (WHATWG, multipart/form-data encoding)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _length(part: Part) -> int:
    if isinstance(part.body, str):
        return len(part.body.encode())
    return len(part.body) if isinstance(part.body, bytes) else part.size


def _bytes(part: Part) -> Iterator[bytes]:
    if isinstance(part.body, str):
        yield part.body.encode()
    elif isinstance(part.body, bytes):
        yield part.body
    else:
        yield from _streamed(part.body, part.size)


def _streamed(stream: Readable, size: int) -> Iterator[bytes]:
    left = size
    while chunk := stream.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            break
        yield chunk
    if left:
        raise Rejected(f"it was to have {size} bytes and has not: it changed while it was read")


class Download(io.RawIOBase):
    """A file that is arriving. It ends well only when all of it came, with the right checksum."""

    def __init__(
        self,
        response: httpx2.Response,
        size: int | None,
        checksum: str,
        who: str,
        told: Callable[[], AbstractContextManager[None]],
    ) -> None:
        super().__init__()
        kind, _, self._wanted = checksum.partition(":")
        self._hash = hashlib.new(kind, usedforsecurity=False) if kind else None
        self._response = response
        self._chunks = response.iter_raw(_CHUNK)
        self._size = size
        self._who = who
        self._told = told
        self._came = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Never fewer bytes than asked for, but at the end."""
        parts: list[bytes] = []
        wanted = -1 if size is None else size
        while wanted and (chunk := self._next(wanted)):
            parts.append(chunk)
            wanted -= len(chunk) if wanted > 0 else 0
        return b"".join(parts)

    def readinto(self, buffer: Any, /) -> int:
        chunk = self._next(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._response.close()
        super().close()

    def _next(self, most: int) -> bytes:
        """Some bytes, at most so many unless it is negative; none at the end."""
        if not self._rest:
            with self._told():
                self._rest = memoryview(next(self._chunks, b""))
            self._came += len(self._rest)
            if self._hash:
                self._hash.update(self._rest)
            if not self._rest:
                self._check()
        size = len(self._rest) if most < 0 else most
        chunk, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return chunk

    def _check(self) -> None:
        if self._size is not None and self._came != self._size:
            raise Unavailable(f"{self._who} sent {self._came} of {self._size} bytes")
        if self._hash and self._hash.hexdigest() != self._wanted:
            raise Unavailable(f"{self._who} sent a file that is damaged: its checksum is another")
