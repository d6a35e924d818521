"""The metrics of an epoch while it is trained."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RunningMetrics:
    """Sums over the examples of an epoch so far; float32, so that resuming changes no bit.

    Attributes:
        loss: the sum of the examples' losses.
        correct: how many were classified correctly.
        examples: how many there were.
    """

    loss: np.float32 = np.float32(0)
    correct: np.float32 = np.float32(0)
    examples: int = 0

    @property
    def finite(self) -> bool:
        """Whether the loss is a number."""
        return bool(np.isfinite(self.loss))

    @property
    def mean_loss(self) -> float:
        """The mean loss of an example."""
        return float(self.loss) / max(1, self.examples)

    @property
    def accuracy(self) -> float:
        """The share of correct answers, from 0 to 1."""
        return float(self.correct) / max(1, self.examples)
