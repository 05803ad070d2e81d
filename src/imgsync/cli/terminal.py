"""The plan as people read it on a terminal: album by album, in columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..events import Planned
from ..plan import Op
from .words import Ends, changes, disputes, hindrance, place, target, visible

__all__ = ["print_plan"]

# From so many on, photos of an album to which the same happens for the same reason stand in one
# line; so many of them are named in it.
MANY = 8
NAMED = 3

STYLES = {
    Op.CREATE: "green",
    Op.UPDATE: "cyan",
    Op.MOVE: "blue",
    Op.DELETE: "red",
    Op.CONFLICT: "bold magenta",
}


def print_plan(
    planned: Sequence[Planned], ends: Ends, *, whole: bool, console: Console | None = None
) -> None:
    """Prints the actions by albums; many alike stand in one line unless `whole`."""
    console = console or Console(highlight=False)
    by_album = sorted(planned, key=lambda event: event.action.album)
    for album, events in groupby(by_album, key=lambda event: event.action.album):
        console.print(Text(place(album, None), style="bold"))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold", ratio=2)
        table.add_column(overflow="fold", ratio=3)
        for alike in _put_together(events, whole=whole):
            table.add_row(_what(alike[0]), _which(alike), _details(alike[0], ends))
        console.print(table)


def _put_together(events: Iterable[Planned], *, whole: bool) -> Iterator[list[Planned]]:
    """The events, many that look alike in one list, all others alone."""
    groups: dict[object, list[Planned]] = {}
    for number, event in enumerate(events):
        groups.setdefault(number if whole else _looks(event, number), []).append(event)
    for alike in groups.values():
        if len(alike) >= MANY:
            yield alike
        else:
            yield from ([event] for event in alike)


def _looks(event: Planned, number: int) -> object:
    """What people would read of an event but for its photo; `number` if that is all its own."""
    action = event.action
    if action.name is None or action.op in (Op.UPDATE, Op.MOVE, Op.CONFLICT):
        return number
    return action.op, event.side, action.why, action.blocked


def _what(event: Planned) -> Text:
    action = event.action
    style = "dim" if action.blocked is not None else STYLES.get(action.op, "")
    text = Text("  ").append(action.op, style=style)
    return text.append(f" {event.side}" if event.side else "")


def _which(alike: Sequence[Planned]) -> Text:
    action = alike[0].action
    if len(alike) == 1:
        return Text(visible(action.name or "the album"))
    names = [visible(event.action.name or "") for event in alike[:NAMED]]
    return Text(f"{len(alike):,} photos: {', '.join(names)} ...")


def _details(event: Planned, ends: Ends) -> Text:
    action = event.action
    lines: list[Text] = []
    for change in changes(action):
        line = Text(f"{change.field}  ")
        for word in change.added:
            line.append(f"+{word} ", style="green")
        for word in change.removed:
            line.append(f"-{word} ", style="red")
        if change.old or change.new:
            line.append(change.old, style="red").append(" -> ").append(change.new, style="green")
        lines.append(line)
    for dispute in disputes(action):
        lines.append(
            Text(f"{dispute.field}  {ends.left} {dispute.left} | {ends.right} {dispute.right}")
        )
    if action.op is Op.MOVE:
        lines.append(Text(f"-> {target(action)}"))
    lines.append(Text(visible(action.why), style="dim"))
    if hindrance(action):
        lines.append(Text(hindrance(action), style="yellow"))
    return Text("\n").join(lines)
