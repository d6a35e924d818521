"""What answers samples: Keras itself, or the runtime of an exported file."""

from collections.abc import Sequence
from typing import Literal, cast, get_args

from zoo.errors import UsageError
from zoo.exporting.formats import FORMATS, missing
from zoo.suggest import unknown

Runtime = Literal["keras", "onnx", "litert"]
KERAS: Runtime = "keras"
LATENCY, THROUGHPUT = "latency", "throughput"
"""What is measured: seconds of a call with one sample, samples a second in a batch."""


def check_runtimes(names: Sequence[str]) -> list[Runtime]:
    """The runtimes that are measured, in the order that is given.

    Raises:
        UsageError: there are fewer than two, one is unknown or named twice, or its packages are missing.
    """
    known = get_args(Runtime)
    for name in names:
        if name not in known:
            raise UsageError(unknown("runtime", name, known))
        if names.count(name) > 1:
            raise UsageError(f"runtime {name!r} is given twice.")
        if name != KERAS and (absent := missing(FORMATS[name])):
            extra = FORMATS[name].extra
            raise UsageError(f"{name} needs {', '.join(absent)}: pip install 'archzoo[{extra}]'")
    if len(names) < 2:
        raise UsageError("give two or more runtimes, such as keras and onnx: they are compared.")
    return [cast(Runtime, name) for name in names]
