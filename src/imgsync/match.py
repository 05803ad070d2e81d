"""Which photo here is which photo there.

A link finds its photos by their refs. What is left over is matched by picture: first to links that
lost a photo (it was renamed or moved, or its service was restored under new ids), then among the
strangers of two albums that belong together. Only what is unmistakable is matched; of twins that
nothing tells apart none is.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

import msgspec

from .model import Field, Link, Pair, Photo, Side, same, same_picture

__all__ = ["Leftovers", "by_ref", "meet", "relink"]

TWINS = "several photos have this picture, and nothing tells which of them was moved"


class Leftovers(msgspec.Struct):
    """What did not find its other half: links that miss a photo, and photos without a link.

    `links`: the pairs of links, with the photos that were found for them.
    `strangers`: per side and album.
    """

    links: list[Pair] = []
    strangers: dict[Side, dict[str, list[Photo]]] = msgspec.field(
        default_factory=lambda: {side: {} for side in Side}
    )

    def add(self, other: Leftovers) -> None:
        """Takes in another album's leftovers."""
        self.links += other.links
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
    its old name stays with its link, and two files that swapped names do not.
    """
    doubtful = {side: _by_picture(rest, side) for side in Side}
    for side in Side:
        _by_old_ref(rest, side)
        for number in doubtful[side]:
            pair = rest.links[number]
            if pair.photo(side) is None:
                rest.links[number] = msgspec.structs.replace(pair, doubt=TWINS)


def _by_picture(rest: Leftovers, side: Side) -> set[int]:
    """The links for which there are photos, but none that is surely theirs."""
    seekers: dict[str, list[int]] = defaultdict(list)
    for number, pair in enumerate(rest.links):
        if pair.photo(side) is None and pair.base is not None:
            for mark in pair.base.half(side).marks:
                seekers[mark].append(number)
    finds: dict[str, list[tuple[str, Photo]]] = defaultdict(list)
    for album, photos in rest.strangers[side].items():
        for photo in photos:
            for mark in photo.marks & seekers.keys():
                finds[mark].append((album, photo))
    doubtful: set[int] = set()
    for mark in sorted(finds):
        doubtful.update(_tell_apart(rest, side, seekers[mark], finds[mark]))
    return doubtful


# What tells twins apart, the surest first.
_SIGNS: tuple[Callable[[Pair, Photo, str, Photo], bool], ...] = (
    lambda pair, past, album, photo: "" != past.version == photo.version,
    lambda pair, past, album, photo: past.name == photo.name,
    lambda pair, past, album, photo: 0 != past.size == photo.size,
    lambda pair, past, album, photo: "" != past.metadata.taken == photo.metadata.taken,
    lambda pair, past, album, photo: pair.album == album,
    lambda pair, past, album, photo: True,
)


def _tell_apart(
    rest: Leftovers, side: Side, seekers: list[int], finds: list[tuple[str, Photo]]
) -> list[int]:
    """Matches links and strangers of one picture, as far as a sign leaves one for each.

    Gives back the links that stay without, though a stranger is left that might be theirs.
    """
    seekers = [n for n in seekers if rest.links[n].photo(side) is None]
    finds = [(a, p) for a, p in finds if any(p is s for s in rest.strangers[side].get(a, ()))]
    for sign in _SIGNS:
        claims = {
            number: [f for f in finds if sign(rest.links[number], _past(rest, number, side), *f)]
            for number in seekers
        }
        for number, wanted in claims.items():
            rivals = [n for n, other in claims.items() if any(o in wanted for o in other)]
            if len(wanted) == 1 and rivals == [number]:
                _give(rest, number, side, *wanted[0])
                seekers.remove(number)
                finds.remove(wanted[0])
    return seekers if finds else []


def _past(rest: Leftovers, number: int, side: Side) -> Photo:
    base = rest.links[number].base
    assert base is not None
    return base.half(side)


def _by_old_ref(rest: Leftovers, side: Side) -> None:
    for number, pair in enumerate(rest.links):
        if pair.photo(side) is None and pair.base is not None:
            for photo in rest.strangers[side].get(pair.album, ()):
                if photo.ref == pair.base.half(side).ref:
                    _give(rest, number, side, pair.album, photo)
                    break


def _give(rest: Leftovers, number: int, side: Side, album: str, photo: Photo) -> None:
    strangers = rest.strangers[side][album]
    strangers[:] = [stranger for stranger in strangers if stranger is not photo]
    pair = rest.links[number]
    if side is Side.LEFT:
        pair = msgspec.structs.replace(pair, left=photo, left_album=album)
    else:
        pair = msgspec.structs.replace(pair, right=photo, right_album=album)
    rest.links[number] = pair


def meet(album: str, left: Iterable[Photo], right: Iterable[Photo]) -> list[Pair]:
    """Pairs of the strangers of two albums that belong together; those that stay alone included.

    The same picture pairs them, of twins those of one name first; then the same name, unless both
    tell when they were taken and those times differ.
    """
    lefts = {photo.ref: photo for photo in sorted(left, key=_by_name)}
    rights = {photo.ref: photo for photo in sorted(right, key=_by_name)}
    pairs: list[Pair] = []
    for keys, alike in _ACQUAINTANCES:
        known: dict[Hashable, list[Photo]] = defaultdict(list)
        for two in rights.values():
            for key in keys(two):
                known[key].append(two)
        for one in list(lefts.values()):
            for two in (photo for key in keys(one) for photo in known.get(key, ())):
                if two.ref in rights and alike(one, two):
                    del lefts[one.ref], rights[two.ref]
                    pairs.append(Pair(album, None, one, two, album, album))
                    break
    pairs += [Pair(album, None, one, None, album, album) for one in lefts.values()]
    pairs += [Pair(album, None, None, two, album, album) for two in rights.values()]
    return pairs


def _by_name(photo: Photo) -> tuple[str, str]:
    return photo.name, photo.ref


def _name(photo: Photo) -> str:
    return unicodedata.normalize("NFC", photo.name)


def _not_at_other_times(one: Photo, two: Photo) -> bool:
    when, then = one.metadata.taken, two.metadata.taken
    return not when or not then or same(Field.TAKEN, when, then)


def _at_any_time(_one: Photo, _two: Photo) -> bool:
    return True


# Under which keys strangers look for each other, and what else must be true; the surest first.
_ACQUAINTANCES: tuple[
    tuple[Callable[[Photo], Iterable[Hashable]], Callable[[Photo, Photo], bool]], ...
] = (
    (lambda photo: [(_name(photo), mark) for mark in sorted(photo.marks)], _at_any_time),
    (lambda photo: sorted(photo.marks), _at_any_time),
    (lambda photo: [_name(photo)], _not_at_other_times),
)
