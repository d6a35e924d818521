"""The metadata block of a model card, as Hugging Face reads it: https://hf.co/docs/hub/model-cards."""

import re
from collections.abc import Iterable
from typing import Any

from zoo.cards.card_results import Result
from zoo.errors import UsageError
from zoo.runs.run import Run

HUB_DATASETS = {
    "mnist": "ylecun/mnist",
    "fashion_mnist": "zalando-datasets/fashion_mnist",
    "cifar10": "uoft-cs/cifar10",
    "cifar100": "uoft-cs/cifar100",
    "speech_commands": "google/speech_commands",
}
"""Where the Hub has the data of built-in datasets."""

METRIC_TYPES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced_accuracy",
    "macro_f1": "f1",
    "mcc": "matthews_correlation",
    "log_loss": "log_loss",
    "ece": "ece",
}
"""The Hub's names of our metrics, where it has them."""

UNKNOWN_LICENCE = "unknown"
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_REPO_ID = re.compile(r"(?:[\w.-]{1,96}/)?[\w.-]{1,96}", re.ASCII)


def metadata(
    run: Run, results: list[Result], licence: str | None, formats: Iterable[str] = ()
) -> dict[str, Any]:
    """The block's keys and values; without `model-index` where the run has no test results.

    Args:
        formats: those that the run was exported to.
    """
    record = run.record
    task = task_of(run)
    found: dict[str, Any] = {
        "library_name": "keras",
        "license": licence or UNKNOWN_LICENCE,
        "tags": _tags(run, task, formats),
        "datasets": [dataset_id(run)],
    }
    if task:
        found["pipeline_tag"] = task
    if results:
        found["metrics"] = [METRIC_TYPES[each.metric.name] for each in results]
        found["model-index"] = [
            {"name": record.name or run.name, "results": [_indexed(run, results, task)]}
        ]
    return found


def task_of(run: Run) -> str:
    """The Hub's name of what the model does; empty where it has none, as for time series."""
    record = run.record
    if record.input.source == "image":
        return "image-classification"
    if record.input.source == "frames":
        return "video-classification"
    reading = record.contract.reading if record.contract else None
    return "audio-classification" if reading and reading.kind == "audio" else ""


def dataset_id(run: Run) -> str:
    """The dataset's name, on the Hub where it is known there; never a path of this machine."""
    dataset = run.record.dataset
    known = is_built_in(run) and HUB_DATASETS.get(dataset.name)
    return known or dataset.name


def is_built_in(run: Run) -> bool:
    """Whether the data are one of archzoo's own datasets, and not a user's of the same name."""
    from zoo.datasets.catalog import BUILT_IN

    dataset = run.record.dataset
    known = BUILT_IN.get(dataset.name)
    return known is not None and known.origin == dataset.origin


def check_repo_id(repo_id: str | None) -> None:
    """
    Raises:
        UsageError: it is not `NAME` or `OWNER/NAME`.
    """
    if repo_id is not None and not _REPO_ID.fullmatch(repo_id):
        raise UsageError(f"`repo_id={repo_id!r}`: use OWNER/NAME, as in me/my-model.")


def check_licence(licence: str | None) -> None:
    """
    Raises:
        UsageError: it does not look like an identifier of the Hub.
    """
    if licence is not None and not _LICENCE.fullmatch(licence):
        raise UsageError(
            f"`licence={licence!r}`: use an identifier in lower-case letters, such as 'mit', "
            "'apache-2.0' or 'cc-by-4.0'."
        )


def _tags(run: Run, task: str, formats: Iterable[str]) -> list[str]:
    record = run.record
    words = ["archzoo", record.architecture.name, record.backend]
    others = [] if task else ["time-series-classification"]
    return list(dict.fromkeys([*words, *others, *formats]))


def _indexed(run: Run, results: list[Result], task: str) -> dict[str, Any]:
    return {
        "task": {"type": task or "other", "name": (task or "classification").replace("-", " ")},
        "dataset": {
            "type": dataset_id(run),
            "name": run.record.dataset.name,
            "split": "test",
        },
        "metrics": [
            {
                "type": METRIC_TYPES[each.metric.name],
                "value": each.value,
                "name": f"{each.metric.short} (95 % interval {each.low:.4g} to {each.high:.4g})",
            }
            for each in results
        ],
    }
