"""Shuffling: the order of examples is a function of the seed and the epoch, equal on all backends."""

import numpy as np

ORDER, AUGMENTATION = 0, 1


def generator(seed: int, epoch: int, purpose: int, *step: int) -> np.random.Generator:
    """A random generator for one purpose in one epoch (from 1), or a step of it; it has no state to
    keep."""
    sequence = np.random.SeedSequence([seed, epoch, purpose, *step])
    return np.random.Generator(np.random.Philox(sequence))


def batches(seed: int, epoch: int, examples: int, batch_size: int) -> np.ndarray:
    """Indices `(steps, batch_size)` int32: a shuffle without the incomplete last batch."""
    steps = examples // batch_size
    shuffled = generator(seed, epoch, ORDER).permutation(examples)[: steps * batch_size]
    return shuffled.astype("int32").reshape(steps, batch_size)


def balanced_batches(seed: int, epoch: int, labels: np.ndarray, batch_size: int) -> np.ndarray:
    """Indices `(steps, batch_size)` int32 in which each class is equally often, to one example.

    There are as many as `batches` gives. A class's examples are all used before one is used again.
    Classes take turns in having one example more.
    """
    random = generator(seed, epoch, ORDER)
    total = len(labels) // batch_size * batch_size
    classes = random.permutation(np.unique(labels))
    counts = total // len(classes) + (np.arange(len(classes)) < total % len(classes))
    chosen = [
        _cycled(random, np.flatnonzero(labels == each), count)
        for each, count in zip(classes, counts, strict=True)
    ]
    return random.permutation(np.concatenate(chosen)).astype("int32").reshape(-1, batch_size)


def _cycled(random: np.random.Generator, examples: np.ndarray, count: int) -> np.ndarray:
    rounds = [random.permutation(examples) for _ in range(-(-count // len(examples)))]
    return np.concatenate([examples[:0], *rounds])[:count]
