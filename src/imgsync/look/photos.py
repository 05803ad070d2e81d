"""Lists the photos of albums on both sides, as far as something can have changed there."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping

from ..atlas import Place
from ..errors import Rejected, Stale, StateError
from ..events import Failed, Scanned, Shown
from ..match import Leftovers, by_ref
from ..model import Album, Link, Pair, Photo, Side
from ..service import Look, Unread
from ..state import State, new_id, short_hash
from .notes import Notes

__all__ = ["scan"]


def scan(notes: Notes, places: list[Place], consider: Callable[[Pair], None]) -> Leftovers:
    """Lists photos; `consider` is told of the pairs whose link has both its photos.

    Gives back the rest: links that miss a photo, and photos without a link. An album that cannot
    be looked at is told, and the others go on. Raises ServiceError if a service cannot be used.
    """
    return _Scan(notes, consider).scan(places)


class _Scan:
    def __init__(self, notes: Notes, consider: Callable[[Pair], None]) -> None:
        self.notes = notes
        self.run = notes.run
        self.findings = notes.findings
        self.consider = consider
        self.rest = Leftovers()

    def scan(self, places: list[Place]) -> Leftovers:
        for place in places:
            if place.known or self.run.scope.new_albums:
                self.findings.places[place.key] = place
                try:
                    self._scan_place(place)
                except StateError as error:
                    self.notes.trouble(place.key, error)
                    del self.findings.places[place.key]
                except (Stale, Rejected) as error:
                    self.notes.fail(Failed(None, place.key, None, str(error)))
                    del self.findings.places[place.key]
        return self.rest

    def _scan_place(self, place: Place) -> None:
        if self._is_unchanged(place):
            assert place.there is not None
            self.findings.linked += place.there.photos
            for side in Side:
                self.findings.shown[side] += place.there.photos
                self.run.listen(Scanned(self.run.side(side).name, place.key, None))
            return
        if place.key in self.findings.missing:
            self._scan_vanished(place)
            return
        state = self.notes.state(place.key) if place.left else None
        links = list(self._links(place, state))
        hides = self.notes.hides(place.key)
        known = {
            record.photo.ref: record.believed
            for record in (state.records.values() if state else ())
            if not record.gone
        }
        left, unread_left = self._photos(Side.LEFT, place.left, place.key, known)
        there = {link.right.ref: link.right for link in links}
        there |= self.notes.read.get(place.right.ref, {}) if place.right else {}
        right, unread_right = self._photos(Side.RIGHT, place.right, place.key, there)
        if self.run.scope.show and state:
            for record in state.records.values():
                if not record.gone:
                    self.run.listen(Shown("cache", place.key, record.photo))
        seen = self._seen(links, left, right, unread_left, unread_right, hides)
        if unread_left or unread_right:
            self.findings.open.add(place.key)
        self.findings.linked += len(seen[0])
        whole, rest = by_ref(place.key, *seen)
        for pair in whole:
            self.consider(pair)
        self.rest.add(rest)

    def _seen(
        self,
        links: list[Link],
        left: dict[str, Photo],
        right: dict[str, Photo],
        unread_left: list[Unread],
        unread_right: list[Unread],
        hides: Callable[[str], bool],
    ) -> tuple[list[Link], dict[str, Photo], dict[str, Photo]]:
        """Links and photos without those that are hidden or unread on either side.

        What one side does not let us see is absent on neither.
        """
        refs_left = {unread.ref for unread in unread_left}
        refs_right = {unread.ref for unread in unread_right}
        seen = []
        for link in links:
            hidden = hides(link.left.name) or hides(link.right.name)
            if hidden or link.left.ref in refs_left or link.right.ref in refs_right:
                refs_left.add(link.left.ref)
                refs_right.add(link.right.ref)
            else:
                seen.append(link)
        linked = {link.left.ref for link in seen}, {link.right.ref for link in seen}
        names = {_plain(unread.name) for unread in unread_left + unread_right}

        def visible(photos: dict[str, Photo], refs: set[str], known: set[str]) -> dict[str, Photo]:
            return {
                ref: photo
                for ref, photo in photos.items()
                if ref not in refs and (ref in known or _plain(photo.name) not in names)
            }

        return seen, visible(left, refs_left, linked[0]), visible(right, refs_right, linked[1])

    def _is_unchanged(self, place: Place) -> bool:
        """Whether both sides are as they were when all of the album was in step."""
        header, scope = self.notes.headers.get(place.key), self.run.scope
        there = header.albums.get(self.run.key) if header else None
        if header is None or there is None or place.left is None or place.right is None:
            return False
        if scope.check != "changed" or scope.show or place.moves or place.disputed:
            return False
        if place.there != there or there.path != place.right.path:
            return False
        if there.here != str(self.run.folder(place.key)):  # to be told, or it seems to move later
            return False
        return "" != header.fingerprint == self.run.local.fingerprint(
            place.left
        ) and "" != there.fingerprint == self.run.service.fingerprint(place.right)

    def _links(self, place: Place, state: State | None) -> Iterator[Link]:
        """The links of an album, those of photos that were here last time first.

        Where one was deleted, and another one got its name, that is the one that has it.
        """
        if state is None or place.there is None:
            return
        for record in sorted(state.records.values(), key=lambda record: record.gone):
            agreed = record.links.get(self.run.key)
            if agreed is not None:
                yield agreed.link(record)

    def _photos(
        self, side: Side, album: Album | None, key: str, known: Mapping[str, Photo]
    ) -> tuple[dict[str, Photo], list[Unread]]:
        """What an album shows, by ref, and what of it could not be read."""
        photos: dict[str, Photo] = {}
        unread: list[Unread] = []
        if album is None:
            return photos, unread
        service, scope = self.run.side(side), self.run.scope
        show = Look(known=known, check=scope.check, hides=self.notes.hides(key))
        for photo in service.photos(album, show):
            if isinstance(photo, Unread):
                unread.append(photo)
                self.notes.fail(Failed(service.name, key, photo.name, photo.why))
            else:
                photos[photo.ref] = photo
                if scope.show:
                    self.run.listen(Shown(service.name, key, photo))
        self.findings.shown[side] += len(photos) + len(unread)
        self.run.listen(Scanned(service.name, key, len(photos)))
        return photos, unread

    def _scan_vanished(self, place: Place) -> None:
        """Photos of an album whose folder is gone: linked if they are as they were, else strangers.

        What the folder's own state said of them is gone with it; the picture stands in for what
        was here.
        """
        there = self.findings.missing[place.key].child.links[self.run.key]
        right, _ = self._photos(Side.RIGHT, place.right, place.key, {})
        self.findings.linked += len(there.photos)
        strangers = []
        for photo in right.values():
            if short_hash(photo) in there.photos:
                link = Link(new_id(), left=photo, right=photo)
                self.findings.bereft.setdefault(place.key, {})[link.id] = link
                self.rest.links.append(Pair(place.key, link, None, photo, place.key, place.key))
            else:
                strangers.append(photo)
        self.rest.strangers[Side.RIGHT][place.key] = strangers


def _plain(name: str) -> str:
    """A file name in the one spelling in which names are compared."""
    return unicodedata.normalize("NFC", name)
