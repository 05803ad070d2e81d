"""The types of services there are: found by their entry points, loaded only when they are used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Set
from typing import Any, Protocol

from ..errors import UsageError
from ..service import Service
from .section import COMMAND, Section, nearest

__all__ = ["BUILT_IN", "COMMON", "ServiceType", "check", "load", "required", "secrets", "type_of"]

GROUP = "imgsync.services"

# The project's own entry points: so a checkout that is not installed finds them too.
BUILT_IN = {
    "digikam": "imgsync.services.digikam:Digikam",
    "files": "imgsync.services.files:Files",
    "immich": "imgsync.services.immich:Immich",
    "memory": "imgsync.services.memory:Memory",
    "piwigo": "imgsync.services.piwigo:Piwigo",
}

# Keys that a section of any type may have.
COMMON = ("type", "accept")


class ServiceType(Protocol):
    """What a class has that an entry point of `imgsync.services` names.

    `settings`: its keys in the configuration, each with a line of help; a key that `[img-sync]`
    has too is taken from there where the section lacks it. Class attributes it may have besides:
    `required` and `secrets`, sets of those keys: what must be given, and what is never shown.
    """

    settings: Mapping[str, str]

    def configure(self, name: str, settings: Mapping[str, str]) -> Service:
        """The service of that name; raises UsageError for a value that cannot be."""


def required(kind: ServiceType) -> Set[str]:
    """The keys without which there is no service of this type."""
    return frozenset(getattr(kind, "required", ()))


def secrets(kind: ServiceType) -> Set[str]:
    """The keys whose values are never shown."""
    return frozenset(getattr(kind, "secrets", ()))


def load(name: str, where: object) -> Any:
    """The class of the service type `name`; raises UsageError, which says `where` it is named."""
    target = BUILT_IN.get(name)
    if target is not None:
        module, _, attribute = target.partition(":")
        return getattr(importlib.import_module(module), attribute)

    # Looking through what is installed takes longer than all else that a run begins with.
    from importlib.metadata import entry_points

    points = entry_points(group=GROUP)
    if name not in points.names:
        known = points.names | BUILT_IN.keys()
        raise UsageError(f"unknown type {name} in {where}{nearest(name, known)}")
    try:
        return points[name].load()
    except Exception as error:  # others' code runs here, and may raise anything
        why = f"{type(error).__name__}: {error}"
        raise UsageError(f"the type {name} in {where} cannot be loaded: {why}") from error


def type_of(section: Section) -> ServiceType:
    """The class of the section's type."""
    if "type" not in section.values:
        raise section.lacks("type")
    kind: ServiceType = load(section.values["type"], section)
    return kind


def check(section: Section, kind: ServiceType) -> None:
    """Raises UsageError for a key that services of this type do not know, or miss.

    A missing secret is no error here: the keyring may have it.
    """
    section.check([*COMMON, *kind.settings], commands=kind.settings)
    for key in sorted(required(kind) - secrets(kind)):
        if key not in section.values and key + COMMAND not in section.values:
            raise section.lacks(key)
