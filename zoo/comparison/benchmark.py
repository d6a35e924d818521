"""The benchmark of costs: fresh processes, warm, measured in turn, one architecture twice."""

import contextlib
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from zoo import atomic
from zoo.comparison import cost_record
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.cost import BATCH_SIZE
from zoo.comparison.worker_process import ONE_OF_MANY, Worker
from zoo.errors import UsageError, ZooError
from zoo.reading import text_of
from zoo.runs.run import digest, now
from zoo.training.request import Request

SCHEMA = 1
AGAIN = " (again)"
"""The A/A row: the first architecture a second time; how far the two differ is noise."""

PROCESS_BYTES = 1_500_000_000
"""Memory that a waiting process is taken to hold, when deciding how many wait at a time."""


MOST = {"batch_size": 1_000_000, "processes": 100, "rounds": 10_000}
"""What a benchmark may be asked for; more is a slip of the finger."""


@dataclass(frozen=True)
class Settings:
    """How costs are measured.

    Attributes:
        batch_size: examples in a training step, for all.
        processes: fresh processes for each architecture.
        rounds: rounds of all measurements in each process.

    Raises:
        UsageError: one of them is below 1, or beyond what anybody waits for.
    """

    batch_size: int = BATCH_SIZE
    processes: int = 3
    rounds: int = 2

    def __post_init__(self):
        for name, value in asdict(self).items():
            if not 1 <= value <= MOST[name]:
                raise UsageError(f"{name} is {value}: use 1 to {MOST[name]:,}.")


DEPTHS = {"full": Settings(), "quick": Settings(processes=1)}
"""How thoroughly a comparison measures costs."""


def benchmark(
    requests: Mapping[str, Request],
    settings: Settings,
    content: Mapping[str, Any],
    callback: ComparisonCallback,
    precisions: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Measure what each request costs; a record, JSON-plain. `precisions` are those of their runs.

    Images per second and seconds are in `entries[name]["measures"]`, each with its values over the
    rounds (over the processes for `start_up`, `compile`, `compile_inference`), median and
    quartiles. `noise` has, for each measure, the second row of the first architecture over its
    first. An architecture that fails is in `problems`, and the others are measured.
    """
    session = _Session(requests, settings, content, callback, precisions or {})
    for _ in range(settings.processes):
        session.one_process_each()
    return session.record()


class _Session:
    def __init__(self, requests, settings: Settings, content, callback, precisions):
        self._settings, self._content, self._callback = settings, content, callback
        self._requests = {
            name: replace(request, changes={**request.changes, "batch_size": settings.batch_size})
            for name, request in requests.items()
        }
        first = next(iter(self._requests))
        self._requests[first + AGAIN] = self._requests[first]
        # What a recipe leaves open is chosen by an architecture's first process, for the others too.
        self._precisions = dict(precisions)
        self._facts: dict[str, dict[str, Any]] = {}
        self._values: dict[str, dict[str, list[float]]] = {name: {} for name in self._requests}
        self.problems: dict[str, str] = {}
        self._done = 0
        self._total = len(self._requests) * settings.processes * (1 + settings.rounds)

    def one_process_each(self) -> None:
        """A fresh process for each, in groups that the memory holds, measured in turn."""
        import psutil

        names = [name for name in self._requests if name not in self.problems]
        room = max(2, psutil.virtual_memory().available // PROCESS_BYTES)
        for start in range(0, len(names), room):
            with self._workers() as workers:
                for name in names[start : start + room]:
                    self._start(name, workers)
                for number in range(self._settings.rounds):
                    # Another one begins each round, so that none is always measured after the same.
                    order = list(workers)[number % max(1, len(workers)) :]
                    for name in [*order, *(each for each in list(workers) if each not in order)]:
                        self._round(name, workers)

    @contextlib.contextmanager
    def _workers(self) -> Iterator[dict[str, Worker]]:
        workers: dict[str, Worker] = {}
        try:
            yield workers
        except BaseException:
            for worker in workers.values():
                worker.kill()
            raise
        finally:
            for worker in workers.values():
                worker.finish()

    def _start(self, name: str, workers: dict[str, Worker]) -> None:
        self._callback.on_benchmark(name, self._done, self._total)
        request = self._requests[name].as_json()
        precision = self._precisions.get(name.removesuffix(AGAIN))
        worker = Worker("cost", ONE_OF_MANY, request=request, precision=precision, **self._content)
        workers[name] = worker
        event = worker.receive() or worker.death()
        self._done += 1
        if event["event"] != "ready":
            self._failed(name, event, workers)
            return
        for phase in ("start_up", "compile", "compile_inference"):
            self._note(name, phase, event["phases"][phase])
        self._facts[name] = {
            key: event[key] for key in ("identity", "conditions", "parameters", "flops", "engine")
        }
        self._precisions.setdefault(name, event["conditions"]["precision"])

    def _round(self, name: str, workers: dict[str, Worker]) -> None:
        self._callback.on_benchmark(name, self._done, self._total)
        event = workers[name].ask(measure=True)
        self._done += 1
        if event["event"] != "round":
            self._failed(name, event, workers)
            return
        for measure, value in event["measures"].items():
            self._note(name, measure, value)
        held = self._facts[name].get("peak_memory", 0)
        self._facts[name]["peak_memory"] = max(held, event["memory"])

    def _failed(self, name: str, event, workers) -> None:
        self.problems[name] = event["cause"]
        worker = workers.pop(name)
        worker.kill()
        worker.finish()

    def _note(self, name: str, measure: str, value: float) -> None:
        self._values[name].setdefault(measure, []).append(value)

    def record(self) -> dict[str, Any]:
        names = [name for name in self._requests if name not in self.problems]
        entries = {
            name: {
                **self._facts[name],
                "identity": cost_identity(self._facts[name]["identity"], self._settings.batch_size),
                "measures": {key: spread(each) for key, each in self._values[name].items()},
            }
            for name in names
        }
        first = next(iter(self._requests))
        return {
            "schema": SCHEMA,
            "created": now(),
            "settings": asdict(self._settings),
            "conditions": next(iter(entries.values()), {}).get("conditions"),
            "entries": {k: v for k, v in entries.items() if not k.endswith(AGAIN)},
            "again": entries.get(first + AGAIN),
            "noise": _noise(entries.get(first), entries.get(first + AGAIN)),
            "problems": self.problems,
        }


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median and quartiles, with the values; quartiles of one value are the value."""
    if len(values) > 1:
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    else:
        low = middle = high = values[0]
    return {"median": middle, "q1": low, "q3": high, "n": len(values), "values": list(values)}


def _noise(first, again) -> dict[str, float] | None:
    if not first or not again:
        return None
    return {
        measure: again["measures"][measure]["median"] / stat["median"]
        for measure, stat in first["measures"].items()
        if stat["median"]
    }


def cost_identity(identity: Mapping[str, Any], batch_size: int) -> dict[str, Any]:
    """What two measurements of cost must share: a run's identity without seed and batch size."""
    recipe = {**identity["recipe"], "batch_size": batch_size}
    return {**{k: v for k, v in identity.items() if k != "seed"}, "recipe": recipe}


def file_of(
    runs_dir: Path, identities: Sequence[Mapping[str, Any]], conditions, settings: Settings
) -> Path:
    """Where the costs of these architectures, measured together under these conditions, are kept."""
    wanted = [cost_identity(each, settings.batch_size) for each in identities]
    content = {
        "identities": sorted(wanted, key=lambda each: json.dumps(each, sort_keys=True)),
        "conditions": conditions,
        "settings": asdict(settings),
    }
    return runs_dir / "costs" / f"costs-{digest(content)}.json"


def read(path: Path) -> dict[str, Any]:
    """A record of costs.

    Raises:
        ZooError: it cannot be read, is damaged, or of a newer schema.
    """
    try:
        record = json.loads(text_of(path))
        schema, _ = record["schema"], record["entries"]
    except OSError as error:
        raise ZooError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ZooError(f"{path}: is no record of zoo bench, or damaged ({error}).") from error
    if schema != SCHEMA:
        raise ZooError(f"{path}: has schema {schema!r:.20}; this archzoo reads {SCHEMA}.")
    if fault := cost_record.fault(record):
        raise ZooError(f"{path}: is damaged ({fault:.200} is nothing that archzoo writes).")
    return record


def write(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_text(path, json.dumps(record, indent=2) + "\n")
