"""What the finalists' comparison says: whom to take, and whether anybody can tell."""

from collections.abc import Mapping, Sequence

from zoo.advising.advice_record import Candidate, Recommendation
from zoo.advising.candidates import milliseconds
from zoo.comparison.fronts import Cost, cost_range, front_entries
from zoo.comparison.fronts_schema import AXES, Front
from zoo.comparison.schema import ComparisonReport
from zoo.formatting import listed


def add_latency(report: ComparisonReport, candidates: Mapping[str, Candidate]) -> None:
    """Add the front of accuracy against the measured latency, in place of that of a benchmark."""
    costs: dict[str, Cost] = {
        row.name: cost_range(found, candidates[row.name].noise)
        for row in report.rows
        if row.judged is not None and (found := candidates[row.name].latency)
    }
    if len(costs) < 2:
        return
    title, unit = AXES["latency"]
    better = {(pair.first, pair.second) for pair in report.pairs if pair.different}
    entries = front_entries(list(costs), costs, better)
    others = [each for each in report.fronts if each.cost != "latency"]
    report.fronts = [Front(cost="latency", title=title, unit=unit, entries=entries), *others]


def recommend(
    report: ComparisonReport, candidates: Mapping[str, Candidate]
) -> Recommendation | None:
    """The finalist with the best mean; None without a finished run."""
    names = [row.name for row in report.rows if row.judged is not None]
    if not names:
        return None
    first, *others = names
    told = {pair.second for pair in report.pairs if pair.different and pair.first == first}
    open_ = sorted((n for n in others if n not in told), key=lambda n: _latency(candidates[n]))
    seeds = min(len(row.seeds) for row in report.rows if row.name in names)
    text = _text(first, open_, others, seeds, candidates)
    return Recommendation(name=first, alternatives=open_, told=not open_, text=text)


def _latency(candidate: Candidate) -> float:
    return candidate.latency.median if candidate.latency else 0.0


def _text(
    first: str,
    undecided: Sequence[str],
    others: Sequence[str],
    seeds: int,
    candidates: Mapping[str, Candidate],
) -> str:
    if not others:
        return f"Take {first}: the only one that was trained to the end, so it was compared with nobody."
    if not undecided:
        return f"Take {first}: it is told to be better than {listed(others)}."
    why = "with one seed nobody ever can" if seeds < 2 else f"with {seeds} seeds each"
    best = (
        f"{first} has the best mean, and nobody can tell it from {listed(undecided, 'or')} ({why})."
    )
    faster = [n for n in undecided if _latency(candidates[n]) < _latency(candidates[first])]
    if not faster:
        return f"{best} It is also the fastest of them: take {first}."
    times = f"{milliseconds(_latency(candidates[faster[0]]))} against " + milliseconds(
        _latency(candidates[first])
    )
    return f"{best} {faster[0]} answers faster ({times}): more minutes may tell them apart."
