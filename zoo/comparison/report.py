"""A comparison as a document: everything the table, the files and the page are made of."""

import statistics as middle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from zoo.comparison import columns, conditions
from zoo.comparison import significance as judge
from zoo.comparison.benchmark import cost_identity
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.ensembles import make_ensembles
from zoo.comparison.results import Result, resolved_recipe
from zoo.errors import ZooError
from zoo.metrics import explained_by_majority, majority
from zoo.runs.run import Run, now
from zoo.version import __version__

if TYPE_CHECKING:
    import numpy as np

SCHEMA = 1
THROUGHPUT = "infer_256"
"""The measure of inference throughput in the table and on the Pareto front."""

MOST_PAIRS = 10_000
"""Pairs in a document: those of 141 architectures. Nobody reads more, and memory would not hold all."""

MEASURES = {
    "train_images_per_second": "train",
    "inference_images_per_second": THROUGHPUT,
    "latency_p50": "latency_p50",
    "latency_p99": "latency_p99",
    "compile_seconds": "compile",
}


@dataclass(frozen=True)
class ReportInfo:
    """What a comparison is told about itself.

    Attributes:
        command: as it was typed.
        target: the validation accuracy that is timed.
        mixed: what differs between its runs and should not.
        harness: wall time and overhead of making it; None for runs made elsewhere.
        notes: further lines for the table's foot.
    """

    command: str
    target: float
    mixed: Sequence[str] = ()
    harness: Mapping[str, Any] | None = None
    notes: Sequence[str] = field(default_factory=list)


def right_answers(result: Result, done: Callable[[int], object]) -> "np.ndarray":
    """`(seeds, examples)`: 1.0 where a run's answer is the label. `done` is told of each run read.

    Raises:
        ZooError: predictions cannot be read.
    """
    import numpy as np

    rows = []
    for run in result.runs:
        done(1)
        try:
            logits, labels = run.read_predictions()
        except (OSError, ValueError, KeyError) as error:
            raise ZooError(f"{run.folder}/predictions.npz: cannot be read ({error}).") from error
        rows.append((logits.argmax(axis=-1) == labels).astype("float64"))
    return np.stack(rows)


def make_document(
    results: Sequence[Result],
    cost: Mapping[str, Any] | None,
    about: ReportInfo,
    callback: ComparisonCallback | None = None,
) -> dict[str, Any]:
    """Judge the results; a document, JSON-plain. Rows come best first, failed ones last.

    Raises:
        ZooError: no result has a run.
    """
    present = [result for result in results if result.runs]
    if not present:
        causes = "; ".join(f"{r.name}: {_problem(r)}" for r in results)
        raise ZooError(f"nothing to compare: no run is finished. {causes}")
    progress = _Progress(callback or ComparisonCallback(), present)
    correct = {result.name: right_answers(result, progress.read) for result in present}
    pairs = judge.differences(correct, progress.tested)
    ranks = judge.ranks(list(correct), pairs.told_apart)
    rows = [_row(result, correct.get(result.name), ranks, cost, about) for result in results]
    _mark_pareto(rows)
    notes = [
        *about.notes,
        *_left_out(pairs),
        *_majority(rows, present[0]),
        *_overrides(present),
        *_shifted(present),
        *_disturbed(present),
        *_unmeasured(rows, cost),
    ]
    rows.sort(key=lambda row: (row["accuracy"] is None, -(row["accuracy"] or 0)))
    for row in rows:
        row["text"] = {column.key: columns.write(column, row) for column in columns.COLUMNS}
    return {
        "schema": SCHEMA,
        "created": now(),
        "archzoo": __version__,
        "command": about.command,
        **_setting(present[0]),
        "mixed": list(about.mixed),
        "notes": notes,
        "target": about.target,
        "methods": {**judge.METHODS, "ensemble": columns.ENSEMBLE},
        "columns": [
            {
                "key": column.key,
                "title": column.title,
                "unit": column.unit,
                "group": column.group,
                "explanation": column.explanation,
            }
            for column in columns.COLUMNS
        ],
        "rows": rows,
        "ensembles": make_ensembles(_best_first(present, correct), correct, progress.added),
        "pairs": [_pair(pair, correct) for pair in pairs[:MOST_PAIRS]],
        "noise": _noise(correct, cost),
        "cost": _cost_summary(cost),
        "harness": about.harness,
        "runs": [_run(result.name, run) for result in present for run in result.runs],
        "repeat": _repeat(present, about.command),
    }


class _Progress:
    """Tells a callback how far the judging of many runs is."""

    def __init__(self, callback: ComparisonCallback, results: Sequence[Result]):
        self._callback, self._read = callback, 0
        self._results, self._runs = len(results), sum(len(result.runs) for result in results)

    def read(self, count: int) -> None:
        self._read += count
        self._callback.on_progress("reading predictions", self._read, self._runs)

    def tested(self, done: int) -> None:
        self._callback.on_progress("testing pairs", done, self._results)

    def added(self, done: int) -> None:
        self._callback.on_progress("answers together", done, self._runs)


def _left_out(pairs: Sequence[judge.Difference]) -> list[str]:
    if len(pairs) <= MOST_PAIRS:
        return []
    return [
        f"of {len(pairs):,} pairs the {MOST_PAIRS:,} with the largest differences are listed; ranks "
        "and corrected p values are of all"
    ]


def _majority(rows: Sequence[Mapping[str, Any]], result: Result) -> list[str]:
    """What the largest class of the test set explains; nothing where its share is an ordinary one."""
    labels, classes = (
        result.runs[0].read_predictions()[1],
        result.runs[0].record["dataset"]["classes"],
    )
    largest, share = majority(labels)
    line = explained_by_majority(1.0, share, classes[largest], len(classes))
    if no_better := [
        row["name"] for row in rows if row["interval"] and row["interval"][0] <= share
    ]:
        line = explained_by_majority(0.0, share, classes[largest], len(classes))
        line = f"{', '.join(no_better)}: {line}"
    return [line] if line else []


def _best_first(results: Sequence[Result], correct) -> list[Result]:
    return sorted(results, key=lambda result: -correct[result.name].mean())


def _setting(result: Result) -> dict[str, Any]:
    record = result.runs[0].record
    environment = record["environment"]
    return {
        "dataset": {
            "name": record["dataset"]["name"],
            **({"parameters": chosen} if (chosen := record["dataset"].get("parameters")) else {}),
            "classes": record["dataset"]["classes"],
            "sizes": record["dataset"]["sizes"],
            "origin": record["dataset"]["origin"],
            "layout": record["input"]["source"],
            "checksums": record["identity"]["checksums"],
        },
        "recipe": dict(resolved_recipe(result)),
        "conditions": {
            "backend": record["backend"],
            "device": {key: record["device"][key] for key in ("kind", "name")},
            "precision": record["precision"],
            "cores": environment["cores"],
            "versions": record["sessions"][-1]["versions"],
            "machine": {
                key: environment[key]
                for key in ("system", "processor", "memory_bytes", "driver", "gpu", "cuda")
                if key in environment
            },
            "engine": record["engine"],
        },
    }


def _row(result: Result, correct, ranks, cost, about: ReportInfo) -> dict[str, Any]:
    problem = _problem(result)
    row: dict[str, Any] = dict.fromkeys(
        ("accuracy", "interval", "rank", "parameters", "flops", "peak_memory", "target", *MEASURES)
    )
    row |= {
        "name": result.name,
        "status": "failed" if correct is None else "partial" if problem else "ok",
        "problem": problem,
        "failures": [asdict(failure) for failure in result.failures],
        "seeds": [run.record["seed"] for run in result.runs],
        "accuracies": [],
        "pareto": False,
        "origin": None,
        "layout": None,
        "conversion": None,
        "hyperparameters": {},
    }
    if correct is None:
        return row
    first = result.runs[0].record
    estimate = judge.mean_accuracy(correct)
    return row | {
        "origin": {**first["architecture"]["origin"], "file": _file(first)},
        "layout": first["architecture"]["layout"],
        "input": first["input"],
        "conversion": result.runs[0].conversion,
        "recipe": first["recipe"]["digest"],
        "hyperparameters": first["architecture"]["hyperparameters"],
        "accuracies": [float(each) for each in correct.mean(axis=1)],
        "accuracy": estimate.value,
        "interval": [estimate.low, estimate.high],
        "rank": list(ranks[result.name]),
        "parameters": first["parameters"]["trainable"],
        "flops": first["flops_per_sample"],
        "peak_memory": max(_memory(run) for run in result.runs),
        "target": time_to_target(result.runs, about.target),
        **_costs(result, cost),
    }


def _file(record: Mapping[str, Any]) -> str:
    """The name alone: where a file lay says much about a machine and nothing about a result."""
    return record["architecture"]["origin"]["file"].replace("\\", "/").rpartition("/")[2]


def _memory(run: Run) -> int:
    held = run.record["peak_memory"]
    return held["device_bytes"] or held["host_bytes"]


def _problem(result: Result) -> str:
    """One line: which seeds have no result, and why."""
    causes: dict[str, list[int]] = {}
    for failure in result.failures:
        cause = failure.cause
        text = cause if failure.status in ("failed", "crashed", "killed") else ""
        text = text or f"{failure.status}: {cause}"
        causes.setdefault(text, []).append(failure.seed)
    return "; ".join(
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}: {cause}"
        for cause, seeds in causes.items()
    )


def _costs(result: Result, cost: Mapping[str, Any] | None) -> dict[str, Any]:
    """From the benchmark; without one the training throughput that the runs themselves saw."""
    entry = matching_cost(result, cost)
    if entry:
        return {
            key: _without_values(entry["measures"].get(measure))
            for key, measure in MEASURES.items()
        }
    speeds = [middle.median(run.record["timings"]["images_per_second"]) for run in result.runs]
    compiling = [run.record["timings"]["compile"] for run in result.runs]
    return {
        "train_images_per_second": _spread(speeds),
        "compile_seconds": _spread(compiling),
        "from_runs": True,
    }


def _spread(values: list[float]) -> dict[str, Any] | None:
    from zoo.comparison.benchmark import spread

    return _without_values(spread(values))


def _without_values(stat: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if stat is None else {key: value for key, value in stat.items() if key != "values"}


def matching_cost(result: Result, cost: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The benchmark's entry for what this result's runs trained, under the same conditions."""
    if cost is None or result.identity is None:
        return None
    wanted = cost_identity(result.identity, cost["settings"]["batch_size"])
    here = conditions.of_run(result.runs[0])
    for entry in cost["entries"].values():
        if entry["identity"] == wanted and entry["conditions"] == here:
            return entry
    return None


def time_to_target(runs: Sequence[Run], target: float) -> dict[str, Any] | None:
    """When the runs reached a validation accuracy; None where none was measured.

    `epochs` and `seconds` (of training steps) are medians over the seeds that reached it, None if
    none did.
    """
    import numpy as np

    if not runs[0].validates:
        return None
    hits = []
    for run in runs:
        seconds = np.cumsum(run.record["timings"]["epochs"])
        reached = [
            (row["epoch"], float(at))
            for row, at in zip(run.read_history(), seconds, strict=False)
            if row["val_accuracy"] >= target
        ]
        hits += reached[:1]
    return {
        "reached": len(hits),
        "of": len(runs),
        "epochs": middle.median(epoch for epoch, _ in hits) if hits else None,
        "seconds": middle.median(at for _, at in hits) if hits else None,
    }


def _mark_pareto(rows: Sequence[dict[str, Any]]) -> None:
    points = {
        row["name"]: (row["accuracy"], row["inference_images_per_second"]["median"])
        for row in rows
        if row["accuracy"] is not None and row["inference_images_per_second"]
    }
    front = judge.pareto(points)
    for row in rows:
        row["pareto"] = row["name"] in front


def _pair(pair: judge.Difference, correct) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "difference": pair.value,
        "interval": [pair.low, pair.high],
        "p": pair.p,
        "p_adjusted": pair.p_adjusted,
        "test": pair.test,
        "different": pair.different,
        "seeds": min(len(correct[pair.first]), len(correct[pair.second])),
    }


def _noise(correct, cost) -> dict[str, Any]:
    accuracy = judge.seed_noise(correct)
    lines = []
    if accuracy is not None:
        lines.append(
            f"two seeds of one architecture differ by {100 * accuracy:.2f} points of accuracy "
            "(root mean square over all such pairs)"
        )
    ratios = cost["noise"] if cost else None
    if ratios:
        worst = max(ratios, key=lambda key: abs(ratios[key] - 1))
        lines.append(
            f"one architecture measured twice: training {ratios['train']:.2f} ×, inference "
            f"{ratios[THROUGHPUT]:.2f} ×, latency {ratios['latency_p50']:.2f} ×; worst of all "
            f"measures {worst} {ratios[worst]:.2f} ×"
        )
    return {"accuracy": accuracy, "cost": ratios, "text": "; ".join(lines)}


def _cost_summary(cost: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    return {
        "created": cost["created"],
        **cost["settings"],
        "conditions": cost["conditions"],
        "problems": cost["problems"],
        "entries": {
            name: {key: _without_values(stat) for key, stat in entry["measures"].items()}
            for name, entry in cost["entries"].items()
        },
    }


def _disturbed(results: Sequence[Result]) -> list[str]:
    names = [
        result.name
        for result in results
        if any(each.get("alongside") for run in result.runs for each in run.record["sessions"])
    ]
    if not names:
        return []
    return [
        "seconds to target are disturbed: some runs shared the machine, or a program, with others "
        f"({', '.join(names)})"
    ]


def _shifted(results: Sequence[Result]) -> list[str]:
    """Which rows use test-time augmentation, and that the costs are those of one forward pass."""
    whose: dict[tuple[int, int], list[str]] = {}
    for result in results:
        recipe = result.runs[0].recipe
        if recipe.tta_shift:
            whose.setdefault((recipe.tta_shift, recipe.tta_copies), []).append(result.name)
    return [
        f"tta_shift {most}{'' if len(names) == len(results) else ' of ' + ', '.join(names)}: test "
        f"and validation predictions average {copies} copies, shifted by up to {most} "
        f"pixel{'s' * (most > 1)}; inference samples/s and latency are those of one copy"
        for (most, copies), names in whose.items()
    ]


def _unmeasured(rows: Sequence[Mapping[str, Any]], cost) -> list[str]:
    names = [row["name"] for row in rows if row.get("from_runs")]
    if cost is None or not names:
        return []
    return [
        f"not in the benchmark: {', '.join(names)}; their training samples/s and compile are what "
        "their runs saw"
    ]


def _overrides(results: Sequence[Result]) -> list[str]:
    """What the recipe has for some architectures alone; nobody should have to look for it."""
    recipes = {result.name: resolved_recipe(result) for result in results}
    lines = []
    for key in next(iter(recipes.values())):
        values = [(name, recipe[key]) for name, recipe in recipes.items()]
        if key != "digest":
            lines += conditions.differing({f"the recipe differs in {key}": values})
    return lines


def _repeat(results: Sequence[Result], command: str) -> list[str]:
    """What to type to make the comparison again, with the same versions."""
    versions = dict(conditions.of_run(results[0].runs[0]))
    for fact in ("backend", "device", "precision", "python"):
        versions.pop(fact)
    files = []
    for result in results:
        origin = result.runs[0].record["architecture"]["origin"]
        if origin["file"]:
            files.append(f"# {result.name}: the file with SHA-256 {origin['sha256']}")
        else:
            versions[origin["distribution"]] = origin["version"]
    pins = " ".join(f"{name}=={version}" for name, version in versions.items())
    return [f"python -m pip install {pins}", *files, command]


def _run(name: str, run: Run) -> dict[str, Any]:
    record = run.record
    return {
        "architecture": name,
        "seed": record["seed"],
        "run": run.name,
        "test_accuracy": record["metrics"]["test_accuracy"],
        "conditions": conditions.of_run(run),
        "commit": (record["environment"].get("git") or {}).get("commit"),
        "predictions_sha256": record["files"]["predictions.npz"],
    }
