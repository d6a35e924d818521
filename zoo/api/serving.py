"""Serving finished runs over HTTP: `serve`."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR
from zoo.api.finding import load_run
from zoo.environment import usable_cores
from zoo.errors import UsageError
from zoo.registry import Registry
from zoo.serving.packages import check_installed
from zoo.serving.serve_options import ServeOptions as ServeOptions
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.exporting.exporter import Settings
    from zoo.runs.run import Run
    from zoo.serving.http_server import Server
    from zoo.serving.named_models import ServedFile

MOST_WORKERS = 64
SERVED_BY = ("auto", "onnx", "keras")


def serve(
    runs: "Run | str | Path | Sequence[Run | str | Path] | Mapping[str, Run | str | Path]",
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    runtime: Literal["auto", "onnx", "keras"] = "auto",
    options: ServeOptions | None = None,
    block: bool = True,
    trust_source: bool = False,
    on_stage: Callable[[str], None] = lambda text: None,
    on_ready: "Callable[[Server], None]" = lambda server: None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> "Server":
    """Serve finished runs over HTTP, with ONNX Runtime or Keras underneath.

    A run without a current `export/model.onnx` is exported first, with its proof. The addresses are
    described in docs/serve.md, and by the server at `/docs`.

    Args:
        runs: one or several, each as `load_run` takes it, or an ONNX file that archzoo exported. A model
            is called as its architecture, or as its run where two share one; `"NAME=RUN"`, or a mapping
            from names to runs, choose other names.
        host: the address to listen at. Everybody who reaches it may use the models.
        port: by default 8000; 0 is a free one.
        workers: processes, each with all models.
        runtime: what answers: `onnx`, `keras` (on TensorFlow and the CPU; runs only), or `auto`: Keras for
            runs with which the proof of the export measured it to answer one sample sooner, on this
            machine and with these versions; else ONNX Runtime.
        options: sizes of batches, and limits.
        block: serve until SIGINT or SIGTERM, then answer what was accepted, and return. With False, serve
            in a thread until `Server.stop`.
        trust_source: export runs that bring a Python file although you never trained with them here.
        on_stage: called with what is done before, in a few words.
        on_ready: called with the server when it takes requests.
        runs_dir: the folder that holds the runs.
        data_dir: a folder that holds datasets, for the proof of an export.
        registry: as for `train`.

    Returns:
        The server: `url`, `models`, `stop()`; a context manager that stops it at its end.

    Raises:
        UsageError: a run is not finished, two models have one name, packages are missing, or Keras is to
            answer for a file.
        DataError: the data that prove an export are missing.
        ZooError: the port is in use, or a run cannot be exported.

    Example:
        >>> with zoo.serve("last", port=0, block=False) as server:  # doctest: +SKIP
        ...     server.url
        'http://127.0.0.1:40321'
    """
    check_installed()
    if not 1 <= workers <= MOST_WORKERS:
        raise UsageError(f"`workers={workers}`: use 1 to {MOST_WORKERS}.")
    from zoo.exporting.exporter import Settings
    from zoo.serving.http_server import Server, listen

    if runtime not in SERVED_BY:
        raise UsageError(unknown("runtime", runtime, SERVED_BY))
    options = options or ServeOptions(threads=max(1, usable_cores() // workers))
    sources = _sources(runs, Path(runs_dir))
    if runtime == "keras" and (files := [file for file, run in sources if run is None]):
        raise UsageError(f"`runtime='keras'`: {files[0].path} is a file; give its run.")
    sock = listen(host, port)
    try:
        spare = tempfile.TemporaryDirectory(prefix="zoo-serve-")
        found = arguments.find_registry(registry)
        settings = Settings(
            data_dir=str(data_dir) if data_dir else None,
            trust_source=trust_source,
            use_plugins=bool(found.plugins),
        )
        files = [_exported(each, runtime, settings, Path(spare.name), on_stage) for each in sources]
        server = Server(files, sock, host, options, workers, kept=spare)
    except BaseException:
        sock.close()
        raise
    if block:
        server.run(on_ready)
    else:
        on_ready(server.start())
    return server


def _sources(runs: object, runs_dir: Path) -> "list[tuple[ServedFile, Run | None]]":
    """What is to be served, with its name; the paths of runs are not known yet."""
    from zoo.runs.run import Run
    from zoo.serving.named_models import by_name, names_of

    if isinstance(runs, str | Path | Run):
        runs = [runs]
    if not isinstance(runs, Mapping | Sequence):
        raise UsageError(f"`runs` is {type(runs).__name__}; give runs, names or paths.")
    found = [_source(name, run, runs_dir) for name, run in by_name(runs)]
    names = names_of(file for file, _ in found)
    return [(replace(file, name=name), run) for (file, run), name in zip(found, names, strict=True)]


def _source(name: str, given: object, runs_dir: Path) -> "tuple[ServedFile, Run | None]":
    from zoo.runs.run import Run
    from zoo.serving.loaded_model import read_metadata
    from zoo.serving.named_models import ServedFile

    if not isinstance(given, str | Path | Run):
        raise UsageError(f"a {type(given).__name__} cannot be served; give runs, names or paths.")
    if isinstance(given, str | Path) and Path(given).suffix.lower() == ".onnx":
        path = Path(given)
        if not path.is_file():
            raise UsageError(f"{path}: there is no such file.")
        known = read_metadata(path)
        return ServedFile(
            path, known.get("architecture", path.stem), known.get("run", ""), name
        ), None
    run = load_run(given, runs_dir)
    return ServedFile(run.folder, run.record.architecture.name, run.name, name, run.folder), run


def _exported(
    source: "tuple[ServedFile, Run | None]",
    runtime: Literal["auto", "onnx", "keras"],
    settings: "Settings",
    spare: Path,
    on_stage: Callable[[str], None],
) -> "ServedFile":
    from zoo.serving.current_export import current_export

    file, run = source
    if run is None:
        return file
    path = current_export(run, settings, spare, on_stage)
    return replace(
        file,
        path=path,
        runtime=_runtime(path) if runtime == "auto" else runtime,
        use_plugins=settings.use_plugins,
        trust_source=settings.trust_source,
    )


def _runtime(path: Path) -> Literal["onnx", "keras"]:
    """The one that was measured to answer one sample sooner."""
    from zoo.exporting.export_report import read_report
    from zoo.exporting.fast_answers import keras_is_faster

    return "keras" if keras_is_faster(read_report(path), 1) else "onnx"
