"""A tree of folders on the disk: everything in it, and what the service shows of it."""

from __future__ import annotations

from pathlib import Path

from imgsync.metadata import files as metadata_files
from imgsync.model import Album, Field, Metadata, Photo
from imgsync.service import Look, Unread
from imgsync.services.files import Files

__all__ = ["TOP", "names", "shown", "sidecar_of"]

TOP = Album("", "")


def sidecar_of(title: str, folder: Path) -> bytes:
    path = folder.parent / "scratch.heic"
    path.write_bytes(b"nothing")
    made = metadata_files.write(path, None, Metadata(title=title), {Field.TITLE})
    assert made is not None
    data = made.read_bytes()
    made.unlink()
    return data


def names(folder: Path) -> list[str]:
    """Everything in a tree, hidden files too; folders end in a slash."""
    found = (path for path in folder.rglob("*"))
    return sorted(str(path.relative_to(folder)) + ("/" if path.is_dir() else "") for path in found)


def shown(files: Files, album: Album = TOP) -> dict[str, Photo]:
    photos = list(files.photos(album, Look()))
    assert not any(isinstance(photo, Unread) for photo in photos)
    return {photo.name: photo for photo in photos if isinstance(photo, Photo)}
