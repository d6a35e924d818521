"""Which architectures and sizes are candidates, and which of them keep to the limits."""

from collections.abc import Callable, Sequence

from zoo import named_sizes
from zoo.advising.advice_record import Candidate
from zoo.advising.limits import Limits
from zoo.comparison.entries import Entry, choose
from zoo.errors import UsageError
from zoo.formatting import size
from zoo.registry import Registry


def candidates_of(
    registry: Registry,
    names: Sequence[str],
    layout: str,
    *,
    everything: bool,
    on_note: Callable[[str], object],
) -> list[Entry]:
    """Each architecture in each of its sizes; one that is named with a size, in that alone.

    Without names those whose layout is the dataset's.

    Raises:
        UsageError: a name or a size is unknown, or nothing is installed.
        PluginError: a plugin that is named is broken.
    """
    if not names:
        names = _installed(registry, None if everything else layout, on_note)
    texts = [text for name in names for text in _sizes(registry, name)]
    return choose(registry, list(dict.fromkeys(texts)), everything=False, settings={})


def _installed(
    registry: Registry, layout: str | None, on_note: Callable[[str], object]
) -> list[str]:
    found = []
    for entry in choose(registry, [], everything=True, settings={}):
        if entry.problem:
            on_note(f"left out: {entry.problem}")
        elif layout in (None, registry.architecture(entry.architecture)[0].layout):
            found.append(entry.architecture)
    if not found:
        raise UsageError(
            f"no installed architecture has the layout {layout}; name some with `architectures`, or "
            "`architectures='all'`."
        )
    return found


def _sizes(registry: Registry, name: str) -> list[str]:
    named, chosen = named_sizes.split(name)
    if chosen:
        return [name]
    sizes = registry.architecture(named)[0].sizes
    return [named, *(named_sizes.joined(named, each) for each in sizes)]


def groups_of(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The sizes of each architecture together: they are measured in turn."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.architecture, []).append(entry)
    return list(found.values())


def check_limits(candidates: Sequence[Candidate], limits: Limits) -> None:
    """Note for each candidate the limits that it misses."""
    for each in candidates:
        each.misses = [] if each.problem else [text for text, _ in _misses(each, limits)]


def _misses(candidate: Candidate, limits: Limits) -> list[tuple[str, float]]:
    """In words, and how many times the limit it is."""
    found = []
    latency = candidate.latency.median if candidate.latency else 0.0
    for value, limit, write in (
        (latency, limits.latency, milliseconds),
        (candidate.memory, limits.memory, megabytes),
        (candidate.parameters, limits.parameters, lambda count: f"{size(count)} parameters"),
    ):
        if limit is not None and value > limit:
            found.append((f"{write(value)}, above {write(limit)}", value / limit))
    return found


def refuse_none(candidates: Sequence[Candidate], limits: Limits) -> None:
    """
    Raises:
        UsageError: no candidate keeps to the limits; the nearest is named.
    """
    if any(each.eligible for each in candidates):
        return
    measured = [each for each in candidates if not each.problem]
    if not measured:
        causes = "; ".join(f"{each.name}: {each.problem}" for each in candidates)
        raise UsageError(f"no candidate could be measured: {causes}")
    nearest = min(measured, key=lambda each: max(excess for _, excess in _misses(each, limits)))
    raise UsageError(
        f"none of the {len(measured)} candidates keeps to the limits. Nearest: {nearest.name} with "
        f"{'; '.join(nearest.misses)}. Give wider limits, or other `architectures`."
    )


def milliseconds(seconds: float) -> str:
    """`0.52 ms`"""
    return f"{1e3 * seconds:.3g} ms"


def megabytes(held: float) -> str:
    """`198 MB`"""
    return f"{held / 1e6:,.0f} MB"
