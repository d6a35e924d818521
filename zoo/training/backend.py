"""Choosing the Keras backend and the device, before Keras is imported."""

import contextlib
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from zoo import diagnosis
from zoo.errors import UsageError
from zoo.numerics import settle_keras, settle_variables
from zoo.suggest import unknown

BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
"""Each backend and the package that brings it."""

TRAIN_TOGETHER = ("jax",)
"""Backends that train several models in one program; their engines have `train_together`."""

DEVICES = ("auto", "cpu", "gpu")


def choose_backend(asked: str | None) -> str:
    """Make Keras use a backend: the one asked for, else `KERAS_BACKEND`, else TensorFlow.

    Must come before Keras is imported.

    Raises:
        UsageError: it is unknown or not installed, or Keras already runs on another one.
    """
    backend = asked or os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend not in BACKENDS:
        raise UsageError(unknown("backend", backend, BACKENDS))
    if importlib.util.find_spec(BACKENDS[backend]) is None:
        raise UsageError(
            f"backend {backend} is not installed: pip install 'archzoo[{backend}]'. "
            f"Installed: {', '.join(installed_backends()) or 'none'}."
        )
    if (keras := sys.modules.get("keras")) and keras.backend.backend() != backend:
        raise UsageError(
            f"Keras already runs on {keras.backend.backend()} in this process; {backend} needs a "
            "new one."
        )
    os.environ["KERAS_BACKEND"] = backend
    settle_variables()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return backend


def installed_backends() -> list[str]:
    """The backends whose package is there; imports none of them."""
    return [name for name, package in BACKENDS.items() if importlib.util.find_spec(package)]


def check_trains_together(backend: str) -> None:
    """Whether seeds can be trained in one program.

    Raises:
        UsageError: this backend cannot.
    """
    if backend not in TRAIN_TOGETHER:
        raise UsageError(
            f"--together: {backend} trains one model at a time. Use --backend jax, or leave it out: "
            "seeds are then trained one after another."
        )


def hide_gpus(backend: str) -> None:
    """Keep the process on the CPU; must come before the backend is imported."""
    if backend == "jax":
        os.environ["JAX_PLATFORMS"] = "cpu"
    elif backend == "torch":
        os.environ["KERAS_TORCH_DEVICE"] = "cpu"
    else:
        # TensorFlow has no variable of its own for this; CUDA's hides the devices from it.
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


NATIVE_LOG = re.compile(rb"[IWE]\d{4} |WARNING: All log messages before absl")


@contextlib.contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Keep the log lines of C++ libraries that start within off the terminal, unless it fails.

    TensorFlow tells of missing CUDA drivers on every start, before any level is set; and Keras
    imports it, where it is installed, under every backend. Other lines come through afterwards.
    `ZOO_DEBUG=1` lets all of them speak at once.
    """
    if os.environ.get("ZOO_DEBUG", "") not in ("", "0") or sys.stderr is None:
        yield
        return
    sys.stderr.flush()
    terminal, failed = os.dup(2), True
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            kept.seek(0)
            for line in kept:
                if failed or not NATIVE_LOG.match(line):
                    os.write(2, line)


@dataclass(frozen=True)
class Device:
    """What the model trains on."""

    kind: str
    """`cpu` or `gpu`."""
    name: str


def choose_device(backend: str, asked: str) -> Device:
    """The device that training uses; imports the backend.

    Raises:
        UsageError: a GPU is asked for and the backend sees none.
    """
    if asked not in DEVICES:
        raise UsageError(unknown("device", asked, DEVICES))
    if asked == "cpu":
        hide_gpus(backend)
    with quiet_native_logs():
        gpus = _gpu_names(backend) if asked != "cpu" else []
        settle_keras()
    if gpus:
        return Device("gpu", gpus[0])
    if asked == "gpu":
        raise UsageError(
            f"--device gpu: {backend} sees no GPU here ({_looked_for(backend)}). Use --device cpu, "
            f"or install a build for the GPU; zoo doctor shows what each backend sees."
        )
    return Device("cpu", cpu_name())


def _gpu_names(backend: str) -> list[str]:
    if backend == "tensorflow":
        import tensorflow as tf

        devices = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(each) for each in devices]
        return [each.get("device_name", "GPU") for each in details]
    if backend == "jax":
        import jax

        return [
            each.device_kind for each in jax.devices() if each.platform in ("gpu", "cuda", "rocm")
        ]
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def _looked_for(backend: str) -> str:
    return {
        "tensorflow": "tf.config.list_physical_devices('GPU') is empty",
        "jax": "jax.devices() has no cuda or rocm device",
        "torch": "torch.cuda.device_count() is 0",
    }[backend]


def cpu_name() -> str:
    """The processor's model, as the system tells it."""
    import platform
    from pathlib import Path

    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def make_deterministic(backend: str, device: Device) -> bool:
    """Make a CPU give the same bits each time; on a GPU speed comes first. Says which it is."""
    if device.kind != "cpu":
        return False
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True)
    return True


def seed_everything(backend: str, seed: int) -> None:
    """Seed Python's, NumPy's and the backend's generators; Keras draws its own seeds from Python's.

    `keras.utils.set_random_seed` does the same, but imports TensorFlow under every backend.
    """
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    if backend == "tensorflow":
        import tensorflow as tf

        tf.random.set_seed(seed)
    elif backend == "torch":
        import torch

        torch.manual_seed(seed)


def device_memory_peak(backend: str, device: Device) -> int | None:
    """The most bytes allocated on the GPU so far; None on a CPU or where it is not told."""
    if device.kind != "gpu":
        return None
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    if backend == "jax":
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    import torch

    return torch.cuda.max_memory_allocated()


def cuda_version(backend: str) -> str | None:
    """The CUDA release the backend was built for or brings; None for a CPU build."""
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.sysconfig.get_build_info().get("cuda_version")
    if backend == "torch":
        import torch

        return torch.version.cuda
    from zoo.environment import distribution_version

    major = [n for n in (13, 12) if distribution_version(f"jax-cuda{n}-plugin")]
    return str(major[0]) if major else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is how Python or a backend says that memory is used up."""
    kind = type(error).__name__
    return (
        isinstance(error, MemoryError)
        or kind in ("ResourceExhaustedError", "OutOfMemoryError")
        or "RESOURCE_EXHAUSTED" in diagnosis.text(error)
    )
