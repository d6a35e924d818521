"""Measuring candidates on this machine: latency, memory, size, and how long a training takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zoo.advising.advice_record import Candidate
from zoo.advising.answering import answer_speed
from zoo.comparison.benchmark import Settings, measure
from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.cost_record import CostEntry
from zoo.comparison.entries import Entry
from zoo.errors import ZooError
from zoo.training.request import Request

ROUNDS = 2
Ask = Callable[[Entry], Request]


def measure_group(
    entries: Sequence[Entry],
    request: Ask,
    *,
    runtime: str,
    batch_size: int,
    samples: int,
    data_dir: Path | str | None,
    use_plugins: bool,
    callback: ComparisonCallback,
) -> list[Candidate]:
    """Measure some entries in turn, each in a fresh process, with new weights.

    Args:
        runtime: `keras`: latency and memory are those of the cost benchmark, whose process trains, too;
            `onnx`: of ONNX Runtime in a process of its own, which does nothing else.
        batch_size, samples: of the training whose duration is predicted.
    """
    where = str(data_dir) if data_dir else None
    requests = {entry.name: request(entry) for entry in entries}
    settings = Settings(batch_size=batch_size, processes=1, rounds=ROUNDS)
    report = measure(requests, settings, where, callback, use_plugins=use_plugins)
    noise = (report.noise or {}).get("latency_p50", 1.0)
    found = []
    for name in requests:
        if name not in report.entries:
            found.append(Candidate(name=name, problem=report.problems.get(name, "not measured")))
            continue
        candidate = _candidate(name, report.entries[name], noise, samples)
        if runtime == "onnx":
            candidate = _by_onnx(candidate, requests[name], where, use_plugins)
        found.append(candidate)
    return found


def _candidate(name: str, entry: CostEntry, noise: float, samples: int) -> Candidate:
    measures: Mapping = entry.measures
    return Candidate(
        name=name,
        parameters=entry.parameters or 0,
        flops=entry.flops or None,
        latency=measures["latency_p50"].summary,
        noise=noise,
        memory=entry.peak_memory or 0,
        overhead=measures["start_up"].median + measures["compile"].median,
        epoch=samples / measures["train"].median,
    )


def _by_onnx(
    candidate: Candidate, request: Request, data_dir: str | None, use_plugins: bool
) -> Candidate:
    """With the latency and the memory of the exported file instead."""
    try:
        speed = answer_speed(replace(request, device="cpu"), data_dir, use_plugins=use_plugins)
    except ZooError as error:
        candidate.problem = str(error)
        return candidate
    candidate.latency, candidate.memory, candidate.noise = speed.latency, speed.memory, speed.noise
    return candidate
