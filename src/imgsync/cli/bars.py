"""The bar on a terminal."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .pace import Pace

__all__ = ["Bar"]

# So that the words beside it keep their room on a narrow terminal.
WIDTH = 24


class Bar:
    """A line on stderr that shows the pace, from now until `stop`."""

    def __init__(self, pace: Pace, console: Console | None = None) -> None:
        self._pace = pace
        self._live = Live(
            self,
            console=console or Console(stderr=True),
            refresh_per_second=5,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def say(self, message: str) -> None:
        """Prints a line above the bar."""
        self._live.console.print(Text(message), soft_wrap=True)

    def stop(self) -> None:
        """Takes the bar away."""
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        share = self._pace.share
        words = Text("  ".join(self._pace.words()), no_wrap=True, overflow="ellipsis")
        width = min(WIDTH, options.max_width // 4)
        line = Table.grid(padding=(0, 2))
        if share is None:
            line.add_row(ProgressBar(total=None, pulse=True, width=width), words)
        else:
            percent = Text(f"{share:4.0%}")
            line.add_row(ProgressBar(total=1, completed=share, width=width), percent, words)
        yield line
