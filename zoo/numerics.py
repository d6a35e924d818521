"""Outside settings that change a model's numbers: `keras.json` and environment variables.

A run's identity must tell of every cause of its numbers. Some causes are always set here, the same
for all; others belong to the machine or the user's purpose, and are recorded in the identity.
"""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

from zoo.errors import UsageError

REMOVED = (
    "KERAS_MAX_EPOCHS",
    "KERAS_MAX_STEPS_PER_EPOCH",
    "JAX_ALLOW_F16_REDUCTIONS",
    "JAX_DEFAULT_DTYPE_BITS",
    "JAX_DEFAULT_MATMUL_PRECISION",
    "JAX_DEFAULT_PRNG_IMPL",
    "JAX_DISABLE_JIT",
    "JAX_ENABLE_CUSTOM_PRNG",
    "JAX_ENABLE_X64",
    "JAX_EXPLICIT_X64_DTYPES",
    "JAX_HIGH_DYNAMIC_RANGE_GUMBEL",
    "JAX_NUMPY_DTYPE_PROMOTION",
    "JAX_NUMPY_RANK_PROMOTION",
    "JAX_RANDOM_SEED_OFFSET",
    "JAX_SOFTMAX_CUSTOM_JVP",
    "JAX_THREEFRY_PARTITIONABLE",
    "TF_ENABLE_ONEDNN_OPTS",
)
"""Variables that would make other numbers under the same name: their defaults hold."""

FIXED = {"KERAS_NNX_ENABLED": "false"}
"""Variables that outrank keras.json, where Keras reads it while it is imported."""

RECORDED = (
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "TF_SET_ONEDNN_FPMATH_MODE",
    "TF_XLA_FLAGS",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "XLA_FLAGS",
)
"""Variables that a machine may need, or an experiment be about: with them a run is another one."""

HARMLESS = ("--xla_dump_", "--xla_gpu_cuda_data_dir", "--xla_force_host_platform_device_count")
"""How flags begin that change no number."""


def settle_variables() -> None:
    """Remove or set the environment variables that change numbers. Call it before a backend is imported."""
    for name in REMOVED:
        os.environ.pop(name, None)
    os.environ.update(FIXED)


def variables() -> dict[str, str]:
    """The recorded variables that are set: part of a run's identity, empty almost everywhere."""
    found = {name: _flags(os.environ.get(name, "")) for name in RECORDED}
    return {name: value for name, value in found.items() if value}


def _flags(value: str) -> str:
    return " ".join(each for each in value.split() if not each.startswith(HARMLESS))


def in_words(recorded: dict[str, str]) -> str:
    """`XLA_FLAGS=..., MKL_CBWR=...`, or `none`."""
    return ", ".join(f"{name}={value}" for name, value in recorded.items()) or "none"


def settle_keras() -> ModuleType:
    """Import Keras, and set what `keras.json` may have set otherwise. Models are built afterwards.

    Raises:
        UsageError: Keras refuses to start with this `keras.json`.
    """
    keras = _import_keras()
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    return keras


def _import_keras() -> Any:
    path = _keras_json()
    try:
        import keras
    except ImportError:
        raise
    except Exception as error:
        if not path.exists():
            raise
        line = " ".join(str(error).split())[:200]
        raise UsageError(f"{path}: Keras does not start with it ({line}). Remove it.") from error
    return keras


def _keras_json() -> Path:
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home).expanduser() / "keras.json"
