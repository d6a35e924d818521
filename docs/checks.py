"""The tables of checks in docs/plugins.md, made from `zoo.testing`.

python docs/checks.py            rewrite them
python docs/checks.py --check    fail if they differ from what zoo.testing says
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import blocks

from zoo.testing import CHECKS, DATASET_CHECKS, Check

PAGE = Path(__file__).with_name("plugins.md")
BLOCKS = {"checks": CHECKS, "dataset checks": DATASET_CHECKS}


def table(checks: Iterable[Check]) -> str:
    """A line for each check, in the order in which they run."""
    rows = [("check", "what it tests", "why"), ("---", "---", "---")]
    rows += [(f"`{check.name}`", _cell(check.says), _cell(check.why)) for check in checks]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> None:
    """Write the tables, or compare them."""
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    tables = {name: table(checks) for name, checks in BLOCKS.items()}
    blocks.write(PAGE, tables, "python docs/checks.py", check=bool(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
