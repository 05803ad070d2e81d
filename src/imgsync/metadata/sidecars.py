"""Which `.xmp` files beside a photo are its own, and which of them speaks for it.

Two ways of naming are in use: `a.jpg.xmp` (digiKam, darktable, Immich) and `a.xmp` (Lightroom,
Capture One, Photo Mechanic). Both are read; new ones are `a.jpg.xmp`, which no other photo can
claim.
"""

from __future__ import annotations

from collections.abc import Iterable

from .formats import is_photo, is_raw, is_video

__all__ = ["is_sidecar", "name_for", "owners"]

_SUFFIX = ".xmp"


def is_sidecar(name: str) -> bool:
    """Whether a file of this name is a sidecar."""
    return name.lower().endswith(_SUFFIX) and len(name) > len(_SUFFIX)


def name_for(photo: str) -> str:
    """The name of a new sidecar of a photo."""
    return photo + _SUFFIX


def owners(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The photos among the file names of one folder, each with its sidecars.

    The first of them speaks for the photo: `a.jpg.xmp` beats `a.xmp`. `a.xmp` has one owner: of
    several photos called `a` the RAW before the picture before the video, then the first by name.
    The others never get it, not even where its owner has an `a.cr2.xmp` as well. Upper and lower
    case count in stems, not in suffixes.
    """
    present = sorted(names)
    photos = [name for name in present if is_photo(name)]
    sidecars = [name for name in present if is_sidecar(name)]
    owned: dict[str, tuple[str, ...]] = dict.fromkeys(photos, ())
    if not sidecars:
        return owned
    folded = {_fold(photo): photo for photo in photos}
    stems = {_stem(photo): photo for photo in sorted(photos, key=_rank, reverse=True)}
    claims = []
    for sidecar in sidecars:
        base = sidecar[: -len(_SUFFIX)]
        if base in owned:
            claims.append((2, base, sidecar))
        elif _fold(base) in folded:
            claims.append((1, folded[_fold(base)], sidecar))
        elif base in stems:
            claims.append((0, stems[base], sidecar))
    # The strongest comes first; among equals `.xmp` comes before `.XMP`.
    for _, photo, sidecar in sorted(claims, reverse=True):
        owned[photo] += (sidecar,)
    return owned


def _rank(photo: str) -> tuple[int, str]:
    """The photo that `a.xmp` belongs to comes first."""
    if is_raw(photo):
        return 0, photo
    return (2, photo) if is_video(photo) else (1, photo)


def _stem(photo: str) -> str:
    return photo.rpartition(".")[0]


def _fold(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem + dot + suffix.lower()
