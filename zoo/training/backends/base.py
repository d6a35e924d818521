"""What archzoo needs of a Keras backend: a `Backend`, and the `Engine` that it makes for a model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from zoo.datasets.samples import Samples, Stored
from zoo.metrics import log_mean_probability
from zoo.recipe import Recipe
from zoo.training import chunks, tta
from zoo.training.chunks import Transforms, call_length, step_chunks, tree_slice
from zoo.training.device import Device
from zoo.training.loader import DeviceLoader, Loader, Step, StreamingLoader, iter_batches
from zoo.training.pipeline import Pipeline
from zoo.training.running import RunningMetrics

if TYPE_CHECKING:
    import keras

EVALUATION_BATCH = 500


class Backend(ABC):
    """One Keras backend: its devices, random numbers, memory, and how it trains.

    A `Backend` can be made, and asked for its attributes and `hide_gpus`, before the package is
    imported; the other methods import it.

    Attributes:
        name: as Keras calls it.
        shared_gpu: environment variables with which several processes can use one GPU.
        no_gpu: what it reports where it finds no GPU, for an error message.
        trains_jointly: whether `join` is there.
    """

    name: ClassVar[str]
    shared_gpu: ClassVar[Mapping[str, str]] = {}
    no_gpu: ClassVar[str]
    trains_jointly: ClassVar[bool] = False

    @abstractmethod
    def hide_gpus(self) -> None:
        """Keep the process on the CPU. Call it before the package is imported."""

    @abstractmethod
    def gpu_names(self) -> list[str]:
        """The GPUs that it can use, by their models' names."""

    def reset_numerics(self) -> None:
        """Undo global settings of a plugin or notebook that would change a model's numbers."""

    def make_deterministic(self) -> None:
        """Make operations on a CPU give the same bits each time."""

    def seed(self, seed: int) -> None:
        """Seed the backend's global random generator, if it has one."""

    @abstractmethod
    def memory_peak(self) -> int | None:
        """The most bytes that were allocated on the GPU; None if it is not known."""

    @abstractmethod
    def cuda_version(self) -> str | None:
        """The CUDA release that it was built for or brings; None for a CPU build."""

    @abstractmethod
    def count_flops(self, model: "keras.Model", shape: tuple[int, ...]) -> int:
        """Floating-point operations of convolutions and matrix products in one forward pass.

        Args:
            model: the model.
            shape: the input's shape with the batch axis.

        Raises:
            Exception: the model cannot be traced.
        """

    def compile_with_xla(self, model: "keras.Model") -> Callable[[np.ndarray], np.ndarray] | None:
        """Inference of a model, compiled with XLA when it is first called; None: it has no XLA.

        Keras' own `jit_compile=True` compiles nothing where operations were made deterministic.
        """
        return None

    @property
    @abstractmethod
    def engine(self) -> "type[Engine]":
        """The class of its engines."""

    def join(self, engines: "Sequence[Engine]") -> "JointEngine":
        """One engine that trains the models of several at once, where `trains_jointly`.

        Args:
            engines: of one architecture, recipe and precision: nothing differs but the variables.
        """
        raise NotImplementedError(f"{self.name} trains one model at a time")


class Chunk(NamedTuple):
    """Some steps that are trained in one call.

    Attributes:
        steps: how many.
        batch_size: examples in each.
        arrays: their batches and transforms, as the compiled step takes them.
    """

    steps: int
    batch_size: int
    arrays: Step


class Engine(ABC):
    """Runs training steps and inference for one model.

    To train: `load` the examples and `compile`; then, for an epoch or a part of one, `begin`, `step`
    for each of `chunks`, and `end`, after which the model's and the optimizer's variables hold the new
    state. A batch is a row of indices; `loader` has the examples that they stand for.

    Args:
        model: built, with logits as output.
        optimizer: built for the model's trainable variables; None for inference alone.
        pipeline: prepares a batch inside the compiled step.
        recipe: for the loss, augmentation, and test-time augmentation.
        device: where it runs.
        deterministic: whether bits must repeat.
    """

    loader: Loader
    """Where the training examples come from, after `load`."""

    _length: int
    """Steps in a call, where a call is many; known after `compile`."""

    class_weights: tuple[float, ...] | None = None
    """Each class's weight in the training loss; None: all weigh the same."""

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
        self.augments = recipe.augments_layout(pipeline.source)

    @property
    def many_steps_a_call(self) -> bool:
        """Whether a call is many steps: where launching one costs as much as running it, on a GPU."""
        return self.device.kind == "gpu"

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """How it runs: `loop`, `jit`. Kept in run.json."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the compiled functions; nothing is traced yet."""

    def load(self, x: Stored, y: np.ndarray) -> None:
        """Take the training examples: arrays are put on the device, lazy samples are streamed.

        Args:
            x: samples `(N, ...)`, as stored.
            y: labels `(N,)`.
        """
        if isinstance(x, Samples):
            self.loader = StreamingLoader(x, y, self.ready)
        else:
            self.loader = DeviceLoader(
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

    def compile(self, batches: np.ndarray, transforms: Transforms) -> None:
        """Compile what `step` needs for an epoch like this one, so that training is timed alone.

        Does nothing where the backend compiles nothing.
        """

    def call_length(self, batches: np.ndarray) -> int:
        """How many steps of `batches` `(steps, ..., batch_size)` one call takes, where it is many."""
        longest = self.loader.longest_call(batches[0].size, chunks.LONGEST_CALL)
        return call_length(len(batches), longest)

    def chunks(
        self, batches: np.ndarray, transforms: Transforms
    ) -> "closing[Generator[Chunk, None, None]]":
        """The steps, chunk by chunk, in a `with` at whose end nothing is made any more.

        Args:
            batches: indices of the examples, `(steps, batch_size)`.
            transforms: their augmentation, with the same first axes; or None.
        """
        return closing(self._chunks(batches, transforms))

    def _chunks(self, batches: np.ndarray, transforms: Transforms) -> Generator[Chunk, None, None]:
        several = self.many_steps_a_call
        places = (
            step_chunks(len(batches), self._length)
            if several
            else [*map(_one, range(len(batches)))]
        )
        sizes = [place.stop - place.start for place in places]
        drawn = (
            tree_slice((batches, transforms), place if several else place.start) for place in places
        )
        with closing(self.loader.steps(drawn, self.synchronize)) as made:
            for steps, arrays in zip(sizes, made, strict=True):
                yield Chunk(steps, batches.shape[1], arrays)

    @abstractmethod
    def begin(self, metrics: RunningMetrics) -> None:
        """Begin an epoch, or go on with one that has these metrics so far."""

    @abstractmethod
    def step(self, chunk: Chunk) -> None:
        """Train the steps of a chunk. May return before the device is done."""

    @abstractmethod
    def metrics(self) -> RunningMetrics:
        """The epoch's metrics so far; waits for the device."""

    @abstractmethod
    def end(self) -> RunningMetrics:
        """End the epoch, or interrupt it: the variables hold the new state. Returns its metrics."""

    def synchronize(self) -> None:
        """Wait until the device has done what it was given."""
        self.metrics()

    def train(
        self,
        batches: np.ndarray,
        transforms: Transforms,
        metrics: RunningMetrics = RunningMetrics(),  # noqa: B008 - frozen
    ) -> RunningMetrics:
        """Train all steps of `batches`, and wait for the device. Returns the metrics.

        Args:
            batches: indices of the examples, `(steps, batch_size)`.
            transforms: their augmentation, with the same first axes; or None.
            metrics: what earlier steps of the epoch added up.
        """
        self.begin(metrics)
        with self.chunks(batches, transforms) as made:
            for chunk in made:
                self.step(chunk)
        return self.end()

    @abstractmethod
    def infer(self, x: np.ndarray) -> np.ndarray:
        """Logits `(N, classes)` float32 for one batch of stored samples."""

    def random_state(self) -> list[np.ndarray]:
        """The state of the backend's own random generator, where Keras' variables do not hold it."""
        return []

    def set_random_state(self, state: list[np.ndarray]) -> None:
        """Restore what `random_state` returned."""

    def logits(self, x: Stored) -> np.ndarray:
        """Logits `(N, classes)` for any number of stored samples, with the current weights.

        With test-time augmentation (the recipe's `tta_shift`) they are the logarithm of the mean
        probability over the shifted copies.
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
                parts.append(self._augmented_logits(padded)[: len(batch)])
        return np.concatenate(parts)

    def _augmented_logits(self, x: np.ndarray) -> np.ndarray:
        most = self.recipe.tta_shift
        if not most:
            return self.infer(x)
        answers = (self.infer(copy) for copy in tta.shifted(x, most))
        return log_mean_probability(answers).astype("float32")

    def loss_and_correct(self, logits: Any, labels: Any) -> Any:
        """Mean loss and number of correct answers of a batch, as float32 tensors.

        With class weights, losses are multiplied by them, and the mean is still that of the batch, as
        Keras has it.
        """
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
        if self.class_weights is not None:
            weights = ops.convert_to_tensor(self.class_weights, "float32")
            losses = losses * ops.take(weights, labels, axis=0)
        right = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "int32"), labels)
        return ops.mean(losses), ops.sum(ops.cast(right, "float32"))


def _one(step: int) -> slice:
    return slice(step, step + 1)


class JointEngine(ABC):
    """Trains the models of several engines at once; its methods are `Engine`'s, for lists.

    The engines share the compiled functions and the examples of the first, which are loaded already.
    """

    loader: Loader

    @abstractmethod
    def compile(self, batches: Sequence[np.ndarray], transforms: Sequence[Transforms]) -> None:
        """As `Engine.compile`, with an item for each engine."""

    @abstractmethod
    def chunks(
        self, batches: Sequence[np.ndarray], transforms: Sequence[Transforms]
    ) -> "closing[Generator[Chunk, None, None]]":
        """As `Engine.chunks`, with an item for each engine."""

    @abstractmethod
    def begin(self, metrics: Sequence[RunningMetrics]) -> None:
        """As `Engine.begin`, with an item for each engine."""

    @abstractmethod
    def step(self, chunk: Chunk) -> None:
        """As `Engine.step`, for all engines at once."""

    @abstractmethod
    def metrics(self) -> list[RunningMetrics]:
        """As `Engine.metrics`, of each engine."""

    @abstractmethod
    def end(self) -> list[RunningMetrics]:
        """As `Engine.end`, of each engine."""
