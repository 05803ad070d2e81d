"""Lines of the state: what stands on them, and that whatever is remembered comes back the same."""

from __future__ import annotations

import hashlib
import json
import zlib
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imgsync.model import Location, Metadata, Photo, Region
from imgsync.state import Agreed, AlbumThere, Child, ChildThere, Header, Record, short_hash
from imgsync.state.codec import BadLine, decode, encode

# Any text of Python: lone surrogates stand for bytes of file names that are no UTF-8.
texts = st.text(st.characters(exclude_categories=()), max_size=8)
degrees = st.floats(-180, 180)
metadata = st.builds(
    Metadata,
    title=texts,
    tags=st.frozensets(texts, max_size=3),
    taken=st.sampled_from(["", "2012-07", "2012-07-01T10:20:30.25+02:00"]),
    location=st.none() | st.builds(Location, degrees, degrees, st.none() | st.floats(-10, 9000)),
    rating=st.none() | st.integers(-1, 5),
    favorite=st.booleans(),
    people=st.lists(st.builds(Region, texts), max_size=2).map(tuple),
)
versions = texts | st.sampled_from(
    ["12:34", "12:-34", "12:034", "12:3:", "12:3:+.xmp:5:6", "13:34", "12:٣", "12:3\n", ":", "12:"]
)
contents = texts | st.sampled_from(
    ["image:0af", "image:", "image:0AF", "image:file:0a", "file:0af", "file:", "sha1:00", "0af"]
)
photos = st.builds(
    Photo,
    ref=texts,
    name=texts,
    version=versions,
    content=contents,
    size=st.sampled_from([0, 12, 1 << 40]),
    digests=st.frozensets(texts, max_size=2),
    metadata=metadata,
)
local = photos.map(lambda photo: msgspec.structs.replace(photo, ref=photo.name))
records = st.builds(
    Record,
    id=texts,
    photo=local,
    racy=st.booleans(),
    gone=st.booleans(),
    links=st.dictionaries(
        texts, st.builds(Agreed, there=photos, here=st.none() | local, synced=texts), max_size=2
    ),
)
hashes = st.frozensets(texts, max_size=3)
children = st.builds(
    Child, texts, texts, st.dictionaries(texts, st.builds(ChildThere, texts, hashes), max_size=2)
)
albums = st.builds(AlbumThere, texts, texts, texts, texts, texts, st.integers(0, 9))
headers = st.builds(
    Header,
    id=texts,
    title=texts,
    written=st.integers(0, 1 << 62),
    fingerprint=texts,
    albums=st.dictionaries(texts, albums, max_size=2),
    below=st.lists(texts, max_size=2).map(tuple),
)

PHOTO = Photo(
    "a.jpg",
    "a.jpg",
    "12:34:.xmp:5:6",
    "image:0af",
    12,
    frozenset({"sha1:02", "sha1:01"}),
    Metadata(title="Strand", tags=frozenset({"sea", "Places/France"})),
)
THERE = Photo("77", "A.JPG", "v1", "image:0af", 12, frozenset(), Metadata(title="S"))


def shown(value: Record | Header | Child) -> dict[str, Any]:
    line = encode(value)
    assert line.endswith(b"\n")
    read = json.loads(line)
    assert isinstance(read, dict)
    return read


@given(records | children | headers)
@example(Record("1", Photo("\udcff\x1a", "\udcff\x1a")))
@example(Record("1", Photo("\x1adcff", "\x1adcff")))
@example(Record("1", Photo("\ud83d\ude00 \\u001a", "\ud83d\ude00 \\u001a")))
def test_what_was_written_is_read_back(value: Record | Header | Child) -> None:
    line = encode(value)
    assert line.count(b"\n") == 1
    read = decode(line.removesuffix(b"\n"))
    assert (read.value, read.trusted, read.extra) == (value, True, None)


@given(records)
def test_equal_values_are_written_alike(value: Record) -> None:
    line = encode(value)
    assert encode(decode(line[:-1]).value) == line


def test_a_photo_s_line() -> None:
    record = Record(
        "0" * 16, PHOTO, True, True, {"nas": Agreed(THERE, PHOTO, "2024-05-01T10:20:30Z")}
    )
    line = shown(record)
    assert list(line) == [
        *("id", "name", "size", "mtime", "sidecar", "image_hash", "digests", "metadata_hash"),
        *("metadata", "racy", "gone", "services", "sum"),
    ]
    assert (line["size"], line["mtime"], line["sidecar"]) == (12, 34, ".xmp:5:6")
    assert line["image_hash"] == "0af"
    assert line["digests"] == ["sha1:01", "sha1:02"]
    assert line["metadata"] == {"title": "Strand", "tags": ["Places/France", "sea"]}
    assert line["services"]["nas"]["there"] == {
        "name": "A.JPG",
        "version": "v1",
        "content": "image:0af",
        "size": 12,
        "metadata": {"title": "S"},
    }
    assert list(line["services"]["nas"]) == ["ref", "synced", "there", "here"]


def test_what_is_not_known_of_a_photo_is_not_written() -> None:
    line = shown(Record("0" * 16, Photo("a.jpg", "a.jpg", "12:34", "image:0af", 12)))
    assert list(line) == [
        *("id", "name", "size", "mtime", "image_hash", "metadata_hash", "metadata", "services"),
        "sum",
    ]
    linked = Record("0" * 16, PHOTO, links={"nas": Agreed(Photo("77", "A.JPG"))})
    assert shown(linked)["services"] == {
        "nas": {"ref": "77", "synced": "", "there": {"name": "A.JPG"}}
    }


@pytest.mark.parametrize(
    ("content", "image_hash", "kept"),
    [
        ("image:0af", "0af", None),
        ("file:0af", "file:0af", None),
        ("", "", None),
        ("server:77", "", "server:77"),
        ("image:0AF", "", "image:0AF"),
    ],
)
def test_the_image_hash_is_exiftool_s(content: str, image_hash: str, kept: str | None) -> None:
    line = shown(Record("1", Photo("a", "a", content=content)))
    assert (line["image_hash"], line.get("content")) == (image_hash, kept)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("12:34", {"mtime": 34}),
        ("12:-34", {"mtime": -34}),
        ("12:34:+.xmp:5:6", {"mtime": 34, "sidecar": "+.xmp:5:6"}),
        ("13:34", {"version": "13:34"}),
        ("12:034", {"version": "12:034"}),
        ("12:34:", {"version": "12:34:"}),
        ("W/1", {"version": "W/1"}),
        ("", {}),
    ],
)
def test_a_version_is_taken_apart(version: str, expected: dict[str, object]) -> None:
    line = shown(Record("1", Photo("a", "a", version, size=12)))
    assert {k: v for k, v in line.items() if k in ("mtime", "sidecar", "version")} == expected


def test_the_metadata_hash_is_that_of_the_metadata_s_text() -> None:
    line = encode(Record("1", PHOTO))
    text = b'{"title":"Strand","tags":["Places/France","sea"]}'
    assert b'"metadata":%s,' % text in line
    assert json.loads(line)["metadata_hash"] == hashlib.sha256(text).hexdigest()[:32]


def test_the_metadata_hash_is_the_same_for_the_same_metadata() -> None:
    cleaned, plain = Metadata(title="x").clean(), Metadata(title="x")
    hashes = {
        shown(Record("1", Photo("a", "a", metadata=said)))["metadata_hash"]
        for said in (cleaned, plain)
    }
    assert len(hashes) == 1


def test_no_tags_have_one_text() -> None:
    """An empty set is not always the same one, and msgspec leaves out only that of the default."""
    empty = frozenset(tag for tag in "x" if tag == "y")
    photos = [Photo("a", "a", metadata=said) for said in (Metadata(), Metadata(tags=empty))]
    assert len(set(map(short_hash, photos))) == 1


def test_the_sum_is_the_crc_of_what_is_before_it() -> None:
    line = encode(Record("1", PHOTO)).decode()
    head, _, rest = line.rpartition(',"sum":')
    assert rest == f'"{zlib.crc32(head.encode()):08x}"}}\n'


def test_every_change_of_one_byte_is_noticed() -> None:
    line = encode(Record("1", PHOTO, links={"nas": Agreed(THERE)}))[:-1]
    read = []
    for at in range(len(line)):
        with suppress(BadLine):
            read.append(decode(line[:at] + b"?" + line[at + 1 :]))
    assert len(read) > 50, "changed texts can be read"
    for changed in read:
        assert not changed.trusted
        assert isinstance(changed.value, Record)
        assert changed.value.photo.version == ""
        assert all(agreed.there.version == "" for agreed in changed.value.links.values())


splinters = st.binary(max_size=3) | st.sampled_from(
    [b'"', b'":', b"{}", b"[]", b"null", b"-1", b"1e99", b"9" * 30, b"\\u001A", b"\\ud800", b"true"]
)
SAMPLES = [
    encode(Record("1", PHOTO, True, True, {"nas": Agreed(THERE, PHOTO)})),
    encode(Header(id="1", albums={"nas": AlbumThere("1", "2", "3", "4")}, below=("Sea",))),
    encode(Child("Sea", "1", {"nas": ChildThere("1", frozenset({"00"}))})),
]


@settings(max_examples=500)
@given(st.sampled_from(SAMPLES), st.floats(0, 1), st.integers(0, 20), splinters)
def test_whatever_can_be_read_can_be_written(
    line: bytes, place: float, lost: int, splinter: bytes
) -> None:
    at = int(len(line) * place)
    try:
        read = decode(line[:at] + splinter + line[at + lost :])
    except BadLine:
        return
    again = decode(encode(read.value, read.extra)[:-1])
    assert (again.value, again.trusted) == (read.value, True)


def test_names_that_are_no_utf8_can_be_read_by_people() -> None:
    for name, written in (
        ("Stra\udcdfe.jpg", rb'"name":"Stra\u001adcdfe.jpg"'),
        ("Straße.jpg", '"name":"Straße.jpg"'.encode()),
    ):
        assert written in encode(Record("1", Photo(name, name)))
