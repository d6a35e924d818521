"""Shuffling: the order of examples is a function of the seed and the epoch, equal on all backends."""

import numpy as np

ORDER, AUGMENTATION = 0, 1


def generator(seed: int, epoch: int, purpose: int) -> np.random.Generator:
    """A random generator for one purpose in one epoch (from 1); there is no state to keep."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, epoch, purpose])))


def batches(seed: int, epoch: int, examples: int, batch_size: int) -> np.ndarray:
    """Indices `(steps, batch_size)` int32: a shuffle without the incomplete last batch."""
    steps = examples // batch_size
    shuffled = generator(seed, epoch, ORDER).permutation(examples)[: steps * batch_size]
    return shuffled.astype("int32").reshape(steps, batch_size)
