"""The sizes of the benchmarks: those of the documentation, or with ZOO_BENCH=smallest the smallest.

At the smallest size each file runs through in seconds, so that CI can run all of them. What comes out
is no result: it goes to bench/smallest/, which git ignores, or where ZOO_BENCH_RESULTS says.
"""

import os
import sys
from pathlib import Path
from typing import TypeVar

Size = TypeVar("Size")

CHOSEN = os.environ.get("ZOO_BENCH", "")
if CHOSEN not in ("", "smallest"):
    sys.exit(f"ZOO_BENCH is {CHOSEN!r}; give ZOO_BENCH=smallest, or leave it out")
SMALLEST = CHOSEN == "smallest"


def size(usual: Size, smallest: Size) -> Size:
    """The one that was asked for."""
    return smallest if SMALLEST else usual


RESULTS = Path(
    os.environ.get("ZOO_BENCH_RESULTS") or Path(__file__).parent / size("results", "smallest")
)
RESULTS.mkdir(exist_ok=True)
IMAGES = size("mnist", "digits")
"""A dataset of images with 28×28 pixels; `digits` comes with scikit-learn."""
