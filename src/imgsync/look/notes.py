"""What a look has found so far, and what it tells meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import Error
from ..events import Event, Failed, Summary
from ..model import Photo
from ..run import Findings, Plan, Run, Vanished
from ..state import Header, State, peek

__all__ = ["Notes"]


class Notes:
    """The plan and the findings of a look as they grow, and the states that it has opened.

    `headers`: what the states of albums say of these, by key; None where only the whole state can
    say it. `read`: photos of the right, by ref, that were read before it was known whose they are;
    by their album's ref. `later`: what is told at the end.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.ends = run.ends
        self.plan = Plan(actions=[], troubles=[])
        self.findings = Findings()
        self.headers: dict[str, Header | None] = {}
        self.read: dict[str, dict[str, Photo]] = {}
        self.later: list[Event] = []

    def header(self, key: str) -> Header:
        """What the state of an album says of it; of the top also where that is no album."""
        if key not in self.headers:
            self.headers[key] = peek(self.run.folder(key))
        return self.headers[key] or self.state(key).header

    def state(self, key: str) -> State:
        """The whole state of an album. Raises StateError."""
        if key not in self.findings.states:
            self.findings.states[key] = State.load(self.run.folder(self.folder(key)))
        return self.findings.states[key]

    def take_keys(self, keys: Mapping[str, str]) -> None:
        """From now on albums go by other keys: their folders are to be moved there.

        `keys`: the new ones by the old ones, which are the paths of the folders yet.
        """
        findings = self.findings
        findings.paths |= {key: path for path, key in keys.items()}
        findings.states = {keys.get(path, path): s for path, s in findings.states.items()}
        for children in (findings.missing, findings.gone):
            for key, (child, spots) in children.items():
                moved = tuple((keys.get(outer, outer), path) for outer, path in spots)
                children[key] = Vanished(child, moved)
        findings.open = {keys.get(path, path) for path in findings.open}
        self.headers = {keys.get(path, path): header for path, header in self.headers.items()}

    def folder(self, key: str) -> str:
        """Where the folder of an album stands yet: what it is excluded by, and unread at."""
        return self.findings.paths.get(key, key)

    def hides(self, key: str) -> Callable[[str], bool]:
        """Which file names of an album are passed over."""
        return self.run.scope.hides(self.folder(key))

    def fail(self, event: Failed) -> None:
        """Something could not be looked at: it is told, and its album stays open."""
        self.plan.summary += Summary(failed=1)
        self.findings.open.add(event.album)
        self.run.listen(event)

    def trouble(self, key: str, error: Error) -> None:
        """An album cannot be looked at or written down at all."""
        self.plan.troubles.append(error)
        self.findings.open.add(key)
