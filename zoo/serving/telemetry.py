"""What the server counts and measures, for Prometheus."""

from typing import Any

PREFIX = "archzoo"
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Telemetry:
    """Counters of one process; of all workers together where `PROMETHEUS_MULTIPROC_DIR` is set."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = registry = CollectorRegistry()
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
            "Seconds of a call of ONNX Runtime.",
            ["model"],
            buckets=SECONDS,
            registry=registry,
        )
        self._sizes = Histogram(
            f"{PREFIX}_batch_samples",
            "Samples in a call of ONNX Runtime.",
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
        self._requests.labels(model, str(status)).inc()
        self._seconds.labels(model).observe(seconds)

    def batch(self, model: str, size: int, milliseconds: float) -> None:
        """A call of ONNX Runtime ended."""
        self._sizes.labels(model).observe(size)
        self._model_seconds.labels(model).observe(milliseconds / 1000)

    def look(self, waiting: dict[str, int]) -> None:
        """What is true now: samples that wait, and memory."""
        import psutil

        for model, count in waiting.items():
            self._waiting.labels(model).set(count)
        self._memory.set(psutil.Process().memory_info().rss)

    def text(self) -> tuple[bytes, str]:
        """All figures in Prometheus' format, and its media type."""
        import os

        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        registry: Any = self._registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            from prometheus_client import multiprocess

            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST
