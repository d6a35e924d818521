"""What several runs answer together: each architecture's seeds, and all runs of all architectures.

Lakshminarayanan, Pritzel and Blundell 2017 (arXiv:1612.01474), "deep ensembles": the members'
probabilities are averaged.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.comparison.results import Result
from zoo.statistics import log_mean_probability, measured

ALL = "all"
"""The name of the ensemble of everything."""


def make_ensembles(
    results: Sequence[Result], correct: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """One for each result with at least two runs, in their order, then one of all results' runs.

    Args:
        results: each with a run, all tested on the same images.
        correct: by a result's name, `(seeds, examples)`: where its runs are right.
    """
    groups = [(result.name, [result]) for result in results if len(result.runs) > 1]
    if len(results) > 1:
        groups.append((ALL, list(results)))
    return [_ensemble(name, group, correct) for name, group in groups]


def _ensemble(name: str, group: list[Result], correct: Mapping[str, np.ndarray]) -> dict[str, Any]:
    runs = [run for result in group for run in result.runs]
    logits = log_mean_probability(run.read_predictions()[0] for run in runs)
    together = measured(logits, runs[0].read_predictions()[1])
    alone = np.concatenate([correct[result.name] for result in group])
    return {
        "name": name,
        "architectures": [result.name for result in group],
        "members": len(runs),
        "accuracy": together["test_accuracy"],
        "interval": together["test_accuracy_interval"],
        "correct": together["test_correct"],
        "examples": together["test_examples"],
        "members_accuracy": float(alone.mean()),
    }
