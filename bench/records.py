"""The runs that the comparisons are of: bench/results/runs-DATASET.jsonl, a line a run.

A line has a run's identity and its digest, metrics, timings, environment and commit; it is `dirty`
where the working tree had changes that the commit has not.
"""

import json
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path

from sizes import RESULTS

from zoo import layouts
from zoo.runs.files import digest

COPIED = (
    "metrics", "timings", "peak_memory", "parameters", "flops_per_sample", "engine", "created", "finished",
)  # fmt: skip
SESSION = ("started", "from_epoch", "from_step", "alongside", "together")


def line_of(record: dict) -> dict:
    """What is kept of a run.json."""
    environment = dict(record["environment"])
    git = environment.pop("git", None) or {"commit": None, "dirty": True}
    return {
        "run": record["name"],
        "digest": digest(record["identity"]),
        **git,
        "identity": record["identity"],
        **{key: record[key] for key in COPIED},
        "device": record["device"],
        "conversion": layouts.recorded(record["input"]),
        "sizes": record["dataset"]["sizes"],
        "sessions": [
            {key: each[key] for key in SESSION if key in each} for each in record["sessions"]
        ],
        "environment": environment,
    }


def path_of(dataset: str) -> Path:
    return RESULTS / f"runs-{dataset}.jsonl"


@cache
def runs() -> dict[str, dict]:
    """All lines, by the name of the run."""
    lines = (line for path in sorted(RESULTS.glob("runs-*.jsonl")) for line in _read(path))
    return {line["run"]: line for line in lines}


def _read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def add(lines: Iterable[dict]) -> list[Path]:
    """Write lines into their datasets' files, sorted by run; a run that is there is replaced."""
    written = []
    for dataset, group in groupby(sorted(lines, key=_dataset), key=_dataset):
        path = path_of(dataset)
        every = {each["run"]: each for each in [*_read(path), *group]}
        text = "".join(json.dumps(every[name]) + "\n" for name in sorted(every))
        path.write_text(text)
        written.append(path)
    runs.cache_clear()
    return written


def _dataset(line: dict) -> str:
    return line["identity"]["dataset"]
