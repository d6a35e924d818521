"""Records of runs in this repository, and the README's table made from them.

python bench/results.py collect RUN...   copy each run's run.json to bench/results/<run>/
python bench/results.py table            rewrite the table in README.md
python bench/results.py table --check    fail if the table is not what the records say
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
README = HERE.parent / "README.md"
BEGIN, END = "<!-- results: python bench/results.py table -->\n", "<!-- end of results -->\n"
COLUMNS = (
    "architecture",
    "test accuracy",
    "95 % interval",
    "parameters",
    "FLOPs a sample",
    "training",
    "images/s",
    "peak memory",
    "backend and device",
    "record",
)


def collect(folders: list[str]) -> None:
    """Copy the records, without the paths of the machine they were made on."""
    for folder in map(Path, folders):
        record = json.loads((folder / "run.json").read_text())
        if record["status"] != "finished":
            sys.exit(f"{folder}: is {record['status']}; only finished runs are results")
        record["dataset"]["source"] = Path(record["dataset"]["source"]).name
        target = RESULTS / record["name"] / "run.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(record, indent=2) + "\n")
        print(target)


def row(record: dict) -> tuple[str, ...]:
    """One line of the table."""
    metrics, timings, device = record["metrics"], record["timings"], record["device"]
    low, high = metrics["test_accuracy_interval"]
    # The median: the first epoch may carry what is left of warming up.
    speed = sorted(timings["images_per_second"])[len(timings["images_per_second"]) // 2]
    cores = f", {record['environment']['cores']} cores" if device["kind"] == "cpu" else ""
    return (
        f"`{record['architecture']['name']}`",
        f"**{100 * metrics['test_accuracy']:.2f} %**",
        f"{100 * low:.2f} to {100 * high:.2f} %",
        f"{record['parameters']['trainable']:,}",
        f"{record['flops_per_sample'] / 1e6:.1f} M",
        f"{timings['train']:.0f} s",
        f"{speed:,.0f}",
        f"{record['peak_memory']['host_bytes'] / 2**30:.2f} GiB",
        f"{record['backend']}, {device['name']}{cores}",
        f"[{record['name']}](bench/results/{record['name']}/run.json)",
    )


def table() -> str:
    """The lines of all records with recipe `standard` on MNIST, best accuracy first."""
    records = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*/run.json"))]
    chosen = [
        record
        for record in records
        if (record["recipe"]["name"], record["dataset"]["name"]) == ("standard", "mnist")
    ]
    chosen.sort(key=lambda record: (record["device"]["kind"], -record["metrics"]["test_accuracy"]))
    lines = [COLUMNS, ["---"] * len(COLUMNS), *map(row, chosen)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["collect"]:
        collect(arguments[1:])
        return
    if arguments[:1] != ["table"]:
        sys.exit(__doc__)
    text = README.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    wanted = f"{head}{BEGIN}\n{table()}\n{END}{tail}"
    if arguments[1:] == ["--check"]:
        if wanted != text:
            sys.exit(
                "README.md: the table is not what the records say: python bench/results.py table"
            )
        return
    README.write_text(wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
