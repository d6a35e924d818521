"""Four published classifiers on 112 sets of the UCR archive, judged as `zoo compare --from-table` does.

python bench/many_datasets.py run      writes bench/results/many-datasets.json
python bench/many_datasets.py table    what docs/studies.md shows

The files lie in `ZOO_DATA_DIR`/timeseries/results: accuracies of thirty resamples each, that the aeon
package (BSD-3-Clause) distributes. The record has two comparisons: of the means over resamples, and of the
default split.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import checkout
from sizes import RESULTS

import zoo
from zoo.comparison.table import markdown_table
from zoo.studies import datasets_table
from zoo.studies.datasets_schema import DatasetsReport

RECORD = RESULTS / "many-datasets.json"
TITLES = {"mean": "Mean over 30 resamples", "first": "Default split"}


def run() -> None:
    """Judge the files."""
    commit = checkout.commit()
    folder = Path(os.environ.get("ZOO_DATA_DIR", "")) / "timeseries" / "results"
    files = sorted(folder.glob("*.csv"))
    if not files:
        sys.exit(
            f"{folder}: has no tables; set ZOO_DATA_DIR to a folder that has timeseries/results"
        )
    words = "zoo compare --from-table results/*.csv"
    found = {
        how: zoo.compare_tables(
            files, resamples=how, command=words + " --resamples first" * (how == "first")
        ).report.to_dict()
        for how in TITLES
    }
    RECORD.write_text(json.dumps({"commit": commit, **found}) + "\n")
    print(RECORD)


def reports() -> dict[str, DatasetsReport]:
    """The two comparisons of the record."""
    from zoo.runs.codec import convert

    record = json.loads(RECORD.read_text())
    return {how: convert(record[how], DatasetsReport) for how in TITLES}


def block() -> str:
    """The part of docs/studies.md."""
    return "\n".join(_part(TITLES[how], report) for how, report in reports().items())


def _part(title: str, report: DatasetsReport) -> str:
    shown = ("n:", "friedman:", "region")
    foot = [line for line in datasets_table.foot(report) if line.startswith(shown)]
    return "\n".join(
        [
            f"**{title}** (`{report.command}`). {datasets_table.verdict(report)}\n",
            markdown_table(*datasets_table.rank_grid(report)),
            f"```text\n{datasets_table.diagram(report)}\n```\n",
            markdown_table(*datasets_table.pair_grid(report)),
            "".join(f"- {line}\n" for line in foot),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("run", "table"))
    if parser.parse_args().command == "run":
        run()
    else:
        print(block())


if __name__ == "__main__":
    main()
