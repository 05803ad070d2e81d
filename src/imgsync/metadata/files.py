"""Reading and writing what files and their sidecars say, so that nothing can be lost by it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from .. import disk
from ..errors import Rejected, Stale
from ..model import Field, Metadata
from . import exif, formats, mpf, photoshop, sidecars, video
from . import fields as table
from .digest import digest
from .held import Broken, Held, exiv2_alone

__all__ = ["Unreadable", "read", "write"]

# exiv2 edits in memory, which takes three times the file: larger ones get a sidecar.
_LARGEST = 512 * 1024 * 1024
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*\?>")


class Unreadable(Rejected):
    """A sidecar is no XMP: it is neither read nor written over."""


class _Seen(NamedTuple):
    """What was read of a photo."""

    own: Held
    beside: Held | None
    clip: video.Clip


def read(path: Path, sidecar: Path | None) -> Metadata:
    """What a photo and its sidecar say, cleaned.

    A picture that is broken says what can be read of it. Raises Unreadable if the sidecar is no
    XMP, and OSError if the disk gives neither.
    """
    with exiv2_alone():
        return table.read(*_look(path, sidecar))


def write(
    path: Path,
    sidecar: Path | None,
    metadata: Metadata,
    fields: Collection[Field],
    *,
    embed: bool = True,
) -> Path | None:
    """Sets `fields` to what `metadata` say; gives the sidecar that says it now, None if none does.

    A sidecar that speaks for its photo is written; else the photo's own file if `embed` and if
    its picture stays as it is to the bit; else a sidecar, a new one where there is none. All else
    in them stays. A file is replaced whole or not at all; a symbolic link stays one, and the file
    that it points to is replaced. Raises Unreadable if the sidecar is no XMP, Rejected if the
    values cannot be written, Stale if a file changed meanwhile, OSError if the disk fails.
    """
    asked = frozenset(fields) - {Field.CONTENT}
    before = path.stat()
    sidecar_before = sidecar.stat() if sidecar else None
    with exiv2_alone():
        seen = _look(path, sidecar)
        current = table.read(*seen)
        speaks = seen.beside is not None and table.is_descriptive(seen.beside)
    wanted = table.normal(current.but(metadata, asked))
    if wanted == current:
        return sidecar if speaks else None
    if embed and not speaks and formats.embeds(path.name) and _embed(path, before, wanted, asked):
        return None
    packet = _packet(seen, path, wanted, asked)
    if sidecar is None or sidecar_before is None:
        return _create(path.with_name(sidecars.name_for(path.name)), packet)
    _expect(sidecar, sidecar_before)
    disk.write_file(sidecar.resolve(), packet)
    return sidecar


def _look(path: Path, sidecar: Path | None) -> _Seen:
    # Opened here first, so that a file which the disk does not give is no photo that says nothing.
    with path.open("rb") as stream:
        clip = video.read(stream) if formats.is_video(path.name) else video.NO_CLIP
        try:
            own = _read_own(path, stream.fileno(), clip)
        except Broken:
            own = Held.of_packet("", sidecar=False)
    # Read last: of all these it alone may be written.
    beside = _read_sidecar(sidecar) if sidecar else None
    return _Seen(own, beside, clip)


def _read_own(path: Path, descriptor: int, clip: video.Clip) -> Held:
    if formats.is_video(path.name):
        return Held.of_packet(clip.packet, sidecar=False)
    # An absolute path is no URL, nor "-". exiv2 takes names in UTF-8 only.
    name = os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps the rest but is slower
    try:
        name.encode()
    except UnicodeEncodeError:
        name = f"/dev/fd/{descriptor}"
    return Held.of_file(name)


def _read_sidecar(path: Path) -> Held:
    data = path.read_bytes()
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = _DECLARATION.sub("", data.decode("utf-16" if wide else "utf-8-sig"), count=1)
        # A document type has no place in XMP; it is where an XML bomb would be.
        if text.strip("\0 \t\r\n") and "<!DOCTYPE" not in text:
            return Held.of_packet(text)
    except (UnicodeDecodeError, Broken):
        pass
    raise Unreadable(f"{path} is no XMP: repair it, or move it away")


def _embed(path: Path, before: os.stat_result, wanted: Metadata, fields: Collection[Field]) -> bool:
    """Whether the metadata could be written into the file; where not, it is as it was."""
    if before.st_size > _LARGEST:
        return False
    path = path.resolve()
    data = path.read_bytes()
    try:
        with exiv2_alone():
            own = Held.of_file(data)
            if photoshop.iptc(data)[own.iptc_size() :].strip(b"\0"):
                raise Broken("not all of the IPTC can be read")
            table.write(own, wanted, fields)
            edited = exif.keep(data, photoshop.renew_digest(own.file()), own.exif_set)
            data = mpf.renew_places(data, edited)
    except Broken:
        return False
    with disk.temporary(path.parent, path.suffix) as new:
        new.stream.write(data)
        new.stream.flush()
        picture = digest(path).content
        if not picture.startswith("image:") or digest(new.path).content != picture:
            return False
        new.resemble(path)
        _expect(path, before)
        new.replace(path)
    return True


def _packet(seen: _Seen, path: Path, wanted: Metadata, fields: Collection[Field]) -> bytes:
    """The bytes of the sidecar."""
    try:
        with exiv2_alone():
            beside = seen.beside or Held.of_packet("")
            table.write_sidecar(seen.own, beside, seen.clip, wanted, fields)
            text = beside.packet()
    except Broken as error:
        raise Rejected(f"the metadata of {path} cannot be written: {error}") from error
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()


def _create(sidecar: Path, packet: bytes) -> Path:
    with disk.temporary(sidecar.parent) as new:
        new.stream.write(packet)
        try:
            new.place(sidecar)
        except FileExistsError:
            raise Stale(f"{sidecar} appeared meanwhile: the next run looks at it") from None
    return sidecar


def _expect(path: Path, before: os.stat_result) -> None:
    """Raises Stale if the file is not as it was."""
    now = path.stat()
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (
        before.st_ino,
        before.st_size,
        before.st_mtime_ns,
    ):
        raise Stale(f"{path} changed meanwhile: the next run looks at it")
