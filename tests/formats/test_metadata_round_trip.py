"""What is written is what is read, in every kind of file, whatever was in it before."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsync.metadata import fields, files, formats
from imgsync.model import METADATA_FIELDS, NOTHING_SAID, Field, Location, Metadata, Region

Make = Callable[[str], bytes]
ALL = frozenset(METADATA_FIELDS)
SAID = Metadata(
    title="Strand",
    caption="Zwei Zeilen,\ngrüß Gott",
    tags=frozenset({"Places/France/Paris", "Paris", "dog", "a|b", "Bands/AC|DC"}),
    taken="2012-07-01T10:20:30.250+02:00",
    location=Location(-12.3456789, 179.9999999, -3.25),
    rating=4,
    label="Purple",
    favorite=True,
    people=(Region("Anna", (0.43, 0.5, 0.1, 0.21)), Region("Bob")),
    creator=("Ann; Bob", 'Carl "C"', "Dora"),
    copyright="© Ann\nall rights",
)

# Signs that part, quote or end something in one of the places, and letters that are two.
_SIGNS = st.sampled_from("ab;|/,\\\"'<>&=[] \n\t\x7fß€é\u0301ﬁ😀")
_TEXT = st.text(_SIGNS | st.characters(), max_size=80)
_FRACTION = st.floats(0.01, 0.99)
_PEOPLE = st.lists(
    st.builds(Region, _TEXT, st.none() | st.tuples(_FRACTION, _FRACTION, _FRACTION, _FRACTION)),
    max_size=4,
)
_CLOCKS = st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds"))
_TAKEN = st.one_of(
    st.just(""),
    st.sampled_from(["1950", "1950-03", "1950-03-01", "1950-03-01T10:20"]),
    st.builds(
        "".join,
        st.tuples(
            _CLOCKS,
            st.sampled_from(["", ".0", ".25", ".250", ".123456"]),
            st.sampled_from(["", "+00:00", "+05:45", "-03:30"]),
        ),
    ),
)
_LOCATIONS = st.builds(
    Location,
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.none() | st.floats(-12_000, 40_000),
)
METADATA = st.builds(
    Metadata,
    title=_TEXT,
    caption=_TEXT,
    tags=st.frozensets(_TEXT, max_size=6),
    taken=_TAKEN,
    location=st.none() | _LOCATIONS,
    rating=st.sampled_from([None, -1, 1, 2, 3, 4, 5]),
    label=st.sampled_from(["", "Red", "Purple", "White", "To print"]),
    favorite=st.booleans(),
    people=_PEOPLE.map(tuple),
    creator=st.lists(_TEXT, max_size=3).map(tuple),
    copyright=_TEXT,
).map(fields.normal)
# What to write, which fields of it, and whether into the file.
EDITS = st.lists(
    st.tuples(METADATA, st.frozensets(st.sampled_from(METADATA_FIELDS), min_size=1), st.booleans()),
    min_size=1,
    max_size=3,
)

KINDS = ["a.jpg", "a.png", "a.tif", "a.webp", "a.gif", "a.cr2"]


@pytest.mark.parametrize("name", KINDS)
def test_what_is_written_into_a_blank_file_is_read(tmp_path: Path, plain: Make, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(plain(path.suffix[1:]))
    sidecar = files.write(path, None, SAID, ALL)
    assert files.read(path, sidecar) == SAID
    assert sidecar == (None if formats.embeds(name) else path.with_name(name + ".xmp"))


@pytest.mark.parametrize("field", METADATA_FIELDS)
@pytest.mark.parametrize("name", ["a.jpg", "a.cr2"])
def test_a_field_cleared_is_cleared_everywhere(
    tmp_path: Path, full: Make, name: str, field: Field
) -> None:
    path = tmp_path / name
    path.write_bytes(full("jpg"))
    before = files.read(path, None)
    assert before.get(field) != NOTHING_SAID.get(field)
    sidecar = files.write(path, None, NOTHING_SAID, [field])
    assert files.read(path, sidecar) == before.but(NOTHING_SAID, [field])


@pytest.mark.parametrize("name", ["a.jpg", "a.cr2"])
def test_nothing_is_said_after_all_is_cleared(tmp_path: Path, full: Make, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(full("jpg"))
    sidecar = files.write(path, None, NOTHING_SAID, ALL)
    assert files.read(path, sidecar) == NOTHING_SAID


@pytest.mark.parametrize("start", ["plain", "full"])
@pytest.mark.parametrize("name", KINDS)
def test_edits_change_the_fields_asked_for_and_no_others(
    plain: Make, full: Make, name: str, start: str
) -> None:
    picture = {"plain": plain, "full": full}[start](name.partition(".")[2])

    @settings(max_examples=25)
    @given(EDITS)
    def edit(edits: list[tuple[Metadata, frozenset[Field], bool]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(picture)
            sidecar = None
            shown = files.read(path, None)
            for metadata, asked, embed in edits:
                sidecar = files.write(path, sidecar, metadata, asked, embed=embed) or sidecar
                shown = shown.but(metadata, asked)
                assert files.read(path, sidecar) == shown

    edit()
