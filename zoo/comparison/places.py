"""A report for others names files without their folders."""

import re
from pathlib import Path
from typing import Any

from zoo.comparison.schema import ComparisonReport

_ABSOLUTE = re.compile(r"(?<![\w:/.~])/(?:[^\s/:;,'\"()\[\]]+/)+([^\s/:;,'\"()\[\]]+)")


def without_places(report: ComparisonReport) -> ComparisonReport:
    """The same report; absolute paths in its texts are the names of their files.

    Where a file lay says much about a machine and its user, and nothing about a result.
    """
    return ComparisonReport.from_dict(_without(report.to_dict()))


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without(each) for each in value]
    return _named(value) if isinstance(value, str) else value


def _named(text: str) -> str:
    if Path(text).is_absolute() and "\n" not in text:
        return Path(text).name
    for folder in (Path.cwd(), Path.home()):
        if len(folder.parts) > 1:
            text = text.replace(f"{folder}/", "")
    return _ABSOLUTE.sub(r"\1", text)
