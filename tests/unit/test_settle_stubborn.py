"""What a service cannot let go of is agreed as it is shown, and not told to go for ever."""

from __future__ import annotations

from msgspec.structs import replace

from imgsync.model import Field, Link, Metadata, Pair, Photo, Region, Side
from imgsync.plan import Action, End, Ends, Op, Policy, plan, settle
from imgsync.service import Capabilities

ENDS = Ends(
    End("here", Capabilities(), lambda metadata: metadata),
    End("there", Capabilities(), lambda metadata: metadata),
)
SETS = frozenset({Field.TAGS, Field.PEOPLE})


def photo(*tags: str, people: tuple[str, ...] = ()) -> Photo:
    said = Metadata(tags=frozenset(tags), people=tuple(map(Region, people)))
    return Photo("a.jpg", "a.jpg", f"{tags} {people}", "image:P", metadata=said)


def actions(link: Link, left: Photo, right: Photo) -> list[Action]:
    return list(plan(Pair("", link, left, right), ENDS, Policy()))


def test_what_was_to_go_and_did_not_is_agreed() -> None:
    full = photo("sea", "sand", people=("Ann",))
    past = Link("1", full, full)
    empty = photo()
    assert [action.op for action in actions(past, empty, full)] == [Op.UPDATE]
    link = settle(past, "1", empty, full, ENDS, SETS, stubborn=full.metadata)
    assert actions(link, empty, full) == []
    assert (link.left.version, link.right.version) == (empty.version, full.version)


def test_what_comes_meanwhile_is_still_news() -> None:
    full, empty = photo("sea"), photo()
    more = photo("sea", "new")
    link = settle(Link("1", full, full), "1", empty, more, ENDS, SETS, stubborn=full.metadata)
    [action] = [each for each in actions(link, empty, more) if each.op is Op.UPDATE]
    assert (action.side, action.metadata.tags) == (Side.LEFT, frozenset({"new"}))


def test_without_it_the_removal_stays_open() -> None:
    full, empty = photo("sea"), photo()
    link = settle(Link("1", full, full), "1", empty, full, ENDS, SETS)
    [action] = actions(link, empty, full)
    assert (action.side, action.metadata.tags) == (Side.RIGHT, frozenset())
    assert replace(link.left, version="") == replace(full, version="")
