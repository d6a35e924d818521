"""A comparison over several datasets as Python users have it: ranks, pairs, verdicts, its page."""

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import atomic
from zoo.errors import UsageError
from zoo.frames import as_frame
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.studies.datasets_schema import DatasetsReport


class DatasetsComparison:
    """Architectures or classifiers judged over several datasets, the best mean rank first.

    Attributes:
        report: all of it, typed, and `report.to_dict()` as JSON has it.
    """

    def __init__(self, report: "DatasetsReport"):
        self.report = report

    def to_frame(self) -> Any:
        """A row for each classifier: mean rank, mean score, datasets on which no other is better.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        names = ("name", "mean_rank", "mean", "first")
        return as_frame({name: [getattr(row, name) for row in self.report.rows] for name in names})

    @property
    def scores(self) -> Any:
        """The matrix: a row for each dataset, a column for each classifier; shares, not per cent.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        report = self.report
        return as_frame(
            {"dataset": report.datasets, **{row.name: row.scores for row in report.rows}}
        )

    @property
    def differences(self) -> Any:
        """A row for each pair: wins, ties, losses, differences, p values, probabilities, verdicts.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        from zoo.studies.datasets_table import told_apart_by

        pairs = self.report.pairs
        facts = (
            "first",
            "second",
            "wins",
            "ties",
            "losses",
            "mean_difference",
            "median_difference",
            "p",
        )
        columns: dict[str, list[Any]] = {name: [getattr(p, name) for p in pairs] for name in facts}
        columns["p_all_pairs"] = [pair.p_adjusted for pair in pairs]
        columns["verdict"] = [told_apart_by(pair) for pair in pairs]
        for name in ("first", "equivalent", "second"):
            columns[f"probability_{name}"] = [getattr(pair.bayes, name) for pair in pairs]
        columns["bayesian_verdict"] = [pair.bayes.verdict for pair in pairs]
        return as_frame(columns)

    def verdict(self, first: str, second: str) -> str:
        """What Wilcoxon's test says of two, over all pairs: `HC2 is better`, or `cannot tell`.

        Raises:
            UsageError: one of them was not compared.
        """
        from zoo.studies.datasets_table import told_apart_by

        known = [row.name for row in self.report.rows]
        for name in (first, second):
            if name not in known:
                raise UsageError(unknown("classifier in this comparison", name, known))
        for pair in self.report.pairs:
            if {pair.first, pair.second} == {first, second}:
                return told_apart_by(pair)
        raise UsageError(f"{first}: name two different classifiers.")

    def to_html(self, path: str | Path) -> Path:
        """Write the page: one HTML file that needs no other.

        Raises:
            ZooError: it cannot be written.
        """
        target = Path(path)
        atomic.save_text(target, self.render())
        return target

    def render(self) -> str:
        """The page as HTML text, with the critical-difference diagram and the matrix."""
        from zoo.report.datasets_page import render

        return render(self.report)

    def __repr__(self) -> str:
        from zoo.studies.datasets_table import verdict

        return f"<DatasetsComparison: {verdict(self.report)}>"

    def _repr_html_(self) -> str:
        from zoo.studies.datasets_table import rank_grid, verdict

        titles, cells = rank_grid(self.report)
        head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
        rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in cells)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<p>{html.escape(verdict(self.report))}</p><table><tr>{head}</tr>{body}</table>"
