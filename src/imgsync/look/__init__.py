"""Look and think: what both sides show now, and what is therefore to be done. Changes nothing."""

from __future__ import annotations

from ..run import Findings, Plan, Run
from .accidents import refusals
from .albums import find_places
from .notes import Notes
from .photos import scan
from .thinking import Thinking

__all__ = ["look"]


def look(run: Run) -> tuple[Plan, Findings]:
    """Looks at both sides and thinks.

    Tells Found, Scanned, Fetched, Shown, Planned, Failed and Noted; Failed is for what is unread. A
    plan that looks like an accident has a Refused among its troubles. Raises ServiceError if a
    service cannot be used at all, and StateError where nothing says which folders have vanished.
    """
    notes = Notes(run)
    thinking = Thinking(notes)
    rest = scan(notes, find_places(notes), thinking.consider)
    thinking.finish(rest)
    for event in notes.later:
        run.listen(event)
    notes.plan.troubles += refusals(run, notes.findings, notes.plan.actions)
    return notes.plan, notes.findings
