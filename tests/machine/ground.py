"""What the machines stand on: a tree with real folders, watched services, a disk that dies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from imgsync.model import Album, Field, Photo, fingerprint
from imgsync.service import Capabilities, Look, Original, Source
from imgsync.services.memory import Kept, Memory, Shelf
from imgsync.state import NAME
from imgsync.testing.faults import Crash, Fault, Faulty, Script

LETS_PASS: Script = lambda op: None  # noqa: E731


WHOLE = Capabilities(whole=True, strips=frozenset({"jpg"}))


class Shelves(Memory):
    """A Memory that knows the fingerprints of its albums."""

    def fingerprint(self, album: Album) -> str:
        photos = super().photos(album, Look())
        return fingerprint((photo.ref, photo.version) for photo in photos)


class Tree(Shelves):
    """A Memory whose albums are real folders too, as states live in real folders.

    Like in a tree of files, a folder that holds a state is an album.
    """

    def __init__(self, top: Path) -> None:
        super().__init__(
            "local", refs="names", capabilities=Capabilities(whole=True, strips=frozenset({"jpg"}))
        )
        self.top = top

    def albums(self) -> Iterator[Album]:
        known = {shelf.path for shelf in self.shelves}
        for state in self.top.glob(f"**/{NAME}"):
            path = state.parent.relative_to(self.top).as_posix().strip(".")
            if path not in known:
                self.shelves.append(Shelf(path, path))
        return super().albums()

    def create_album(self, path: str) -> Album:
        (self.top / path).mkdir(parents=True, exist_ok=True)
        return super().create_album(path)

    def move_album(self, album: Album, path: str) -> Album:
        now = super().move_album(album, path)
        (self.top / path).parent.mkdir(parents=True, exist_ok=True)
        (self.top / album.path).rename(self.top / path)
        return now

    def lose(self, path: str) -> None:
        """The folder is gone, with its photos, what is below it, and all that was remembered."""
        gone = [s for s in self.shelves if s.path == path or s.path.startswith(f"{path}/")]
        for shelf in gone:
            self.trash += shelf.photos
            self.shelves.remove(shelf)
        shutil.rmtree(self.top / path)


class Watched(Faulty):
    """A service in a run: fails as told, and tells which photo was copied from which.

    `opened` is the photo whose file was asked for last; `made` is called with every photo that a
    `create` has added, whether its answer arrives or not.
    """

    def __init__(self, service: Memory, script: Script, made: Callable[[Kept], None]) -> None:
        super().__init__(service, script)
        self.memory = service
        self.made = made
        self.opened: Kept | None = None

    def open(self, album: Album, photo: Photo, without: frozenset[Field] = frozenset()) -> Original:
        here = (shelf for shelf in self.memory.shelves if shelf.path == album.path)
        photos = (kept for shelf in here for kept in shelf.photos)
        self.opened = next((kept for kept in photos if photo.ref in (kept.id, kept.name)), None)
        return super().open(album, photo, without)

    def create(self, album: Album, source: Source) -> Photo:
        known = set(photos_of(self.memory))
        try:
            return super().create(album, source)
        finally:
            for kept in photos_of(self.memory).keys() - known:
                self.made(kept)


def photos_of(memory: Memory) -> dict[Kept, Shelf]:
    """All photos of a service that keeps each in one album, with their albums."""
    return {kept: shelf for shelf in memory.shelves for kept in shelf.photos}


def original(picture: bytes) -> bytes:
    """The picture that a service was given, also one that codes it anew."""
    return picture.removesuffix(b"recoded")


class Disk:
    """`os.fsync`, for a disk that needs none and on which the process dies when told.

    `dies_at`: how many times more it is asked before that, None for never. A line that was just
    appended to a state is then cut, so that `keeps` (a share) of it is left.
    """

    def __init__(self) -> None:
        self.top: Path | None = None
        self.dies_at: int | None = None
        self.keeps = 1.0

    def fsync(self, descriptor: int) -> None:
        if self.dies_at is None:
            return
        self.dies_at -= 1
        if self.dies_at < 0:
            self.dies_at = None
            self._tear(os.fstat(descriptor).st_ino)
            raise Crash("the disk, as it was told")

    def _tear(self, inode: int) -> None:
        assert self.top is not None
        for state in self.top.glob(f"**/{NAME}"):
            if state.stat().st_ino == inode:
                text = state.read_bytes()
                start = text.rfind(b"\n", 0, -1) + 1
                if start:
                    os.truncate(state, start + round((len(text) - start) * self.keeps))


def failing(faults: Mapping[int, Fault]) -> Script:
    """A script that lets all calls pass but the writes of these numbers."""
    from imgsync.testing.faults import at_writes

    return at_writes(faults.get(number) for number in range(max(faults, default=-1) + 1))
