"""JAX: on a GPU some hundred steps as one `lax.scan`, on a CPU a Python loop over one compiled step."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from zoo.training.engine import Engine, Sums, call_length, calls, part


class JaxEngine(Engine):
    name = "jax"
    trains_together = True

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

    def load(self, x, y):
        self._examples = jnp.asarray(x), jnp.asarray(y)

    def compile(self, batches, maps):
        state = self._state(Sums())
        if not self._scans:
            self._step.compile(state, self._examples, part((batches, maps), 0))
            return
        self._length = call_length(len(batches))
        for each in calls(len(batches), self._length):
            self._scan.compile(state, self._examples, part((batches, maps), each))

    def compile_together(self, engines, batches, maps):
        for engine in engines:
            engine._examples, engine._infer = self._examples, self._infer
            engine._scan_together = self._scan_together
            engine._length = call_length(len(batches[0]))
        state = _stacked([engine._state(Sums()) for engine in engines])
        for each in calls(len(batches[0]), self._length):
            self._scan_together.compile(state, self._examples, _lanes(batches, maps, each))

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
        indices, maps = step
        x = self.pipeline(examples[0][indices], maps)
        gradient = jax.value_and_grad(self._objective, has_aux=True)
        (step_loss, (step_correct, others)), gradients = gradient(
            trainable, others, x, examples[1][indices]
        )
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        size = indices.shape[0]
        return trainable, others, optimizer, loss + step_loss * size, correct + step_correct

    def _logits(self, trainable, others, x):
        logits, _ = self.model.stateless_call(trainable, others, self.pipeline(x), training=False)
        return logits.astype("float32")

    def train(self, batches, maps, sums, after):
        size = batches.shape[1]
        state = _copied(self._state(sums))
        if self._scans:
            steps = (part((batches, maps), each) for each in calls(len(batches), self._length))

            def on_device(added, done):
                loss, correct = (np.asarray(each)[-1] for each in added)
                return Sums(loss, correct, sums.examples + done * size)

            state, done, read = _run(self._scan, state, self._examples, steps, on_device, after)
        else:
            state, done, read = self._loop(state, batches, maps, sums, after)
        self._store(state)
        return done, read()

    def _loop(self, state, batches, maps, sums, after):
        done, size = 0, batches.shape[1]

        def read() -> Sums:
            return Sums(np.float32(state[3]), np.float32(state[4]), sums.examples + done * size)

        for _ in batches:
            state = self._step(state, self._examples, part((batches, maps), done))
            done += 1
            if after(done, read):
                break
        return state, done, read

    def train_together(self, engines, batches, maps, sums, after):
        size = batches[0].shape[1]
        state = _stacked([engine._state(each) for engine, each in zip(engines, sums, strict=True)])
        steps = (_lanes(batches, maps, each) for each in calls(len(batches[0]), self._length))

        def on_device(added, done):
            last = zip(*(np.asarray(each)[-1] for each in added), sums, strict=True)
            return [Sums(loss, correct, of.examples + done * size) for loss, correct, of in last]

        state, done, read = _run(
            self._scan_together, state, self._examples, steps, on_device, after
        )
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


def _run(scan, state, examples, calls, sums_of, after):
    """Call after call; the state, the steps done, and what reads the sums.

    The device is given one call ahead, so that it never waits, and a signal never waits long.
    """
    done, added, before = 0, None, None

    def read():
        return sums_of(added, done)

    for steps in calls:
        state, added = scan(state, examples, steps)
        jax.block_until_ready(before)
        before = added
        done += len(steps[0])
        if after(done, read):
            break
    return state, done, read


def _lanes(batches, maps, which):
    """A slice of steps for several engines: their axis is the second."""
    steps = [part(each, which) for each in zip(batches, maps, strict=True)]
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
