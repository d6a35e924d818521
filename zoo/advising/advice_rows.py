"""An advice as tables: how far each candidate came, and why no further."""

from typing import Any

from zoo.advising.advice_record import AdviceRecord, Candidate, Trial
from zoo.advising.candidates import megabytes, milliseconds
from zoo.comparison.row_schema import Row
from zoo.comparison.table import FRONT_MARKS
from zoo.formatting import percent, size


def flat_rows(record: AdviceRecord) -> list[dict[str, Any]]:
    """A row for each candidate, with plain numbers; finalists first, then as far as each came."""
    return sorted((_flat(record, each) for each in record.candidates), key=_order)


def _flat(record: AdviceRecord, candidate: Candidate) -> dict[str, Any]:
    name, latency = candidate.name, candidate.latency
    trial, row = _last_trial(record, name), _row(record, name)
    low, high = (row.interval if row else None) or (None, None)
    return {
        "candidate": name,
        "outcome": outcome(record, candidate),
        "latency": latency and latency.median,
        "latency_q1": latency and latency.q1,
        "latency_q3": latency and latency.q3,
        "memory_bytes": candidate.memory or None,
        "parameters": candidate.parameters or None,
        "flops_per_sample": candidate.flops,
        "train_seconds": round(candidate.seconds(record.epochs), 3) or None,
        "val_accuracy": trial and trial.val_accuracy,
        "val_epochs": next(
            (rung.epochs for rung in reversed(record.rungs) if trial in rung.trials), None
        )
        if trial
        else None,
        "test_accuracy": row and row.accuracy,
        "interval_low": low,
        "interval_high": high,
        "front_latency": _front(record, name),
    }


def _order(row: dict[str, Any]) -> tuple[float, float, float]:
    tested, validated = row["test_accuracy"], row["val_accuracy"]
    return (-(tested or -1), -(row["val_epochs"] or 0), -(validated or -1))


def _last_trial(record: AdviceRecord, name: str) -> Trial | None:
    found = [each for rung in record.rungs for each in rung.trials if each.name == name]
    return found[-1] if found else None


def _row(record: AdviceRecord, name: str) -> Row | None:
    rows = record.report.rows if record.report else []
    return next((row for row in rows if row.name == name and row.accuracy is not None), None)


def _front(record: AdviceRecord, name: str) -> str | None:
    for front in record.report.fronts if record.report else []:
        if front.cost == "latency":
            return next((each.state for each in front.entries if each.name == name), None)
    return None


def outcome(record: AdviceRecord, candidate: Candidate) -> str:
    """How far a candidate came: `recommended`, `finalist`, or why no further."""
    name = candidate.name
    if candidate.problem:
        return f"failed: {candidate.problem}"
    if candidate.misses:
        return f"misses a limit: {'; '.join(candidate.misses)}"
    if record.recommendation and record.recommendation.name == name:
        return "recommended"
    if record.recommendation and name in record.recommendation.alternatives:
        return "finalist: nobody can tell it from the recommended one"
    if name in record.finalists:
        return "finalist: told to be worse" if _row(record, name) else "finalist: failed"
    for rung in record.rungs:
        if name in rung.left_out:
            return f"not trained for {rung.epochs} epochs: no time"
    trial = _last_trial(record, name)
    if trial and trial.problem:
        return f"failed: {trial.problem}"
    return "worse on the validation data" if trial else "not trained"


def candidate_grid(record: AdviceRecord) -> tuple[list[str], list[list[str]]]:
    """A row for each candidate: its costs, what it learned, how far it came."""
    titles = [
        "candidate", "latency ms", "memory MB", "parameters", "FLOPs", "validation %", "test accuracy %",
        "front", "outcome",
    ]  # fmt: skip
    return titles, [_cells(row) for row in flat_rows(record)]


def _cells(row: dict[str, Any]) -> list[str]:
    interval = ""
    if row["interval_low"] is not None:
        low, high = percent(row["interval_low"])[:-2], percent(row["interval_high"])[:-2]
        interval = f" [{low}, {high}]"
    validation = row["val_accuracy"]
    return [
        row["candidate"],
        _or_nothing(row["latency"], lambda x: milliseconds(x)[:-3]),
        _or_nothing(row["memory_bytes"], lambda x: megabytes(x)[:-3]),
        _or_nothing(row["parameters"], "{:,}".format),
        _or_nothing(row["flops_per_sample"], size),
        "-" if validation is None else f"{percent(validation)[:-2]} ({_epochs(row['val_epochs'])})",
        _or_nothing(row["test_accuracy"], lambda x: percent(x)[:-2]) + interval,
        FRONT_MARKS.get(row["front_latency"] or "", ""),
        row["outcome"],
    ]


def _epochs(count: int) -> str:
    return f"{count} epoch{'s' * (count > 1)}"


def _or_nothing(value: Any, write: Any) -> str:
    return "-" if value is None else write(value)


def foot(record: AdviceRecord) -> list[str]:
    """What the numbers are."""
    by_onnx = record.asked.runtime == "onnx"
    where = (
        "ONNX Runtime in a process that does nothing else"
        if by_onnx
        else "Keras in a process that trains, too, so the memory of answering alone is less"
    )
    lines = [
        f"latency: median for one sample, by {where}; new weights; memory: the peak of that process",
        f"search: successive halving on validation data, {_steps(record)}; the test set was not read",
    ]
    if record.report:
        seeds = record.final_seeds
        lines += [
            f"finalists: {_epochs(record.epochs)}, {seeds} seed{'s' * (seeds > 1)} each, tested once",
            f"fronts: {record.report.methods['front']}",
        ]
    return [*lines, *(f"note: {each}" for each in record.notes)]


def _steps(record: AdviceRecord) -> str:
    return ", then ".join(f"{len(rung.trials)} for {_epochs(rung.epochs)}" for rung in record.rungs)
