"""What the differences between architectures say, in words."""

from msgspec import UNSET

from zoo.comparison.equivalence import in_words
from zoo.comparison.schema import ComparisonReport, Pair
from zoo.formatting import listed
from zoo.scoring import ACCURACY, Metric


def of_pair(pair: Pair, metric: Metric = ACCURACY) -> str:
    """`cnn is better`, `equivalent`, both (`cnn is better, but equivalent`), or `cannot tell`."""
    if pair.different:
        better = f"{_ordered(pair, metric)[0]} is better"
        return f"{better}, but equivalent" if pair.equivalent else better
    if pair.equivalent:
        return "equivalent"
    return "cannot tell: one seed" if pair.seeds < 2 else "cannot tell"


def _ordered(pair: Pair, metric: Metric) -> tuple[str, str]:
    """The better one first."""
    ahead = metric.sign * pair.difference >= 0
    return (pair.first, pair.second) if ahead else (pair.second, pair.first)


def verdict(report: ComparisonReport) -> str:
    """One sentence: who is told apart from whom, as the tests of the pairs decided it."""
    metric = report.judged_by
    sentence = " ".join(filter(None, (_sentence(report), _equivalences(report))))
    return sentence if metric.name == "accuracy" else f"By {metric.title}: {sentence}"


def _equivalences(report: ComparisonReport) -> str:
    """Which pairs are equivalent within the margin; empty where none is, or none was tested."""
    if report.rope is UNSET:
        return ""
    margin = in_words(report.judged_by, report.rope)
    found = [f"{pair.first} and {pair.second}" for pair in report.pairs if pair.equivalent]
    if not found:
        return f"No two were shown to be equivalent within {margin}."
    if len(found) == len(report.pairs) > 1:
        return f"All are equivalent within {margin}."
    return f"Equivalent within {margin}: {'; '.join(found)}."


def _sentence(report: ComparisonReport) -> str:
    rows = [row for row in report.rows if row.accuracy is not None]
    names = [row.name for row in rows]
    if not names:
        return "No architecture could be measured."
    if len(names) == 1:
        return f"Only {names[0]} was measured: there is nothing to compare it with."
    if not report.pairs:
        return "The differences were not tested, so nothing here is told apart."
    above = _told_above(report.pairs, report.judged_by)
    if not above:
        most = max(len(row.seeds) for row in rows)
        runs = "seed" if report.folds is UNSET else "fold"
        return f"With {most} {runs}{'s' * (most != 1)} nothing here can be told apart."
    return _leaders(names, above)


def _told_above(pairs: list[Pair], metric: Metric) -> set[tuple[str, str]]:
    """The (higher, lower) of each pair that was told apart."""
    return {_ordered(pair, metric) for pair in pairs if pair.different}


def _leaders(names: list[str], above: set[tuple[str, str]]) -> str:
    """Of `names`, the best first: who shares the lead, and what is below."""
    best = names[0]
    rest = [name for name in names[1:] if (best, name) in above]
    leaders = [name for name in names if name not in rest]
    if len(leaders) == 1:
        return f"{best} is above every other architecture, and told apart from each."
    if not rest:
        told = listed(f"{high} above {low}" for high, low in sorted(above))
        return f"{best} leads but cannot be told apart from any other; told apart are only {told}."
    tied = not any((a, b) in above for a in leaders for b in leaders)
    if tied:
        tie = f"{listed(leaders)} cannot be told apart"
    else:
        tie = f"{best} cannot be told apart from {listed(leaders[1:], 'or')}"
    if all((leader, name) in above for leader in leaders for name in rest):
        who = "both are" if len(leaders) == 2 else "all of them are"
    else:
        who = f"{best} is"
    return f"{tie}; {who} above {listed(rest)}."
