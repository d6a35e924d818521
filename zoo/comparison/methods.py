"""How each figure of a comparison is computed, in a sentence or two, for the table's foot."""

from zoo.comparison.equivalence import in_words
from zoo.scoring import Metric

_ENSEMBLE = (
    "An ensemble averages the softmax probabilities of its members (Lakshminarayanan, "
    "Pritzel and Blundell 2017, arXiv:1612.01474): the seeds of one architecture, or all runs of "
    "all. However many members it has, it is one observation: its 95 % interval ({interval}) covers "
    "the sampling of the test set only, not what other seeds would give, and it has no rank."
)
ENSEMBLE = _ENSEMBLE.format(interval="Wilson")

METHODS = {
    "interval": (
        "95 % interval of the mean accuracy for a new seed on new samples of the same kind: two-way "
        "random-effects variance over seeds and test samples, Hillis' degrees of freedom, on the "
        "logit scale; with one seed the Wilson interval, which covers the sampling of the "
        "test set only."
    ),
    "difference": (
        "Differences are paired by test sample, with the variance of both architectures' seeds; "
        "Welch–Satterthwaite t test, p values corrected over all pairs by Holm's method. With one "
        "seed McNemar's exact test, which is about these two trained models only."
    ),
    "rank": (
        "The ranks consistent with the corrected tests, from best to worst: one more than the number "
        "of architectures that are better, to the number that are not worse (Al Mohamad, Goeman "
        "and van Zwet 2022). Where nothing can be told apart, all share one range."
    ),
    "noise": (
        "How far two trainings, and two measurements, of the same architecture differ: smaller "
        "differences between architectures mean nothing."
    ),
    "ensemble": ENSEMBLE,
    "front": (
        "Dominated: another architecture is told to be better by the tests of the differences, and told not "
        "to cost more. On the front: against each other one it is told to be better, or to cost less. "
        "Otherwise nobody can tell. FLOPs are exact; seconds of training steps and memory are told apart "
        "where the ranges of the seeds do not overlap, latency where the quartiles of the rounds, widened "
        "by the noise floor, do not. With one seed nobody is dominated."
    ),
}

_INTERVAL = (
    "95 % interval of the mean {title} for a new seed on a new test set of this size and kind: as for "
    "accuracy the two-way random-effects variance over seeds and test samples with Hillis' degrees of "
    "freedom, of the jackknife values of the samples, on the {scale} scale; never narrower than a single "
    "sample, answered otherwise, would leave it; with one seed it covers the sampling of the test set "
    "only. docs/metrics.md has a simulation."
)

_DIFFERENCE = (
    "Differences of {title} are paired by test sample, with the variance of both architectures' seeds; "
    "Welch–Satterthwaite t test on the jackknife values of the samples, p values corrected over all "
    "pairs by Holm's method. With one seed a paired t test, which is about these two trained models only."
)

_BIASED = (
    " On few samples the calibration error comes out too high, for all architectures: compare values "
    "of test sets of one size only."
)


_FOLDS_INTERVAL = (
    "95 % interval of the mean {title} over folds, for other training sets of this size and other samples "
    "of the same kind: folds share training samples, so the variance is Nadeau and Bengio's corrected one "
    "(2003), (1 / J + n_test / n_train) s² over J folds, with Student's t of J - 1 degrees of freedom, on "
    "the {scale} scale; never less than the sampling of the tested samples alone gives."
)

_FOLDS_DIFFERENCE = (
    "Differences of {title} are paired by fold; corrected resampled t test (Nadeau and Bengio 2003; for "
    "repeated folds Bouckaert and Frank 2004), p values corrected over all pairs by Holm's method."
)


_HOLM = "p values corrected over all pairs by Holm's method"
_STAGES = "p values of the stage that decided"

_EQUIVALENCE = (
    "Equivalent within {margin}: two one-sided tests (Schuirmann 1987) with the standard error and the "
    "degrees of freedom of the difference, p values corrected over all pairs by Holm's method. What is not "
    "shown to be equivalent need not be different, nor the other way round."
)


_SEQUENTIAL = (
    "Seeds are added in stages, where pairs are undecided; each pair is decided at the first stage "
    "whose tests tell it. p values over all pairs are of that stage, scaled so that its level is 0.05. "
    "The levels spend 5 % over all stages (Lan and DeMets 1983, Pocock-like) and pairs (Bonferroni). "
    "Intervals are of all seeds, and are not adjusted for the stages."
)


def of(
    metric: Metric, *, folds: bool = False, rope: float | None = None, sequential: bool = False
) -> dict[str, str]:
    """The methods of a comparison by this metric, with this margin of equivalence, with stages or without."""
    found = _of(metric, folds=folds)
    if sequential:
        found["sequential"] = _SEQUENTIAL
        found["difference"] = found["difference"].replace(_HOLM, _STAGES)
    if rope is not None:
        found["equivalence"] = _EQUIVALENCE.format(margin=in_words(metric, rope))
        if sequential:
            found["equivalence"] = found["equivalence"].replace(_HOLM, _STAGES)
    return found


def _of(metric: Metric, *, folds: bool) -> dict[str, str]:
    if folds:
        scale = "logarithmic" if metric.high is None else "logit"
        return {
            "interval": _FOLDS_INTERVAL.format(title=metric.title, scale=scale),
            "difference": _FOLDS_DIFFERENCE.format(title=metric.title),
            "rank": METHODS["rank"],
            "noise": METHODS["noise"],
            "front": METHODS["front"],
        }
    if metric.name == "accuracy":
        return dict(METHODS)
    scale = "logarithmic" if metric.high is None else "logit"
    interval = _INTERVAL.format(title=metric.title, scale=scale)
    return {
        **METHODS,
        "interval": interval + (_BIASED if metric.name == "ece" else ""),
        "difference": _DIFFERENCE.format(title=metric.title),
        "ensemble": _ENSEMBLE.format(interval="jackknife"),
    }
