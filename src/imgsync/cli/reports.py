"""The reports on stdout: plain lines, JSON lines, and what people see on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Protocol

from ..events import Event, Planned, Shown, to_json
from .words import Ends, line, listed, shown

__all__ = ["JsonReport", "PlainReport", "QuietReport", "Report", "TerminalReport"]


class Report(Protocol):
    """What goes to stdout. It may print while a run looks, or keep the plan until it has looked."""

    def look(self, ends: Ends, *, brief: bool) -> None:
        """A run between two sides begins to look; the plan of a `brief` one is not printed."""

    def finish_look(self) -> None:
        """The run has looked: its plan is complete."""

    def tell(self, event: Event) -> None:
        """Something happens in the run."""

    def album(self, side: str, path: str, said: Mapping[str, str]) -> None:
        """An album that is listed, and what is said of it."""


class PlainReport:
    """A line for each action, never wrapped, cut or coloured."""

    def __init__(self) -> None:
        self.ends = Ends("", "")
        self.brief = False

    def look(self, ends: Ends, *, brief: bool) -> None:
        self.ends, self.brief = ends, brief

    def finish_look(self) -> None:
        sys.stdout.flush()

    def tell(self, event: Event) -> None:
        match event:
            case Planned(action, side) if not self.brief:
                print(line(action, side, self.ends))
            case Shown():
                print(shown(event))

    def album(self, side: str, path: str, said: Mapping[str, str]) -> None:
        print(listed(path, said))


class TerminalReport(PlainReport):
    """The plan by albums, in columns; many alike are put together unless `whole`."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self._whole = whole
        self._planned: list[Planned] = []

    def finish_look(self) -> None:
        if self._planned:
            # Imported here: it takes longer than looking at a few albums without changes.
            from .terminal import print_plan

            print_plan(self._planned, self.ends, whole=self._whole)
            self._planned = []
        super().finish_look()

    def tell(self, event: Event) -> None:
        if not isinstance(event, Planned):
            super().tell(event)
        elif not self.brief:
            self._planned.append(event)


class JsonReport:
    """An event a line, in the stable format of `events.to_json`, at once."""

    def __init__(self) -> None:
        self._encoding = sys.stdout.encoding

    def look(self, ends: Ends, *, brief: bool) -> None: ...

    def finish_look(self) -> None: ...

    def tell(self, event: Event) -> None:
        told = to_json(event)
        if told is not None:
            print(self._encode(told), flush=True)

    def album(self, side: str, path: str, said: Mapping[str, str]) -> None:
        told = {"event": "album", "side": side, "album": path, **({"said": said} if said else {})}
        print(self._encode(told), flush=True)

    def _encode(self, told: object) -> str:
        """The event in JSON; escaped where a name is no Unicode, or stdout takes only some."""
        text = json.dumps(told, ensure_ascii=False)
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return json.dumps(told)
        return text


class QuietReport:
    """Nothing."""

    def look(self, ends: Ends, *, brief: bool) -> None: ...

    def finish_look(self) -> None: ...

    def tell(self, event: Event) -> None: ...

    def album(self, side: str, path: str, said: Mapping[str, str]) -> None: ...
