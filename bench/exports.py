"""Every shipped architecture, exported to ONNX and LiteRT, whole and as int8.

`python bench/exports.py run` trains each for a few seconds on a part of MNIST, exports it and keeps what
the proofs say in bench/results/exports.json; `python bench/exports.py table` writes the tables of
docs/export.md from it. With `--only NAME` the others' rows of the record stay.
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import checkout
import numpy as np
from sizes import IMAGES, RESULTS, SMALLEST, size

import zoo

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "export.md"
RESULT = RESULTS / "exports.json"
COMMAND = "python bench/exports.py table"
TRAIN, TEST = size(3000, 300), size(2000, 60)
EPOCHS = size(2, 1)
FORMATS = ("onnx", "litert")
TITLES = {"onnx": "ONNX Runtime", "litert": "LiteRT"}
ARCHITECTURES = size(None, ["lstm"])


def part_of_the_data(folder: Path) -> Path:
    """The first training and test images, as a file."""
    from zoo.datasets.location import Locations

    arrays = zoo.load_dataset(IMAGES).load(Locations.of_user())
    path = folder / "part.npz"
    np.savez(
        path,
        x_train=arrays.x_train[:TRAIN],
        y_train=arrays.y_train[:TRAIN],
        x_test=arrays.x_test[:TEST],
        y_test=arrays.y_test[:TEST],
    )
    return path


def rows_of(name: str, data: Path, folder: Path, commit: str) -> list[dict]:
    """Train one and export it in each way: what the proofs say, or why there is no file."""
    run = zoo.train(name, data, recipe="quick", epochs=EPOCHS, runs_dir=folder, progress=False)
    found = []
    for format in FORMATS:
        for quantize in (None, "int8"):
            row = {"architecture": name, "format": format, "quantize": quantize, "commit": commit}
            try:
                report = run.export(format, quantize=quantize).report.to_dict()
                kept = ("bytes", "parity", "accuracy", "speed", "keras_speed", "threads")
                row |= {key: report[key] for key in (*kept, "versions", "machine")}
            except zoo.ZooError as error:
                row["problem"] = str(error)
            print(name, format, quantize or "", row.get("problem", "ok"), flush=True)
            found.append(row)
    return found


def run(only: list[str]) -> None:
    names = only or ARCHITECTURES or zoo.list_architectures()
    commit = checkout.commit(but=RESULT)
    kept = json.loads(RESULT.read_text()) if RESULT.exists() and not SMALLEST else []
    with TemporaryDirectory() as place:
        data = part_of_the_data(Path(place))
        for name in names:
            kept = [row for row in kept if row["architecture"] != name]
            kept += rows_of(name, data, Path(place) / "runs", commit)
            kept.sort(key=lambda row: row["architecture"])
            RESULT.write_text(json.dumps(kept, indent=1) + "\n")


def table() -> str:
    """A table for each format, and where it was measured."""
    rows = json.loads(RESULT.read_text())
    parts = [_where(rows)]
    for format in FORMATS:
        pairs: dict[str, dict] = {}
        for row in rows:
            if row["format"] == format:
                pairs.setdefault(row["architecture"], {})[row["quantize"] or ""] = row
        head = (
            f"| {TITLES[format]} | difference | changed | size | latency | Keras | int8: size | latency "
            "| accuracy | verdict |"
        )
        lines = [_line(name, both) for name, both in pairs.items()]
        parts.append("\n".join([head, "|---" * 10 + "|", *lines]))
    return "\n\n".join(parts)


def recurrent() -> str:
    """Size and time of recurrent layers, by how they are written."""
    rows = json.loads((RESULTS / "exports-recurrent.json").read_text())
    ways = list(dict.fromkeys(row["way"] for row in rows))
    cells = {(row["architecture"], row["format"], row["way"]): _cell(row) for row in rows}
    lines = [f"| architecture | format | {' | '.join(ways)} |", "|---" * (2 + len(ways)) + "|"]
    for name, format in dict.fromkeys((row["architecture"], row["format"]) for row in rows):
        found = " | ".join(cells[name, format, way] for way in ways)
        lines.append(f"| `{name}` | {TITLES[format]} | {found} |")
    return "\n".join(lines)


def fused() -> str:
    """One LSTM in LiteRT: its own operation beside what is exported."""
    rows = json.loads((RESULTS / "lstm-fused.json").read_text())
    lines = [
        f"| {row['way']} | {row['bytes'] / 1000:,.0f} kB | {row['milliseconds']:.2g} ms | "
        f"{'yes' if row['fused'] else 'no'} | {row['difference']:.0e} | "
        f"{row['difference_at_the_last_call']:.0e} |"
        for row in rows
    ]
    head = (
        "| one LSTM, 28 steps of 28 features, 64 units | size | one sample | LiteRT's own operation | "
        "difference, first call | last call |"
    )
    return "\n".join([head, "|---" * 6 + "|", *lines])


def _cell(row: dict) -> str:
    if "problem" in row:
        return "not exported"
    return f"{row['bytes'] / 1000:,.0f} kB, {row['milliseconds']:.2g} ms"


def _where(rows: list[dict]) -> str:
    row = next(row for row in rows if "machine" in row)
    machine, parity, versions = row["machine"], row["parity"], row["versions"]
    return (
        f"{parity['samples']:,} test images of MNIST; {machine['processor']}, {row['threads']} threads, "
        f"shared with other work; Keras {versions['keras']}, TensorFlow {versions['tensorflow']}. "
        "Difference: the largest of all logits. Changed: other answers than Keras'. Size in kB. Latency: "
        "median milliseconds for one sample. Accuracy: int8 minus Keras in points, 95 % interval."
    )


def _line(name: str, both: dict) -> str:
    whole, small = both.get("", {}), both.get("int8", {})
    cells = [f"`{name}`"]
    if "problem" in whole:
        cells += ["not exported", *[""] * 4]
    else:
        cells += [
            f"{whole['parity']['largest_difference']:.0e}",
            str(whole["parity"]["changed"]),
            f"{whole['bytes'] / 1000:,.0f}",
            f"{whole['speed']['latency_ms']:.2g}",
            f"{whole['keras_speed']['latency_ms']:.2g}",
        ]
    if "problem" in small:
        cells += ["not exported", *[""] * 3]
    else:
        low, high = (100 * small["accuracy"][end] for end in ("low", "high"))
        cells += [
            f"{small['bytes'] / 1000:,.0f}",
            f"{small['speed']['latency_ms']:.2g}",
            f"{low:+.2f} to {high:+.2f}",
            small["accuracy"]["verdict"],
        ]
    return f"| {' | '.join(cells)} |"


def write(check: bool = False) -> None:
    """Write the page's block; with `check`, only say if it is not up to date."""
    sys.path.insert(0, str(PAGE.parent))
    import blocks

    tables = {"exports": table(), "recurrent": recurrent(), "fused": fused()}
    blocks.write(PAGE, tables, COMMAND, check)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.what == "run":
        run(given.only)
    elif SMALLEST:
        print(table())
    else:
        write(given.check)


if __name__ == "__main__":
    main()
