"""One run between a tree of folders and a service: look, think, do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .atlas import Ground, join, without
from .errors import Refused
from .events import Event, Summary
from .execute import execute
from .look import look
from .plan import Policy
from .run import Findings, Plan, Run, Scope
from .service import Service
from .state import peek

__all__ = ["SyncRun"]


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
        listen: Callable[[Event], None],
    ) -> None:
        ground = _ground(top, key, scope.place, service)
        self.run = Run(local, top, service, key, policy, scope, jobs, listen, ground)
        self.findings = Findings()

    def look(self) -> Plan:
        """Looks at both sides and thinks; changes nothing.

        Tells Found, Scanned, Fetched, Noted, Shown, Planned and Failed. A plan that looks like an
        accident has a Refused among its troubles. Raises what `look.look` raises.
        """
        plan, self.findings = look(self.run)
        return plan

    def do(self, plan: Plan) -> Summary:
        """Does what is due, recording after each action. Tells what `execute` tells.

        Gives back what was done and what was left; what ended the run early is added to the
        plan's troubles. Raises Refused, and does nothing, for a plan that is refused.
        """
        for trouble in plan.troubles:
            if isinstance(trouble, Refused):
                raise trouble
        done, troubles = execute(self.run, self.findings)
        plan.troubles += troubles
        return done + Summary(failed=plan.summary.failed)


def _ground(top: Path, key: str, place: str, service: Service) -> Ground:
    """Where the top folder stands on the service.

    In the nearest folder above of which it is remembered where it stands; else at its `place`.
    """
    base = place
    for folder in top.parents:
        outer = _remembered(folder, key)
        if outer is not None:
            base = join(outer, top.relative_to(folder).as_posix())
            break
    return Ground(base=base, top=base or ("" if service.capabilities.top else top.name), rel=place)


def _remembered(folder: Path, key: str) -> str | None:
    """Where a folder stands on the service: as its own state, or that of an album below, tells."""
    header = peek(folder)
    if header is None or key in header.albums:
        return header.albums[key].path if header else None
    for rest in header.below:
        inner = peek(folder / rest)
        there = inner.albums.get(key) if inner else None
        if there is not None and there.here == str(folder / rest):
            outer = without(there.path, rest)
            if outer is not None:
                return outer
    return None
