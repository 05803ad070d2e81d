"""`make demo`: the main job of img-sync, shown and checked on a small real collection."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import exiv2
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[2] / "shared/photos"
IMG_SYNC = Path(sys.executable).with_name("img-sync")

# The albums, and the sample photos that go into them.
COLLECTION = {
    "2008 Arezzo": [f"jpg/gps/DSCN00{number}.jpg" for number in (10, 12, 21, 25)],
    "2008 Arezzo/Evening": [f"jpg/gps/DSCN00{number}.jpg" for number in (38, 40, 42)],
    "2015 Home": ["jpg/hdr/iphone_hdr_NO.jpg", "jpg/hdr/canon_hdr_NO.jpg", "heic/IMG_5195.HEIC"],
    "2022 Walk": ["jpg/mobile/HMD_Nokia_8.3_5G.jpg", "jpg/mobile/jolla.jpg"],
}
TAGGED = Path("2008 Arezzo/DSCN0021.jpg")
CAPTIONED = Path("2022 Walk/jolla.jpg")
TAG, CAPTION = "Italy", "The last warm Sunday"

TAGS_PROPERTY, CAPTION_PROPERTY = "Xmp.dc.subject", "Xmp.dc.description"
DIFF = "img-sync --diff-with file://$PWD/NAS Pictures"
SYNC = "img-sync --sync-with file://$PWD/NAS Pictures"


class Untrue(Exception):
    """Something that the demo says did not come true."""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="img-sync-demo-") as scratch:
        try:
            show(Path(scratch))
        except Untrue as why:
            print(f"\nThe demo failed: {why}", file=sys.stderr)
            return 1
    print("\nAll of it is true.")
    return 0


def show(folder: Path) -> None:
    here, there = folder / "Pictures", folder / "NAS"
    there.mkdir()
    make_collection(here)
    count = sum(map(len, COLLECTION.values()))
    say(f"A collection of {count} photos in {len(COLLECTION)} albums, and an empty folder NAS.")
    run(folder, "img-sync --sync-to local Pictures")
    claim("img-sync remembers each album", remembered(here))

    say("The first sync copies all of it.")
    run(folder, SYNC)
    claim(f"all {count} photos are on the NAS, byte for byte", contents(here) == contents(there))

    say(f"Another program adds a tag here ({TAGGED.name}) and a caption there ({CAPTIONED.name}).")
    edit(here / TAGGED, TAGS_PROPERTY, TAG)
    edit(there / CAPTIONED, CAPTION_PROPERTY, f'lang="x-default" {CAPTION}')
    before = stamps(here) | stamps(there)
    run(folder, DIFF, expect=1)
    claim("a diff changes nothing", stamps(here) | stamps(there) == before)

    say("The next sync carries both, each to the other side.")
    events = run_json(folder, f"{SYNC} --json")
    claim("the tag arrived on the NAS", TAG in read(there / TAGGED, TAGS_PROPERTY))
    claim("the caption arrived here", CAPTION in read(here / CAPTIONED, CAPTION_PROPERTY))
    sent = [e for e in events if e.get("op") == "create" or "content" in e.get("fields", ())]
    claim("no picture was sent again", not sent)
    edited = {here / TAGGED, there / TAGGED, here / CAPTIONED, there / CAPTIONED}
    after = stamps(here) | stamps(there)
    touched = {path for path in after.keys() | before if after.get(path) != before.get(path)}
    claim("no other photo was touched", touched <= edited)

    say("Both sides are in step: there is nothing left to do.")
    *planned, summary = run_json(folder, f"{SYNC} --json")
    claim("the second run plans nothing", not planned and not any(counts(summary)))
    claim("and touches nothing", stamps(here) | stamps(there) == after)


def make_collection(tree: Path) -> None:
    """Copies of real photos, or photos drawn here where the samples are absent."""
    for album, samples in COLLECTION.items():
        (tree / album).mkdir(parents=True)
        for number, sample in enumerate(samples):
            photo = tree / album / Path(sample).name
            if SAMPLES.is_dir():
                photo.write_bytes((SAMPLES / sample).read_bytes())
            else:
                draw(photo.with_suffix(".jpg"), number)


def draw(photo: Path, number: int) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"2008:10:22 16:{number:02}:39"  # DateTimeOriginal
    Image.effect_noise((640, 480), 20 + number).save(photo, "JPEG", exif=exif)


def say(text: str) -> None:
    print(f"\n# {text}")


def claim(text: str, true: bool) -> None:
    if not true:
        raise Untrue(text)
    print(f"  ok: {text}")


def run(folder: Path, line: str, expect: int = 0) -> str:
    """Runs what a person would type in `folder`; shows it with all that it prints."""
    print(f"\n$ {line}", flush=True)
    search = f"{IMG_SYNC.parent}{os.pathsep}{os.environ['PATH']}"
    private = {
        f"XDG_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "CONFIG", "DATA", "STATE")
    }
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env={**os.environ, **private, "HOME": str(folder), "PATH": search},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout, end="")
    if done.returncode != expect:
        raise Untrue(f"exit code {done.returncode} instead of {expect}: {line}")
    return done.stdout


def run_json(folder: Path, line: str) -> list[dict[str, Any]]:
    """The events of a run, the summary last."""
    printed = run(folder, line).splitlines()
    return [json.loads(event) for event in printed if event.startswith("{")]


def remembered(tree: Path) -> bool:
    return all((tree / album / ".img-sync.db").is_file() for album in COLLECTION)


def counts(summary: dict[str, Any]) -> list[int]:
    return [value for key, value in summary.items() if key != "event"]


def edit(photo: Path, key: str, value: str) -> None:
    """What an editor of photos does: sets one property in the file."""
    image = exiv2.ImageFactory.open(str(photo))
    image.readMetadata()
    image.xmpData()[key] = value
    image.writeMetadata()


def read(photo: Path, key: str) -> str:
    """One property of a photo, read without img-sync; "" where it is absent."""
    image = exiv2.ImageFactory.open(str(photo))
    image.readMetadata()
    data = image.xmpData()
    return str(data[key].toString()) if key in [datum.key() for datum in data] else ""


def photos(tree: Path) -> list[Path]:
    return sorted(p for p in tree.rglob("*") if p.is_file() and not p.name.startswith("."))


def contents(tree: Path) -> dict[str, bytes]:
    return {str(photo.relative_to(tree)): photo.read_bytes() for photo in photos(tree)}


def stamps(tree: Path) -> dict[Path, tuple[int, int, int]]:
    """What changes as soon as a file is written or replaced."""
    stats = {photo: photo.stat() for photo in photos(tree)}
    return {photo: (s.st_ino, s.st_mtime_ns, s.st_size) for photo, s in stats.items()}


if __name__ == "__main__":
    sys.exit(main())
