"""Reading a text file of which nothing is known: it may be huge, or no file at all."""

from pathlib import Path

MOST_BYTES = 2**24
"""Of a record or a history; a hundred thousand epochs take fewer."""


def text_of(path: Path) -> str:
    """A file's text, if it is a file, and small enough for one of ours.

    Raises:
        OSError: it cannot be read.
        ValueError: it is something else, or not UTF-8.
    """
    if path.exists() and not path.is_file():  # a FIFO would be waited for
        raise ValueError("it is no file")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 2**20} MiB")
    return content.decode("utf-8")
