"""TensorFlow: on a GPU some hundred steps as a loop in the graph, on a CPU a Python loop over one step."""

from typing import Any

import numpy as np
import tensorflow as tf

from zoo.training.backends.base import Engine, RunningMetrics, step_chunks, tree_slice


class TensorFlowEngine(Engine):
    name = "tensorflow"

    @property
    def settings(self):
        return {"loop": "graph" if self._loops else "python", "jit": self._jit}

    def prepare(self):
        # A loop in the graph saves the launches from Python; on a CPU it was measured to be slower.
        self._loops = self.device.kind == "gpu"
        # XLA on a CPU has no projective transform and no deterministic max-pooling gradient, and
        # would turn cuDNN's LSTM off on a GPU.
        self._jit = False
        run = self._train_steps if self._loops else self._train_step
        self._run = tf.function(run, jit_compile=self._jit, autograph=False)
        self._infer = tf.function(self._logits, jit_compile=self._jit, autograph=False)
        self._infer_of: dict[tuple[int, ...], Any] = {}

    def to_device(self, array):
        return tf.constant(array)

    def gather(self, array, indices):
        return tf.gather(array, indices)

    def ready(self, step):
        return tf.nest.map_structure(_constant, step)

    def compile(self, batches, transforms):
        self._length = self.length_of_calls(batches)
        # A call takes any number of steps, so that one trace serves the last one too.
        lead = (None,) if self._loops else ()

        def spec(each):
            return None if each is None else tf.TensorSpec((*lead, *each.shape[1:]), each.dtype)

        sums = [tf.TensorSpec((), tf.float32)] * 2
        step = tf.nest.map_structure(spec, self.source.like((batches, transforms)))
        self._run = self._run.get_concrete_function(*step, *(sums if self._loops else ()))
        self._warm_up(tree_slice((batches, transforms), slice(0, 1) if self._loops else 0))

    def _warm_up(self, step):
        """A step that leaves no trace: TensorFlow sets its kernels up in the first one it runs."""
        variables = [*self.model.variables, *self.optimizer.variables]
        before = [tf.identity(variable.value) for variable in variables]
        sums = [tf.constant(0.0)] * 2 if self._loops else ()
        self._run(*self.ready(self.source.like(step)), *sums)
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)

    def _train_steps(self, batches, transforms, loss, correct):
        steps, size = tf.unstack(tf.shape(tf.nest.flatten(batches)[-1]))
        size = tf.cast(size, tf.float32)

        def one(step, loss, correct):
            step_loss, step_correct = self._train_step(*tree_slice((batches, transforms), step))
            return step + 1, loss + step_loss * size, correct + step_correct

        return tf.while_loop(
            lambda step, *_: step < steps, one, (0, loss, correct), parallel_iterations=1
        )[1:]

    def _train_step(self, batch, transforms):
        x, labels = self.source.select(self.source.arrays, batch)
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

    def _logits(self, x):
        return tf.cast(self.model(self.pipeline(x), training=False), tf.float32)

    def train(self, batches, transforms, sums, after):
        size = batches.shape[1]
        loss, correct = tf.constant(sums.loss), tf.constant(sums.correct)
        done = 0

        def read() -> RunningMetrics:
            return RunningMetrics(loss.numpy(), correct.numpy(), sums.examples + done * size)

        chunks = step_chunks(len(batches), self._length) if self._loops else range(len(batches))
        drawn = (tree_slice((batches, transforms), which) for which in chunks)
        with self.steps(drawn, read) as steps:
            for step in steps:
                if self._loops:
                    loss, correct = self._run(*step, loss, correct)
                    done = min(done + self._length, len(batches))
                else:
                    step_loss, step_correct = self._run(*step)
                    loss, correct = loss + step_loss * size, correct + step_correct
                    done += 1
                if after(done, read):
                    break
        return done, read()

    def infer(self, x: np.ndarray) -> np.ndarray:
        # Called by itself, TensorFlow would warn of tracing one function for many engines.
        if x.shape not in self._infer_of:
            spec = tf.TensorSpec(x.shape, x.dtype)
            self._infer_of[x.shape] = self._infer.get_concrete_function(spec)
        return self._infer_of[x.shape](tf.constant(x)).numpy()


def _constant(array):
    return None if array is None else tf.constant(array)
