"""Parameters and FLOPs of each named size, on images of MNIST: the record and the table of docs/shipped.md.

python bench/named_sizes.py run       write bench/results/named-sizes.json, from a clean working tree
python bench/named_sizes.py table     rewrite the table; with --check, fail if it is not up to date
"""

import argparse
import json
import sys
from pathlib import Path

import checkout
from sizes import RESULTS, SMALLEST, size

import zoo
from zoo.formatting import size as in_words
from zoo.named_sizes import joined

sys.path.insert(0, str(Path(__file__).parent.parent / "docs"))
import blocks

PAGE = Path(__file__).parent.parent / "docs" / "shipped.md"
COMMAND = "python bench/named_sizes.py table"
RECORD = RESULTS / "named-sizes.json"
SIZES = ("small", "base", "large")


def run() -> None:
    commit = checkout.commit()
    names = size(zoo.list_architectures(), ["cnn"])
    found = {name: {each: _measured(name, each) for each in SIZES} for name in names}
    RECORD.write_text(json.dumps({"commit": commit, "sizes": found}, indent=1) + "\n")
    print(RECORD)


def _measured(name: str, each: str) -> dict[str, object]:
    found = zoo.describe(joined(name, each))
    changed = found.to_dict()["sizes"][each]
    measured = found.on_mnist
    return {"hyperparameters": changed, "parameters": measured.parameters, "flops": measured.flops}


def table() -> str:
    """A row for each architecture: parameters and FLOPs of its sizes."""
    titles = [
        "architecture",
        *(f"`{each}`" for each in SIZES),
        "`small` changes",
        "`large` changes",
    ]
    rows = [titles, [":--", "--:", "--:", "--:", ":--", ":--"]]
    for name, those in json.loads(RECORD.read_text())["sizes"].items():
        cells = [f"{each['parameters']:,}; {in_words(each['flops'])}" for each in those.values()]
        changes = [_changes(those[each]["hyperparameters"]) for each in ("small", "large")]
        rows.append([f"`{name}`", *cells, *changes])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _changes(changed: dict[str, object]) -> str:
    texts = {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in changed.items()}
    return " ".join(f"{key}={text}" for key, text in texts.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.what == "run":
        run()
    elif SMALLEST:
        print(table())
    else:
        blocks.write(PAGE, {"sizes": table()}, COMMAND, given.check)


if __name__ == "__main__":
    main()
