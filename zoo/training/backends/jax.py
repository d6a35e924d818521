"""JAX: on a GPU many steps a call, as one `lax.scan`; on a CPU one compiled step a call.

Several models of one architecture are trained at once by `jax.vmap` over their states.
"""

import math
import os
from collections.abc import Sequence
from contextlib import closing
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np

from zoo.environment import distribution_version
from zoo.lazy import LazyModule
from zoo.training.backends.base import Backend, Chunk, Engine, JointEngine
from zoo.training.chunks import step_chunks, tree_slice
from zoo.training.running import RunningMetrics

jax: Any = LazyModule("jax")
jnp: Any = LazyModule("jax.numpy")


class JaxBackend(Backend):
    name = "jax"
    shared_gpu: ClassVar = {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false"
    }  # else it takes 75 % of the GPU's memory
    no_gpu = "jax.devices() has no cuda or rocm device"
    trains_jointly = True

    def hide_gpus(self) -> None:
        os.environ["JAX_PLATFORMS"] = "cpu"

    def gpu_names(self) -> list[str]:
        kinds = ("gpu", "cuda", "rocm")
        return [each.device_kind for each in jax.devices() if each.platform in kinds]

    def reset_numerics(self) -> None:
        jax.config.update("jax_enable_x64", False)
        jax.config.update("jax_default_matmul_precision", None)
        jax.config.update("jax_numpy_dtype_promotion", "standard")

    def memory_peak(self) -> int | None:
        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")

    def cuda_version(self) -> str | None:
        major = [n for n in (13, 12) if distribution_version(f"jax-cuda{n}-plugin")]
        return str(major[0]) if major else None

    def count_flops(self, model: Any, shape: tuple[int, ...]) -> int:
        trainable = [v.value for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]
        forward = partial(model.stateless_call, training=False)
        return _count_jaxpr(jax.make_jaxpr(forward)(trainable, others, jnp.zeros(shape)).jaxpr)

    def compile_with_xla(self, model: Any) -> Any:
        trainable = [v.value for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]
        compiled = jax.jit(partial(model.stateless_call, training=False))
        return lambda x: np.asarray(compiled(trainable, others, jnp.asarray(x))[0])

    @property
    def engine(self) -> "type[Engine]":
        return JaxEngine

    def join(self, engines: Any) -> "JointEngine":
        return JaxJointEngine(engines)


class JaxEngine(Engine):
    @property
    def settings(self) -> dict[str, Any]:
        return {"loop": "scan" if self.many_steps_a_call else "python", "jit": True}

    def prepare(self) -> None:
        several = self.many_steps_a_call
        self._run = _Compiled(partial(_scan, self.train_step) if several else self.train_step)
        self._infer = jax.jit(self._logits)

    def to_device(self, array: Any) -> Any:
        return jnp.asarray(array)

    def gather(self, array: Any, indices: Any) -> Any:
        return array[indices]

    def compile(self, batches: Any, transforms: Any) -> None:
        self._length = self.call_length(batches)
        several = self.many_steps_a_call
        state = self.state(RunningMetrics())
        for place in step_chunks(len(batches), self._length) if several else [0]:
            step = self.loader.like(tree_slice((batches, transforms), place))
            self._run.compile(state, self.loader.arrays, step)

    def share(self, other: "JaxEngine", length: int) -> None:
        """Use another engine's examples and compiled functions, in calls of so many steps."""
        self.loader, self._infer, self._length = other.loader, other._infer, length

    def _variables(self) -> tuple[list[Any], ...]:
        return (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.optimizer.variables,
        )

    def state(self, metrics: RunningMetrics) -> tuple[Any, ...]:
        """All variables' arrays, and the metrics: what a step takes and returns."""
        variables = ([variable.value for variable in group] for group in self._variables())
        return (*variables, np.float32(metrics.loss), np.float32(metrics.correct))

    def store(self, state: tuple[Any, ...]) -> None:
        """Give the variables the values of a state."""
        for group, values in zip(self._variables(), state, strict=False):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    def _objective(self, trainable: Any, others: Any, x: Any, labels: Any) -> Any:
        logits, others, losses = self.model.stateless_call(
            trainable, others, x, training=True, return_losses=True
        )
        loss, correct = self.loss_and_correct(logits, labels)
        total = loss + sum(jnp.asarray(each, loss.dtype) for each in losses)
        return total, (correct, others)

    def train_step(self, state: Any, examples: Any, step: Any) -> Any:
        """The state after a step; pure."""
        trainable, others, optimizer, loss, correct = state
        batch, transforms = step
        x, labels = self.loader.select(examples, batch)
        x = self.pipeline(x, transforms)
        gradient = jax.value_and_grad(self._objective, has_aux=True)
        (step_loss, (step_correct, others)), gradients = gradient(trainable, others, x, labels)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        size = labels.shape[0]
        return trainable, others, optimizer, loss + step_loss * size, correct + step_correct

    def _logits(self, trainable: Any, others: Any, x: Any) -> Any:
        logits, _ = self.model.stateless_call(trainable, others, self.pipeline(x), training=False)
        return logits.astype("float32")

    def begin(self, metrics: RunningMetrics) -> None:
        self._state, self._examples = _copied(self.state(metrics)), metrics.examples
        self._before = None

    def step(self, chunk: Chunk) -> None:
        if self.many_steps_a_call:
            self._state, now = self._run(self._state, self.loader.arrays, chunk.arrays)
            # The device is given one call ahead, so that it never waits, and a signal never waits long.
            jax.block_until_ready(self._before)
            self._before = now
        else:
            self._state = self._run(self._state, self.loader.arrays, chunk.arrays)
            if self.loader.streamed:  # else JAX queues dozens of steps, each with its batch
                jax.block_until_ready(self._state)
        self._examples += chunk.steps * chunk.batch_size

    def metrics(self) -> RunningMetrics:
        loss, correct = self._state[3:]
        return RunningMetrics(np.float32(loss), np.float32(correct), self._examples)

    def end(self) -> RunningMetrics:
        self.store(self._state)
        return self.metrics()

    def infer(self, x: np.ndarray) -> np.ndarray:
        trainable = [v.value for v in self.model.trainable_variables]
        others = [v.value for v in self.model.non_trainable_variables]
        return np.asarray(self._infer(trainable, others, jnp.asarray(x)))


class JaxJointEngine(JointEngine):
    """Engines side by side: states, batches and transforms have an axis of them; examples have none.

    Args:
        engines: the first one has the examples.
    """

    def __init__(self, engines: list[JaxEngine]):
        self._engines, self._first = engines, engines[0]
        self.loader = self._first.loader
        step = jax.vmap(self._first.train_step, in_axes=(0, None, 0))
        self._run = _Compiled(partial(_scan, step))

    def compile(self, batches: Any, transforms: Any) -> None:
        self._length = self._first.call_length(np.stack(batches, axis=1))
        for engine in self._engines:
            engine.share(self._first, self._length)
        state = _stacked([engine.state(RunningMetrics()) for engine in self._engines])
        for place in step_chunks(len(batches[0]), self._length):
            steps = self.loader.like(_side_by_side(batches, transforms, place))
            self._run.compile(state, self.loader.arrays, steps)

    def chunks(self, batches: Any, transforms: Any) -> Any:
        return closing(self._chunks(batches, transforms))

    def _chunks(self, batches: Any, transforms: Any) -> Any:
        places = step_chunks(len(batches[0]), self._length)
        drawn = (_side_by_side(batches, transforms, place) for place in places)
        with closing(self.loader.steps(drawn, self.metrics)) as made:
            for place, arrays in zip(places, made, strict=True):
                yield Chunk(place.stop - place.start, batches[0].shape[1], arrays)

    def begin(self, metrics: Sequence[RunningMetrics]) -> None:
        states = [e.state(each) for e, each in zip(self._engines, metrics, strict=True)]
        self._state = _stacked(states)
        self._examples = [each.examples for each in metrics]
        self._before = None

    def step(self, chunk: Chunk) -> None:
        self._state, now = self._run(self._state, self.loader.arrays, chunk.arrays)
        jax.block_until_ready(self._before)
        self._before = now
        self._examples = [each + chunk.steps * chunk.batch_size for each in self._examples]

    def metrics(self) -> list[RunningMetrics]:
        loss, correct = (np.asarray(each) for each in self._state[3:])
        return [RunningMetrics(*each) for each in zip(loss, correct, self._examples, strict=True)]

    def end(self) -> list[RunningMetrics]:
        for engine, state in zip(self._engines, _apart(self._state), strict=True):
            engine.store(state)
        return self.metrics()


class _Compiled:
    """`function(state, examples, steps)`, compiled once for each shape of `steps`.

    The state's memory is used again for the state that comes back.
    """

    def __init__(self, function: Any) -> None:
        self._function = jax.jit(function, donate_argnums=0)
        self._programs: dict[tuple[Any, ...], Any] = {}

    def compile(self, state: Any, examples: Any, steps: Any) -> Any:
        shapes = tuple(leaf.shape for leaf in jax.tree.leaves(steps))
        if shapes not in self._programs:
            self._programs[shapes] = self._function.lower(state, examples, steps).compile()
        return self._programs[shapes]

    def __call__(self, state: Any, examples: Any, steps: Any) -> Any:
        return self.compile(state, examples, steps)(state, examples, steps)


def _scan(step: Any, state: Any, examples: Any, steps: Any) -> Any:
    """All steps of a call; the state, and the metrics after each step."""

    def one(state: Any, each: Any) -> Any:
        state = step(state, examples, each)
        return state, state[3:]

    return jax.lax.scan(one, state, steps)


def _side_by_side(batches: Any, transforms: Any, which: Any) -> Any:
    """A slice of steps for several engines: their axis is the second."""
    steps = [tree_slice(each, which) for each in zip(batches, transforms, strict=True)]
    return jax.tree.map(lambda *each: np.stack(each, axis=1), *steps)


def _jitted(function: Any) -> Any:
    """Decorator: `jax.jit`, when the function is first called."""
    compiled = cache(lambda: jax.jit(function))
    return lambda state: compiled()(state)


# Each of these is one call on the device; array by array they would take longer than a step.


@_jitted
def _copied(state: Any) -> Any:
    """A state that may be donated: the variables keep theirs."""
    return jax.tree.map(jnp.copy, state)


@_jitted
def _stacked(states: Any) -> Any:
    return jax.tree.map(lambda *each: jnp.stack(each), *states)


@_jitted
def _apart(state: Any) -> Any:
    count = len(state[3])
    return [jax.tree.map(lambda each, i=i: each[i], state) for i in range(count)]


def _count_jaxpr(jaxpr: Any) -> int:
    total = 0
    for equation in jaxpr.eqns:
        name, params = equation.primitive.name, equation.params
        if name == "dot_general":
            (contracting, _), _ = params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            inner = math.prod(left[axis] for axis in contracting)
            total += 2 * math.prod(equation.outvars[0].aval.shape) * inner
        elif name == "conv_general_dilated":
            kernel = equation.invars[1].aval.shape
            out_channels = kernel[params["dimension_numbers"].rhs_spec[0]]
            output = math.prod(equation.outvars[0].aval.shape)
            total += 2 * output * math.prod(kernel) // out_channels
        repeats = params.get("length", 1) if name == "scan" else 1
        if name == "while":
            raise NotImplementedError("a loop of unknown length")
        for value in params.values():
            inner_jaxpr = getattr(value, "jaxpr", value if hasattr(value, "eqns") else None)
            if inner_jaxpr is not None:
                total += repeats * _count_jaxpr(inner_jaxpr)
    return total


BACKEND = JaxBackend()
