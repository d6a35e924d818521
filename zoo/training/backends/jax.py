"""JAX: on a GPU some hundred steps as one `lax.scan`, on a CPU a Python loop over one compiled step."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from zoo.training.backends.base import Engine, RunningMetrics, step_chunks, tree_slice


class JaxEngine(Engine):
    name = "jax"

    @property
    def settings(self):
        return {"loop": "scan" if self._scans else "python", "jit": True}

    def prepare(self):
        # Many steps a call pay where launching a step costs as much as running it: on a GPU.
        self._scans = self.device.kind == "gpu"
        self._step = _Compiled(self._train_step)
        self._scan = _Compiled(partial(_scan, self._train_step))
        # Seeds side by side: states, batches and maps have an axis of them; examples have none.
        together = jax.vmap(self._train_step, in_axes=(0, None, 0))
        self._scan_together = _Compiled(partial(_scan, together))
        self._infer = jax.jit(self._logits)

    def to_device(self, array):
        return jnp.asarray(array)

    def gather(self, array, indices):
        return array[indices]

    def compile(self, batches, transforms):
        state = self._state(RunningMetrics())
        if not self._scans:
            step = self.source.like(tree_slice((batches, transforms), 0))
            self._step.compile(state, self.source.arrays, step)
            return
        self._length = self.length_of_calls(batches)
        for each in step_chunks(len(batches), self._length):
            steps = self.source.like(tree_slice((batches, transforms), each))
            self._scan.compile(state, self.source.arrays, steps)

    def compile_together(self, engines, batches, transforms):
        length = self.length_of_calls(np.stack(batches, axis=1))
        for engine in engines:
            engine.source, engine._infer = self.source, self._infer
            engine._scan_together = self._scan_together
            engine._length = length
        state = _stacked([engine._state(RunningMetrics()) for engine in engines])
        for each in step_chunks(len(batches[0]), self._length):
            steps = self.source.like(_lanes(batches, transforms, each))
            self._scan_together.compile(state, self.source.arrays, steps)

    def _variables(self):
        return (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.optimizer.variables,
        )

    def _state(self, sums):
        """All variables' arrays, and the sums."""
        variables = ([variable.value for variable in group] for group in self._variables())
        return (*variables, np.float32(sums.loss), np.float32(sums.correct))

    def _objective(self, trainable, others, x, labels):
        logits, others, losses = self.model.stateless_call(
            trainable, others, x, training=True, return_losses=True
        )
        loss, correct = self.loss_and_correct(logits, labels)
        total = loss + sum(jnp.asarray(each, loss.dtype) for each in losses)
        return total, (correct, others)

    def _train_step(self, state, examples, step):
        trainable, others, optimizer, loss, correct = state
        batch, transforms = step
        x, labels = self.source.select(examples, batch)
        x = self.pipeline(x, transforms)
        gradient = jax.value_and_grad(self._objective, has_aux=True)
        (step_loss, (step_correct, others)), gradients = gradient(trainable, others, x, labels)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        size = labels.shape[0]
        return trainable, others, optimizer, loss + step_loss * size, correct + step_correct

    def _logits(self, trainable, others, x):
        logits, _ = self.model.stateless_call(trainable, others, self.pipeline(x), training=False)
        return logits.astype("float32")

    def train(self, batches, transforms, sums, after):
        size = batches.shape[1]
        state = _copied(self._state(sums))
        if self._scans:
            drawn = (
                tree_slice((batches, transforms), each)
                for each in step_chunks(len(batches), self._length)
            )

            def on_device(added, done):
                loss, correct = (np.asarray(each)[-1] for each in added)
                return RunningMetrics(loss, correct, sums.examples + done * size)

            state, done, read = self._run(self._scan, state, drawn, on_device, after)
        else:
            state, done, read = self._loop(state, batches, transforms, sums, after)
        self._store(state)
        return done, read()

    def _loop(self, state, batches, transforms, sums, after):
        done, size = 0, batches.shape[1]

        def read() -> RunningMetrics:
            return RunningMetrics(
                np.float32(state[3]), np.float32(state[4]), sums.examples + done * size
            )

        drawn = (tree_slice((batches, transforms), each) for each in range(len(batches)))
        with self.steps(drawn, read) as steps:
            for step in steps:
                state = self._step(state, self.source.arrays, step)
                if self.source.streamed:  # else JAX queues dozens of steps, each with its batch
                    jax.block_until_ready(state)
                done += 1
                if after(done, read):
                    break
        return state, done, read

    def _run(self, scan, state, drawn, sums_of, after):
        """Call after call; the state, the steps done, and what reads the sums.

        The device is given one call ahead, so that it never waits, and a signal never waits long.
        """
        done, added, before = 0, None, None

        def read():
            return sums_of(added, done)

        with self.steps(drawn, lambda: jax.block_until_ready(added)) as chunks:
            for steps in chunks:
                state, added = scan(state, self.source.arrays, steps)
                jax.block_until_ready(before)
                before = added
                done += len(added[0])
                if after(done, read):
                    break
        return state, done, read

    def train_together(self, engines, batches, transforms, sums, after):
        size = batches[0].shape[1]
        state = _stacked([engine._state(each) for engine, each in zip(engines, sums, strict=True)])
        drawn = (
            _lanes(batches, transforms, each) for each in step_chunks(len(batches[0]), self._length)
        )

        def on_device(added, done):
            last = zip(*(np.asarray(each)[-1] for each in added), sums, strict=True)
            return [
                RunningMetrics(loss, correct, of.examples + done * size)
                for loss, correct, of in last
            ]

        state, done, read = self._run(self._scan_together, state, drawn, on_device, after)
        for engine, own in zip(engines, _apart(state), strict=True):
            engine._store(own)
        return done, read()

    def _store(self, state):
        for group, values in zip(self._variables(), state, strict=False):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    def infer(self, x: np.ndarray) -> np.ndarray:
        trainable = [v.value for v in self.model.trainable_variables]
        others = [v.value for v in self.model.non_trainable_variables]
        return np.asarray(self._infer(trainable, others, jnp.asarray(x)))


class _Compiled:
    """`function(state, examples, steps)`, compiled once for each shape of `steps`.

    The state's memory is used again for the state that comes back.
    """

    def __init__(self, function):
        self._function = jax.jit(function, donate_argnums=0)
        self._programs = {}

    def compile(self, state, examples, steps):
        shapes = tuple(leaf.shape for leaf in jax.tree.leaves(steps))
        if shapes not in self._programs:
            self._programs[shapes] = self._function.lower(state, examples, steps).compile()
        return self._programs[shapes]

    def __call__(self, state, examples, steps):
        return self.compile(state, examples, steps)(state, examples, steps)


def _scan(step, state, examples, steps):
    """All steps of a call; the state, and the sums after each step."""

    def one(state, each):
        state = step(state, examples, each)
        return state, state[3:]

    return jax.lax.scan(one, state, steps)


def _lanes(batches, transforms, which):
    """A slice of steps for several engines: their axis is the second."""
    steps = [tree_slice(each, which) for each in zip(batches, transforms, strict=True)]
    return jax.tree.map(lambda *each: np.stack(each, axis=1), *steps)


# Each of these is one call on the device; array by array they would take longer than a step.


@jax.jit
def _copied(state):
    """A state that may be donated: the variables keep theirs."""
    return jax.tree.map(jnp.copy, state)


@jax.jit
def _stacked(states):
    return jax.tree.map(lambda *each: jnp.stack(each), *states)


@jax.jit
def _apart(state):
    count = len(state[3])
    return [jax.tree.map(lambda each, i=i: each[i], state) for i in range(count)]
