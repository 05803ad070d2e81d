"""Finds albums that were moved on a service that knows them by their paths alone."""

from __future__ import annotations

import msgspec

from ..atlas import Place, above, below, join
from ..match import Leftovers
from ..model import Side
from ..shifts import forbids_move
from .notes import Notes

__all__ = ["find_lost"]


def find_lost(notes: Notes, rest: Leftovers) -> None:
    """Gives albums back what was moved on the right, and is new there by its path.

    The new album that shows most of the pictures of a lost one, and more than half, is it. Other
    new ones are dropped if the run does not bring new albums here.
    """
    _Search(notes, rest).search()


class _Search:
    def __init__(self, notes: Notes, rest: Leftovers) -> None:
        self.notes = notes
        self.run = notes.run
        self.findings = notes.findings
        self.rest = rest

    def search(self) -> None:
        places = self.findings.places
        gone: dict[str, Place] = {}
        for lost in [place for place in places.values() if place.lost]:
            links = [pair.base for pair in self.rest.links if pair.album == lost.key and pair.base]
            marks = {mark for link in links for mark in link.right.marks}
            best = [
                (sum(not photo.marks.isdisjoint(marks) for photo in photos), key)
                for key, photos in self.rest.strangers[Side.RIGHT].items()
                if key in places and not places[key].known
            ]
            share, key = max(best, default=(0, ""))
            if share * 2 > len(links) and not self._is_emptied(lost, places[key]):
                gone[lost.right_path] = lost
                self._take_over(lost, places.pop(key))
        self._follow(gone)
        for key in [key for key, place in places.items() if not place.known]:
            if not self.run.scope.new_albums:
                del places[key]
                self.rest.strangers[Side.RIGHT].pop(key, None)

    def _is_emptied(self, lost: Place, found: Place) -> bool:
        """Whether only photos were moved: albums in the folder stay, or in the new one were before.

        To move the folder would take those along, or is not possible.
        """
        for place in self.findings.places.values():
            stays = place.right is not None and below(place.right_path, lost.right_path)
            if stays or (place.left is not None and below(place.left.path, found.key)):
                return True
        return False

    def _follow(self, gone: dict[str, Place]) -> None:
        """What is to come into an album that was moved finds it where it stands now.

        `gone`: the moved albums by their old paths on the right.
        """
        own = set(map(id, gone.values()))
        for place in self.findings.places.values() if gone else ():
            if place.move is Side.RIGHT and id(place) not in own:
                place.to = _followed(place.to, gone)
            elif place.right is None:
                place.right_path = _followed(place.right_path, gone)

    def _take_over(self, lost: Place, found: Place) -> None:
        """The album of `found` is the one that `lost` misses: it was moved."""
        policy = self.run.policy
        wanted = join(self.findings.ground.base, lost.key)
        lost.right, lost.right_path, lost.lost = found.right, found.right_path, False
        strangers = self.rest.strangers[Side.RIGHT]
        strangers[lost.key] = strangers.pop(found.key)
        if found.key == lost.key:
            return
        carrier, rest = self._carrier(lost)
        if carrier is not None and join(carrier.to, rest) == found.key:
            lost.along = carrier
            self._take_key(lost, found.key)
            return
        if carrier is not None and lost.strayed and _is_held(lost, carrier):
            # On the right it only went along: what moved it in its album here is the one move.
            self._send(lost, join(carrier.right_path, rest))
            self._take_key(lost, join(carrier.to, rest))
            return
        if not lost.strayed or policy.prefer is Side.RIGHT:
            lost.move, lost.at, lost.to = Side.LEFT, lost.key, found.key
        elif policy.prefer is Side.LEFT:
            lost.move, lost.at, lost.to = Side.RIGHT, found.right_path, wanted
        else:
            lost.disputed = True
        if lost.move is not None:
            lost.blocked = forbids_move(lost.move, policy, self.run.ends)
        if lost.move is Side.LEFT and lost.blocked is None:
            self._take_key(lost, found.key)

    def _send(self, lost: Place, to: str) -> None:
        """Lets an album be moved on the right, or go along with one that is."""
        movers = {p.at: p for p in self.findings.places.values() if p.move is Side.RIGHT}
        for outer, rest in above(lost.right_path):
            if outer in movers and join(movers[outer].to, rest) == to:
                lost.along = movers[outer]
                return
        lost.move, lost.at, lost.to = Side.RIGHT, lost.right_path, to
        lost.blocked = forbids_move(Side.RIGHT, self.run.policy, self.run.ends)

    def _carrier(self, lost: Place) -> tuple[Place | None, str]:
        """The moved album above a lost one, and what leads from it to the lost one."""
        movers = {
            self.notes.folder(place.key): place
            for place in self.findings.places.values()
            if place.move is Side.LEFT and place.blocked is None
        }
        found = ((movers[outer], rest) for outer, rest in above(lost.key) if outer in movers)
        return next(found, (None, ""))

    def _take_key(self, place: Place, key: str) -> None:
        """From now on an album goes by the path to which its folder is moved."""
        old, place.key = place.key, key
        self.notes.take_keys({old: key})
        self.findings.places[key] = self.findings.places.pop(old)
        for photos in self.rest.strangers.values():
            if old in photos:
                photos[key] = photos.pop(old)
        self.rest.links = [
            msgspec.structs.replace(pair, album=key, left_album=key, right_album=key)
            if pair.album == old
            else pair
            for pair in self.rest.links
        ]


def _is_held(place: Place, outer: Place) -> bool:
    """Whether an album stands on the right in another one as it did before."""
    if place.there is None or outer.there is None:
        return False
    rest = below(place.there.path, outer.there.path)
    return rest is not None and rest == below(place.right_path, outer.right_path)


def _followed(path: str, gone: dict[str, Place]) -> str:
    """A path on the right, with the nearest album above it where it stands after the moves."""
    for outer, rest in above(path):
        if outer in gone:
            place = gone[outer]
            return join(place.to if place.move is Side.RIGHT else place.right_path, rest)
    return path
