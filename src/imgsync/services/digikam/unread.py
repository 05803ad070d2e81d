"""What file and sidecar say of a photo that digiKam has found without reading it."""

from __future__ import annotations

import msgspec

from ...metadata import formats
from ...model import METADATA_FIELDS, Metadata, Region, same, same_region
from .rc import Habits

__all__ = ["can_say_more", "merge"]


def can_say_more(name: str, habits: Habits, *, has_sidecar: bool) -> bool:
    """Whether a photo's files may say what digiKam does not read when it finds them.

    A sidecar does where digiKam's settings pass over sidecars. Without one, a file does into which
    exiv2 writes nothing: digiKam, which reads by exiv2, may find nothing in it.
    """
    return not habits.reads_sidecars if has_sidecar else not formats.embeds(name)


def merge(kept: Metadata, shown: Metadata, alone: Metadata) -> Metadata:
    """The metadata with what digiKam has not read; all three are in normal form.

    `kept`: what the database says. `shown`: what file and sidecar say. `alone`: what the file says
    by itself, which digiKam may have read. What is in the database and nowhere in the file was
    said in digiKam, and counts; where the database has nothing, or only what the file said, the
    sidecar does.
    """
    changes = {
        field.value: shown.get(field)
        for field in METADATA_FIELDS
        if not kept.get(field) or same(field, kept.get(field), alone.get(field))
    }
    changes["tags"] = shown.tags | (kept.tags - alone.tags)
    changes["people"] = shown.people + tuple(
        person for person in kept.people if not _is_in(person, (*shown.people, *alone.people))
    )
    return msgspec.structs.replace(kept, **changes).clean()


def _is_in(person: Region, people: tuple[Region, ...]) -> bool:
    return any(same_region(person, other) for other in people)
