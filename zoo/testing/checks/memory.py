"""Check: the memory of a training step."""

from zoo.testing import check_process as process
from zoo.testing.check import Check, CheckFailed
from zoo.testing.harness import Harness

BATCH = 128
LIMIT = 8 * 2**30
"""Bytes. Generous: the shipped architectures need about one eighth."""


def _memory(harness: Harness) -> str:
    answer = process.ask("memory", ref=harness.ref.as_json(), backend=harness.backend, batch=BATCH)
    peak, backend = answer["peak"], answer["backend"]
    what = f"{_gib(peak)} at most, {_gib(backend)} of it for {harness.backend} itself"
    if peak > LIMIT:
        raise CheckFailed(
            f"a training step of {BATCH} grey images of 28×28 holds {what}; "
            f"{_gib(LIMIT)} is the limit",
            "look for tensors that grow with the square of the number of pixels, or use smaller defaults.",
        )
    return what


def _gib(count: int) -> str:
    return f"{count / 2**30:.2f} GiB"


MEMORY = Check(
    "memory",
    f"A training step of {BATCH} examples fits into {LIMIT // 2**30} GiB; the peak is reported.",
    "Users choose by the memory of their machine; a run that the system kills has no result.",
    _memory,
)
