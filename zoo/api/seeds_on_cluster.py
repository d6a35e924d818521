"""Training several seeds of a plan on a cluster."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from zoo.comparison.comparison_runner import ComparisonRunner
from zoo.comparison.entries import Entry
from zoo.comparison.executors.opening import open_executor
from zoo.comparison.executors.ray_options import RayOptions
from zoo.comparison.jobs import FAILED, PENDING, Job, Outcome, RunPlan
from zoo.comparison.workplace import Workplace
from zoo.errors import UsageError, ZooError
from zoo.registry import Registry
from zoo.runs.run import Run
from zoo.training.plan import Plan
from zoo.training.request import Replicate, Request

AS_REQUESTED = (
    "hyperparameters",
    "recipe",
    "seed",
    "backend",
    "device",
    "origin",
    "tests",
    "callbacks",
)
"""What of a plan a node makes again from its request."""


def train_on_cluster(
    plan: Plan,
    seeds: int,
    cluster: RayOptions,
    runs_dir: Path,
    data_dir: str | None,
    registry: Registry,
    *,
    again: bool,
    progress: bool,
) -> list[Run]:
    """Train a plan with several seeds, from its own on; each run is as `train` would make it here.

    Returns:
        The runs; one whose loss became NaN or infinite is `diverged`.

    Raises:
        UsageError: the plan cannot be carried out elsewhere, or a node cannot do it.
        ZooError: a run failed; those that are finished are kept.
        Interrupted: by a signal; the same call continues.
    """
    from zoo.comparison_progress import make_comparison_callback

    request = request_of(plan, registry)
    entry = Entry(plan.architecture.name, request.architecture, request.settings)
    places = Workplace(runs_dir, data_dir, cluster.jobs, False, bool(registry.plugins), cluster)
    callback = make_comparison_callback(silent=not progress)
    replicates = [Replicate(plan.seed + number) for number in range(seeds)]
    try:
        with open_executor(places, [request], registry, callback.on_note) as executor:
            runner = ComparisonRunner([entry], _always(request), places, executor, None, callback)
            run_plan = runner.plan(replicates)
            runner.train(_anew(run_plan) if again else run_plan)
    finally:
        callback.close()
    return _runs(runner.outcomes)


def request_of(plan: Plan, registry: Registry) -> Request:
    """The request that a plan was made of.

    Raises:
        UsageError: there is none, or the plan was changed since.
    """
    request = plan.request
    if isinstance(request, Request):
        made = request.plan(registry)
        same = all(getattr(made, name) == getattr(plan, name) for name in AS_REQUESTED)
        if same and made.dataset.parameters == plan.dataset.parameters:
            return request
    raise UsageError(
        "`on` trains what names and values say, on other machines: give `zoo.train` an architecture, or a "
        "plan of `zoo.plan` that is unchanged; leave out `test`, `callbacks` and `resume`."
    )


def _always(request: Request) -> Callable[[Entry], Request]:
    return lambda _entry: request


def _anew(run_plan: RunPlan) -> RunPlan:
    """The plan in which finished runs are trained once more."""

    def anew(job: Job) -> Job:
        if job.state == FAILED and job.run is None:
            return job
        return replace(job, state=PENDING, again=True, run=None)

    return replace(run_plan, jobs=tuple(anew(job) for job in run_plan.jobs))


def _runs(outcomes: list[Outcome]) -> list[Run]:
    found, lost = [], []
    for outcome in outcomes:
        run = outcome.run
        if run is None and outcome.status == "diverged":
            folder = outcome.job.run.folder if outcome.job.run else outcome.folder
            run = Run.open(folder) if folder else None
        if run is None:
            lost.append(f"seed {outcome.job.request.seed} ({outcome.status}: {outcome.cause})")
        else:
            found.append(run)
    if lost:
        raise ZooError(
            f"{len(lost)} of {len(outcomes)} runs failed: {'; '.join(lost)}. The others are kept; the same "
            "command trains those that are missing."
        )
    return found
