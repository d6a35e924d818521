"""TensorFlow: a Python loop over one compiled step."""

import numpy as np
import tensorflow as tf

from zoo.training.engine import Engine, Sums


class TensorFlowEngine(Engine):
    name = "tensorflow"

    @property
    def settings(self):
        return {"loop": "python", "jit": self._jit}

    def prepare(self):
        # XLA on a CPU has no projective transform and no deterministic max-pooling gradient, and
        # would turn cuDNN's LSTM off on a GPU.
        self._jit = False
        self._step = tf.function(self._train_step, jit_compile=self._jit, autograph=False)
        self._infer = tf.function(self._logits, jit_compile=self._jit, autograph=False)

    def load(self, x, y):
        self._x, self._y = tf.constant(x), tf.constant(y)

    def compile(self, steps, batch_size):
        indices = tf.TensorSpec((batch_size,), tf.int32)
        maps = tf.TensorSpec((batch_size, self.map_size), tf.float32) if self.augments else None
        self._step = self._step.get_concrete_function(indices, maps)

    def _train_step(self, indices, maps):
        x = self.pipeline(tf.gather(self._x, indices), maps)
        labels = tf.gather(self._y, indices)
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

    def train(self, batches, maps, sums, after):
        size = batches.shape[1]
        loss, correct = tf.constant(sums.loss), tf.constant(sums.correct)
        done = 0

        def read() -> Sums:
            return Sums(loss.numpy(), correct.numpy(), sums.examples + done * size)

        for indices in batches:
            step_maps = None if maps is None else tf.constant(maps[done])
            step_loss, step_correct = self._step(tf.constant(indices), step_maps)
            loss, correct = loss + step_loss * size, correct + step_correct
            done += 1
            if after(done, read):
                break
        return done, read()

    def infer(self, x: np.ndarray) -> np.ndarray:
        return self._infer(tf.constant(x)).numpy()
