"""What a run is about: its two sides, what it may do, and what looking at them has found."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from .atlas import Ground, Place, join
from .errors import Error
from .events import Event, Summary
from .model import Link, Pair, Photo, Side
from .plan import Action, End, Ends, Policy
from .service import Check, Service
from .state import Child, State

__all__ = ["Findings", "Plan", "Refresh", "Run", "Scope"]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a run looks at, and how closely.

    `exclude`: globs of names, or of paths where they hold a `/`, that are not looked at on either
        side; a folder's name excludes all that is below it.
    `place`: where PATH stands on services that do not know it yet, "" for the top of their tree.
    `new_albums`: albums that are only on the service are brought here.
    `show`: every photo looked at is told (Shown).
    """

    exclude: tuple[str, ...] = ()
    recurse: bool = True
    check: Check = Check.CHANGED
    place: str = ""
    new_albums: bool = False
    show: bool = False

    def hides_album(self, path: str) -> bool:
        """Whether an album is passed over, by its path or by that of one above it."""
        if not path:
            return False
        levels = path.split("/")
        return (not self.recurse) or any(
            self._excludes("/".join(levels[: n + 1]), levels[n]) for n in range(len(levels))
        )

    def hides(self, album: str) -> Callable[[str], bool]:
        """Which file names of an album are passed over."""
        return lambda name: self._excludes(join(album, name), name)

    def _excludes(self, path: str, name: str) -> bool:
        return any(
            fnmatch.fnmatchcase(path if "/" in glob else name, glob.strip("/"))
            for glob in self.exclude
        )


class Plan(msgspec.Struct, kw_only=True):
    """What a run would do.

    `summary` counts it, and what could not be looked at as failed.
    `troubles`: what kept albums from being looked at, and why the plan as a whole is refused.
    """

    actions: list[Action] = []
    summary: Summary = Summary()
    troubles: list[Error] = []


class Refresh(msgspec.Struct, frozen=True):
    """A pair that is in step, whose versions have moved on: to be written down, and no news."""

    link: Link
    left: Photo


class Vanished(NamedTuple):
    """What is remembered of a folder that is gone.

    `spots`: where that stands, as the key of an album above and the path in it; the nearest first.
    """

    child: Child
    spots: tuple[tuple[str, str], ...]


@dataclass
class Findings:
    """What looking at both sides has found, as doing needs it.

    `states`: of the albums that were looked at closely, by their keys.
    `paths`: where the folders of keys stand that are to be moved to their keys.
    `units`: the actions, those about one photo together and in order.
    `refreshes`: by album key. `open`: keys of albums in which something is left to do or could
    not be looked at. `missing`: what is remembered of folders that vanished, by key; `gone`: the
    same of those that are gone on the right too.
    `bereft`: links of the photos whose folder vanished, by key and id. `linked_names`: side, album
    key and file name of the photos that have a link.
    `ground`: where the top really stands on the right.
    `linked`: how many photos are linked, those of vanished folders too; `shown`: how many each side
    shows, unread ones too. A side that shows none of those that are linked is not itself.
    """

    places: dict[str, Place] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    units: list[tuple[Action, ...]] = field(default_factory=list)
    refreshes: dict[str, list[Refresh]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    missing: dict[str, Vanished] = field(default_factory=dict)
    gone: dict[str, Vanished] = field(default_factory=dict)
    bereft: dict[str, dict[str, Link]] = field(default_factory=dict)
    linked_names: set[tuple[Side, str, str]] = field(default_factory=set)
    ground: Ground = field(default_factory=Ground)
    linked: int = 0
    shown: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))

    def leave_open(self, pair: Pair) -> None:
        """Something is left to do in the albums of a pair: the next run looks at them closely."""
        self.open |= {pair.album, pair.left_album, pair.right_album}


@dataclass(frozen=True)
class Run:
    """The folders under `top` (left, `local`) and a service (right).

    `key`: under which the service is remembered. `ground`: where `top` stands on it.
    """

    local: Service
    top: Path
    service: Service
    key: str
    policy: Policy
    scope: Scope
    jobs: int
    listen: Callable[[Event], None]
    ground: Ground

    @property
    def ends(self) -> Ends:
        return Ends(_end(self.local), _end(self.service))

    def side(self, side: Side) -> Service:
        """The service at a side."""
        return self.local if side is Side.LEFT else self.service

    def name(self, side: Side | None) -> str | None:
        """What people call a side."""
        return None if side is None else self.side(side).name

    def folder(self, key: str) -> Path:
        """The folder of an album of the left side."""
        return self.top / key if key else self.top


def _end(service: Service) -> End:
    return End(service.name, service.capabilities, service.normal, service.fitting)
