"""What an engine is: one backend's way to run training steps as fast as it can."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.datasets.samples import Samples, Stored
from zoo.metrics import log_mean_probability
from zoo.recipe import Recipe
from zoo.training import tta
from zoo.training.backend import Device
from zoo.training.loader import DeviceLoader, Loader, Step, StreamingLoader, iter_batches
from zoo.training.pipeline import Pipeline

if TYPE_CHECKING:
    import keras

EVALUATION_BATCH = 500

LONGEST_CALL = 200
"""Steps in one call where a call is many: enough to hide what launching it costs, and few enough to
show progress and to stop soon."""


def call_length(steps: int, longest: int) -> int:
    """How many of an epoch's steps one call takes, where a call is many and at most `longest`.

    A length from half of `longest` that divides the epoch, so that one shape is compiled; else
    `longest`, with a shorter last call.
    """
    if steps <= longest:
        return steps
    lengths = range(longest, longest // 2, -1)
    return next((length for length in lengths if steps % length == 0), longest)


def step_chunks(steps: int, length: int) -> list[slice]:
    """The steps of an epoch, or of its rest after some calls, in calls of `length`."""
    return [slice(start, min(start + length, steps)) for start in range(0, steps, length)]


Transforms = Any
"""What moves a batch: arrays whose first axes are steps and examples, nested or not; None: nothing."""


def tree_slice(arrays: Transforms, which: int | slice) -> Transforms:
    """A step, or a slice of steps, of arrays whose first axis is that of steps."""
    from keras import tree

    return tree.map_structure(lambda each: None if each is None else each[which], arrays)


@dataclass(frozen=True)
class RunningMetrics:
    """What an epoch has added up so far; float32, so that stopping and going on changes no bit."""

    loss: np.float32 = np.float32(0)
    correct: np.float32 = np.float32(0)
    examples: int = 0

    @property
    def finite(self) -> bool:
        """Whether the loss is a number."""
        return bool(np.isfinite(self.loss))

    @property
    def mean_loss(self) -> float:
        return float(self.loss) / max(1, self.examples)

    @property
    def accuracy(self) -> float:
        return float(self.correct) / max(1, self.examples)


class Engine(ABC):
    """Runs training steps and inference for one model.

    A batch is a row of indices; `source` has the examples that they stand for. After `train` the
    model's and the optimizer's variables hold the new state.

    Args:
        model: built, with logits as output.
        optimizer: built for the model's trainable variables.
        pipeline: prepares a batch inside the compiled step.
        recipe: for the loss, whether steps augment, and test-time augmentation.
        device: where it runs; `deterministic` says that bits must repeat.
    """

    name: str
    source: Loader
    """Where the training examples come from, after `load`."""

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
        self.prepare()

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """How it runs: `loop`, `jit`. Kept in run.json."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the compiled functions; nothing is traced yet."""

    def load(self, x: Stored, y: np.ndarray) -> None:
        """Take the training examples: arrays are put on the device, lazy samples are streamed."""
        if isinstance(x, Samples):
            self.source = StreamingLoader(x, y, self.ready)
        else:
            self.source = DeviceLoader(
                (self.to_device(x), self.to_device(y)), self.gather, self.ready
            )

    @abstractmethod
    def to_device(self, array: np.ndarray) -> Any:
        """An array, on the device."""

    @abstractmethod
    def gather(self, array: Any, indices: Any) -> Any:
        """Some rows of an array on the device, in the compiled step."""

    def ready(self, step: Step) -> Step:
        """A step's NumPy arrays as the compiled step takes them."""
        return step

    def length_of_calls(self, batches: np.ndarray) -> int:
        """How many steps of `batches` `(steps, ..., batch_size)` one call takes, where it is many."""
        return call_length(len(batches), self.source.longest_call(batches[0].size, LONGEST_CALL))

    def steps(
        self, drawn: Iterable[Step], synchronize: Callable[[], Any]
    ) -> "closing[Generator[Step]]":
        """The source's steps, in a `with` at whose end nothing is made any more."""
        return closing(self.source.steps(drawn, synchronize))

    def compile(self, batches: np.ndarray, transforms: Transforms) -> None:
        """Compile what `train` needs for an epoch like this one, so that training is timed alone.

        Does nothing where the backend compiles nothing.
        """

    def compile_together(
        self,
        engines: "Sequence[Engine]",
        batches: Sequence[np.ndarray],
        transforms: Sequence[Transforms],
    ) -> None:
        """Compile `train_together` for these engines; they use this one's examples from here on.

        `batches` and `transforms` are lists with an item for each engine. The models must be of one
        architecture, recipe and precision, so that nothing but their variables differs.
        """
        raise NotImplementedError(f"{self.name} trains one model at a time")

    @abstractmethod
    def train(
        self,
        batches: np.ndarray,
        transforms: Transforms,
        sums: RunningMetrics,
        after: Callable[[int, Callable[[], RunningMetrics]], bool],
    ) -> tuple[int, RunningMetrics]:
        """Train on `batches` `(steps, batch_size)`, moved by `transforms` (the same axes in front).

        `after(done, read)` is called as steps are done; `read()` waits for the device and gives the
        sums. When it returns True, training stops there. Returns the steps done and the sums.
        """

    def train_together(
        self,
        engines: "Sequence[Engine]",
        batches: Sequence[np.ndarray],
        transforms: Sequence[Transforms],
        sums: Sequence[RunningMetrics],
        after: Callable[[int, Callable[[], list[RunningMetrics]]], bool],
    ) -> tuple[int, list[RunningMetrics]]:
        """As `train`, for several engines at once, after `compile_together` by one of them."""
        raise NotImplementedError(f"{self.name} trains one model at a time")

    @abstractmethod
    def infer(self, x: np.ndarray) -> np.ndarray:
        """Logits `(N, classes)` float32 for one batch of stored samples."""

    def random_state(self) -> list[np.ndarray]:
        """The state of the backend's own random generator, where Keras' variables do not hold it."""
        return []

    def set_random_state(self, state: list[np.ndarray]) -> None:
        """Take back what `random_state` gave."""

    def logits(self, x: Stored) -> np.ndarray:
        """Logits for any number of stored samples, with the model's weights as they are now.

        With the recipe's `tta_shift`: the logarithm of the mean probability over the shifted copies.
        """
        parts = []
        with closing(iter_batches(x, EVALUATION_BATCH)) as batches:
            for batch in batches:
                # One shape for all batches, so that nothing is compiled twice.
                missing = min(EVALUATION_BATCH, len(x)) - len(batch)
                padded = (
                    np.concatenate([batch, np.repeat(batch[:1], missing, axis=0)])
                    if missing
                    else batch
                )
                parts.append(self._answer(padded)[: len(batch)])
        return np.concatenate(parts)

    def _answer(self, x: np.ndarray) -> np.ndarray:
        most = self.recipe.tta_shift
        if not most:
            return self.infer(x)
        answers = (self.infer(copy) for copy in tta.shifted(x, most))
        return log_mean_probability(answers).astype("float32")

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


def engine_kind(backend: str) -> type[Engine]:
    """The engine class of a backend; imports it."""
    if backend == "tensorflow":
        from zoo.training.backends.tensorflow import TensorFlowEngine

        return TensorFlowEngine
    if backend == "jax":
        from zoo.training.backends.jax import JaxEngine

        return JaxEngine
    from zoo.training.backends.torch import TorchEngine

    return TorchEngine


def make_engine(backend: str, *arguments, **named) -> Engine:
    """The engine of a backend; see `Engine` for the arguments."""
    return engine_kind(backend)(*arguments, **named)
