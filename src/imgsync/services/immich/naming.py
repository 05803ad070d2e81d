"""Which album is which folder: Immich's albums stand side by side and may have any name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from ...errors import Rejected, UsageError
from ...model import Album
from .answers import AlbumAnswer
from .listing import UNSORTED

__all__ = ["Naming"]

_PATH = "{path}"


class Naming:
    """Names of albums made from paths by a template such as "{path}" or "Photos {path}".

    `unsorted`: the path of the album that is made up of all that is in none, "" for no such.
    """

    def __init__(self, service: str, template: str = _PATH, unsorted: str = "") -> None:
        if template.count(_PATH) != 1:
            raise UsageError(f"album = {template} of {service}: it must hold {_PATH}, once")
        self._service = service
        self._before, _, self._after = template.partition(_PATH)
        self.unsorted = unsorted.strip("/")
        if self.unsorted:
            self.name(self.unsorted)

    def name(self, path: str) -> str:
        """The name of a new album. Rejected for a path that cannot come back."""
        if not path or self._path(path) != path:
            raise Rejected(f"{self._service} can have no album {path!r}: rename its folder")
        return f"{self._before}{path}{self._after}"

    def albums(self, answers: Iterable[AlbumAnswer]) -> Iterator[Album]:
        """The albums whose names fit the template, one path each, one before those below it.

        Of several with one path the oldest has it; the others get a number.
        """
        found = {self.unsorted: Album(UNSORTED, self.unsorted)} if self.unsorted else {}
        for answer in sorted(answers, key=lambda a: (a.created_at, a.id)):
            name = answer.album_name
            if not (name.startswith(self._before) and name.endswith(self._after)):
                continue
            path = self._path(name[len(self._before) : len(name) - len(self._after)])
            free = next(p for p in _numbered(path or answer.id) if p not in found)
            found[free] = Album(answer.id, free)
        yield from sorted(found.values(), key=lambda album: album.path.split("/"))

    def _path(self, name: str) -> str:
        """A path of plain levels, the name itself wherever it is one."""
        name = "".join(c if c == " " or c.isprintable() else "_" for c in name)
        return "/".join(level for level in name.split("/") if level not in ("", ".", ".."))


def _numbered(path: str) -> Iterator[str]:
    yield path
    yield from (f"{path} ({number})" for number in itertools.count(2))
