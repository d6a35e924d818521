"""Printing a study."""

from typing import TYPE_CHECKING, Any

from zoo.cli.wording import in_options
from zoo.formatting import duration, percent
from zoo.parameters import as_text
from zoo.terminal import echo, print_table, secho, wrapped

if TYPE_CHECKING:
    from zoo.tuned import Study
    from zoo.tuning.tuning_report import TunedRow

TITLES = ("architecture", "default", "tuned", "rank by default", "rank tuned", "trials", "pruned",
          "steps", "time", "tuned values")  # fmt: skip


def print_study(study: "Study") -> None:
    """Print the table of a study, its notes, and what to type next."""
    report = study.report
    secho(
        f"\nBest {report.objective} on {report.dataset['validation']:,} validation samples of "
        f"{report.dataset['name']}; {report.budget}",
        bold=True,
    )
    print_table(TITLES, [_row(row, report.objective) for row in report.rows])
    echo()
    for note in report.notes:
        secho(wrapped(in_options(note)), lines=True)
    if any(row.best is not None for row in report.rows):
        echo(f"recipe: {study.recipe_file}")
        echo(f"next: zoo compare --tuned {study.folder} --seeds 5   (fresh seeds, on the test set)")


def _row(row: "TunedRow", objective: str) -> tuple[str, ...]:
    counts = row.counts
    return (
        row.name,
        score_in_words(row.default, objective),
        score_in_words(row.best, objective),
        rank_in_words(row.default_rank, row.default_ranks),
        rank_in_words(row.tuned_rank, row.tuned_ranks),
        str(sum(counts.values())),
        str(counts.get("pruned", 0)),
        f"{row.steps:,}",
        duration(row.seconds),
        row.problem or _values(row.changed),
    )


def score_in_words(score: float | None, objective: str) -> str:
    """`97.50 %`, or a loss `0.1234`; `-` for none."""
    if score is None:
        return "-"
    return percent(score) if objective == "val_accuracy" else f"{score:.4f}"


def rank_in_words(rank: int | None, between: tuple[int, int] | None) -> str:
    """`2 (1 to 3)`"""
    if rank is None:
        return "-"
    if between is None or between[0] == between[1] == rank:
        return str(rank)
    return f"{rank} ({between[0]} to {between[1]})"


def _values(changed: dict[str, Any]) -> str:
    if not changed:
        return "the defaults"
    return ", ".join(
        f"{name.partition('.')[2]} {as_text(value)}" for name, value in changed.items()
    )
