"""The grammar of the command line, and what its options come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgsync.cli.options import parse
from imgsync.cli.steps import (
    NewAlbums,
    Step,
    check_modes,
    folders,
    places,
    policy,
    read_check,
    steps,
)
from imgsync.config import read
from imgsync.errors import UsageError
from imgsync.model import METADATA_FIELDS, Field, Side
from imgsync.service import Check

LEFT, RIGHT = frozenset({Side.LEFT}), frozenset({Side.RIGHT})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "--diff-with local P", [Step(service="local", new_albums=NewAlbums.WHOLE, dry=True)]
        ),
        pytest.param("--sync-to local P", [Step(service="local", writes=RIGHT)]),
        pytest.param(
            "--sync-to local --no-write P", [Step(service="local", writes=RIGHT, dry=True)]
        ),
        pytest.param(
            "--diff-with nas P", [Step(service="nas", new_albums=NewAlbums.WHOLE, dry=True)]
        ),
        pytest.param(
            "--diff-with nas --sync-from local P",
            [Step(service="nas", new_albums=NewAlbums.WHOLE, dry=True)],
        ),
        pytest.param("--sync-to nas P", [Step(service="nas", writes=RIGHT)]),
        pytest.param(
            "--sync-to local --sync-from nas P",
            [Step(service="nas", writes=LEFT, new_albums=NewAlbums.YES)],
        ),
        pytest.param(
            "--diff-with local --sync-from nas P",
            [Step(service="nas", writes=LEFT, new_albums=NewAlbums.YES, dry=True)],
        ),
        pytest.param("--sync-with nas P", [Step(service="nas", new_albums=NewAlbums.WHOLE)]),
        pytest.param(
            "--sync-to local --sync-with nas P --sync-to usb",
            [
                Step(service="local", writes=RIGHT),
                Step(service="nas", new_albums=NewAlbums.WHOLE),
                Step(service="usb", writes=RIGHT),
            ],
            id="one service after another, in their order",
        ),
    ],
)
def test_options_come_to_steps(line: str, expected: list[Step]) -> None:
    assert steps(parse(line.split())) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("P", "nothing to do"),
        ("--list nas --sync-to usb P", "--list stands alone"),
        ("--diff-with nas --diff-with usb P", "--diff-with stands alone"),
        ("--sync-to nas --sync-from usb P", "one of the two sides must be local"),
        ("--diff-with nas --sync-from nas P", "one of the two sides must be local"),
        ("--sync-with nas --sync-from local P", "not with --sync-with"),
        ("--sync-with local P", "local is one of the two sides"),
        ("--sync-to local --sync-from nas --sync-from usb P", "can be given once"),
    ],
)
def test_steps_that_make_no_sense_are_named(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        steps(parse(line.split()))


@pytest.mark.parametrize(
    "line",
    [
        "--sync nas P",
        "--sync-w nas P",
        "--diff-with",
        "--jobs 0 P",
        "--jobs many P",
        "--no-write=yes P",
    ],
)
def test_words_that_are_no_options_are_refused(line: str) -> None:
    with pytest.raises(UsageError, match="--help"):
        parse(line.split())


def test_paths_may_stand_between_options_and_begin_with_a_dash() -> None:
    options = parse(["a", "--sync-to", "nas", "b", "--delete", "c", "--", "-d"])
    assert options.paths == ["a", "b", "c", "-d"]
    assert options.delete


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--sync-to nas --interactive --json P", "--interactive and --json"),
        ("--sync-to nas --interactive --quiet P", "--interactive and --quiet"),
        ("--sync-to nas --verbose --quiet P", "--verbose and --quiet"),
        ("--sync-to nas --check-all --check-meta P", "--check-all and --check-meta"),
        ("--diff-with local --only tags P", "--only has no effect on the cache"),
        ("--sync-to local --prefer local P", "--prefer has no effect on the cache"),
    ],
)
def test_modes_that_exclude_each_other_are_named(line: str, said: str) -> None:
    options = parse(line.split())
    with pytest.raises(UsageError, match=said):
        check_modes(options, steps(options))


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("", set(Field)),
        ("--only tags,caption", {Field.TAGS, Field.CAPTION}),
        ("--only tags --only caption", {Field.TAGS, Field.CAPTION}),
        ("--only metadata", set(METADATA_FIELDS)),
        (
            "--only metadata --skip location,people",
            set(METADATA_FIELDS) - {Field.LOCATION, Field.PEOPLE},
        ),
        ("--skip content", set(METADATA_FIELDS)),
    ],
)
def test_only_and_skip_choose_fields(line: str, fields: set[Field]) -> None:
    options = parse(["--sync-to", "nas", *line.split(), "P"])
    assert policy(options, read(None), steps(options)[0]).fields == fields


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--only tag", "there is no field tag"),
        ("--only tags --skip tags", "leave no field"),
        ("--only ,", "leave no field"),
        ("--max-delete half", "--max-delete half"),
        ("--max-delete 101%", "--max-delete 101%"),
        ("--max-delete nan", "--max-delete nan"),
        ("--prefer usb", "--prefer usb: this run has no such side"),
    ],
)
def test_values_that_cannot_be_are_named(line: str, said: str) -> None:
    options = parse(["--sync-to", "nas", *line.split(), "P"])
    with pytest.raises(UsageError, match=said):
        policy(options, read(None), steps(options)[0])


@pytest.mark.parametrize(("text", "share"), [("30%", 0.3), ("30", 0.3), ("0", 0.0), ("100", 1.0)])
def test_max_delete_is_a_percentage(text: str, share: float) -> None:
    options = parse(["--sync-to", "nas", "--max-delete", text, "P"])
    assert policy(options, read(None), steps(options)[0]).max_delete == share


def test_a_side_is_preferred_where_it_takes_part() -> None:
    options = parse(
        [
            "--sync-with",
            "nas",
            "--sync-with",
            "file:///mnt/a%20b/",
            "--prefer",
            "file:///mnt/a b",
            "P",
        ]
    )
    nas, tree = (policy(options, read(None), step) for step in steps(options))
    assert (nas.prefer, tree.prefer) == (None, Side.RIGHT)
    options.prefer = "local"
    assert policy(options, read(None), steps(options)[0]).prefer is Side.LEFT


@pytest.mark.parametrize(
    ("line", "check"),
    [("", Check.CHANGED), ("--check-meta", Check.METADATA), ("--check-all", Check.ALL)],
)
def test_how_closely_files_are_looked_at(line: str, check: Check) -> None:
    assert read_check(parse(line.split())) is check


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with the folders `a`, `a/in` and `ab`, and the file `file`."""
    for name in ("a/in", "ab"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("a ab", ["a", "ab"]),
        ("a ./a a/in/..", ["a"]),
        ("--no-recurse a a/in", ["a", "a/in"]),
    ],
)
def test_paths_are_absolute_and_each_once(here: Path, line: str, names: list[str]) -> None:
    assert folders(parse(line.split())) == [here / name for name in names]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "no PATH"),
        ("gone", "gone does not exist"),
        ("file", "file is no folder"),
        ("a a/in", "lies in"),
    ],
)
def test_paths_that_are_no_folders_of_their_own_are_named(here: Path, line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        folders(parse(line.split()))


def test_an_empty_path_is_no_folder(here: Path) -> None:
    with pytest.raises(UsageError, match="a PATH is empty"):
        folders(parse(["a", ""]))


def test_a_current_folder_that_is_gone_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here / "ab")
    (here / "ab").rmdir()
    with pytest.raises(UsageError, match=r"\.: the current folder is gone"):
        folders(parse(["."]))


@pytest.mark.parametrize(
    ("tops", "root", "expected"),
    [
        pytest.param(["a"], None, [""], id="a PATH alone is the top"),
        pytest.param(["a/in", "ab"], None, ["a/in", "ab"], id="several, below what holds them all"),
        pytest.param(["a", "a/in"], None, ["", "in"], id="one in the other"),
        pytest.param(["a/in"], "a", ["in"], id="below the root"),
        pytest.param(["a"], "a", [""], id="the root itself"),
        pytest.param(["ab"], "a", [""], id="outside of the root"),
        pytest.param(["a/in", "ab"], "a", ["in", ""], id="one below the root, one outside"),
        pytest.param(["a", "ab"], "a/in", ["a", "ab"], id="several outside of the root"),
        pytest.param(["a/in."], "a", ["in."], id="a name that ends with a dot"),
        pytest.param(["a/in"], "link", ["in"], id="a link leads to the root"),
        pytest.param(["link/in"], "a", ["in"], id="a link leads below the root"),
    ],
)
def test_a_path_has_its_place(
    here: Path, tops: list[str], root: str | None, expected: list[str]
) -> None:
    (here / "link").symlink_to("a")
    found = places([here / top for top in tops], here / root if root else None)
    assert [found[here / top] for top in tops] == expected
