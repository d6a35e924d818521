"""PyTorch: eager steps."""

import numpy as np
import torch
from keras import ops, tree

from zoo.training.backends.base import Engine, RunningMetrics, tree_slice


class TorchEngine(Engine):
    name = "torch"

    @property
    def settings(self):
        return {"loop": "python", "jit": False}

    def prepare(self):
        self._device = torch.device("cuda" if self.device.kind == "gpu" else "cpu")

    def to_device(self, array):
        # A copy: what NumPy read from a file may not be writable, which PyTorch warns of.
        return torch.tensor(array, device=self._device)

    def gather(self, array, indices):
        return array[indices.long()]

    def ready(self, step):
        return tree.map_structure(self._tensor, step)

    def _tensor(self, array):
        return None if array is None else torch.as_tensor(array, device=self._device)

    # Keras' dropout on PyTorch draws from the global generators, not from a seed of its own.
    def random_state(self):
        states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
        return [state.numpy() for state in states]

    def set_random_state(self, state):
        first, *others = [torch.as_tensor(each) for each in state]
        torch.set_rng_state(first)
        if others:
            torch.cuda.set_rng_state_all(others)

    def _train_step(self, batch, transforms):
        x, labels = self.source.select(self.source.arrays, batch)
        x = self.pipeline(x, transforms)
        loss, correct = self.loss_and_correct(self.model(x, training=True), labels)
        total = sum(self.model.losses, loss)
        self.model.zero_grad()
        total.backward()
        variables = self.model.trainable_variables
        # Zeros for a weight that nothing reads, as on the other backends.
        gradients = [
            torch.zeros_like(v.value) if v.value.grad is None else v.value.grad for v in variables
        ]
        with torch.no_grad():
            self.optimizer.apply(gradients, variables)
        return total.detach(), correct.detach()

    def train(self, batches, transforms, sums, after):
        size = batches.shape[1]
        loss = torch.tensor(sums.loss, device=self._device)
        correct = torch.tensor(sums.correct, device=self._device)
        done = 0

        def read() -> RunningMetrics:
            return RunningMetrics(
                np.float32(loss.item()), np.float32(correct.item()), sums.examples + done * size
            )

        drawn = (tree_slice((batches, transforms), each) for each in range(len(batches)))
        with self.steps(drawn, read) as steps:
            for step in steps:
                step_loss, step_correct = self._train_step(*step)
                loss, correct = loss + step_loss * size, correct + step_correct
                done += 1
                if after(done, read):
                    break
        return done, read()

    def infer(self, x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            batch = torch.tensor(x, device=self._device)
            logits = self.model(self.pipeline(batch), training=False)
        return ops.convert_to_numpy(ops.cast(logits, "float32"))
