"""Runs in MLflow: parameters, metrics, artefacts and tags; the runs of a comparison are nested.

A run is found again by a tag, so that nothing has to be kept in its folder and a resumed run goes on as
the same one. The server is that of `mlflow:ADDRESS`, else of `MLFLOW_TRACKING_URI`; the
experiment that of `MLFLOW_EXPERIMENT_NAME` or `MLFLOW_EXPERIMENT_ID`, else `archzoo`. User and password
are best given as `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
"""

import importlib.util
import os
import re
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zoo.errors import UsageError
from zoo.tracker import TrackedComparison, TrackedRun, Tracker, Value

KEY, PARENT, RUN_NAME = "archzoo.key", "mlflow.parentRunId", "mlflow.runName"
EXPERIMENT = "archzoo"
MOST_PARAMETERS = 100
"""In one request, by MLflow's API."""
LONGEST = 6000
"""Characters of a parameter's value, by MLflow's API."""
CONNECT_SECONDS = 10.0
STATUSES = {"finished": "FINISHED", "interrupted": "KILLED"}


class MLflow(Tracker):
    """Logs to an MLflow server, or to a database of MLflow's."""

    name = "mlflow"

    def __init__(self, target: str = ""):
        super().__init__(target)
        self._address = target or os.environ.get("MLFLOW_TRACKING_URI", "")
        _check(target, self._address)
        self._client: Any = None
        self._experiment = ""
        self._ids: dict[str, str] = {}

    def open(self) -> None:
        _knock(self._address)
        from mlflow import MlflowClient

        self._client = MlflowClient(self._address or None)
        self._experiment = os.environ.get("MLFLOW_EXPERIMENT_ID") or self._find_experiment(
            os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        )

    def _find_experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            try:
                return self._client.create_experiment(name)
            except Exception:  # another process was faster
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            raise RuntimeError(f"the experiment {name!r} is deleted; restore it, or name another")
        return found.experiment_id

    def _find(self, key: str) -> Any:
        """The run with this key, or None."""
        found = self._client.search_runs(
            [self._experiment], f"tags.`{KEY}` = '{key}'", max_results=1
        )
        return found[0] if found else None

    def has_run(self, run: TrackedRun) -> bool:
        found = self._find(run.key)
        return found is not None and found.info.status == "FINISHED"

    def begin_run(self, run: TrackedRun) -> int:
        parent = self._ids.get(run.comparison.key) if run.comparison else None
        tags = {**run.tags, **({PARENT: parent} if parent else {})}
        if not self._begin(run.key, run.name, run.parameters, tags):
            return 0
        logged = self._client.get_metric_history(self._ids[run.key], "loss")
        return max((each.step for each in logged), default=0)

    def begin_comparison(self, comparison: TrackedComparison) -> None:
        self._begin(comparison.key, comparison.name, comparison.parameters, comparison.tags)

    def _begin(
        self, key: str, name: str, parameters: Mapping[str, Value], tags: Mapping[str, str]
    ) -> bool:
        """Create a run, or continue that with this key; returns whether it was there."""
        from mlflow.entities import Param

        if found := self._find(key):
            self._ids[key] = found.info.run_id
            self._client.update_run(found.info.run_id, status="RUNNING")
            return True
        made = self._client.create_run(
            self._experiment, tags={**tags, KEY: key, RUN_NAME: name}, run_name=name
        )
        self._ids[key] = made.info.run_id
        given = [Param(_named(key), str(value)[:LONGEST]) for key, value in parameters.items()]
        for start in range(0, len(given), MOST_PARAMETERS):
            part = given[start : start + MOST_PARAMETERS]
            self._client.log_batch(made.info.run_id, params=part)
        return False

    def log_metrics(self, run: TrackedRun, metrics: Mapping[str, float], step: int) -> None:
        self._log(self._ids[run.key], metrics, step)

    def _log(self, run_id: str, metrics: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        values = [Metric(_named(key), value, now, step) for key, value in metrics.items()]
        if values:
            self._client.log_batch(run_id, metrics=values)

    def log_files(self, run: TrackedRun, files: Sequence[Path]) -> None:
        for file in files:
            self._client.log_artifact(self._ids[run.key], str(file))

    def end_run(self, run: TrackedRun, status: str) -> None:
        self._end(self._ids[run.key], status)

    def end_comparison(
        self,
        comparison: TrackedComparison,
        status: str,
        metrics: Mapping[str, float],
        files: Sequence[Path],
    ) -> None:
        run_id = self._ids[comparison.key]
        self._log(run_id, metrics, 0)
        for file in files:
            self._client.log_artifact(run_id, str(file))
        self._end(run_id, status)

    def _end(self, run_id: str, status: str) -> None:
        # MLflow prints an address to standard output, where our own results are.
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        self._client.set_terminated(run_id, STATUSES.get(status, "FAILED"))


def _named(key: str) -> str:
    """A name that MLflow takes."""
    return re.sub(r"[^\w\-./ ]", "_", key)


def _check(target: str, address: str) -> None:
    if importlib.util.find_spec("mlflow") is None:
        raise UsageError("`track='mlflow'`: it is not installed: pip install 'archzoo[mlflow]'.")
    if re.fullmatch(r"[\w.-]+:\d+/?", target):
        raise UsageError(
            f"`track='mlflow:{target}'`: is the address of a server meant? Write "
            f"mlflow:http://{target}."
        )
    server = urlsplit(address).scheme in ("http", "https")
    if not server and importlib.util.find_spec("sqlalchemy") is None:
        raise UsageError(
            "`track='mlflow'`: without a server MLflow writes a database, which needs more of it: pip "
            "install mlflow. Or name a server: mlflow:http://HOST:PORT."
        )


def _knock(address: str) -> None:
    """Find out soon that a server is down; MLflow itself tries again for minutes."""
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and parts.hostname:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname, port), timeout=CONNECT_SECONDS):
            pass
