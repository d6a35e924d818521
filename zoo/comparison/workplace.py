"""Where a comparison works, and how much of the machine it takes."""

from dataclasses import dataclass
from pathlib import Path

from zoo.comparison.executors.ray_options import RayOptions
from zoo.comparison.jobs import RunPlan
from zoo.environment import cores_in_words, usable_cores
from zoo.errors import UsageError


@dataclass(frozen=True)
class Workplace:
    """Where a comparison works.

    Attributes:
        jobs: processes that train at a time; None: one, or on a cluster as many as it has room for.
        together: whether such a process trains all seeds of an architecture, in one program.
        use_plugins: whether workers load plugins.
        ray: the cluster whose nodes do the work; None: this machine does.

    Raises:
        UsageError: `jobs` is below 1, or more than there are cores.
    """

    runs_dir: Path
    data_dir: str | None = None
    jobs: int | None = None
    together: bool = False
    use_plugins: bool = True
    ray: RayOptions | None = None

    def __post_init__(self) -> None:
        cores = usable_cores()
        if self.ray is None and not 1 <= self.at_once <= cores:
            raise UsageError(
                f"`jobs={self.jobs}`: this machine has {cores_in_words(cores)}; use 1 to {cores}."
            )

    @property
    def at_once(self) -> int:
        """Processes that train at a time on this machine."""
        return 1 if self.jobs is None else self.jobs


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
