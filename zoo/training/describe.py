"""The part of run.json that is known before the first step."""

from dataclasses import asdict
from typing import Any

from zoo import environment
from zoo.contract import InputContract
from zoo.datasets.dataset import Arrays
from zoo.parameters import plain
from zoo.runs import codec, record
from zoo.training.backend import backend_of
from zoo.training.device import Device
from zoo.training.examples import Examples
from zoo.training.loop import TrainLoop
from zoo.training.plan import Plan


def describe(plan: Plan, loop: TrainLoop, device: Device, arrays: Arrays) -> dict[str, Any]:
    """Everything needed to repeat a run but its precision, and what its model costs."""
    from zoo.training.flops import flops_per_sample

    engine, architecture = loop.engine, plan.architecture
    model, pipeline = engine.model, engine.pipeline
    return {
        "architecture": record.ArchitectureRecord(
            name=architecture.name,
            layout=architecture.layout,
            frames_from_image=architecture.frames_from_image,
            hyperparameters=plain(plan.hyperparameters),
            origin=record.OriginRecord(**plan.origin.as_record()),
        ),
        "dataset": record.DatasetRecord(
            name=plan.dataset.name,
            parameters=plain(plan.dataset.parameters),
            classes=tuple(plan.dataset.classes),
            source=arrays.source,
            origin=plan.dataset.origin,
            sizes=_sizes(loop.examples),
            notes=plan.dataset.notes or None,
        ),
        "input": pipeline.as_record(),
        "contract": InputContract.of(plan.dataset, arrays.x_train).as_record(),
        "recipe": {**plan.recipe.as_dict(), "digest": plan.recipe.digest},
        "augmented": engine.augments,
        "fold": record.FoldRecord(**asdict(fold)) if (fold := plan.dataset.fold) else None,
        "seed": plan.seed,
        "backend": plan.backend,
        "device": record.DeviceRecord(asked=plan.device, **asdict(device)),
        "engine": {
            **engine.settings,
            "data": loop.data,
            "deterministic": engine.deterministic,
        },
        "environment": codec.convert(_environment(plan.backend, device), record.EnvironmentRecord),
        "parameters": record.ParametersRecord(
            trainable=count(model.trainable_variables), total=count(model.variables)
        ),
        "flops_per_sample": flops_per_sample(plan.backend, model, pipeline.input_shape),
    }


def _sizes(examples: Examples) -> record.SizesRecord:
    sizes = examples.sizes
    return record.SizesRecord(
        train=sizes["train"], validation=sizes["validation"], test=sizes["test"]
    )


def _environment(backend: str, device: Device) -> dict[str, Any]:
    gpu = (
        {"cuda": backend_of(backend).cuda_version(), **environment.nvidia()}
        if device.kind == "gpu"
        else {}
    )
    return {
        **environment.versions(backend),
        **environment.machine(),
        **gpu,
        "git": environment.git_state(),
    }


def count(variables: Any) -> int:
    """The numbers in some variables."""
    total = 0
    for variable in variables:
        size = 1
        for length in variable.shape:
            size *= length
        total += size
    return total
