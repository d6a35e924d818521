"""Advising: `advise`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo.advised import Advice
from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, ArchitectureLike, Backend, DatasetLike, Device
from zoo.api.compared_architectures import for_entries, showing
from zoo.errors import UsageError
from zoo.materials import architecture_text
from zoo.registry import Registry
from zoo.training.request import DEFAULT_DATASET, Request

if TYPE_CHECKING:
    from zoo.advising.advice_folder import AdviceFolder
    from zoo.advising.advice_record import AdviceRecord
    from zoo.advising.advisor import Advisor
    from zoo.advising.asking import Question
    from zoo.comparison.callback import ComparisonCallback

ADVICE_DIR = "advice"
AnswerRuntime = Literal["auto", "keras", "onnx"]


def advise(
    dataset: DatasetLike = DEFAULT_DATASET,
    *,
    latency: str | float | None = None,
    memory: str | int | None = None,
    parameters: str | int | None = None,
    minutes: float = 30,
    architectures: Sequence[ArchitectureLike] | Literal["all"] = (),
    seeds: int = 5,
    runtime: AnswerRuntime = "auto",
    recipe: str | Path | None = None,
    data_parameters: Mapping[str, Any] | None = None,
    recipe_changes: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
    device: Device = "auto",
    progress: bool | None = None,
    advice_dir: str | Path = ADVICE_DIR,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
    command: str = "zoo.advise(...)",
) -> Advice:
    """Find the architecture and size to take within limits, by measuring and training on this machine.

    Each candidate is measured with new weights. Those that keep to the limits are trained shortly, and the
    better third longer (successive halving, Jamieson and Talwalkar 2016, on validation data alone). The
    finalists are trained to the end with several seeds and tested once. The same call goes on after Ctrl-C;
    with more `minutes` or other limits, what was measured and trained is used again.

    Args:
        dataset, recipe, data_parameters, recipe_changes, backend, device, runs_dir, data_dir, progress,
            registry: as for `train`.
        latency: the most that one sample may take, the median: `"5ms"`, `"0.005s"`, or seconds.
        memory: the most that the answering process may hold: `"200MB"`, `"1GiB"`, or bytes.
        parameters: the most trainable parameters: `"500k"`, `"2M"`, or a number.
        minutes: how long all of it may take; predicted, so it may end a little later.
        architectures: names, each tried in all its sizes; `NAME@SIZE` in that one alone; `"all"` that are
            installed. By default those whose layout is the dataset's.
        seeds: of each finalist, at most.
        runtime: what answers: `onnx` (ONNX Runtime, in a process that does nothing else), `keras` (in a
            process that trains, too, so its memory is larger), or `auto`: `onnx` if it is installed.
        advice_dir: the folder that keeps advices.
        command: what to type to repeat the advice, for the page.

    Returns:
        The advice: `name`, `told`, `text`, `to_frame()`, `to_html(path)`.

    Raises:
        UsageError: an argument is not allowed, no candidate keeps to the limits (the nearest is named), or
            the minutes are too few for one training.
        DataError: the data are missing or damaged.
        ZooError: no candidate could be trained, or a folder cannot be written.
        Interrupted: Ctrl-C; the same call goes on.

    Example:
        >>> advice = zoo.advise("digits", latency="5ms", minutes=10)  # doctest: +SKIP
        >>> advice.name, advice.told  # doctest: +SKIP
        ('cnn@small', False)
    """
    from zoo.advising.advice_folder import advice_folder
    from zoo.advising.asking import begun
    from zoo.advising.limits import limits_of, seconds_of_minutes

    limits = limits_of(latency, memory, parameters)
    seconds_of_minutes(minutes)
    arguments.check_seeds(seeds)
    found = arguments.find_registry(registry)
    request = arguments.make_request(
        "", arguments.located(dataset, data_dir), recipe=recipe, changes=recipe_changes,
        data_parameters=data_parameters, backend=backend, device=device, runs_dir=runs_dir,
    )  # fmt: skip
    texts = [architecture_text(each, Path(runs_dir)) for each in _named(architectures)]
    with showing(progress) as callback:
        question = _question(
            found, request, texts, callback,
            everything=architectures == "all", limits=limits, runtime=_runtime(runtime), seeds=seeds,
            data_dir=data_dir,
        )  # fmt: skip
        asked = question.asked()
        folder = advice_folder(asked, Path(advice_dir))
        with folder.locked():
            record = begun(folder, question, asked, minutes, command)
            if not record.complete:
                for note in record.notes:
                    callback.on_note(note)
                _advisor(
                    folder, record, question, request, runs_dir, data_dir, found, callback
                ).run()
    return Advice(record, folder.folder)


def _named(architectures: Sequence[ArchitectureLike] | str) -> Sequence[ArchitectureLike]:
    if architectures == "all":
        return []
    if isinstance(architectures, str):
        return [architectures]
    return architectures


def _runtime(runtime: str) -> str:
    from zoo.exporting.formats import FORMATS, missing
    from zoo.suggest import unknown

    known = ("auto", "keras", "onnx")
    if runtime not in known:
        raise UsageError(unknown("runtime", runtime, known))
    absent = missing(FORMATS["onnx"])
    if runtime == "onnx" and absent:
        raise UsageError(f"onnx needs {', '.join(absent)}: pip install 'archzoo[onnx]'")
    return "onnx" if runtime != "keras" and not absent else "keras"


def _question(
    registry: Registry,
    request: Request,
    texts: Sequence[str],
    callback: "ComparisonCallback",
    *,
    everything: bool,
    data_dir: str | Path | None,
    **options: Any,
) -> "Question":
    """Look everything up; nothing is measured."""
    from zoo.advising.asking import Question
    from zoo.advising.candidates import candidates_of
    from zoo.datasets.catalog import find_dataset

    dataset = find_dataset(request.dataset, registry, request.data_settings).decided()
    entries = candidates_of(
        registry, texts, dataset.layout, everything=everything, on_note=callback.on_note
    )
    asking = for_entries(request)
    plans = {entry.name: asking(entry).plan(registry) for entry in entries}
    first = next(iter(plans.values()))
    arrays = first.dataset.load(arguments.find_locations(data_dir))
    return Question(
        entries=entries, plans=plans, arrays=arrays, data_settings=request.data_settings, **options
    )


def _advisor(
    folder: "AdviceFolder",
    record: "AdviceRecord",
    question: "Question",
    request: Request,
    runs_dir: str | Path,
    data_dir: str | Path | None,
    registry: Registry,
    callback: "ComparisonCallback",
) -> "Advisor":
    from zoo.advising.advisor import Advisor
    from zoo.comparison.workplace import Workplace

    where = str(data_dir) if data_dir else None
    return Advisor(
        folder=folder,
        record=record,
        entries=question.entries,
        request=for_entries(request),
        batch_size=question.plan.recipe.batch_size,
        workplace=Workplace(Path(runs_dir), where, use_plugins=bool(registry.plugins)),
        registry=registry,
        locations=arguments.find_locations(data_dir),
        callback=callback,
    )
