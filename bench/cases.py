"""What is measured: each case makes its photos, runs the commands in turn and gives table rows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import corpora, digikam
from .measure import Command, Cost, best_of

REPO = Path(__file__).resolve().parent.parent
ROUNDS = 3
MEGABYTE = 1_000_000

# img-sync as it is installed beside this Python.
IMG_SYNC = Path(sys.executable).with_name("img-sync")


@dataclass(frozen=True)
class Row:
    """A line of the table; `met` is None where no target is set or the peer is not installed."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Size:
    """How many photos the cases take."""

    few: int
    many: int
    camera: int
    folder: int


SIZES = {"full": Size(10_000, 100_000, 1_000, 1_000), "small": Size(500, 5_000, 60, 200)}


def img_sync(scratch: Path, *words: str | Path) -> Command:
    """A run with a home folder of its own; one that finds any difference is a failure."""
    home = scratch / "home"
    places = {f"XDG_{kind}_HOME": str(home / kind) for kind in ("CACHE", "STATE")}
    return Command((IMG_SYNC, *words), environment={"HOME": str(home), **places})


def nothing_changed(scratch: Path, size: Size) -> list[Row]:
    """Looking at a tree in which nothing has changed since the last time."""
    few, many, copy = scratch / "few", scratch / "many", scratch / "copy"
    for tree, count in ((few, size.few), (many, size.many)):
        corpora.small_photos(tree, count)
        img_sync(scratch, "--sync-to", "local", tree).run()
    look_at_few, look = (img_sync(scratch, "--diff-with", "local", t) for t in (few, many))
    rsync, git = shutil.which("rsync"), shutil.which("git")
    peers = {}
    if rsync:
        Command(("cp", "-a", many, copy)).run()
        peers["rsync -an"] = Command((rsync, "-an", f"{many}/", f"{copy}/"))
    if git:
        peers["git status"] = _git_status(git, many, scratch / "git")
    small, large, *others = best_of(ROUNDS, look_at_few, look, *peers.values())
    costs = dict(zip(peers, others, strict=True))
    photos = f"{size.many:,} photos, nothing changed"
    growth, grown = large.seconds / small.seconds, size.many // size.few
    memory = large.memory / MEGABYTE
    return [
        Row(f"`--diff-with local`, {photos}", _seconds(large)),
        _ratio(large, "rsync -an", costs.get("rsync -an"), most=1.0),
        _ratio(large, "git status", costs.get("git status"), most=3.0),
        Row("peak memory", f"{memory:.0f} MB", "at most 200 MB", memory <= 200),
        Row(
            f"time, {grown} x the photos ({size.few:,} in {_seconds(small)})",
            f"{growth:.1f} x",
            f"at most {grown * 1.1:.0f} x",
            growth <= grown * 1.1,
        ),
    ]


def first_scan(scratch: Path, size: Size) -> list[Row]:
    """Looking at photos for the first time: every byte is hashed, all metadata is read."""
    originals = REPO.parent / "shared/photos"
    if not originals.is_dir():
        return [Row("first scan", "not measured: no shared/photos beside the repository")]
    tree = scratch / "camera"
    total = corpora.camera_photos(tree, size.camera, originals)
    scan = img_sync(scratch, "--sync-to", "local", tree)
    floor = Command((sys.executable, "-m", "bench.floor", tree))
    peers, exiftool = [floor], _exiftool()
    if exiftool:
        words = ("-r", "-json", "-api", "ImageHashType=SHA256", "-ImageDataHash")
        peers.append(Command((exiftool, *words, tree), frozenset({0, 1})))
    scans, others = [], []
    for _ in range(ROUNDS):
        corpora.forget(tree, scratch / "home")
        scans += best_of(1, scan)
        others.append(best_of(1, *peers))
    ours = min(scans, key=lambda cost: cost.seconds)
    lowest, *theirs = _quickest(others)
    limit = 1.5 * lowest.seconds + 0.4
    rows = [
        Row(
            f"`--sync-to local`, first scan of {size.camera:,} camera JPEGs ({total / 1e9:.2f} GB)",
            _seconds(ours),
            f"at most {limit:.2f} s (1.5 x the floor of {_seconds(lowest)} + 0.4 s)",
            ours.seconds <= limit,
        )
    ]
    rows.append(_speedup(ours, theirs[0], lowest) if theirs else Row("ExifTool", "not installed"))
    return rows


def first_copy(scratch: Path, size: Size) -> list[Row]:
    """Bringing photos that are known here into an empty tree."""
    few, many = scratch / "few", scratch / "many"
    for tree, count in ((few, size.folder), (many, 4 * size.folder)):
        corpora.small_photos(tree, count, per_album=count)
    (small, _), (large, _) = (_copied(scratch, tree) for tree in (few, many))
    growth = large.seconds / small.seconds
    rows = [
        Row(
            f"`--sync-to` an empty tree, {4 * size.folder:,} photos in one folder, time for 4 x"
            f" the photos ({size.folder:,} in {_seconds(small)})",
            f"{growth:.1f} x",
            "at most 4.4 x",
            growth <= 4.4,
        )
    ]
    originals = REPO.parent / "shared/photos"
    if not originals.is_dir():
        return [*rows, Row("camera JPEGs", "not measured: no shared/photos beside the repository")]
    total = corpora.camera_photos(scratch / "camera", size.camera, originals)
    ours, theirs = _copied(scratch, scratch / "camera")
    what = f"`--sync-to` an empty tree, {size.camera:,} camera JPEGs ({total / 1e9:.2f} GB)"
    rows.append(Row(what, f"{_seconds(ours)}, {size.camera / ours.seconds:.0f} photos/s"))
    if theirs is not None:
        what = f"of `rsync -a` ({_seconds(theirs)}), which does not wait for the disk"
        rows.append(Row(what, f"{ours.seconds / theirs.seconds:.1f} x"))
    return rows


def _copied(scratch: Path, tree: Path) -> tuple[Cost, Cost | None]:
    """The cost of a first copy of the tree, and that of rsync's where it is installed."""
    rsync, there = shutil.which("rsync"), scratch / "there"
    sync = img_sync(scratch, "--sync-to", there.as_uri(), tree)
    copies = [sync, *([Command((rsync, "-a", f"{tree}/", there))] if rsync else [])]
    rounds: list[list[Cost]] = []
    for _ in range(ROUNDS):
        corpora.forget(tree, scratch / "home")
        img_sync(scratch, "--sync-to", "local", tree).run()
        rounds.append([])
        for copy in copies:
            there.mkdir()
            rounds[-1].append(copy.run())
            shutil.rmtree(there)
    ours, *theirs = _quickest(rounds)
    return ours, theirs[0] if theirs else None


def _quickest(rounds: Iterable[list[Cost]]) -> list[Cost]:
    """The quickest run of each command."""
    return [min(costs, key=lambda cost: cost.seconds) for costs in zip(*rounds, strict=True)]


def start(scratch: Path, size: Size) -> list[Row]:
    """How long a run takes that does nothing."""
    bare = Command((sys.executable, "-c", "pass"))
    version, nothing = best_of(10, img_sync(scratch, "--version"), bare)
    over = (version.seconds - nothing.seconds) * 1000
    return [Row("`--version` over `python -c pass`", f"{over:.0f} ms", "at most 80 ms", over <= 80)]


def digikam_loads(scratch: Path, size: Size) -> list[Row]:
    """Reading what a digiKam database says of all photos, album by album."""
    schema = REPO.parent / "shared/digikam/schema-sqlite-v15.sql"
    if not schema.is_file():
        return [Row("digiKam", "not measured: no shared/digikam beside the repository")]
    digikam.collection(scratch / "Pictures", size.many, schema)
    words = (sys.executable, "-m", "bench.digikam", scratch / "Pictures")
    [cost] = best_of(ROUNDS, Command(words))
    what = f"{size.many:,} photos' metadata from digiKam's database"
    return [Row(what, _seconds(cost), "at most 3 s", cost.seconds <= 3)]


CASES = {
    "unchanged": nothing_changed,
    "first": first_scan,
    "copy": first_copy,
    "start": start,
    "digikam": digikam_loads,
}


def _git_status(git: str, tree: Path, repository: Path) -> Command:
    """`git status` of the tree, whose repository lies elsewhere; all is committed."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    words = (git, f"--git-dir={repository}", f"--work-tree={tree}")
    person = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    Command((git, "init", "--quiet", "--bare", repository), environment=own).run()
    Command((*words, "config", "core.bare", "false"), environment=own).run()
    # else it tidies up in the background, while others are measured
    Command((*words, "config", "gc.auto", "0"), environment=own).run()
    Command((*words, "add", "--all"), environment=own).run()
    Command((*words, *person, "commit", "--quiet", "-m", "all"), environment=own).run()
    status = Command((*words, "status"), environment=own)
    status.run()  # writes the index once more, so that no entry looks too young to be trusted
    return status


def _exiftool() -> str | None:
    ours = REPO / "node_modules/exiftool-vendored.pl/bin/exiftool"
    for program in (os.environ.get("IMG_SYNC_EXIFTOOL"), ours, shutil.which("exiftool")):
        if program and Path(program).exists():
            asked = subprocess.run([program, "-ver"], capture_output=True, text=True, check=True)
            if float(asked.stdout) >= 13:
                return str(program)
    return None


def _ratio(ours: Cost, peer: str, theirs: Cost | None, most: float) -> Row:
    if theirs is None:
        return Row(f"of `{peer}`", "not installed")
    ratio = ours.seconds / theirs.seconds
    what = f"of `{peer}` ({_seconds(theirs)})"
    return Row(what, f"{ratio:.2f} x", f"at most {most} x", ratio <= most)


def _speedup(ours: Cost, theirs: Cost, floor: Cost) -> Row:
    ratio, most = (theirs.seconds / each.seconds for each in (ours, floor))
    what = f"faster than `exiftool -r -json -ImageDataHash` ({_seconds(theirs)})"
    return Row(what, f"{ratio:.0f} x", f"at least 25 x (the floor: {most:.0f} x)", ratio >= 25)


def _seconds(cost: Cost) -> str:
    return f"{cost.seconds:.2f} s"
