"""`make bench`: measures, prints the table, and writes it into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .cases import CASES, REPO, SIZES, Row
from .measure import machine

PAGE = REPO / "docs/benchmarks.md"
INTRODUCTION = """\
# How fast img-sync is

Written by `make bench`, which measures img-sync and the programs that people would use instead in
one run on one machine: the best of three rounds, in which they take turns. Everything was read
before, so that the disk's speed plays no part. Memory is that of the largest process. The floor of
a first scan is a script that does nothing but OpenSSL's SHA-256 over the bytes and reading every
exiv2 key, on all cores.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=CASES, help="measure one case")
    parser.add_argument("--size", choices=SIZES, default="full", help="how many photos")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="img-sync-bench-") as scratch:
        where = machine(Path(scratch))
        for name, measure in CASES.items():
            if arguments.only in (None, name):
                print(f"measuring: {name} ...", file=sys.stderr)
                folder = Path(scratch, name)
                folder.mkdir()
                rows += measure(folder, SIZES[arguments.size])
    page = f"{INTRODUCTION}\nMachine: {where}.\n\n{_table(rows)}"
    print(page)
    complete = arguments.only is None and arguments.size == "full"
    if complete:
        PAGE.write_text(page)
    return int(complete and any(row.met is False for row in rows))


def _table(rows: list[Row]) -> str:
    lines = ["| what | measured | target | |", "|---|---|---|---|"]
    signs = {True: "met", False: "**missed**", None: ""}
    lines += [f"| {r.what} | {r.measured} | {r.target} | {signs[r.met]} |" for r in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
