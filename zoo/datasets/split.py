"""Splitting examples, the same way for every architecture and seed."""

from pathlib import Path

import numpy as np

from zoo.errors import DataError

TEST_SHARE = 0.2
"""What is held out of a user's own data that come without a test set."""


def stratified(labels: np.ndarray, held_out: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices `(kept, held_out)`, both ascending, with the classes in proportion.

    Each class gives its share, rounded down; what is missing to `held_out` comes from the classes
    with the largest remainders. Written here, and drawn from Philox, so that a split outlives the
    versions of the libraries.
    """
    counts = np.bincount(labels)
    exact = held_out * counts / len(labels)
    take = np.floor(exact).astype(int)
    most = np.argsort(take - exact, kind="stable")[: held_out - take.sum()]
    take[most] += 1
    generator = np.random.Generator(np.random.Philox(seed))
    chosen = [
        generator.permutation(np.flatnonzero(labels == label))[:number]
        for label, number in enumerate(take)
    ]
    mask = np.zeros(len(labels), bool)
    mask[np.concatenate(chosen)] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def by_groups(
    labels: np.ndarray, groups: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices `(kept, held_out)`, both ascending; samples of one group are all in one of them.

    Groups are taken in a random order, each if it brings the classes' counts nearer to their
    proportions. About `held_out` samples are held out, as groups allow.

    Args:
        labels: `(N,)`, from 0.
        groups: `(N,)` of text; empty: a group of its own.
        held_out: how many samples to hold out.
        seed: of the order.
    """
    alone = np.array([f"\0{place}" for place in range(len(groups))])
    _, numbers = np.unique(np.where(groups == "", alone, groups), return_inverse=True)
    wanted = held_out * np.bincount(labels) / len(labels)
    taken = np.zeros_like(wanted)
    mask = np.zeros(len(labels), bool)
    order = np.random.Generator(np.random.Philox(seed)).permutation(numbers.max() + 1)
    for group in order:
        members = numbers == group
        counts = np.bincount(labels[members], minlength=len(wanted))
        if np.abs(taken + counts - wanted).sum() < np.abs(taken - wanted).sum():
            taken += counts
            mask |= members
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def hold_out_test(
    labels: np.ndarray,
    classes: tuple[str, ...],
    path: Path,
    samples: str,
    remedy: str,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a stratified fifth for testing; returns indices `(train, test)`.

    Args:
        samples: what messages call them: `clips`.
        remedy: what to give instead, in messages.
        groups: `(N,)` of text; samples of one group stay together.

    Raises:
        DataError: a class would have no sample in one of them; the message names it.
    """
    held_out = round(TEST_SHARE * len(labels))
    if held_out == 0:
        raise DataError(
            f"{path}: {len(labels)} {samples} are too few to hold out a test set; give {remedy}."
        )
    if groups is None:
        train, test = stratified(labels, held_out, seed=0)
    else:
        train, test = by_groups(labels, groups, held_out, seed=0)
    counts = np.bincount(labels, minlength=len(classes))
    for part, indices in (("test", test), ("training", train)):
        left = np.bincount(labels[indices], minlength=len(classes))
        if len(empty := np.flatnonzero(left == 0)):
            rare = empty[counts[empty].argmin()]
            raise DataError(
                f"{path}: class {classes[rare]!r} has too few {samples} ({counts[rare]}) to leave one "
                f"in the {part} set, a fifth by class; give more of it, or {remedy}."
            )
    return train, test
