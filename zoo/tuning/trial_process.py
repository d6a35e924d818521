"""The study's end of the process that trains its trials."""

from typing import Any

from zoo.comparison.worker_process import Worker
from zoo.tuning.trial_messages import AnyTrialEvent


class TrialProcess(Worker):
    """A process that trains trials, one after another."""

    module = "zoo.tuning.trial_worker"
    events: Any = AnyTrialEvent
