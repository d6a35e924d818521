"""PyTorch: eager steps."""

import os
from typing import Any

import numpy as np

from zoo.lazy import LazyModule
from zoo.training.backends.base import Backend, Engine
from zoo.training.running import RunningMetrics

torch: Any = LazyModule("torch")


class TorchBackend(Backend):
    name = "torch"
    no_gpu = "torch.cuda.device_count() is 0"

    def hide_gpus(self) -> None:
        os.environ["KERAS_TORCH_DEVICE"] = "cpu"

    def gpu_names(self) -> list[str]:
        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]

    def make_deterministic(self) -> None:
        torch.use_deterministic_algorithms(True)

    def seed(self, seed: int) -> None:
        torch.manual_seed(seed)

    def memory_peak(self) -> int | None:
        return torch.cuda.max_memory_allocated()

    def cuda_version(self) -> str | None:
        return torch.version.cuda

    def count_flops(self, model: Any, shape: tuple[int, ...]) -> int:
        from torch.nn.attention import SDPBackend, sdpa_kernel
        from torch.utils.flop_counter import FlopCounterMode

        device = next(iter(model.parameters())).device
        counter = FlopCounterMode(display=False)
        # The counter does not know the CPU's fused attention; this way it is two matrix products.
        with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            model(torch.zeros(shape, device=device), training=False)
        return counter.get_total_flops()

    @property
    def engine(self) -> "type[Engine]":
        return TorchEngine


class TorchEngine(Engine):
    many_steps_a_call = False

    @property
    def settings(self) -> dict[str, Any]:
        return {"loop": "python", "jit": False}

    def prepare(self) -> None:
        self._device = torch.device("cuda" if self.device.kind == "gpu" else "cpu")

    def to_device(self, array: Any) -> Any:
        # A copy: what NumPy read from a file may not be writable, which PyTorch warns of.
        return torch.tensor(array, device=self._device)

    def gather(self, array: Any, indices: Any) -> Any:
        return array[indices.long()]

    def ready(self, step: Any) -> Any:
        from keras import tree

        return tree.map_structure(self._tensor, step)

    def _tensor(self, array: Any) -> Any:
        return None if array is None else torch.as_tensor(array, device=self._device)

    # Keras' dropout on PyTorch draws from the global generators, not from a seed of its own.
    def random_state(self) -> Any:
        states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
        return [state.numpy() for state in states]

    def set_random_state(self, state: Any) -> None:
        first, *others = [torch.as_tensor(each) for each in state]
        torch.set_rng_state(first)
        if others:
            torch.cuda.set_rng_state_all(others)

    def _train_step(self, batch: Any, transforms: Any) -> Any:
        x, labels = self.loader.select(self.loader.arrays, batch)
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

    def begin(self, metrics: RunningMetrics) -> None:
        self._loss = torch.tensor(metrics.loss, device=self._device)
        self._correct = torch.tensor(metrics.correct, device=self._device)
        self._examples = metrics.examples

    def step(self, chunk: Any) -> None:
        loss, correct = self._train_step(*chunk.arrays)
        self._loss = self._loss + loss * chunk.batch_size
        self._correct = self._correct + correct
        self._examples += chunk.steps * chunk.batch_size

    def metrics(self) -> RunningMetrics:
        loss, correct = np.float32(self._loss.item()), np.float32(self._correct.item())
        return RunningMetrics(loss, correct, self._examples)

    def end(self) -> RunningMetrics:
        return self.metrics()

    def infer(self, x: np.ndarray) -> np.ndarray:
        from keras import ops

        with torch.no_grad():
            batch = torch.tensor(x, device=self._device)
            logits = self.model(self.pipeline(batch), training=False)
        return ops.convert_to_numpy(ops.cast(logits, "float32"))


BACKEND = TorchBackend()
