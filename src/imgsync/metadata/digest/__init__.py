"""The picture digest: a checksum that changes with the picture, not with what is said about it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from imgsync.metadata.digest.picture import picture
from imgsync.metadata.digest.source import Source

__all__ = ["Digest", "digest", "digest_open"]


class Digest(msgspec.Struct, frozen=True):
    """What identifies a photo's picture, and its file.

    `content`: "image:" and ExifTool's ImageDataHash (SHA-256, lower-case hex), or "file:" and the
        SHA-256 of the whole file where ExifTool has no such hash.
    `size`: bytes of the whole file.
    `sums`: the checksums of the whole file that were asked for ("sha1:...", lower-case hex).
    """

    content: str
    size: int
    sums: frozenset[str]


def digest(path: Path, sums: Collection[str] = ()) -> Digest:
    """The digest of the photo at `path`; like ExifTool's it depends on the name's suffix, too.

    `sums` names the checksums of the whole file that are wanted, as hashlib does ("sha1", "md5").
    A broken file is no error: it has the digest that ExifTool gives it, or that of the whole
    file. OSError is raised where the disk does. Memory is bounded whatever the file's size, and
    other threads run while bytes are read and hashed.

    Source: ExifTool 13.59, `-api ImageHashType=SHA256 -ImageDataHash`.
    """
    with path.open("rb", buffering=0) as file:
        return digest_open(file.fileno(), path.suffix, sums)


def digest_open(descriptor: int, suffix: str, sums: Collection[str] = ()) -> Digest:
    """The same, of a file that is open for reading; it is read from wherever it stands.

    `suffix` (".jpg") is that of its name.
    """
    source = Source(descriptor)
    everything = (0, source.size)
    whole = {name: hashlib.new(name, usedforsecurity=False) for name in sums}
    hashed = hashlib.sha256()
    if source.feed(picture(source, suffix.lower()), hashed):
        scheme = "image"
        if whole:
            source.feed([everything], *whole.values())
    else:
        scheme = "file"
        hashed = hashlib.sha256()
        source.feed([everything], hashed, *whole.values())
    return Digest(
        content=f"{scheme}:{hashed.hexdigest()}",
        size=source.size,
        sums=frozenset(f"{name}:{hash_.hexdigest()}" for name, hash_ in whole.items()),
    )
