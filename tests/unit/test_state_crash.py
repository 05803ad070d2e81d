"""What a crash leaves of a state: everything that was put before, and never half of anything."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsync.model import Metadata, Photo
from imgsync.state import NAME, Agreed, Child, ChildThere, Header, Record, State

names = st.sampled_from(["a.jpg", "b \udcff.jpg", "ü\n.jpg"])
ids = st.sampled_from(["1" * 16, "2" * 16, "3" * 16])
titles = st.sampled_from(["", "Strand", "\udcff", "\x1a", "}\n{"])
photos = st.builds(
    lambda name, title: Photo(name, name, "0:1", metadata=Metadata(title=title)), names, titles
)
records = st.builds(
    Record,
    ids,
    photos,
    links=st.dictionaries(st.just("nas"), st.builds(Agreed, photos, st.none() | photos)),
)
children = st.builds(
    Child, titles, ids, st.dictionaries(st.just("nas"), st.builds(ChildThere, titles))
)

Operation = Callable[[State], None]


def put_title(title: str) -> Operation:
    return lambda state: state.put_header(msgspec.structs.replace(state.header, title=title))


operations: st.SearchStrategy[Operation] = st.one_of(
    records.map(lambda record: lambda state: state.put(record)),
    st.lists(records, min_size=2, max_size=2).map(lambda two: lambda state: state.put(*two)),
    ids.map(lambda id: lambda state: state.drop(id)),
    children.map(lambda child: lambda state: state.put_child(child)),
    titles.map(lambda path: lambda state: state.drop_child(path)),
    titles.map(put_title),
    st.just(State.save),
)

Memory = tuple[Header, dict[str, Record], dict[str, Child]]


def memory(state: State) -> Memory:
    """What is remembered; the mark of the last save aside."""
    header = msgspec.structs.replace(state.header, written=0)
    return header, dict(state.records), dict(state.children)


@settings(max_examples=60)
@given(st.lists(operations, min_size=1, max_size=8), st.data())
def test_a_file_cut_anywhere_holds_all_that_was_completed(
    done: list[Operation], data: st.DataObject
) -> None:
    """The file is cut at some byte of what the last operation added."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / NAME
        state = State.load(folder)
        with state.hold():
            for operation in done:
                before, size, inode = memory(state), file.stat().st_size, file.stat().st_ino
                operation(state)
                after, text = memory(state), file.read_bytes()
                if file.stat().st_ino != inode or len(text) == size:
                    continue  # not appended to, but written anew and put in place at once
                cut = data.draw(st.integers(size, len(text)))
                left = load_cut(folder / "copy", text[:cut])
                ends = [at for at in range(size, len(text)) if text[at : at + 1] == b"\n"]
                if cut >= ends[-1]:
                    assert left == after
                elif cut < ends[0]:
                    assert left == before
        assert memory(State.load(folder)) == memory(state)
        state.save()
        assert memory(State.load(folder)) == memory(state)


def load_cut(folder: Path, text: bytes) -> Memory:
    """What a run after the crash knows: at once, when it has gone on, and when it has saved."""
    folder.mkdir(exist_ok=True)
    (folder / NAME).write_bytes(text)
    state = State.load(folder)
    left = memory(state)
    state.put_header(state.header)
    assert memory(State.load(folder)) == left
    state.save()
    assert memory(State.load(folder)) == left
    return left


@settings(max_examples=30)
@given(st.lists(records, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_lines_is_no_matter(known: list[Record], order: random.Random) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = State.load(folder)
        state.put(*known)
        state.put_header(msgspec.structs.replace(state.header, title="x"))
        state.save()
        texts = (folder / NAME).read_bytes().splitlines(keepends=True)
        order.shuffle(texts)
        (folder / NAME).write_bytes(b"".join(texts))
        assert memory(State.load(folder)) == memory(state)
