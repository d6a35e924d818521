"""A document as text: Markdown, CSV, what stands under the table, what the columns mean."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from zoo.comparison import columns
from zoo.comparison.columns import COLUMNS, title
from zoo.datasets import dataset as datasets
from zoo.environment import cores_in_words
from zoo.formatting import hundredths, p_value
from zoo.printable import printable

CSV_STATS = (
    "train_images_per_second",
    "inference_images_per_second",
    "latency_p50",
    "latency_p99",
    "compile_seconds",
)


def grid(document: Mapping[str, Any], groups: tuple[str, ...]) -> tuple[list[str], list[list[str]]]:
    """Titles and cells of the columns of these groups, the architecture's name first.

    Documents of before there was a column say nothing in it.
    """
    chosen = [column for column in COLUMNS if column.group in groups]
    cells = [
        [row["name"], *(row["text"].get(column.key, columns.NOTHING) for column in chosen)]
        for row in document["rows"]
    ]
    return ["architecture", *map(title, chosen)], cells


def pair_grid(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Every pair: by how much the first is better, and whether that can be told."""
    cells = [
        [
            f"{pair['first']} - {pair['second']}",
            f"{100 * pair['difference']:+.2f}",
            f"{100 * pair['interval'][0]:+.2f} to {100 * pair['interval'][1]:+.2f}",
            p_value(pair["p"]),
            p_value(pair["p_adjusted"]),
            verdict(pair),
        ]
        for pair in document["pairs"]
    ]
    titles = ["difference", "points", "95 % interval", "p", "p, all pairs", "verdict"]
    return titles, cells


def ensemble_grid(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Every ensemble; none in a document from before there were any."""
    cells = [
        [
            each["name"],
            str(each["members"]),
            hundredths(each["accuracy"]),
            columns.interval(each["interval"]),
            hundredths(each["members_accuracy"]),
        ]
        for each in document.get("ensembles", [])
    ]
    titles = ["ensemble", "members", "test accuracy %", "95 % interval", "mean of its members %"]
    return titles, cells


def verdict(pair: Mapping[str, Any]) -> str:
    """In words."""
    if pair["different"]:
        return f"{pair['first']} is better"
    if pair["seeds"] < 2:
        return "cannot tell: one seed"
    return "cannot tell"


def foot(document: Mapping[str, Any]) -> list[str]:
    """The lines under the table: n, what ± is, device, versions, recipe, noise floor, notes."""
    where, recipe, data = document["conditions"], document["recipe"], document["dataset"]
    counts = {len(row["seeds"]) for row in document["rows"] if row["seeds"]}
    seeds = " to ".join(map(str, sorted({min(counts), max(counts)})))
    versions = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    cores = f", {cores_in_words(where['cores'])}" if where["device"]["kind"] == "cpu" else ""
    lines = [
        f"n: {seeds} seeds each, {data['sizes']['test']:,} test samples of "
        f"{datasets.title(data['name'], data.get('parameters', {}))}, "
        f"{data['sizes']['train']:,} training samples",
        f"interval: {document['methods']['interval']}",
        f"differences: {document['methods']['difference']}",
        f"rank: {document['methods']['rank']}",
        *([f"ensembles: {document['methods']['ensemble']}"] if document.get("ensembles") else []),
        *_inputs(document),
        f"recipe: {recipe['name']} ({recipe['digest']}): {recipe['summary']}",
        f"device: {where['device']['kind']}, {where['device']['name']}{cores}; "
        f"{where['backend']}, {where['precision']}; {versions}",
        f"costs: {_costs(document)}",
        f"target: validation accuracy {100 * document['target']:g} %",
    ]
    if document["noise"]["text"]:
        lines.append(f"noise floor: {document['noise']['text']}")
    if document["harness"]:
        lines.append(f"harness: {_harness(document['harness'])}")
    lines += [f"MIXED: {line}" for line in document["mixed"]]
    lines += [f"note: {line}" for line in document["notes"]]
    lines += [
        f"FAILED: {row['name']}: {row['problem']}" for row in document["rows"] if row["problem"]
    ]
    return lines


def _inputs(document: Mapping[str, Any]) -> list[str]:
    """How samples reach each model; none in a document from before that was recorded."""
    whose: dict[str, list[str]] = {}
    for row in document["rows"]:
        if conversion := row.get("conversion"):
            whose.setdefault(conversion, []).append(row["name"])
    words = [f"{conversion} ({', '.join(names)})" for conversion, names in whose.items()]
    return [f"input: {'; '.join(words)}"] if words else []


def _costs(document: Mapping[str, Any]) -> str:
    cost = document["cost"]
    if cost is None:
        return (
            "not measured by a benchmark; training samples/s and compile are what the runs saw "
            "(zoo bench measures)"
        )
    return (
        f"medians over {cost['rounds'] * cost['processes']} rounds in {cost['processes']} fresh "
        f"processes each, measured in turn; training batch {cost['batch_size']}; inference batch "
        f"256; measured {cost['created'][:16].replace('T', ' ')} UTC"
    )


def _harness(harness: Mapping[str, Any]) -> str:
    if not harness["trained"]:
        return "every run was cached"
    return (
        f"{harness['trained']} runs trained, {harness['reused']} cached; "
        f"{harness['wall_seconds']:.0f} s of wall time for {harness['phases_seconds']:.0f} s in the "
        "runs' own phases"
        + (f" ({100 * harness['overhead']:.1f} % more)" if harness["overhead"] is not None else "")
        + (f", {harness['jobs']} at a time" if harness["jobs"] > 1 else "")
        + (", the seeds of an architecture together" if harness.get("together") else "")
    )


def markdown(document: Mapping[str, Any]) -> str:
    """The whole table, the ensembles, the pairs and the foot."""
    groups = (columns.LEARNS, columns.SEES, columns.IS, columns.COSTS)
    titles, cells = grid(document, groups)
    parts = [markdown_table(titles, cells)]
    if document.get("ensembles"):
        parts.append(markdown_table(*ensemble_grid(document)))
    if document["pairs"]:
        parts.append(markdown_table(*pair_grid(document)))
    parts.append("".join(f"- {_escaped(line)}\n" for line in foot(document)))
    return "\n".join(parts)


def markdown_table(titles: list[str], cells: list[list[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    rule = [":--", *["--:"] * (len(titles) - 1)]
    rows = [titles, rule, *[[_escaped(cell) for cell in row] for row in cells]]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _escaped(text: str) -> str:
    return printable(text.replace("|", "\\|").replace("\n", " "))


def as_csv(document: Mapping[str, Any]) -> str:
    """A line for each architecture, with plain numbers: shares, seconds, bytes, samples/s.

    The ensemble of its seeds is in the same line; that of all architectures has none.
    """
    text = io.StringIO()
    rows = flat_rows(document)
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def flat_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each architecture, with plain numbers, and the ensemble of its seeds."""
    own = {
        each["architectures"][0]: each
        for each in document.get("ensembles", [])
        if len(each["architectures"]) == 1
    }
    return [_flat(row, own.get(row["name"], {})) for row in document["rows"]]


FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet carries out (owasp.org/www-community/attacks/CSV_Injection)."""


def _cell(value: Any) -> Any:
    """A text as no formula; a number as it is."""
    if not isinstance(value, str):
        return value
    return printable(f"'{value}" if value.startswith(FORMULA) else value)


def _flat(row: Mapping[str, Any], ensemble: Mapping[str, Any]) -> dict[str, Any]:
    rank, interval, target = row["rank"], row["interval"], row["target"] or {}
    flat = {
        "architecture": row["name"],
        "status": row["status"],
        "rank_best": rank and rank[0],
        "rank_worst": rank and rank[1],
        "test_accuracy": row["accuracy"],
        "interval_low": interval and interval[0],
        "interval_high": interval and interval[1],
        "seeds": len(row["seeds"]),
        "input": row.get("conversion"),
        "parameters": row["parameters"],
        "flops_per_sample": row["flops"],
        "target_reached": target.get("reached"),
        "epochs_to_target": target.get("epochs"),
        "seconds_to_target": target.get("seconds"),
        "peak_memory_bytes": row["peak_memory"],
        "pareto": row["pareto"],
    }
    for key in CSV_STATS:
        stat = row[key] or {}
        flat |= {key: stat.get("median"), f"{key}_q1": stat.get("q1"), f"{key}_q3": stat.get("q3")}
    low, high = ensemble.get("interval", (None, None))
    flat |= {
        "ensemble_members": ensemble.get("members"),
        "ensemble_accuracy": ensemble.get("accuracy"),
        "ensemble_interval_low": low,
        "ensemble_interval_high": high,
    }
    return {**flat, "problem": row["problem"]}


def explanations() -> list[tuple[str, str]]:
    """Each column's title and what it says; the ensembles' lines too."""
    return [
        *((title(column), column.explanation) for column in COLUMNS),
        ("ensembles", columns.ENSEMBLE),
    ]
