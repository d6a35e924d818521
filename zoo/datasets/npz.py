"""Arrays in one `.npz` file."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

from zoo import aliases
from zoo.architecture import LAYOUTS, Layout
from zoo.datasets.axes import Axes, axes_of, note
from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.encoding import pixel_range
from zoo.datasets.labels import class_numbers
from zoo.datasets.npz_file import NpzFile, open_npz
from zoo.datasets.split import hold_out_test
from zoo.datasets.values import stored_values
from zoo.errors import DataError, UsageError

SPLITS = ("train", "val", "test")
USED = (*(f"{each}_{split}" for split in SPLITS for each in "xy"), "classes", "layout")
LISTED = 8
"""As many names as a message has."""


def dataset_from_npz(path: Path) -> Dataset:
    """The dataset in `x_train`, `y_train` and, if there, `x_val`, `y_val`, `x_test`, `y_test`.

    Images are `(N, H, W)` or `(N, H, W, C)`, frames `(N, T, H, W, C)`, sequences `(N, T, F)`; a text array
    `layout` in the file says which where the shape does not. Samples are numbers
    (`zoo.datasets.values`), labels of any kind (`zoo.datasets.labels`). A text array `classes` may
    name the classes. Without a test set, a fifth of the examples, by class, is held out.

    Raises:
        UsageError: there is no such file.
        DataError: what it holds cannot be trained on; the message says which array and why.
    """
    if not path.exists():
        raise UsageError(f"`dataset={str(path)!r}`: there is no such file.")
    with open_npz(path) as archive:
        _check_names(archive, path)
        held = {name: archive[name] for name in USED if name in archive}
        unused = [name for name in archive if name not in USED]
    splits = [split for split in SPLITS if f"x_{split}" in held]
    axes = _axes(held, splits, path)
    _check_alike(held, splits, path)
    labels, classes, notes = class_numbers(
        {split: held[f"y_{split}"] for split in splits}, held.get("classes"), path
    )
    stored = {split: held[f"x_{split}"] for split in splits}
    layout = axes["train"].layout
    arranged = {split: axes[split].arrange(x) for split, x in stored.items()}
    samples, values = stored_values(arranged, layout, f"{path}: x_")
    arrays = _arrays(samples, labels, classes, path)
    return Dataset(
        name=named_after(path.stem),
        classes=classes,
        layout=layout,
        shape=arrays.x_train.shape[1:],
        load=lambda _: arrays,
        summary=str(path),
        origin=str(path.resolve()),
        notes=(
            *note(stored["train"].shape, axes["train"]),
            *notes,
            *values,
            *_notes(stored, unused),
            *_perhaps_sequences(samples["train"], layout, "layout" in held),
        ),
    )


def _check_names(archive: NpzFile, path: Path) -> None:
    for name in ("x_train", "y_train"):
        if name not in archive:
            raise DataError(
                f"{path}: lacks {name}; it holds {_listed(list(archive)) or 'nothing'}."
            )
    for split in SPLITS:
        if (f"x_{split}" in archive) != (f"y_{split}" in archive):
            raise DataError(
                f"{path}: has only one of x_{split} and y_{split}; give both or neither."
            )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if names[LISTED:] else ""
    return ", ".join(names[:LISTED]) + more


def _axes(held: Mapping[str, np.ndarray], splits: list[str], path: Path) -> dict[str, Axes]:
    layout = _layout(held["layout"], path) if "layout" in held else None
    return {
        split: axes_of(held[f"x_{split}"].shape, layout, f"{path}: x_{split}") for split in splits
    }


def _layout(given: np.ndarray, path: Path) -> Layout:
    text = str(given.reshape(-1)[0]) if given.size == 1 and given.dtype.kind == "U" else ""
    layout = aliases.current(aliases.LAYOUTS, text)
    if layout not in LAYOUTS:
        shown = repr(layout) if layout else f"{given.dtype} of shape {given.shape}"
        raise DataError(f"{path}: layout is {shown}; use one of {', '.join(LAYOUTS)}.")
    return cast(Layout, layout)


def _check_alike(held: Mapping[str, np.ndarray], splits: list[str], path: Path) -> None:
    for split in splits:
        x, y = held[f"x_{split}"], held[f"y_{split}"]
        if not len(x):
            raise DataError(f"{path}: the {split} split is empty.")
        if y.ndim and len(x) != len(y):
            raise DataError(
                f"{path}: x_{split} has {len(x)} samples and y_{split} {len(y)} labels."
            )


def _notes(stored: Mapping[str, np.ndarray], unused: list[str]) -> list[str]:
    notes = []
    if "val" in stored:
        notes.append("x_val is what is validated on; the recipe's share is not held out")
    if unused:
        notes.append(f"not used: {_listed(unused)}")
    return notes


def _perhaps_sequences(x: np.ndarray, layout: Layout, given: bool) -> tuple[str, ...]:
    """A note where numbers `(N, T, F)` were taken as grey images for want of a layout."""
    if given or layout != "image" or x.shape[-1] > 1 or pixel_range(x, layout):
        return ()
    steps, features = x.shape[1:3]
    return (
        f"samples of shape ({steps}, {features}) are taken as grey images, and their values are no "
        "pixels; if they are series of steps and features, give layout='sequence'",
    )


def _arrays(
    samples: dict[str, np.ndarray],
    labels: dict[str, np.ndarray],
    classes: tuple[str, ...],
    path: Path,
) -> Arrays:
    x, y = samples["train"], labels["train"]
    for split, other in samples.items():
        if x.shape[1:] != other.shape[1:] or x.dtype != other.dtype:
            raise DataError(
                f"{path}: x_train is {x.dtype} {x.shape[1:]} a sample and x_{split} {other.dtype} "
                f"{other.shape[1:]}; they must be alike."
            )
    validation = (samples.get("val"), labels.get("val"))
    if "test" in samples:
        return Arrays(x, y, samples["test"], labels["test"], str(path.resolve()), *validation)
    train, test = hold_out_test(y, classes, path, "examples", "x_test and y_test")
    return Arrays(x[train], y[train], x[test], y[test], str(path.resolve()), *validation)
