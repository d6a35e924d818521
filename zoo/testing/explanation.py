"""Exceptions raised by the author's code: the message, the author's own frames, and advice."""

from zoo import diagnosis


def seen(error: BaseException) -> str:
    """The exception in one line, followed by the author's own frames."""
    # A PluginError carries the frames of its cause.
    frames = getattr(error, "details", "") or diagnosis.own_frames(error)
    return f"{diagnosis.in_a_line(error)}\n{frames}".rstrip()


def explained(error: BaseException) -> tuple[str, str]:
    """What was seen, and general advice, for exceptions that a check did not expect."""
    text = seen(error)
    if "\n" in text:
        return text, "fix the line that is shown last, or its arguments."
    return (
        text,
        "none of your lines raised it; check the layers and shapes that build combines.",
    )
