"""What is kept of an advice on disk: what was asked, measured and trained; typed."""

from typing import Any, Final

from msgspec import Struct

from zoo.comparison.row_schema import Statistic
from zoo.comparison.schema import ComparisonReport
from zoo.runs.record import Number, Whole

SCHEMA: Final = 1


class Asked(Struct, kw_only=True):
    """What an advice is asked for; where it is equal, it goes on.

    Attributes:
        candidates: names with their sizes, `cnn@small`, and the hyperparameters of each.
        latency, memory, parameters: the limits, in seconds, bytes and trainable numbers.
        runtime: what answers when latency and memory are measured: `keras` or `onnx`.
        checksums: SHA-256 of the training and validation arrays.
    """

    dataset: str
    data_parameters: dict[str, str]
    checksums: dict[str, str]
    recipe: dict[str, Any]
    candidates: dict[str, dict[str, Any]]
    latency: Number | None
    memory: Whole | None
    parameters: Whole | None
    runtime: str
    backend: str
    device: str
    seeds: Whole


class Candidate(Struct, kw_only=True):
    """An architecture in one size, as it was measured on this machine with new weights.

    Attributes:
        latency: seconds for one sample.
        noise: how far the latency of one model, measured twice, differs, as a ratio.
        memory: the peak of the process in bytes: of one that only answers with `onnx`, of one that also
            trains with `keras`.
        overhead, epoch: predicted seconds of a training besides its epochs, and of each epoch.
        problem: why it could not be measured; else empty.
        misses: the limits that it does not keep to, in words.
    """

    name: str
    parameters: Whole = 0
    flops: Whole | None = None
    latency: Statistic | None = None
    noise: Number = 1.0
    memory: Whole = 0
    overhead: Number = 0.0
    epoch: Number = 0.0
    problem: str = ""
    misses: list[str] = []

    @property
    def eligible(self) -> bool:
        """Whether it was measured and keeps to every limit."""
        return not self.problem and not self.misses

    def seconds(self, epochs: int) -> float:
        """Predicted seconds of a training."""
        return self.overhead + epochs * self.epoch


class Trial(Struct, kw_only=True):
    """A short training of the search, judged by validation data alone."""

    name: str
    val_accuracy: Number | None = None
    val_loss: Number | None = None
    seconds: Number = 0.0
    run: str = ""
    problem: str = ""
    kept: bool = False


class Rung(Struct, kw_only=True):
    """A step of the successive halving: who is trained for how long.

    Attributes:
        names: who is trained; `trials` has those that were.
        left_out: who would have been trained if there had been time.
    """

    epochs: Whole
    names: list[str]
    left_out: list[str] = []
    trials: list[Trial] = []
    done: bool = False


class Recommendation(Struct, kw_only=True):
    """The finalist with the best mean test accuracy, and what can be said of it.

    Attributes:
        alternatives: finalists that nobody can tell from it, fastest first.
        told: whether all other finalists are told to be worse.
        text: all of it in words.
    """

    name: str
    alternatives: list[str]
    told: bool
    text: str


class AdviceRecord(Struct, kw_only=True):
    """An advice.

    Attributes:
        minutes: that may be spent; `spent`: seconds that were.
        epochs: of a whole training.
        finalists: trained with `final_seeds` seeds and tested; empty: not chosen yet.
        report: their comparison; None: not finished.
    """

    schema: int
    name: str
    created: str
    archzoo: str
    command: str
    asked: Asked
    minutes: Number
    spent: Number = 0.0
    epochs: Whole = 0
    training_samples: Whole = 0
    held_out: Number | None = None
    candidates: list[Candidate] = []
    rungs: list[Rung] = []
    finalists: list[str] = []
    final_seeds: Whole = 0
    report: ComparisonReport | None = None
    recommendation: Recommendation | None = None
    notes: list[str] = []

    @property
    def complete(self) -> bool:
        """Whether there is a recommendation."""
        return self.recommendation is not None

    def candidate(self, name: str) -> Candidate:
        """The candidate of this name."""
        return next(each for each in self.candidates if each.name == name)
