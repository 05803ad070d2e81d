"""How photos and their sidecars get their names in a folder: free ones, and never half of both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ... import disk
from ...metadata import sidecars
from .names import folded, numbered, sidecar_suffix, with_sidecar_suffix
from .nearby import names_near
from .placing import carry, is_one_name, room, settle

__all__ = ["Made", "choose_name", "install", "move_photo"]


class Made(NamedTuple):
    """A photo that is complete but for its final name, with its sidecar if it has one."""

    path: Path
    sidecar: Path | None
    content: str


def choose_name(
    folder: Path,
    name: str,
    sidecar: Path | None = None,
    *,
    is_it: Callable[[Path], bool],
    sidecar_name: Callable[[str], str] = sidecars.name_for,
    without: Collection[str | None] = (),
) -> tuple[str, bool]:
    """The name for a photo in `folder`: `name`, or one like it where that is taken.

    The second value is whether the photo is there already under that name, as `is_it` says of a
    file. A name is taken where some file system takes another for it, and where a sidecar waits
    that would speak for the photo, unless it is a copy of its own `sidecar`, left by a killed
    run. The files called `without` do not count.
    """
    for candidate in numbered(name):
        near = [other for other in names_near(folder, candidate) if other not in without]
        taken = set(map(folded, near))
        if candidate in near and is_it(folder / candidate):
            return candidate, True
        if folded(candidate) in taken:
            continue
        beside = sidecar_name(candidate) if sidecar else None
        waiting = sidecars.owners([*near, candidate])[candidate]
        if waiting is None and (beside is None or folded(beside) not in taken):
            return candidate, False
        if sidecar and waiting and waiting == beside and _same(folder / waiting, sidecar):
            return candidate, False
    raise AssertionError("numbered names do not end")


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def install(made: Made, final: Path) -> None:
    """Gives a photo its name, the sidecar first: no moment shows the photo without it."""
    if made.sidecar:
        with suppress(FileExistsError):  # the same bytes, as `choose_name` saw
            settle(made.sidecar, final.with_name(sidecars.name_for(final.name)))
    settle(made.path, final)


def move_photo(path: Path, sidecar: Path | None, folder: Path, name: str) -> str:
    """Moves a photo and its sidecar into `folder`; gives back the name that it got there.

    The new place gets the sidecar first, the old one loses it last. What a run leaves that is
    killed in between is a sidecar too many, or a second name of the same file: asked for again,
    this finishes it.
    """

    def beside(name: str) -> str:
        return with_sidecar_suffix(name, sidecar_suffix(sidecar.name, path.name)) if sidecar else ""

    own = {path.name, sidecar.name if sidecar else ""} if folder == path.parent else set()
    name, is_there = choose_name(
        folder, name, sidecar, is_it=path.samefile, sidecar_name=beside, without=own
    )
    if sidecar:
        _copy_sidecar(sidecar, folder / beside(name))
    if is_there:
        path.unlink()
    else:
        carry(path, folder / name)
    if sidecar and not is_one_name(sidecar, folder / beside(name)):
        sidecar.unlink()
    disk.sync_folder(path.parent)
    return name


def _copy_sidecar(sidecar: Path, final: Path) -> None:
    if is_one_name(sidecar, final):
        sidecar.rename(final)
        return
    with room(final.parent) as place, suppress(FileExistsError):
        # What is there already is the same, as `choose_name` saw.
        settle(Path(shutil.copy2(sidecar, place / final.name)), final)
