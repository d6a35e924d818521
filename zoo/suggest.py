"""Close matches for a mistyped name."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(kind: str, name: str, known: Iterable[str], then: str = "") -> str:
    """`unknown recipe 'quik'. Did you mean quick? Known: quick, record. Then what to type.`"""
    known = sorted(known)
    close = get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    parts = [f"unknown {kind} {name!r}."]
    if close:
        parts.append(f"Did you mean {' or '.join(close)}?")
    parts.append(f"Known: {', '.join(known)}." if known else "None is known.")
    return " ".join([*parts, then]).strip()
