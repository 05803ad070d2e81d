"""One run: look at both sides, think, and do what was planned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from .errors import Error
from .events import Event, Summary
from .plan import Action, Policy
from .service import Check, Service

__all__ = ["CacheRun", "Plan", "Scope", "SyncRun"]

Listen = Callable[[Event], None]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a run looks at, and how closely.

    `exclude`: globs of file names and album paths that are not looked at on either side.
    `root`: the folder that album paths on services are relative to, None for PATH itself.
    `new_albums`: albums that are only on the service are brought here.
    `show`: every photo looked at is told (Shown).
    """

    exclude: tuple[str, ...] = ()
    recurse: bool = True
    check: Check = Check.CHANGED
    root: Path | None = None
    new_albums: bool = False
    show: bool = False


class Plan(msgspec.Struct, kw_only=True):
    """What a run would do. `summary` counts it, and what could not be looked at as failed.

    `troubles`: errors that kept albums, or the service, from being looked at.
    """

    actions: list[Action] = []
    summary: Summary = Summary()
    troubles: list[Error] = []


class SyncRun:
    """A run between the folders under `top` (left) and a service (right)."""

    def __init__(
        self,
        local: Service,
        top: Path,
        service: Service,
        key: str,
        *,
        policy: Policy,
        scope: Scope,
        jobs: int,
        listen: Listen,
    ) -> None: ...

    def look(self) -> Plan:
        """Looks at both sides and thinks; changes nothing. Tells Scanned, Shown, Planned, Failed.

        Raises Refused for a plan that looks like an accident, ServiceError if a service cannot
        be used at all, UsageError.
        """
        raise NotImplementedError

    def do(self, plan: Plan) -> Summary:
        """Does what is not blocked, recording after every action. Tells Started, Sent, Done, Failed.

        Gives back what was done and what was left. Errors that end the whole run are raised after
        everything that was done is recorded.
        """
        raise NotImplementedError


class CacheRun:
    """A run between the folders under `top` and what is remembered of them (the cache)."""

    def __init__(self, local: Service, top: Path, *, scope: Scope, listen: Listen) -> None: ...

    def look(self) -> Plan:
        raise NotImplementedError

    def do(self, plan: Plan) -> Summary:
        raise NotImplementedError
