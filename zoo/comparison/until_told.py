"""Training seeds in stages, until every pair is told apart or equivalent, or the seeds are spent."""

from collections.abc import Sequence
from dataclasses import replace

from zoo.comparison.callback import ComparisonCallback
from zoo.comparison.comparison_runner import ComparisonRunner
from zoo.comparison.equivalence import rope_of
from zoo.comparison.jobs import Job, Outcome, RunPlan
from zoo.comparison.judging import judge
from zoo.comparison.pairs import Differences
from zoo.comparison.report import differences_of
from zoo.comparison.results import Result, of_outcomes
from zoo.comparison.sequential import SequentialDesign, carry_out
from zoo.scoring import Metric


class Stages:
    """The stages of one comparison.

    Args:
        runner: trains.
        run_plan: every run of the last stage.
        design: decides.
        metric: by which pairs are tested.
        rope: the margin of equivalence, as `compare_runs` takes it.
        callback: its hooks are called.
    """

    def __init__(
        self,
        runner: ComparisonRunner,
        run_plan: RunPlan,
        design: SequentialDesign,
        metric: Metric,
        rope: float | None,
        callback: ComparisonCallback,
    ):
        self._runner, self._run_plan, self._design = runner, run_plan, design
        self._metric, self._callback = metric, callback
        self._rope = None if rope is None else rope_of(metric, rope)
        self._ended: dict[int, Outcome] = {}

    def run(self) -> list[Result]:
        """Train what is needed: each architecture's runs and failures.

        Raises:
            Interrupted: by a signal; the same comparison continues from there.
        """
        counts = ", ".join(map(str, self._design.stages))
        self._callback.on_note(
            f"those are all stages ({counts} seeds); training ends when every pair is told"
        )
        carry_out(self._design, self._train, self._test)
        self._runner.outcomes = self._outcomes
        return of_outcomes(self._outcomes)

    @property
    def _outcomes(self) -> list[Outcome]:
        """What has ended, in the plan's order."""
        return [self._ended[id(job)] for job in self._run_plan.jobs if id(job) in self._ended]

    def _train(self, names: Sequence[str], count: int) -> dict[str, int]:
        def wanted(job: Job) -> bool:
            mine = job.entry.name in names and job.request.seed < count
            return mine and id(job) not in self._ended

        jobs = tuple(job for job in self._run_plan.jobs if wanted(job))
        stage = replace(self._run_plan, jobs=jobs)
        self._callback.on_note(f"{count} seeds of {', '.join(names)}")
        self._callback.on_plan(stage)
        self._runner.train(stage)
        # The executor keeps the order of the plan that it is given.
        for job, outcome in zip(jobs, self._runner.outcomes, strict=True):
            self._ended[id(job)] = outcome
        return {result.name: len(result.runs) for result in of_outcomes(self._outcomes)}

    def _test(self, names: Sequence[str]) -> Differences:
        results = [each for each in of_outcomes(self._outcomes) if each.name in names]
        judged = {each.name: judge(each, self._metric, lambda _count: None) for each in results}
        return differences_of(judged, self._metric, lambda _done: None, self._rope)
