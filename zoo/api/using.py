"""Using a finished run: `predict` and `evaluate`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.api.arguments import RUNS_DIR, Backend, DatasetLike, Device, located
from zoo.api.finding import load_run
from zoo.registry import Registry

if TYPE_CHECKING:
    from zoo.inference import Evaluation, Predictions, Runtime
    from zoo.runs.run import Run


def predict(
    run: "Run | str | Path",
    images: "str | Path | Sequence[str | Path] | Any",
    *,
    invert: bool | None = None,
    backend: Backend | None = None,
    device: Device = "auto",
    runtime: "Runtime" = "auto",
    trust_source: bool = False,
    runs_dir: str | Path = RUNS_DIR,
    registry: Registry | None = None,
) -> "Predictions":
    """Classify samples with a finished run.

    Args:
        run: as `load_run` takes it.
        images: paths of image files, or of sound files or films, if the run was trained on such; or an
            array `(N, *shape)`, or one sample `shape`.
        invert, backend, device, runtime, trust_source, registry: as for `Run.predict`.
        runs_dir: the folder that holds the runs.

    Returns:
        `labels` (N names), `probabilities` `(N, classes)`, and `to_frame()`.

    Raises:
        UsageError: the run is not finished, or the samples do not fit what it was trained on.
        DataError: a file is missing or damaged.

    Example:
        >>> zoo.predict("last", "seven.png").labels  # doctest: +SKIP
        ['7']
    """
    return load_run(run, runs_dir).predict(
        images,
        invert=invert,
        backend=backend,
        device=device,
        runtime=runtime,
        trust_source=trust_source,
        registry=registry,
    )


def evaluate(
    run: "Run | str | Path",
    dataset: DatasetLike | None = None,
    *,
    data_parameters: Mapping[str, Any] | None = None,
    tta_shift: int | None = None,
    invert: bool | None = None,
    backend: Backend | None = None,
    device: Device = "auto",
    trust_source: bool = False,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> "Evaluation":
    """Measure a finished run on a test set: that of its own dataset by default.

    Args:
        run: as `load_run` takes it.
        dataset: as `train` takes it.
        data_parameters: parameters of the dataset; others stay as in training.
        tta_shift: pixels of test-time augmentation; by default the recipe's.
        invert, backend, device, trust_source, registry: as for `Run.predict`.
        runs_dir: the folder that holds the runs.
        data_dir: a folder that holds datasets; by default `ZOO_DATA_DIR`.

    Returns:
        `metrics` as the run has them, and `notes` on what was converted.

    Raises:
        UsageError: the run is not finished, or the samples or classes are not those it knows.
        DataError: the data are missing or damaged.

    Example:
        >>> zoo.evaluate("last").metrics["test_accuracy"]  # doctest: +SKIP
        0.91
    """
    return load_run(run, runs_dir).evaluate(
        None if dataset is None else located(dataset, data_dir),
        data_parameters=data_parameters,
        tta_shift=tta_shift,
        invert=invert,
        backend=backend,
        device=device,
        trust_source=trust_source,
        data_dir=data_dir,
        registry=registry,
    )
