"""Records of runs in this repository, and the tables made from them.

python bench/results.py collect RUN...   a line for each run, in bench/results/runs-DATASET.jsonl
python bench/results.py collect RECORD.json... --runs FOLDER
                                         records of `zoo compare` or pytest-benchmark, and a line for each
                                         run that they name; FOLDER has those
python bench/results.py clean            fail if the working tree has changes: nothing could be collected
python bench/results.py table            rewrite docs/results.md, and the tables and figures in docs/
python bench/results.py table --check    fail if a table is not what the records say
"""

import argparse
import json
import math
import shutil
import sys
from pathlib import Path

import checkout
import comparison_figure
import frames_curve
import many_datasets
import records
import results_page
import time_table
from sizes import RESULTS, SMALLEST

from zoo import aliases
from zoo.comparison import columns, table
from zoo.comparison.schema import ComparisonReport
from zoo.scoring import METRICS

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "docs"))
import blocks  # noqa: E402

COMMAND = "python bench/results.py table"
DESIGN = HERE.parent / "docs" / "design.md"
SEQUENCES = HERE.parent / "docs" / "sequences.md"
COMPARING = HERE.parent / "docs" / "comparing.md"
STUDIES = HERE.parent / "docs" / "studies.md"
METRICS_PAGE = HERE.parent / "docs" / "metrics.md"
COMPARISON = comparison_figure.RECORD


def collect(paths: list[Path], runs: Path) -> None:
    """Take them all, or none: each must be of a commit that says what was run."""
    folders, documents = [path for path in paths if path.is_dir()], {}
    for path in paths:
        if not path.is_dir():
            documents[path] = json.loads(path.read_text())
    for document in documents.values():
        folders += [runs / each["run"] for each in document.get("runs", [])]
    read = {folder: json.loads((folder / "run.json").read_text()) for folder in folders}
    refuse([*map(problem, read, read.values()), *map(unknown, documents, documents.values())])
    for path in records.add(map(records.line_of, read.values())):
        print(path)
    for path in documents:
        print(shutil.copyfile(path, RESULTS / path.name))
        page = path.with_suffix(".html")
        if path.name == COMPARISON.name and page.exists():  # the README shows it
            print(shutil.copyfile(page, RESULTS / page.name))


def refuse(problems: list[str | None]) -> None:
    """Exit if there are any. At the smallest size nothing is a result, so that changes may be tried."""
    if (found := [each for each in problems if each]) and not SMALLEST:
        more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
        sys.exit(f"{found[0]}{more}. Nothing was collected.")


def problem(folder: Path, run: dict) -> str | None:
    """Why a run is no result."""
    if run["status"] != "finished":
        return f"{folder}: is {run['status']}; only finished runs are results"
    return untold(folder, run["environment"].get("git"))


def unknown(path: Path, document: dict) -> str | None:
    """The same of a record: those of pytest-benchmark name a commit, others their runs."""
    if "benchmarks" not in document:
        return None if document.get("runs") else f"{path}: names no runs and has no benchmarks"
    info = document["commit_info"]
    return untold(path, {"commit": info["id"], "dirty": info["dirty"]})


def untold(path: Path, git: dict | None) -> str | None:
    """Why nobody could say which code it is of."""
    if git is None:
        return f"{path}: names no commit; make it in this checkout"
    if git["dirty"]:
        return f"{path}: was made with uncommitted changes; commit them, then make it again"
    if not checkout.knows(git["commit"]):
        return f"{path}: is of commit {git['commit']}, which this repository does not have"
    return None


def frames() -> str:
    """The ways to make frames of an image, as bench/frames.py recorded them."""
    path = RESULTS / "frames.json"
    titles = ["frames", "input", "validation accuracy", "FLOPs a sample", "seeds"]
    rows = [
        (
            f"`{aliases.current(aliases.FRAMES_FROM_IMAGE, each['frames_from_image'])}`",
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
    report = ComparisonReport.read(COMPARISON)
    learns = table.markdown_table(*table.grid(report, (columns.LEARNS,)))
    costs = table.markdown_table(*table.grid(report, (columns.IS, columns.COSTS)))
    titles, cells = table.ensemble_grid(report)
    ensembles = [table.markdown_table(titles, cells)] if cells else []
    pairs = table.markdown_table(*table.pair_grid(report))
    shown = (
        "n:", "recipe:", "device:", "costs:", "target:", "noise floor:", "harness:",
        "note: tta_shift",
    )  # fmt: skip
    foot = [line for line in table.foot(report) if line.startswith(shown)]
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


def coverage_of_metrics() -> str:
    """What bench/coverage.py --metrics simulated: the least and the most over metrics' regimes."""
    titles = [
        "metric", "classes", "seeds", "interval covers", "difference covers", "copies told apart, at most",
        "bootstrap of three seeds covers",
    ]  # fmt: skip
    groups: dict[tuple, list[dict]] = {}
    for each in json.loads((RESULTS / "coverage-metrics.json").read_text()):
        groups.setdefault((each["metric"], each["classes"], each["seeds"]), []).append(each)
    cells = [
        [
            METRICS[metric].title,
            classes,
            str(seeds),
            _span(each["interval_covers"] for each in rows),
            _span(each["difference_covers"] for each in rows),
            "-" if seeds == 1 else f"{100 * max(each['copies_told_apart'] for each in rows):.1f} %",
            _span(each["bootstrap_covers"] for each in rows if "bootstrap_covers" in each),
        ]
        for (metric, classes, seeds), rows in sorted(groups.items(), key=_by_metric)
    ]
    return table.markdown_table(titles, cells)


def coverage_of_folds() -> str:
    """What bench/coverage.py --folds simulated."""
    titles = [
        "folds", "repetitions", "influence of the training set", "interval covers", "difference covers",
        "two copies told apart", "by plain t", "any of four copies told apart", "by plain t",
    ]  # fmt: skip
    shares = (
        "interval_covers", "difference_covers", "two_copies_told_apart",
        "two_copies_told_apart_by_the_plain_t", "copies_told_apart", "copies_told_apart_by_the_plain_t",
    )  # fmt: skip
    cells = [
        [
            str(each["folds"]),
            str(each["repetitions"]),
            each["influence_of_the_training_set"],
            *(f"{100 * each[share]:.1f} %" for share in shares),
        ]
        for each in json.loads((RESULTS / "coverage-folds.json").read_text())
    ]
    return table.markdown_table(titles, cells)


def coverage_of_stages() -> str:
    """What bench/coverage.py --sequential simulated."""
    rows = json.loads((RESULTS / "coverage-sequential.json").read_text())
    titles = [
        "regime", "true difference", "margin", "wrong", "the better one told apart", "copies told equivalent",
        "runs, mean", "saved", "told apart by 5 seeds", "by 20 seeds",
    ]  # fmt: skip
    cells = [
        [
            each["regime"],
            f"{100 * each['difference']:.2f} points",
            "-" if each["margin"] is None else f"{100 * each['margin']:.2f} points",
            _share(each["wrong"]),
            _share(each["better_told_apart"]),
            _share(each["copies_told_equivalent"]),
            f"{each['runs']:.1f}",
            _share(1 - each["runs"] / each["runs_of_a_fixed_design"]),
            _share(each["told_apart_by_five_seeds"]),
            _share(each["told_apart_by_all_seeds"]),
        ]
        for each in rows
    ]
    worst, times = max(each["wrong"] for each in rows), min(each["times"] for each in rows)
    margin = 1.96 * math.sqrt(worst * (1 - worst) / times)
    fixed = max(each["runs_of_a_fixed_design"] for each in rows)
    intro = (
        f"*Wrong*: anything wrong in the whole sequence; of {times:,} sequences each, so that the largest, "
        f"{_share(worst)}, is known to about ±{100 * margin:.1f} points. A fixed design takes {fixed:g} "
        "runs.\n\n"
    )
    return intro + table.markdown_table(titles, cells)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _by_metric(group) -> tuple:
    metric, classes, seeds = group[0]
    return [*METRICS].index(metric), classes, seeds


def _span(shares) -> str:
    found = [100 * each for each in shares]
    return f"{min(found):.1f} to {max(found):.1f} %" if found else "-"


BLOCKS = (
    (COMPARING, "comparison", comparison),
    (COMPARING, "coverage", coverage),
    (COMPARING, "coverage-folds", coverage_of_folds),
    (COMPARING, "coverage-sequential", coverage_of_stages),
    (METRICS_PAGE, "coverage-metrics", coverage_of_metrics),
    (DESIGN, "frames", frames),
    (SEQUENCES, "time", time_table.block),
    (STUDIES, "many-datasets", many_datasets.block),
)


def tables(check: bool) -> None:
    """Rewrite whatever the records say something of; with `check`, only say if it is not up to date."""
    for path, name, make in BLOCKS:
        blocks.write(path, {name: make()}, COMMAND, check)
    blocks.write_whole(results_page.PAGE, results_page.page(), COMMAND, check)
    for figure in (frames_curve, comparison_figure):
        if not figure.is_drawn():
            if check:
                sys.exit(f"{figure.FIGURE} is not up to date: {COMMAND}")
            figure.draw(figure.RECORD, figure.FIGURE)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("collect", "clean", "table"))
    parser.add_argument("paths", nargs="*", type=Path, help="to collect")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="that a record names")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.command == "collect":
        collect(given.paths, given.runs)
    elif given.command == "clean":
        checkout.commit()
    elif SMALLEST:
        print("The tables stay: what is measured at the smallest size is no result.")
    else:
        tables(given.check)


if __name__ == "__main__":
    main()
