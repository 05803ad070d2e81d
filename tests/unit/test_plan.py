"""The rule: what each side said before and says now, and what is therefore done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from imgsync.model import (
    Field,
    Link,
    Location,
    Metadata,
    Pair,
    Photo,
    Region,
    Side,
)
from imgsync.plan import Action, End, Ends, Op, Policy, plan
from imgsync.service import Capabilities

LEFT, RIGHT = Side.LEFT, Side.RIGHT

# Three values for each field that is no set, and "" for nothing said.
VALUES: dict[Field, dict[str, Any]] = {
    Field.TITLE: {"": "", "A": "Beach", "B": "Sea", "C": "Strand"},
    Field.CAPTION: {"": "", "A": "one\ntwo", "B": "one", "C": "two"},
    Field.TAKEN: {
        "": "",
        "A": "2012-07-01T10:20:30.25+02:00",
        "B": "2012-07-01T11:20:30",
        "C": "2012",
    },
    Field.LOCATION: {
        "": None,
        "A": Location(47.1, 8.5, 400.0),
        "B": Location(-47.1, 8.5),
        "C": Location(0.0, 0.0),
    },
    Field.RATING: {"": None, "A": 1, "B": 5, "C": -1},
    Field.LABEL: {"": "", "A": "Red", "B": "Green", "C": "Winner"},
    Field.FAVORITE: {"": False, "A": True},
    Field.CREATOR: {"": (), "A": ("Ann",), "B": ("Ann", "Bob"), "C": ("Bob", "Ann")},
    Field.COPYRIGHT: {"": "", "A": "Ann", "B": "(c) Ann", "C": "CC BY"},
}


def as_given(metadata: Metadata) -> Metadata:
    return metadata


def ends(
    left: Capabilities | None = None,
    right: Capabilities | None = None,
    normal: Callable[[Metadata], Metadata] = as_given,
) -> Ends:
    """Two services, "here" and "there"; `normal` is how the one there shows what it is told."""
    return Ends(
        End("here", left or Capabilities(), as_given),
        End("there", right or Capabilities(), normal),
    )


def photo(picture: str = "picture", name: str = "a.jpg", **said: Any) -> Photo:
    """A photo whose version tells all about it."""
    metadata = Metadata(**said)
    version = f"{name} {picture} {metadata}"
    return Photo(f"ref of {name}", name, version, f"image:{picture}", 9, metadata=metadata)


def link(left: Photo, right: Photo) -> Link:
    return Link("id", left, right)


def pair(base: Link | None, left: Photo | None, right: Photo | None, **more: Any) -> Pair:
    albums = {"album": "2012", "left_album": "2012", "right_album": "2012"}
    return Pair(base=base, left=left, right=right, **(albums | more))


def told(actions: tuple[Action, ...]) -> list[str]:
    """Actions in words: what, where, which fields, whereto, and why not."""
    return [
        " ".join(
            [
                str(action.op),
                *([str(action.side)] if action.side else []),
                *map(str, action.fields),
                *(["to", "/".join(action.to)] if action.to != ("", "") else []),
                *([f"({action.blocked})"] if action.blocked else []),
            ]
        )
        for action in actions
    ]


# Every row of the rule: what both said when they agreed, what left says, what right says.
RULE = [
    ("nobody changed it", "A", "A", "A", []),
    ("changed here", "A", "B", "A", ["update right"]),
    ("changed there", "A", "A", "B", ["update left"]),
    ("changed on both to the same", "A", "B", "B", ["record"]),
    ("changed on both, differently", "A", "B", "C", ["conflict"]),
    ("said here for the first time", "", "A", "", ["update right"]),
    ("said there for the first time", "", "", "A", ["update left"]),
    ("said on both for the first time", "", "A", "A", ["record"]),
    ("said on both, differently", "", "A", "B", ["conflict"]),
    ("cleared here", "A", "", "A", ["update right"]),
    ("cleared there", "A", "A", "", ["update left"]),
    ("cleared on both", "A", "", "", ["record"]),
    ("cleared here, changed there", "A", "", "B", ["conflict"]),
    ("changed here, cleared there", "A", "B", "", ["conflict"]),
]


@pytest.mark.parametrize(
    ("field", "past", "left", "right", "done"),
    [
        pytest.param(field, *row[1:], id=f"{field}: {row[0]}")
        for field, values in VALUES.items()
        for row in RULE
        if {*row[1:4]} <= values.keys()
    ],
)
def test_rule(field: Field, past: str, left: str, right: str, done: list[str]) -> None:
    said = VALUES[field]
    then, here, there = (photo(**{field: said[key]}) for key in (past, left, right))
    actions = plan(pair(link(then, then), here, there), ends(), Policy())
    assert told(actions) == [f"{word} {field}" for word in done]
    for action in actions:
        if action.op is Op.UPDATE:
            assert action.metadata == (here if action.side is RIGHT else there).metadata


# Strangers have the past "same picture, nothing said". RECORD comes first.
STRANGERS = [
    ("nobody said anything", "", "", ["record content"]),
    ("both said the same", "A", "A", ["record content title"]),
    ("said here", "A", "", ["record content", "update right title"]),
    ("said there", "", "A", ["record content", "update left title"]),
    ("both said something else", "A", "B", ["record content", "conflict title"]),
]


@pytest.mark.parametrize(
    ("left", "right", "done"), [row[1:] for row in STRANGERS], ids=[row[0] for row in STRANGERS]
)
def test_strangers(left: str, right: str, done: list[str]) -> None:
    here, there = photo(title=left), photo(name="A.JPG", title=right)
    assert told(plan(pair(None, here, there), ends(), Policy())) == done


def test_record_of_strangers_remembers_what_they_agree_on() -> None:
    here, there = photo(title="Beach", rating=5), photo(name="A.JPG", title="Beach", rating=3)
    record, conflict = plan(pair(None, here, there), ends(), Policy())
    assert (record.album, record.name, record.why) == ("2012", "a.jpg", "known on both sides")
    assert record.link is not None
    assert record.link.id == ""
    assert record.link.left.metadata == record.link.right.metadata == Metadata(title="Beach")
    assert (record.link.left.name, record.link.right.name) == ("a.jpg", "A.JPG")
    assert (conflict.fields, conflict.why) == ((Field.RATING,), "changed on both sides")
    assert (conflict.album, conflict.name) == ("2012", "a.jpg")


PREFERRED = [
    (None, ["conflict title"]),
    (LEFT, ["update right title"]),
    (RIGHT, ["update left title"]),
]


@pytest.mark.parametrize(("prefer", "done"), PREFERRED)
def test_preferred_side_wins_a_conflict(prefer: Side | None, done: list[str]) -> None:
    then = photo(title="A")
    both = pair(link(then, then), photo(title="B"), photo(title="C"))
    assert told(plan(both, ends(), Policy(prefer=prefer))) == done


@pytest.mark.parametrize("prefer", [None, *Side])
def test_preference_is_about_conflicts_only(prefer: Side | None) -> None:
    then = photo(title="A", label="Red")
    both = pair(link(then, then), photo(title="B", label="Red"), photo(title="A", label="Green"))
    done = ["update left label", "update right title"]
    assert told(plan(both, ends(), Policy(prefer=prefer))) == done


# Pictures, by name: what both showed when they agreed (None: strangers), what they show now.
PICTURES = [
    ("nobody changed it", "P", "P", "P", None, []),
    ("painted over here", "P", "Q", "P", None, ["update right content"]),
    ("painted over there", "P", "P", "Q", None, ["update left content"]),
    ("painted over on both, alike", "P", "Q", "Q", None, ["record content"]),
    ("painted over on both", "P", "Q", "R", None, ["conflict content"]),
    ("on both, left preferred", "P", "Q", "R", LEFT, ["update right content"]),
    ("on both, right preferred", "P", "Q", "R", RIGHT, ["update left content"]),
    ("strangers with one picture", None, "P", "P", None, ["record content"]),
    ("strangers with two pictures", None, "P", "Q", None, ["conflict content"]),
    ("strangers, left preferred", None, "P", "Q", LEFT, ["record", "update right content"]),
    ("strangers, right preferred", None, "P", "Q", RIGHT, ["record", "update left content"]),
]


@pytest.mark.parametrize(
    ("past", "left", "right", "prefer", "done"),
    [row[1:] for row in PICTURES],
    ids=[row[0] for row in PICTURES],
)
def test_pictures(
    past: str | None, left: str, right: str, prefer: Side | None, done: list[str]
) -> None:
    base = link(photo(past), photo(past)) if past else None
    both = pair(base, photo(left), photo(right))
    assert told(plan(both, ends(), Policy(prefer=prefer))) == done


@pytest.mark.parametrize("side", Side)
def test_picture_that_decays_is_carried_only_by_preference(side: Side) -> None:
    """Another picture and the same version: that is no edit, but a disk that fails."""
    good, name = photo("P"), "here" if side is LEFT else "there"
    bad = replace(good, content="image:rotten")
    shown = {side: bad, side.other: good}
    both = pair(link(good, good), shown[LEFT], shown[RIGHT])
    (conflict,) = plan(both, ends(), Policy())
    assert (conflict.op, conflict.fields) == (Op.CONFLICT, (Field.CONTENT,))
    assert conflict.why == f"decayed on {name}: another picture in a file that looks unchanged"
    for prefer in Side:
        (update,) = plan(both, ends(), Policy(prefer=prefer))
        assert told((update,)) == [f"update {prefer.other} content"]
        assert update.why == f"decayed on {name}"
    painted = pair(link(good, good), *(replace(shown[s], version="new") for s in Side))
    assert told(plan(painted, ends(), Policy())) == [f"update {side.other} content"]


def test_picture_that_decays_leaves_all_of_the_photo_to_a_person() -> None:
    good = photo("P")
    bad = [replace(good, content=f"image:{n}", metadata=Metadata(rating=n)) for n in (1, 2)]
    (conflict,) = plan(pair(link(good, good), *bad), ends(), Policy())
    assert conflict.fields == (Field.CONTENT,)
    assert conflict.why.startswith("decayed on here and there: ")
    tags = Policy(fields=frozenset({Field.TAGS}), prefer=LEFT)
    assert told(plan(pair(link(good, good), *bad), ends(), tags)) == ["conflict content"]


def test_picture_that_is_shown_alike_has_not_decayed() -> None:
    """As all of them after a service learnt to show other digests."""
    both = pair(
        link(photo("P"), photo("P")), *(replace(photo("P"), content="image:new") for _ in Side)
    )
    assert told(plan(both, ends(), Policy())) == ["record content"]


def test_service_that_makes_other_bytes_of_pictures_has_not_changed_them() -> None:
    base = link(photo("P"), photo("P recoded"))
    assert plan(pair(base, photo("P"), photo("P recoded")), ends(), Policy()) == ()
    painted = pair(base, photo("Q"), photo("P recoded"))
    assert told(plan(painted, ends(), Policy())) == ["update right content"]


def test_pictures_without_comparable_digests_are_taken_for_the_same() -> None:
    there = replace(photo(), content="revision 7")
    assert told(plan(pair(None, photo(), there), ends(), Policy())) == ["record content"]
    titled = pair(link(photo(), there), photo(title="A"), there)
    assert told(plan(titled, ends(), Policy())) == ["update right title"]
    painted = pair(link(photo(), there), photo(), replace(there, content="revision 8", version=""))
    assert told(plan(painted, ends(), Policy())) == ["update left content"]


@pytest.mark.parametrize("side", Side)
def test_picture_that_was_not_known_has_not_changed(side: Side) -> None:
    """A service that learns to show digests, or shows none for once, replaces nothing."""
    known, unknown = photo("P"), replace(photo("P"), content="")
    then = {side: unknown, side.other: known}
    now = {side: photo("P recoded"), side.other: known}
    base = link(then[LEFT], then[RIGHT])
    assert told(plan(pair(base, now[LEFT], now[RIGHT]), ends(), Policy())) == ["record content"]
    base = link(now[LEFT], now[RIGHT])
    then[side] = replace(unknown, version="")
    assert told(plan(pair(base, then[LEFT], then[RIGHT]), ends(), Policy())) == ["record content"]
    (deleted,) = plan(pair(base, then[LEFT], None), ends(), Policy())
    assert deleted.op is Op.DELETE


def test_whole_file_checksum_shows_that_a_picture_is_the_same() -> None:
    there = replace(photo(), content="revision 7", digests=frozenset({"sha1:1"}))
    again = replace(there, content="revision 8", version="")
    both = pair(link(photo(), there), photo(), again)
    assert told(plan(both, ends(), Policy())) == ["record content"]


# Strangers of one name with two pictures: nothing else is done before that is decided.
TWO_PICTURES = "same name, different pictures"
MISTAKEN = [
    ("no preference", Policy(), None, TWO_PICTURES),
    ("only tags", Policy(fields=frozenset({Field.TAGS})), None, TWO_PICTURES),
    (
        "only tags, with a preference",
        Policy(fields=frozenset({Field.TAGS}), prefer=LEFT),
        None,
        TWO_PICTURES,
    ),
    (
        "the preferred picture cannot be taken",
        Policy(prefer=LEFT),
        Capabilities(writes=frozenset({Field.TITLE})),
        f"{TWO_PICTURES}; there cannot change the content of a photo",
    ),
    (
        "the preferred picture may not be sent",
        Policy(prefer=LEFT, writes=frozenset({LEFT})),
        None,
        f"{TWO_PICTURES}; this run does not write to there",
    ),
    (
        "the preferred picture is no original",
        Policy(prefer=RIGHT),
        Capabilities(exact=False),
        f"{TWO_PICTURES}; there does not give back original pictures",
    ),
]


@pytest.mark.parametrize(
    ("policy", "right", "why"), [row[1:] for row in MISTAKEN], ids=[row[0] for row in MISTAKEN]
)
@pytest.mark.parametrize("begun", [False, True], ids=["strangers", "recorded, then killed"])
def test_two_pictures_of_one_name_exchange_nothing(
    policy: Policy, right: Capabilities | None, why: str, begun: bool
) -> None:
    here = photo("P", title="Beach", tags=tags("x"))
    there = photo("Q", name="A.JPG", tags=tags("y"))
    base = plan(pair(None, here, there), ends(), Policy(prefer=LEFT))[0].link if begun else None
    (conflict,) = plan(pair(base, here, there), ends(None, right), policy)
    assert (conflict.op, conflict.fields, conflict.why) == (Op.CONFLICT, (Field.CONTENT,), why)
    assert conflict.name == "a.jpg"


def tags(*names: str) -> frozenset[str]:
    return frozenset(names)


# Tags in the past, left, right; then what left and right are to show.
TAGS = [
    ("nobody changed them", "a", "a", "a", "a", "a"),
    ("added here", "a", "ab", "a", "ab", "ab"),
    ("added there", "a", "a", "ab", "ab", "ab"),
    ("added on both", "a", "ab", "ac", "abc", "abc"),
    ("added on both, alike", "a", "ab", "ab", "ab", "ab"),
    ("removed here", "ab", "a", "ab", "a", "a"),
    ("removed there", "ab", "ab", "a", "a", "a"),
    ("removed on both", "ab", "a", "a", "a", "a"),
    ("removed on both, differently", "abc", "ab", "ac", "a", "a"),
    ("added here, removed there", "a", "ab", "", "b", "b"),
    ("all removed here", "ab", "", "ab", "", ""),
    ("all removed here, one added there", "a", "", "ab", "b", "b"),
]


@pytest.mark.parametrize(
    ("past", "left", "right", "to_left", "to_right"),
    [row[1:] for row in TAGS],
    ids=[row[0] for row in TAGS],
)
@pytest.mark.parametrize("prefer", [None, *Side], ids=["", "prefer left", "prefer right"])
def test_sets_are_merged_whatever_is_preferred(
    past: str, left: str, right: str, to_left: str, to_right: str, prefer: Side | None
) -> None:
    then, here, there = (photo(tags=tags(*names)) for names in (past, left, right))
    actions = plan(pair(link(then, then), here, there), ends(), Policy(prefer=prefer))
    shown = {LEFT: tags(*left), RIGHT: tags(*right)}
    for action in actions:
        assert action.op in (Op.RECORD, Op.UPDATE)
        if action.side:
            assert action.fields == (Field.TAGS,)
            assert action.metadata.tags != shown[action.side]
            shown[action.side] = action.metadata.tags
    assert shown == {LEFT: tags(*to_left), RIGHT: tags(*to_right)}


def test_people_are_merged_like_tags() -> None:
    ann, bob, nudged = Region("Ann", (0.5, 0.5, 0.2, 0.2)), Region("Bob"), (0.51, 0.5, 0.2, 0.2)
    then = photo(people=(ann,))
    here, there = photo(people=(ann, bob)), photo(people=())
    left, right = plan(pair(link(then, then), here, there), ends(), Policy())
    assert told((left, right)) == ["update left people", "update right people"]
    assert left.metadata.people == right.metadata.people == (bob,)
    there = photo(people=(Region("Ann", nudged),))
    assert told(plan(pair(link(then, then), then, there), ends(), Policy())) == ["record people"]


def test_conflict_leaves_the_other_fields_alone() -> None:
    then = photo(tags=tags("sea"), caption="x")
    here = photo(tags=tags("sea", "dog"), rating=5, caption="here")
    there = photo(tags=tags("sea", "2012"), rating=2, caption="x", label="Red")
    actions = plan(pair(link(then, then), here, there), ends(), Policy())
    assert told(actions) == [
        "update left tags label",
        "update right caption tags",
        "conflict rating",
    ]
    left, right, _ = actions
    everything = tags("sea", "dog", "2012")
    assert left.metadata == Metadata(tags=everything, rating=5, caption="here", label="Red")
    assert right.metadata == Metadata(tags=everything, rating=2, caption="here", label="Red")
    assert (left.why, right.why) == ("changed on there", "changed on here")
    assert (left.album, left.name) == ("2012", "a.jpg")


def test_what_is_agreed_is_recorded_before_anything_is_changed() -> None:
    then = photo()
    here, there = photo(title="A", label="Red", rating=1), photo(title="A", label="Blue")
    actions = plan(pair(link(then, then), here, there), ends(), Policy())
    assert told(actions) == ["record title", "update right rating", "conflict label"]
    half = replace(then, version="", metadata=Metadata(title="A"))
    assert actions[0].link == link(half, half)
    assert actions[0].why == "the same on both sides"


def test_picture_and_metadata_go_together() -> None:
    then = photo("P")
    (update,) = plan(pair(link(then, then), photo("Q", title="A"), then), ends(), Policy())
    assert told((update,)) == ["update right content title"]
    assert update.metadata == Metadata(title="A")


# What is not done, and why: capabilities there, policy, and the actions for a title, a caption and
# tags changed here, and a label changed there.
BLOCKED = [
    (
        "the service there cannot change anything",
        Capabilities(writes=frozenset()),
        Policy(),
        [
            "update left label",
            "update right title caption tags (there cannot change the title of a photo;"
            " there cannot change the caption of a photo; there cannot change the tags of a photo)",
        ],
    ),
    (
        "the service there can change some",
        Capabilities(writes=frozenset({Field.TITLE, Field.TAGS})),
        Policy(),
        [
            "update left label",
            "update right title tags",
            "update right caption (there cannot change the caption of a photo)",
        ],
    ),
    (
        "only what is there is written",
        Capabilities(),
        Policy(writes=frozenset({RIGHT})),
        [
            "update left label (this run does not write to here)",
            "update right title caption tags",
        ],
    ),
    (
        "only what is here is written",
        Capabilities(),
        Policy(writes=frozenset({LEFT})),
        [
            "update left label",
            "update right title caption tags (this run does not write to there)",
        ],
    ),
    (
        "the service there shows no captions and no labels",
        Capabilities(reads=frozenset(Field) - {Field.CAPTION, Field.LABEL}),
        Policy(),
        ["update right title tags"],
    ),
]


@pytest.mark.parametrize(
    ("right", "policy", "done"), [row[1:] for row in BLOCKED], ids=[row[0] for row in BLOCKED]
)
def test_blocked(right: Capabilities, policy: Policy, done: list[str]) -> None:
    then = photo()
    here = photo(title="A", caption="B", tags=tags("x"))
    both = pair(link(then, then), here, photo(label="Red"))
    assert told(plan(both, ends(None, right), policy)) == done


def test_update_says_only_what_it_is_about() -> None:
    then, here = photo(), photo(title="A", caption="B")
    only_titles = ends(None, Capabilities(writes=frozenset({Field.TITLE})))
    able, unable = plan(pair(link(then, then), here, then), only_titles, Policy())
    assert (able.metadata, unable.metadata) == (Metadata(title="A"), Metadata(caption="B"))


def test_one_way_with_both_changed() -> None:
    then = photo(tags=tags("a"))
    here, there = photo(title="A", tags=tags("a", "b")), photo(title="B", tags=tags("a", "c"))
    both, one_way = pair(link(then, then), here, there), frozenset({RIGHT})
    done = ["update left tags (this run does not write to here)", "update right tags"]
    assert told(plan(both, ends(), Policy(writes=one_way))) == [*done, "conflict title"]
    done[1] = "update right title tags"
    assert told(plan(both, ends(), Policy(writes=one_way, prefer=LEFT))) == done


def test_picture_that_is_no_original_never_replaces_ours() -> None:
    base, inexact = link(photo("P"), photo("P")), ends(None, Capabilities(exact=False))
    pulled = pair(base, photo("P"), photo("Q", title="A"))
    assert told(plan(pulled, ends(), Policy())) == ["update left content title"]
    assert told(plan(pulled, inexact, Policy())) == [
        "update left title",
        "update left content (there does not give back original pictures)",
    ]
    pushed = pair(base, photo("Q"), photo("P"))
    assert told(plan(pushed, inexact, Policy())) == ["update right content"]


def flat(metadata: Metadata) -> Metadata:
    """A service that keeps ten letters of a title, and of tags the last level in lower case."""
    return replace(
        metadata,
        title=metadata.title[:10],
        label="" if metadata.label == "Winner" else metadata.label,
        tags=frozenset(tag.rpartition("/")[2].lower() for tag in metadata.tags if tag != "Secret"),
    )


LOSSY = [
    ("nobody changed it", {}, {}, []),
    ("the part that is cut off is changed here", {"title": "A long titbit"}, {}, ["record title"]),
    ("changed here", {"title": "Another title"}, {}, ["update right title"]),
    ("changed there", {}, {"title": "Short"}, ["update left title"]),
    ("changed on both, alike", {"title": "Short"}, {"title": "Short"}, ["record title"]),
    (
        "changed on both, alike as far as it is shown there",
        {"title": "Something long"},
        {"title": "Something "},
        ["record title"],
    ),
    ("changed to what is not shown there", {"label": "Winner"}, {}, ["update right label"]),
    ("a tag is spelled anew here", {"tags": frozenset({"Paris"})}, {}, ["record tags"]),
    ("a tag is removed there", {}, {"tags": frozenset()}, ["update left tags"]),
    ("a tag is removed here", {"tags": frozenset()}, {}, ["update right tags"]),
    (
        "one more tag that looks the same there",
        {"tags": frozenset({"Places/Paris", "PARIS"})},
        {},
        ["record tags"],
    ),
    (
        "a tag that is not shown there",
        {"tags": frozenset({"Places/Paris", "Secret"})},
        {},
        ["record tags"],
    ),
]


@pytest.mark.parametrize(
    ("left", "right", "done"), [row[1:] for row in LOSSY], ids=[row[0] for row in LOSSY]
)
def test_service_that_shows_less_than_it_is_told(
    left: dict[str, Any], right: dict[str, Any], done: list[str]
) -> None:
    then: dict[str, Any] = {"title": "A long title", "label": "Red", "tags": tags("Places/Paris")}
    there: dict[str, Any] = {"title": "A long tit", "label": "Red", "tags": tags("paris")}
    both = pair(
        link(photo(**then), photo(**there)), photo(**(then | left)), photo(**(there | right))
    )
    assert told(plan(both, ends(normal=flat), Policy())) == done


def test_strangers_breed_no_second_spelling() -> None:
    here = photo(title="A long title", tags=tags("Places/Paris", "Dog"))
    there = photo(title="A long tit", tags=tags("paris", "sea"))
    actions = plan(pair(None, here, there), ends(normal=flat), Policy())
    assert told(actions) == [
        "record content title tags",
        "update left tags",
        "update right tags",
    ]
    assert actions[1].metadata.tags == tags("Places/Paris", "Dog", "sea")
    assert actions[2].metadata.tags == tags("paris", "sea", "Dog")


@pytest.mark.parametrize("lossy", Side)
def test_sides_are_compared_as_both_would_show_them(lossy: Side) -> None:
    normals = {lossy: flat, lossy.other: as_given}
    services = Ends(*(End(str(side), Capabilities(), normals[side]) for side in Side))
    rich = photo(title="A long title", tags=tags("Places/Paris"))
    poor = photo(title="A long tit", tags=tags("paris"))
    shown = {lossy: poor, lossy.other: rich}
    strangers = pair(None, shown[LEFT], shown[RIGHT])
    assert told(plan(strangers, services, Policy())) == ["record content title tags"]


NOON, NOISY = "2012-07-01T12:00:00", Capabilities(precise=False)

# Times: the past on both, left, right; then what left is to show, or what else is done.
TIMES = [
    ("a finer value here", NOON, f"{NOON}.25", NOON, "update right"),
    ("a fraction more there is noise", NOON, NOON, f"{NOON}.25", "record"),
    ("an offset more there is noise", NOON, NOON, f"{NOON}+02:00", "record"),
    ("noise there, changed here", NOON, "2013-01-01T00:00:00", f"{NOON}+02:00", "update right"),
    (
        "changed there: no offset is added",
        NOON,
        NOON,
        "2012-07-01T13:00:00+02:00",
        "2012-07-01T13:00:00",
    ),
    (
        "changed there: an offset that was there is replaced",
        f"{NOON}+02:00",
        f"{NOON}+02:00",
        "2012-07-01T13:00:00+01:00",
        "2012-07-01T13:00:00+01:00",
    ),
    ("said there only", "", "", f"{NOON}+02:00", f"{NOON}+02:00"),
    ("cleared there", NOON, NOON, "", ""),
    ("said on both, finer here", "", f"{NOON}.25", f"{NOON}+02:00", "record"),
    ("changed there to what is here, but coarser", "2011", f"{NOON}.25", NOON, "record"),
]


@pytest.mark.parametrize(
    ("past", "left", "right", "done"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES]
)
def test_times_of_a_service_that_shows_them_roughly(
    past: str, left: str, right: str, done: str
) -> None:
    then, here, there = (photo(taken=taken) for taken in (past, left, right))
    (action,) = plan(pair(link(then, then), here, there), ends(None, NOISY), Policy())
    if action.side is LEFT:
        assert action.metadata.taken == done
    else:
        assert told((action,)) == [" ".join([*done.split(), "taken"])]


def test_time_that_was_coarser_there_all_along_replaces_nothing() -> None:
    base = link(photo(taken=f"{NOON}.25"), photo(taken="2012-07-01T12:00:05"))
    both = pair(base, photo(taken=f"{NOON}.25"), photo(taken=NOON))
    assert told(plan(both, ends(None, NOISY), Policy())) == ["record taken"]
    assert told(plan(both, ends(), Policy())) == ["update left taken"]


def test_offset_that_somebody_said_is_carried() -> None:
    then, there = photo(taken=NOON), photo(taken=f"{NOON}+02:00")
    (update,) = plan(pair(link(then, then), then, there), ends(), Policy())
    assert update.metadata.taken == f"{NOON}+02:00"


def test_preferred_time_adds_no_offset_either() -> None:
    here, there = photo(taken=NOON), photo(taken="2013-01-01T00:00:00Z")
    actions = plan(pair(None, here, there), ends(None, NOISY), Policy(prefer=RIGHT))
    assert told(actions) == ["record content", "update left taken"]
    assert actions[1].metadata.taken == "2013-01-01T00:00:00"


def test_place_that_a_service_rounds_is_no_edit() -> None:
    then = photo(location=Location(47.123456, 8.5, 400.0))
    there = photo(location=Location(47.12346, 8.5))
    both = pair(link(then, then), then, there)
    assert told(plan(both, ends(None, NOISY), Policy())) == ["record location"]
    assert told(plan(both, ends(), Policy())) == ["update left location"]


# Versions and refs are a help to memory: a pair is in step if both sides say what the link holds.
UNTOUCHED: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, str], bool]] = [
    ("as the link holds it", {}, {}, {}, True),
    ("another version here", {"version": "2"}, {}, {}, True),
    ("another version there", {}, {"version": "2"}, {}, True),
    ("another title here", {"metadata": Metadata(title="B")}, {}, {}, False),
    ("another title there", {}, {"metadata": Metadata(title="B")}, {}, False),
    ("another picture here", {"content": "image:2"}, {}, {}, False),
    ("another name here", {"name": "b.jpg"}, {}, {}, False),
    ("another name there", {}, {"name": "b.jpg"}, {}, False),
    ("another ref here", {"ref": "9"}, {}, {}, True),
    ("another ref there", {}, {"ref": "9"}, {}, True),
    ("another album here", {}, {}, {"left_album": "2013"}, False),
    ("another album there", {}, {}, {"right_album": "2013"}, False),
]


@pytest.mark.parametrize(
    ("left", "right", "albums", "untouched"),
    [row[1:] for row in UNTOUCHED],
    ids=[row[0] for row in UNTOUCHED],
)
def test_pair_is_in_step_if_nothing_but_versions_differs(
    left: dict[str, Any], right: dict[str, Any], albums: dict[str, str], untouched: bool
) -> None:
    here, there = photo(title="A"), replace(photo(title="A"), ref="17", name="A.JPG", version="w")
    both = pair(link(here, there), replace(here, **left), replace(there, **right), **albums)
    assert (plan(both, ends(), Policy()) == ()) is untouched


@pytest.mark.parametrize("side", Side)
def test_unknown_version_is_never_the_same(side: Side) -> None:
    then = {LEFT: photo(), RIGHT: photo()}
    now = dict(then)
    then[side] = replace(photo(), version="")
    now[side] = replace(photo(title="A"), version="")
    both = pair(link(then[LEFT], then[RIGHT]), now[LEFT], now[RIGHT])
    assert told(plan(both, ends(), Policy())) == [f"update {side.other} title"]


def test_version_alone_is_no_news() -> None:
    then = photo(title="A")
    touched = replace(then, version="touched", size=10, digests=frozenset({"sha1:1"}))
    assert plan(pair(link(then, then), touched, then), ends(), Policy()) == ()


def test_picture_is_not_replaced_where_nothing_can_go_to_a_trash() -> None:
    untrashing = Capabilities(no_trash="no trash there: name one")
    both = pair(link(photo(), photo()), photo("Q"), photo())
    (update,) = plan(both, ends(None, untrashing), Policy())
    assert (update.fields, update.blocked) == ((Field.CONTENT,), "no trash there: name one")


def test_what_is_blocked_or_for_a_person_to_decide_is_not_due() -> None:
    create = Action(op=Op.CREATE, pair=Pair("2012"))
    assert create.due
    assert not replace(create, blocked="it is closed").due
    assert not replace(create, op=Op.CONFLICT).due
