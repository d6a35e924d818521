"""Measuring speed: `benchmark` and `load_benchmark`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, Backend, DatasetLike, Device
from zoo.api.compared_architectures import Architectures, choose_entries, for_entries, showing
from zoo.comparison.benchmark import Settings, run_benchmark
from zoo.registry import Registry
from zoo.training.request import DEFAULT_DATASET

if TYPE_CHECKING:
    from zoo.comparison.cost_record import BenchmarkReport
    from zoo.exporting.runtime_report import RuntimeReport

DEFAULTS = Settings()


def benchmark(
    architectures: Architectures = "all",
    dataset: DatasetLike = DEFAULT_DATASET,
    *,
    recipe: str | Path | None = None,
    hyperparameters: Mapping[str, Mapping[str, Any]] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    batch_size: int = DEFAULTS.batch_size,
    processes: int = DEFAULTS.processes,
    rounds: int = DEFAULTS.rounds,
    backend: Backend | None = None,
    device: Device = "auto",
    progress: bool | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> "BenchmarkReport":
    """Measure the speed of architectures: training, inference, latency, start-up, compiling.

    Each runs in fresh processes, is warmed up, and is measured in turn with the others. The first is
    measured twice: the difference is noise.

    Args:
        architectures, dataset, recipe, hyperparameters, data_parameters: as for `compare`.
        batch_size: samples in a training step, for all architectures.
        processes: fresh processes for each architecture.
        rounds: rounds of measurements in each process.
        backend, device, progress, runs_dir, data_dir, registry: as for `train`.

    Returns:
        The medians and quartiles: `to_frame()`, `write(path)`; those that failed are in `problems`.

    Raises:
        UsageError: an argument is not allowed.

    Example:
        >>> zoo.benchmark(["cnn", "gru"], "digits").to_frame()  # doctest: +SKIP
    """
    registry = arguments.find_registry(registry)
    settings = Settings(batch_size, processes, rounds)
    entries = choose_entries(registry, architectures, hyperparameters, runs_dir)
    asked = arguments.make_request(
        "",
        arguments.located(dataset, data_dir),
        recipe=recipe,
        data_parameters=data_parameters,
        backend=backend,
        device=device,
        runs_dir=runs_dir,
    )
    with showing(progress) as callback:
        return run_benchmark(
            entries,
            for_entries(asked),
            registry,
            settings=settings,
            data_dir=str(data_dir) if data_dir else None,
            use_plugins=bool(registry.plugins),
            callback=callback,
        )


def benchmark_runtimes(
    architectures: Architectures = "all",
    dataset: DatasetLike = DEFAULT_DATASET,
    *,
    runtimes: Sequence[str] = ("keras", "onnx"),
    recipe: str | Path | None = None,
    hyperparameters: Mapping[str, Mapping[str, Any]] | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    batch_size: int = DEFAULTS.batch_size,
    processes: int = DEFAULTS.processes,
    rounds: int = DEFAULTS.rounds,
    progress: bool | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> "RuntimeReport":
    """Measure how fast architectures answer in Keras and in the runtimes of exported files.

    Each is built with new weights, exported, and timed in fresh processes, the runtimes in turn: one
    sample, and a batch; from stored samples to logits, in float32 on the CPU.

    Args:
        architectures, dataset, recipe, hyperparameters, data_parameters: as for `compare`.
        runtimes: two or more of `keras`, `onnx` and `litert`; the others are compared with the first.
        batch_size: samples in a call of the throughput.
        processes: fresh processes for each architecture; with one there is no interval.
        rounds: rounds of measurements in each process.
        progress, runs_dir, data_dir, registry: as for `train`.

    Returns:
        Medians, and how many times as fast each runtime is, with its 95 % interval over processes and
        a verdict; architectures that cannot be measured are in `problems`.

    Raises:
        UsageError: an argument is not allowed, or a runtime's packages are missing.

    Example:
        >>> zoo.benchmark_runtimes(["cnn", "gru"], "digits").to_frame()  # doctest: +SKIP
    """
    from zoo.exporting.runtime_benchmark import benchmark_runtimes
    from zoo.exporting.runtime_names import check_runtimes

    chosen = check_runtimes(list(runtimes))
    registry = arguments.find_registry(registry)
    settings = Settings(batch_size, processes, rounds)
    entries = choose_entries(registry, architectures, hyperparameters, runs_dir)
    asked = arguments.make_request(
        "",
        arguments.located(dataset, data_dir),
        recipe=recipe,
        data_parameters=data_parameters,
        backend="tensorflow",
        device="cpu",
        runs_dir=runs_dir,
    )
    with showing(progress) as callback:
        return benchmark_runtimes(
            entries,
            for_entries(asked),
            registry,
            chosen,
            settings,
            data_dir=str(data_dir) if data_dir else None,
            use_plugins=bool(registry.plugins),
            callback=callback,
        )


def load_benchmark(path: str | Path) -> "BenchmarkReport":
    """Load what `BenchmarkReport.write` or `pytest bench/ --benchmark-json` wrote.

    Raises:
        ZooError: the file cannot be read, or is damaged.
    """
    from zoo.comparison import cost_table

    return cost_table.read(Path(path))
