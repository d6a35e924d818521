"""What the server counts and measures, for Prometheus."""

import os
from pathlib import Path
from typing import Any

PREFIX = "archzoo"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder in which several workers keep their figures."""
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Telemetry:
    """Counters of one process; of all workers together where `SHARED` is set."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        _forget_dead_workers()
        self._registry = registry = CollectorRegistry()
        self._bound: dict[tuple[Any, ...], Any] = {}
        self._requests = Counter(
            f"{PREFIX}_requests", "Answered requests.", ["model", "status"], registry=registry
        )
        self._seconds = Histogram(
            f"{PREFIX}_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ["model"],
            buckets=SECONDS,
            registry=registry,
        )
        self._model_seconds = Histogram(
            f"{PREFIX}_batch_seconds",
            "Seconds of a call of a model.",
            ["model"],
            buckets=SECONDS,
            registry=registry,
        )
        self._sizes = Histogram(
            f"{PREFIX}_batch_samples",
            "Samples in a call of a model.",
            ["model"],
            buckets=SIZES,
            registry=registry,
        )
        self._waiting = Gauge(
            f"{PREFIX}_waiting_samples",
            "Samples that wait for a model.",
            ["model"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._memory = Gauge(
            f"{PREFIX}_resident_bytes",
            "Resident memory of all workers.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def answered(self, model: str, status: int, seconds: float) -> None:
        """A request was answered; `model` is empty where it was for none that is served."""
        self._with(self._requests, model, status).inc()
        self._with(self._seconds, model).observe(seconds)

    def batch(self, model: str, size: int, milliseconds: float) -> None:
        """A call of a model ended."""
        self._with(self._sizes, model).observe(size)
        self._with(self._model_seconds, model).observe(milliseconds / 1000)

    def _with(self, figure: Any, *labels: Any) -> Any:
        """A figure with these labels; to look it up takes longer than to count."""
        key = (figure, *labels)
        if key not in self._bound:
            self._bound[key] = figure.labels(*map(str, labels))
        return self._bound[key]

    def look(self, waiting: dict[str, int]) -> None:
        """What is true now: samples that wait, and memory."""
        import psutil

        for model, count in waiting.items():
            self._waiting.labels(model).set(count)
        self._memory.set(psutil.Process().memory_info().rss)

    def text(self) -> tuple[bytes, str]:
        """All figures in Prometheus' format, and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        registry: Any = self._registry
        if os.environ.get(SHARED):
            from prometheus_client import multiprocess

            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST


def _forget_dead_workers() -> None:
    """What a worker that died had in memory and waiting counts no more; its requests do."""
    folder = os.environ.get(SHARED)
    if not folder:
        return
    import psutil
    from prometheus_client import multiprocess

    for file in Path(folder).glob("gauge_live*_*.db"):
        process = file.stem.rpartition("_")[2]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            multiprocess.mark_process_dead(int(process))
