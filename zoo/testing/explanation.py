"""An exception out of a stranger's code, for the stranger: what it says, and their own frames."""

from zoo import diagnosis


def seen(error: BaseException) -> str:
    """The exception in a line, and after it the frames that are the author's."""
    # A PluginError brings the frames of what was behind it.
    frames = getattr(error, "details", "") or diagnosis.own_frames(error)
    return f"{diagnosis.in_a_line(error)}\n{frames}".rstrip()


def explained(error: BaseException) -> tuple[str, str]:
    """What was seen, and what to change where the law itself does not know."""
    text = seen(error)
    if "\n" in text:
        return text, "mend the line that is shown last, or what it is given."
    return (
        text,
        "none of your lines raised it; look at the layers and shapes that build puts together.",
    )
