"""One command: its steps over its folders, one after another."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from ..config import Configuration, Opened
from ..errors import Error, Refused, ServiceError, UsageError
from ..events import Event, Summary
from ..run import Plan, Scope
from ..service import Service
from .options import Options
from .runlog import RunLog
from .screen import Screen
from .steps import NewAlbums, Step, check_modes, folders, places, policy, read_check, steps
from .words import Ends, closing
from .work import Work

__all__ = ["Session"]

CACHE = "cache"


class Run(Protocol):
    """What happens between one folder and a service, or the cache."""

    def look(self) -> Plan:
        """What there is to do."""

    def do(self, plan: Plan) -> Summary:
        """Does it."""


class Session(Work):
    """Takes the steps that the options ask for, and keeps their sums.

    What is wrong with the command line or the configuration is found before anything is done.
    Other trouble ends only the run that has it; the next folder or service has its turn.
    """

    def __init__(
        self, options: Options, configuration: Configuration, screen: Screen, log: RunLog
    ) -> None:
        super().__init__(options, configuration, screen)
        self._done = Summary()
        self._planned = Summary()  # of dry runs, and of what a person did not agree to
        self._log = log
        self._above = Path()  # the folder that holds all PATHs
        self._places: dict[Path, str] = {}

    def go(self) -> None:
        all_steps = steps(self.options)
        check_modes(self.options, all_steps)
        tops = folders(self.options)
        self._above = Path(os.path.commonpath(tops))
        self._places = places(tops, self.configuration.defaults.root)
        for step in all_steps:
            policy(self.options, self.configuration, step)
        with ExitStack() as stack:
            services = [self._open(step, tops, stack) for step in all_steps]
            for step, opened in zip(all_steps, services, strict=True):
                if step.cache or opened is not None:
                    self._take(step, opened, tops)
        # Nothing is said of a command that came to nothing: its troubles were told.
        summary = self._done + self._planned
        told = summary != Summary() or self.code == 0
        self.screen.close(summary, closing(self._done, self._planned) if told else "")

    def _open(self, step: Step, tops: list[Path], stack: ExitStack) -> Opened | None:
        """The step's service; None for the cache, and for a service that cannot be used."""
        if step.cache:
            return None
        root = self.configuration.defaults.root
        try:
            opened = self.configuration.open(step.service, root or self._above)
        except ServiceError as error:
            self.trouble(error)
            return None
        stack.callback(opened.service.close)
        self._log_trash(opened.service)
        if opened.folder is not None:
            for top in tops:
                _check_apart(top, opened.folder)
        return opened

    def _take(self, step: Step, opened: Opened | None, tops: list[Path]) -> None:
        for top in tops:
            local = self.configuration.local(top, _shown_sums(opened), step.service)
            self._log_trash(local)
            try:
                self._run(step, opened, local, top)
            except UsageError:
                raise
            except Error as error:
                self.trouble(error)
            finally:
                local.close()

    def _run(self, step: Step, opened: Opened | None, local: Service, top: Path) -> None:
        ends = Ends(local.name, CACHE if opened is None else opened.service.name)
        asked_to_see = self.options.verbose or self.options.interactive
        run = self._prepare(step, opened, local, top)
        brief = step.cache and not step.dry and not asked_to_see
        folder = "" if top == self._above else top.relative_to(self._above).as_posix()
        self._log.look(ends, folder)
        self.screen.look(ends, str(top), folder=folder, brief=brief)
        try:
            plan = run.look()
        except BaseException:
            self.screen.stop()
            raise
        self.screen.finish_look()
        told = len(plan.troubles)
        for error in plan.troubles:
            self.trouble(error)
        if any(isinstance(error, Refused) for error in plan.troubles):
            self._planned += _left(plan.summary)
        elif step.dry or not self._may_do(plan, ends, top):
            self._planned += plan.summary
            self.end_with(0 if plan.summary.in_step else 1)
        else:
            done = self._do(run, plan)
            self._done += done
            self.end_with(1 if done.left_undone else 0)
            for error in plan.troubles[told:]:
                self.trouble(error)

    def _prepare(self, step: Step, opened: Opened | None, local: Service, top: Path) -> Run:
        # Each kind of run is imported alone: looking at many unchanged photos takes little more.
        if opened is None:
            from ..cache import CacheRun

            return CacheRun(local, top, scope=self._scope(step), listen=self._listen)
        from ..sync import SyncRun

        return SyncRun(
            local,
            top,
            opened.service,
            opened.key,
            policy=policy(self.options, self.configuration, step, opened.accept),
            scope=self._scope(step, opened.service, self._places[top]),
            jobs=self.configuration.defaults.jobs,
            listen=self._listen,
        )

    def _scope(self, step: Step, service: Service | None = None, place: str = "") -> Scope:
        new_albums = step.new_albums is NewAlbums.YES
        if step.new_albums is NewAlbums.WHOLE and service is not None:
            new_albums = service.capabilities.whole
        defaults = self.configuration.defaults
        return Scope(
            exclude=(*defaults.exclude, *self.options.exclude),
            recurse=not self.options.no_recurse,
            check=read_check(self.options),
            place=place,
            new_albums=new_albums,
            show=self.options.verbose and (step.dry or not step.cache),
        )

    def _listen(self, event: Event) -> None:
        self._log.tell(event)
        self.screen.tell(event)

    def _may_do(self, plan: Plan, ends: Ends, top: Path) -> bool:
        """Whether a person who wants to be asked agrees to what there is to do."""
        if not self.options.interactive or not any(action.due for action in plan.actions):
            return True
        return self.screen.ask(f"{ends.left} and {ends.right}, {top}: write this?")

    def _do(self, run: Run, plan: Plan) -> Summary:
        self.screen.do(plan.actions)
        try:
            return run.do(plan)
        finally:
            self.screen.stop()

    def _log_trash(self, service: Any) -> None:
        if hasattr(service, "on_trash"):
            service.on_trash = self._log.tell_trash


def _shown_sums(opened: Opened | None) -> list[str]:
    """The checksums of whole files by which the service knows pictures again."""
    digest = opened.service.capabilities.digest if opened else ""
    return [digest] if digest else []


def _left(planned: Summary) -> Summary:
    """What a plan leaves of which nothing is done."""
    return Summary(conflicts=planned.conflicts, blocked=planned.blocked, failed=planned.failed)


def _check_apart(top: Path, other: Path) -> None:
    """Raises UsageError for folders that are one, or lie one in the other."""
    here, there = top.resolve(), other.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        what = "they are one folder" if here == there else "one lies in the other"
        raise UsageError(f"{top} and {other} are not two trees: {what}")
