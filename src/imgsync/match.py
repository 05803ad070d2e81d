"""Which photo here is which photo there.

A link finds its photos by their refs. What is left over is matched by picture: first to links that
lost a photo (it was renamed or moved, or its service was restored under new ids). Only what is
unmistakable is matched; of twins that nothing tells apart none is. Who then still has no link is a
stranger: see `strangers`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

import msgspec

from .model import NOTHING_SAID, Link, Pair, Photo, Side, same_picture

__all__ = ["Leftovers", "by_ref", "relink"]

TWINS = "several photos have this picture, and nothing tells which of them was moved"


class Leftovers(msgspec.Struct):
    """What did not find its other half: links that miss a photo, and photos without a link.

    `links`: the pairs of links, with the photos that were found for them.
    `strangers`: per side and album. `whole`: ids of the links that have both their photos, `held`:
    the side, album and ref of each of these photos.
    """

    links: list[Pair] = []
    whole: set[str] = set()
    held: set[tuple[Side, str, str]] = set()
    strangers: dict[Side, dict[str, list[Photo]]] = msgspec.field(
        default_factory=lambda: {side: {} for side in Side}
    )

    def add(self, other: Leftovers) -> None:
        """Takes in another album's leftovers."""
        self.links += other.links
        self.whole |= other.whole
        self.held |= other.held
        for side in Side:
            for album, photos in other.strangers[side].items():
                self.strangers[side].setdefault(album, []).extend(photos)


def by_ref(
    album: str, links: Iterable[Link], left: Mapping[str, Photo], right: Mapping[str, Photo]
) -> tuple[list[Pair], Leftovers]:
    """The pairs of an album whose link has both its photos, and what is left over.

    A photo that shows another picture than its link says is left over too, as a stranger: another
    file may have got its name. `relink` gives it back if nobody else claims it.
    """
    whole: list[Pair] = []
    rest = Leftovers()
    claimed: dict[Side, set[str]] = {side: set() for side in Side}
    for link in links:
        found_left = _faithful(left.get(link.left.ref), link.left)
        found_right = _faithful(right.get(link.right.ref), link.right)
        pair = Pair(album, link, found_left, found_right, album, album)
        if found_left is not None and found_right is not None:
            whole.append(pair)
            rest.whole.add(link.id)
            rest.held.add((Side.LEFT, album, found_left.ref))
            rest.held.add((Side.RIGHT, album, found_right.ref))
        else:
            rest.links.append(pair)
        claimed[Side.LEFT].update([found_left.ref] if found_left else [])
        claimed[Side.RIGHT].update([found_right.ref] if found_right else [])
    for side, shown in ((Side.LEFT, left), (Side.RIGHT, right)):
        strangers = [photo for ref, photo in shown.items() if ref not in claimed[side]]
        if strangers:
            rest.strangers[side][album] = strangers
    return whole, rest


def _faithful(photo: Photo | None, past: Photo) -> Photo | None:
    if photo is None or photo.content == past.content or same_picture(photo, past) is not False:
        return photo
    return None


def relink(rest: Leftovers) -> None:
    """Gives links their missing photos back, taken from the strangers of any album.

    By picture where that is unmistakable, then by ref: so a picture that was painted over under
    its old name stays with its link, and two files that swapped names do not. What a run that
    died left behind is put right: a link in two albums, a photo that nobody has written down.
    """
    doubles = _join_doubles(rest)
    for side in Side:
        _Search(rest, side).search()
    _find_created_again(rest)
    _part_twins(rest)
    rest.links += doubles


def _join_doubles(rest: Leftovers) -> list[Pair]:
    """Leaves one pair of those of one link: a run that died in a move left it in both albums.

    What the others have found becomes its own, or a stranger where it has that already. Gives
    them back as gone on both sides.
    """
    kept: dict[str, Pair] = {}
    doubles: list[Pair] = []
    for pair in rest.links:
        assert pair.base is not None
        id = pair.base.id
        if id not in rest.whole and id not in kept:
            kept[id] = pair
            continue
        for side in Side:
            photo, album = pair.photo(side), pair.album_of(side)
            if photo is not None and id in kept and kept[id].photo(side) is None:
                kept[id] = _with(kept[id], side, photo, album)
            elif photo is not None:
                rest.strangers[side].setdefault(album, []).append(photo)
        doubles.append(msgspec.structs.replace(pair, left=None, right=None))
    rest.links = list(kept.values())
    return doubles


def _part_twins(rest: Leftovers) -> None:
    """Ends links to photos that another link of their album has too, if they lost the other half.

    Two files of one picture in a folder are one photo where a service keeps each picture once. If
    one file goes, the photo stays for the other; if it is moved, it is new where it is now.
    """
    for number, pair in enumerate(rest.links):
        for side in Side:
            photo, album = pair.photo(side), pair.album_of(side)
            other, elsewhere = pair.photo(side.other), pair.album_of(side.other)
            if photo is None or (side, album, photo.ref) not in rest.held:
                continue
            if other is None or elsewhere != album:
                rest.links[number] = msgspec.structs.replace(pair, left=None, right=None)
                if other is not None:
                    rest.strangers[side.other].setdefault(elsewhere, []).append(other)


def _find_created_again(rest: Leftovers) -> None:
    """Gives links the photos that a run has created again for them, and died.

    Such a one stands where its other half stands, and shows the same picture. Nothing that was
    said before its deletion is agreed any longer.
    """
    free: dict[tuple[Side, str], _ByMark] = {}
    for number, pair in enumerate(rest.links):
        for side in Side:
            photo, album = pair.photo(side.other), pair.album_of(side.other)
            if photo is None or pair.photo(side) is not None or pair.base is None:
                continue
            if same_picture(photo, pair.base.half(side)):
                continue  # `_Search` has looked for that.
            if (side, album) not in free:
                free[side, album] = _ByMark(rest.strangers[side].get(album, ()))
            alike = free[side, album].like(photo)
            if len(alike) == 1:
                del free[side, album].photos[alike[0].ref]
                found = _with(pair, side, alike[0], album)
                rest.links[number] = msgspec.structs.replace(found, base=_unsaid(found))
    for (side, album), strangers in free.items():
        rest.strangers[side][album] = list(strangers.photos.values())


class _ByMark:
    """Photos of an album, by ref, that are found by what their pictures are recognised by."""

    def __init__(self, photos: Iterable[Photo]) -> None:
        self.photos = {photo.ref: photo for photo in photos}
        self._refs: dict[str, list[str]] = defaultdict(list)
        for photo in self.photos.values():
            for mark in photo.marks:
                self._refs[mark].append(photo.ref)

    def like(self, photo: Photo) -> list[Photo]:
        """Those that surely show the picture of a photo."""
        refs = {ref for mark in photo.marks for ref in self._refs.get(mark, ())}
        return [self.photos[ref] for ref in refs & self.photos.keys()]


def _unsaid(pair: Pair) -> Link:
    """The link of two photos about which nothing was said yet."""
    assert pair.base is not None
    assert pair.left is not None
    assert pair.right is not None
    left, right = (
        msgspec.structs.replace(photo, version="", metadata=NOTHING_SAID)
        for photo in (pair.left, pair.right)
    )
    return Link(pair.base.id, left, right)


def _with(pair: Pair, side: Side, photo: Photo, album: str) -> Pair:
    """The pair, of which a photo was found."""
    found = {str(side): photo, f"{side}_album": album}
    return msgspec.structs.replace(pair, **found)


# What tells twins apart, the surest first: of a photo and its album; nothing tells nothing.
_SIGNS: tuple[Callable[[Photo, str], Hashable], ...] = (
    lambda photo, album: photo.version,
    lambda photo, album: photo.name,
    lambda photo, album: photo.size,
    lambda photo, album: photo.metadata.taken,
    lambda photo, album: (album,),
    lambda photo, album: True,
)

_Find = tuple[Photo, str]


class _Search:
    """The search of links for their photos on one side."""

    def __init__(self, rest: Leftovers, side: Side) -> None:
        self.rest = rest
        self.side = side
        self.past = {
            number: (pair.base.half(side), pair.album)
            for number, pair in enumerate(rest.links)
            if pair.base is not None and pair.photo(side) is None
        }
        self.free = {
            album: {photo.ref: photo for photo in photos}
            for album, photos in rest.strangers[side].items()
        }

    def search(self) -> None:
        doubtful = self._by_picture()
        self._by_old_ref()
        for number in doubtful & self.past.keys():
            pair = self.rest.links[number]
            self.rest.links[number] = msgspec.structs.replace(pair, doubt=TWINS)
        for album, photos in self.free.items():
            self.rest.strangers[self.side][album] = list(photos.values())

    def _by_picture(self) -> set[int]:
        """Gives back the links for which there are photos, but none that is surely theirs."""
        seekers: dict[str, list[int]] = defaultdict(list)
        for number, (past, _) in self.past.items():
            for mark in past.marks:
                seekers[mark].append(number)
        finds: dict[str, list[_Find]] = defaultdict(list)
        for album, photos in self.free.items():
            for photo in photos.values():
                for mark in photo.marks & seekers.keys():
                    finds[mark].append((photo, album))
        doubtful: set[int] = set()
        for mark in sorted(finds):
            doubtful |= self._tell_apart(seekers[mark], finds[mark])
        return doubtful

    def _tell_apart(self, seekers: list[int], finds: list[_Find]) -> set[int]:
        """Matches links and strangers of one picture, as far as a sign leaves one for each.

        Gives back the links that stay without, though a stranger is left that might be theirs.
        """
        for sign in _SIGNS:
            seekers = [number for number in seekers if number in self.past]
            finds = [(photo, album) for photo, album in finds if photo.ref in self.free[album]]
            wanting: dict[Hashable, list[int]] = defaultdict(list)
            for number in seekers:
                wanting[sign(*self.past[number])].append(number)
            wanted: dict[Hashable, list[_Find]] = defaultdict(list)
            for find in finds:
                wanted[sign(*find)].append(find)
            for key, numbers in wanting.items():
                if key and len(numbers) == len(wanted[key]) == 1:
                    self._give(numbers[0], *wanted[key][0])
        return set(seekers) if finds else set()

    def _by_old_ref(self) -> None:
        for number, (past, album) in list(self.past.items()):
            photo = self.free.get(album, {}).get(past.ref)
            if photo is not None:
                self._give(number, photo, album)

    def _give(self, number: int, photo: Photo, album: str) -> None:
        del self.past[number]
        del self.free[album][photo.ref]
        self.rest.links[number] = _with(self.rest.links[number], self.side, photo, album)
