"""Ensembles: each architecture's seeds, and all runs of all architectures.

Lakshminarayanan, Pritzel and Blundell 2017 (arXiv:1612.01474), "deep ensembles": the members'
probabilities are averaged.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from zoo.comparison.results import Result
from zoo.comparison.schema import Ensemble
from zoo.metrics import MeanProbability, log_probabilities, measured

ALL = "all"
"""The name of the ensemble of everything."""


def make_ensembles(
    results: Sequence[Result],
    correct: Mapping[str, np.ndarray],
    done: Callable[[int], object] = lambda _done: None,
) -> list[Ensemble]:
    """One for each result with at least two runs, in their order, then one of all results' runs.

    Args:
        results: each with a run, all tested on the same images.
        correct: by a result's name, `(seeds, examples)`: where its runs are right.
        done: is called with the number of runs that are added.
    """
    found, everything, count = [], MeanProbability(), 0
    for result in results:
        own = MeanProbability()
        for run in result.runs:
            logits, labels = run.read_predictions()
            answer = log_probabilities(logits)
            own.add(answer)
            if len(results) > 1:
                everything.add(answer)
            count += 1
            done(count)
        if own.count > 1:
            found.append(_ensemble(result.name, [result], own, labels, correct))
    if len(results) > 1:
        found.append(_ensemble(ALL, results, everything, labels, correct))
    return found


def _ensemble(
    name: str,
    group: Sequence[Result],
    mean: MeanProbability,
    labels: np.ndarray,
    correct: Mapping[str, np.ndarray],
) -> Ensemble:
    together = measured(mean.logarithm, labels)
    alone = np.concatenate([correct[result.name] for result in group])
    return Ensemble(
        name=name,
        architectures=[result.name for result in group],
        members=mean.count,
        accuracy=together["test_accuracy"],
        interval=together["test_accuracy_interval"],
        correct=together["test_correct"],
        examples=together["test_examples"],
        members_accuracy=float(alone.mean()),
    )
