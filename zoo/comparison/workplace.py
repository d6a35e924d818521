"""Where a comparison works, and how much of the machine it takes."""

from dataclasses import dataclass
from pathlib import Path

from zoo.comparison.jobs import RunPlan
from zoo.environment import cores_in_words, usable_cores
from zoo.errors import UsageError


@dataclass(frozen=True)
class Workplace:
    """Where a comparison works.

    Attributes:
        jobs: processes that train at a time.
        together: whether such a process trains all seeds of an architecture, in one program.
        use_plugins: whether workers load plugins.

    Raises:
        UsageError: `jobs` is below 1, or more than there are cores.
    """

    runs_dir: Path
    data_dir: str | None = None
    jobs: int = 1
    together: bool = False
    use_plugins: bool = True

    def __post_init__(self) -> None:
        cores = usable_cores()
        if not 1 <= self.jobs <= cores:
            raise UsageError(
                f"`jobs={self.jobs}`: this machine has {cores_in_words(cores)}; use 1 to {cores}."
            )


def check_memory(run_plan: RunPlan, jobs: int) -> None:
    """Check that the machine's memory holds so many trainings at a time.

    Raises:
        UsageError: it does not.
    """
    import psutil

    if run_plan.memory is None or jobs == 1:
        return
    there = psutil.virtual_memory().available
    fit = max(1, there // run_plan.memory)
    if jobs > fit:
        raise UsageError(
            f"`jobs={jobs}`: a training here takes {run_plan.memory / 2**30:.1f} GiB and "
            f"{there / 2**30:.1f} GiB are free; use at most {fit}."
        )
