"""Piwigo's albums as paths, and back. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ...errors import Rejected
from ...model import Album
from ...service import Unread
from .words import unfit

__all__ = ["Node", "Tree", "checked_levels"]


class Node(msgspec.Struct):
    """An album as `pwg.categories.getList` and `getAdminList` show it.

    `uppercats`: the ids from the top down to its own, with commas. `nb_images`: the photos in it.
    """

    id: int
    name: str
    uppercats: str
    status: str = "public"
    nb_images: int = 0
    name_raw: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def level(self) -> str:
        """The name as one level of a path."""
        name = self.name if self.name_raw is msgspec.UNSET else self.name_raw
        return name.replace("/", "\N{DIVISION SLASH}")

    @property
    def line(self) -> list[int]:
        return [int(id) for id in self.uppercats.split(",") if id]

    @property
    def parent(self) -> int:
        """The id of the album above, 0 for the top."""
        return self.line[-2] if len(self.line) > 1 else 0


class Tree:
    """All albums of a gallery. `seen`: those that the user sees; `every`: those that there are."""

    def __init__(self, seen: Iterable[Node], every: Iterable[Node]) -> None:
        self.nodes = {node.id: node for node in seen}
        self.paths: dict[int, str] = {}
        self.unread: dict[int, Unread] = {}
        nodes = {node.id: node for node in every} | self.nodes
        for node in sorted(nodes.values(), key=lambda node: (len(node.line), node.id)):
            self._place(node)

    def listed(self) -> list[Album | Unread]:
        """An album before those below it."""
        albums = [self.album(id) for id in self.paths]
        return [*albums, *self.unread.values()]

    def album(self, id: int) -> Album:
        return Album(ref=str(id), path=self.paths[id])

    def at(self, path: str) -> int | None:
        """The id of the album at a path, None if there is none; Rejected for one that is hidden."""
        for id, there in self.paths.items():
            if there == path:
                return id
        for unread in self.unread.values():
            if unread.name == path:
                raise Rejected(unread.why)
        return None

    def private_above(self, levels: list[str]) -> str:
        """The path of the nearest album above that exists, if it is private; else ""."""
        for depth in range(len(levels), 0, -1):
            path = "/".join(levels[:depth])
            id = self.at(path)
            if id is not None:
                return path if self.nodes[id].status == "private" else ""
        return ""

    def _place(self, node: Node) -> None:
        if not self.unread.keys().isdisjoint(node.line):
            return  # hidden with the one above it
        lost = node.parent and node.parent not in self.paths
        if lost or node.uppercats != ",".join(map(str, [*node.line[:-1], node.id])):
            self._hide(node, f"the album {node.level} stands in none that exists")
            return
        path = f"{self.paths[node.parent]}/{node.level}" if node.parent else node.level
        if node.id not in self.nodes:
            self._hide(node, _PRIVATE.format(path=path), path)
        elif node.level in ("", ".", ".."):
            self._hide(node, f"no folder can be called like the album {path!r}: rename it")
        elif path in self.paths.values():
            # Under the name of both: nothing tells which of them a folder stands for.
            self._hide(node, f"there are two albums {path}: rename or merge one of them", path)
        else:
            self.paths[node.id] = path

    def _hide(self, node: Node, why: str, path: str = "") -> None:
        name = path or f"{node.level} (album {node.id})"
        self.unread[node.id] = Unread(ref=str(node.id), name=name, why=why)


_PRIVATE = (
    "the album {path} is private, and this user may not see it:"
    " in Piwigo, Albums > Permissions, grant it to the user"
)


def checked_levels(path: str) -> list[str]:
    """The levels of an album's path, if Piwigo can have albums of these names; else Rejected."""
    levels = path.split("/")
    for level in levels:
        if level.strip() in ("", ".", ".."):
            raise Rejected(f"{path!r} cannot be the path of an album in Piwigo")
        if "<" in level:
            raise Rejected(f"Piwigo takes the < in {level!r} for HTML: rename the folder")
        if not level.isprintable() and not unfit(level):
            raise Rejected(f"the folder {level!r} has a character that is none to be seen")
        why = unfit(level)
        if why:
            raise Rejected(f"the folder {level[:80]!r} {why}: rename the folder")
    return levels
