"""What the policy or a service forbids: None where nothing does, else the reason, for people."""

from __future__ import annotations

from collections.abc import Iterable

from ..model import METADATA_FIELDS, NOTHING_SAID, Field, Pair, Photo, Side
from .terms import End, Ends, Policy, ordered

__all__ = [
    "forbids",
    "forbids_create",
    "forbids_delete",
    "forbids_move",
    "forbids_update",
    "left_out",
    "suffix_of",
]


def forbids(side: Side, ends: Ends, policy: Policy) -> str | None:
    """Why nothing at all is written to a side; None if it may be."""
    service = ends[side]
    if side not in policy.writes:
        return f"this run does not write to {service.name}"
    return service.capabilities.closed or None


def forbids_create(
    name: str, side: Side, pair: Pair, hidden: frozenset[Field], ends: Ends, policy: Policy
) -> str | None:
    service, source = ends[side], ends[side.other]
    reason = forbids(side, ends, policy)
    if reason is not None:
        return reason
    if not service.capabilities.create:
        return f"{service.name} takes no new photos"
    takes = service.capabilities.formats
    if takes is not None and suffix_of(name) not in takes:
        return f"{service.name} takes no {suffix_of(name).upper()} files"
    return _forbids_copy(source, name, hidden)


def forbids_update(field: Field, side: Side, pair: Pair, ends: Ends, policy: Policy) -> str | None:
    service, source = ends[side], ends[side.other]
    reason = forbids(side, ends, policy)
    if reason is not None:
        return reason
    if field is Field.CONTENT and service.capabilities.no_trash:
        return service.capabilities.no_trash
    if field not in service.capabilities.writes:
        return f"{service.name} cannot change the {field} of a photo"
    if field is not Field.CONTENT:
        return None
    if not source.capabilities.exact:
        return f"{source.name} does not give back original pictures"
    origin = pair.photo(side.other)
    assert origin is not None
    return _forbids_copy(source, origin.name, left_out(origin, policy))


def forbids_move(side: Side, album: str, pair: Pair, ends: Ends, policy: Policy) -> str | None:
    reason = forbids(side, ends, policy)
    if reason is None and album != pair.album_of(side) and not ends[side].capabilities.moves:
        return f"{ends[side].name} cannot move photos to another album"
    return reason


def forbids_delete(side: Side, pair: Pair, ends: Ends, policy: Policy) -> str | None:
    service, reason = ends[side], forbids(side, ends, policy)
    if reason is not None:
        return reason
    if not service.capabilities.delete:
        return service.capabilities.no_trash or f"{service.name} deletes no photos"
    if pair.doubt:
        return pair.doubt
    return None if policy.delete else "deletions are carried only with --delete"


def _forbids_copy(source: End, name: str, hidden: Iterable[Field]) -> str | None:
    fields = ", ".join(ordered(hidden))
    suffix = suffix_of(name)
    if fields and suffix not in source.capabilities.strips:
        return f"{source.name} cannot give a copy of {suffix.upper()} files without {fields}"
    return None


def left_out(photo: Photo, policy: Policy) -> frozenset[Field]:
    """What a photo says that the run is not about, and that must not travel inside its bytes."""
    return frozenset(
        field
        for field in METADATA_FIELDS
        if field not in policy.fields and photo.metadata.get(field) != NOTHING_SAID.get(field)
    )


def suffix_of(name: str) -> str:
    """The suffix of a file name, "jpg" for "A.JPG"."""
    return name.rpartition(".")[2].lower()
