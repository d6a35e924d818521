"""The process that only answers with an exported file: `python -m zoo.advising.onnx_timer`."""

import statistics
import time
from typing import Any

from zoo.advising.answering import carry_out, file_in, samples_in

ROUNDS, SECONDS, CALLS = 2, 0.4, 100
"""A round ends after so long or so many calls; it has at least three."""


def time_answers(task: dict[str, Any]) -> dict[str, Any]:
    """Seconds for one sample: the median call of each round; and the peak memory of this process."""
    import numpy as np

    from zoo.environment import peak_memory, usable_cores
    from zoo.exporting.runtimes import open_export

    sample = np.load(samples_in(task["folder"]))
    answer = open_export(file_in(task["folder"]), "onnx", usable_cores())
    answer(sample)
    return {"latency": [_round(answer, sample) for _ in range(ROUNDS)], "memory": peak_memory()}


def _round(answer: Any, sample: Any) -> float:
    times: list[float] = []
    started = time.perf_counter()
    while len(times) < 3 or (len(times) < CALLS and time.perf_counter() - started < SECONDS):
        before = time.perf_counter()
        answer(sample)
        times.append(time.perf_counter() - before)
    return statistics.median(times)


if __name__ == "__main__":
    carry_out(time_answers)
