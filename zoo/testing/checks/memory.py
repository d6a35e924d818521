"""What a training step holds in memory."""

from zoo.testing import check_process as process
from zoo.testing.check import Broken, Check
from zoo.testing.harness import Harness

BATCH = 128
LIMIT = 8 * 2**30
"""Bytes. Generous: the shipped architectures take about one eighth of it."""


def _memory(case: Harness) -> str:
    answer = process.ask("memory", source=case.source.as_json(), backend=case.backend, batch=BATCH)
    peak, backend = answer["peak"], answer["backend"]
    what = f"{_gib(peak)} at most, {_gib(backend)} of it for {case.backend} itself"
    if peak > LIMIT:
        raise Broken(
            f"a training step of {BATCH} grey images of 28×28 holds {what}; "
            f"{_gib(LIMIT)} is the limit",
            "look for tensors that grow with the square of the pixels, or use smaller defaults.",
        )
    return what


def _gib(count: int) -> str:
    return f"{count / 2**30:.2f} GiB"


MEMORY = Check(
    "memory",
    f"A training step of {BATCH} examples fits into {LIMIT // 2**30} GiB; what it takes is stated.",
    "People choose by what their machine can hold, and a run that the system kills tells nothing.",
    _memory,
)
