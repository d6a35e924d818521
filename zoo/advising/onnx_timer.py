"""The process that only answers with an exported file: `python -m zoo.advising.onnx_timer`."""

from typing import Any

from zoo.advising.answering import carry_out, file_in, samples_in

ROUNDS = 2


def time_answers(task: dict[str, Any]) -> dict[str, Any]:
    """Seconds for one sample: the median call of each round; and the peak memory of this process."""
    import numpy as np

    from zoo.environment import peak_memory, usable_cores
    from zoo.exporting.runtimes import median_seconds, open_export

    sample = np.load(samples_in(task["folder"]))
    answer = open_export(file_in(task["folder"]), "onnx", usable_cores())
    answer(sample)
    return {
        "latency": [median_seconds(answer, sample) for _ in range(ROUNDS)],
        "memory": peak_memory(),
    }


if __name__ == "__main__":
    carry_out(time_answers)
