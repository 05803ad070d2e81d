"""Makes the man page `docs/img-sync.1` from `docs/manual.md`: python docs/man.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parent
HEAD = '.TH IMG-SYNC 1 "" img-sync "User Commands"'


def man_page(manual: str) -> str:
    """The manual, of which only the Markdown that it uses is understood, as a man page."""
    title, *blocks = re.split(r"\n{2,}", manual.strip())
    lines = [HEAD, ".SH NAME", f"{title.removeprefix('# ')} \\- {_prose(blocks[0])}"]
    return (
        "\n".join([*lines, *(line for block in _joined(blocks[1:]) for line in _block(block))])
        + "\n"
    )


def _joined(blocks: list[str]) -> Iterator[str]:
    """The blocks; what stands between two fences is one, whatever blank lines it has."""
    waiting = ""
    for block in blocks:
        waiting = f"{waiting}\n\n{block}" if waiting else block
        if waiting.count("```") % 2 == 0:
            yield waiting
            waiting = ""


def _block(block: str) -> Iterator[str]:
    if block.startswith("## "):
        yield f".SH {block.removeprefix('## ').upper()}"
    elif block.startswith("```"):
        yield from (".PP", ".RS 4", ".nf")
        yield from (_literal(line) for line in block.split("\n")[1:-1])
        yield from (".fi", ".RE")
    elif block.startswith("- "):
        for item in re.split(r"\n- ", block.removeprefix("- ")):
            yield from _entry(*re.split(r":\s+", item, maxsplit=1))
    elif block.startswith("| "):
        for row in block.split("\n")[2:]:
            yield from _entry(*(cell.strip() for cell in row.strip("| ").split(" | ", 1)))
    else:
        yield from (".PP", _prose(block))


def _entry(term: str, text: str) -> Iterator[str]:
    yield from (".TP", _prose(term), _prose(text))


def _prose(text: str) -> str:
    """A paragraph on one line, code in bold and emphasis in italics."""
    text = re.sub(r"\[([^]]*)\]\(#[^)]*\)", r"\1", " ".join(text.split()))
    parts = re.split(r"(`[^`]*`)", text)
    shown = (
        f"\\fB{_literal(part[1:-1], inside=True)}\\fR"
        if part.startswith("`")
        else re.sub(r"\*([^*]+)\*", r"\\fI\1\\fR", _literal(part, inside=True))
        for part in parts
    )
    return _guarded("".join(shown))


def _literal(text: str, *, inside: bool = False) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return escaped if inside else _guarded(escaped)


def _guarded(line: str) -> str:
    """The line, of which roff takes no first character for a command."""
    return f"\\&{line}" if line.startswith((".", "'")) else line


if __name__ == "__main__":
    page = man_page((DOCS / "manual.md").read_text(encoding="utf-8"))
    (DOCS / "img-sync.1").write_text(page, encoding="utf-8")
