"""Events that TensorBoard reads, in each run's folder or below one of your own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.errors import UsageError
from zoo.tracker import TrackedRun, Tracker


class TensorBoard(Tracker):
    """Writes metrics and hyperparameters to `<run>/tensorboard`, or to `<target>/<run>`."""

    name = "tensorboard"

    def __init__(self, target: str = ""):
        super().__init__(target)
        if target and Path(target).exists() and not Path(target).is_dir():
            raise UsageError(f"`track='tensorboard:{target}'`: is not a folder. Name a folder.")
        self._writers: dict[str, Any] = {}

    def _folder(self, run: TrackedRun) -> Path:
        return Path(self.target) / run.name if self.target else run.folder / "tensorboard"

    def has_run(self, run: TrackedRun) -> bool:
        return any(self._folder(run).glob("events.out.tfevents.*"))

    def begin_run(self, run: TrackedRun) -> int:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        continued = self.has_run(run)
        self._writers[run.key] = EventFileWriter(str(self._folder(run)))
        self._add(run, _session(run), 0)
        return run.start_epoch if continued else 0

    def log_metrics(self, run: TrackedRun, metrics: Mapping[str, float], step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in metrics.items()]
        self._add(run, Summary(value=values), step)
        self._writers[run.key].flush()

    def end_run(self, run: TrackedRun, status: str) -> None:
        from tensorboard.plugins.hparams import api_pb2, summary

        success = api_pb2.STATUS_SUCCESS
        ended = success if status == "finished" else api_pb2.STATUS_FAILURE
        self._add(run, summary.session_end_pb(ended), 0)
        self._writers.pop(run.key).close()

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def _add(self, run: TrackedRun, summary: Any, step: int) -> None:
        import time

        from tensorboard.compat.proto.event_pb2 import Event

        event = Event(wall_time=time.time(), step=step)
        # TensorBoard makes some of TensorFlow's own class, where that is imported.
        event.summary.ParseFromString(summary.SerializeToString())
        self._writers[run.key].add_event(event)


def _session(run: TrackedRun) -> Any:
    """The hyperparameters, for the tab HPARAMS."""
    from tensorboard.plugins.hparams import summary

    values = {
        name: value if isinstance(value, str | bool | int | float) else str(value)
        for name, value in run.parameters.items()
    }
    return summary.session_start_pb(values, group_name=run.name)
