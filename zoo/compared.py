"""A comparison as Python users have it: its table, its differences, its page."""

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import atomic
from zoo.errors import UsageError, ZooError
from zoo.frames import as_frame
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.comparison.results import Result
    from zoo.comparison.schema import ComparisonReport
    from zoo.datasets.location import Locations
    from zoo.datasets.samples import Stored
    from zoo.registry import Registry


class Comparison:
    """Architectures judged under one recipe, best first.

    Attributes:
        report: all of it, typed, and `report.to_dict()` as JSON has it.
        results: the runs of each architecture.
    """

    def __init__(
        self,
        report: "ComparisonReport",
        results: "Sequence[Result]",
        registry: "Registry",
        locations: "Locations",
    ):
        self.report, self.results = report, results
        self._registry, self._locations = registry, locations

    def to_frame(self) -> Any:
        """A row for each architecture, with plain numbers: shares, seconds, bytes, samples/s.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        from zoo.comparison.flat import flat_rows

        rows = flat_rows(self.report)
        return as_frame({name: [row[name] for row in rows] for name in rows[0]})

    @property
    def differences(self) -> Any:
        """A row for each pair: difference of the mean metrics (first minus second), interval, p values,
        verdict.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        from zoo.comparison.verdict import of_pair

        pairs = self.report.pairs
        return as_frame(
            {
                "first": [pair.first for pair in pairs],
                "second": [pair.second for pair in pairs],
                "difference": [pair.difference for pair in pairs],
                "low": [pair.interval[0] for pair in pairs],
                "high": [pair.interval[1] for pair in pairs],
                "p": [pair.p for pair in pairs],
                "p_all_pairs": [pair.p_adjusted for pair in pairs],
                **self._equivalences(),
                "verdict": [of_pair(pair, self.report.judged_by) for pair in pairs],
            }
        )

    def _equivalences(self) -> dict[str, list[float | None]]:
        """The column of p values of equivalence, where a margin was given."""
        tests = [each.equivalence for each in self.report.pairs if each.equivalence]
        return {"p_equivalence": [each.p_adjusted for each in tests]} if tests else {}

    def verdict(self, first: str, second: str) -> str:
        """What the tests say of two architectures: `cnn is better`, `cannot tell`; with `rope` also
        `equivalent`, or `cnn is better, but equivalent`.

        Raises:
            UsageError: one of them was not compared, or has no finished run.
        """
        from zoo.comparison.verdict import of_pair

        known = [row.name for row in self.report.rows]
        for name in (first, second):
            if name not in known:
                raise UsageError(unknown("architecture in this comparison", name, known))
        for pair in self.report.pairs:
            if {pair.first, pair.second} == {first, second}:
                return of_pair(pair, self.report.judged_by)
        raise UsageError(f"{first} and {second} were not tested against each other.")

    def to_html(
        self, path: str | Path, *, on_note: Callable[[str], object] = lambda text: None
    ) -> Path:
        """Write the report: one HTML file that needs no other.

        Args:
            path: the file.
            on_note: called with a line if the report has no test images.

        Raises:
            ZooError: it cannot be written.
        """
        target = Path(path)
        atomic.save_text(target, self.render(on_note))
        return target

    def render(self, on_note: Callable[[str], object] = lambda text: None) -> str:
        """The report as HTML text, with test images if the dataset is on this machine.

        Args:
            on_note: as for `to_html`.
        """
        from zoo.comparison.diagnostics import make_diagnostics
        from zoo.comparison.places import without_places
        from zoo.report.page import render

        layout = self.report.dataset.layout
        return render(
            without_places(self.report),
            make_diagnostics(self.results, self._samples(on_note), layout),
        )

    def _samples(self, on_note: Callable[[str], object]) -> "Stored | None":
        """The test images, if they are those that the runs were tested on."""
        first = next(each for each in self.results if each.runs).runs[0]
        if first.fold:  # the runs were tested on different images
            return None
        try:
            arrays = first.find_dataset(self._registry).load(self._locations)
        except ZooError as error:
            on_note(f"the report shows no images: {error}")
            return None
        same = arrays.checksums["x_test"] == self.report.dataset.checksums["x_test"]
        return arrays.x_test if same else None

    def __repr__(self) -> str:
        from zoo.comparison.verdict import verdict

        return f"<Comparison on {self.report.dataset.name}: {verdict(self.report)}>"

    def _repr_html_(self) -> str:
        from zoo.comparison import columns, table
        from zoo.comparison.verdict import verdict

        titles, cells = table.grid(self.report, (columns.LEARNS,))
        head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
        body = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in cells
        )
        told = html.escape(verdict(self.report))
        return f"<p>{told}</p><table><tr>{head}</tr>{body}</table>{self._plot()}"

    def _plot(self) -> str:
        """The plot of differences, inline; empty without matplotlib."""
        from zoo.report.figures import plot_pairs

        return plot_pairs(self.report.pairs, self.report.judged_by)
