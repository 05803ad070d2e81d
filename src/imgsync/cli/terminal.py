"""The plan as people read it on a terminal: album by album, wrapped to its width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from ..events import Planned
from ..plan import Action, Op
from .words import Change, Ends, changes, disputes, hindrance, place, target, visible

__all__ = ["print_plan"]

# From so many on, photos of an album to which the same happens for the same reason stand in one
# line, and so many of them are named in it.
MANY = 8
NAMED = 3

# Longer values are cut.
LONG = 120

STYLES = {
    Op.CREATE: "green",
    Op.UPDATE: "cyan",
    Op.MOVE: "blue",
    Op.DELETE: "red",
    Op.CONFLICT: "bold magenta",
}
OLD, NEW = "red", "green"


def print_plan(
    planned: Iterable[Planned], ends: Ends, *, whole: bool, console: Console | None = None
) -> None:
    """Prints the actions by albums. Unless `whole`, many alike stand in one line."""
    page = _Page(ends, whole, console or Console(highlight=False))
    by_album = sorted(planned, key=lambda event: event.action.album)
    for album, events in groupby(by_album, key=lambda event: event.action.album):
        page.print(Text(place(album, None), style="bold"), 0)
        for alike in _put_together(events, whole=whole):
            page.print_action(alike)


class _Page:
    def __init__(self, ends: Ends, whole: bool, console: Console) -> None:
        self.ends = ends
        self.whole = whole
        self.console = console

    def print(self, text: Text, indent: int) -> None:
        """Prints a text; the lines that it is broken into stand further in than the first."""
        room = max(20, self.console.width - indent - 4)
        for number, line in enumerate(text.wrap(self.console, room)):
            line.rstrip()
            self.console.print(Text(" " * (indent + 4 * (number > 0))) + line, soft_wrap=True)

    def print_action(self, alike: Sequence[Planned]) -> None:
        """Prints what happens to one photo, or to several alike, and below it the details."""
        action = alike[0].action
        line = Text()
        line.append(action.op, style="dim" if action.blocked else STYLES.get(action.op, ""))
        line.append(f" {alike[0].side}" if alike[0].side else "")
        line.append(f"  {_photos(alike)}")
        line.append(f" -> {target(action)}" if action.op is Op.MOVE else "")
        line.append(f"  {visible(action.why)}", style="dim")
        self.print(line, 2)
        for detail in self._details(action):
            self.print(detail, 6)

    def _details(self, action: Action) -> Iterator[Text]:
        for change in changes(action):
            yield self._change(change)
        for field, left, right in disputes(action):
            values = f"{self.ends.left} {self._cut(left)} | {self.ends.right} {self._cut(right)}"
            yield Text(f"{field}  {values}")
        if hindrance(action):
            yield Text(hindrance(action), style="yellow")

    def _change(self, change: Change) -> Text:
        line = Text(f"{change.field} ")
        for words, sign, style in ((change.added, "+", NEW), (change.removed, "-", OLD)):
            for word in words:
                line.append(" ").append(f"{sign}{word}", style=style)
        if change.old or change.new:
            line.append(" ").append(self._cut(change.old), style=OLD)
            line.append(" -> ").append(self._cut(change.new), style=NEW)
        return line

    def _cut(self, value: str) -> str:
        return value if self.whole or len(value) <= LONG else f"{value[:LONG]}..."


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


def _photos(alike: Sequence[Planned]) -> str:
    names = [visible(event.action.name or "the album") for event in alike[:NAMED]]
    if len(alike) == 1:
        return names[0]
    return f"{len(alike):,} photos: {', '.join(names)} ..."
