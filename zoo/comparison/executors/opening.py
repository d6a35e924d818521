"""The executor that a command asks for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from zoo.comparison.executors.executor import Executor
from zoo.comparison.executors.local_executor import LocalExecutor
from zoo.comparison.workplace import Workplace
from zoo.registry import Registry
from zoo.training.request import Request


@contextmanager
def open_executor(
    workplace: Workplace,
    requests: Sequence[Request],
    registry: Registry,
    note: Callable[[str], None],
) -> Iterator[Executor]:
    """An executor for runs, on this machine or on a cluster; it ends with the block.

    Args:
        workplace: says where, and with what.
        requests: what is trained.
        registry: knows the architectures and datasets.
        note: is called with what the user should know of the cluster.

    Raises:
        UsageError: a cluster cannot do it; the message says why and, if it is a node, which.
        ZooError: no cluster answers.
    """
    if workplace.ray is None:
        yield LocalExecutor(workplace.at_once)
        return
    from zoo.comparison.executors.ray_executor import ray_executor
    from zoo.comparison.executors.working_set import WorkingSet
    from zoo.training.backend import choose_backend

    with ray_executor(
        workplace.ray,
        WorkingSet.of(requests, registry, workplace.data_dir),
        workplace.runs_dir,
        choose_backend(requests[0].backend),
        requests[0].device,
        note,
    ) as executor:
        yield executor
