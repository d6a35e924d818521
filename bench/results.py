"""Records of runs in this repository, and the tables made from them.

python bench/results.py collect RUN...   copy each run's run.json to bench/results/<run>/
python bench/results.py collect COMPARISON.json RUNS   the same for the runs that a comparison names
python bench/results.py table            rewrite docs/results.md and the tables in README.md and docs/
python bench/results.py table --check    fail if a table is not what the records say
"""

import json
import sys
from pathlib import Path

import comparisons
import frames_curve
import results_page
import time_table

from zoo.comparison import columns, table

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "docs"))
import blocks  # noqa: E402

COMMAND = "python bench/results.py table"
RESULTS = HERE / "results"
README = HERE.parent / "README.md"
DESIGN = HERE.parent / "docs" / "design.md"
SEQUENCES = HERE.parent / "docs" / "sequences.md"
COMPARING = HERE.parent / "docs" / "comparing.md"
COMPARISON = RESULTS / "compare-mnist-quick.json"


def named(arguments: list[str]) -> list[Path]:
    """The run folders that `collect` was asked for."""
    if not arguments[0].endswith(".json"):
        return [Path(each) for each in arguments]
    document = json.loads(Path(arguments[0]).read_text())
    return [Path(arguments[1]) / run["run"] for run in document["runs"]]


def collect(arguments: list[str]) -> None:
    """Copy the records, without the paths of the machine they were made on."""
    for folder in named(arguments):
        record = json.loads((folder / "run.json").read_text())
        if record["status"] != "finished":
            sys.exit(f"{folder}: is {record['status']}; only finished runs are results")
        record["dataset"]["source"] = Path(record["dataset"]["source"]).name
        target = RESULTS / record["name"] / "run.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(record, indent=2) + "\n")
        print(target)


def standard() -> str:
    """What recipe `standard` learns on MNIST, as bench/compare.sh recorded it."""
    key = comparisons.Key("mnist", "", "standard")
    return results_page.accuracies(comparisons.comparisons()[key])


def frames() -> str:
    """The ways to make frames of an image, as bench/frames.py recorded them."""
    path = RESULTS / "frames.json"
    titles = ["frames", "input", "validation accuracy", "FLOPs a sample", "seeds"]
    rows = [
        (
            f"`{each['frames_from_image']}`",
            " × ".join(map(str, each["input_shape"])),
            " and ".join(f"{100 * value:.2f} %" for value in each["val_accuracy"]),
            f"{each['flops_per_sample'] / 1e6:.1f} M",
            str(len(each["seeds"])),
        )
        for each in json.loads(path.read_text())
    ]
    return table.markdown_table(titles, rows)


def comparison() -> str:
    """The comparison of bench/compare.sh: what each learns and costs, and what can be told."""
    document = json.loads(COMPARISON.read_text())
    learns = table.markdown_table(*table.grid(document, (columns.LEARNS,)))
    costs = table.markdown_table(*table.grid(document, (columns.IS, columns.COSTS)))
    titles, cells = table.ensemble_grid(document)
    ensembles = [table.markdown_table(titles, cells)] if cells else []
    pairs = table.markdown_table(*table.pair_grid(document))
    shown = (
        "n:", "recipe:", "device:", "costs:", "target:", "noise floor:", "harness:",
        "note: test_shift",
    )  # fmt: skip
    foot = [line for line in table.foot(document) if line.startswith(shown)]
    return "\n".join([learns, costs, *ensembles, pairs, "".join(f"- {line}\n" for line in foot)])


def coverage() -> str:
    """What bench/coverage.py simulated."""
    titles = [
        "seeds", "spread of seeds", "interval covers", "difference covers", "copies told apart",
    ]  # fmt: skip
    cells = [
        [
            str(each["seeds"]),
            f"{100 * each['spread_of_seeds']:.2f} points",
            f"{100 * each['interval_covers']:.1f} %",
            f"{100 * each['difference_covers']:.1f} %",
            f"{100 * each['copies_told_apart']:.1f} %",
        ]
        for each in json.loads((RESULTS / "coverage.json").read_text())
    ]
    return table.markdown_table(titles, cells)


BLOCKS = (
    (README, "comparison", comparison),
    (README, "standard", standard),
    (COMPARING, "coverage", coverage),
    (DESIGN, "frames", frames),
    (SEQUENCES, "time", time_table.block),
)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["collect"]:
        collect(arguments[1:])
        return
    if arguments[:1] != ["table"]:
        sys.exit(__doc__)
    check = arguments[1:] == ["--check"]
    for path, name, make in BLOCKS:
        blocks.write(path, {name: make()}, COMMAND, check)
    blocks.write_whole(results_page.PAGE, results_page.page(), COMMAND, check)
    if not frames_curve.is_drawn():
        if check:
            sys.exit(f"{frames_curve.FIGURE} is not up to date: {COMMAND}")
        frames_curve.draw(frames_curve.RECORD, frames_curve.FIGURE)


if __name__ == "__main__":
    main(sys.argv[1:])
