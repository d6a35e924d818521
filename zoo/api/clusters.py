"""The arguments `on`, `cpus_per_run`, `gpus_per_run`: on which cluster runs are trained, with what."""

from zoo.comparison.executors.ray_options import RayOptions
from zoo.errors import UsageError


def choose_cluster(
    on: str | None,
    cpus_per_run: int | None,
    gpus_per_run: float | None,
    *,
    jobs: int | None = None,
    mixed: bool = False,
) -> RayOptions | None:
    """What a user says of a cluster; None: this machine trains. Nothing is connected.

    Args:
        on, cpus_per_run, gpus_per_run, jobs: as for `zoo.compare`.
        mixed: whether nodes of several kinds are used.

    Raises:
        UsageError: an argument is not allowed, or goes with `on` that is not given.
    """
    if on is not None:
        return RayOptions(on, cpus_per_run, gpus_per_run, jobs, mixed)
    for name, value in (("cpus_per_run", cpus_per_run), ("gpus_per_run", gpus_per_run)):
        if value is not None:
            raise UsageError(f"`{name}={value:g}` goes with `on`, as in `on='ray'`.")
    return None
