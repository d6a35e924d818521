"""A trial of a study: what was drawn, how far it was trained, how well it did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["running", "complete", "pruned", "diverged", "failed"]

LEVELS = 27
"""Parts of a training after which a trial may be pruned: with a factor of 3, after a ninth and a third."""


@dataclass(frozen=True)
class Trial:
    """One training of a study.

    Attributes:
        number: from 0; the first one has the defaults.
        state: `complete`; `pruned` or `diverged` before its end; `failed`: its code did, or memory.
        values: what was drawn, by dimension; the defaults where the first trial's lie outside a range.
        score: the objective at the reported epoch; None unless complete.
        levels: the objective after each of 27 parts of the training, as far as it was trained.
        metrics: `val_accuracy` and `val_loss` of the epoch that counts.
        steps, seconds, epochs: what it took.
        cause: why it is not complete.
        run: the name of its run.
    """

    number: int
    state: State
    values: Mapping[str, Any]
    seed: int
    score: float | None = None
    levels: Mapping[int, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    epochs: int = 0
    cause: str = ""
    run: str = ""

    @property
    def ended(self) -> bool:
        """Whether it is not being trained."""
        return self.state != "running"

    def recipe(self) -> dict[str, Any]:
        """The recipe keys that were drawn."""
        return self._of("recipe")

    def hyperparameters(self) -> dict[str, Any]:
        """The hyperparameters that were drawn."""
        return self._of("hyperparameters")

    def _of(self, table: str) -> dict[str, Any]:
        start = f"{table}."
        return {k.removeprefix(start): v for k, v in self.values.items() if k.startswith(start)}


def best_of(trials: "list[Trial]", sign: int) -> Trial | None:
    """The complete trial with the best score; of equal ones that with the lowest validation loss."""
    complete = [each for each in trials if each.state == "complete" and each.score is not None]
    if not complete:
        return None
    return max(
        complete,
        key=lambda each: (
            sign * (each.score or 0.0),
            -each.metrics.get("val_loss", 0.0),
            -each.number,
        ),
    )
