"""A comparison over several datasets as text: tables, the diagram for a terminal, the verdict."""

import math

from zoo.comparison.equivalence import in_words
from zoo.comparison.flat import cell
from zoo.comparison.table import markdown_table
from zoo.formatting import listed, p_value
from zoo.printable import printable
from zoo.studies.datasets_schema import DatasetsPair, DatasetsReport

Grid = tuple[list[str], list[list[str]]]

WIDTH = 61
"""Characters of the diagram's axis."""
SHOWN_DATASETS = 30
"""Rows of the matrix that a terminal is given; files have all."""


def told_apart_by(pair: DatasetsPair) -> str:
    """`HC2 is better`, or `cannot tell`."""
    return f"{pair.better} is better" if pair.different else "cannot tell"


def verdict(report: DatasetsReport) -> str:
    """In a sentence or two: whether anybody is told apart, and who leads."""
    count, names = len(report.datasets), [row.name for row in report.rows]
    where = f"Over {count} datasets"
    if count < report.least_datasets:
        who = f"{len(report.pairs)} pairs need" if len(report.pairs) > 1 else "a pair needs"
        return (
            f"{where} nobody can tell: whatever the results, {who} at least "
            f"{report.least_datasets} datasets."
        )
    told = [pair for pair in report.pairs if pair.different]
    if not told:
        return f"{where} nothing here can be told apart."
    best = names[0]
    rest = [pair.second for pair in told if pair.first == pair.better == best]
    if len(rest) == len(names) - 1:
        return f"{where} {best} is above every other, and told apart from each."
    if not rest:
        found = listed(f"{pair.better} above {_other(pair)}" for pair in told)
        return f"{where} {best} has the best mean rank but is told apart from none; told apart: {found}."
    tied = [name for name in names[1:] if name not in rest]
    return f"{where} {best} is above {listed(rest)}, and cannot be told apart from {listed(tied, 'or')}."


def _other(pair: DatasetsPair) -> str:
    return pair.second if pair.better == pair.first else pair.first


def rank_grid(report: DatasetsReport) -> Grid:
    """A row for each classifier."""
    metric = report.judged_by
    titles = ["classifier", "mean rank", f"mean {metric.short} {metric.unit}".rstrip(), "best on"]
    return titles, [
        [row.name, f"{row.mean_rank:.3f}", metric.text(row.mean), str(row.first)]
        for row in report.rows
    ]


def pair_grid(report: DatasetsReport) -> Grid:
    """A row for each pair."""
    metric = report.judged_by
    titles = [
        "pair", "better / equal / worse", f"mean difference {metric.points}".rstrip(), "p", "p, all pairs",
        "verdict", "P(first)", "P(equivalent)", "P(second)", "Bayesian verdict",
    ]  # fmt: skip
    return titles, [
        [
            f"{pair.first} - {pair.second}",
            f"{pair.wins} / {pair.ties} / {pair.losses}",
            metric.difference(pair.mean_difference),
            p_value(pair.p),
            p_value(pair.p_adjusted),
            told_apart_by(pair),
            *(
                f"{share:.3f}"
                for share in (pair.bayes.first, pair.bayes.equivalent, pair.bayes.second)
            ),
            pair.bayes.verdict,
        ]
        for pair in report.pairs
    ]


def score_grid(report: DatasetsReport, most: int | None = None) -> Grid:
    """The matrix: a row for each dataset, the first `most` of them."""
    metric = report.judged_by
    titles = ["dataset", *(row.name for row in report.rows)]
    return titles, [
        [dataset, *(metric.text(row.scores[place]) for row in report.rows)]
        for place, dataset in enumerate(report.datasets[:most])
    ]


def foot(report: DatasetsReport) -> list[str]:
    """The lines under the tables: tests, region, methods, notes."""
    metric = report.judged_by
    lines = [
        f"n: {len(report.datasets)} datasets, {len(report.rows)} classifiers, by {metric.title}"
    ]
    if report.friedman is not None:
        f = "infinite" if report.friedman.f is None else f"{report.friedman.f:.2f}"
        lines.append(
            f"friedman: χ² {report.friedman.statistic:.2f}, p {_p(report.friedman.p)}; Iman-Davenport F {f}, "
            f"p {_p(report.friedman.f_p)}"
        )
    lines += [f"groups: {listed(group)} cannot be told apart" for group in report.groups]
    lines.append(
        f"region of practical equivalence: {in_words(metric, report.rope)}"
        if report.rope
        else "region of practical equivalence: none"
    )
    lines += [f"{name}: {text}" for name, text in report.methods.items()]
    lines += [f"source: {name} (SHA-256 {digest[:12]})" for name, digest in report.sources.items()]
    told = report.experiment or {}
    lines += [f"{key}: {text}" for key, text in told.items() if key.startswith("on ")]
    lines += [f"note: {line}" for line in report.notes]
    lines += [f"FAILED: {line}" for line in report.problems]
    return lines


def _p(p: float) -> str:
    return f"{p:.2g}" if p < 0.001 else p_value(p)


def diagram(report: DatasetsReport, width: int = WIDTH) -> str:
    """The critical-difference diagram in characters: an axis of mean ranks, names, bars of groups.

    Example of two bars::

        1         2         3
        |---------|---------|
           a
              ===================
    """
    low, high = _axis(report)
    scale = (width - 1) / (high - low)

    def place(rank: float) -> int:
        return round((rank - low) * scale)

    marks, numbers = ["-"] * width, [" "] * (width + 3)
    for rank in range(low, high + 1):
        marks[place(rank)] = "|"
        numbers[place(rank) : place(rank) + len(str(rank))] = str(rank)
    lines = ["".join(numbers).rstrip(), "".join(marks)]
    ranks = {row.name: row.mean_rank for row in report.rows}
    for name, mean in ranks.items():
        lines.append(" " * place(mean) + f"^ {printable(name)} {mean:.2f}")
    for group in report.groups:
        start, end = place(ranks[group[0]]), place(ranks[group[-1]])
        lines.append(" " * start + "=" * max(2, end - start + 1) + "  cannot be told apart")
    return "\n".join(lines)


def _axis(report: DatasetsReport) -> tuple[int, int]:
    """The whole ranks that the axis begins and ends with."""
    low = math.floor(report.rows[0].mean_rank)
    high = math.ceil(report.rows[-1].mean_rank)
    return (low, high) if high > low else (low, low + 1)


def as_csv(report: DatasetsReport) -> str:
    """The matrix as CSV, scores as they are: shares, not per cent. It can be read again."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["dataset", *(cell(row.name) for row in report.rows)])
    for place, dataset in enumerate(report.datasets):
        writer.writerow([cell(dataset), *(row.scores[place] for row in report.rows)])
    return text.getvalue()


def markdown(report: DatasetsReport) -> str:
    """The verdict, the ranks, the pairs, the diagram and the foot."""
    return "\n".join(
        [
            verdict(report) + "\n",
            markdown_table(*rank_grid(report)),
            markdown_table(*pair_grid(report)),
            f"```\n{diagram(report)}\n```\n",
            "".join(f"- {printable(line)}\n" for line in foot(report)),
        ]
    )
