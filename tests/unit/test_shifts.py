"""Which albums can be moved as they should be, row by row."""

from __future__ import annotations

import pytest

from imgsync.albums import detour, home
from imgsync.atlas import Place
from imgsync.model import Album, Field, Metadata, Side
from imgsync.plan import End, Ends, Policy
from imgsync.service import Capabilities
from imgsync.shifts import shift

L, R = Side.LEFT, Side.RIGHT


def ends(*, moves_albums: bool = True) -> Ends:
    def as_it_is(metadata: Metadata) -> Metadata:
        return metadata

    return Ends(
        End("local", Capabilities(), as_it_is),
        End("nas", Capabilities(moves_albums=moves_albums), as_it_is),
    )


def place(left: str, right: str | None, move: Side | None = None, to: str = "") -> Place:
    album = None if right is None else Album(f"ref of {right}", right)
    where = left if right is None else right
    return Place(left, left=Album(left, left), right=album, right_path=where, move=move, to=to)


# Folders here, their albums there, the side on which they are moved, and to where; then, for
# each: its key, from where it is moved, and why it is not.
ROWS = {
    "a swap": (
        [place("a", "b", R, "a"), place("b", "a", R, "b")],
        [("a", "b", None), ("b", "a", None)],
    ),
    "a swap here: keys are paths after the moves": (
        [place("a", "b", L, "b"), place("b", "a", L, "a")],
        [("b", "a", None), ("a", "b", None)],
    ),
    "an inner album goes along": (
        [place("a", "x", L, "x"), place("a/in", "x/in")],
        [("x", "a", None), ("x/in", "", None)],
    ),
    "one that is to stay is moved from where it was taken to": (
        [place("a", "x", L, "x"), place("a/in", "a/in", L, "a/in")],
        [("x", "a", None), ("a/in", "x/in", None)],
    ),
    "another stays at the path": (
        [place("a", "b", L, "b"), place("b", None)],
        [("a", "a", "another album stands at b on local"), ("b", "", None)],
    ),
    "who waits for one that cannot move waits too": (
        [place("a", "b", L, "b"), place("b", "c", L, "c"), place("c", None)],
        [
            ("a", "a", "another album stands at b on local"),
            ("b", "b", "another album stands at c on local"),
            ("c", "", None),
        ],
    ),
    "nothing is moved below one that stays behind": (
        [place("a", "b", L, "b"), place("b", None), place("c", "b/c", L, "b/c")],
        [
            ("a", "a", "another album stands at b on local"),
            ("b", "", None),
            ("c", "c", "another album stands at b/c on local"),
        ],
    ),
    "a folder that is gone is remembered there": (
        [place("a", "gone", L, "gone")],
        [("a", "a", "another album stands at gone on local")],
    ),
}


@pytest.mark.parametrize(("places", "wanted"), ROWS.values(), ids=ROWS)
def test_moves(places: list[Place], wanted: list[tuple[str, str, str | None]]) -> None:
    shift(places, ends(), Policy(), missing={"gone"})
    assert [(p.key, p.at if p.move else "", p.blocked) for p in places] == wanted


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
    moved, new, inner = place("b", "a", R, "b"), place("a", None), place("a/in", None)
    shift([new, inner, moved], ends(moves_albums=there), policy, missing=())
    assert moved.blocked == why
    assert new.crowded == inner.crowded == "another album stands at a on nas"


def test_an_album_on_a_detour_is_at_home_beside_it() -> None:
    assert detour("2019/Sea") == "2019/(being moved by img-sync) Sea"
    assert home(detour("2019/Sea")) == "2019/Sea"
    assert home(detour("2019") + "/Sea") == "2019/Sea"
    assert home("") == ""
