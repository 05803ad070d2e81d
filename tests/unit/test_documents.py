"""The documents for programmers tell of all there is, and what they show is true."""

from __future__ import annotations

import re
from inspect import isfunction
from pathlib import Path

import msgspec
import pytest

from imgsync.model import Metadata
from imgsync.service import Capabilities, Service
from imgsync.state.codec import decode
from imgsync.state.photoline import PhotoLine, ServiceEntry
from imgsync.state.values import AlbumThere, Child, ChildThere, Header

DOCS = Path(__file__).resolve().parents[2] / "docs"
FORMAT = (DOCS / "state-format.md").read_text(encoding="utf-8")
WRITING = (DOCS / "writing-a-service.md").read_text(encoding="utf-8")

SHAPES = (Header, AlbumThere, Child, ChildThere, PhotoLine, ServiceEntry, Metadata)
# Lines are shown broken: what is indented goes on the line before.
BLOCKS = re.findall("```json\n(.*?)```", re.sub("\n +", "", FORMAT), re.DOTALL)
EXAMPLES = [line for block in BLOCKS for line in block.splitlines()]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_key_of_the_state_is_explained(shape: type[msgspec.Struct]) -> None:
    explained = set(
        re.findall(r"`([a-z_-]+)`", "".join(re.findall(r"^\|.*", FORMAT, re.MULTILINE)))
    )
    assert set(shape.__struct_encode_fields__) <= explained


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_of_the_state_are_lines(line: str) -> None:
    assert decode(line.encode()).trusted == ("…" not in line)


def test_every_capability_is_explained() -> None:
    explained = set(
        re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| `.*", WRITING, re.MULTILINE)))
    )
    assert set(Capabilities.__struct_fields__) <= explained


def test_every_call_is_explained() -> None:
    told = set(re.findall(r"[`.]([a-z_]+)[`(]|def ([a-z_]+)\(", WRITING))
    calls = {name for name, call in vars(Service).items() if isfunction(call)}
    assert calls <= {name for names in told for name in names}
