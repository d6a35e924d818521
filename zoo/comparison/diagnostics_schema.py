"""What a page shows beside the table, typed."""

from msgspec import Struct

from zoo.runs.record import Number, Whole


class Curve(Struct, kw_only=True):
    """A run's learning curve: a value for each epoch; None where it is not finite."""

    seed: Whole
    epochs: list[Whole]
    seconds: list[Number]
    val_accuracy: list[Number | None]
    loss: list[Number | None]


class Answers(Struct, kw_only=True):
    """An architecture's answers to one sample: the class that each seed gives, and how many are right."""

    classes: list[Whole]
    right: Whole


class Disagreement(Struct, kw_only=True):
    """A test sample that architectures answer differently; `image` is a `data:` address."""

    index: Whole
    label: Whole
    image: str
    answers: dict[str, Answers]


class Diagnostics(Struct, kw_only=True):
    """What a page shows beside the table.

    Attributes:
        curves: by architecture, one for each seed that was validated.
        confusions: by architecture, counts over all seeds: a row for each true class, a column for each
            answer.
        disagreements: the samples whose answers differ most between architectures, widest first.
    """

    curves: dict[str, list[Curve]]
    confusions: dict[str, list[list[Whole]]]
    disagreements: list[Disagreement]
