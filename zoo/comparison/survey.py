"""What requests are, and how long their training will take, by measuring a few steps."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo.comparison import conditions
from zoo.comparison.cost import BenchmarkProbe, times_of
from zoo.comparison.messages import Identified, Paced, Question
from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.fold import Fold
from zoo.datasets.folded import take, unfolded
from zoo.datasets.location import Locations
from zoo.datasets.quality import check_alike, worth_saying
from zoo.environment import peak_memory
from zoo.registry import Registry
from zoo.runs.files import digest
from zoo.training.backends.base import EVALUATION_BATCH
from zoo.training.device import Device
from zoo.training.plan import Plan
from zoo.training.precision import Precision, choose, known
from zoo.training.recipe_fit import without_effect

SAVING_SECONDS = 0.3
"""What writing a run's files takes, about; nothing to measure for an estimate."""


class Survey:
    """Says of each request that comes what it is, and on demand how long it will take."""

    def __init__(self, registry: Registry, locations: Locations, runs_dir: Path):
        self.registry, self.locations, self.runs_dir = registry, locations, runs_dir
        self._arrays: dict[str, Arrays] = {}
        self._part: tuple[tuple[str, Fold], Arrays] | None = None
        self._data: dict[str, list[str]] = {}
        self._precisions: dict[str, Precision] = {}
        self._import_seconds = 0.0
        self._load_seconds = 0.0

    def answer(self, question: Question) -> Identified | Paced:
        """What the request is, with remarks on its data once; or how long one training takes.

        Raises:
            ZooError: the request cannot be trained.
        """
        from zoo.training.runner import prepare_backend

        plan = question.request.plan(self.registry)
        started = time.perf_counter()
        device, deterministic = prepare_backend(plan)
        self._import_seconds = max(self._import_seconds, time.perf_counter() - started)
        plan = plan.on(self._load(plan.dataset))
        identity = plan.identity(self._load(plan.dataset), device)
        precision = self._precision(plan, identity, device, deterministic)
        if question.ask == "pace":
            return self._pace(plan, precision.policy)
        return Identified(
            identity=identity,
            conditions=conditions.here(plan.backend, device, precision.policy),
            precision=precision,
            data=self._remarks(plan),
        )

    def _precision(
        self, plan: Plan, identity: dict[str, Any], device: Device, deterministic: bool
    ) -> Precision:
        """One for all runs of an architecture, measured once."""
        from zoo.training.examples import Examples

        if plan.precision(device) != "auto":
            return Precision(plan.precision(device))
        key = digest(identity)
        if key not in self._precisions:
            chosen = choose(
                plan,
                Examples.split(self._load(plan.dataset), plan.recipe),
                device,
                deterministic,
                lambda: known(identity, device, self.runs_dir),
            )
            self._precisions[key] = replace(chosen, by=chosen.by or "zoo compare")
        return self._precisions[key]

    def _load(self, dataset: Dataset) -> Arrays:
        """The arrays of a dataset; of its folds the last one is kept, as all would fill the memory."""
        if dataset.fold is None:
            return self._whole(dataset)
        wanted = (dataset.title, dataset.fold)
        if self._part is None or self._part[0] != wanted:
            self._part = (wanted, take(self._whole(unfolded(dataset)), dataset.fold))
        return self._part[1]

    def _whole(self, dataset: Dataset) -> Arrays:
        if dataset.title not in self._arrays:
            started = time.perf_counter()
            arrays = dataset.load(self.locations)
            self._load_seconds = time.perf_counter() - started
            check_alike(dataset, arrays)
            self._arrays[dataset.title] = arrays
            self._data[dataset.title] = worth_saying(dataset, arrays)
        return self._arrays[dataset.title]

    def _remarks(self, plan: Plan) -> list[str]:
        """Of the data, once; and what the recipe does not do to them."""
        if plan.dataset.title not in self._data:
            return []
        return [*self._data.pop(plan.dataset.title), *without_effect(plan.dataset, plan.recipe)]

    def _pace(self, plan: Plan, precision: str) -> Paced:
        probe = BenchmarkProbe.open(plan, self._load(plan.dataset), (EVALUATION_BATCH,), precision)
        recipe, sizes = plan.recipe, probe.sizes
        trained = recipe.total_steps(sizes["train"] // recipe.batch_size) * recipe.batch_size
        step_images = min(times_of(probe.train)) / probe.images_per_call
        answer = min(times_of(lambda: probe.infer(EVALUATION_BATCH))) / EVALUATION_BATCH
        seconds = (
            self._import_seconds
            + self._load_seconds
            + probe.phases["build"]
            + probe.phases["compile"]
            + trained * step_images
            + (recipe.epochs * sizes["validation"] + sizes["test"]) * recipe.tta_copies * answer
            + SAVING_SECONDS
        )
        return Paced(seconds=seconds, memory=peak_memory())
