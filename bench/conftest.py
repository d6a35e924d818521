"""What the benchmarks share. Run them with `pytest bench/`; compare ratios, not seconds.

With ZOO_BENCH=smallest they run through once, at the sizes that sizes.py names.
"""

import statistics
import time
from collections.abc import Callable

import paired
import pytest
from sizes import SMALLEST, size


def pytest_benchmark_update_machine_info(config, machine_info):
    """Records go into the repository; the machine's name does not."""
    machine_info.pop("node", None)


def pytest_benchmark_update_json(config, benchmarks, output_json):
    """Medians and quartiles are kept; every single time would be most of the file."""
    for each in output_json["benchmarks"]:
        each["stats"].pop("data", None)


@pytest.fixture
def against(benchmark):
    """Time `subject` in turn with `baseline`, so that both see the same machine.

    Their ratio (paired.py) goes to `extra_info`, with the baseline's median, in seconds.
    """

    def run(subject: Callable, other: Callable, *, rounds: int, baseline: str, **info) -> None:
        times = []

        def before():
            started = time.perf_counter()
            other()
            times.append(time.perf_counter() - started)

        if not SMALLEST:
            subject()
            other()
        benchmark.pedantic(subject, setup=before, rounds=size(rounds, 2))
        benchmark.extra_info.update(
            **paired.ratio(benchmark.stats.stats.data, times),
            baseline=baseline,
            baseline_seconds=statistics.median(times),
            **info,
        )

    return run
