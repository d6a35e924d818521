"""A run's model card: its text, its metadata block, and writing it to a file."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo import atomic
from zoo.cards import card_results
from zoo.cards.card_metadata import (
    check_licence,
    check_repo_id,
    dataset_id,
    is_built_in,
    metadata,
    task_of,
)
from zoo.cards.reproduction import reproduction, shown_dataset
from zoo.contract import InputContract
from zoo.errors import UsageError, ZooError
from zoo.exporting.export_report import ExportReport, read_report
from zoo.formatting import duration, hundredths, percent, size
from zoo.manifest import Manifest
from zoo.metrics import majority_lines
from zoo.printable import printable
from zoo.runs.run import Run
from zoo.version import __version__

MARK = "<!-- model card written by archzoo"
"""In every card; a file without it is not replaced."""
EXPORTED = "export"
"""The folder of exports within a run's."""


@dataclass(frozen=True)
class ModelCard:
    """A model card.

    Attributes:
        text: Markdown, with the metadata block in front.
        metadata: the block's keys and values.
    """

    text: str
    metadata: Mapping[str, Any]

    def write(self, path: str | Path) -> None:
        """Write the card to a file, such as `README.md`; an earlier card there is replaced.

        Raises:
            UsageError: the file cannot be written, or something that is no card is there.
        """
        path = Path(path)
        atomic.check_file(path)
        if path.exists() and MARK not in path.read_text("utf-8", errors="replace"):
            raise UsageError(
                f"{path}: is there already and is no model card of archzoo. Give another `out`, or "
                "remove it."
            )
        atomic.save_text(path, self.text)

    def __str__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


def make(run: Run, repo_id: str | None = None, licence: str | None = None) -> ModelCard:
    """The card of a finished run.

    Args:
        repo_id: `OWNER/NAME` of the repository on the Hub that the card is for.
        licence: of the weights, as the Hub names licences.

    Raises:
        UsageError: the run is not finished, or an argument is not allowed.
        ZooError: its files are missing or damaged.
    """
    check_repo_id(repo_id)
    check_licence(licence)
    if not run.finished:
        raise UsageError(
            f"{run.name} is {run.status}, so there is nothing to put on a card. Resume it: "
            f"`zoo.train(resume={str(run.folder)!r})`"
        )
    if damage := run.damage():
        raise ZooError(f"{damage}. Restore it, or train again: `zoo.train(..., again=True)`")
    results, exports = card_results.results(run), _exports(run)
    block = metadata(run, results, licence, (each.format for each in exports))
    facts = {**_facts(run, results), "exports": exports}
    body = _render({**facts, "repo_id": repo_id, "licence": licence})
    return ModelCard(f"---\n{_yaml(block)}---\n\n{body}", block)


def _yaml(block: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(dict(block), sort_keys=False, allow_unicode=True, width=1000)


def _render(facts: dict[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "plain": plain,
        "percent": percent,
        "hundredths": hundredths,
        "size": size,
        "duration": duration,
        "literal": lambda value: json.dumps(value, ensure_ascii=False),
    }
    return environment.get_template("model_card.md.j2").render(facts)


def plain(text: object) -> str:
    r"""A text from outside as Markdown shows it, in one line: nothing of it is markup.

    >>> plain("a|b <i> *c*")
    'a\\|b &lt;i> \\*c\\*'
    """
    escaped = re.sub(r"([\\`*_\[\]|~#])", r"\\\1", printable(str(text)))
    return escaped.replace("<", "&lt;")


def _facts(run: Run, results: list[card_results.Result]) -> dict[str, Any]:
    record, contract = run.record, InputContract.of_run(run)
    return {
        "mark": MARK,
        "version": __version__,
        "run": run,
        "record": record,
        "contract": contract,
        "task": task_of(run),
        "results": results,
        "confusions": card_results.confusions(run) if results else [],
        "rows": card_results.class_rows(run) if results else [],
        "majority": _majority(run) if results else [],
        "dataset_id": dataset_id(run),
        "shown_dataset": shown_dataset(run),
        "data": _data(run),
        "again": reproduction(run, Manifest.read()),
        "seconds": _training_seconds(run),
        "model_bytes": run.model_file.stat().st_size if run.model_file.is_file() else None,
        "elements": _elements(contract.shape),
    }


def _majority(run: Run) -> list[str]:
    found = run.record.metrics
    if found is None or found.majority_share is None or found.majority_class is None:
        return []
    low = run.test.accuracy_interval[0]
    largest = run.record.dataset.classes[found.majority_class]
    classes = len(run.record.dataset.classes)
    return majority_lines(low, found.majority_share, largest, classes, "read the balanced accuracy")


def _data(run: Run) -> dict[str, str]:
    """Licence and origin of built-in data; of a user's own data neither is known, and no path is shown."""
    from zoo.datasets.catalog import BUILT_IN

    if not is_built_in(run):
        return {"licence": "", "origin": ""}
    known = BUILT_IN[run.record.dataset.name]
    return {"licence": known.licence, "origin": known.origin}


def _training_seconds(run: Run) -> float:
    timings = run.record.timings
    return (timings and timings.train) or 0.0


def _exports(run: Run) -> list[ExportReport]:
    """What is known of the files in the run's `export/`; damaged ones are left out."""
    found = []
    for path in sorted((run.folder / EXPORTED).glob("*.export.json")):
        try:
            report = read_report(path.with_name(path.name.removesuffix(".export.json")))
        except ZooError:
            continue
        if report.run.name == run.name:
            found.append(report)
    return found


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for each in shape:
        count *= each
    return count
