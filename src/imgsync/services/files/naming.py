"""How photos and their sidecars get their names in a folder: free ones, and never half of both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ... import disk
from ...metadata import sidecars
from .names import folded, numbered, sidecar_form, sidecar_name
from .nearby import names_near
from .placing import carry, is_one_name, room, settle

__all__ = ["ALONE", "Chosen", "Made", "choose_name", "install", "move_photo", "names_beside"]

# The form of a sidecar's name that no other photo can claim.
ALONE = "+.xmp"

# The sidecars of a photo by their forms, the one that speaks for it first.
_Forms = Mapping[str, Path]


class Made(NamedTuple):
    """A photo that is complete but for its final name, with its sidecars, the first speaks."""

    path: Path
    sidecars: Sequence[Path]
    content: str

    @property
    def forms(self) -> _Forms:
        return _forms(self.path, self.sidecars)


class Chosen(NamedTuple):
    """A free name for a photo, and names for its sidecars; or the name that it has already."""

    name: str
    sidecars: Sequence[str] = ()
    is_there: bool = False


def choose_name(
    folder: Path,
    name: str,
    forms: _Forms,
    *,
    is_it: Callable[[Path], bool],
    without: Collection[str] = (),
) -> Chosen:
    """The name for a photo in `folder`: `name`, or one like it where that is taken.

    It is there already where `is_it` says so of a file. A name is taken where some file system
    takes another for it, and where `names_beside` finds none for the sidecars. The files called
    `without` do not count.
    """
    for candidate in numbered(name):
        near = [other for other in names_near(folder, candidate) if other not in without]
        if candidate in near and is_it(folder / candidate):
            return Chosen(candidate, is_there=True)
        if folded(candidate) not in map(folded, near):
            beside = names_beside(folder, candidate, forms, near)
            if beside is not None:
                return Chosen(candidate, beside)
    raise AssertionError("numbered names do not end")


def names_beside(
    folder: Path, photo: str, forms: _Forms, near: Collection[str]
) -> tuple[str, ...] | None:
    """Names for a photo's sidecars in `folder`, where the files called `near` are.

    With them the photo has its own sidecars and no more, and no other photo gets or loses one.
    Names keep their forms; a lone sidecar whose name would be another's gets the form that none
    can claim. A copy of a sidecar that a killed run left under its name is not in the way. None
    where there are no such names.
    """
    before = sidecars.owners(near)
    for kept in ([*forms], [ALONE]) if len(forms) == 1 else ([*forms],):
        names = tuple(sidecar_name(photo, form) for form in kept)
        pairs = zip(names, forms.values(), strict=True)
        copies = {name for name, own in pairs if name in near and _same(folder / name, own)}
        others = [other for other in near if other not in copies]
        after = sidecars.owners([*others, photo, *names])
        is_free = set(map(folded, others)).isdisjoint(map(folded, names))
        if is_free and after.pop(photo) == names and after == before:
            return names
    return None


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def _forms(path: Path, own: Iterable[Path]) -> _Forms:
    return {sidecar_form(each.name, path.name): each for each in own}


def install(made: Made, chosen: Chosen, folder: Path) -> None:
    """Gives a photo its name, the sidecars first: no moment shows the photo without them."""
    for sidecar, name in zip(made.sidecars, chosen.sidecars, strict=True):
        with suppress(FileExistsError):  # the same bytes, as `choose_name` saw
            settle(sidecar, folder / name)
    settle(made.path, folder / chosen.name)


def move_photo(path: Path, own: Sequence[Path], folder: Path, name: str) -> str:
    """Moves a photo and its `own` sidecars into `folder`; gives back the name that it got there.

    The new place gets the sidecars first, the old one loses them last. What a run leaves that is
    killed in between is a sidecar too many, or a second name of the same file: asked for again,
    this finishes it.
    """

    def is_it(other: Path) -> bool:
        return other.samefile(path) and _words(own) <= _words(_beside(other, without=path))

    leaving = {each.name for each in (path, *own)} if folder == path.parent else set()
    chosen = choose_name(folder, name, _forms(path, own), is_it=is_it, without=leaving)
    final = folder / chosen.name
    if chosen.is_there:
        path.unlink()
        beside = _beside(final, without=path)
    else:
        beside = [folder / each for each in chosen.sidecars]
        for sidecar, place in zip(own, beside, strict=True):
            _copy_sidecar(sidecar, place)
        carry(path, final)
    for sidecar in own:
        if not any(is_one_name(sidecar, place) for place in beside):
            sidecar.unlink()
    disk.sync_folder(path.parent)
    return chosen.name


def _beside(path: Path, without: Path) -> list[Path]:
    """The sidecars of a photo, as if the file `without` were not there."""
    near = [each for each in names_near(path.parent, path.name) if path.with_name(each) != without]
    return [path.with_name(each) for each in sidecars.owners(near)[path.name]]


def _words(own: Iterable[Path]) -> set[bytes]:
    return {each.read_bytes() for each in own}


def _copy_sidecar(sidecar: Path, final: Path) -> None:
    if is_one_name(sidecar, final):
        sidecar.rename(final)
        return
    with room(final.parent) as place, suppress(FileExistsError):
        # What is there already is the same, as `choose_name` saw.
        settle(Path(shutil.copy2(sidecar, place / final.name)), final)
