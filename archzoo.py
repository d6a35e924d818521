"""The way into archzoo, which finds out whether another package called `zoo` hides it.

The command `zoo` begins here, because nothing in a package that is hidden can say so. The library is
`import zoo`.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

BEGINNING = '"""archzoo: '
"""Of our zoo/__init__.py, wherever it was installed."""


def main() -> None:
    """Run `zoo` and exit; or say which file is imported in its place."""
    if hiding := _hiding():
        sys.exit(
            f"zoo: {hiding} is imported in the place of archzoo's package zoo. Rename it, take its folder "
            "off PYTHONPATH, or uninstall what brought it and install archzoo again."
        )
    from zoo.__main__ import main as run

    run()


def _hiding() -> str:
    """The file of another `zoo`, or one of ours that another has overwritten; else empty."""
    spec = find_spec("zoo")
    if spec is None or not spec.origin:
        return ", ".join(spec.submodule_search_locations or ()) if spec else "nothing"
    text = Path(spec.origin).read_text(encoding="utf-8", errors="replace")
    return "" if text.startswith(BEGINNING) else spec.origin


if __name__ == "__main__":
    main()
