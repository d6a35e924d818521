"""What the benchmarks share. Run them with `pytest bench/`; compare ratios, not seconds."""

import statistics
import time
from collections.abc import Callable

import pytest


def pytest_benchmark_update_machine_info(config, machine_info):
    """Records go into the repository; the machine's name does not."""
    machine_info.pop("node", None)


def pytest_benchmark_update_json(config, benchmarks, output_json):
    """Medians and quartiles are kept; every single time would be most of the file."""
    for each in output_json["benchmarks"]:
        each["stats"].pop("data", None)


@pytest.fixture
def against(benchmark):
    """Time `subject` in turn with `yardstick`, so that both see the same machine.

    The ratio of the medians goes to `extra_info`, with the quartiles of the rounds' own ratios and
    the yardstick's median, in seconds.
    """

    def run(subject: Callable, other: Callable, *, rounds: int, yardstick: str, **info) -> None:
        times = []

        def before():
            started = time.perf_counter()
            other()
            times.append(time.perf_counter() - started)

        subject()
        other()
        benchmark.pedantic(subject, setup=before, rounds=rounds)
        median = statistics.median(times)
        own = benchmark.stats.stats
        low, _, high = statistics.quantiles(
            [mine / theirs for mine, theirs in zip(own.data, times, strict=True)],
            method="inclusive",
        )
        benchmark.extra_info.update(
            ratio=round(own.median / median, 3),
            ratio_quartiles=[round(low, 3), round(high, 3)],
            yardstick=yardstick,
            yardstick_seconds=median,
            **info,
        )

    return run
