"""The part of run.json that is known before the first step."""

from dataclasses import asdict
from typing import Any

from zoo import environment
from zoo.contract import InputContract
from zoo.datasets.dataset import Arrays
from zoo.parameters import plain
from zoo.training.backend import Device, cuda_version
from zoo.training.plan import Plan
from zoo.training.training import Training


def describe(plan: Plan, training: Training, device: Device, arrays: Arrays) -> dict[str, Any]:
    """Everything needed to repeat a run but its precision, and what its model costs."""
    from zoo.training.flops import flops_per_sample

    engine, architecture = training.engine, plan.architecture
    model, pipeline = engine.model, engine.pipeline
    return {
        "architecture": {
            "name": architecture.name,
            "layout": architecture.layout,
            "frames_from_image": architecture.frames_from_image,
            "hyperparameters": plain(plan.hyperparameters),
            "origin": plan.origin.as_record(),
        },
        "dataset": {
            "name": plan.dataset.name,
            "parameters": plain(plan.dataset.parameters),
            "classes": list(plan.dataset.classes),
            "source": arrays.source,
            "origin": plan.dataset.origin,
            "sizes": training.examples.sizes,
        },
        "input": pipeline.as_record(),
        "contract": InputContract.of(plan.dataset, arrays.x_train).as_record(),
        "recipe": {**plan.recipe.as_dict(), "digest": plan.recipe.digest},
        "augmented": engine.augments,
        "seed": plan.seed,
        "backend": plan.backend,
        "device": {"asked": plan.device, **asdict(device)},
        "engine": {
            **engine.settings,
            "data": training.data,
            "deterministic": engine.deterministic,
        },
        "environment": {
            **environment.versions(plan.backend),
            **environment.machine(),
            **(
                {"cuda": cuda_version(plan.backend), **environment.nvidia()}
                if device.kind == "gpu"
                else {}
            ),
            "git": environment.git_state(),
        },
        "parameters": {
            "trainable": count(model.trainable_variables),
            "total": count(model.variables),
        },
        "flops_per_sample": flops_per_sample(plan.backend, model, pipeline.input_shape),
    }


def count(variables) -> int:
    """The numbers in some variables."""
    total = 0
    for variable in variables:
        size = 1
        for length in variable.shape:
            size *= length
        total += size
    return total
