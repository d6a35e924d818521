"""Exporting a finished run: `export` and `load_export`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, DatasetLike
from zoo.api.finding import load_run
from zoo.errors import UsageError
from zoo.exporting.exporter import Export as Export
from zoo.exporting.exporter import load_export as load_export
from zoo.exporting.formats import PAGE, Format, Quantize
from zoo.registry import Registry

if TYPE_CHECKING:
    from zoo.runs.run import Run
    from zoo.serving.page.page_export import PageExport


def export(
    run: "Run | str | Path | Sequence[Run | str | Path]",
    format: "Format | Literal['html']" = "onnx",
    *,
    out: str | Path | None = None,
    quantize: Quantize | None = None,
    dataset: DatasetLike | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    trust_source: bool = False,
    on_stage: Callable[[str], None] = lambda text: None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> "Export | PageExport":
    """Export a finished run to a file of another runtime, and prove that it answers alike.

    The file takes samples as they are stored in the dataset, `(batch, *shape)` named `samples`: scaling
    and layout are inside. It gives `logits` and `probabilities`, `(batch, classes)` float32. It is run
    in its own runtime on the test set, beside Keras; the result is in `FILE.export.json`.

    `html` is a page on which one draws or speaks and every model answers: one file with the ONNX models
    and their runtime inside, which needs no network. Its models are run in a headless Chromium, if there
    is one.

    Args:
        run: as `load_run` takes it; for `html` also a list of runs.
        format: `onnx`, `litert`, `saved_model`, `keras` or `html`.
        out: the file, or for `saved_model` the folder; by default in `export/` in the run's folder. An
            earlier export there is replaced, anything else is not.
        quantize: store weights as `float16`; or `int8`, with values in int8 where the runtime has
            operations for them, whose ranges come from 200 training samples.
        dataset: prove it on this dataset's test set; by default the run's own. It is as `train` takes
            it.
        data_parameters: parameters of `dataset`.
        trust_source: run the Python file in the run's folder although you never trained with it here.
        on_stage: called with what is done now, in a few words.
        runs_dir: the folder that holds the runs.
        data_dir: a folder that holds datasets; by default `ZOO_DATA_DIR`.
        registry: as for `train`.

    Returns:
        `path` and `report`: differences, accuracy, size, latency, throughput.

    Raises:
        UsageError: the run is not finished, the format is unknown or not installed, or something that
            is no export is at `out`.
        DataError: the data that prove it are missing or damaged.
        ZooError: the format cannot hold the model, or its answers differ beyond rounding. What was at
            `out` stays as it was.

    Example:
        >>> zoo.export("last", "onnx").report.parity.changed  # doctest: +SKIP
        0
    """
    options: dict[str, Any] = {
        "out": out,
        "dataset": dataset,
        "data_parameters": data_parameters,
        "trust_source": trust_source,
        "on_stage": on_stage,
        "data_dir": data_dir,
        "registry": arguments.find_registry(registry),
    }
    if isinstance(run, Sequence) and not isinstance(run, str):
        runs = [load_run(each, runs_dir) for each in run]
        _check_several(runs, format)
        first, *others = runs
        return first.export(format, quantize=quantize, beside=others, **options)
    return load_run(run, runs_dir).export(format, quantize=quantize, **options)


def _check_several(runs: "Sequence[Run]", format: str) -> None:
    if not runs:
        raise UsageError("`run` is an empty list; give at least one run.")
    if len(runs) > 1 and format != PAGE:
        raise UsageError(
            f"`format={format!r}` holds one run; {len(runs)} were given. Use `format={PAGE!r}`."
        )
