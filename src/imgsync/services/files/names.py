"""Names of files and folders: which are passed over, and which may come in from elsewhere."""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Iterator

from ...errors import Rejected
from ...metadata import formats

__all__ = [
    "beginning",
    "folded",
    "is_skipped",
    "numbered",
    "safe_path",
    "safe_photo_name",
    "sidecar_form",
    "sidecar_name",
]

# What systems and NAS boxes leave in folders. Names that begin with a dot are skipped anyway.
_SKIPPED = frozenset(
    {
        "@eadir",
        "@__thumb",
        "@recycle",
        "@recently-snapshot",
        "@tmp",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "system volume information",
        "recycler",
        "lost+found",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "icon\r",
    }
)

# Names that Windows keeps for devices, with any suffix; a tree may be shared with it.
_DEVICES = frozenset({"con", "prn", "aux", "nul"}).union(
    f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)
)

# What a name may take: 255 bytes on most file systems, less the ".xmp" of a sidecar's name.
_MOST_BYTES = 251


def is_skipped(name: str) -> bool:
    """Whether a file or folder of that name is passed over, with all that is in it."""
    return name[0] == "." or name.lower() in _SKIPPED


def folded(name: str) -> str:
    """The same for names that some file system takes for one: case and accents' spelling."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def sidecar_form(sidecar: str, photo: str) -> str:
    """How a sidecar's name goes on after its photo's: "+.xmp" for a.jpg.xmp, ".xmp" for a.xmp."""
    if sidecar.startswith(photo):
        return "+" + sidecar[len(photo) :]
    return sidecar[len(photo.rpartition(".")[0]) :]


def sidecar_name(photo: str, form: str) -> str:
    """The name of the photo's sidecar in that form."""
    if form.startswith("+"):
        return photo + form[1:]
    return photo.rpartition(".")[0] + form


def beginning(name: str) -> str:
    """What the names of a photo and of all sidecars it might have begin with."""
    return name.partition(".")[0] + "."


def safe_photo_name(name: str) -> str:
    """`name` as a plain file name that does no harm anywhere.

    Raises Rejected if its suffix is none of a photo or video.
    """
    # Where the name comes from a backslash may part folders.
    name = _plain(name.replace("\\", "_"))
    if not formats.is_photo(name):
        raise Rejected(f"{name!r} is no file name of a photo or video: give it another name")
    stem, dot, suffix = name.rpartition(".")
    return _cut(stem, dot + suffix)


def safe_path(path: str) -> str:
    """`path` with every level a plain folder name; it never leaves the folder it is put under."""
    return "/".join(_cut(_seen(_plain(level)), "") for level in path.split("/") if level)


def numbered(name: str) -> Iterator[str]:
    """A photo's name, then others like it: "a.jpg", "a (2).jpg", "a (3).jpg" ..."""
    yield name
    stem, _, suffix = name.rpartition(".")
    for number in itertools.count(2):
        yield _cut(stem, f" ({number}).{suffix}")


def _plain(name: str) -> str:
    """Without separators, control characters, leading dots, trailing dots and blanks, devices."""
    name = "".join("_" if _is_hostile(letter) else letter for letter in name)
    name = name.lstrip(".").rstrip(". ") or "_"
    return "_" + name if name.split(".")[0].rstrip().lower() in _DEVICES else name


def _is_hostile(letter: str) -> bool:
    kind = unicodedata.category(letter)
    # U+DC80 to U+DCFF stand for bytes of a name that is not UTF-8; a disk takes them back.
    undecoded = "\udc80" <= letter <= "\udcff"
    return letter == "/" or kind == "Cc" or (kind == "Cs" and not undecoded)


def _seen(level: str) -> str:
    return "_" + level if is_skipped(level) else level


def _cut(stem: str, tail: str) -> str:
    """`stem` + `tail`, with letters taken off the stem's end until the name is short enough."""
    room = _MOST_BYTES - len(os.fsencode(tail))
    if len(os.fsencode(stem)) > room:
        sizes = itertools.accumulate(len(os.fsencode(letter)) for letter in stem)
        stem = stem[: sum(size <= room for size in sizes)].rstrip(". ") or "_"
    return stem + tail
