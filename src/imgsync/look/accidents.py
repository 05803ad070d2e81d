"""What makes a plan look like an accident."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import Refused
from ..model import Field, Side
from ..plan import Action, Op
from ..run import Findings, Run
from ..wording import size

__all__ = ["refusals"]


def refusals(run: Run, findings: Findings, actions: Sequence[Action]) -> Iterator[Refused]:
    """Why a plan is refused as a whole: none if it looks sound."""
    linked = findings.linked
    for side in Side:
        name = run.side(side).name
        if linked and findings.shown[side.other] and not findings.shown[side]:
            yield Refused(
                f"{name} shows none of {linked} photos that were in step: is it mounted? Nothing is"
                " done. If all of them were deleted, sync a folder above that holds others too; if"
                " this is another disk, give it a section of its own"
            )
            continue
        yield from _lack_of_room(run, side, actions)
        deletions = sum(
            action.op is Op.DELETE and action.side is side and action.due for action in actions
        )
        if deletions > run.policy.max_delete * linked:
            share = f"{run.policy.max_delete:.0%}"
            yield Refused(
                f"{deletions} of {linked} photos would be deleted on {name}, more than"
                f" {share}; nothing is done. If that is meant, allow it with --max-delete"
            )


def _lack_of_room(run: Run, side: Side, actions: Sequence[Action]) -> Iterator[Refused]:
    """New pictures that do not fit."""
    needed = 0
    for action in actions:
        new = action.op is Op.CREATE or Field.CONTENT in action.fields
        photo = action.pair.photo(side.other)
        if new and action.side is side and action.due and photo is not None:
            needed += photo.size
    room = run.side(side).room() if needed else None
    if room is not None and needed > room:
        name = run.side(side).name
        yield Refused(
            f"{name} has room for {size(room)}, and {size(needed)} would be added; nothing is done."
            " Make room, or sync less at a time"
        )
