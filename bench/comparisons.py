"""The comparisons recorded under bench/results/, by what was compared on what."""

import shlex
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import records
from sizes import RESULTS

from zoo.comparison.schema import ComparisonReport, DatasetInfo
from zoo.datasets.catalog import BUILT_IN

TITLES = {
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "spoken_digits": "Spoken digits",
    "moving_digits": "Moving digits",
    "motion": "Motion",
}


class Key(NamedTuple):
    """What a comparison is of; of two with the same key, the page could show only one."""

    dataset: str
    data: str
    """The dataset's parameters that are not its defaults, as text."""
    recipe: str
    settings: str = ""
    """The hyperparameters that were given, as text. A goal has none: it is for any size."""


def files() -> dict[Key, Path]:
    """The files of the comparisons, by what was compared on what."""
    paths = sorted(RESULTS.glob("compare-*.json"))
    return {key_of(ComparisonReport.read(path)): path for path in paths}


def comparisons() -> dict[Key, ComparisonReport]:
    """The comparisons, by what was compared on what."""
    return {key: ComparisonReport.read(path) for key, path in files().items()}


def key_of(report: ComparisonReport) -> Key:
    words = shlex.split(report.command)
    settings = [value for option, value in pairwise(words) if option == "--set"]
    data = as_text(changed(report.dataset))
    return Key(report.dataset.name, data, report.recipe["name"], " ".join(settings))


def changed(dataset: DatasetInfo) -> dict:
    """The parameters that are not the dataset's defaults."""
    choices = BUILT_IN[dataset.name].choices
    return {
        name: value
        for name, value in dataset.chosen.items()
        if name not in choices or value != choices[name].default
    }


def as_text(parameters: dict) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(parameters.items()))


def title(key: Key) -> str:
    data = f" with `{key.data}`" if key.data else ""
    settings = f" and `{key.settings}`" if key.settings else ""
    return f"{TITLES.get(key.dataset, key.dataset)}{data}, recipe `{key.recipe}`{settings}"


def training_seconds(report: ComparisonReport, name: str) -> list[int]:
    """How long an architecture's runs took to train, shortest first."""
    lines = records.runs()
    runs = [lines[each.run] for each in report.runs if each.architecture == name]
    return sorted(round(run["timings"]["train"]) for run in runs)


def span(seconds: list[int]) -> str:
    """From the shortest to the longest."""
    return " to ".join(str(each) for each in sorted({seconds[0], seconds[-1]})) + " s"
