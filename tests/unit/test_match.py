"""Which photo here is which photo there: by ref, by picture."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgsync.match import Leftovers, by_ref, relink
from imgsync.model import Link, Metadata, Pair, Photo, Side

LEFT, RIGHT = Side.LEFT, Side.RIGHT


def photo(name: str, picture: str = "", **more: Any) -> Photo:
    """A photo whose ref is its name, as in a folder."""
    return replace(Photo(name, name, content=f"image:{picture}" if picture else "7"), **more)


def photos(text: str) -> list[Photo]:
    """`"a=P b=Q"`: a photo named a with the picture P, and b with Q."""
    return [photo(*word.split("=")) for word in text.split()]


def links(text: str) -> list[Link]:
    """`"a=P b=Q"`: two photos that both sides showed so when they agreed."""
    return [Link(past.name, past, past) for past in photos(text)]


def shown(text: str) -> dict[str, Photo]:
    return {photo.ref: photo for photo in photos(text)}


def told(pairs: list[Pair]) -> list[str]:
    """Pairs in words: the link, and what left and right show; `-` is nothing."""
    return [
        " ".join(
            [
                pair.base.id if pair.base else "-",
                pair.left.name if pair.left else "-",
                pair.right.name if pair.right else "-",
                *(["?"] if pair.doubt else []),
            ]
        )
        for pair in pairs
    ]


def search(past: str, left: str, right: str) -> tuple[list[str], str, str]:
    """The pairs of all links, and the names of the strangers left over on both sides."""
    whole, rest = by_ref("2012", links(past), shown(left), shown(right))
    relink(rest)
    here, there = (
        " ".join(photo.name for photo in rest.strangers[side].get("2012", [])) for side in Side
    )
    return sorted(told(whole + rest.links)), here, there


# One album: its links, what left and right show; then the pairs, and the strangers of each side.
LINKED = [
    ("as they were", "a=P b=Q", "a=P b=Q", "a=P b=Q", ["a a a", "b b b"], "", ""),
    ("new here", "a=P", "a=P b=Q", "a=P", ["a a a"], "b", ""),
    ("gone here", "a=P b=Q", "a=P", "a=P b=Q", ["a a a", "b - b"], "", ""),
    ("gone on both", "a=P", "", "", ["a - -"], "", ""),
    ("renamed here", "a=P", "c=P", "a=P", ["a c a"], "", ""),
    ("renamed on both", "a=P", "c=P", "d=P", ["a c d"], "", ""),
    ("painted over here", "a=P", "a=Q", "a=P", ["a a a"], "", ""),
    ("painted over on both", "a=P", "a=Q", "a=R", ["a a a"], "", ""),
    ("painted over here, gone there", "a=P", "a=Q", "", ["a a -"], "", ""),
    ("renamed and painted over here", "a=P", "c=Q", "a=P", ["a - a"], "c", ""),
    ("copied here", "a=P", "a=P c=P", "a=P", ["a a a"], "c", ""),
    ("renamed, then painted over", "a=P", "a=Q c=P", "a=P", ["a c a"], "a", ""),
    ("names swapped here", "a=P b=Q", "a=Q b=P", "a=P b=Q", ["a b a", "b a b"], "", ""),
    ("names swapped on both", "a=P b=Q", "a=Q b=P", "a=Q b=P", ["a b b", "b a a"], "", ""),
    ("names in a ring", "a=P b=Q c=R", "a=R b=P c=Q", "c=R", ["a b -", "b c -", "c a c"], "", ""),
    ("names in a chain", "a=P b=Q", "b=P c=Q", "a=P b=Q", ["a b a", "b c b"], "", ""),
    ("another took the name of one gone", "a=P b=Q", "a=Q", "a=P b=Q", ["a - a", "b a b"], "", ""),
    ("no digest here", "a", "a", "a=P", ["a a a"], "", ""),
    ("no digest, renamed", "a", "c", "a=P", ["a - a"], "c", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("past", "left", "right", "pairs", "here", "there"),
    [row[1:] for row in LINKED],
    ids=[row[0] for row in LINKED],
)
def test_links_find_their_photos(
    past: str, left: str, right: str, pairs: list[str], here: str, there: str
) -> None:
    assert search(past, left, right) == (pairs, here, there)
    mirrored = [" ".join([p.split()[0], p.split()[2], p.split()[1]]) for p in pairs]
    assert search(past, right, left) == (mirrored, there, here)


# A link whose halves have nothing in common but what they are of: a file here, an id there.
HALVES = [
    ("as they were", "a.jpg=P", "17=R", ["id a.jpg 17"]),
    ("renamed here", "b.jpg=P", "17=R", ["id b.jpg 17"]),
    ("another id there", "a.jpg=P", "18=R", ["id a.jpg 18"]),
    ("gone here", "b.jpg=Q", "17=R", ["id - 17"]),
    ("gone there", "a.jpg=P", "18=S", ["id a.jpg -"]),
    ("the refs of the other side", "17=Q", "a.jpg=S", ["id - -"]),
    ("the pictures of the other side", "a.jpg=R", "17=P", ["id a.jpg 17"]),
]


@pytest.mark.parametrize(
    ("left", "right", "pairs"), [row[1:] for row in HALVES], ids=[row[0] for row in HALVES]
)
def test_each_half_finds_its_own_photo(left: str, right: str, pairs: list[str]) -> None:
    past = Link("id", photo("a.jpg", "P"), photo("17", "R"))
    whole, rest = by_ref("2012", [past], shown(left), shown(right))
    found = len(whole)
    relink(rest)
    assert told(whole + rest.links) == pairs
    assert found == (1 if (left, right) == ("a.jpg=P", "17=R") else 0)


def test_photos_that_are_found_are_whole_at_once() -> None:
    whole, rest = by_ref("2012", links("a=P b=Q"), shown("a=P"), shown("a=P b=Q"))
    (pair,) = whole
    assert (pair.album, pair.left_album, pair.right_album) == ("2012", "2012", "2012")
    assert told(rest.links) == ["b - b"]
    assert rest.strangers == {LEFT: {}, RIGHT: {}}


def test_photo_that_may_have_another_picture_is_still_found_by_its_ref() -> None:
    """Only unequal picture digests say that somebody else got the name."""
    past = photo("a", digests=frozenset({"sha1:1"}))
    now = replace(past, content="8", digests=frozenset({"sha1:2"}))
    whole, _ = by_ref("2012", [Link("a", past, past)], {"a": now}, {"a": past})
    assert told(whole) == ["a a a"]


def test_link_finds_its_photo_in_any_album() -> None:
    _, rest = by_ref("2012", links("a=P"), {}, shown("a=P"))
    _, other = by_ref("2013", [], shown("x=P"), {})
    rest.add(other)
    relink(rest)
    (pair,) = rest.links
    assert told([pair]) == ["a x a"]
    assert (pair.album, pair.left_album, pair.right_album) == ("2012", "2013", "2012")
    assert rest.strangers[LEFT] == {"2013": []}


@pytest.mark.parametrize(
    ("here", "elsewhere", "pairs", "new"),
    [
        ("a=P c=P", "", ["a a a", "b c a"], []),  # renamed
        ("a=P", "", ["a a a", "b - -"], []),  # gone
        ("a=P", "b=P", ["a a a", "b - -"], ["b"]),  # moved
        ("", "", ["a - a", "b - a"], []),  # both gone
    ],
)
def test_of_twins_that_are_one_photo_there_one_may_go(
    here: str, elsewhere: str, pairs: list[str], new: list[str]
) -> None:
    """The photo there stays for the other."""
    past = photo("a", "P")
    both = [Link("a", past, past), Link("b", photo("b", "P"), past)]
    whole, rest = by_ref("2012", both, shown(here), {"a": past})
    rest.add(by_ref("2013", [], shown(elsewhere), {})[1])
    relink(rest)
    assert told(whole + rest.links) == pairs
    assert [photo.name for photo in rest.strangers[LEFT].get("2013", [])] == new


def test_leftovers_of_one_album_are_put_together() -> None:
    _, rest = by_ref("2012", links("a=P"), shown("b=Q"), {})
    _, more = by_ref("2012", links("c=R"), shown("d=S"), {})
    rest.add(more)
    assert told(rest.links) == ["a - -", "c - -"]
    assert [photo.name for photo in rest.strangers[LEFT]["2012"]] == ["b", "d"]


def test_old_ref_counts_in_its_own_album_only() -> None:
    rest = Leftovers()
    rest.add(by_ref("2012", links("a=P"), {}, shown("a=P"))[1])
    rest.add(by_ref("2013", [], shown("a=Q"), {})[1])
    relink(rest)
    assert told(rest.links) == ["a - a"]
    assert [photo.name for photo in rest.strangers[LEFT]["2013"]] == ["a"]


def test_photo_is_known_by_any_checksum_that_both_show() -> None:
    past = photo("id 1", digests=frozenset({"sha1:1", "md5:1"}))
    now = photo("id 2", digests=frozenset({"md5:1"}))
    _, rest = by_ref("2012", [Link("a", past, past)], {"id 2": now}, {"id 1": past})
    relink(rest)
    assert told(rest.links) == ["a id 2 id 1"]


# Twins: links a and b have lost their photos, c and d of the same picture have turned up. What a
# and c have in common, and b and d.
SIGNS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("versions", {"version": "1"}, {"version": "2"}),
    ("names", {"name": "a.jpg"}, {"name": "b.jpg"}),
    ("sizes", {"size": 1}, {"size": 2}),
    ("times", {"metadata": Metadata(taken="2012")}, {"metadata": Metadata(taken="2013")}),
]


def reunite(a: Photo, b: Photo, c: Photo, d: Photo) -> list[str]:
    """The refs of what links a and b find on the left."""
    _, rest = by_ref("2012", [Link("a", a, a), Link("b", b, b)], {c.ref: c, d.ref: d}, {})
    relink(rest)
    return [pair.left.ref if pair.left else "" for pair in rest.links]


@pytest.mark.parametrize(
    ("first", "second"), [row[1:] for row in SIGNS], ids=[row[0] for row in SIGNS]
)
def test_twins_are_told_apart(first: dict[str, Any], second: dict[str, Any]) -> None:
    a, b, c, d = photos("a=P b=P c=P d=P")
    assert reunite(a, b, c, d) == ["", ""]
    a, b, c, d = (
        replace(a, **first),
        replace(b, **second),
        replace(c, **first),
        replace(d, **second),
    )
    assert reunite(a, b, c, d) == reunite(a, b, d, c) == ["c", "d"]
    assert reunite(a, b, c, replace(c, ref="d")) == ["", ""]


@pytest.mark.parametrize("surer", range(len(SIGNS) - 1))
def test_surer_sign_tells_twins_apart(surer: int) -> None:
    """The version before the name, that before the size, and that before the time."""
    (_, first, second), (_, one, other) = SIGNS[surer], SIGNS[surer + 1]
    a, b, c, d = photos("a=P b=P c=P d=P")
    a, b = replace(a, **first, **one), replace(b, **second, **other)
    c, d = replace(c, **first, **other), replace(d, **second, **one)
    assert reunite(a, b, c, d) == ["c", "d"]


@pytest.mark.parametrize(
    ("first", "second"), [({"version": "1"}, {"version": "2"}), ({"size": 1}, {"size": 2})]
)
def test_what_is_unknown_tells_no_twins_apart(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    a, b, c, d = photos("a=P b=P c=P d=P")
    assert reunite(a, replace(b, **first), c, replace(d, **second)) == ["", ""]


def test_twin_that_is_found_is_out_of_the_way_of_the_others() -> None:
    a, b, c, d = photos("a=P b=P c=P d=P")
    assert reunite(a, b, replace(c, name="a"), d) == ["c", "d"]


@pytest.mark.parametrize("albums", [("", "2012"), ("2012", "")])
def test_twins_of_two_albums_stay_in_theirs(albums: tuple[str, str]) -> None:
    rest = Leftovers()
    for number, album in enumerate(albums):
        rest.add(
            by_ref(album, links(f"a{number}=P"), shown(f"b{number}=P"), shown(f"a{number}=P"))[1]
        )
    relink(rest)
    assert told(rest.links) == ["a0 b0 a0", "a1 b1 a1"]


# Twins that nothing tells apart: no move is made up, and no deletion is sure.
CONFUSED = [
    ("two renamed", "a=P b=P", "c=P d=P", "a=P b=P", ["a - a ?", "b - b ?"], "c d"),
    ("one renamed, one gone", "a=P b=P", "c=P", "a=P b=P", ["a - a ?", "b - b ?"], "c"),
    ("one renamed and copied", "a=P", "c=P d=P", "a=P", ["a - a ?"], "c d"),
    ("one renamed, one as it was", "a=P b=P", "a=P c=P", "a=P b=P", ["a a a", "b c b"], ""),
    ("both gone", "a=P b=P", "", "a=P b=P", ["a - a", "b - b"], ""),
    ("one renamed on both", "a=P b=P", "b=P c=P", "b=P d=P", ["a c d", "b b b"], ""),
]


@pytest.mark.parametrize(
    ("past", "left", "right", "pairs", "here"),
    [row[1:] for row in CONFUSED],
    ids=[row[0] for row in CONFUSED],
)
def test_twins_that_nothing_tells_apart(
    past: str, left: str, right: str, pairs: list[str], here: str
) -> None:
    assert search(past, left, right)[:2] == (pairs, here)


def test_doubt_about_one_side_outlasts_what_is_found_on_the_other() -> None:
    pairs, here, there = search("a=P b=P", "c=P d=P", "b=P x=P")
    assert (pairs, here, there) == (["a - x ?", "b - b ?"], "c d", "")
    pairs, here, there = search("a=P b=P", "b=P x=P", "c=P d=P")
    assert (pairs, here, there) == (["a x - ?", "b b - ?"], "", "c d")


def test_old_ref_ends_a_doubt() -> None:
    """A photo of which there are two copies was painted over: it is still at its name."""
    pairs, here, _ = search("a=P", "a=Q c=P d=P", "a=P")
    assert (pairs, here) == (["a a a"], "c d")


ALBUM = st.lists(
    st.builds(
        photo,
        st.sampled_from("abcdef"),
        st.sampled_from(["P", "Q", "R", ""]),
        size=st.integers(0, 2),
        digests=st.frozensets(st.sampled_from(["sha1:1", "sha1:2"]), max_size=1),
    ),
    unique_by=lambda photo: photo.ref,
)


@given(ALBUM, ALBUM, ALBUM, ALBUM)
def test_every_photo_is_in_one_pair_or_a_stranger(
    past_left: list[Photo], past_right: list[Photo], left: list[Photo], right: list[Photo]
) -> None:
    past = [Link(a.ref, a, b) for a, b in zip(past_left, past_right, strict=False)]
    whole, rest = by_ref(
        "2012", past, {photo.ref: photo for photo in left}, {photo.ref: photo for photo in right}
    )
    relink(rest)
    pairs = whole + rest.links
    assert sorted(pair.base.id for pair in pairs if pair.base) == sorted(link.id for link in past)
    for side, there in ((LEFT, left), (RIGHT, right)):
        found = [p for pair in pairs if (p := pair.photo(side))]
        seen = found + rest.strangers[side].get("2012", [])
        assert sorted(photo.ref for photo in seen) == sorted(photo.ref for photo in there)


def test_link_that_stands_in_two_albums_is_one() -> None:
    here = photo("a.jpg", "1")
    link = Link("id", here, here)
    halves = [Pair("A", link, here, None, "A", "A"), Pair("B", link, None, here, "B", "B")]
    rest = Leftovers(links=halves)
    relink(rest)
    one, double = rest.links
    assert (one.left, one.left_album, one.right, one.right_album) == (here, "A", here, "B")
    assert (double.left, double.right) == (None, None)


def test_photo_that_a_double_has_found_is_a_stranger() -> None:
    here = photo("a.jpg", "1")
    link = Link("id", here, here)
    rest = Leftovers(links=[Pair("B", link, here, None, "B", "B")], whole={"id"})
    relink(rest)
    assert rest.strangers[Side.LEFT] == {"B": [here]}
    assert [(pair.left, pair.right) for pair in rest.links] == [(None, None)]


def test_a_folder_in_which_all_photos_are_others_now_is_matched_soon() -> None:
    """Not each is compared with each: for a large folder that would be hours."""
    count = 5000
    past = [
        Link(str(n), photo(f"{n}.jpg", f"{n}"), Photo(str(n), f"{n}.jpg", content="7"))
        for n in range(count)
    ]
    here = {f"new {n}.jpg": photo(f"new {n}.jpg", f"new {n}") for n in range(count)}
    _, rest = by_ref("2012", past, here, {link.right.ref: link.right for link in past})
    begun = time.process_time()
    relink(rest)
    assert time.process_time() - begun < 5
    assert [pair.left for pair in rest.links] == [None] * count
    assert len(rest.strangers[LEFT]["2012"]) == count
