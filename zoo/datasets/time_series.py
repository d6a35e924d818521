"""Time series in `.ts` files of the UCR and UEA archives."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np

from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.folders import entries
from zoo.datasets.labels import class_numbers
from zoo.datasets.location import Locations
from zoo.datasets.resample import MOST, resampled
from zoo.datasets.series import Equalizing, Missing, Unequal
from zoo.datasets.split import hold_out_test
from zoo.datasets.ts_file import TsFile, read_ts
from zoo.errors import DataError, UsageError

PARTS = {"_train": "train", "_test": "test"}
"""How the names of the archives' files end, in small letters, and which split each is."""


def is_time_series(path: Path) -> bool:
    """Whether `path` is a `.ts` file, or a folder that holds one."""
    if path.is_dir():
        return bool(_ts_files(path))
    return path.suffix.lower() == ".ts"


def dataset_from_ts(path: Path) -> Dataset:
    """The series in NAME_TRAIN.ts and NAME_TEST.ts of a folder, or in one `.ts` file.

    Args:
        path: the folder, or a file: beside NAME_TRAIN.ts its NAME_TEST.ts is read, too. A file
            without a partner is split: a fifth of its series, by class, is for testing.

    Returns:
        A dataset of layout `sequence`, samples `(steps, channels)` float32, with the parameters
        `unequal`, `length` and `missing` (see `zoo.datasets.series.Equalizing`) and `resample`, which
        draws another split of all series, as published results have it (see `zoo.datasets.resample`).

    Raises:
        UsageError: there is no such file, or the folder holds several datasets.
        DataError: a file is damaged or not in the format; the message names file and line.

    Example:
        >>> dataset_from_ts(Path("timeseries/GunPoint")).shape  # doctest: +SKIP
        (150, 1)
    """
    files = {split: read_ts(file) for split, file in _files(path).items()}
    _check_alike(files)
    name = named_after(files["train"].name or path.stem)

    def make(
        *,
        unequal: Annotated[Unequal, "how series of unequal length become equal"] = "refuse",
        length: Annotated[int | None, "steps of resampled series; none: the longest's"] = None,
        missing: Annotated[Missing, "what is done about missing values"] = "refuse",
        resample: Annotated[int | None, "another split, by aeon's rule; none: the files'"] = None,
    ) -> Dataset:
        """The same series, made equal and complete in another way."""
        chosen = Choices(unequal, length, missing, resample)
        chosen.check()
        _check_resample(files, resample)
        return replace(_dataset(name, path, files, chosen), make=make, parameters=asdict(chosen))

    return make()


@dataclass(frozen=True)
class Choices(Equalizing):
    """How series become samples, and which are for training; see `dataset_from_ts`."""

    resample: int | None = None

    def check(self) -> None:
        """
        Raises:
            UsageError: values that make no sense together, or out of range.
        """
        super().check()
        if self.resample is not None and not 1 <= self.resample <= MOST:
            raise UsageError(f"resample is {self.resample}; use 1 to {MOST}, or none.")


def _files(path: Path) -> dict[str, Path]:
    if path.is_dir():
        return _in_folder(path)
    if not path.exists():
        raise UsageError(f"{path}: there is no such file.")
    for end, split in PARTS.items():
        if path.stem.lower().endswith(end):
            name = path.stem[: -len(end)]
            both = {**_by_name(path.parent).get(name, {}), split: path}
            if "train" not in both:
                raise UsageError(f"{path}: there is no {name}_TRAIN.ts beside it; give both files.")
            return both
    return {"train": path}


def _by_name(folder: Path) -> dict[str, dict[str, Path]]:
    """The files NAME_TRAIN.ts and NAME_TEST.ts of a folder, by NAME and split."""
    found: dict[str, dict[str, Path]] = {}
    for file in _ts_files(folder):
        for end, split in PARTS.items():
            if file.stem.lower().endswith(end):
                found.setdefault(file.stem[: -len(end)], {})[split] = file
    return found


def _in_folder(folder: Path) -> dict[str, Path]:
    found = _by_name(folder)
    if len(found) != 1:
        there = ", ".join(sorted(found)) or "no NAME_TRAIN.ts"
        raise UsageError(f"{folder}: has {there}; give the folder or the file of one dataset.")
    [(name, files)] = found.items()
    for split in ("train", "test"):
        if split not in files:
            raise UsageError(f"{folder}: has no {name}_{split.upper()}.ts; give both files.")
    return files


def _ts_files(folder: Path) -> list[Path]:
    return [each for each in entries(folder) if each.suffix.lower() == ".ts" and each.is_file()]


def _check_alike(files: Mapping[str, TsFile]) -> None:
    train = files["train"]
    if unknown := [name for name in train.classes if name not in train.labels]:
        raise DataError(f"{train.path}: has no series of the class {unknown[0]!r} to learn from.")
    if "test" not in files:
        return
    test = files["test"]
    if set(train.classes) != set(test.classes):
        raise DataError(
            f"{test.path}: lists the classes {', '.join(test.classes[:10])}, and {train.path.name} "
            f"{', '.join(train.classes[:10])}; they must be the same."
        )
    if train.channels != test.channels:
        raise DataError(
            f"{test.path}: has {test.channels} channels, and {train.path.name} {train.channels}."
        )


def _dataset(name: str, path: Path, files: Mapping[str, TsFile], chosen: Choices) -> Dataset:
    train = files["train"]
    given = {split: list(file.labels) for split, file in files.items()}
    labels, classes, _ = class_numbers(given, train.classes, path, "the labels of {split}")

    def load(_: Locations) -> Arrays:
        return _arrays(path, files, labels, chosen)

    return Dataset(
        name=name,
        classes=classes,
        layout="sequence",
        shape=(chosen.steps(files), train.channels),
        load=load,
        summary=f"time series of {path}",
        origin=str(path.resolve()),
        recipe="timeseries",
        padded=chosen.pads(files),
        notes=tuple(_notes(files, chosen)),
    )


def _check_resample(files: Mapping[str, TsFile], resample: int | None) -> None:
    if resample is None:
        return
    if "test" not in files:
        raise UsageError(
            f"resample is {resample}; {files['train'].path} has no _TEST.ts beside it, so that there is "
            "no split to draw anew. Leave it out."
        )
    if missing := sorted(set(files["train"].labels) ^ set(files["test"].labels)):
        raise UsageError(
            f"resample is {resample}; the class {missing[0]!r} is in one of the two files alone, for which "
            "the rule says nothing. Leave it out."
        )


def _notes(files: Mapping[str, TsFile], chosen: Choices) -> list[str]:
    said = chosen.notes(files)
    if chosen.resample:
        said.append(f"train and test are resample {chosen.resample} of the files', by aeon's rule")
    return said


def _arrays(
    path: Path, files: Mapping[str, TsFile], labels: Mapping[str, np.ndarray], chosen: Choices
) -> Arrays:
    samples = chosen.samples(path, files)
    x, y = samples["train"], labels["train"]
    if "test" in files and chosen.resample:
        drawn = resampled(files["train"].labels, files["test"].labels, chosen.resample)
        x, y = (np.concatenate([each["train"], each["test"]]) for each in (samples, labels))
        train, test = drawn
        return Arrays(x[train], y[train], x[test], y[test], str(path.resolve()))
    if "test" in files:
        return Arrays(x, y, samples["test"], labels["test"], str(path.resolve()))
    train, test = hold_out_test(y, files["train"].classes, path, "series", "NAME_TEST.ts beside it")
    return Arrays(x[train], y[train], x[test], y[test], str(path.resolve()))
