"""One look at every folder of a tree; in a large one a second process looks from the far end."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import msgspec

from ...errors import Unavailable
from ...wording import why
from .processes import Process
from .processes import serve as serve_questions
from .tree import is_new, list_folder

__all__ = ["Seen", "serve", "walk"]

# So many folders are worth the start of a second process.
_MANY = 250
# Folders that it is given ahead, so that it never waits.
_AHEAD = 3

_PROGRAM = "from imgsync.services.files.walking import serve; serve()"

# Folders that are yet to be looked at, the next one last: path, and whether a link led there.
_Waiting = list[tuple[str, bool]]


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """A folder that was looked at; `raw` is its path, relative to the tree's top, as bytes.

    `fingerprint`: of its photos. Where `trouble` says why it cannot be read, nothing else counts.
    """

    raw: bytes
    is_album: bool = False
    fingerprint: str = ""
    trouble: str = ""

    @property
    def path(self) -> str:
        return os.fsdecode(self.raw)


def walk(top: str, passed_over: str = "", *, processes: int = 1) -> Generator[Seen, None, None]:
    """Looks at `top` and all folders below it, a folder before those in it, in order of names.

    `passed_over` is the path of one that is left out. No folder is come to twice: a link is
    followed only to what is not shown under its own name. Up to two `processes` share a large
    tree.
    """
    tree = _Tree(top, passed_over)
    waiting: _Waiting = [("", False)]
    second: _Second | None = None
    looked_at = 0
    try:
        while waiting:
            yield from tree.look(waiting)
            looked_at += 1
            if second is None and processes > 1 and looked_at + len(waiting) > _MANY:
                try:
                    second = _Second(top, passed_over)
                except Unavailable:
                    processes = 1
            if second is not None:
                second.share(waiting)
        if second is not None:
            for path, found in second.rest():
                yield from tree.below(path) if found is None else found
    finally:
        if second is not None:
            second.end()


class _Tree:
    """A tree that is looked at folder by folder. `has_links`: links to folders were found."""

    def __init__(self, top: str, passed_over: str) -> None:
        self.has_links = False
        self._top = top
        self._passed_over = passed_over
        self._linked: set[str] = set()

    def below(self, path: str) -> Iterator[Seen]:
        """A folder and all below it."""
        waiting = [(path, False)]
        while waiting:
            yield from self.look(waiting)

    def look(self, waiting: _Waiting) -> Iterator[Seen]:
        """Looks at the next folder, unless it is known already, and adds those in it."""
        path, linked = waiting.pop()
        folder = f"{self._top}/{path}"
        if linked and not is_new(folder, self._top, self._linked):
            return
        try:
            listing = list_folder(folder, self._top)
        except OSError as error:
            why_not = f"cannot be read: {why(error)}; nothing in it is touched"
            yield Seen(os.fsencode(path), trouble=why_not)
            return
        yield Seen(os.fsencode(path), listing.is_album, listing.fingerprint())
        self.has_links = self.has_links or bool(listing.links)
        below = [(name, linked) for name in listing.folders]
        below += [(name, True) for name in listing.links]
        for name, through_link in sorted(below, reverse=True):
            child = f"{path}/{name}" if path else name
            if child != self._passed_over:
                waiting.append((child, through_link))


class _Share(msgspec.Struct, frozen=True, array_like=True):
    """What the second process is asked to look at: a folder and all below it."""

    top: bytes
    passed_over: bytes
    path: bytes


class _Second:
    """The second process, and what it has found so far.

    A folder below which there are links is left to the first: it alone knows where others led.
    So are those that a process which died was asked for.
    """

    def __init__(self, top: str, passed_over: str) -> None:
        self._top, self._passed_over = os.fsencode(top), os.fsencode(passed_over)
        self._process = Process(_PROGRAM)
        self._dead = False
        self._asked: list[str] = []
        self._found: list[list[Seen] | None] = []

    def share(self, waiting: _Waiting) -> None:
        """Takes over the last of the folders that wait, as many as it is ready for."""
        while self._is_behind() and self._process.has_answer():
            self._hear()
        while waiting and len(self._asked) - len(self._found) < _AHEAD and not self._dead:
            path, linked = waiting[0]
            if linked:
                return
            del waiting[0]
            self._asked.append(path)
            self._process.ask(_Share(self._top, self._passed_over, os.fsencode(path)))

    def rest(self) -> Iterator[tuple[str, list[Seen] | None]]:
        """What was taken over, in order of names, with what was found; None is left to do."""
        while self._is_behind():
            self._hear()
        yield from zip(reversed(self._asked), reversed(self._found), strict=True)

    def end(self) -> None:
        self._process.end()

    def _is_behind(self) -> bool:
        return len(self._found) < len(self._asked)

    def _hear(self) -> None:
        data = b"" if self._dead else self._process.answer()
        self._dead = not data
        self._found.append(_ANSWER.decode(data) if data else None)


_ANSWER: msgspec.msgpack.Decoder[list[Seen] | None] = msgspec.msgpack.Decoder(list[Seen] | None)


def serve() -> None:
    """Is the second process."""
    serve_questions(_Share, _look)


def _look(share: _Share) -> list[Seen] | None:
    tree = _Tree(os.fsdecode(share.top), os.fsdecode(share.passed_over))
    found = list(tree.below(os.fsdecode(share.path)))
    return None if tree.has_links else found
