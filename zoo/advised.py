"""An advice as Python users have it: its recommendation, its tables, its page."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import atomic
from zoo.frames import as_frame

if TYPE_CHECKING:
    from zoo.advising.advice_record import AdviceRecord


class Advice:
    """Which architecture and size to take within limits, as measured and trained on this machine.

    Attributes:
        record: all of it, typed: candidates, steps of the search, the finalists' comparison.
        folder: where it is kept.
    """

    def __init__(self, record: "AdviceRecord", folder: Path):
        self.record, self.folder = record, folder

    @property
    def name(self) -> str:
        """The recommended architecture and size: the finalist with the best mean test accuracy."""
        assert self.record.recommendation
        return self.record.recommendation.name

    @property
    def told(self) -> bool:
        """Whether all other finalists are told to be worse; False: nobody can tell some from it."""
        assert self.record.recommendation
        return self.record.recommendation.told

    @property
    def text(self) -> str:
        """The recommendation in a sentence or two."""
        assert self.record.recommendation
        return self.record.recommendation.text

    def to_frame(self) -> Any:
        """A row for each candidate: latency in seconds, memory in bytes, and how far it came.

        `val_accuracy` is that of its longest training in the search, `test_accuracy` that of finalists.

        A pandas DataFrame, or a dictionary of arrays without pandas.
        """
        from zoo.advising.advice_rows import flat_rows

        rows = flat_rows(self.record)
        return as_frame({key: [row[key] for row in rows] for key in rows[0]})

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON has it: plain values."""
        import msgspec

        from zoo.comparison.places import without_places

        found = msgspec.to_builtins(self.record)
        if self.record.report:
            found["report"] = without_places(self.record.report).to_dict()
        return found

    def to_html(self, path: str | Path) -> Path:
        """Write a page: one HTML file that needs no other.

        Raises:
            ZooError: it cannot be written.
        """
        target = Path(path)
        atomic.save_text(target, self.render())
        return target

    def render(self) -> str:
        """The page as HTML text."""
        from zoo.report.advice_page import render

        return render(self.record)

    def __repr__(self) -> str:
        return f"<Advice on {self.record.asked.dataset}: {self.text}>"
