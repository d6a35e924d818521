"""Time series in `.ts` files of the UCR and UEA archives."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from zoo.datasets.dataset import Arrays, Dataset, named_after
from zoo.datasets.folders import entries
from zoo.datasets.location import Locations
from zoo.datasets.split import hold_out_test
from zoo.datasets.ts_file import TsFile, read_ts
from zoo.errors import DataError, UsageError

Unequal = Literal["refuse", "resample", "pad"]
Missing = Literal["refuse", "interpolate"]
LONGEST = 100_000
"""Steps that series are resampled to, at most."""
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
        `unequal` (`refuse`, `resample` to `length` steps, or `pad`: steps of NaN at the end, which
        architectures that obey masks never see) and
        `missing` (`refuse` or `interpolate`, linearly).

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
    ) -> Dataset:
        """The same series, made equal and complete in another way."""
        chosen = Choices(unequal, length, missing)
        chosen.check()
        return replace(_dataset(name, path, files, chosen), make=make, parameters=asdict(chosen))

    return make()


@dataclass(frozen=True)
class Choices:
    """How series become samples; see `dataset_from_ts`."""

    unequal: Unequal = "refuse"
    length: int | None = None
    missing: Missing = "refuse"

    def check(self) -> None:
        """
        Raises:
            UsageError: values that make no sense together, or out of range.
        """
        if self.length is None:
            return
        if self.unequal != "resample":
            raise UsageError(f"length is {self.length}; it goes with unequal=resample.")
        if not 2 <= self.length <= LONGEST:
            raise UsageError(f"length is {self.length}; use 2 to {LONGEST:,} steps.")


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
    if train.classes != test.classes:
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
    steps = chosen.length or max(each.lengths[1] for each in files.values())

    def load(_: Locations) -> Arrays:
        return _arrays(path, files, chosen, steps)

    return Dataset(
        name=name,
        classes=train.classes,
        layout="sequence",
        shape=(steps, train.channels),
        load=load,
        summary=f"time series of {path}",
        origin=str(path.resolve()),
        recipe="timeseries",
        padded=chosen.unequal == "pad" and _unequal(files),
        notes=tuple(_notes(files, chosen, steps)),
    )


def _notes(files: Mapping[str, TsFile], chosen: Choices, steps: int) -> list[str]:
    said = []
    if _unequal(files) and chosen.unequal == "pad":
        said.append(f"series of unequal length are padded to {steps} steps, and the padding masked")
    if chosen.unequal == "resample" and (_unequal(files) or chosen.length):
        said.append(f"series are resampled to {steps} steps, linearly")
    count = sum(each.missing for each in files.values())
    if count and chosen.missing == "interpolate":
        said.append(f"{count:,} missing values are interpolated, linearly")
    return said


def _unequal(files: Mapping[str, TsFile]) -> bool:
    return len({end for each in files.values() for end in each.lengths}) > 1


def _arrays(path: Path, files: Mapping[str, TsFile], chosen: Choices, steps: int) -> Arrays:
    _check_chosen(path, files, chosen)
    samples = {
        split: np.stack([_sample(each, chosen, steps) for each in file.series])
        for split, file in files.items()
    }
    numbers = {name: number for number, name in enumerate(files["train"].classes)}
    labels = {
        split: np.array([numbers[each] for each in file.labels], np.int32)
        for split, file in files.items()
    }
    x, y = samples["train"], labels["train"]
    if "test" in files:
        return Arrays(x, y, samples["test"], labels["test"], str(path.resolve()))
    train, test = hold_out_test(y, files["train"].classes, path, "series", "NAME_TEST.ts beside it")
    return Arrays(x[train], y[train], x[test], y[test], str(path.resolve()))


def _check_chosen(path: Path, files: Mapping[str, TsFile], chosen: Choices) -> None:
    if chosen.unequal == "refuse" and _unequal(files):
        low = min(each.lengths[0] for each in files.values())
        high = max(each.lengths[1] for each in files.values())
        raise DataError(
            f"{path}: the series have {low:,} to {high:,} steps. Choose how they become equal: "
            "`data_parameters={'unequal': 'resample'}`, or pad."
        )
    for file in files.values():
        if any(np.isnan(series).all(axis=0).any() for series in file.series):
            raise DataError(f"{file.path}: a series has a channel without a value; leave it out.")
    missing = sum(each.missing for each in files.values())
    if chosen.missing == "refuse" and missing:
        raise DataError(
            f"{path}: {missing:,} values are missing. Leave those series out, or "
            "`data_parameters={'missing': 'interpolate'}`."
        )


def _sample(series: np.ndarray, chosen: Choices, steps: int) -> np.ndarray:
    series = np.stack([_complete(channel) for channel in series.T], axis=1)
    if chosen.unequal == "resample" and len(series) != steps:
        old, new = np.linspace(0, 1, len(series)), np.linspace(0, 1, steps)
        series = np.stack([np.interp(new, old, channel) for channel in series.T], axis=1)
    elif len(series) < steps:
        series = np.pad(series, ((0, steps - len(series)), (0, 0)), constant_values=np.nan)
    return series.astype(np.float32)


def _complete(channel: np.ndarray) -> np.ndarray:
    """Missing values lie on the line between their neighbours; at an end they repeat the nearest."""
    known = ~np.isnan(channel)
    places = np.arange(len(channel))
    return np.interp(places, places[known], channel[known])
