"""An exception out of a stranger's code, for the stranger: what it says, and their own frames."""

import re

from zoo import diagnosis

LONGEST = 400
"""Characters of an exception's text that are shown; Keras' can fill a page."""

_BOLD = re.compile(r"\x1b\[[0-9;]*m")
_WRAPPED = re.compile(
    r"Exception encountered when calling (\S+?)\.\s+(.*?)\s+Arguments received by.*"
)
"""Keras' wrapping of what a layer's call() raises; the arguments are whole arrays."""


def seen(error: BaseException) -> str:
    """The exception in a line, and after it the frames that are the author's."""
    line = _BOLD.sub("", diagnosis.in_a_line(error))
    line = _WRAPPED.sub(r"in \1: \2", line)
    line = line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."
    # A PluginError brings the frames of what was behind it.
    frames = getattr(error, "details", "") or diagnosis.own_frames(error)
    return f"{line}\n{frames}".rstrip()


def explained(error: BaseException) -> tuple[str, str]:
    """What was seen, and what to change where the law itself does not know."""
    text = seen(error)
    if "\n" in text:
        return text, "mend the line that is shown last, or what it is given."
    return (
        text,
        "none of your lines raised it; look at the layers and shapes that build puts together.",
    )
