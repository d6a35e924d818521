"""Numbers as people read them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.recipe import Recipe


def percent(share: float, digits: int = 2) -> str:
    """`99.41 %`"""
    return f"{hundredths(share, digits)} %"


def hundredths(share: float, digits: int = 2) -> str:
    """`99.41`, where the unit stands elsewhere."""
    return f"{100 * share:.{digits}f}"


def size(count: float) -> str:
    """`640`, `92.3 k`, `1.2 M`: three digits and a decimal prefix."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}"
    return f"{count:.0f}"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def p_value(p: float) -> str:
    """`0.043`, `<0.001`."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def listed(items: Iterable[Any], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = map(str, items)
    return f"{', '.join(first)} {word} {last}" if first else last


def tta(recipe: "Recipe") -> str:
    """`, tta_shift 1: mean over 9 shifted copies`; empty without test-time augmentation."""
    if not recipe.tta_shift:
        return ""
    return f", tta_shift {recipe.tta_shift}: mean over {recipe.tta_copies} shifted copies"
