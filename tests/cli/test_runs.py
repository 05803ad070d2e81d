"""Whole runs on small trees: what they print, what they do, and their exit codes."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from imgsync.cli import session
from imgsync.cli.runlog import KEPT, folder
from imgsync.errors import Denied
from imgsync.services.files import Files
from imgsync.state import State

if TYPE_CHECKING:
    from tests.cli.conftest import Run, Trees


def test_the_cache_is_compared_and_brought_up_to_date(trees: Trees, run: Run) -> None:
    trees.add("1.jpg", "sub/2.jpg")
    planned = ["create  cache  1.jpg  (new)", "create  cache  sub/2.jpg  (new)"]
    assert run("--diff-with local here") == (1, "\n".join(planned) + "\n", "2 to create\n")
    assert not (trees.here / ".img-sync.db").exists()
    assert run("--sync-to local here") == (0, "", "2 created\n")
    assert run("--diff-with local here") == (0, "", "in step, nothing to do\n")
    trees.say("1.jpg", "new words")
    (trees.here / "sub/2.jpg").unlink()
    answer = run("--diff-with local here")
    assert answer.code == 1
    assert answer.lines[0].startswith('update  cache  1.jpg  caption: "" -> "new words"')
    assert answer.lines[1].startswith("delete  cache  sub/2.jpg")


@pytest.mark.parametrize("option", ["--verbose", "--no-write"])
def test_the_cache_shows_its_diff_on_demand(trees: Trees, run: Run, option: str) -> None:
    trees.add("1.jpg")
    answer = run(f"--sync-to local {option} here")
    assert answer.lines == ["create  cache  1.jpg  (new)"]
    assert (trees.here / ".img-sync.db").exists() is (option == "--verbose")


def test_verbose_shows_all_that_is_known_first(trees: Trees, run: Run) -> None:
    trees.add("1.jpg")
    run("--sync-to local here")
    trees.say("1.jpg", "words")
    lines = run("--diff-with local --verbose here").lines
    assert [line.split("  ")[:3] for line in lines] == [
        ["photo", "local", "1.jpg"],
        ["photo", "cache", "1.jpg"],
        ["update", "cache", "1.jpg"],
    ]
    assert 'caption: "words"' in lines[0]


def test_a_sync_prints_its_plan_and_does_it(trees: Trees, run: Run) -> None:
    trees.add("1.jpg")
    assert run("--diff-with nas here").code == 1
    assert run("--sync-to nas here") == (0, "create  nas  1.jpg  (new)\n", "1 created\n")
    assert (trees.there / "1.jpg").read_bytes() == (trees.here / "1.jpg").read_bytes()
    assert run("--diff-with nas here").code == 0


def test_no_write_writes_nothing(trees: Trees, run: Run) -> None:
    trees.add("1.jpg")
    answer = run("--sync-with nas --no-write here")
    assert answer == (1, "create  nas  1.jpg  (new)\n", "1 to create\n")
    assert list(trees.there.iterdir()) == []
    assert [path.name for path in trees.here.iterdir()] == ["1.jpg"]


def test_a_pull_brings_new_albums(trees: Trees, run: Run) -> None:
    trees.add("1.jpg", root=trees.there)
    assert run("--sync-to nas here").code == 0
    assert not (trees.here / "1.jpg").exists()
    answer = run("--diff-with local --sync-from nas here")
    assert (answer.code, answer.lines) == (1, ["create  local  1.jpg  (new)"])
    assert run("--sync-to local --sync-from nas here").code == 0
    assert (trees.here / "1.jpg").exists()


def test_one_service_after_another_with_one_sum(trees: Trees, run: Run, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    trees.add("a/1.jpg", "b/2.jpg")
    answer = run(
        "--sync-to", "nas", "--sync-with", f"file://{usb}", "here/a", "--json", trees.here / "b"
    )
    assert answer.code == 0
    assert [event["side"] for event in answer.events if event["event"] == "done"] == [
        "nas",
        "nas",
        f"file://{usb}",
        f"file://{usb}",
    ]
    assert [event["event"] for event in answer.events].count("summary") == 1
    assert answer.events[-1]["created"] == 4
    assert (trees.there / "a/1.jpg").exists()
    assert (usb / "b/2.jpg").exists()


def test_several_paths_keep_their_places_below_the_root(trees: Trees, run: Run, home: Path) -> None:
    config = home / "config/img-sync.cfg"
    config.write_text(config.read_text().replace("[nas]", f"root = {trees.here}\n[nas]"))
    trees.add("2018/a/1.jpg", "2018/b/2.jpg")
    assert run("--sync-to nas here/2018/a here/2018/b").code == 0
    assert (trees.there / "2018/b/2.jpg").exists()


def test_several_paths_are_told_apart(trees: Trees, run: Run, home: Path) -> None:
    trees.add("2018/a/1.jpg", "2018/b/1.jpg", "2018/b/in/2.jpg")
    answer = run("--diff-with nas here/2018/a here/2018/b")
    assert answer.lines == [
        "create  nas  a/1.jpg  (new)",
        "create  nas  b/1.jpg  (new)",
        "create  nas  b/in/2.jpg  (new)",
    ]
    answer = run("--sync-to nas --json here/2018/a here/2018/b")
    assert [(e["event"], e["album"], e["name"]) for e in answer.events[:-1]] == [
        ("planned", "a", "1.jpg"),
        ("done", "a", "1.jpg"),
        ("planned", "b", "1.jpg"),
        ("planned", "b/in", "2.jpg"),
        ("done", "b", "1.jpg"),
        ("done", "b/in", "2.jpg"),
    ]
    log = next(folder().glob("*.log")).read_text()
    assert "create  nas  b/in/2.jpg" in log


def test_several_paths_outside_of_the_root_are_not_mixed(
    trees: Trees, run: Run, home: Path
) -> None:
    config = home / "config/img-sync.cfg"
    config.write_text(config.read_text().replace("[nas]", "root = /elsewhere\n[nas]"))
    trees.add("a/1.jpg", "b/2.jpg")
    assert run("--sync-with nas here/a here/b").code == 0
    assert (trees.there / "a/1.jpg").exists()
    assert sorted(path.name for path in (trees.here / "b").iterdir()) == [".img-sync.db", "2.jpg"]


def conflict(trees: Trees, run: Run) -> None:
    """A photo in step whose caption has been changed on both sides since."""
    trees.add("1.jpg")
    run("--sync-with nas here")
    trees.say("1.jpg", "here")
    trees.say("1.jpg", "there", root=trees.there)


def test_a_conflict_shows_both_values_until_a_side_is_preferred(trees: Trees, run: Run) -> None:
    conflict(trees, run)
    answer = run("--sync-with nas here")
    assert answer.code == 1
    assert answer.lines == [
        'conflict  -  1.jpg  caption: local "here", nas "there"  (changed on both sides)'
    ]
    assert answer.err == "left: 1 conflict\n"
    answer = run("--sync-with nas --prefer nas here")
    assert answer.code == 0
    assert answer.lines == ['update  local  1.jpg  caption: "here" -> "there"  (changed on nas)']


def test_a_deletion_is_blocked_until_it_is_allowed(trees: Trees, run: Run) -> None:
    trees.add("1.jpg", "2.jpg", "3.jpg")
    run("--sync-with nas here")
    (trees.here / "1.jpg").unlink()
    answer = run("--sync-with nas here")
    assert answer.code == 1
    assert answer.lines == [
        "delete  nas  1.jpg  (deleted on local)  blocked: deletions are carried only with --delete"
    ]
    assert run("--sync-with nas here --delete").code == 0
    assert not (trees.there / "1.jpg").exists()


def test_a_plan_that_deletes_too_much_is_refused(trees: Trees, run: Run) -> None:
    trees.add("1.jpg", "2.jpg", "3.jpg")
    run("--sync-with nas here")
    (trees.here / "1.jpg").unlink()
    (trees.here / "2.jpg").unlink()
    answer = run("--sync-with nas here --delete --json")
    assert answer.code == 3
    assert [event["event"] for event in answer.events] == ["planned", "planned", "summary"]
    assert answer.events[-1]["deleted"] == 0
    assert "--max-delete" in answer.err
    assert (trees.there / "1.jpg").exists()
    assert run("--sync-with nas here --delete --max-delete 67%").code == 0


def test_an_unreadable_state_ends_only_its_own_album(trees: Trees, run: Run) -> None:
    trees.add("a/1.jpg", "b/2.jpg")
    run("--sync-to local here")
    (trees.here / "a/.img-sync.db").write_text("no state\nat all\n")
    trees.add("b/3.jpg")
    answer = run("--sync-to nas here")
    assert answer.code == 4
    assert "a/.img-sync.db" in answer.err
    assert (trees.there / "b/3.jpg").exists()
    assert not (trees.there / "a").exists()


def test_a_state_that_is_damaged_behind_its_first_line_ends_only_its_own_album(
    trees: Trees, run: Run
) -> None:
    trees.add("1.jpg", "gone/2.jpg", "b/3.jpg")
    run("--sync-to nas here")
    state = trees.here / ".img-sync.db"
    saved = state.stat().st_mtime_ns
    state.write_bytes(state.read_bytes().replace(b'"1.jpg"', b'1.jpg"'))
    os.utime(state, ns=(saved, saved))  # no editor, but a disk
    shutil.rmtree(trees.here / "gone")
    trees.add("b/4.jpg")
    answer = run("--sync-to local here")
    assert answer.code == 4
    assert "here/.img-sync.db" in answer.err
    assert b'"4.jpg"' in (trees.here / "b/.img-sync.db").read_bytes()


def test_what_another_run_holds_is_left_to_it(trees: Trees, run: Run) -> None:
    trees.add("1.jpg", "a/2.jpg")
    assert run("--sync-with nas here").code == 0
    trees.add("b/3.jpg")  # a folder that is to be remembered in the one above
    state = trees.here / ".img-sync.db"
    before = state.read_bytes()
    with State.load(trees.here).hold():
        answer = run("--sync-with nas here")
        assert state.read_bytes() == before
    assert (answer.code, answer.err.count("in use by another run")) == (4, 1)
    assert (trees.there / "b/3.jpg").exists()
    assert run("--sync-with nas here").code == 0
    assert [child.path for child in State.load(trees.here).children.values()] == ["a", "b"]


def test_a_service_that_is_not_there(trees: Trees, run: Run) -> None:
    trees.add("1.jpg")
    answer = run("--sync-to file:///no/such/tree --sync-to nas here")
    assert answer.code == 5
    assert answer.err.startswith("img-sync: there is no folder /no/such")
    assert (trees.there / "1.jpg").exists()


def test_a_service_that_gives_up_while_writing(
    trees: Trees, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.add("1.jpg", "2.jpg")

    def denied(*_: object) -> None:
        raise Denied("nas takes nothing from us any more")

    monkeypatch.setattr(Files, "create", denied)
    answer = run("--sync-to nas --json here")
    assert answer.code == 5
    assert "nas takes nothing" in answer.err
    assert answer.events[-1]["created"] == 0


def test_what_cannot_be_read_is_told_with_its_side(trees: Trees, run: Run) -> None:
    for tree in (trees.here, trees.there):
        trees.add("a/1.jpg", root=tree)
        (tree / "a/1.jpg").write_bytes(b"")
    answer = run("--sync-with nas here")
    assert answer.code == 1
    assert "img-sync: a/1.jpg: is empty" in answer.err
    assert "img-sync: a/1.jpg on nas: is empty" in answer.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--sync-to nas gone", "gone does not exist"),
        ("--sync-to nas here --config=", "there is no configuration file"),
        ("--sync-to nass here", "no section [nass] in"),
        ("--sync-to ./there here", "./there is no service: write file:///"),
        ("--sync-to nas --prefer usb here", "--prefer usb"),
        ("--sync-to nas --only tag here", "no field tag"),
        ("--sync-to nas --config gone.cfg here", "no configuration file gone.cfg"),
        ("--sync-to nas there", "are not two trees: they are one folder"),
        ("--sync-to nas there/in", "are not two trees: one lies in the other"),
        ("--sync-to nas .", "are not two trees"),
        ("--sync-to local --sync-to nas here there", "are not two trees"),
        ("--list nas here", "no PATH"),
        ("--sync-to nas here --\x1b[2J", r"unrecognized arguments: --\x1b[2J"),
        ("--list local here there", "one PATH at a time"),
        ("--list nas --list local", "--list stands alone"),
        ("--diff-with nas", "no PATH"),
    ],
)
def test_wrong_usage_is_one_sentence_and_does_nothing(
    trees: Trees, run: Run, line: str, said: str
) -> None:
    trees.add("1.jpg")
    (trees.there / "in").mkdir()
    answer = run(line)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.startswith("img-sync: ")
    assert answer.err.count("\n") == 1
    assert answer.out == ""
    assert [path.name for path in trees.here.iterdir()] == ["1.jpg"]


def test_the_command_line_excludes_besides_the_configuration(
    trees: Trees, run: Run, home: Path
) -> None:
    config = home / "config/img-sync.cfg"
    config.write_text(config.read_text().replace("[nas]", "exclude = *.tmp.jpg\n[nas]"))
    trees.add("1.jpg", "2.tmp.jpg", "old/3.jpg", "sub/4.jpg")
    answer = run("--diff-with local here --exclude old")
    assert [line.split("  ")[2] for line in answer.lines] == ["1.jpg", "sub/4.jpg"]
    answer = run("--diff-with local here --no-recurse")
    assert [line.split("  ")[2] for line in answer.lines] == ["1.jpg"]


def test_quiet_prints_nothing_but_errors(trees: Trees, run: Run) -> None:
    trees.add("1.jpg")
    assert run("--diff-with nas --quiet here") == (1, "", "")
    assert run("--sync-to nas --quiet here") == (0, "", "")
    assert run("--diff-with gone --quiet here").err != ""


@pytest.mark.parametrize(
    ("answered", "done"),
    [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False), ("", False)],
)
def test_interactive_asks_before_writing(
    trees: Trees, run: Run, monkeypatch: pytest.MonkeyPatch, answered: str, done: bool
) -> None:
    trees.add("1.jpg")
    monkeypatch.setattr("sys.stdin", io.StringIO(answered))
    answer = run("--sync-to nas --interactive here")
    assert answer.lines == ["create  nas  1.jpg  (new)"]
    assert f"local and nas, {trees.here}: write this? [y/N]" in answer.err
    assert answer.code == (0 if done else 1)
    assert (trees.there / "1.jpg").exists() is done
    assert (trees.here / ".img-sync.db").exists() is done


def test_what_nobody_agreed_to_is_not_told_as_done(
    trees: Trees, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.add("a/1.jpg", "b/2.jpg")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\ny\n"))
    answer = run("--sync-to nas --interactive here/a here/b")
    assert (answer.code, answer.err.splitlines()[-1]) == (1, "1 created, 1 to create")


def test_who_interrupts_a_question_is_told_on_a_line_of_its_own(
    trees: Trees, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted:
        def readline(self) -> str:
            raise KeyboardInterrupt

    trees.add("1.jpg")
    monkeypatch.setattr("sys.stdin", Interrupted())
    answer = run("--sync-to nas --interactive here")
    assert answer.code == 130
    assert "\nimg-sync: interrupted" in answer.err


def test_a_question_cannot_command_the_terminal(
    trees: Trees, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.add("\x1b[2J/1.jpg")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    answer = run("--sync-to", "nas", "--interactive", trees.here / "\x1b[2J")
    question = rf"local and nas, {trees.here}/\x1b[2J: write this? [y/N] "
    assert answer.err == f"{question}\n1 to create\n"


def test_interactive_does_not_ask_for_nothing(
    trees: Trees, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    conflict(trees, run)
    monkeypatch.setattr("sys.stdin", None)
    assert run("--sync-with nas --interactive here").code == 1


def test_albums_are_listed(trees: Trees, run: Run) -> None:
    trees.add("a/1.jpg", "a/b/2.jpg", "3.jpg")
    assert run("--list local here").lines == ["./", "a/", "a/b/"]
    assert run("--list local here --exclude b").lines == ["./", "a/"]
    lines = run("--list local here/a --verbose").lines
    assert [line.split("  ")[:3] for line in lines] == [
        ["./"],
        ["photo", "local", "1.jpg"],
        ["b/"],
        ["photo", "local", "b/2.jpg"],
    ]
    run("--sync-to nas here")
    events = run("--list nas --json").events
    assert events[1] == {"event": "album", "side": "nas", "album": "a"}
    assert events[-1]["event"] == "summary"


def test_the_local_albums_are_those_of_the_root(trees: Trees, run: Run, home: Path) -> None:
    trees.add("a/1.jpg")
    assert run("--list local").lines == ["here/a/"]
    config = home / "config/img-sync.cfg"
    config.write_text(f"[img-sync]\nroot = {trees.here}\n")
    assert run("--list local").lines == ["a/"]


def test_a_list_of_what_is_not_there(trees: Trees, run: Run, home: Path) -> None:
    trees.there.rmdir()
    config = home / "config/img-sync.cfg"
    config.write_text(config.read_text().replace("[nas]", "root = /no/such/root\n[nas]"))
    for line in ("file:///no/such/tree", "nas", "local"):
        answer = run(f"--list {line}")
        assert (answer.code, answer.out) == (5, "")
        assert "img-sync: there is no folder /" in answer.err


def test_the_configuration_is_printed(trees: Trees, run: Run, home: Path) -> None:
    answer = run("--print-config --jobs 7")
    assert answer.code == 0
    assert answer.lines[0] == f"# {home}/config/img-sync.cfg"
    assert {"jobs = 7", f"path = {trees.there}"} <= set(answer.lines)
    (home / "config/img-sync.cfg").write_text("[nas]\ntype = files\npaht = /x\n")
    answer = run("--print-config")
    assert answer.code == 2
    assert "paht = ********" in answer.lines
    assert "did you mean path?" in answer.err


def test_hostile_names_are_made_visible(trees: Trees, run: Run) -> None:
    trees.add("\x1b[2J\n.jpg")
    os.rename(trees.here / "\x1b[2J\n.jpg", os.fsencode(trees.here) + b"/\x1b[2J\n\xe9.jpg")  # noqa: PTH104
    answer = run("--diff-with nas here")
    assert answer.lines == [r"create  nas  \x1b[2J\n\xe9.jpg  (new)"]
    (event, _) = run("--diff-with nas --json here").events
    assert event["name"] == "\x1b[2J\n\udce9.jpg"


# The log.


def logs() -> list[str]:
    return [path.read_text() for path in sorted(folder().glob("*.log"))]


def test_a_run_that_does_nothing_leaves_no_log(trees: Trees, run: Run) -> None:
    trees.add("1.jpg")
    run("--diff-with nas here")
    run("--sync-to nas --no-write here")
    assert logs() == []


def test_the_log_tells_what_was_done_and_trashed(trees: Trees, run: Run) -> None:
    trees.add("1.jpg", "2.jpg")
    run("--sync-to nas here")
    (trees.here / "1.jpg").unlink()
    run("--sync-to", "nas", "--delete", "here", "--exclude", "two words")
    assert [line.split("  ", 1)[1] for line in "".join(logs()).splitlines()] == [
        f"img-sync --sync-to nas here  (in {trees.here.parent})",
        "done    create  nas  1.jpg  (new)",
        "done    create  nas  2.jpg  (new)",
        f"img-sync --sync-to nas --delete here --exclude 'two words'  (in {trees.here.parent})",
        f"trash   {trees.there}/1.jpg -> the trash",
        "done    delete  nas  1.jpg  (deleted on local)",
    ]


def test_the_last_logs_are_kept(trees: Trees, run: Run) -> None:
    folder().mkdir(parents=True)
    for number in range(KEPT):
        (folder() / f"2001-01-01T00-00-{number:03}.log").touch()
    trees.add("1.jpg")
    run("--sync-to nas here")
    names = sorted(path.name for path in folder().iterdir())
    assert len(names) == KEPT
    assert names[0] == "2001-01-01T00-00-001.log"


def test_a_log_that_cannot_be_written_is_no_reason_to_stop(
    trees: Trees, run: Run, home: Path
) -> None:
    trees.add("1.jpg", "2.jpg")
    (home / ".local").write_text("in the way")
    answer = run("--sync-to nas here")
    assert answer.code == 0
    assert answer.err.count("no log is written") == 1
    assert (trees.there / "2.jpg").exists()


def test_without_a_home_folder_only_the_log_is_missing(
    trees: Trees, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any) -> None:
        raise KeyError

    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    trees.add("1.jpg")
    answer = run("--sync-to", f"file://{trees.there}", "here")
    said = "no log is written: there is no home folder: set XDG_STATE_HOME"
    assert answer == (0, answer.out, f"img-sync: {said}\n1 created\n")
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["here", "there"]


def test_a_bug_is_told_without_a_traceback(
    trees: Trees, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise TypeError("this is a bug")

    monkeypatch.setattr(session, "_left", broken)
    monkeypatch.setattr(session.Session, "_scope", broken)
    trees.add("1.jpg")
    answer = run("--sync-to nas here")
    assert answer.code == 70
    assert "internal error (TypeError in test_runs.py:" in answer.err
    assert "Traceback" not in answer.err
    (log,) = logs()
    assert "Traceback" in log
    assert "this is a bug" in log
