"""Which albums can be moved as they should be, row by row."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from imgsync.albums import Folder, detour, home, pair_albums
from imgsync.atlas import Ground, Place
from imgsync.model import Album, Field, Metadata, Side
from imgsync.plan import End, Ends, Policy
from imgsync.service import Capabilities
from imgsync.shifts import shift
from imgsync.state import AlbumThere

GROUND = Ground()
L, R = Side.LEFT, Side.RIGHT


def ends(*, moves_albums: bool = True) -> Ends:
    def as_it_is(metadata: Metadata) -> Metadata:
        return metadata

    return Ends(
        End("local", Capabilities(), as_it_is),
        End("nas", Capabilities(moves_albums=moves_albums), as_it_is),
    )


class Row(NamedTuple):
    """An album: its folder here and its path there when both last agreed, and now.

    `past` is "" for a folder that is new.
    """

    past: str
    here: str
    there: str | None


def found(rows: list[Row]) -> list[Place]:
    folders, rights = [], []
    for row in rows:
        then = AlbumThere(f"ref of {row.past}", row.past, f"/top/{row.past}", row.past)
        folder = Folder(Album(row.here, row.here), f"/top/{row.here}", then if row.past else None)
        folders.append(folder)
        if row.there is not None:
            rights.append(Album(f"ref of {row.past}", row.there))
    return pair_albums(folders, rights, GROUND, ends())


CIRCLE = (
    "moved so on local and nas that it would stand in itself, with b/a in between: move one of them"
    " back, or let a side decide with --prefer"
)

# The albums; then for each, by its path here: its key afterwards, its move as "side from -> to",
# and what keeps it from being done.
ROWS: dict[str, tuple[list[Row], dict[str, tuple[str, str, str | None]]]] = {
    "a swap here": (
        [Row("a", "b", "a"), Row("b", "a", "b")],
        {"b": ("b", "right a -> b", None), "a": ("a", "right b -> a", None)},
    ),
    "a swap there: keys are paths after the moves": (
        [Row("a", "a", "b"), Row("b", "b", "a")],
        {"a": ("b", "left a -> b", None), "b": ("a", "left b -> a", None)},
    ),
    "an inner album goes along": (
        [Row("a", "a", "x"), Row("a/in", "a/in", "x/in")],
        {"a": ("x", "left a -> x", None), "a/in": ("x/in", "", None)},
    ),
    "one moved out of one that is renamed": (
        [Row("a", "a", "x"), Row("a/in", "out", "x/in")],
        {"a": ("x", "left a -> x", None), "out": ("out", "right x/in -> out", None)},
    ),
    "both levels renamed, each by a side of its own": (
        [Row("a", "a", "x"), Row("a/in", "a/out", "x/in")],
        {"a": ("x", "left a -> x", None), "a/out": ("x/out", "right x/in -> x/out", None)},
    ),
    "renamed alike on both sides": (
        [Row("a", "x", "x")],
        {"x": ("x", "", None)},
    ),
    "renamed on both sides": (
        [Row("a", "x", "y")],
        {"x": ("x", "", "moved on both sides, on nas to y")},
    ),
    "moved into each other": (
        [Row("a", "b/a", "a"), Row("b", "b", "a/b")],
        {"b": ("b", "", CIRCLE), "b/a": ("b/a", "", None)},
    ),
    "another stays at the path": (
        [Row("a", "a", "b"), Row("", "b", None)],
        {"a": ("a", "left a -> b", "another album stands at b on local"), "b": ("b", "", None)},
    ),
    "who waits for one that cannot move waits too": (
        [Row("a", "a", "b"), Row("b", "b", "c"), Row("", "c", None)],
        {
            "a": ("a", "left a -> b", "another album stands at b on local"),
            "b": ("b", "left b -> c", "another album stands at c on local"),
            "c": ("c", "", None),
        },
    ),
    "a folder that is gone is remembered there": (
        [Row("a", "a", "gone")],
        {"a": ("a", "left a -> gone", "another album stands at gone on local")},
    ),
}


@pytest.mark.parametrize(("rows", "wanted"), ROWS.values(), ids=ROWS)
def test_moves(rows: list[Row], wanted: dict[str, tuple[str, str, str | None]]) -> None:
    places = found(rows)
    shift(places, ends(), Policy(), GROUND, missing={"gone"})
    shown = {}
    for place in places:
        assert place.left is not None
        move, why = "", place.disputed or None
        for side, (to, blocked) in place.moves.items():
            album = place.album(side)
            assert album is not None
            move, why = f"{side} {album.path} -> {to}", blocked
        shown[place.left.path] = place.key, move, why
    assert shown == wanted


@pytest.mark.parametrize(("prefer", "keys"), [(L, {"b", "b/a"}), (R, {"a", "a/b"})])
def test_a_side_decides_about_folders_in_each_other(prefer: Side, keys: set[str]) -> None:
    places = found([Row("a", "b/a", "a"), Row("b", "b", "a/b")])
    shift(places, ends(), Policy(prefer=prefer), GROUND)
    assert {place.key for place in places} == keys
    assert not any(place.disputed for place in places)
    moves = [(side, move.blocked) for place in places for side, move in place.moves.items()]
    assert set(moves) == {(prefer.other, None)}


@pytest.mark.parametrize(
    ("policy", "there", "why"),
    [
        (Policy(writes=frozenset({L})), True, "this run does not write to nas"),
        (Policy(fields=frozenset({Field.TAGS})), True, "this run does not write to nas"),
        (Policy(), False, "nas cannot move or rename albums"),
    ],
    ids=["one way", "tags only", "cannot"],
)
def test_what_is_not_moved_keeps_its_path(policy: Policy, there: bool, why: str) -> None:
    places = found([Row("a", "b", "a"), Row("", "a", None), Row("", "a/in", None)])
    shift(places, ends(moves_albums=there), policy, GROUND)
    new, inner, moved = places
    assert moved.moves[R].blocked == why
    assert new.crowded == inner.crowded == "another album stands at a on nas"


def test_an_album_on_a_detour_is_at_home_beside_it() -> None:
    assert detour("2019/Sea") == "2019/(being moved by img-sync) Sea"
    assert home(detour("2019/Sea")) == "2019/Sea"
    assert home(detour("2019") + "/Sea") == "2019/Sea"
    assert home("") == ""
