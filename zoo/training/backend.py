"""Choosing the Keras backend and the device, before Keras is imported."""

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

from zoo import diagnosis, environment
from zoo.errors import UsageError
from zoo.native_logs import quiet_native_logs
from zoo.numerics import settle_keras, settle_variables
from zoo.suggest import unknown
from zoo.training.device import DEVICES, Device

if TYPE_CHECKING:
    from zoo.training.backends.base import Backend, Engine

BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
"""Each backend and the package that brings it."""


def backend_of(name: str) -> "Backend":
    """What archzoo needs of a backend. Does not import the backend's package."""
    return importlib.import_module(f"zoo.training.backends.{name}").BACKEND


def choose_backend(asked: str | None) -> str:
    """Make Keras use a backend: the one asked for, else `KERAS_BACKEND`, else TensorFlow.

    Call it before Keras is imported.

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
    """The backends whose package is installed; imports none of them."""
    return [name for name, package in BACKENDS.items() if importlib.util.find_spec(package)]


def trains_jointly(backend: str) -> bool:
    """Whether a backend trains several seeds in one program."""
    return backend_of(backend).trains_jointly


def check_trains_together(backend: str) -> None:
    """Check that a backend trains several seeds in one program.

    Raises:
        UsageError: it does not.
    """
    if not trains_jointly(backend):
        raise UsageError(
            f"`together=True`: {backend} trains one model at a time. Use `backend='jax'`, or leave it "
            "out: seeds are then trained one after another."
        )


def shared_gpu_variables() -> dict[str, str]:
    """Environment variables of a process that shares a GPU with others, on any backend."""
    return {
        name: value
        for backend in BACKENDS
        for name, value in backend_of(backend).shared_gpu.items()
    }


def hide_gpus(backend: str) -> None:
    """Keep the process on the CPU. Call it before the backend is imported."""
    backend_of(backend).hide_gpus()


def start_keras(backend: str) -> None:
    """Import Keras with this backend, and give every setting that changes numbers its default.

    Raises:
        UsageError: Keras refuses to start with the user's `keras.json`.
    """
    settle_keras()
    backend_of(backend).reset_numerics()


def choose_device(backend: str, asked: str) -> Device:
    """The device that training uses; imports the backend.

    Args:
        backend: the current backend.
        asked: `auto`, `cpu` or `gpu`.

    Raises:
        UsageError: a GPU is asked for and the backend sees none.
    """
    if asked not in DEVICES:
        raise UsageError(unknown("device", asked, DEVICES))
    if asked == "cpu":
        hide_gpus(backend)
    with quiet_native_logs():
        gpus = _gpu_names(backend) if asked != "cpu" else []
        start_keras(backend)
    if gpus:
        return Device("gpu", gpus[0])
    if asked == "gpu":
        raise UsageError(
            f"`device='gpu'`: {backend} sees no GPU here ({backend_of(backend).no_gpu}). Use "
            "`device='cpu'`, or install a build for the GPU; zoo doctor shows what each backend sees."
        )
    return Device("cpu", environment.cpu_name())


def _gpu_names(backend: str) -> list[str]:
    return backend_of(backend).gpu_names()


def make_deterministic(backend: str, device: Device) -> bool:
    """Make a CPU give the same bits each time; on a GPU speed comes first.

    Returns:
        Whether bits repeat on this device.
    """
    if device.kind != "cpu":
        return False
    backend_of(backend).make_deterministic()
    return True


def seed_everything(backend: str, seed: int) -> None:
    """Seed Python's, NumPy's and the backend's generators; Keras draws its own seeds from Python's.

    `keras.utils.set_random_seed` does the same, but imports TensorFlow under every backend.
    """
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    backend_of(backend).seed(seed)


def make_engine(backend: str, *arguments: Any, **named: Any) -> "Engine":
    """An engine of a backend, prepared; see `zoo.training.backends.base.Engine` for the arguments."""
    engine = backend_of(backend).engine(*arguments, **named)
    engine.prepare()
    return engine


def device_memory_peak(backend: str, device: Device) -> int | None:
    """The most bytes allocated on the GPU so far; None on a CPU or where it is not known."""
    return backend_of(backend).memory_peak() if device.kind == "gpu" else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is how Python or a backend reports that memory is used up."""
    kind = type(error).__name__
    return (
        isinstance(error, MemoryError)
        or kind in ("ResourceExhaustedError", "OutOfMemoryError")
        or "RESOURCE_EXHAUSTED" in diagnosis.text(error)
    )
