"""Samples that are there more than once, within a split and across splits."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from zoo.inspecting.dataset_inspection import Copies

EXAMPLES = 10
"""Pairs that are named."""


@dataclass(frozen=True, slots=True)
class Known:
    """A sample by what it is called, its split and label, and a digest of it."""

    name: str
    split: str
    label: int
    digest: bytes


def find_copies(samples: Iterable[Known]) -> Copies:
    """Compare all samples with each other by their digests."""
    groups: dict[bytes, list[Known]] = {}
    compared = 0
    for each in samples:
        groups.setdefault(each.digest, []).append(each)
        compared += 1
    within: Counter[str] = Counter()
    leaked: Counter[str] = Counter()
    other_label, across, inside = 0, [], []
    for group in groups.values():
        if len(group) == 1:
            continue
        first = {each.split: each for each in reversed(group)}
        training = first.get("train")
        other_label += sum(each.label != group[0].label for each in group[1:])
        for each in group:
            if each is not first[each.split]:
                within[each.split] += 1
                inside.append((each.name, first[each.split].name))
            if training and each.split != "train":
                leaked[each.split] += 1
                across.append((each.name, training.name))
    return Copies(
        compared, dict(within), dict(leaked), other_label, tuple([*across, *inside][:EXAMPLES])
    )
