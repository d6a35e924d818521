"""What an engine is: one backend's way to run training steps as fast as it can."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.datasets.samples import Stored
from zoo.recipe import Recipe
from zoo.training import augmentation
from zoo.training.backend import Device
from zoo.training.pipeline import Pipeline

if TYPE_CHECKING:
    import keras

EVALUATION_BATCH = 500


@dataclass(frozen=True)
class Sums:
    """What an epoch has added up so far; float32, so that stopping and going on changes no bit."""

    loss: np.float32 = np.float32(0)
    correct: np.float32 = np.float32(0)
    examples: int = 0

    @property
    def mean_loss(self) -> float:
        return float(self.loss) / max(1, self.examples)

    @property
    def accuracy(self) -> float:
        return float(self.correct) / max(1, self.examples)


class Engine(ABC):
    """Runs training steps and inference for one model.

    The training examples lie on the device; a batch is a row of indices. After `train` the model's
    and the optimizer's variables hold the new state.

    Args:
        model: built, with logits as output.
        optimizer: built for the model's trainable variables.
        pipeline: prepares a batch inside the compiled step.
        recipe: for the loss and whether steps augment.
        device: where it runs; `deterministic` says that bits must repeat.
    """

    name: str

    def __init__(
        self,
        model: "keras.Model",
        optimizer: "keras.optimizers.Optimizer",
        pipeline: Pipeline,
        recipe: Recipe,
        device: Device,
        deterministic: bool,
    ):
        self.model = model
        self.optimizer = optimizer
        self.pipeline = pipeline
        self.recipe = recipe
        self.device = device
        self.deterministic = deterministic
        self.augments = recipe.augments and pipeline.moves
        self.map_size = augmentation.map_size(recipe)
        self.prepare()

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """How it runs: `loop`, `jit`. Kept in run.json."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the compiled functions; nothing is traced yet."""

    @abstractmethod
    def load(self, x: np.ndarray, y: np.ndarray) -> None:
        """Put the training examples on the device."""

    def compile(self, steps: int, batch_size: int) -> None:
        """Compile a training step (or an epoch of `steps`), so that training itself is timed alone.

        Does nothing where the backend compiles nothing.
        """

    @abstractmethod
    def train(
        self,
        batches: np.ndarray,
        maps: np.ndarray | None,
        sums: Sums,
        after: Callable[[int, Callable[[], Sums]], bool],
    ) -> tuple[int, Sums]:
        """Train on `batches` `(steps, batch_size)`, moved by `maps` `(steps, batch_size, n)`.

        `after(done, read)` is called as steps are done; `read()` waits for the device and gives the
        sums. When it returns True, training stops there. Returns the steps done and the sums.
        """

    @abstractmethod
    def infer(self, x: np.ndarray) -> np.ndarray:
        """Logits `(N, classes)` float32 for one batch of stored samples."""

    def random_state(self) -> list[np.ndarray]:
        """The state of the backend's own random generator, where Keras' variables do not hold it."""
        return []

    def set_random_state(self, state: list[np.ndarray]) -> None:
        """Take back what `random_state` gave."""

    def logits(self, x: Stored) -> np.ndarray:
        """Logits for any number of stored samples, with the model's weights as they are now."""
        parts = []
        for start in range(0, len(x), EVALUATION_BATCH):
            part = x[start : start + EVALUATION_BATCH]
            # One shape for all batches, so that nothing is compiled twice.
            missing = min(EVALUATION_BATCH, len(x)) - len(part)
            padded = (
                np.concatenate([part, np.repeat(part[:1], missing, axis=0)]) if missing else part
            )
            parts.append(self.infer(padded)[: len(part)])
        return np.concatenate(parts)

    def loss_and_correct(self, logits, labels):
        """Mean loss and number of right answers of a batch, as float32 tensors."""
        import keras
        from keras import ops

        logits = ops.cast(logits, "float32")
        if self.recipe.label_smoothing:
            losses = keras.losses.categorical_crossentropy(
                ops.one_hot(labels, logits.shape[-1]),
                logits,
                from_logits=True,
                label_smoothing=self.recipe.label_smoothing,
            )
        else:
            losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        right = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "int32"), labels)
        return ops.mean(losses), ops.sum(ops.cast(right, "float32"))


def make_engine(backend: str, *arguments, **named) -> Engine:
    """The engine of a backend; see `Engine` for the arguments."""
    if backend == "tensorflow":
        from zoo.training.tensorflow_engine import TensorFlowEngine

        return TensorFlowEngine(*arguments, **named)
    if backend == "jax":
        from zoo.training.jax_engine import JaxEngine

        return JaxEngine(*arguments, **named)
    from zoo.training.torch_engine import TorchEngine

    return TorchEngine(*arguments, **named)
