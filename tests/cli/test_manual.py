"""The manual and the man page tell of all there is."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from imgsync.cli.options import make_parser
from imgsync.config import Defaults
from imgsync.errors import Error
from imgsync.events import Summary
from imgsync.metadata import formats
from imgsync.model import Field
from imgsync.plan import Op

DOCS = Path(__file__).resolve().parents[2] / "docs"
MANUAL = (DOCS / "manual.md").read_text(encoding="utf-8")
PAGE = (DOCS / "img-sync.1").read_text(encoding="utf-8").replace("\\-", "-")


def options() -> list[str]:
    parser = make_parser()
    words = (word for action in parser._actions for word in action.option_strings)
    return [word for word in words if word.startswith("--")]


@pytest.mark.parametrize("option", options())
def test_every_option_is_explained(option: str) -> None:
    assert re.search(rf"^- (`[^`]*`, )*`{option}[` ]", MANUAL, re.MULTILINE)
    assert re.search(rf"^(\\fB.*, )*\\fB{option}[ \\]", PAGE, re.MULTILINE)


def test_every_kind_of_photo_is_named() -> None:
    files = MANUAL[MANUAL.index("Photos and videos are files") : MANUAL.index("SERVICE is one of")]
    named = set(re.findall(r"`([a-z0-9]+)`", files))
    assert named == {*formats.KNOWN, "xmp"}


def test_no_option_is_invented() -> None:
    assert set(re.findall(r"--[a-z]+(?:-[a-z]+)*", MANUAL)) == set(options())


@pytest.mark.parametrize("key", Defaults.__struct_fields__)
def test_every_key_is_explained(key: str) -> None:
    assert f"\n- `{key}`" in MANUAL


@pytest.mark.parametrize("word", [*Field, *Op, *Summary.__struct_fields__])
def test_every_word_of_the_events_is_there(word: str) -> None:
    assert re.search(rf'[`"]{word}[`"]', MANUAL)


@pytest.mark.parametrize("kind", [Error, *Error.__subclasses__()])
def test_every_exit_code_is_in_the_table(kind: type[Error]) -> None:
    assert f"\n| {kind.exit_code} |" in MANUAL


def test_the_man_page_is_made_from_the_manual() -> None:
    spec = importlib.util.spec_from_file_location("man", DOCS / "man.py")
    assert spec is not None
    assert spec.loader is not None
    man = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(man)
    assert man.man_page(MANUAL) == (DOCS / "img-sync.1").read_text(encoding="utf-8"), (
        "run python docs/man.py"
    )
