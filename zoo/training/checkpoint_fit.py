"""Whether a checkpoint can be what this run wrote: a forged or foreign one is never carried out."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo.archives import Header

FIELDS = {
    "epoch", "step", "sums", "history", "best_epoch", "seconds", "throughput", "timings",
}  # fmt: skip
ALWAYS = {"epoch", "learning_rate", "loss", "accuracy"}
VALIDATED = {"val_loss", "val_accuracy"}

Spec = tuple[tuple[int, ...], str]
"""An array's shape and its kind, as NumPy writes it: `f`, `i`, `u` or `b`."""


class Misfit(ValueError):
    """A checkpoint is not of this run; the text says what does not fit."""


@dataclass(frozen=True)
class Wanted:
    """What a run's checkpoint must fit.

    Attributes:
        run: the digest of the run's identity.
        epochs, steps, batch_size: of the recipe; steps of an epoch.
        validates: whether each epoch is validated.
        selects: whether the best epoch's weights are kept.
        arrays: the arrays of each group: `model`, `optimizer`, `random`.
    """

    run: str
    epochs: int
    steps: int
    batch_size: int
    validates: bool
    selects: bool
    arrays: Mapping[str, Sequence[Spec]]


def check(meta: Any, headers: Mapping[str, Header], wanted: Wanted) -> None:
    """Look at a checkpoint's numbers, and at its arrays' headers.

    Args:
        meta: its JSON; without `run` it was written by an archzoo that did not note it.

    Raises:
        Misfit: something is not as this run would have written it.
    """
    _demand(isinstance(meta, dict), "it has no progress")
    _demand(meta.get("run", wanted.run) == wanted.run, "it is another run's")
    _demand(set(meta) - {"run"} == FIELDS, "it has other fields than this archzoo's")
    _check_place(meta, wanted)
    _check_sums(meta, wanted)
    _check_history(meta, wanted)
    _check_clocks(meta)
    _check_arrays(meta, headers, wanted)


def _check_place(meta: dict[str, Any], wanted: Wanted) -> None:
    epoch, step, best = meta["epoch"], meta["step"], meta["best_epoch"]
    _demand(_whole(epoch, wanted.epochs), f"epoch is {epoch!r} of {wanted.epochs}")
    last = wanted.steps - 1 if epoch < wanted.epochs else 0
    _demand(_whole(step, last), f"step is {step!r} of {wanted.steps} in epoch {epoch + 1}")
    _demand(_whole(best, epoch), f"best_epoch is {best!r} after {epoch} epochs")
    kept = wanted.selects and wanted.validates and epoch > 0
    _demand(bool(best) == kept, f"best_epoch is {best!r}, which the recipe does not make")


def _check_sums(meta: dict[str, Any], wanted: Wanted) -> None:
    sums = meta["sums"]
    _demand(
        isinstance(sums, dict) and set(sums) == {"loss", "correct", "examples"}, "sums are missing"
    )
    examples = meta["step"] * wanted.batch_size
    _demand(
        sums["examples"] == examples, f"{sums['examples']!r} examples are no {meta['step']} steps"
    )
    fine = _number(sums["loss"]) and _number(sums["correct"])
    _demand(fine and 0 <= sums["correct"] <= examples * 1.001, "its sums are no sums")


def _check_history(meta: dict[str, Any], wanted: Wanted) -> None:
    history = meta["history"]
    _demand(
        isinstance(history, list) and len(history) == meta["epoch"],
        f"its history has not {meta['epoch']} epochs",
    )
    for number, row in enumerate(history, 1):
        where = f"epoch {number} of its history"
        keys = ALWAYS | (VALIDATED if wanted.validates else set())
        _demand(isinstance(row, dict) and set(row) == keys, f"{where} has other columns")
        _demand(row["epoch"] == number, f"{where} is {row['epoch']!r}")
        _demand(all(_number(row[key]) for key in ALWAYS), f"{where} has values that are no numbers")
        # The loss of a validation may be infinite; that does not end a training.
        _demand(all(isinstance(row[key], (int, float)) for key in keys), f"{where} has texts")


def _check_clocks(meta: dict[str, Any]) -> None:
    for name in ("seconds", "throughput"):
        values = meta[name]
        fine = isinstance(values, list) and len(values) >= meta["epoch"]
        _demand(fine and all(_number(each) and each >= 0 for each in values), f"{name} are none")
    timings = meta["timings"]
    _demand(
        isinstance(timings, dict)
        and all(re.fullmatch("[a-z_]{1,30}", key) for key in timings)
        and all(_number(each) and each >= 0 for each in timings.values()),
        "timings are none",
    )


def _check_arrays(meta: dict[str, Any], headers: Mapping[str, Header], wanted: Wanted) -> None:
    groups = dict(wanted.arrays)
    if meta["best_epoch"]:
        groups["best"] = groups["model"]
    expected = {
        f"{group}/{place}": spec
        for group, specs in groups.items()
        for place, spec in enumerate(specs)
    }
    if missing := [name for name in expected if name not in headers]:
        raise Misfit(f"it has no {missing[0]}")
    if more := [name for name in headers if name not in expected and name != "meta"]:
        raise Misfit(f"it has {more[0]!r}, which is nothing of this model's")
    for name, (shape, kind) in expected.items():
        found = headers[name]
        _demand(found.shape == shape, f"{name} has shape {found.shape}, the model's has {shape}")
        _demand(found.dtype.kind == kind, f"{name} has type {found.dtype}")


def _whole(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _demand(fine: bool, misfit: str) -> None:
    if not fine:
        raise Misfit(misfit)
