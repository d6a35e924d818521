"""How accuracy grows with the number of frames seen: every architecture on moving_digits.

python bench/frames_curve.py             what is missing is trained; then record and figure are written
python bench/frames_curve.py --figure    the figure alone, from the record

For each number of frames `zoo compare` trains all architectures with each seed, by the recipe that the
dataset names, and judges them. Runs that are there are not trained again, so that the same command goes on
after Ctrl-C. The record is results/moving_digits-frames.json, with a line for each run in
results/runs-moving_digits.jsonl; the figure is docs/moving_digits-frames.svg.
"""

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
from pathlib import Path

import checkout
from sizes import RESULTS, size

HERE = Path(__file__).parent
RECORD = RESULTS / "moving_digits-frames.json"
FIGURE = size(HERE.parent / "docs", RESULTS) / "moving_digits-frames.svg"
COLOURS = ("#4477aa", "#ee6677", "#228833", "#aa8800", "#66aadd", "#aa3377", "#777777", "#000000")
MARKERS = "osD^vPX*"


def compare(frames: int, given: argparse.Namespace) -> dict:
    """The comparison on clips of so many frames, as `zoo compare --json` prints it."""
    data = {"frames": frames, "clips": given.clips, "test_clips": given.test_clips}
    command = [
        sys.executable,
        "-m",
        "zoo",
        "compare",
        *(given.architectures or size(["--all"], ["cnn"])),
    ]
    command += ["--dataset", "moving_digits"]
    for key, value in data.items():
        command += ["--data-set", f"{key}={value}"]
    command += ["--recipe", given.recipe] if given.recipe else []
    command += ["--seeds", str(given.seeds), "--runs-dir", str(given.runs), "--costs", "none"]
    answer = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    if not answer.stdout:
        sys.exit(f"{frames} frames: nothing was compared; the same command goes on")
    return json.loads(answer.stdout)


def point(document: dict, runs: Path) -> dict:
    """What the curve keeps of one comparison."""
    parameters = document["dataset"]["parameters"]
    if failed := [row for row in document["rows"] if row["problem"]]:
        sys.exit(f"{parameters['frames']} frames: {failed[0]['name']}: {failed[0]['problem']}")
    return {
        "frames": parameters["frames"],
        "command": document["command"],
        "rows": [
            {
                **{key: row[key] for key in ("name", "accuracy", "interval", "accuracies", "rank")},
                **{key: row[key] for key in ("seeds", "conversion", "parameters", "flops")},
                "training_seconds": statistics.mean(seconds_of(document, row["name"], runs)),
            }
            for row in document["rows"]
        ],
    }


def seconds_of(document: dict, name: str, runs: Path) -> list[float]:
    """What each run of an architecture took to train, by its own record."""
    folders = [runs / run["run"] for run in document["runs"] if run["architecture"] == name]
    records = [json.loads((folder / "run.json").read_text()) for folder in folders]
    return [record["timings"]["train"] for record in records]


def conditions(document: dict) -> dict:
    """Those of a comparison, but for where the samples lay: many frames are streamed, to the same bits."""
    engine = {k: v for k, v in document["conditions"]["engine"].items() if k != "data"}
    return {**document["conditions"], "engine": engine}


def record(documents: list[dict], runs: Path) -> dict:
    """The curve, with everything that must be the same along it.

    Exits where it is not: standing runs may have been made by other versions.
    """
    first = documents[0]
    shared, *others = (
        {"recipe": document["recipe"], "conditions": conditions(document)} for document in documents
    )
    for other in others:
        for key, value in shared.items():
            if other[key] != value:
                sys.exit(f"{key} differs between numbers of frames; use another --runs")
    dataset = first["dataset"]
    return {
        "created": documents[-1]["created"],
        "archzoo": first["archzoo"],
        "dataset": {
            "name": dataset["name"],
            "parameters": {k: v for k, v in dataset["parameters"].items() if k != "frames"},
            "sizes": dataset["sizes"],
        },
        **shared,
        "interval": first["methods"]["interval"],
        "points": [point(document, runs) for document in documents],
        "runs": [run for document in documents for run in document["runs"]],
    }


def lines_of(curve: dict) -> dict[str, list[tuple[int, dict]]]:
    """By architecture, best with the most frames first: the number of frames and the row for each."""
    points = sorted(curve["points"], key=lambda point: point["frames"])
    last = sorted(points[-1]["rows"], key=lambda row: -row["accuracy"])
    return {
        best["name"]: [
            (point["frames"], row)
            for point in points
            for row in point["rows"]
            if row["name"] == best["name"]
        ]
        for best in last
    }


def source_of(path: Path) -> str:
    """What a figure says it was drawn from: the record's SHA-256."""
    return f"record {hashlib.sha256(path.read_bytes()).hexdigest()}"


def draw(source: Path, target: Path) -> None:
    """The figure: a line for each architecture, bars for the intervals; the same bytes again."""
    import matplotlib.style
    from matplotlib.figure import Figure

    curve = json.loads(source.read_text())
    lines = lines_of(curve)
    style = {"svg.fonttype": "none", "svg.hashsalt": "archzoo", "font.size": 10}
    with matplotlib.style.context(["default", style]):
        figure = Figure(figsize=(8, 4.4), layout="constrained")
        axes = figure.subplots()
        for number, (name, places) in enumerate(lines.items()):
            # Beside each other, so that no bar hides another.
            frames = [f * 1.025 ** (number - (len(lines) - 1) / 2) for f, _ in places]
            means = [100 * row["accuracy"] for _, row in places]
            ends = [[100 * end for end in row["interval"]] for _, row in places]
            bars = [[m - low for m, (low, _) in zip(means, ends, strict=True)],
                    [high - m for m, (_, high) in zip(means, ends, strict=True)]]  # fmt: skip
            axes.errorbar(
                frames, means, bars, label=name, color=COLOURS[number % len(COLOURS)],
                marker=MARKERS[number % len(MARKERS)], markersize=5, linewidth=1.4, elinewidth=0.9,
            )  # fmt: skip
        shown = sorted({frames for places in lines.values() for frames, _ in places})
        axes.set_xscale("log")
        axes.set_xticks(shown, [str(each) for each in shown])
        axes.minorticks_off()
        axes.axhline(10, color="#999999", linewidth=0.8, linestyle="--")
        axes.text(shown[-1], 9, "chance", color="#777777", fontsize=9, ha="right", va="top")
        axes.set(xlabel="frames seen", ylabel="test accuracy, %", ylim=(0, 100))
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside right center", frameon=False)
        figure.savefig(
            target, format="svg", metadata={"Date": None, "Description": source_of(source)}
        )


def is_drawn(source: Path = RECORD, figure: Path = FIGURE) -> bool:
    """Whether the figure is of this record; true where there is no record."""
    if not source.exists():
        return True
    return figure.exists() and source_of(source) in figure.read_text()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("architectures", nargs="*", help="default: all that are installed")
    parser.add_argument("--frames", default=size("1,2,4,10", "1,2"))
    parser.add_argument("--seeds", type=int, default=size(3, 1))
    parser.add_argument("--clips", type=int, default=size(12_000, 200))
    parser.add_argument("--test-clips", type=int, default=size(4_000, 64))
    parser.add_argument("--recipe", help="default: the dataset's")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--out", type=Path, help="default: the record of the docs")
    parser.add_argument("--draw", type=Path, default=FIGURE, metavar="FILE.svg")
    parser.add_argument("--figure", action="store_true", help="draw alone")
    given = parser.parse_args()
    if not given.figure:
        train(given)
    draw(given.out or RECORD, given.draw)


def train(given: argparse.Namespace) -> None:
    """The record, collected with its runs if it is that of the docs."""
    if not given.out:
        checkout.commit()
    counts = sorted({int(each) for each in given.frames.split(",")})
    documents = [compare(frames, given) for frames in counts]
    made = given.out or given.runs / RECORD.name
    made.write_text(json.dumps(record(documents, given.runs), indent=2) + "\n")
    if not given.out:
        collect = [sys.executable, HERE / "results.py", "collect", made, "--runs", given.runs]
        subprocess.run(collect, check=True)


if __name__ == "__main__":
    main()
