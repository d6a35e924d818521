"""`zoo predict`"""

from pathlib import Path

import click

from zoo.cli import options
from zoo.cli.output import percent, print_json
from zoo.errors import UsageError
from zoo.run import find_run

TOP = 3
CENTRED = ("mnist", "digits")
"""Datasets whose pictures are single drawn signs, cut out and centred."""


@click.command("predict")
@click.argument("run", shell_complete=options.complete_runs)
@click.argument(
    "images", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IMAGE..."
)
@options.runs_dir
@options.device
@options.backend
@options.trust_source
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    run: str,
    images: tuple[Path, ...],
    runs_dir: Path,
    device: str,
    backend: str | None,
    trust_source: bool,
    as_json: bool,
) -> None:
    """Classify PNG or JPEG files with a finished run: class, probability, top 3.

    Pictures may have any size, be grey or in colour, dark on light or light on dark. A run whose
    recipe has a test_shift answers from as many views as it was tested with.
    """
    import numpy as np

    from zoo.pictures import read_picture

    found = find_run(run, runs_dir)
    record = found.record
    if record["input"]["source"] != "image":
        raise UsageError(f"{found.name} reads {record['input']['source']}, not images.")
    shape, centre = tuple(record["input"]["shape"]), record["dataset"]["name"] in CENTRED
    samples = np.stack([read_picture(path, shape, centre=centre) for path in images])

    from scipy.special import softmax

    from zoo.training.saved import load_engine

    registry = options.registry(context)
    engine = load_engine(found, registry, backend, device, trust_source=trust_source)
    probabilities = softmax(engine.logits(samples).astype("float64"), axis=-1)
    classes = record["dataset"]["classes"]
    answers = [_answer(path, row, classes) for path, row in zip(images, probabilities, strict=True)]
    if as_json:
        print_json(answers)
        return
    for answer in answers:
        top = ", ".join(
            f"{each['class']} {percent(each['probability'], 1)}" for each in answer["top"]
        )
        click.echo(f"{answer['image']}: {click.style(answer['class'], bold=True)}  ({top})")


def _answer(path: Path, probabilities, classes: list[str]) -> dict:
    order = probabilities.argsort()[::-1][:TOP]
    top = [{"class": classes[i], "probability": float(probabilities[i])} for i in order]
    return {"image": str(path), **top[0], "top": top}
