"""What is remembered, and that a plan which was carried out leaves nothing to be done."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgsync.model import (
    METADATA_FIELDS,
    NOTHING_SAID,
    Field,
    Link,
    Location,
    Metadata,
    Pair,
    Photo,
    Region,
    Side,
)
from imgsync.plan import Action, End, Ends, Op, Policy, plan, settle
from imgsync.service import EVERY_FIELD, Capabilities

LEFT, RIGHT = Side.LEFT, Side.RIGHT
TAGS = frozenset({Field.TAGS})


def photo(picture: str = "P", name: str = "a.jpg", **said: Any) -> Photo:
    return shown(picture, name, Metadata(**said))


def shown(picture: str, name: str, metadata: Metadata) -> Photo:
    """A photo whose version tells all about it."""
    content = f"image:{picture}" if picture else ""
    return Photo(name, name, f"{name} {picture} {metadata}", content, 7, metadata=metadata)


def tags(*names: str) -> frozenset[str]:
    return frozenset(names)


def as_given(metadata: Metadata) -> Metadata:
    return metadata


def flat(metadata: Metadata) -> Metadata:
    """A service that keeps three letters of a title, and of tags the last level in lower case."""
    return replace(
        metadata,
        title=metadata.title[:3],
        label="",
        tags=frozenset(tag.rpartition("/")[2].lower() for tag in metadata.tags if tag != "Secret"),
        people=tuple(Region(name) for name in sorted({r.name for r in metadata.people})),
    )


PLAIN = Ends(End("here", Capabilities(), as_given), End("there", Capabilities(), as_given))


def link(left: Photo, right: Photo) -> Link:
    return Link("id", left, right)


# What is remembered of tags: the past, what is shown on both, then what was agreed on both.
AGREED_TAGS = [
    ("both show it", "", "", "a", "a", "a", "a"),
    ("not there yet", "", "", "ab", "a", "a", "a"),
    ("not here yet", "", "", "a", "ab", "a", "a"),
    ("gone on both", "ab", "ab", "a", "a", "a", "a"),
    ("still there", "ab", "ab", "a", "ab", "ab", "ab"),
    ("still here", "ab", "ab", "ab", "a", "ab", "ab"),
    ("one in, one not in yet, one not out yet", "c", "c", "ab", "ac", "ac", "ac"),
]


@pytest.mark.parametrize(
    ("past_left", "past_right", "left", "right", "then_left", "then_right"),
    [row[1:] for row in AGREED_TAGS],
    ids=[row[0] for row in AGREED_TAGS],
)
@pytest.mark.parametrize("fields", [frozenset(), TAGS], ids=["", "among the fields"])
def test_tag_is_agreed_when_it_has_reached_both_sides(
    past_left: str,
    past_right: str,
    left: str,
    right: str,
    then_left: str,
    then_right: str,
    fields: frozenset[Field],
) -> None:
    base = link(photo(tags=tags(*past_left)), photo(tags=tags(*past_right)))
    here, there = photo(tags=tags(*left)), photo(tags=tags(*right))
    after = settle(base, "id", here, there, PLAIN, fields)
    assert after.left.metadata.tags == tags(*then_left)
    assert after.right.metadata.tags == tags(*then_right)
    assert (after.left.version == here.version) is (then_left == left)
    assert (after.right.version == there.version) is (then_right == right)


def test_other_fields_are_agreed_only_when_they_are_named() -> None:
    base = link(photo(title="A", rating=1), photo(title="A", rating=1))
    here, there = photo(title="B", rating=2), photo(title="B", rating=3)
    after = settle(base, "id", here, there, PLAIN, frozenset({Field.TITLE}))
    assert after.left.metadata == after.right.metadata == Metadata(title="B", rating=1)
    assert after.left.version == after.right.version == ""


def test_each_side_is_remembered_as_it_showed_itself() -> None:
    here, there = (
        photo(title="A long title", tags=tags("Paris")),
        photo(title="A l", tags=tags("paris")),
    )
    ends = Ends(PLAIN.left, End("there", Capabilities(), flat))
    assert settle(None, "id", here, there, ends, EVERY_FIELD) == link(here, there)


def test_field_that_one_side_does_not_show_is_never_agreed() -> None:
    untitled = Capabilities(reads=EVERY_FIELD - {Field.TITLE, Field.TAGS})
    ends = Ends(PLAIN.left, End("there", untitled, as_given))
    here = photo(title="A", tags=tags("a"), rating=5)
    after = settle(None, "id", here, photo(rating=5), ends, EVERY_FIELD)
    assert after.left.metadata == Metadata(rating=5)
    assert after.left.version == ""
    assert told(
        plan(Pair("2012", after, here, photo(rating=5), "2012", "2012"), PLAIN, Policy())
    ) == ["update right title tags"]


PICTURES = [
    ("agreed", photo("P"), photo("Q"), photo("Q"), True, "image:Q"),
    ("not agreed", photo("P"), photo("Q"), photo("P"), False, "image:P"),
    ("strangers with one picture", None, photo("P"), photo("P"), False, "image:P"),
    ("strangers with two pictures", None, photo("P"), photo("Q"), False, ""),
]


@pytest.mark.parametrize(
    ("past", "left", "right", "named", "kept"),
    [row[1:] for row in PICTURES],
    ids=[row[0] for row in PICTURES],
)
def test_picture_is_remembered_when_it_is_agreed(
    past: Photo | None, left: Photo, right: Photo, named: bool, kept: str
) -> None:
    base = link(past, past) if past else None
    fields = frozenset({Field.CONTENT}) if named else frozenset[Field]()
    after = settle(base, "id", left, right, PLAIN, fields)
    assert after.left.content == kept
    assert after.left.version == (left.version if kept == left.content else "")


def test_same_picture_in_other_bytes_is_remembered_with_these() -> None:
    now = replace(photo(), size=8, digests=frozenset({"sha1:2"}))
    after = settle(link(photo(), photo()), "id", now, photo(), PLAIN, frozenset())
    assert (after.left.size, after.left.digests) == (8, now.digests)


def test_unsettled_name_keeps_its_past() -> None:
    base = link(photo(name="a.jpg"), photo(name="a.jpg"))
    here, there = photo(name="b.jpg"), photo(name="a.jpg")
    open_still = settle(base, "id", here, there, PLAIN, frozenset(), placed=False)
    assert (open_still.left.name, open_still.left.version) == ("a.jpg", "")
    assert settle(base, "id", here, there, PLAIN, frozenset()) == link(here, there)
    strangers = settle(None, "id", here, there, PLAIN, frozenset(), placed=False)
    assert (strangers.left.name, strangers.right.name) == ("b.jpg", "a.jpg")


def told(actions: tuple[Action, ...]) -> list[str]:
    return [
        " ".join(
            [str(action.op), *([str(action.side)] if action.side else []), *map(str, action.fields)]
        )
        for action in actions
    ]


def do(action: Action, pair: Pair, ends: Ends) -> Pair:
    """The pair after an action was carried out and recorded."""
    side = action.side
    if action.op is Op.RECORD:
        return replace(pair, base=action.link)
    if side is None or action.blocked is not None:
        return pair
    there = pair.photo(side.other)
    assert there is not None
    now = pair.photo(side)
    base = pair.base if action.op is Op.UPDATE else None
    if now is None:
        now = shown(there.content[6:], action.name or "", NOTHING_SAID)
    picture = (there if Field.CONTENT in action.fields else now).content[6:]
    capabilities = ends[side].capabilities
    said = now.metadata.but(action.metadata, set(action.fields) & capabilities.writes)
    said = NOTHING_SAID.but(ends[side].normal(said).clean(), capabilities.reads)
    pair = replace(pair, **{str(side): shown(picture, now.name, said)})
    assert pair.left is not None
    assert pair.right is not None
    fields = frozenset(action.fields)
    return replace(pair, base=settle(base, "id", pair.left, pair.right, ends, fields, placed=False))


def carry_out(pair: Pair, ends: Ends, policy: Policy) -> Pair:
    for action in plan(pair, ends, policy):
        pair = do(action, pair, ends)
    return pair


def pair(base: Link | None, left: Photo | None, right: Photo | None) -> Pair:
    return Pair("2012", base, left, right, "2012", "2012")


def test_run_that_is_killed_is_finished_by_the_next_one() -> None:
    then = photo(tags=tags("a"))
    start = pair(link(then, then), photo(title="A", tags=tags("b")), photo(tags=tags("a", "c")))
    actions = plan(start, PLAIN, Policy())
    assert told(actions) == ["update left tags", "update right title tags"]
    once = do(actions[0], start, PLAIN)
    twice = do(actions[1], once, PLAIN)

    written_not_recorded = replace(once, base=start.base)
    assert told(plan(written_not_recorded, PLAIN, Policy())) == [
        "record tags",
        "update right title tags",
    ]
    assert told(plan(once, PLAIN, Policy())) == ["update right title tags"]
    assert told(plan(replace(twice, base=once.base), PLAIN, Policy())) == ["record title tags"]
    assert told(plan(replace(twice, base=start.base), PLAIN, Policy())) == ["record title tags"]
    assert plan(twice, PLAIN, Policy()) == ()
    assert twice.left is not None
    assert twice.left.metadata == Metadata(title="A", tags=tags("b", "c"))


def test_photo_that_was_sent_but_not_recorded_is_not_sent_again() -> None:
    new = pair(None, photo(title="A"), None)
    (create,) = plan(new, PLAIN, Policy())
    sent = do(create, new, PLAIN)
    assert plan(sent, PLAIN, Policy()) == ()
    strangers = replace(sent, base=None)
    assert told(plan(strangers, PLAIN, Policy())) == ["record content title"]


def test_photo_that_is_created_again_starts_anew() -> None:
    then = photo(title="A", tags=tags("a", "b"))
    edited = pair(link(then, then), photo(title="A", tags=tags("a")), None)
    (create,) = plan(edited, PLAIN, Policy())
    again = do(create, edited, PLAIN)
    assert again.left is not None
    assert again.base == link(again.left, again.left)


def test_tag_that_is_removed_here_never_comes_back() -> None:
    """Not even where the first run could not tell the other side."""
    then = photo(tags=tags("a", "b"))
    start = pair(link(then, then), photo(tags=tags("a")), photo(tags=tags("a", "b", "c")))
    here_only = Policy(writes=frozenset({LEFT}))
    start = carry_out(start, PLAIN, here_only)
    assert told(plan(start, PLAIN, Policy())) == ["update right tags"]
    end = carry_out(start, PLAIN, Policy())
    assert end.left is not None
    assert end.right is not None
    assert end.left.metadata.tags == end.right.metadata.tags == tags("a", "c")


def test_one_of_two_spellings_is_no_removal() -> None:
    ends = Ends(PLAIN.left, End("there", Capabilities(), flat))
    base = link(photo(tags=tags("Paris", "PARIS")), photo(tags=tags("paris")))
    fewer = pair(base, photo(tags=tags("Paris")), photo(tags=tags("paris")))
    assert told(plan(fewer, ends, Policy())) == ["record tags"]
    removed = pair(base, base.left, photo())
    (update,) = plan(removed, ends, Policy())
    assert (update.side, update.metadata.tags) == (LEFT, frozenset())


# Random photos: few values, so that both sides often say the same.
WORDS = ["Sea", "sea", "Seaside", "Places/Sea", "Secret", "Dog"]
FACE, NUDGED = (0.5, 0.5, 0.2, 0.2), (0.51, 0.5, 0.2, 0.2)
METADATA = st.builds(
    Metadata,
    title=st.sampled_from(["", "Beach", "Beast", "Bea"]),
    tags=st.frozensets(st.sampled_from(WORDS)),
    taken=st.sampled_from(
        ["", "2012-07-01T12:00:00", "2012-07-01T12:00:00.5+02:00", "2013-01-01T00:00:00Z"]
    ),
    location=st.sampled_from([None, Location(1, 2), Location(1, 2, 3)]),
    rating=st.sampled_from([None, 1, 5]),
    label=st.sampled_from(["", "Red"]),
    people=st.frozensets(
        st.builds(Region, st.sampled_from("AB"), st.sampled_from([None, FACE, NUDGED]))
    ).map(tuple),
).map(Metadata.clean)
PHOTOS = st.builds(shown, st.sampled_from("PQ"), st.sampled_from(["a.jpg"]), METADATA)
FIELDS = st.frozensets(st.sampled_from(METADATA_FIELDS), max_size=3).map(EVERY_FIELD.difference)
CAPABILITIES = st.builds(Capabilities, reads=FIELDS, precise=st.booleans())
ENDS = st.builds(
    lambda here, there, normal: Ends(End("here", here, as_given), End("there", there, normal)),
    CAPABILITIES,
    CAPABILITIES,
    st.sampled_from([as_given, flat]),
)
POLICIES = st.builds(Policy, prefer=st.sampled_from([None, *Side]), delete=st.just(True))


def as_shown(photo: Photo, end: End) -> Photo:
    said = NOTHING_SAID.but(end.normal(photo.metadata).clean(), end.capabilities.reads)
    return shown(photo.content[6:], photo.name, said)


@given(ENDS, POLICIES, st.tuples(PHOTOS, PHOTOS) | st.none(), PHOTOS, PHOTOS)
def test_plan_that_was_carried_out_leaves_only_conflicts(
    ends: Ends, policy: Policy, past: tuple[Photo, Photo] | None, left: Photo, right: Photo
) -> None:
    here, there = as_shown(left, ends.left), as_shown(right, ends.right)
    start = pair(None, here, there)
    if past is not None:
        agreed = carry_out(
            pair(None, as_shown(past[0], ends.left), as_shown(past[1], ends.right)),
            ends,
            Policy(prefer=LEFT),
        )
        start = replace(start, base=agreed.base)
    end = carry_out(start, ends, policy)
    again = plan(end, ends, policy)
    assert {action.op for action in again} <= {Op.CONFLICT}
    assert not (again and policy.prefer)
    assert carry_out(end, ends, policy) == end


@given(ENDS, POLICIES, st.none() | PHOTOS, st.none() | PHOTOS, st.none() | PHOTOS)
def test_swapped_sides_have_the_swapped_plan(
    ends: Ends, policy: Policy, past: Photo | None, left: Photo | None, right: Photo | None
) -> None:
    base = link(past, past) if past else None
    assume(base or left or right)
    other_way = Ends(ends.right, ends.left)
    swapped = replace(policy, prefer=policy.prefer.other if policy.prefer else None)

    def essence(action: Action, side: Side | None) -> tuple[object, ...]:
        return (action.op, side, action.fields, action.metadata, action.to, action.blocked)

    actions = plan(pair(base, left, right), ends, policy)
    mirrored = plan(pair(base, right, left), other_way, swapped)
    assert {essence(action, action.side) for action in actions} == {
        essence(action, action.side.other if action.side else None) for action in mirrored
    }


@given(ENDS, PHOTOS, PHOTOS, PHOTOS)
def test_version_is_kept_only_if_the_link_holds_all_that_was_shown(
    ends: Ends, past: Photo, left: Photo, right: Photo
) -> None:
    base = link(as_shown(past, ends.left), as_shown(past, ends.right))
    here, there = as_shown(left, ends.left), as_shown(right, ends.right)
    for fields in ({Field.TITLE}, {Field.CONTENT}, EVERY_FIELD):
        after = settle(base, "id", here, there, ends, frozenset(fields))
        for side, now in ((LEFT, here), (RIGHT, there)):
            half = after.half(side)
            whole = (half.content, half.metadata) == (now.content, now.metadata)
            assert half.version == (now.version if whole else "")


@given(ENDS, POLICIES, PHOTOS, PHOTOS, PHOTOS)
def test_no_tag_is_lost_and_none_is_made_up(
    ends: Ends, policy: Policy, past: Photo, left: Photo, right: Photo
) -> None:
    ends = Ends(replace(ends.left, capabilities=Capabilities()), PLAIN.right)
    end = carry_out(pair(link(past, past), left, right), ends, policy)
    assert end.left is not None
    assert end.right is not None
    then, here, there = past.metadata.tags, left.metadata.tags, right.metadata.tags
    expected = (here & there) | (here - then) | (there - then)
    assert end.left.metadata.tags == end.right.metadata.tags == expected


@given(POLICIES, PHOTOS, PHOTOS, PHOTOS)
def test_value_that_only_one_side_changed_arrives(
    policy: Policy, past: Photo, left: Photo, right: Photo
) -> None:
    end = carry_out(pair(link(past, past), left, right), PLAIN, policy)
    assert end.left is not None
    assert end.right is not None
    for field in METADATA_FIELDS:
        then, here, there = (p.metadata.get(field) for p in (past, left, right))
        if field not in (Field.TAGS, Field.PEOPLE) and then in (here, there):
            said = there if here == then else here
            assert end.left.metadata.get(field) == end.right.metadata.get(field) == said
