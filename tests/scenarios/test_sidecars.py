"""Photos that share a stem, with all kinds of sidecars: each takes its own along, and no other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

WORDS = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:title></rdf:Description>
</rdf:RDF></x:xmpmeta>"""

OLD = 1_400_000_000


class Case(NamedTuple):
    photo: str
    beside: str
    forms: tuple[str, ...]


CASES = [
    pytest.param(Case(photo, beside, forms), id=f"{photo} {beside} {'+'.join(forms)}".strip())
    for photo, beside in (("r.NEF", ""), ("r.NEF", "r.jpg"), ("r.CR2", "r.NEF"))
    for forms in (("{0}.{1}.xmp",), ("{0}.xmp",), ("{0}.{1}.xmp", "{0}.xmp"))
]


class World:
    """Two trees in step: a photo with sidecars in album `a`, another photo of its stem."""

    def __init__(self, trees: Any, case: Case, side: str) -> None:
        self.trees, self.case = trees, case
        self.mine = trees.here if side == "local" else trees.nas
        self.other = trees.nas if side == "local" else trees.here
        self.mine.add("a/" + case.photo, 1)
        self.mine.add("b/else.jpg", 9)
        if case.beside:
            self.mine.add("a/" + case.beside, 2)
        for number, name in enumerate(self.names(case.photo)):
            self.write(f"a/{name}", f"words {number}")
        assert trees.sync().code == 0
        assert self.files() == self.files(self.other)

    def names(self, photo: str) -> list[str]:
        """The names of the sidecars of the photo under that name, what speaks first."""
        return [form.format(*photo.split(".")) for form in self.case.forms]

    def write(self, path: str, title: str) -> None:
        file = self.mine.top / path
        file.write_text(WORDS.format(title))
        os.utime(file, (OLD, OLD))

    def files(self, tree: Any = None) -> dict[str, bytes]:
        tree = tree or self.mine
        return {name: tree.picture(name) for name in tree.names()}

    def carry(self, to: str) -> None:
        """The person gives the photo, and all its sidecars, another path."""
        place = Path(to)
        self.mine.rename("a/" + self.case.photo, to)
        for old, new in zip(self.names(self.case.photo), self.names(place.name), strict=True):
            self.mine.rename(f"a/{old}", str(place.with_name(new)))

    def assert_alike(self) -> None:
        """Both trees have the same files, and the other photo has got no words."""
        assert self.files() == self.files(self.other)
        if self.case.beside:
            for tree in (self.mine, self.other):
                assert tree.said("a/" + self.case.beside).title == ""
        assert self.trees.in_step()


@pytest.fixture(params=["local", "nas"])
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("case", CASES)
class TestSidecars:
    def test_go_along_with_a_rename(self, trees: Any, case: Case, side: str) -> None:
        world = World(trees, case, side)
        world.carry("a/s." + case.photo.split(".")[1])
        assert trees.sync().summary == {"moved": 1}
        world.assert_alike()

    def test_go_along_into_another_album(self, trees: Any, case: Case, side: str) -> None:
        world = World(trees, case, side)
        world.carry("b/" + case.photo)
        assert trees.sync().summary == {"moved": 1}
        world.assert_alike()

    def test_go_with_a_deletion(self, trees: Any, case: Case, side: str) -> None:
        world = World(trees, case, side)
        for name in [case.photo, *world.names(case.photo)]:
            world.mine.remove(f"a/{name}")
        assert trees.sync("--delete", "--max-delete", "100").summary == {"deleted": 1}
        world.assert_alike()

    def test_come_with_another_picture(self, trees: Any, case: Case, side: str) -> None:
        world = World(trees, case, side)
        world.mine.repaint(f"a/{case.photo}", 7)
        for number, name in enumerate(world.names(case.photo)):
            world.write(f"a/{name}", f"new words {number}")
        report = trees.sync()
        assert report.code == 0, report.told
        world.assert_alike()


class TestLeftBehind:
    """A person renames or moves a photo with a program that knows no sidecars."""

    @pytest.fixture
    def synced(self, trees: Any, side: str) -> Any:
        mine = trees.here if side == "local" else trees.nas
        mine.add("a/1.jpg", 1)
        mine.add("b/2.jpg", 2)
        (mine.top / "a/1.jpg.xmp").write_text(WORDS.format("Strand"))
        assert trees.sync().code == 0
        return mine

    @pytest.mark.parametrize("to", ["a/new.jpg", "b/1.jpg"])
    def test_nothing_is_cleared_until_the_sidecar_follows(
        self, trees: Any, synced: Any, side: str, to: str
    ) -> None:
        synced.rename("a/1.jpg", to)
        for _ in range(2):
            report = trees.sync("--delete", "--max-delete", "100")
            assert (report.code, report.summary) == (1, {"failed": 1})
            assert f"{synced.top}/a/1.jpg.xmp stayed behind" in report.told
            assert f"rename it to {synced.top}/{to}.xmp" in report.told
        synced.rename("a/1.jpg.xmp", f"{to}.xmp")
        assert trees.sync().summary == {"moved": 1}
        for tree in (trees.here, trees.nas):
            assert tree.names() == {to, f"{to}.xmp", "b/2.jpg"}
            assert tree.said(to).title == "Strand"
        assert trees.in_step()

    def test_it_is_deleted_where_the_photo_is_to_lose_its_words(
        self, trees: Any, synced: Any, side: str
    ) -> None:
        synced.rename("a/1.jpg", "a/new.jpg")
        synced.remove("a/1.jpg.xmp")
        assert trees.sync().summary == {"moved": 1, "updated": 1}
        assert trees.here.said("a/new.jpg").title == trees.nas.said("a/new.jpg").title == ""
        assert trees.in_step()

    def test_what_says_nothing_more_than_the_photo_is_no_reason_to_wait(
        self, trees: Any, synced: Any, side: str
    ) -> None:
        synced.rename("a/1.jpg", "a/new.jpg")
        synced.say("a/new.jpg", title="Strand")
        assert trees.sync().summary == {"moved": 1}
        assert trees.nas.said("a/new.jpg").title == "Strand"
