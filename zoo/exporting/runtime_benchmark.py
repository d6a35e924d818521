"""The benchmark of runtimes: each architecture in fresh processes, its runtimes measured in turn."""

from collections.abc import Callable, Sequence

from zoo.comparison.benchmark import Settings
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.entries import Entry
from zoo.environment import distribution_version, machine, usable_cores, versions
from zoo.errors import ZooError
from zoo.exporting.export_messages import SpeedTask
from zoo.exporting.export_process import carry_out_measurement
from zoo.exporting.formats import FORMATS
from zoo.exporting.runtime_names import KERAS, Runtime
from zoo.exporting.runtime_report import RuntimeReport, Times, speeds_of
from zoo.registry import Registry
from zoo.runs.files import now
from zoo.training.request import Request


def benchmark_runtimes(
    entries: Sequence[Entry],
    request: Callable[[Entry], Request],
    registry: Registry,
    runtimes: Sequence[Runtime],
    settings: Settings,
    *,
    data_dir: str | None,
    use_plugins: bool,
    callback: ComparisonCallback,
) -> RuntimeReport:
    """Measure entries in all runtimes; another architecture has each next process.

    Raises:
        UsageError: a name or a value is unknown.
    """
    requests = {entry.name: request(entry) for entry in entries if not entry.problem}
    problems = {entry.name: entry.problem for entry in entries if entry.problem}
    for each in requests.values():
        each.plan(registry)  # every name and value is checked before a process is started
    found: dict[str, list[Times]] = {name: [] for name in requests}
    total = len(requests) * settings.processes
    for number in range(total):
        name = list(requests)[number % len(requests)]
        if name in problems:
            continue
        callback.on_benchmark(name, number, total)
        task = SpeedTask(
            request=requests[name],
            runtimes=list(runtimes),
            rounds=settings.rounds,
            batch=settings.batch_size,
            data_dir=data_dir,
            use_plugins=use_plugins,
        )
        try:
            found[name].append(carry_out_measurement(task, name))
        except ZooError as error:
            problems[name] = str(error).removeprefix(f"{name}: ")
    return RuntimeReport(
        created=now(),
        dataset=next((each.dataset for each in requests.values()), ""),
        runtimes=list(runtimes),
        batch=settings.batch_size,
        processes=settings.processes,
        rounds=settings.rounds,
        threads=usable_cores(),
        machine=machine(),
        versions=_versions(runtimes),
        entries={
            name: speeds_of(times, runtimes)
            for name, times in found.items()
            if times and name not in problems
        },
        problems=problems,
    )


def _versions(runtimes: Sequence[Runtime]) -> dict[str, str]:
    packages = [
        package for name in runtimes if name != KERAS for package in FORMATS[name].packages.values()
    ]
    return {
        **versions("tensorflow"),
        **{each: distribution_version(each) or "?" for each in packages},
    }
