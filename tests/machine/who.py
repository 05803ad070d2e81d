"""Who is who: which photo and album here is which there, as somebody knows who watched it all."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping

from imgsync.albums import home
from imgsync.model import NOTHING_SAID, Field, Link, Photo, Side
from imgsync.services.memory import Kept, Memory, Shelf

from .ground import Watched, original
from .said import (
    LEFT,
    RIGHT,
    SCALARS,
    SETS,
    Linked,
    Normal,
    Rules,
    Seen,
    Story,
    Tome,
    Two,
    elements,
    look,
    parts,
)

EMPTY: dict[str, set[Two]] = {
    each.value: {(NOTHING_SAID.get(each), NOTHING_SAID.get(each))} for each in SCALARS
}


class Who:
    """The stories of all photos and albums of two services.

    `murky`: why nobody who comes later can tell which photo is which, "" if one can.
    """

    def __init__(self, memories: Mapping[Side, Memory]) -> None:
        self.memories = memories
        self.stories: list[Story] = []
        self.tomes: list[Tome] = []
        self.murky = ""
        self.now: dict[Side, dict[Kept, Seen]] = {}

    # Albums.

    def tome(self, side: Side, shelf: Shelf) -> Tome:
        """The album that `shelf` is; a new one is the one that stands there on the other side."""
        for tome in self.tomes:
            if tome.halves.get(side) is shelf:
                return tome
        for tome in self.tomes:
            other = tome.halves.get(side.other)
            gone = tome.halves.get(side) not in self.memories[side].shelves
            here = other in self.memories[side.other].shelves
            if other and here and gone and other.path == shelf.path:
                tome.halves[side] = shelf
                return tome
        self.tomes.append(Tome({side: shelf}))
        return self.tomes[-1]

    def both(self) -> list[Tome]:
        """The albums that stand on both sides."""
        return [
            tome
            for tome in self.tomes
            if all(tome.halves.get(side) in self.memories[side].shelves for side in Side)
        ]

    def _notice_albums(self) -> None:
        for memory in self.memories.values():
            paths = [home(shelf.path) for shelf in memory.shelves]
            if len(set(paths)) < len(paths):
                self.murky = "another album stands where one on a detour belongs"
        for tome in self.both():
            left, right = home(tome.halves[LEFT].path), home(tome.halves[RIGHT].path)
            if left != right and tome.linked is Linked.NO:
                self.tomes.remove(tome)
                self.tomes += [Tome({side: shelf}) for side, shelf in tome.halves.items()]
            elif tome.linked is Linked.MAYBE and any((left, right) != two for two in tome.paths):
                self.murky = "an album that may still be a strange one was moved"
            elif any(right != two[1] for two in tome.paths) and self.names_alone(RIGHT):
                self._notice_moved(tome)
        for tome in self.tomes:
            for index, side in enumerate(Side):
                shelf, other = tome.halves.get(side), tome.halves.get(side.other)
                gone = other is not None and other not in self.memories[side.other].shelves
                stands = shelf is not None and shelf in self.memories[side].shelves
                moved = shelf is not None and any(
                    two[index] != home(shelf.path) for two in tome.paths
                )
                if stands and gone and moved:
                    self.murky = "an album was moved on one side, and is gone on the other"
        self.notice_shelves()
        fresh = [tome for tome in self.tomes if RIGHT in tome.halves and not tome.paths]
        for story in self.stories:
            half = story.halves.get(RIGHT)
            now = self.now[RIGHT].get(half) if half else None
            if now and self.tome(RIGHT, now.shelf) in fresh and "album" in story.pasts:
                there = self.memories[RIGHT].shelves
                if any(two[1].halves[RIGHT] not in there for two in story.pasts["album"]):
                    self.murky = "an album is gone, and its photos stand in a new one"

    def notice_shelves(self) -> None:
        """Sees which albums there are; new ones are as the other side's at their path."""
        for side in Side:
            for shelf in self.memories[side].shelves:
                self.tome(side, shelf)
        lone = {
            side: {
                tome.halves[side].path: tome
                for tome in self.tomes
                if tome.linked is Linked.NO
                and tome.halves.get(side) in self.memories[side].shelves
                and tome.halves.get(side.other) not in self.memories[side.other].shelves
            }
            for side in Side
        }
        for path in lone[LEFT].keys() & lone[RIGHT].keys():  # they have come to meet
            lone[LEFT][path].halves[RIGHT] = lone[RIGHT][path].halves[RIGHT]
            self.tomes.remove(lone[RIGHT][path])

    def _notice_moved(self, tome: Tome) -> None:
        """An album that only its path names was moved: its pictures must tell that."""
        mine = [s for s in self.stories if any(two[1] is tome for two in s.pasts.get("album", ()))]
        for story in mine:
            now = self.now[RIGHT].get(story.halves[RIGHT])
            if now is None or now.shelf is not tome.halves[RIGHT]:
                self.murky = "an album was moved, and photos out of it"
            elif {(now.content)} != {two[1] for two in story.pasts["content"]}:
                self.murky = "an album was moved, and photos in it were painted over"
        if not mine:
            self.murky = "an album was moved, and no picture tells which"
        here, path = tome.halves[LEFT], tome.halves[RIGHT].path
        if any(shelf.path == path for shelf in self.memories[LEFT].shelves if shelf is not here):
            self.murky = "an album was moved to where another one is on the other side"
        old = {two[1] for two in tome.paths}
        if any(shelf.path in old for shelf in self.memories[RIGHT].shelves):
            self.murky = "an album was moved, and another stands at its path"

    # Before a run.

    def notice(self) -> None:
        """Sees what people have done since the last run."""
        self.now = {side: look(memory) for side, memory in self.memories.items()}
        known = {kept for story in self.stories for kept in story.halves.values()}
        for side in Side:
            fresh = [kept for kept in self.now[side] if kept not in known]
            self.stories += [Story({side: kept}) for kept in fresh]
        self._notice_albums()
        self._notice_forgotten()
        if not self.murky:
            self._notice_murk()
        if not self.murky:
            for side in Side:
                self._replace_dead(side)
            self._acquaint_strangers()

    def _lone(self, side: Side) -> list[Story]:
        now = self.now[side]
        return [s for s in self.stories if set(s.halves) == {side} and s.halves[side] in now]

    def _dead(self, side: Side) -> list[Story]:
        now = self.now[side]
        return [s for s in self.stories if len(s.halves) == 2 and s.halves[side] not in now]

    def _replace_dead(self, side: Side) -> None:
        """A new photo may be one that was gone: by its picture, or by the name of its file."""
        index = 0 if side is LEFT else 1
        for by_picture in (True, False):
            for old, new in itertools.product(self._dead(side), self._lone(side)):
                now = self.now[side][new.halves[side]]
                if by_picture and ":" in now.content:
                    signs = {past[index] for past in old.pasts["content"]}
                    found = now.content in signs
                elif not by_picture and self.names_alone(side):
                    albums, names = old.pasts["album"], old.pasts["name"]
                    signs = {(a[index], n[index]) for a in albums for n in names}
                    found = (self.tome(side, now.shelf), now.name) in signs
                else:
                    continue
                if found and new in self.stories and old.halves[side] not in self.now[side]:
                    if len(signs) > 1 or old.linked is Linked.MAYBE:
                        self.murky = "a photo stands where another may have stood"
                    old.halves[side] = new.halves[side]
                    self.stories.remove(new)

    def names_alone(self, side: Side) -> bool:
        """Whether a service knows photos and albums by their names alone."""
        return side is LEFT or self.memories[side]._refs == "names"

    @property
    def is_blind(self) -> bool:
        """Whether nothing tells the pictures on the right."""
        return any(":" not in seen.content for seen in self.now[RIGHT].values())

    def _notice_forgotten(self) -> None:
        """Photos whose folder is gone are strangers to another folder that stands in its place."""
        lone = {self.now[LEFT][story.halves[LEFT]].content for story in self._lone(LEFT)}
        for story in self._lone(RIGHT):
            there = self.now[RIGHT][story.halves[RIGHT]]
            folder = self.tome(RIGHT, there.shelf).halves.get(LEFT)
            is_gone = folder is not None and folder not in self.memories[LEFT].shelves
            if is_gone and there.content in lone:
                self.murky = "a new photo, whose folder is gone, looks like one that is here"
        there_again = set(self.both())
        for story in [story for story in self.stories if story.forgotten]:
            if any(tome in there_again for tome, _ in story.pasts["album"]):
                self.stories.remove(story)
                self.stories += [Story({side: kept}) for side, kept in story.halves.items()]
            elif story.halves.get(LEFT) in self.now[LEFT]:
                story.linked = Linked.MAYBE
                if not self.memories[RIGHT].capabilities.moves:
                    self.murky = "a photo was moved and its folder is gone: no place to remember it"
            elif (
                story.halves.get(RIGHT) in self.now[RIGHT]
                and self.now[RIGHT][story.halves[RIGHT]].content in lone
            ):
                self.murky = "a photo is there again, but not its folder"

    def _acquaint_strangers(self) -> None:
        """Photos that nobody has linked yet meet: by picture and name, by picture, by name.

        Where the right shows no pictures, they tell only of those that are looked at: of one name
        with one on the left, while times say neither that they are one nor that they are two.
        """
        self._acquaint(lambda one, two: one.content == two.content and one.name == two.name)
        self._acquaint(lambda one, two: one.content == two.content)
        self._acquaint(lambda one, two: one.name == two.name and _times(one, two) == {True})
        if self.is_blind and self.memories[RIGHT].capabilities.exact:
            lone = [
                [self.now[side][story.halves[side]] for story in self._lone(side)] for side in Side
            ]
            looked_at = {
                two
                for one, two in itertools.product(*lone)
                if self._in_one_album(one, two) and one.name == two.name and _times(one, two)
            }

            def known(one: Seen, two: Seen) -> bool:
                return two in looked_at and one.picture == two.picture

            self._acquaint(lambda one, two: known(one, two) and one.name == two.name)
            self._acquaint(known)
        else:
            self._acquaint(lambda one, two: one.name == two.name and None in _times(one, two))

    def _in_one_album(self, one: Seen, two: Seen) -> bool:
        return self.tome(LEFT, one.shelf) is self.tome(RIGHT, two.shelf)

    def _acquaint(self, alike: Callable[[Seen, Seen], bool]) -> None:
        for left, right in itertools.product(self._lone(LEFT), self._lone(RIGHT)):
            if left not in self.stories or right not in self.stories or len(left.halves) > 1:
                continue
            one, two = self.now[LEFT][left.halves[LEFT]], self.now[RIGHT][right.halves[RIGHT]]
            if self._in_one_album(one, two) and alike(one, two):
                left.halves[RIGHT] = right.halves[RIGHT]
                self.stories.remove(right)
                self._estrange(left, one, two)

    def _estrange(self, story: Story, one: Seen, two: Seen) -> None:
        """Two that meet for the first time are one picture of which nothing was said."""
        here = dict(parts(one, self.tome(LEFT, one.shelf)))
        there = dict(parts(two, self.tome(RIGHT, two.shelf)))
        story.contested = ":" in two.content and one.content != two.content
        story.pasts = {key: {(here[key], there[key])} for key in ("name", "album", "content")}
        story.pasts |= EMPTY
        if story.contested:
            story.pasts["content"] = {(None, None)}
        story.elements = {}

    # What leaves no trace.

    def _notice_murk(self) -> None:
        for side in Side:
            index = 0 if side is LEFT else 1
            claims = Counter(s.content for s in self.now[side].values() if ":" in s.content)
            for story in self.stories:
                if len(story.halves) == 2:
                    now = self.now[side].get(story.halves[side])
                    pictures = {past[index] for past in story.pasts["content"]}
                    claims.update(pictures - {now.content if now else ""})
            for story in self.stories:
                if len(story.halves) == 2:
                    self.murky = self._murk(story, side, index, claims) or self.murky

    def _murk(self, story: Story, side: Side, index: int, claims: Counter[str]) -> str:
        """Why nobody can tell where a photo went that was known, "" if one can."""
        now = self.now[side].get(story.halves[side])
        pictures = {past[index] for past in story.pasts["content"]}
        twins = any(claims[picture] > 1 for picture in pictures)
        if now is None:
            lone = {self.now[s][other.halves[s]].content for s in Side for other in self._lone(s)}
            twins = twins or not pictures.isdisjoint(lone)
            other = self.now[side.other].get(story.halves[side.other])
            new = {original(each.halves[side].picture) for each in self._lone(side)}
            if other and original(story.halves[side.other].picture) in new:
                return "a photo is gone, and its other half was painted like one that is new"
            return "one of several twins is gone" if twins else ""
        here = self.tome(side, now.shelf)
        moved = any(past[index] is not here for past in story.pasts["album"])
        renamed = any(past[index] != now.name for past in story.pasts["name"])
        strayed = moved or (renamed and self.names_alone(side))
        painted = pictures != {now.content}
        if (strayed or painted) and (twins or claims[now.content] > 1):
            return "one of several twins was moved or painted over"
        if strayed and painted:
            return "a photo was moved and painted over"
        if story.forgotten and self.is_blind:
            return "a photo was moved, and its folder is gone, and nothing tells its picture"
        if moved and ":" not in now.content:
            return "a photo was moved whose picture nothing tells"
        if story.linked is Linked.MAYBE and (moved or painted) and not story.forgotten:
            return "a photo that may still be a stranger was moved or painted over"
        return ""

    # In a run, and after it.

    def made(self, watched: Mapping[Side, Watched], side: Side, kept: Kept) -> None:
        """A run has created a photo: the other half of the one whose file it was given."""
        origin = watched[side.other].opened
        story = next(s for s in self.stories if s.halves.get(side.other) is origin)
        double = story.halves.get(side) in self.now[side] or story.made is side
        assert self.murky or not double, f"a second {kept.name}"
        if not double:
            story.halves[side], story.made = kept, side

    def bury(self, after: Mapping[Side, Mapping[Kept, Seen]], rules: Rules) -> None:
        """Forgets photos that are gone on both sides; no other photo may be there."""
        known = {kept for story in self.stories for kept in story.halves.values()}
        for side in Side:
            assert after[side].keys() <= known
        for story in list(self.stories):
            if not any(kept in after[side] for side, kept in story.halves.items()):
                if rules.healthy:
                    self.stories.remove(story)
                else:
                    story.linked = Linked.MAYBE

    def remember_again(self, rules: Rules) -> None:
        """A folder that was gone was made anew: what is missing in it is remembered there."""
        there_again = set(self.both())
        for story in self.stories:
            if story.forgotten and any(tome in there_again for tome, _ in story.pasts["album"]):
                story.forgotten = False
                story.linked = Linked.YES if rules.healthy else Linked.MAYBE

    def believe(
        self, links: Iterable[tuple[str, Link, bool]], paths: Iterable[tuple[str, Two]]
    ) -> None:
        """Who is who is now what img-sync remembers, if that leaves no doubt.

        Each link comes with its album, and whether the file that it names is gone; `paths` are
        those of the albums here, and what is agreed of them.
        """
        self.now = {side: look(memory) for side, memory in self.memories.items()}
        folders = {shelf.path: shelf for shelf in self.memories[LEFT].shelves}
        stories = []
        for album, link, gone in links:
            tome = self.tome(LEFT, folders[album])
            left = None if gone else self._named(LEFT, tome, link.left)
            right = self._named(RIGHT, tome, link.right)
            for side, kept in ((LEFT, left), (RIGHT, right)):
                if kept is None or self.now[side][kept].content != link.half(side).content:
                    return
            assert left is not None
            assert right is not None
            halves = {LEFT: left, RIGHT: right}
            past = remembered(tome, link, self.memories[RIGHT].normal)
            stories.append(Story(halves, Linked.YES, *past))
        known = Counter(kept for story in stories for kept in story.halves.values())
        if any(self.now[side].keys() - known.keys() for side in Side):
            return
        if max(known.values(), default=0) > 1:
            assert self.is_blind, "one photo has two links"
            return
        for album, agreed in paths:
            tome = self.tome(LEFT, folders[album])
            tome.paths, tome.linked = {agreed}, Linked.YES
        self.stories, self.murky = stories, ""

    def _named(self, side: Side, tome: Tome, photo: Photo) -> Kept | None:
        for kept, seen in self.now[side].items():
            if seen.shelf is tome.halves.get(side) and photo.ref in (kept.id, kept.name):
                return kept
        return None


def remembered(
    tome: Tome, link: Link, normal: Normal
) -> tuple[dict[str, set[Two]], dict[tuple[Field, Hashable], set[Two]]]:
    """The pasts of a story, as a link has them."""
    left, right = link.left.metadata, link.right.metadata
    pasts: dict[str, set[Two]] = {
        "name": {(link.left.name, link.right.name)},
        "album": {(tome, tome)},
        "content": {(link.left.content, link.right.content)},
    }
    pasts |= {each.value: {(left.get(each), right.get(each))} for each in SCALARS}
    return pasts, {
        (each, key): {two}
        for each in SETS
        for key, two in elements(normal, each, left, right).items()
    }


def _times(one: Seen, two: Seen) -> set[bool | None]:
    """Whether their times let two photos be one: {True} is sure, {None} if one has no time.

    Empty is a sure no; {False} for times as of two zones.
    """
    when, then = (
        "" if seen.said.taken.endswith("T00:00:00") else seen.said.taken for seen in (one, two)
    )
    if not when or not then:
        return {None}
    if when == then:
        return {True}
    return {False} if when.partition(":")[2] == then.partition(":")[2] else set()
