"""The benchmark of costs: fresh processes, warm, measured in turn, one architecture twice."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.cost import BATCH_SIZE
from zoo.comparison.cost_record import (
    AGAIN,
    BenchmarkReport,
    CostEntry,
    MeasuredWith,
    cost_identity,
    noise,
    spread,
)
from zoo.comparison.entries import Entry
from zoo.comparison.executors.executor import Executor, TaskProcess
from zoo.comparison.executors.local_executor import LocalExecutor
from zoo.comparison.messages import AnyEvent, CostTask, Ended, Measure, Ready, Round
from zoo.comparison.schema import Conditions
from zoo.errors import UsageError
from zoo.registry import Registry
from zoo.runs.files import digest, now
from zoo.training.backend import shared_gpu_variables
from zoo.training.request import Request

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

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 1 <= value <= MOST[name]:
                raise UsageError(f"`{name}={value}`: use 1 to {MOST[name]:,}.")


DEPTHS = {"full": Settings(), "quick": Settings(processes=1)}
"""How thoroughly a comparison measures costs."""


def run_benchmark(
    entries: Sequence[Entry],
    request: Callable[[Entry], Request],
    registry: Registry,
    *,
    settings: Settings,
    data_dir: str | None = None,
    use_plugins: bool = True,
    callback: ComparisonCallback,
) -> BenchmarkReport:
    """Measure what architectures cost.

    Each has fresh processes, is warmed up, and is measured in turn with the others; the first is
    measured twice, and how far those two differ is noise.

    Args:
        entries: what is measured.
        request: makes an entry's request; its batch size is that of the settings.
        registry: knows the architectures and datasets.
        settings: how it is measured.
        data_dir: where data are; None: the usual places.
        use_plugins: whether workers load plugins.
        callback: its hooks are called.

    Returns:
        A row for each architecture that could be measured; the others are in its `problems`.

    Raises:
        UsageError: a name or a value is unknown.
    """
    requests = {entry.name: request(entry) for entry in entries if not entry.problem}
    for each in requests.values():
        each.plan(registry)  # every name and value is checked before a process is started
    report = measure(requests, settings, data_dir, callback, use_plugins=use_plugins)
    report.problems |= {entry.name: entry.problem for entry in entries if entry.problem}
    return report


def measure(
    requests: Mapping[str, Request],
    settings: Settings,
    data_dir: str | None,
    callback: ComparisonCallback,
    *,
    use_plugins: bool,
    precisions: Mapping[str, str] | None = None,
    executor: Executor | None = None,
) -> BenchmarkReport:
    """Measure what each request costs; `precisions` are those of their runs.

    `executor` starts the processes; None: they are started on this machine.
    """
    session = _Session(
        requests,
        settings,
        data_dir,
        callback,
        use_plugins,
        precisions or {},
        executor or LocalExecutor(),
    )
    for _ in range(settings.processes if requests else 0):
        session.one_process_each()
    return session.report()


class _Session:
    """A benchmark while it is measured."""

    def __init__(
        self,
        requests: Mapping[str, Request],
        settings: Settings,
        data_dir: str | None,
        callback: ComparisonCallback,
        use_plugins: bool,
        precisions: Mapping[str, str],
        executor: Executor,
    ):
        self._executor = executor
        self._settings, self._callback = settings, callback
        self._data_dir, self._use_plugins = data_dir, use_plugins
        self._requests = {
            name: replace(request, changes={**request.changes, "batch_size": settings.batch_size})
            for name, request in requests.items()
        }
        self._first = next(iter(self._requests), "")
        if self._first:
            self._requests[self._first + AGAIN] = self._requests[self._first]
        # What a recipe leaves open is chosen by an architecture's first process, for the others too.
        self._precisions = dict(precisions)
        self._facts: dict[str, Ready] = {}
        self._memory: dict[str, int] = {}
        self._values: dict[str, dict[str, list[float]]] = {name: {} for name in self._requests}
        self.problems: dict[str, str] = {}
        self._done = 0
        self._total = len(self._requests) * settings.processes * (1 + settings.rounds)

    def one_process_each(self) -> None:
        """A fresh process for each, in groups that the memory holds, measured in turn."""
        names = [name for name in self._requests if name not in self.problems]
        room = max(2, self._executor.free_memory() // PROCESS_BYTES)
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
    def _workers(self) -> Iterator[dict[str, TaskProcess]]:
        workers: dict[str, TaskProcess] = {}
        try:
            yield workers
        except BaseException:
            for worker in workers.values():
                worker.kill()
            raise
        finally:
            for worker in workers.values():
                worker.finish()

    def _start(self, name: str, workers: dict[str, TaskProcess]) -> None:
        self._callback.on_benchmark(name, self._done, self._total)
        task = CostTask(
            use_plugins=self._use_plugins,
            data_dir=self._data_dir,
            request=self._requests[name],
            precision=self._precisions.get(name.removesuffix(AGAIN)),
        )
        worker = workers[name] = self._executor.start(task, environ=shared_gpu_variables())
        event = worker.receive() or worker.death()
        self._done += 1
        if not isinstance(event, Ready):
            self._failed(name, event, workers)
            return
        for phase in ("start_up", "compile", "compile_inference"):
            self._note(name, phase, event.phases[phase])
        self._facts[name] = event
        self._precisions.setdefault(name, event.conditions["precision"])

    def _round(self, name: str, workers: dict[str, TaskProcess]) -> None:
        self._callback.on_benchmark(name, self._done, self._total)
        event = workers[name].ask(Measure())
        self._done += 1
        if not isinstance(event, Round):
            self._failed(name, event, workers)
            return
        for measure, value in event.measures.items():
            self._note(name, measure, value)
        self._memory[name] = max(self._memory.get(name, 0), event.memory)

    def _failed(self, name: str, event: AnyEvent | Ended, workers: dict[str, TaskProcess]) -> None:
        assert isinstance(event, Ended)
        self.problems[name] = event.cause
        worker = workers.pop(name)
        worker.kill()
        worker.finish()

    def _note(self, name: str, measure: str, value: float) -> None:
        self._values[name].setdefault(measure, []).append(value)

    def report(self) -> BenchmarkReport:
        entries = {name: self._entry(name) for name in self._requests if name not in self.problems}
        first, again = entries.get(self._first), entries.pop(self._first + AGAIN, None)
        anyone = next(iter(entries.values()), again)
        return BenchmarkReport(
            created=now(),
            settings=MeasuredWith(**asdict(self._settings)),
            conditions=cast(Conditions, anyone.conditions) if anyone else None,
            entries=entries,
            again=again,
            noise=noise(first, again),
            problems=self.problems,
        )

    def _entry(self, name: str) -> CostEntry:
        facts = self._facts[name]
        return CostEntry(
            identity=cost_identity(facts.identity, self._settings.batch_size),
            conditions=cast(Conditions, facts.conditions),
            parameters=facts.parameters,
            flops=facts.flops,
            engine=facts.engine,
            peak_memory=self._memory[name],
            measures={key: spread(each) for key, each in self._values[name].items()},
        )


def file_of(
    runs_dir: Path,
    identities: Sequence[Mapping[str, Any]],
    conditions: Mapping[str, str],
    settings: Settings,
) -> Path:
    """Where the costs of these architectures, measured together under these conditions, are kept."""
    wanted = [cost_identity(each, settings.batch_size) for each in identities]
    content = {
        "identities": sorted(wanted, key=lambda each: json.dumps(each, sort_keys=True)),
        "conditions": conditions,
        "settings": asdict(settings),
    }
    return runs_dir / "costs" / f"costs-{digest(content)}.json"
