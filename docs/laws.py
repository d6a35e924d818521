"""The tables of checks in docs/plugins.md, made from the conformance kit.

python docs/laws.py            rewrite them
python docs/laws.py --check    fail if they are not what zoo.testing says
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import blocks

from zoo.testing import DATASET_LAWS, LAWS, Law

PAGE = Path(__file__).with_name("plugins.md")
BLOCKS = {"laws": LAWS, "dataset laws": DATASET_LAWS}


def table(laws: Iterable[Law]) -> str:
    """A row for each check, in the order in which they run."""
    rows = [("check", "what it checks", "why"), ("---", "---", "---")]
    rows += [(f"`{law.name}`", _cell(law.says), _cell(law.why)) for law in laws]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> None:
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    tables = {name: table(laws) for name, laws in BLOCKS.items()}
    blocks.write(PAGE, tables, "python docs/laws.py", check=bool(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
