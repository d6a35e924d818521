"""Tuners that work on a study at the same time, each with a process of its own."""

import threading
import time
from collections.abc import Sequence

from zoo.comparison.executors.executor import Executor
from zoo.errors import Interrupted
from zoo.training.interruption import Interruption
from zoo.tuning.tuner import Tuner

LOOK_SECONDS = 5.0
"""Between two looks at whether the executor has room left."""


class _Stop:
    """Asks tuners to stop: a signal came, or one of them failed."""

    def __init__(self, interruption: Interruption):
        self._interruption = interruption
        self.error: BaseException | None = None

    @property
    def requested(self) -> bool:
        """Whether they should stop."""
        return self._interruption.requested or self.error is not None


def work_together(tuners: Sequence[Tuner], executor: Executor) -> None:
    """Let tuners train the trials of a study until its budget is spent.

    Args:
        tuners: at least one; one works in this thread, several in threads of their own.
        executor: theirs.

    Raises:
        Interrupted: by a signal; trials in progress go on from their checkpoints.
        UsageError: the budget is smaller than one trial.
        ZooError: the study's folder cannot be written, or the executor has no room left.
    """
    with Interruption() as interruption:
        stop = _Stop(interruption)
        if len(tuners) == 1:
            tuners[0].work(stop)
        else:
            _work_in_threads(tuners, stop, executor)
    if interruption.signal_number is not None:
        raise Interrupted(tuners[0].how_far(), interruption.signal_number)


def _work_in_threads(tuners: Sequence[Tuner], stop: _Stop, executor: Executor) -> None:
    def work(tuner: Tuner) -> None:
        try:
            tuner.work(stop)
        except BaseException as error:  # the first one is raised where all are waited for
            stop.error = stop.error or error

    threads = [threading.Thread(target=work, args=(each,), daemon=True) for each in tuners]
    for thread in threads:
        thread.start()
    looked = time.monotonic()
    while any(thread.is_alive() for thread in threads):
        threads[0].join(0.2) if threads[0].is_alive() else time.sleep(0.2)
        if time.monotonic() - looked > LOOK_SECONDS and not stop.requested:
            looked = time.monotonic()
            try:
                executor.room()
            except BaseException as error:
                stop.error = error
    if stop.error is not None:
        raise stop.error
