"""Cross-validation: the folds of a training set, the same for every architecture and training seed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoo.errors import DataError, UsageError

if TYPE_CHECKING:
    import numpy as np

MOST = 100
"""Folds; more cost more than they tell."""


@dataclass(frozen=True)
class Fold:
    """One fold of a cross-validation.

    Attributes:
        number: which one, from 1.
        of: how many there are.
        seed: of the split; each repetition of a cross-validation has its own.
    """

    number: int
    of: int
    seed: int = 0

    @property
    def name(self) -> str:
        """`fold 2 of 5`; with another split than the first `fold 2 of 5, split 1`."""
        return f"fold {self.number} of {self.of}" + (f", split {self.seed}" if self.seed else "")


def check_folds(folds: int) -> None:
    """Check how many folds are asked for.

    Raises:
        UsageError: fewer than 2, or more than 100.
    """
    if not 2 <= folds <= MOST:
        raise UsageError(
            f"`folds={folds}`: use 2 to {MOST}; 5 and 10 are usual. One fold would leave nothing to "
            "train on."
        )


def fold_numbers(
    labels: "np.ndarray", groups: "np.ndarray | None", folds: int, seed: int
) -> "np.ndarray":
    """The fold of each sample, from 0: by class, and samples of one group in one fold.

    Written here, and drawn from Philox, so that folds outlive the versions of the libraries.

    Args:
        labels: `(N,)`, from 0.
        groups: `(N,)` of text, empty: a group of its own; None: no groups.
        folds: how many.
        seed: of the split.

    Raises:
        UsageError: there are more folds than samples of a class, or than groups.
        DataError: a class is in the groups of one fold alone.

    Example:
        >>> import numpy as np
        >>> fold_numbers(np.array([0, 0, 0, 1, 1, 1]), None, 3, seed=0)
        array([2, 0, 1, 1, 0, 2])
    """
    if groups is None or (groups == "").all():
        return _stratified(labels, folds, seed)
    return _grouped(labels, groups, folds, seed)


def _stratified(labels: "np.ndarray", folds: int, seed: int) -> "np.ndarray":
    import numpy as np

    counts = np.bincount(labels)
    rarest = int(np.where(counts > 0, counts, len(labels) + 1).argmin())
    if counts[rarest] < folds:
        raise UsageError(
            f"`folds={folds}`: label {rarest} has {counts[rarest]} training samples; use at most "
            f"{counts[rarest]}, so that each fold has one of each class."
            if counts[rarest] > 1
            else f"`folds={folds}`: label {rarest} has one training sample; cross-validation needs two "
            "of each class."
        )
    generator = np.random.Generator(np.random.Philox(seed))
    numbers, dealt = np.empty(len(labels), int), 0
    for label in np.flatnonzero(counts):
        # Dealt out in turn; the next class begins where this one ended, so that folds are as large.
        members = generator.permutation(np.flatnonzero(labels == label))
        numbers[members] = (dealt + np.arange(len(members))) % folds
        dealt += len(members)
    return numbers


def _grouped(labels: "np.ndarray", groups: "np.ndarray", folds: int, seed: int) -> "np.ndarray":
    """Groups from the largest to the smallest, each to the fold that it brings nearest its share."""
    import numpy as np

    alone = np.array([f"\0{place}" for place in range(len(groups))])
    _, owners = np.unique(np.where(groups == "", alone, groups), return_inverse=True)
    count = int(owners.max()) + 1
    if count < folds:
        raise UsageError(
            f"`folds={folds}`: the training samples are of {count} groups, and those of one group stay "
            f"together; use at most {count}."
        )
    table = np.zeros((count, int(labels.max()) + 1))
    np.add.at(table, (owners, labels), 1)
    wanted = table.sum(axis=0) / folds
    order = np.random.Generator(np.random.Philox(seed)).permutation(count)
    order = order[np.argsort(-table[order].sum(axis=1), kind="stable")]
    held, fold_of = np.zeros((folds, table.shape[1])), np.empty(count, int)
    for place, group in enumerate(order):
        worse = np.abs(held + table[group] - wanted).sum(axis=1) - np.abs(held - wanted).sum(axis=1)
        sizes = held.sum(axis=1)
        if count - place <= (sizes == 0).sum():  # each of those left fills an empty one
            worse[sizes > 0] = np.inf
        fold_of[group] = np.lexsort((sizes, worse.round(9)))[0]
        held[fold_of[group]] += table[group]
    lost = np.flatnonzero((table.sum(axis=0) > 0) & ((held > 0).sum(axis=0) < 2))
    if len(lost):
        raise DataError(
            f"label {lost[0]} is in one fold alone, because its samples are of too few groups: that "
            "fold would leave none to train on. Leave the groups out, or the class."
        )
    return fold_of[owners]
