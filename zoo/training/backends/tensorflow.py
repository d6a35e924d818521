"""TensorFlow: on a GPU many steps a call, as a loop in the graph; on a CPU one compiled step a call."""

import math
import os
from functools import partial
from typing import Any, ClassVar

import numpy as np

from zoo.lazy import LazyModule
from zoo.training.backends.base import Backend, Engine
from zoo.training.chunks import tree_slice
from zoo.training.running import RunningMetrics

tf: Any = LazyModule("tensorflow")


class TensorFlowBackend(Backend):
    name = "tensorflow"
    shared_gpu: ClassVar = {
        "TF_FORCE_GPU_ALLOW_GROWTH": "true"
    }  # else it takes all of the GPU's memory
    no_gpu = "tf.config.list_physical_devices('GPU') is empty"

    def hide_gpus(self) -> None:
        # TensorFlow has no variable of its own for this; CUDA's hides the devices from it.
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

    def gpu_names(self) -> list[str]:
        devices = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(each) for each in devices]
        return [each.get("device_name", "GPU") for each in details]

    def make_deterministic(self) -> None:
        tf.config.experimental.enable_op_determinism()

    def seed(self, seed: int) -> None:
        tf.random.set_seed(seed)

    def memory_peak(self) -> int | None:
        return tf.config.experimental.get_memory_info("GPU:0")["peak"]

    def cuda_version(self) -> str | None:
        return tf.sysconfig.get_build_info().get("cuda_version")

    def count_flops(self, model: Any, shape: tuple[int, ...]) -> int:
        return _count(model, shape)

    def compile_with_xla(self, model: Any) -> Any:
        compiled = tf.function(partial(model, training=False), jit_compile=True, autograph=False)
        return lambda x: compiled(tf.constant(x)).numpy()

    @property
    def engine(self) -> "type[Engine]":
        return TensorFlowEngine


class TensorFlowEngine(Engine):
    @property
    def settings(self) -> dict[str, Any]:
        return {"loop": "graph" if self.many_steps_a_call else "python", "jit": self._jit}

    def prepare(self) -> None:
        # XLA on a CPU has no projective transform and no deterministic max-pooling gradient, and
        # would turn cuDNN's LSTM off on a GPU.
        self._jit = False
        # A loop in the graph saves the launches from Python; on a CPU it was measured to be slower.
        run = self._train_steps if self.many_steps_a_call else self._train_step
        self._run = tf.function(run, jit_compile=self._jit, autograph=False)
        self._infer = tf.function(self._logits, jit_compile=self._jit, autograph=False)
        self._infer_of: dict[tuple[int, ...], Any] = {}

    def to_device(self, array: Any) -> Any:
        return tf.constant(array)

    def gather(self, array: Any, indices: Any) -> Any:
        return tf.gather(array, indices)

    def ready(self, step: Any) -> Any:
        return tf.nest.map_structure(_constant, step)

    def compile(self, batches: Any, transforms: Any) -> None:
        self._length = self.call_length(batches)
        several = self.many_steps_a_call
        # A call takes any number of steps, so that one trace serves the last one too.
        lead = (None,) if several else ()

        def spec(each: Any) -> Any:
            return None if each is None else tf.TensorSpec((*lead, *each.shape[1:]), each.dtype)

        metrics = [tf.TensorSpec((), tf.float32)] * 2
        step = tf.nest.map_structure(spec, self.loader.like((batches, transforms)))
        self._run = self._run.get_concrete_function(*step, *(metrics if several else ()))
        self._warm_up(tree_slice((batches, transforms), slice(0, 1) if several else 0))

    def _warm_up(self, step: Any) -> None:
        """A step that leaves no trace: TensorFlow sets its kernels up in the first one it runs."""
        variables = [*self.model.variables, *self.optimizer.variables]
        before = [tf.identity(variable.value) for variable in variables]
        metrics = [tf.constant(0.0)] * 2 if self.many_steps_a_call else ()
        self._run(*self.ready(self.loader.like(step)), *metrics)
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)

    def _train_steps(self, batches: Any, transforms: Any, loss: Any, correct: Any) -> Any:
        steps, size = tf.unstack(tf.shape(tf.nest.flatten(batches)[-1]))
        size = tf.cast(size, tf.float32)

        def one(step: Any, loss: Any, correct: Any) -> Any:
            step_loss, step_correct = self._train_step(*tree_slice((batches, transforms), step))
            return step + 1, loss + step_loss * size, correct + step_correct

        return tf.while_loop(
            lambda step, *_: step < steps, one, (0, loss, correct), parallel_iterations=1
        )[1:]

    def _train_step(self, batch: Any, transforms: Any) -> Any:
        x, labels = self.loader.select(self.loader.arrays, batch)
        x = self.pipeline(x, transforms)
        with tf.GradientTape() as tape:
            loss, correct = self.loss_and_correct(self.model(x, training=True), labels)
            total = tf.add_n([loss, *[tf.cast(each, loss.dtype) for each in self.model.losses]])
        variables = self.model.trainable_variables
        # Zeros for a weight that nothing reads, as on JAX: the recurrent ones of a single frame.
        gradients = tape.gradient(
            total, [v.value for v in variables], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        self.optimizer.apply(gradients, variables)
        return total, correct

    def _logits(self, x: Any) -> Any:
        return tf.cast(self.model(self.pipeline(x), training=False), tf.float32)

    def begin(self, metrics: RunningMetrics) -> None:
        self._loss, self._correct = tf.constant(metrics.loss), tf.constant(metrics.correct)
        self._examples = metrics.examples

    def step(self, chunk: Any) -> None:
        if self.many_steps_a_call:
            self._loss, self._correct = self._run(*chunk.arrays, self._loss, self._correct)
        else:
            loss, correct = self._run(*chunk.arrays)
            self._loss = self._loss + loss * chunk.batch_size
            self._correct = self._correct + correct
        self._examples += chunk.steps * chunk.batch_size

    def metrics(self) -> RunningMetrics:
        return RunningMetrics(self._loss.numpy(), self._correct.numpy(), self._examples)

    def end(self) -> RunningMetrics:
        return self.metrics()

    def infer(self, x: np.ndarray) -> np.ndarray:
        # Called by itself, TensorFlow would warn of tracing one function for many engines.
        if x.shape not in self._infer_of:
            spec = tf.TensorSpec(x.shape, x.dtype)
            self._infer_of[x.shape] = self._infer.get_concrete_function(spec)
        return self._infer_of[x.shape](tf.constant(x)).numpy()


def _constant(array: Any) -> Any:
    return None if array is None else tf.constant(array)


def _count(model: Any, shape: Any) -> int:
    from tensorflow.python.framework import op_callbacks  # no public way sees a loop's every step

    made: dict[
        int, Any
    ] = {}  # each tensor's id: the operations that made it, and from which tensors
    kept: list[Any] = []  # alive, so that no id is used twice

    def note(
        op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None
    ) -> None:
        name = op_type.decode() if isinstance(op_type, bytes) else op_type
        cost = _cost_of(name, inputs, attrs, outputs)
        kept.extend((*inputs, *outputs))
        for output in outputs:
            made[id(output)] = (len(kept), cost, [id(each) for each in inputs])

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    op_callbacks.add_op_callback(note)
    try:
        result = model(tf.zeros(shape), training=False)
    finally:
        op_callbacks.remove_op_callback(note)
        tf.config.run_functions_eagerly(before)
    return _reachable_cost(id(result), made)


def _reachable_cost(result: int, made: dict) -> int:
    """What the result needs. Keras' loop runs one step more, only to learn its output's shape."""
    total, seen, waiting = 0, set(), [result]
    while waiting:
        call, cost, inputs = made.get(waiting.pop(), (None, 0, ()))
        if call is not None and call not in seen:
            seen.add(call)
            total += cost
            waiting.extend(inputs)
    return int(total)


def _cost_of(name: str, inputs: Any, attrs: Any, outputs: Any) -> int:
    if name in ("Conv2D", "Conv3D"):
        return 2 * math.prod(outputs[0].shape) * math.prod(inputs[1].shape[:-1])
    if name == "DepthwiseConv2dNative":
        return 2 * math.prod(outputs[0].shape) * math.prod(inputs[1].shape[:2])
    if name in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
        attributes = dict(zip(attrs[::2], attrs[1::2], strict=True))
        transposed = attributes.get("transpose_a") or attributes.get("adj_x")
        return 2 * math.prod(outputs[0].shape) * inputs[0].shape[-2 if transposed else -1]
    if name == "Einsum":
        attributes = dict(zip(attrs[::2], attrs[1::2], strict=True))
        return 2 * math.prod(outputs[0].shape) * _summed(attributes["equation"], inputs)
    return 0


def _summed(equation: str, inputs: Any) -> int:
    """How many products an Einsum adds up for each number of its output."""
    terms, _, result = equation.partition("->")
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms.split(","), inputs, strict=True):
        first, _, last = term.partition("...")  # batch axes may hide in the dots
        sizes |= zip(first, tensor.shape, strict=False)
        sizes |= zip(reversed(last), reversed(tensor.shape), strict=False)
    return math.prod(size for axis, size in sizes.items() if axis not in result)


BACKEND = TensorFlowBackend()
