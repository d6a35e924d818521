"""Diagnosis of a broken plugin: the cause, the author's own frames, the next step."""

import inspect
import re
import sys
import sysconfig
import traceback
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.version import __version__

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Modules whose distribution has another name, of those that plugins are likely to need."""

OURS = Path(__file__).parent
MIDDLEMEN = ("pluggy", "keras", "tensorflow", "jax", "torch")
"""Packages whose frames say nothing about the author's mistake."""


def cause(error: BaseException, entry_point: EntryPoint) -> str:
    """In a line: what an entry point's loading raised, and what to do about it."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing_module(error, entry_point)
    module = sys.modules.get(entry_point.module)
    if isinstance(error, AttributeError) and module and not hasattr(module, entry_point.attr):
        return (
            f"its entry point names {entry_point.value}, but {module.__file__} has no "
            f"{entry_point.attr!r}; {_MEND_ENTRY_POINT}"
        )
    return in_a_line(error)


_MEND_ENTRY_POINT = "mend [project.entry-points.archzoo] in its pyproject.toml and install it again"


def _missing_module(error: ModuleNotFoundError, entry_point: EntryPoint) -> str:
    name = error.name or ""
    if entry_point.module == name or entry_point.module.startswith(f"{name}."):
        return (
            f"its entry point names {entry_point.value}, and there is no module {name!r}; "
            f"{_MEND_ENTRY_POINT}"
        )
    top = name.partition(".")[0]
    wanted = DISTRIBUTIONS.get(top, top)
    for requirement in requirements(entry_point):
        if requirement.name.lower().replace("_", "-") == wanted.lower().replace("_", "-"):
            wanted = f"'{requirement.name}{requirement.specifier}'"
    return f"{in_a_line(error)} (try: pip install {wanted})"


def too_new(entry_point: EntryPoint) -> str:
    """A line, if its distribution asks for a newer archzoo than this one; else empty."""
    for requirement in requirements(entry_point):
        if requirement.name.lower() == "archzoo" and not requirement.specifier.contains(
            __version__, prereleases=True
        ):
            return (
                f"it needs archzoo{requirement.specifier}, and this is archzoo {__version__} "
                "(try: pip install -U archzoo)"
            )
    return ""


def requirements(entry_point: EntryPoint) -> "list[Requirement]":
    """What its distribution's metadata asks for, without extras; what cannot be read is left out."""
    from packaging.requirements import InvalidRequirement, Requirement

    found = []
    for text in (entry_point.dist and entry_point.dist.requires) or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found.append(requirement)
    return found


def file_of(entry_point: EntryPoint) -> str:
    """The file of the top-level module it names, found without importing it; else empty."""
    spec = find_spec(entry_point.module.partition(".")[0])
    return spec.origin or "" if spec else ""


def place_of(function: Any) -> str:
    """`file.py:12`, where a function is written; empty where Python does not know."""
    try:
        file = inspect.getsourcefile(function)
        return f"{file}:{inspect.getsourcelines(function)[1]}" if file else ""
    except (OSError, TypeError):
        return ""


def own_frames(error: BaseException) -> str:
    """The traceback without the frames of archzoo, Python, pluggy, Keras and its backends.

    What is left is the author's; a syntax error has its line instead.
    """
    lines = traceback.format_list(
        [frame for frame in traceback.extract_tb(error.__traceback__) if _is_authors(frame)]
    )
    if isinstance(error, SyntaxError):
        lines += traceback.format_exception_only(error)
    return "".join(lines).rstrip()


def _is_authors(frame: traceback.FrameSummary) -> bool:
    path = Path(frame.filename)
    if frame.filename.startswith("<") or OURS in path.parents:
        return False
    # By the folder's name: an environment may also see the user's or the system's packages.
    for folder, inside in pairwise(path.parts):
        if folder in ("site-packages", "dist-packages"):
            return inside not in MIDDLEMEN
    return Path(sysconfig.get_path("stdlib")) not in path.parents


LONGEST = 400
"""Characters of an exception's text that are shown; Keras' can fill a page."""

_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x1f\x7f]")
_WRAPPED = re.compile(
    r"Exception encountered when calling (\S+?)\.\s+(.*?)\s+Arguments received by.*"
)
"""Keras' wrapping of what a layer's call() raises; the arguments are whole arrays."""


def in_a_line(error: BaseException) -> str:
    """`ValueError: too narrow`"""
    line = " ".join(f"{type(error).__name__}: {_CONTROL.sub(' ', text(error))}".split())
    line = _WRAPPED.sub(r"in \1: \2", line)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def text(error: BaseException) -> str:
    """The message of an exception; even `str(error)` may fail."""
    try:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "(no text)"
