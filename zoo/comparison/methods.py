"""How each figure of a comparison is computed, in a sentence or two, for the table's foot."""

ENSEMBLE = (
    "An ensemble averages the softmax probabilities of its members (Lakshminarayanan, "
    "Pritzel and Blundell 2017, arXiv:1612.01474): the seeds of one architecture, or all runs of "
    "all. However many members it has, it is one observation: its 95 % interval (Wilson) covers "
    "the sampling of the test set only, not what other seeds would give, and it has no rank."
)

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
}
