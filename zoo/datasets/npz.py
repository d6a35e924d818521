"""A user's own data in one `.npz` file."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np

from zoo.architecture import LAYOUTS, Layout
from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.split import stratified
from zoo.errors import DataError, UsageError

TEST_SHARE = 0.2
_RANKS: dict[int, Layout] = {3: "image", 4: "image", 5: "frames"}


@contextlib.contextmanager
def open_npz(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """The archive, read without pickle.

    Raises:
        DataError: it is no npz, is damaged, or holds Python objects.
    """
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError(f"{path}: holds one array; save with numpy.savez(x_train=...).")
            yield archive
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        if "pickle" in str(error).lower() or "object" in str(error).lower():
            raise DataError(
                f"{path}: holds Python objects (or is no npz), which are never loaded; save plain "
                "arrays of numbers with numpy.savez."
            ) from error
        raise DataError(f"{path}: is no npz file or is damaged ({error}).") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error


def dataset_from_npz(path: Path) -> Dataset:
    """The dataset in `x_train`, `y_train` and, if there, `x_test`, `y_test`.

    Images are `(N, H, W)` or `(N, H, W, C)`, frames `(N, T, H, W, C)`, rows `(N, T, F)` with a text
    array `layout="rows"` in the file; samples uint8 or float, labels whole numbers from 0. A text
    array `classes` may name the classes. Without a test set, a fifth of the examples, by class, is
    held out.

    Raises:
        UsageError: there is no such file.
        DataError: what it holds cannot be trained on; the message says which array and why.
    """
    if not path.is_file():
        raise UsageError(f"--dataset {path}: there is no such file.")
    with open_npz(path) as archive:
        held = {name: archive[name] for name in archive.files}
    fault = f"{path}: "
    for name in ("x_train", "y_train"):
        if name not in held:
            raise DataError(f"{fault}lacks {name}; it holds {', '.join(held) or 'nothing'}.")
    if ("x_test" in held) != ("y_test" in held):
        raise DataError(f"{fault}has only one of x_test and y_test; give both or neither.")
    layout = _layout(held, fault)
    splits = {"train": _pair(held, "train", layout, fault)}
    if "x_test" in held:
        splits["test"] = _pair(held, "test", layout, fault)
    classes = _classes(held, splits, fault)
    arrays = _arrays(splits, path)
    return Dataset(
        name=named_after(path.stem),
        classes=classes,
        layout=layout,
        shape=arrays.x_train.shape[1:],
        load=lambda _: arrays,
        summary=str(path),
        origin=str(path.resolve()),
    )


def _layout(held: dict[str, np.ndarray], fault: str) -> Layout:
    rank = held["x_train"].ndim
    if "layout" in held:
        layout = str(held["layout"])
        if layout not in LAYOUTS:
            raise DataError(f"{fault}layout is {layout!r}; use one of {', '.join(LAYOUTS)}.")
        return cast(Layout, layout)
    if rank not in _RANKS:
        raise DataError(
            f"{fault}x_train has shape {held['x_train'].shape}; images are (N, H, W) or "
            "(N, H, W, C), frames (N, T, H, W, C), rows (N, T, F) with layout='rows' in the file."
        )
    return _RANKS[rank]


def _pair(held, split: str, layout: Layout, fault: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = _samples(held[f"x_{split}"], split, layout, fault), held[f"y_{split}"]
    if y.ndim == 2 and y.shape[1] > 1:
        raise DataError(
            f"{fault}y_{split} has shape {y.shape}; give class numbers, not one-hot rows: "
            "y.argmax(axis=1)."
        )
    if not np.issubdtype(y.dtype, np.integer):
        raise DataError(
            f"{fault}y_{split} is {y.dtype}; labels are whole numbers: y.astype('int64')."
        )
    y = y.reshape(-1)
    if len(x) != len(y):
        raise DataError(f"{fault}x_{split} has {len(x)} samples and y_{split} {len(y)} labels.")
    if len(x) == 0:
        raise DataError(f"{fault}the {split} split is empty.")
    return x, y


def _samples(x: np.ndarray, split: str, layout: Layout, fault: str) -> np.ndarray:
    if layout == "image" and x.ndim == 3:
        x = x[..., None]
    rank = {"image": 4, "rows": 3, "frames": 5}[layout]
    if x.ndim != rank or 0 in x.shape[1:]:
        raise DataError(f"{fault}x_{split} has shape {x.shape}, which is no {layout}.")
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x)
    if not np.issubdtype(x.dtype, np.floating):
        raise DataError(f"{fault}x_{split} is {x.dtype}; use uint8 (0 to 255) or a float type.")
    if not np.isfinite(x).all():
        raise DataError(
            f"{fault}x_{split} has {np.sum(~np.isfinite(x))} values that are NaN or Inf."
        )
    return np.ascontiguousarray(x, np.float32)


def _classes(held, splits, fault: str) -> tuple[str, ...]:
    labels = splits["train"][1]
    number = len(held["classes"]) if "classes" in held else int(labels.max()) + 1
    for split, (_, y) in splits.items():
        if y.min() < 0 or y.max() >= number:
            raise DataError(
                f"{fault}y_{split} has labels from {y.min()} to {y.max()}; with {number} classes in "
                f"training they run from 0 to {number - 1}."
            )
    seen = np.unique(labels)
    if len(seen) < 2:
        raise DataError(f"{fault}y_train has one class only, {seen[0]}; there is nothing to learn.")
    if len(seen) < number:
        missing = sorted(set(range(number)) - set(seen.tolist()))[:5]
        raise DataError(
            f"{fault}no training example has label {', '.join(map(str, missing))}; number the "
            "classes from 0 without gaps."
        )
    return tuple(map(str, held["classes"])) if "classes" in held else tuple(map(str, range(number)))


def _arrays(splits, path: Path) -> Arrays:
    (x, y), source = splits["train"], str(path.resolve())
    y = y.astype("int32")
    if "test" in splits:
        x_test, y_test = splits["test"]
        if x.shape[1:] != x_test.shape[1:] or x.dtype != x_test.dtype:
            raise DataError(
                f"{path}: x_train is {x.dtype} {x.shape[1:]} a sample and x_test {x_test.dtype} "
                f"{x_test.shape[1:]}; they must be alike."
            )
        return Arrays(x, y, x_test, y_test.astype("int32"), source)
    held_out = round(TEST_SHARE * len(y))
    if held_out == 0:
        raise DataError(
            f"{path}: {len(y)} examples are too few to hold out a test set; give x_test."
        )
    train, test = stratified(y, held_out, seed=0)
    return Arrays(x[train], y[train], x[test], y[test], source)
