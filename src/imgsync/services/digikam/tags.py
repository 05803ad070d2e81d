"""digiKam's tags: paths, people, and the internal ones that stand for labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from ...model import Metadata
from .database import Change, Database

__all__ = ["COLOURS", "PICKS", "Tags", "colour_name", "pick_name"]

INTERNAL = "_Digikam_Internal_Tags_"
_ROOT = "_Digikam_root_tag_"  # MySQL's tag 0
_COLOUR, _PICK = "Color Label ", "Pick Label "
COLOURS = ("None", "Red", "Orange", "Yellow", "Green", "Blue", "Purple", "Gray", "Black", "White")
PICKS = ("None", "Rejected", "Pending", "Accepted")
_PERSON = "person"
# Their tags are no people, under whatever names; faces nobody has named hang on them.
_NOBODY = {"unknownPerson", "unconfirmedPerson", "ignoredPerson"}
_PEOPLE = "People"


class Tags:
    """All tags of a database, as they were when they were read last.

    `normal` is the form in which files give back texts.
    `ids`: all of them.
    `paths`: the keywords' paths by id; neither internal tags nor nobodies are in it.
    `people`: names of people by the ids of their tags.
    `colours`, `picks`: numbers of labels by the ids of their tags.
    """

    def __init__(self, source: Database | Change, normal: Callable[[Metadata], Metadata]) -> None:
        self._normal = lru_cache(maxsize=None)(lambda text: normal(Metadata(title=text)).title)
        self.read(source)

    def read(self, source: Database | Change) -> None:
        """Reads them anew."""
        rows = {
            id: (pid or 0, str(name))
            for id, pid, name in source.rows("SELECT id, pid, name FROM Tags")
            if id
        }
        properties: dict[int, dict[str, str]] = {}
        for id, key, value in source.rows("SELECT tagid, property, value FROM TagProperties"):
            properties.setdefault(id, {})[key] = value or ""
        self.paths: dict[int, str] = {}
        self.people: dict[int, str] = {}
        self.colours: dict[int, int] = {}
        self.picks: dict[int, int] = {}
        self._labels: dict[str, int] = {}
        self._nobodies: dict[int, str] = {}
        self.ids = frozenset(rows)
        self._parents = {id: pid for id, (pid, _) in rows.items()}
        for id, (_, name) in rows.items():
            self._sort_in(id, _levels(rows, id), name, properties.get(id, {}))
        self._ids = {path: id for id, path in sorted(self.paths.items(), reverse=True)}
        self._nobodies_paths = frozenset(self._nobodies.values())
        self._people_ids = {name: id for id, name in sorted(self.people.items(), reverse=True)}
        self.people_top = self._people_top()

    def _sort_in(self, id: int, levels: list[str], name: str, said: Mapping[str, str]) -> None:
        if levels[0] == INTERNAL:
            self._labels["/".join(levels)] = id
            if name.startswith(_COLOUR) and _number(name) is not None:
                self.colours[id] = _number(name) or 0
            elif name.startswith(_PICK) and name[len(_PICK) :] in PICKS:
                self.picks[id] = PICKS.index(name[len(_PICK) :])
            return
        path = self._path(levels)
        if not _NOBODY.isdisjoint(said):
            self._nobodies[id] = path
        elif path and levels[0] != _ROOT:
            self.paths[id] = path
            if _PERSON in said:
                self.people[id] = self._normal(said[_PERSON]) or self._normal(name)

    def _path(self, levels: list[str]) -> str:
        # A level cannot have a `/` in digiKam; where another program put one it parts levels.
        return "/".join(filter(None, map(self._normal, "/".join(levels).split("/"))))

    def _people_top(self) -> str:
        """The path of the tag that people's tags stand below, whatever the language calls it."""
        for ids in (self._nobodies, self.people):
            parents = Counter(self._parents[id] for id in ids)
            parents = Counter({id: n for id, n in parents.items() if id in self.paths})
            if parents:
                return self.paths[parents.most_common(1)[0][0]]
        return _PEOPLE

    def path_of(self, person: str) -> str:
        """The path of the tag that stands, or would, for a person of that name."""
        id = self._people_ids.get(person)
        if id is not None:
            return self.paths[id]
        return f"{self.people_top}/{person.replace('/', '|')}"

    def allows(self, path: str) -> bool:
        """Whether a keyword can have that path: digiKam keeps some for itself."""
        return path.partition("/")[0] not in (INTERNAL, _ROOT) and path not in self._nobodies_paths

    def label(self, change: Change, name: str) -> int:
        """The id of an internal tag ("Color Label Red"); made if it is not there."""
        id = self._labels.get(f"{INTERNAL}/{name}")
        if id is None:
            top = self._labels.get(INTERNAL) or self._make(
                change, 0, INTERNAL, {"internalTag": None}
            )
            id = self._make(change, top, name, {"internalTag": None})
            self.read(change)
        return id

    def keyword(self, change: Change, path: str) -> int:
        """The id of a keyword; made if it is not there, with those above it."""
        id = self._ids.get(path)
        if id is None:
            above, _, name = path.rpartition("/")
            top = self.keyword(change, above) if above else 0
            id = self._find(change, top, name) or self._make(change, top, name, {})
            self.read(change)
        return id

    def person(self, change: Change, name: str) -> int:
        """The id of a person's tag; one that is an ordinary keyword becomes a person's."""
        id = self._people_ids.get(name)
        if id is None:
            id = self.keyword(change, self.path_of(name))
            self._describe(change, id, {_PERSON: name, "faceEngineId": name})
            self.read(change)
        return id

    def _find(self, change: Change, above: int, name: str) -> int | None:
        """A tag that the database takes for the same: case does not count everywhere."""
        found = change.rows("SELECT id FROM Tags WHERE pid = ? AND name = ?", above, name)
        return int(found[0][0]) if found else None

    def _make(self, change: Change, above: int, name: str, said: Mapping[str, str | None]) -> int:
        # TagsTree follows by the database's own triggers.
        id = change.do("INSERT INTO Tags (pid, name) VALUES (?, ?)", above, name)
        self._describe(change, id, said)
        return id

    def _describe(self, change: Change, id: int, said: Mapping[str, str | None]) -> None:
        for key, value in said.items():
            sql = "INSERT INTO TagProperties (tagid, property, value) VALUES (?, ?, ?)"
            change.do(sql, id, key, value)


def _number(name: str) -> int | None:
    word = name[len(_COLOUR) :].replace("Magenta", "Purple")
    return COLOURS.index(word) if word in COLOURS else None


def colour_name(number: int) -> str:
    """What digiKam calls the tag of a colour."""
    return _COLOUR + COLOURS[number].replace("Purple", "Magenta")


def pick_name(number: int) -> str:
    """What digiKam calls the tag of a flag."""
    return _PICK + PICKS[number]


def _levels(rows: Mapping[int, tuple[int, str]], id: int) -> list[str]:
    """The names from the top to a tag; one whose way up goes round in a circle starts there."""
    return list(_climb(rows, id))[::-1]


def _climb(rows: Mapping[int, tuple[int, Any]], id: int) -> Iterator[str]:
    seen: set[int] = set()
    while id in rows and id not in seen:
        seen.add(id)
        id, name = rows[id]
        yield name
