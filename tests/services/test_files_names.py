"""Names that come in from elsewhere are made harmless."""

from __future__ import annotations

import pytest

from imgsync.errors import Rejected
from imgsync.services.files.names import folded, is_skipped, numbered, safe_path, safe_photo_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.jpg", "a.jpg"),
        ("../x.jpg", "_x.jpg"),
        ("/etc/x.jpg", "_etc_x.jpg"),
        ("..\\x.jpg", "_x.jpg"),
        ("nul\0tab\tx.jpg", "nul_tab_x.jpg"),
        ("...x.jpg", "x.jpg"),
        ("x.jpg . ", "x.jpg"),
        ("con.jpg", "_con.jpg"),
        ("Lpt1.tar.jpg", "_Lpt1.tar.jpg"),
        ("console.jpg", "console.jpg"),
        ("lone\ud800.jpg", "lone_.jpg"),
        ("bytes\udcff.jpg", "bytes\udcff.jpg"),
        ("x" * 300 + ".jpg", "x" * 247 + ".jpg"),
        ("é" * 200 + ".jpg", "é" * 123 + ".jpg"),
    ],
    ids=ascii,
)
def test_a_name_does_no_harm(name: str, safe: str) -> None:
    assert safe_photo_name(name) == safe


@pytest.mark.parametrize(
    "name", ["", ".", "..", "jpg", ".jpg", "a.exe", "a.jpg.xmp", ".img-sync.db"]
)
def test_a_name_of_no_photo_is_rejected(name: str) -> None:
    with pytest.raises(Rejected, match="give it another name"):
        safe_photo_name(name)


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("2012/Sea", "2012/Sea"),
        ("../outside", "_/outside"),
        ("/etc//x", "etc/x"),
        ("a/./b", "a/_/b"),
        (".hidden/@eaDir", "hidden/_@eaDir"),
        ("aux/dots.", "_aux/dots"),
        ("", ""),
    ],
)
def test_a_path_stays_in_the_tree_and_in_sight(path: str, safe: str) -> None:
    assert safe_path(path) == safe


def test_a_name_like_a_long_one_is_short_enough() -> None:
    found = numbered("x" * 247 + ".jpg")
    name, like = next(found), next(found)
    assert len(name) == len(like) == 251
    assert like.endswith(" (2).jpg")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a.jpg", "A.JPG", True),
        ("\u00e9.jpg", "e\u0301.jpg", True),
        ("\u00c9.jpg", "e\u0301.jpg", True),
        ("stra\u00dfe.jpg", "STRASSE.jpg", True),
        ("a.jpg", "\u00e4.jpg", False),
        ("a.jpg", "a.jpeg", False),
    ],
    ids=ascii,
)
def test_names_that_some_disk_takes_for_one(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) is same


@pytest.mark.parametrize(
    ("name", "skipped"),
    [
        (".hidden", True),
        ("@eaDir", True),
        ("#RECYCLE", True),
        ("Thumbs.db", True),
        ("System Volume Information", True),
        ("lost and found", False),
        ("a.b", False),
    ],
)
def test_what_systems_leave_is_passed_over(name: str, skipped: bool) -> None:
    assert is_skipped(name) is skipped
