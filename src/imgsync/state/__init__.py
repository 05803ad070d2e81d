"""The memory of an album: `.img-sync.db` in its folder, plain text that people can read and edit.

`values` is what is remembered, `codec` a line of it, `contents` the whole file, `store` the file
on the disk.
"""

from .contents import without_fingerprints
from .store import NAME, State, peek
from .values import Agreed, AlbumThere, Child, ChildThere, Header, Record, new_id, short_hash

__all__ = [
    "NAME",
    "Agreed",
    "AlbumThere",
    "Child",
    "ChildThere",
    "Header",
    "Record",
    "State",
    "new_id",
    "peek",
    "short_hash",
    "without_fingerprints",
]
