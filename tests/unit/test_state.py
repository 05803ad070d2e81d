"""The state of an album as a file: read, appended to, saved, held, and touched by other hands."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from math import nan
from pathlib import Path

import msgspec
import pytest

import imgsync
from imgsync import disk
from imgsync.errors import StateError
from imgsync.model import Link, Location, Metadata, Photo
from imgsync.state import (
    NAME,
    Agreed,
    AlbumThere,
    Child,
    ChildThere,
    Header,
    Record,
    State,
    new_id,
    peek,
    short_hash,
    store,
)
from imgsync.state.contents import Contents, render

SRC = Path(imgsync.__file__).parent.parent
NAS = AlbumThere(ref="7", path="Sea", here="/home/ann/Sea", rel="Sea", fingerprint="f00")


def record(name: str, id: str = "") -> Record:
    said = Metadata(title="Strand", tags=frozenset({"sea", "Places/France"}))
    photo = Photo(name, name, "12:1341130830123456789", "image:ab12", 12, metadata=said)
    there = Photo("r-" + name, name.upper(), "v1", "image:ab12", 12, metadata=Metadata(title="S"))
    return Record(
        id or new_id(), photo, links={"nas": Agreed(there, synced="2024-05-01T10:20:30Z")}
    )


def put_all(state: State) -> None:
    """A bit of everything; a header with fingerprints."""
    state.put(record("b.jpg", "b" * 16))
    state.put(record("a.jpg", "a" * 16))
    state.put_child(Child("2012/Sea", "c" * 16, {"nas": ChildThere("8", frozenset({"01234567"}))}))
    header = msgspec.structs.replace(state.header, title="Sea", fingerprint="abc")
    state.put_header(msgspec.structs.replace(header, albums={"nas": NAS}))


@pytest.fixture
def saved(tmp_path: Path) -> State:
    state = State.load(tmp_path)
    put_all(state)
    state.save()
    return state


def content(state: State) -> tuple[Header, dict[str, Record], dict[str, Child]]:
    return state.header, dict(state.records), dict(state.children)


def lines(folder: Path) -> list[bytes]:
    return (folder / NAME).read_bytes().splitlines(keepends=True)


# Reading and writing.


def test_a_folder_without_a_state_has_an_empty_new_one(tmp_path: Path) -> None:
    state, other = State.load(tmp_path), State.load(tmp_path)
    assert not state.exists
    assert not state.touched
    assert not state.records
    assert len(state.header.id) == 16
    assert state.header.id != other.header.id
    state.save()
    state.put()
    assert list(tmp_path.iterdir()) == [], "nothing is to be remembered yet"


def test_what_was_put_is_there_at_once_and_for_others(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    put_all(state)
    other = State.load(tmp_path)
    assert state.exists
    assert (
        dict(other.records)
        == dict(state.records)
        == {
            "a" * 16: record("a.jpg", "a" * 16),
            "b" * 16: record("b.jpg", "b" * 16),
        }
    )
    assert other.children == state.children
    assert other.header.below == state.header.below == ("2012/Sea",)


def test_each_put_appends_one_line(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    state.put(record("a.jpg"))
    before = lines(tmp_path)
    state.put(record("b.jpg"))
    after = lines(tmp_path)
    assert after[:-1] == before
    assert b"b.jpg" in after[-1]


def test_a_later_line_wins(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    state.put(record("a.jpg", "a" * 16))
    state.put(record("z.jpg", "a" * 16))
    assert State.load(tmp_path).records["a" * 16].photo.name == "z.jpg"


def test_what_was_dropped_is_forgotten(saved: State, tmp_path: Path) -> None:
    saved.drop("a" * 16)
    saved.drop_child("2012/Sea")
    for state in (saved, State.load(tmp_path)):
        assert set(state.records) == {"b" * 16}
        assert not state.children
        assert state.header.below == ()
    saved.save()
    assert len(lines(tmp_path)) == 2


def test_save_then_load_gives_the_same(saved: State, tmp_path: Path) -> None:
    assert content(State.load(tmp_path)) == content(saved)


def test_a_saved_file_is_in_order(saved: State, tmp_path: Path) -> None:
    keys = [next(iter(json.loads(line))) for line in lines(tmp_path)]
    names = [json.loads(line).get("name") for line in lines(tmp_path)]
    assert keys == ["img-sync", "path", "id", "id"]
    assert names[2:] == ["a.jpg", "b.jpg"]


def test_the_same_is_written_as_the_same_bytes(saved: State, tmp_path: Path) -> None:
    before = lines(tmp_path)[1:]
    other = State.load(tmp_path)
    other.put(*reversed(list(other.records.values())))
    other.save()
    assert lines(tmp_path)[1:] == before


def test_a_file_that_nobody_touched_is_not_written_again(saved: State, tmp_path: Path) -> None:
    before = (tmp_path / NAME).stat().st_ino
    saved.save()
    State.load(tmp_path).save()
    assert (tmp_path / NAME).stat().st_ino == before


def test_nothing_else_is_left_in_the_folder(saved: State, tmp_path: Path) -> None:
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_permissions_are_kept(saved: State, tmp_path: Path) -> None:
    (tmp_path / NAME).chmod(0o640)
    saved.put(record("c.jpg"))
    saved.save()
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o640


def test_a_state_goes_along_with_its_folder(saved: State, tmp_path: Path) -> None:
    album, moved = tmp_path / "Sea", tmp_path / "Beach"
    album.mkdir()
    state = State.load(album)
    with state.hold():
        state.put(record("a.jpg"))
        album.rename(moved)
        state.path = moved / NAME
        state.put(record("b.jpg"))
        state.save()
    assert len(State.load(moved).records) == 2


def test_a_link_is_told_from_its_record() -> None:
    known = record("a.jpg", "a" * 16)
    there, earlier = known.links["nas"].there, Photo("old.jpg", "old.jpg")
    assert Agreed(there).link(known) == Link("a" * 16, known.photo, there)
    assert Agreed(there, earlier).link(known) == Link("a" * 16, earlier, there)


# The header alone.


def test_peek_gives_the_header_of_a_saved_file(saved: State, tmp_path: Path) -> None:
    header = peek(tmp_path)
    assert header == saved.header
    assert header is not None
    assert (header.fingerprint, header.albums["nas"].fingerprint) == ("abc", "f00")


def test_peek_reads_a_first_line_of_any_length(saved: State, tmp_path: Path) -> None:
    saved.put_header(msgspec.structs.replace(saved.header, title="x" * 100_000))
    saved.save()
    header = peek(tmp_path)
    assert header is not None
    assert len(header.title) == 100_000


def touch(file: Path) -> None:
    file.touch()


def append(file: Path) -> None:
    State.load(file.parent).put(record("c.jpg"))


def edit(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"Strand", b"Beach"))


def edit_and_hide_it(file: Path) -> None:
    times = file.stat()
    file.write_bytes(file.read_bytes().replace(b'"title":"Sea"', b'"title":"See"'))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def copy(file: Path) -> None:
    shutil.copy(file, file.with_name("copy"))
    file.with_name("copy").replace(file)


@pytest.mark.parametrize("hand", [touch, append, edit, edit_and_hide_it, copy])
def test_a_file_touched_since_is_not_believed(saved: State, tmp_path: Path, hand: object) -> None:
    assert callable(hand)
    hand(tmp_path / NAME)
    assert peek(tmp_path) is None
    state = State.load(tmp_path)
    assert state.touched
    assert (state.header.fingerprint, state.header.albums["nas"].fingerprint) == ("", "")
    state.save()
    assert peek(tmp_path) == state.header


def test_a_backup_that_keeps_times_is_believed(saved: State, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    shutil.copy2(tmp_path / NAME, tmp_path / "copy" / NAME)
    assert peek(tmp_path / "copy") == saved.header


def test_peek_leaves_all_trouble_to_load(tmp_path: Path) -> None:
    assert peek(tmp_path) is None
    (tmp_path / NAME).write_bytes(b"\0\xff garbage")
    assert peek(tmp_path) is None
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()
    assert peek(tmp_path) is None


def test_the_mark_of_a_save_is_kept_by_any_file_system(saved: State, tmp_path: Path) -> None:
    """FAT counts every other second: the mark is one of them, and no later write gets it again."""
    grain = 2 * 10**9
    mark = (tmp_path / NAME).stat().st_mtime_ns
    assert mark % grain == 0
    assert mark < time.time_ns() // grain * grain


# Hands.


def replace_text(folder: Path, old: bytes, new: bytes) -> State:
    file = folder / NAME
    assert old in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(old, new))
    return State.load(folder)


def test_an_edited_line_is_read_and_not_trusted(saved: State, tmp_path: Path) -> None:
    saved.put(
        msgspec.structs.replace(
            record("a.jpg", "a" * 16),
            links={"nas": Agreed(Photo("1", "a.jpg", "v1"), Photo("a.jpg", "a.jpg", "12:3"))},
        )
    )
    saved.save()
    text = (tmp_path / NAME).read_bytes().splitlines()[2]
    state = replace_text(tmp_path, text, text.replace(b"Strand", b"Beach"))
    edited, other = state.records["a" * 16], state.records["b" * 16]
    assert edited.photo.metadata.title == "Beach"
    agreed = edited.links["nas"]
    assert agreed.here is not None
    assert (edited.photo.version, agreed.there.version, agreed.here.version) == ("", "", "")
    assert other == record("b.jpg", "b" * 16), "the other lines stay as good as they were"


def test_an_edit_stays_untrusted_when_it_was_saved(saved: State, tmp_path: Path) -> None:
    replace_text(tmp_path, b"Strand", b"Beach").save()
    state = State.load(tmp_path)
    assert not state.touched
    assert {r.photo.metadata.title for r in state.records.values()} == {"Beach"}
    assert {r.photo.version for r in state.records.values()} == {""}


def test_the_order_of_lines_does_not_matter(saved: State, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"".join(reversed(lines(tmp_path))))
    state = State.load(tmp_path)
    assert (state.records, state.children) == (saved.records, saved.children)
    assert state.header.id == saved.header.id


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"\n", b"\r\n", id="line ends of Windows"),
        pytest.param(b"\n", b"\n\n  \n", id="blank lines"),
        pytest.param(b'{"img-sync"', b'\xef\xbb\xbf{"img-sync"', id="a byte order mark"),
        pytest.param(b'{"id":', b'{  "id" : ', id="blanks"),
        pytest.param(b',"sum":"', b',"total":"', id="no sums"),
    ],
)
def test_an_editor_may_change_the_looks(
    saved: State, tmp_path: Path, old: bytes, new: bytes
) -> None:
    state = replace_text(tmp_path, old, new)
    assert set(state.records) == {"a" * 16, "b" * 16}
    assert {r.photo.metadata.title for r in state.records.values()} == {"Strand"}


def test_an_editor_that_ends_no_last_line_loses_none(saved: State, tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_bytes(file.read_bytes().removesuffix(b"\n"))
    state = State.load(tmp_path)
    assert set(state.records) == {"a" * 16, "b" * 16}
    state.put(record("c.jpg", "c" * 16))
    assert set(State.load(tmp_path).records) == {"a" * 16, "b" * 16, "c" * 16}


def test_unknown_keys_survive(saved: State, tmp_path: Path) -> None:
    """Of the album, of a photo, and of what they say per service; as they were written."""
    replace_text(tmp_path, b'{"img-sync":1,', b'{"img-sync":1,"mood":{"a" : [1.50]},')
    replace_text(tmp_path, b'{"id":"aaaa', b'{"stars":12345678901234567890123,"id":"aaaa')
    replace_text(tmp_path, b'"ref":"r-a.jpg"', b'"ref":"r-a.jpg","etag":"\\u001a"')
    replace_text(tmp_path, b'{"ref":"7"', b'{"owner":null,"ref":"7"')
    state = replace_text(tmp_path, b'{"ref":"8"', b'{"seen":true,"ref":"8"')
    for _ in range(2):
        state.put(record("new.jpg", "a" * 16))
        state.put_child(state.children["2012/Sea"])
        state.put_header(state.header)
        state = State.load(tmp_path)
        state.save()
    text = (tmp_path / NAME).read_bytes()
    for kept in (
        b'"mood":{"a" : [1.50]}',
        b'"stars":12345678901234567890123',
        b'"etag":"\\u001a"',
        b'"owner":null',
        b'"seen":true',
    ):
        assert text.count(kept) == 1
    assert State.load(tmp_path).records["a" * 16] == record("new.jpg", "a" * 16)


def test_unknown_keys_go_with_what_they_are_about(saved: State, tmp_path: Path) -> None:
    replace_text(tmp_path, b'{"id":"bbbb', b'{"stars":5,"id":"bbbb')
    state = replace_text(tmp_path, b'"ref":"r-a.jpg"', b'"ref":"r-a.jpg","etag":"x"')
    state.drop("b" * 16)
    state.put(record("b.jpg", "b" * 16))
    state.put(msgspec.structs.replace(state.records["a" * 16], links={}))
    state.save()
    assert b"stars" not in (tmp_path / NAME).read_bytes()
    assert b"etag" not in (tmp_path / NAME).read_bytes()


# Trouble.


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'{"id":"aaaa', b'"id":"aaaa', "line 3 is bad .*mend or delete that line"),
        (b'"a.jpg"', b"12", r"line 3 is bad .*\$\.name"),
        (b'"ref":"r-a.jpg"', b'"ref":[1]', "line 3 is bad"),
        (b'"size":12', b'"size":1e999', "line 3 is bad"),
        (b'"services":{', b'"services":[' + b"[" * 100_000, "line 3 is bad"),
        (b"Strand", b"Str\xffnd", "line 3 is bad"),
        (b"Strand", b"Str\0nd", "line 3 is bad"),
        (b"Strand", rb"Str\udcffnd", "line 3 is bad"),
        (b'"id":"aaaa', b'"di":"aaaa', "line 3 is bad .*neither which album nor which photo"),
        (b'{"path"', b"<<<<<<< mine", "line 2 is bad"),
        (b'"img-sync":1', b'"img-sync":2', "written by a newer img-sync .format 2.: use that one"),
        (b'"img-sync":1', b'"img-sync":2,"id":[]', "written by a newer img-sync"),
        (b'"img-sync":1', b'"img-sync":0', "line 1 is bad .*no format 0"),
        (b'"img-sync":1', b'"img-sync":"one"', "line 1 is bad"),
    ],
)
def test_a_bad_line_is_told_with_its_number(
    saved: State, tmp_path: Path, old: bytes, new: bytes, why: str
) -> None:
    with pytest.raises(StateError, match=why) as told:
        replace_text(tmp_path, old, new)
    assert str(told.value).startswith(str(tmp_path / NAME))
    assert "\n" not in str(told.value)


def test_a_file_without_the_album_s_line_is_refused(saved: State, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"".join(lines(tmp_path)[1:]))
    with pytest.raises(StateError, match="no line of it is about the album"):
        State.load(tmp_path)


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\n", b"\0" * 4096, b"\xff\xd8\xff\xe1\n\0\n", b"SQLite format 3\0\n", b"{}\n"],
)
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / NAME).write_bytes(garbage)
    with pytest.raises(StateError, match=NAME):
        State.load(tmp_path)
    assert (tmp_path / NAME).read_bytes() == garbage


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (Path.mkdir, "is no file"),
        (os.mkfifo, "is no file"),
        (lambda path: path.symlink_to("elsewhere"), "it is a symbolic link"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, make: object, why: str) -> None:
    assert callable(make)
    make(tmp_path / NAME)
    with pytest.raises(StateError, match=why):
        State.load(tmp_path)


def test_without_permission_there_is_a_sentence(saved: State, tmp_path: Path) -> None:
    """As somebody else: a folder that may only be read is read, and not written to."""
    (tmp_path / "no state").mkdir(mode=0o755)
    (tmp_path / "secret").mkdir(mode=0o755)
    shutil.copy(tmp_path / NAME, tmp_path / "secret" / NAME)
    (tmp_path / "secret" / NAME).chmod(0o000)
    (tmp_path / NAME).chmod(0o444)
    tmp_path.chmod(0o555)
    (tmp_path / "no state").chmod(0o555)
    script = f"""
import os, sys; sys.path.insert(0, {str(SRC)!r})
from pathlib import Path
from imgsync.errors import StateError
from imgsync.state import State
os.geteuid() or os.setuid(65534)
def hold(state):
    with state.hold():
        raise AssertionError("it cannot be written")
for folder, act in (
    (".", lambda state: state.put(next(iter(state.records.values())))),
    (".", lambda state: state.drop("x")),
    (".", hold),
    ("no state", hold),
    ("no state", lambda state: state.put_header(state.header)),
    ("secret", lambda state: None),
):
    try:
        act(State.load(Path(folder)))
    except StateError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    tmp_path.chmod(0o755)
    told = done.stdout.splitlines()
    assert (done.stderr, len(told)) == ("", 6)
    assert all("cannot be written" in line for line in told[:5])
    assert "secret/.img-sync.db cannot be read: Permission denied" in told[5]


def test_a_full_disk_leaves_no_half_line(saved: State, tmp_path: Path) -> None:
    file = tmp_path / NAME
    before, known = file.read_bytes(), content(saved)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limits[1]))
    try:
        with pytest.raises(StateError, match=f"{NAME} cannot be written, .*: File too large"):
            saved.put(record("c.jpg"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (file.read_bytes(), content(saved)) == (before, known)
    saved.put(record("c.jpg", "c" * 16))
    assert set(State.load(tmp_path).records) == {"a" * 16, "b" * 16, "c" * 16}


def test_a_half_line_that_cannot_be_removed_is_written_over(
    saved: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        broken.setattr(os, "ftruncate", fail)
        with pytest.raises(StateError, match="Input/output error"):
            saved.put(record("c.jpg"))
    saved.put(record("d.jpg", "d" * 16))
    assert set(State.load(tmp_path).records) == {"a" * 16, "b" * 16, "d" * 16}


@pytest.mark.parametrize(
    "photo",
    [
        pytest.param(Photo("ref", "another name"), id="a local ref that is no file name"),
        pytest.param(
            Photo("a", "a", metadata=Metadata(location=Location(nan, 0))),
            id="a number that JSON does not know",
        ),
    ],
)
def test_what_cannot_be_read_back_is_not_written(
    saved: State, tmp_path: Path, photo: Photo
) -> None:
    before = lines(tmp_path)
    with pytest.raises(StateError, match=f"{NAME} cannot take this in"):
        saved.put(Record(new_id(), photo))
    assert lines(tmp_path) == before


# Two at once.


def test_hold_makes_the_file(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    with state.hold():
        assert state.exists
        assert State.load(tmp_path).header.id == state.header.id


def test_hold_keeps_others_out_until_it_ends(saved: State, tmp_path: Path) -> None:
    other = State.load(tmp_path)
    with saved.hold(), pytest.raises(StateError, match="in use by another run"), other.hold():
        pytest.fail("two hold it")
    with other.hold():
        pass


def test_a_save_within_hold_keeps_others_out_as_well(saved: State, tmp_path: Path) -> None:
    with saved.hold():
        for name in ("c.jpg", "d.jpg"):
            saved.put(record(name))
            saved.save()
            with (
                pytest.raises(StateError, match="in use by another run"),
                disk.locked(tmp_path / NAME, create=False),
            ):
                pytest.fail("two hold it")
    with State.load(tmp_path).hold():
        pass


@pytest.mark.parametrize("hand", [append, edit, touch, copy, Path.unlink])
def test_what_was_changed_since_it_was_loaded_is_not_written_over(
    saved: State, tmp_path: Path, hand: object
) -> None:
    assert callable(hand)
    saved.put(record("d.jpg"))
    hand(tmp_path / NAME)
    before = [path.read_bytes() for path in tmp_path.iterdir()]
    with pytest.raises(StateError, match="was changed meanwhile"):
        saved.put(record("e.jpg"))
    with pytest.raises(StateError, match="was changed meanwhile"):
        saved.save()
    with pytest.raises(StateError, match="was changed meanwhile"), saved.hold():
        pytest.fail("it is another file")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == before


def test_what_another_run_holds_is_not_written_over(saved: State, tmp_path: Path) -> None:
    with saved.hold():
        saved.put(record("d.jpg"))
        other = State.load(tmp_path)
        assert other.touched  # so that a save would write it anew
        before = (tmp_path / NAME).read_bytes()
        for write in (other.save, lambda: other.put(record("e.jpg")), lambda: other.drop("a" * 16)):
            with pytest.raises(StateError, match="in use by another run"):
                write()
        assert (tmp_path / NAME).read_bytes() == before
        saved.put(record("f.jpg"))
    assert State.load(tmp_path).records == saved.records


def test_a_file_that_another_run_has_made_is_not_written_over(tmp_path: Path) -> None:
    one, two = State.load(tmp_path), State.load(tmp_path)
    one.put(record("a.jpg"))
    with pytest.raises(StateError, match="was changed meanwhile"):
        two.put(record("b.jpg"))
    assert State.load(tmp_path).records == one.records


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    state = State.load(tmp_path / "gone")
    with pytest.raises(StateError, match="cannot be written"):
        state.put(record("a.jpg"))


def test_a_file_that_another_run_makes_in_the_last_moment_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render_late(contents: Contents) -> bytes:
        (tmp_path / NAME).write_bytes(b"theirs")
        return render(contents)

    monkeypatch.setattr(store, "render", render_late)
    with pytest.raises(StateError, match="was made by another run"):
        State.load(tmp_path).put(record("a.jpg"))
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(NAME, b"theirs")]


def test_a_folder_that_became_a_file_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "Sea"
    folder.mkdir()
    state = State.load(folder)
    folder.rmdir()
    folder.touch()
    with pytest.raises(StateError, match="cannot be looked at: Not a directory"):
        state.put(record("a.jpg"))
    with pytest.raises(StateError, match="cannot be read: Not a directory"):
        State.load(folder)


def test_a_photo_s_short_hash_is_that_of_its_ref_and_version() -> None:
    photos = [Photo("1", "a", "v1"), Photo("2", "a", "v1"), Photo("1", "a", "v2")]
    assert len({short_hash(photo) for photo in photos}) == 3
    assert short_hash(Photo("1", "b", "v1")) == short_hash(photos[0])
    assert len(short_hash(Photo("\udcff", "\ud800", "\ud800"))) == 8
