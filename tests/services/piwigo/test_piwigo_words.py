"""What Piwigo can hold, and in which form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsync.errors import Rejected
from imgsync.model import Field, Location, Metadata
from imgsync.service import EVERY_FIELD, Unread
from imgsync.services.piwigo.albums import Node, Tree, checked_levels
from imgsync.services.piwigo.words import (
    Info,
    Tag,
    checked_file,
    escaped,
    form,
    normal,
    shown,
    shown_file,
    tag_key,
    tag_name,
    tag_text,
)

JPEG = frozenset({"jpg"})


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ("2012-07-01T10:20:30.25+02:00", "2012-07-01T10:20:30"),
        ("2012-07-01T10:20:30Z", "2012-07-01T10:20:30"),
        ("2012-07-01T10:20", "2012-07-01T10:20:00"),
        ("2012-07-01", "2012-07-01T00:00:00"),
        ("2012-07", ""),
        ("2012", ""),
        ("2012-02-30T00:00:00", ""),
        ("2012-07-01T24:00:00", ""),
        ("0923-01-01T00:00:00", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_times_are_held_to_the_second_as_wall_clocks(said: str, held: str) -> None:
    metadata = Metadata(taken=said)
    assert normal(metadata, EVERY_FIELD).taken == held
    assert form(metadata, [Field.TAKEN], "a.jpg") == {"date_creation": held.replace("T", " ")}


@pytest.mark.parametrize(
    ("date", "taken"),
    [
        ("2012-07-01 10:20:30", "2012-07-01T10:20:30"),
        ("2012-07-00 00:00:00", ""),
        ("2012-00-00 00:00:00", ""),
        ("0000-00-00 00:00:00", ""),
        (None, ""),
    ],
)
def test_a_date_with_parts_that_lack_says_nothing(date: str | None, taken: str) -> None:
    assert shown(_info(date_creation=date), EVERY_FIELD).taken == taken


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("Paris", "PARIS", True),
        ("Paris", "París", True),
        ("été", "Ete", True),
        ("Straße", "STRASE", True),
        ("Places/France", "places/france", True),
        ("<3", "&lt;3", True),
        ("Paris", "Paris 2", False),
        ("Край", "Краи", False),
        ("가", "각", False),
        ("a=b", "a≠b", False),
    ],
)
def test_tags_are_one_where_the_database_finds_them_alike(one: str, two: str, alike: bool) -> None:
    assert (tag_key(one) == tag_key(two)) is alike


@given(st.text())
def test_the_normal_form_of_any_text_is_its_own(text: str) -> None:
    once = normal(Metadata(title=text, tags=frozenset({text}), creator=(text,)), EVERY_FIELD)
    assert normal(once, EVERY_FIELD) == once


@given(st.text().filter(lambda text: "&lt;" not in text))
def test_a_tag_comes_back_from_what_is_stored(tag: str) -> None:
    assert tag_text(tag_name(tag)) == tag
    assert "<" not in tag_name(tag)


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1))
def test_a_file_name_comes_back_from_what_is_stored(name: str) -> None:
    assert shown_file(escaped(name)) in (name, f"_{name}")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("O&#039;Neil &amp; &lt;b&gt;.jpg", "O'Neil & <b>.jpg"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("..", "_.."),
        ("", "_"),
        ("nul\0.jpg", "nul_.jpg"),
        ("&copy.jpg", "&copy.jpg"),
    ],
)
def test_a_file_name_is_never_a_path(file: str, name: str) -> None:
    assert shown_file(file) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a.heic", "takes no files like a.heic"),
        ("a", "takes no files like a"),
        ("../a.jpg", "cannot be the name"),
        ("beach 🏖.jpg", r"has the character 🏖 \(U\+1F3D6\), which Piwigo cannot store"),
        ("'" * 60 + ".jpg", "longer than the 255 characters"),
        ("a\nb.jpg", "a character that is none to be seen"),
    ],
)
def test_a_file_that_is_not_taken_is_told_why(name: str, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        checked_file(name, JPEG)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Metadata(title="sun 😀"), r"the title of a.jpg has the character 😀 \(U\+1F600\)"),
        (Metadata(title="x" * 256), "the title of a.jpg is longer than the 255 characters"),
        (Metadata(caption="é" * 32768), "the caption of a.jpg is longer than the 65535 bytes"),
        (Metadata(creator=("x" * 200, "y" * 200)), "the creator of a.jpg is longer"),
        (Metadata(tags=frozenset({"ok", "🏖"})), "a tag of a.jpg has the character"),
        (Metadata(tags=frozenset({"<" * 100})), "a tag of a.jpg is longer"),
        (Metadata(title="nul\0"), r"has the character \(U\+0000\)"),
        (Metadata(title="lone\udce9"), r"has the character \(U\+DCE9\)"),
    ],
)
def test_what_would_end_a_call_is_told_before_it(said: Metadata, why: str) -> None:
    fields = [f for f in Field if f is not Field.CONTENT and said.get(f)]
    with pytest.raises(Rejected, match=why):
        form(said, fields, "a.jpg")


def test_places_are_told_with_a_point() -> None:
    said = Metadata(location=Location(0.0, -4.48437512))
    assert form(said, [Field.LOCATION], "a.jpg") == {
        "latitude": "0.000000",
        "longitude": "-4.484375",
    }


def test_what_is_stored_is_read_and_not_what_is_made_of_it() -> None:
    info = _info(name="I ", name_raw="I <3 you", comment="x", comment_raw="a <b>x</b>")
    assert shown(info, EVERY_FIELD).title == "I <3 you"
    assert shown(info, EVERY_FIELD).caption == "a <b>x</b>"
    assert shown(_info(name="old"), EVERY_FIELD).title == "old"


@pytest.mark.parametrize(("name", "title"), [("IMG 1", ""), ("IMG_1", "IMG_1"), (None, "")])
def test_a_title_made_from_the_file_name_says_nothing(name: str | None, title: str) -> None:
    assert shown(_info(file="IMG_1.jpg", name=name), EVERY_FIELD).title == title


def test_creators_are_kept_in_one_text() -> None:
    said = Metadata(creator=("Eve", "Finn"))
    assert form(said, [Field.CREATOR], "a.jpg") == {"author": "Eve; Finn"}
    assert shown(_info(author="Eve; Finn"), EVERY_FIELD).creator == ("Eve", "Finn")


def test_tags_are_shown_as_they_are_spelt() -> None:
    info = _info(tags=[Tag(1, " Places/Brest"), Tag(2, "I &lt;3 it")])
    assert shown(info, EVERY_FIELD).tags == {"Places/Brest", "I <3 it"}


def test_albums_are_paths() -> None:
    nodes = [Node(7, "b", "1,7"), Node(1, "2008", "1"), Node(8, "A/B", "1,8")]
    listed = Tree(nodes, nodes).listed()
    assert [(album.ref, album.path) for album in listed if not isinstance(album, Unread)] == [
        ("1", "2008"),
        ("7", "2008/b"),
        ("8", "2008/A∕B"),
    ]


@pytest.mark.parametrize(
    ("seen", "hidden", "why"),
    [
        ([], [Node(2, "b", "1,2")], "1/b is private"),
        ([Node(2, "..", "1,2")], [], "no folder can be called"),
        ([Node(2, "b", "1,2"), Node(3, "b", "1,3")], [], "there are two albums 1/b"),
        ([Node(2, "b", "9,2")], [], "stands in none"),
    ],
)
def test_an_album_that_cannot_be_a_folder_is_told(
    seen: list[Node], hidden: list[Node], why: str
) -> None:
    top = Node(1, "1", "1")
    below = Node(5, "below", f"{(hidden or seen)[-1].uppercats},5")
    tree = Tree([top, *seen], [top, *seen, *hidden, below])
    unread = [one for one in tree.listed() if isinstance(one, Unread)]
    assert [why in one.why for one in unread] == [True]
    assert tree.paths[1] == "1"


@pytest.mark.parametrize("uppercats", [",2", "", "1,3"])
def test_an_album_with_a_broken_row_is_told(uppercats: str) -> None:
    nodes = [Node(1, "1", "1"), Node(2, "b", uppercats)]
    [_, unread] = Tree(nodes, nodes).listed()
    assert isinstance(unread, Unread)
    assert "stands in none" in unread.why


@pytest.mark.parametrize("path", ["a//b", "a/..", "a<b", "🏖", "new\nline", "x" * 256, "a/ "])
def test_a_path_that_piwigo_cannot_have_is_rejected(path: str) -> None:
    with pytest.raises(Rejected):
        checked_levels(path)


def _info(**values: object) -> Info:
    given = {"id": 1, "file": "a.jpg", "element_url": "", **values}
    return Info(**given)  # type: ignore[arg-type]
