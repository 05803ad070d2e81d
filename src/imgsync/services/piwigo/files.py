"""Files on their way to Piwigo, in chunks with their checksums, and back."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from ...errors import Rejected
from ...service import Source

__all__ = ["checked", "checksum", "chunks"]

_BLOCK = 1 << 18


def checksum(source: Source) -> str:
    """The MD5 of a source's file; read only where the other side does not tell it."""
    for digest in source.photo.digests:
        kind, _, value = digest.partition(":")
        if kind == "md5":
            return value
    total = _md5()
    with source.open() as original:
        came = 0
        while block := original.stream.read(_BLOCK):
            total.update(block)
            came += len(block)
        if came != original.size:
            raise _changed(source)
    return str(total.hexdigest())


def chunks(source: Source, md5: str, size: int) -> Iterator[tuple[dict[str, str], bytes]]:
    """A file in chunks of `size` bytes, each with what `pwg.images.uploadAsync` is to know of it.

    Raises Rejected before the last one, so that nothing is kept, if the file is not the one with
    that checksum or has another size than it tells.
    """
    total = _md5()
    with source.open() as original:
        count = -(-original.size // size)
        if not count:
            raise _changed(source)
        for number in range(count):
            last = number == count - 1
            chunk = original.stream.read(original.size - number * size if last else size)
            total.update(chunk)
            if last and (original.stream.read(1) or total.hexdigest() != md5):
                raise _changed(source)
            told = {
                "chunk": str(number),
                "chunks": str(count),
                "chunk_sum": _md5(chunk).hexdigest(),
                "original_sum": md5,
            }
            yield told, chunk


def checked(stream: BinaryIO, md5: str, name: str) -> BinaryIO:
    """A file that comes from the gallery; its end raises Rejected if it is not what was uploaded.

    A gallery may keep a smaller copy of what it was sent; that is nobody's original.
    """
    return cast(BinaryIO, _Checked(stream, md5, name)) if md5 else stream


def _changed(source: Source) -> Rejected:
    return Rejected(f"{source.name} has changed while it was read")


def _md5(data: bytes = b"") -> Any:
    return hashlib.md5(data, usedforsecurity=False)


class _Checked(io.RawIOBase):
    def __init__(self, stream: BinaryIO, md5: str, name: str) -> None:
        super().__init__()
        self._stream = stream
        self._md5 = md5
        self._name = name
        self._total = _md5()

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._stream.read(-1 if size is None else size)
        self._total.update(data)
        if not data or size is None or size < 0:
            self._check()
        return data

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _check(self) -> None:
        if self._total.hexdigest() != self._md5:
            raise Rejected(f"the gallery keeps another file of {self._name} than it was sent")
