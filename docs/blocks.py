"""The parts of a page that a command writes, between its markers."""

import sys
from pathlib import Path


def rewritten(page: Path, text: str, name: str, command: str, content: str) -> str:
    """`text`, that of `page`, with `content` between the markers of block `name`."""
    begin, end = f"<!-- {name}: {command} -->\n", f"<!-- end of {name} -->\n"
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        sys.exit(f"{page}: the markers of block {name} are missing")
    return f"{head}{begin}\n{content}\n{end}{tail}"


def write(page: Path, blocks: dict[str, str], command: str, check: bool) -> None:
    """Write a page's blocks; with `check`, only say if they are not what `command` writes."""
    wanted = page.read_text(encoding="utf-8")
    for name, content in blocks.items():
        wanted = rewritten(page, wanted, name, command, content)
    write_whole(page, wanted, command, check)


def write_whole(page: Path, wanted: str, command: str, check: bool) -> None:
    """Write a page that a command makes whole; with `check`, only say if it is not up to date."""
    if page.exists() and page.read_text(encoding="utf-8") == wanted:
        return
    if check:
        sys.exit(f"{page} is not up to date: {command}")
    page.write_text(wanted, encoding="utf-8")
