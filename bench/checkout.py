"""The commit that a record is of; what was measured with changes that no commit has is no record."""

import subprocess
import sys
from pathlib import Path

from sizes import SMALLEST

HERE = Path(__file__).parent


def git(*arguments: str) -> str:
    """What it prints; exits where this is no checkout."""
    answer = subprocess.run(
        ["git", "-C", HERE, *arguments], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        sys.exit(
            f"git {arguments[0]}: {answer.stderr.strip()}. Records are made in a git checkout."
        )
    return answer.stdout.strip()


def commit(but: Path | None = None) -> str:
    """The commit of the working tree; exits where the tree has changes, before hours are spent.

    A log that grows while it is made, `but`, may have some. The smallest size records nothing, and
    may be tried out with any changes.
    """
    others = [f":(top,exclude){but.relative_to(HERE.parent)}"] if but and not SMALLEST else []
    changed = git("status", "--porcelain", "--", ":(top)", *others)
    if changed and not SMALLEST:
        first, *more = changed.splitlines()
        sys.exit(
            f"Uncommitted changes: {first.split(maxsplit=1)[1]}"
            f"{f' and {len(more)} more' if more else ''}. No commit would say what was measured; commit "
            "or stash them, then run this again."
        )
    return git("rev-parse", "HEAD")


def knows(commit: str) -> bool:
    """Whether this repository has a commit."""
    asked = ["git", "-C", HERE, "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0
