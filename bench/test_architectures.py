"""What each installed architecture costs: the measurements of `zoo bench`, under pytest-benchmark.

pytest bench/test_architectures.py --benchmark-json FILE.json && zoo bench --from FILE.json

All architectures share this process; start-up, compiling and memory are taken in a fresh one each.
"""

import numpy as np
import pytest
from sizes import IMAGES, size

from zoo import Locations, Registry
from zoo.comparison.cost import BATCH_SIZE, INFERENCE_BATCHES, BenchmarkProbe
from zoo.comparison.messages import CostTask, Measure, Ready, Round
from zoo.comparison.worker_process import Worker
from zoo.training.request import Request

MEASURES = {"train": size(7, 1)} | {
    f"infer_{batch}": size(200 if batch == 1 else 15, 1) for batch in INFERENCE_BATCHES
}
"""Each measure and its rounds."""


@pytest.fixture(scope="module", params=size(Registry.discover().names(), ["cnn"]))
def measured(request):
    """An architecture ready to be timed, and what a fresh process says of it."""
    registry = Registry.discover()
    asked = Request(request.param, dataset=IMAGES, changes={"batch_size": BATCH_SIZE})
    plan = asked.plan(registry)
    probe = BenchmarkProbe.open(plan, plan.dataset.load(Locations.of_user()))
    return probe, _fresh_process(asked)


def _fresh_process(asked: Request) -> tuple[Ready, int]:
    worker = Worker.start(CostTask(use_plugins=True, data_dir=None, request=asked, precision=None))
    ready = worker.receive() or worker.death()
    assert isinstance(ready, Ready), ready
    measured = worker.ask(Measure())
    assert isinstance(measured, Round), measured
    worker.finish()
    return ready, measured.memory


@pytest.mark.parametrize("measure", MEASURES)
def test_cost(measured, measure, benchmark):
    probe, (fresh, held) = measured
    batch = int(measure.partition("_")[2] or 0)
    images = batch or probe.images_per_call
    call = (lambda: probe.infer(batch)) if batch else probe.train
    benchmark.pedantic(call, rounds=MEASURES[measure], warmup_rounds=1)
    benchmark.extra_info.update(
        architecture=probe.plan.architecture.name,
        measure=measure,
        images=images,
        images_per_second=round(images / benchmark.stats.stats.median, 1),
        latency_p99=float(np.percentile(benchmark.stats.stats.data, 99)),
        parameters=fresh.parameters,
        flops=fresh.flops,
        peak_memory=held,
        fresh_process={
            name: fresh.phases[name] for name in ("start_up", "compile", "compile_inference")
        },
        conditions=fresh.conditions,
        settings={
            "batch_size": probe.plan.recipe.batch_size,
            "recipe": probe.plan.recipe.name,
            "hyperparameters": probe.plan.hyperparameters,
            "engine": probe.engine.settings,
        },
    )
