"""The tables of laws in docs/plugins.md, made from the conformance kit.

python docs/laws.py            rewrite them
python docs/laws.py --check    fail if they are not what zoo.testing says
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from zoo.testing import DATASET_LAWS, LAWS, Law

PAGE = Path(__file__).with_name("plugins.md")
BLOCKS = {"laws": LAWS, "dataset laws": DATASET_LAWS}


def table(laws: Iterable[Law]) -> str:
    """A line for each law, in the order in which they are checked."""
    rows = [("law", "what it says", "why"), ("---", "---", "---")]
    rows += [(f"`{law.name}`", _cell(law.says), _cell(law.why)) for law in laws]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def rewritten(text: str, name: str, content: str) -> str:
    """`text` with `content` between the markers of block `name`."""
    begin, end = f"<!-- {name}: python docs/laws.py -->\n", f"<!-- end of {name} -->\n"
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        sys.exit(f"{PAGE}: the markers of block {name} are missing")
    return f"{head}{begin}\n{content}\n{end}{tail}"


def main(arguments: list[str]) -> None:
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    before = PAGE.read_text(encoding="utf-8")
    wanted = before
    for name, laws in BLOCKS.items():
        wanted = rewritten(wanted, name, table(laws))
    if arguments and wanted != before:
        sys.exit(f"{PAGE}: the laws are not what zoo.testing says: python docs/laws.py")
    if wanted != before:
        PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
