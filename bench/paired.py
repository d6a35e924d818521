"""The ratio of two that were measured in turn."""

import statistics


def ratio(own: list[float], others: list[float]) -> dict:
    """The median of the rounds' own ratios, with their quartiles.

    Not the ratio of the medians: these may be of rounds that saw the machine at different speeds, and
    their ratio lie outside of the quartiles.
    """
    ratios = [mine / theirs for mine, theirs in zip(own, others, strict=True)]
    low, middle, high = statistics.quantiles(ratios, method="inclusive")
    return {"ratio": round(middle, 3), "ratio_quartiles": [round(low, 3), round(high, 3)]}
