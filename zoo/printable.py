"""Texts from outside, as a terminal may be given them."""

import re

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def printable(text: str, kept: str = "") -> str:
    r"""The text with what does not print in Python's spelling: `\x1b`, `\n`, `\u202e`.

    A name may hold escape sequences, which move the cursor and rewrite lines, or marks that turn the
    order of letters; and half of a character, which no terminal can be given.

    Args:
        kept: characters that stay as they are.

    Example:
        >>> printable("a\x1b[2Jb\nä")
        'a\\x1b[2Jb\\nä'
    """
    return _UNPRINTABLE.sub(lambda found: _spelled(found[0], kept), text)


def _spelled(character: str, kept: str) -> str:
    if character.isprintable() or character in kept:
        return character
    return character.encode("unicode_escape").decode("ascii")
