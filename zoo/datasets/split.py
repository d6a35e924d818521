"""Holding out a part of the examples, the same for every architecture and seed."""

import numpy as np


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
