"""How long a command takes and how much memory it needs."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# The unit of ru_maxrss: kilobytes, but bytes on macOS.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024

# With what an installed program has: without its bytecode every run would compile it anew.
_SURROUNDINGS = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Command:
    """A command line, the exit codes that are no failure, and what its environment adds."""

    words: Sequence[str | Path]
    good: frozenset[int] = frozenset({0})
    environment: Mapping[str, str] | None = None

    def run(self) -> Cost:
        """Runs it to its end; raises RuntimeError with what it said if it fails."""
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in self.words],
            env={**_SURROUNDINGS, **(self.environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        if process.returncode not in self.good:
            line = " ".join(map(str, self.words))
            raise RuntimeError(
                f"exit {process.returncode}: {line}\n{said.decode(errors='replace')}"
            )
        return Cost(seconds, usage.ru_maxrss * RSS_UNIT)


@dataclass(frozen=True)
class Cost:
    """Wall-clock seconds, and the memory in bytes of the largest process."""

    seconds: float
    memory: int


def best_of(rounds: int, *commands: Command) -> list[Cost]:
    """The cheapest run of each command; they take turns, so that a busy moment hits them alike."""
    runs = [[command.run() for command in commands] for _ in range(rounds)]
    return [
        Cost(min(cost.seconds for cost in costs), min(cost.memory for cost in costs))
        for costs in zip(*runs, strict=True)
    ]


def machine(folder: Path) -> str:
    """Cores, system and the kind of file system that holds `folder`: nothing that names a host."""
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{os.cpu_count()} cores, {platform.system()} {kernel}, {_file_system(folder)}, "
        f"Python {platform.python_version()}"
    )


def _file_system(folder: Path) -> str:
    """The type of the mount that is nearest above `folder`, as Linux tells it."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "file system not known"
    kinds = {Path(line.split()[1]): line.split()[2] for line in mounts.read_text().splitlines()}
    return next(kinds[above] for above in (folder, *folder.parents) if above in kinds)
