"""What the benchmarks' records say, beside the aims of bench/goals.toml; and the speedrun's."""

import json
from collections.abc import Iterator

from sizes import RESULTS

SPEEDRUN = RESULTS / "speedrun.json"
TITLES = [
    "benchmark",
    "time or memory, as a multiple of",
    "ratio",
    "quartiles",
    "rounds",
    "where",
    "aim",
    "",
]


def rows(aims: list[dict]) -> list[tuple[str, ...]]:
    """A line for each benchmark with a baseline: its time (or memory) as a multiple of the baseline's."""
    found = [*_benchmarks(), *_speedrun()]
    return [(*row, *_verdict(row[0], ratio, aims)) for row, ratio in found]


def _benchmarks() -> Iterator[tuple[tuple[str, ...], float]]:
    for path in sorted(RESULTS.glob("bench-*.json")):
        record = json.loads(path.read_text())
        processor = record["machine_info"]["cpu"]["brand_raw"]
        for each in record["benchmarks"]:
            extra = each["extra_info"]
            if "ratio" not in extra:
                continue  # zoo bench --from shows the others
            yield (
                (
                    f"`{each['name'].removeprefix('test_')}`",
                    extra.get("baseline") or extra["yardstick"],  # as it was called
                    f"**{extra['ratio']:.3f}**",
                    _quartiles(extra),
                    str(each["stats"]["rounds"]),
                    f"{extra.get('backend', '')} {extra.get('device', processor)}".strip(),
                ),
                extra["ratio"],
            )


def _quartiles(record: dict) -> str:
    """Empty where there was one round."""
    return " to ".join(f"{each:.3f}" for each in record.get("ratio_quartiles", []))


def _speedrun() -> Iterator[tuple[tuple[str, ...], float]]:
    if not SPEEDRUN.exists():
        return
    record = json.loads(SPEEDRUN.read_text())
    ours, port = record["zoo"], record["port"]

    def told(side: dict) -> str:
        accuracy, seconds = side["mean_test_accuracy"], side["median_train_seconds"]
        return f"{100 * accuracy:.2f} % in {seconds:.2f} s"

    yield (
        (
            "`speedrun`",
            f"a PyTorch port of the fastest published recipe (ours: {told(ours)}; it: {told(port)})",
            f"**{record['ratio']:.3f}**",
            _quartiles(record),
            f"{len(ours['seeds'])} seeds",
            f"tensorflow {record['machine']['processor']}",
        ),
        record["ratio"],
    )


def aim_of(name: str, aims: list[dict]) -> dict | None:
    """The aim that speaks of a benchmark, by what its name in the table begins with."""
    return next((aim for aim in aims if name.startswith(f"`{aim['benchmark']}")), None)


def _verdict(name: str, ratio: float, aims: list[dict]) -> tuple[str, str]:
    aim = aim_of(name, aims)
    if aim is None:
        return "", ""
    return f"at most {aim['at_most']:g}", "reached" if ratio <= aim["at_most"] else "missed"
