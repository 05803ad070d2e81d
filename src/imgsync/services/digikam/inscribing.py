"""Writes metadata into files and sidecars as digiKam's settings say."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ...errors import Stale
from ...metadata import files, formats
from ...model import Field, Metadata
from ..files.tree import Entry
from .rc import Habits

__all__ = ["inscribe"]


def inscribe(
    folder: Path,
    entry: Entry,
    metadata: Metadata,
    fields: Collection[Field],
    habits: Habits,
    *,
    embed: bool,
) -> None:
    """Makes a photo's files say what digiKam would write into them.

    A sidecar that speaks for its photo is never left behind. `embed`: whether files may be
    written; if not, sidecars are. Raises what `metadata.files.write` does.
    """
    path = folder / entry.name
    sidecar = folder / entry.sidecar if entry.sidecar else None
    into_file = embed and habits.into_file and formats.embeds(path.name)
    beside = habits.into_sidecar or habits.else_sidecar or not embed
    if not (into_file or beside or sidecar):
        return  # nor does digiKam write a film, say, if it is not to write sidecars
    both = into_file and habits.into_sidecar
    speaks = files.write(path, sidecar, metadata, fields, embed=into_file and not both)
    if into_file and speaks and (sidecar or both):
        # Its sidecar is made already: one more would be for a file that cannot be written.
        with suppress(Stale):
            files.write(path, None, metadata, fields)
