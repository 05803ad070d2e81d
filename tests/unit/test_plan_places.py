"""Photos that stand on one side only, that are moved, and runs about some fields only."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from imgsync.model import Field, Link, Metadata, Pair, Photo, Side
from imgsync.plan import Action, End, Ends, Op, Policy, are_named, plan
from imgsync.service import EVERY_FIELD, Capabilities

LEFT, RIGHT = Side.LEFT, Side.RIGHT
DELETING = Policy(delete=True)


def ends(left: Capabilities | None = None, right: Capabilities | None = None) -> Ends:
    def as_given(metadata: Metadata) -> Metadata:
        return metadata

    return Ends(
        End("here", left or Capabilities(), as_given),
        End("there", right or Capabilities(), as_given),
    )


def photo(picture: str = "P", name: str = "a.jpg", **said: Any) -> Photo:
    metadata = Metadata(**said)
    version = f"{name} {picture} {metadata}"
    return Photo(f"ref of {name}", name, version, f"image:{picture}", metadata=metadata)


def pair(base: Link | None, left: Photo | None, right: Photo | None, **more: Any) -> Pair:
    albums = {"album": "2012", "left_album": "2012", "right_album": "2012"}
    return Pair(base=base, left=left, right=right, **(albums | more))


def only(side: Side, now: Photo, then: Photo | None = None, **more: Any) -> Pair:
    """A pair that has lost its photo on the other side, or never had one there."""
    base = None if then is None else Link("id", then, then)
    return pair(base, now if side is LEFT else None, now if side is RIGHT else None, **more)


def told(actions: tuple[Action, ...]) -> list[str]:
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


# A photo that stands on one side only: what it was when both had it (None: never), what it is now.
ALONE = [
    ("new", None, photo("P", title="A"), "create other content title"),
    ("gone there", photo(), photo(), "delete this"),
    ("gone there, an edit here", photo(), photo(title="A"), "create other content title"),
    ("gone there, painted over here", photo("P"), photo("Q"), "create other content"),
    ("gone there, cleared here", photo(title="A"), photo(), "create other content"),
    ("gone there, renamed here", photo(), photo(name="b.jpg"), "delete this"),
    ("gone there, touched here", photo(), replace(photo(), version="touched"), "delete this"),
]


@pytest.mark.parametrize(
    ("past", "now", "done"), [row[1:] for row in ALONE], ids=[row[0] for row in ALONE]
)
@pytest.mark.parametrize("side", Side)
def test_photo_on_one_side_only(side: Side, past: Photo | None, now: Photo, done: str) -> None:
    (action,) = plan(only(side, now, past), ends(), DELETING)
    assert told((action,)) == [done.replace("this", side).replace("other", side.other)]
    assert (action.album, action.name) == ("2012", now.name)
    if action.op is Op.CREATE:
        assert action.metadata == now.metadata


def test_reasons_of_what_is_created_and_deleted() -> None:
    (new,) = plan(only(LEFT, photo()), ends(), Policy())
    (beside,) = plan(only(LEFT, photo(), namesake=True), ends(), Policy())
    (again,) = plan(only(LEFT, photo(title="A"), photo()), ends(), Policy())
    (gone,) = plan(only(RIGHT, photo(), photo()), ends(), Policy())
    assert new.why == "new"
    assert beside.why == "new, beside another a.jpg on there"
    assert again.why == "deleted on there, edited on here since"
    assert gone.why == "deleted on here"


def test_photo_gone_on_both_sides_is_forgotten() -> None:
    gone = pair(Link("id", photo(name="a.jpg"), photo(name="b.jpg")), None, None)
    (forget,) = plan(gone, ends(), Policy())
    assert (forget.op, forget.side, forget.blocked) == (Op.FORGET, None, None)
    assert (forget.album, forget.name, forget.why) == ("2012", "a.jpg", "gone on both sides")


def test_field_that_the_other_side_never_showed_saves_nothing_from_deletion() -> None:
    without_titles = ends(None, Capabilities(reads=EVERY_FIELD - {Field.TITLE}))
    both = only(LEFT, photo(title="A"), photo())
    assert told(plan(both, without_titles, DELETING)) == ["delete left"]


def test_noise_saves_nothing_from_deletion() -> None:
    then, now = photo(taken="2012-07-01T12:00:00"), photo(taken="2012-07-01T12:00:00.5")
    noisy = ends(None, Capabilities(precise=False))
    assert told(plan(only(RIGHT, now, then), noisy, DELETING)) == ["delete right"]
    assert plan(only(RIGHT, now, then), ends(), DELETING)[0].op is Op.CREATE


def test_only_what_both_services_show_is_created() -> None:
    without_titles = ends(None, Capabilities(reads=EVERY_FIELD - {Field.TITLE}))
    (create,) = plan(only(LEFT, photo(title="A", rating=5)), without_titles, Policy())
    assert told((create,)) == ["create right content rating"]
    assert create.metadata == Metadata(rating=5)
    assert create.without == frozenset()


# Why a deletion is not carried here, the weightiest reason first.
KEPT = [
    ("allowed", DELETING, Capabilities(), "", None),
    ("no --delete", Policy(), Capabilities(), "", "deletions are carried only with --delete"),
    ("doubt", DELETING, Capabilities(), "it may be a twin", "it may be a twin"),
    (
        "no trash",
        DELETING,
        Capabilities(delete=False),
        "it may be a twin",
        "here deletes no photos",
    ),
    (
        "no trash, and why",
        DELETING,
        Capabilities(delete=False, no_trash="no trash there: name one"),
        "it may be a twin",
        "no trash there: name one",
    ),
    (
        "the other way",
        Policy(delete=True, writes=frozenset({RIGHT})),
        Capabilities(delete=False),
        "it may be a twin",
        "this run does not write to here",
    ),
]


@pytest.mark.parametrize(
    ("policy", "here", "doubt", "blocked"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT]
)
def test_deletion(policy: Policy, here: Capabilities, doubt: str, blocked: str | None) -> None:
    (delete,) = plan(only(LEFT, photo(), photo(), doubt=doubt), ends(here), policy)
    assert (delete.op, delete.side, delete.blocked) == (Op.DELETE, LEFT, blocked)


# Why a photo is not created there.
NOT_CREATED = [
    ("the other way", Policy(writes=frozenset({LEFT})), {}, "this run does not write to there"),
    ("a closed service", Policy(), {"create": False}, "there takes no new photos"),
    ("a format", Policy(), {"formats": frozenset({"png"})}, "there takes no JPG files"),
    ("a format, in capitals", Policy(), {"formats": frozenset({"jpg"})}, None),
]


@pytest.mark.parametrize(
    ("policy", "there", "blocked"),
    [row[1:] for row in NOT_CREATED],
    ids=[row[0] for row in NOT_CREATED],
)
def test_creation(policy: Policy, there: dict[str, Any], blocked: str | None) -> None:
    services = ends(None, Capabilities(**there))
    (create,) = plan(only(LEFT, photo(name="A.JPG")), services, policy)
    assert (create.op, create.side, create.blocked) == (Op.CREATE, RIGHT, blocked)


def test_an_edit_beats_an_absence_that_is_in_doubt() -> None:
    """Whether it was deleted or moved, the next run would find nothing that is in doubt."""
    edited = only(LEFT, photo(title="A"), photo(), doubt="it may be a twin")
    (create,) = plan(edited, ends(), Policy())
    assert (create.op, create.blocked) == (Op.CREATE, None)


# `accept = heic` turns a refusal into a note, if it is the format that is refused.
ACCEPTED = [
    ("a format that it never takes", "a.HEIC", {"formats": frozenset({"jpg"})}, "heic", True),
    ("another format", "a.tif", {"formats": frozenset({"jpg"})}, "heic", False),
    ("a format that it takes", "a.heic", {"formats": frozenset({"heic"})}, "heic", False),
    ("a service that takes all", "a.heic", {"create": False}, "heic", False),
    (
        "closed to a format that it takes",
        "a.jpg",
        {"create": False, "formats": frozenset({"jpg"})},
        "jpg",
        False,
    ),
]


@pytest.mark.parametrize(
    ("name", "there", "accept", "accepted"),
    [row[1:] for row in ACCEPTED],
    ids=[row[0] for row in ACCEPTED],
)
def test_accepted_refusals(name: str, there: dict[str, Any], accept: str, accepted: bool) -> None:
    policy = Policy(accept={RIGHT: frozenset({accept})})
    (create,) = plan(only(LEFT, photo(name=name)), ends(None, Capabilities(**there)), policy)
    assert create.accepted is accepted


def test_refusal_that_is_accepted_of_one_service_is_news_from_another() -> None:
    picky = Capabilities(formats=frozenset({"jpg"}))
    policy = Policy(accept={RIGHT: frozenset({"heic"})})
    (create,) = plan(only(RIGHT, photo(name="a.heic")), ends(picky, picky), policy)
    assert create.blocked
    assert not create.accepted


# Moves: album and name of the past are 2012/a.jpg; where left and right show the photo now.
MOVES = [
    ("nowhere", "2012/a.jpg", "2012/a.jpg", []),
    ("renamed here", "2012/b.jpg", "2012/a.jpg", ["move right to 2012/b.jpg"]),
    ("renamed there", "2012/a.jpg", "2012/b.jpg", ["move left to 2012/b.jpg"]),
    ("renamed on both, alike", "2012/b.jpg", "2012/b.jpg", ["record"]),
    ("renamed on both, differently", "2012/b.jpg", "2012/c.jpg", ["conflict"]),
    ("to another album here", "2013/a.jpg", "2012/a.jpg", ["move right to 2013/a.jpg"]),
    ("to another album there", "2012/a.jpg", "2013/a.jpg", ["move left to 2013/a.jpg"]),
    ("to one album on both", "2013/a.jpg", "2013/a.jpg", ["record"]),
    (
        "to one album on both, a name here",
        "2013/b.jpg",
        "2013/a.jpg",
        ["record", "move right to 2013/b.jpg"],
    ),
    ("to one album on both, names differ", "2013/b.jpg", "2013/c.jpg", ["record", "conflict"]),
    ("to two albums", "2013/a.jpg", "2014/a.jpg", ["conflict"]),
    ("album and name here", "2013/b.jpg", "2012/a.jpg", ["move right to 2013/b.jpg"]),
    (
        "album here, name there",
        "2013/a.jpg",
        "2012/b.jpg",
        ["move left to 2013/b.jpg", "move right to 2013/b.jpg"],
    ),
    (
        "album here, names differ",
        "2013/b.jpg",
        "2012/c.jpg",
        ["move right to 2013/c.jpg", "conflict"],
    ),
    (
        "name here, albums differ",
        "2013/b.jpg",
        "2014/a.jpg",
        ["move right to 2014/b.jpg", "conflict"],
    ),
]


def moved(left: str, right: str, **said: Any) -> Pair:
    left_album, _, left_name = left.rpartition("/")
    right_album, _, right_name = right.rpartition("/")
    base = Link("id", photo(name="a.jpg"), photo(name="a.jpg"))
    here, there = photo(name=left_name, **said), photo(name=right_name)
    return pair(base, here, there, left_album=left_album, right_album=right_album)


@pytest.mark.parametrize(
    ("left", "right", "done"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES]
)
def test_moves(left: str, right: str, done: list[str]) -> None:
    assert told(plan(moved(left, right), ends(), Policy())) == done


@pytest.mark.parametrize(
    ("prefer", "done"),
    [(LEFT, ["move right to 2013/b.jpg"]), (RIGHT, ["move left to 2014/c.jpg"])],
)
def test_preferred_side_says_where_a_photo_goes(prefer: Side, done: list[str]) -> None:
    assert told(plan(moved("2013/b.jpg", "2014/c.jpg"), ends(), Policy(prefer=prefer))) == done


def test_move_is_told_in_words() -> None:
    (renamed,) = plan(moved("2012/b.jpg", "2012/a.jpg"), ends(), Policy())
    assert (renamed.album, renamed.name, renamed.why) == ("2012", "a.jpg", "moved on here to b.jpg")
    (carried,) = plan(moved("2012/a.jpg", "b.jpg"), ends(), Policy())
    assert (carried.album, carried.name) == ("2012", "a.jpg")
    assert (carried.to, carried.why) == (("", "b.jpg"), "moved on there to b.jpg")
    (dispute,) = plan(moved("2013/a.jpg", "b/a.jpg"), ends(), Policy())
    assert (dispute.album, dispute.name) == ("2013", "a.jpg")
    assert dispute.why == "moved on both sides, on there to b/a.jpg"


def test_names_that_differed_when_both_agreed_are_no_move() -> None:
    base = Link("id", photo(name="a.jpg"), photo(name="a-2.jpg"))
    assert plan(pair(base, base.left, base.right), ends(), Policy()) == ()
    renamed = pair(base, photo(name="b.jpg"), base.right)
    assert told(plan(renamed, ends(), Policy())) == ["move right to 2012/b.jpg"]


def test_strangers_keep_their_names() -> None:
    both = pair(None, photo(name="a.jpg"), photo(name="DSC1.JPG"))
    (record,) = plan(both, ends(), Policy())
    assert told((record,)) == ["record content"]
    assert record.link is not None
    assert (record.link.left.name, record.link.right.name) == ("a.jpg", "DSC1.JPG")


IMMOVABLE = [
    ("the other way", Policy(writes=frozenset({LEFT})), {}, "this run does not write to there"),
    ("closed", Policy(), {"closed": "there is too new"}, "there is too new"),
]


@pytest.mark.parametrize(
    ("policy", "there", "blocked"),
    [row[1:] for row in IMMOVABLE],
    ids=[row[0] for row in IMMOVABLE],
)
def test_move_that_is_not_done_stays_open(
    policy: Policy, there: dict[str, Any], blocked: str
) -> None:
    both = moved("2013/b.jpg", "2012/a.jpg", title="A")
    both = replace(both, right=photo(name="a.jpg", title="A"))
    services = ends(None, Capabilities(**there))
    record, move = plan(both, services, policy)
    assert told((record, move)) == ["record title", f"move right to 2013/b.jpg ({blocked})"]
    assert record.link is not None
    assert (record.link.left.name, record.link.left.version) == ("a.jpg", "")
    assert told(plan(replace(both, base=record.link), services, policy)) == told((move,))


def test_names_of_strangers_are_nothing_to_be_done_about() -> None:
    left, right = photo(name="a.jpg"), photo(name="DSC1.JPG")
    assert are_named(None, left, right, ends(), Policy())
    assert are_named(Link("id", left, right), left, right, ends(), Policy())
    assert not are_named(Link("id", left, left), left, right, ends(), Policy())


def test_photo_is_renamed_where_it_cannot_be_moved() -> None:
    unmoving = ends(None, Capabilities(moves=False))
    both = moved("2012/b.jpg", "2012/a.jpg")
    assert told(plan(both, unmoving, Policy())) == ["move right to 2012/b.jpg"]


def test_photo_that_cannot_get_into_its_album_gets_its_name_all_the_same() -> None:
    unmoving = ends(None, Capabilities(moves=False))
    name, album = plan(moved("2013/b.jpg", "2012/a.jpg"), unmoving, Policy())
    assert (name.to, name.blocked) == (("2012", "b.jpg"), None)
    assert album.to == ("2013", "b.jpg")
    assert album.blocked == "there cannot move photos to another album"


# The same on a right side that cannot rename: its names are its own.
OWN_NAMES = [
    ("renamed here", "2012/b.jpg", "2012/a.jpg", Policy(), ["record"]),
    ("renamed there", "2012/a.jpg", "2012/b.jpg", Policy(), ["move left to 2012/b.jpg"]),
    ("on both, differently", "2012/b.jpg", "2012/c.jpg", Policy(), ["conflict"]),
    ("ours", "2012/b.jpg", "2012/c.jpg", Policy(prefer=LEFT), ["record"]),
    ("album and name here", "2013/b.jpg", "2012/a.jpg", Policy(), ["move right to 2013/a.jpg"]),
]


@pytest.mark.parametrize(
    ("left", "right", "policy", "done"),
    [row[1:] for row in OWN_NAMES],
    ids=[row[0] for row in OWN_NAMES],
)
def test_names_of_a_side_that_cannot_rename(
    left: str, right: str, policy: Policy, done: list[str]
) -> None:
    services = ends(None, Capabilities(renames=False))
    both = moved(left, right)
    actions = plan(both, services, policy)
    assert told(actions) == done
    if done == ["record"]:
        assert plan(replace(both, base=actions[0].link), services, policy) == ()


# A service to which nothing at all is written says why.
CLOSED = [
    ("new", only(LEFT, photo())),
    ("deleted", only(RIGHT, photo(), photo())),
    ("renamed", moved("2012/b.jpg", "2012/a.jpg")),
    ("edited", pair(Link("id", photo(), photo()), photo(title="A"), photo())),
]


@pytest.mark.parametrize("change", [row[1] for row in CLOSED], ids=[row[0] for row in CLOSED])
def test_nothing_is_written_to_a_closed_service(change: Pair) -> None:
    why = "there is newer than this img-sync"
    (action,) = plan(change, ends(None, Capabilities(closed=why)), DELETING)
    assert action.blocked == why


def test_photo_has_one_conflict_at_most() -> None:
    both = moved("2012/b.jpg", "2012/c.jpg", rating=5)
    assert both.right is not None
    both = replace(both, right=replace(both.right, metadata=Metadata(rating=2)))
    (conflict,) = plan(both, ends(), Policy())
    assert told((conflict,)) == ["conflict rating"]
    assert conflict.why == "moved on both sides, on there to 2012/c.jpg; changed on both sides"


def test_photo_is_moved_before_it_is_updated() -> None:
    both = moved("2012/b.jpg", "2012/a.jpg", title="A")
    assert told(plan(both, ends(), Policy())) == [
        "move right to 2012/b.jpg",
        "update right title",
    ]


# Runs about some fields only. Create, move and delete need the picture to be among them.
THEN = photo(title="A", tags=frozenset("a"))
PARTIAL = [
    ("new", pair(None, THEN, None), []),
    ("gone there", only(LEFT, THEN, THEN), []),
    ("gone there, edited here", only(LEFT, photo(), THEN), []),
    ("gone on both", pair(Link("id", THEN, THEN), None, None), ["forget"]),
    ("renamed here", moved("2012/b.jpg", "2012/a.jpg"), []),
    ("to another album there", moved("2012/a.jpg", "2013/a.jpg"), []),
    ("renamed on both, differently", moved("2012/b.jpg", "2012/c.jpg"), []),
    ("renamed on both, alike", moved("2012/b.jpg", "2012/b.jpg"), ["record"]),
    ("painted over", pair(Link("id", photo("P"), photo("P")), photo("Q"), photo("P")), []),
    ("strangers with one picture", pair(None, photo(), photo()), ["record content"]),
    (
        "a tag and a title",
        pair(Link("id", photo(), photo()), THEN, photo()),
        ["update right tags"],
    ),
    (
        "renamed here, a tag on both",
        replace(moved("2012/b.jpg", "2012/a.jpg", tags=frozenset("a")), right=THEN),
        ["record tags"],
    ),
]


@pytest.mark.parametrize(
    ("both", "done"), [row[1:] for row in PARTIAL], ids=[row[0] for row in PARTIAL]
)
def test_run_about_tags_only(both: Pair, done: list[str]) -> None:
    policy = Policy(fields=frozenset({Field.TAGS}), delete=True)
    assert told(plan(both, ends(), policy)) == done


@pytest.mark.parametrize("change", ["name", "album"])
def test_move_is_carried_by_the_next_full_run(change: str) -> None:
    """A run about other fields remembers neither the new name nor the new album."""
    path = "2012/b.jpg" if change == "name" else "2013/a.jpg"
    both = moved(path, "2012/a.jpg", tags=frozenset("a"))
    both = replace(both, right=photo(tags=frozenset("a"), title="B"))
    (record,) = plan(both, ends(), Policy(fields=frozenset({Field.TAGS})))
    assert told((record,)) == ["record tags"]
    assert record.album == both.left_album
    both = replace(both, base=record.link)
    assert told(plan(both, ends(), Policy())) == [f"move right to {path}", "update left title"]


def test_fields_left_out_keep_their_past() -> None:
    here, there = photo(title="A", tags=frozenset("a")), photo(title="B", tags=frozenset("b"))
    skipping = Policy(fields=EVERY_FIELD - {Field.TITLE})
    record, *_ = plan(pair(None, here, there), ends(), skipping)
    assert record.link is not None
    assert record.link.left.metadata.title == record.link.right.metadata.title == ""
    assert record.link.left.version == record.link.right.version == ""
    (conflict,) = plan(pair(record.link, photo(title="A"), photo(title="B")), ends(), Policy())
    assert told((conflict,)) == ["conflict title"]


STRIPPING = Capabilities(strips=frozenset({"jpg"}))
SECRET = photo("Q", title="A", rating=5)


@pytest.mark.parametrize(
    "both",
    [
        pytest.param(only(LEFT, SECRET), id="a new photo"),
        pytest.param(only(LEFT, SECRET, photo()), id="one that is sent again"),
        pytest.param(pair(Link("id", photo(), photo()), SECRET, photo()), id="another picture"),
    ],
)
def test_skipped_fields_do_not_travel_inside_the_bytes(both: Pair) -> None:
    skipping = Policy(fields=EVERY_FIELD - {Field.TITLE, Field.LABEL, Field.RATING})
    (action,) = plan(both, ends(STRIPPING), skipping)
    assert (action.side, action.fields) == (RIGHT, (Field.CONTENT,))
    assert action.without == {Field.TITLE, Field.RATING}
    assert action.metadata == Metadata()
    assert action.blocked is None
    (action,) = plan(both, ends(), skipping)
    assert action.blocked == "here cannot give a copy of JPG files without title, rating"


def test_update_without_bytes_carries_nothing_hidden() -> None:
    both = pair(Link("id", photo(), photo()), photo(title="A", rating=5), photo())
    (update,) = plan(both, ends(), Policy(fields=frozenset({Field.RATING, Field.CONTENT})))
    assert told((update,)) == ["update right rating"]
    assert update.without == frozenset()


def test_field_that_says_nothing_needs_no_hiding() -> None:
    (create,) = plan(
        only(LEFT, photo(rating=5)), ends(), Policy(fields=EVERY_FIELD - {Field.TITLE})
    )
    assert told((create,)) == ["create right content rating"]
