"""Ensembles: each architecture's seeds, and all runs of all architectures.

Lakshminarayanan, Pritzel and Blundell 2017 (arXiv:1612.01474), "deep ensembles": the members'
probabilities are averaged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from zoo.classification import measured
from zoo.comparison.estimates import mean_metric
from zoo.comparison.judging import JudgedSeeds
from zoo.comparison.results import Result
from zoo.comparison.schema import Ensemble
from zoo.influence import sample_values
from zoo.metrics import MeanProbability, log_probabilities

ALL = "all"
"""The name of the ensemble of everything."""


def make_ensembles(
    results: Sequence[Result],
    judged: Mapping[str, JudgedSeeds],
    done: Callable[[int], object] = lambda _done: None,
) -> list[Ensemble]:
    """One for each result with at least two runs, in their order, then one of all results' runs.

    Args:
        results: each with a run, all tested on the same images.
        judged: by a result's name, what its runs predicted.
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
            found.append(_ensemble(result.name, [result], own, labels, judged))
    if len(results) > 1:
        found.append(_ensemble(ALL, results, everything, labels, judged))
    return found


def _ensemble(
    name: str,
    group: Sequence[Result],
    mean: MeanProbability,
    labels: np.ndarray,
    judged: Mapping[str, JudgedSeeds],
) -> Ensemble:
    together = measured(mean.logarithm, labels)
    alone = np.concatenate([judged[result.name].correct for result in group])
    made = Ensemble(
        name=name,
        architectures=[result.name for result in group],
        members=mean.count,
        accuracy=together["test_accuracy"],
        interval=together["test_accuracy_interval"],
        correct=together["test_correct"],
        examples=together["test_examples"],
        members_accuracy=float(alone.mean()),
    )
    one = judged[group[0].name].sampled
    metric = one.metric
    if metric.name != "accuracy":
        values = sample_values(metric, mean.logarithm, labels)[None]
        found = mean_metric(replace(one, values=values))
        alone = np.concatenate([judged[result.name].sampled.values for result in group])
        made.metric_value, made.metric_interval = found.value, (found.low, found.high)
        made.members_metric_value = float(alone.mean())
    return made
