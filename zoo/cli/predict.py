"""`zoo predict`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo.cli import options
from zoo.errors import UsageError
from zoo.formatting import percent
from zoo.inference import Model, predict
from zoo.runs.run import find_run
from zoo.terminal import echo, print_json, style

if TYPE_CHECKING:
    from zoo.inference import Predictions

TOP = 3


@click.command("predict")
@click.argument("run", shell_complete=options.complete_runs)
@click.argument(
    "images", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IMAGE..."
)
@options.inverted
@click.option(
    "--show",
    metavar="FILE.png",
    type=click.Path(path_type=Path),
    help="Write a picture of the images as the model sees them.",
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
    inverted: bool | None,
    show: Path | None,
    runs_dir: Path,
    device: str,
    backend: str | None,
    trust_source: bool,
    as_json: bool,
) -> None:
    """Classify image files with a finished run: class, probability, top 3.

    The model is given what it was trained on: an image of another size, depth or colour is converted,
    and what was done is said. A run on mnist, fashion_mnist or digits reads any drawing, dark on light
    or light on dark; other runs take pixels as they are. A run whose recipe has a tta_shift answers
    by the mean over shifted copies.
    """
    _check_show(show, images)
    found, registry = find_run(run, runs_dir), options.registry(context)
    model = Model(found, registry, backend, device, inverted, trust_source)
    said = predict(model, images)
    if show:
        _write_sheet(show, said, model)
    answers = _answers(said)
    if as_json:
        print_json(answers)
        return
    for answer in answers:
        top = ", ".join(
            f"{each['class']} {percent(each['probability'], 1)}" for each in answer["top"]
        )
        echo(f"{answer['image']}: {style(answer['class'], bold=True)}  ({top})")
    _say_what_was_done(said)


def _check_show(show: Path | None, images: tuple[Path, ...]) -> None:
    if show is None:
        return
    if show.suffix.lower() != ".png":
        raise UsageError(f"--show {show}: writes a PNG; give a FILE.png.")
    if any(show.resolve() == image.resolve() for image in images):
        raise UsageError(f"--show {show}: is one of the images; give another file.")
    if not show.resolve().parent.is_dir():
        raise UsageError(f"--show {show}: there is no folder {show.parent}.")


def _write_sheet(path: Path, found: "Predictions", model: Model) -> None:
    from zoo import atomic
    from zoo.contact_sheet import contact_sheet
    from zoo.errors import ZooError

    captions = [
        f"{found.classes[row.argmax()]}: {percent(row.max(), 0)}" for row in found.probabilities
    ]
    ends = model.contract.pixel_range
    assert ends
    sheet = contact_sheet([each.sample for each in found.pictures], captions, ends)
    try:
        atomic.write(path, lambda file: sheet.save(file, "PNG"))
    except OSError as error:
        raise ZooError(f"--show {path}: cannot be written ({error.strerror or error}).") from error


def _answers(found: "Predictions") -> list[dict[str, Any]]:
    return [
        {
            **_answer(picture.path, row, found.classes),
            "done": picture.done,
            "unusual": picture.unusual,
        }
        for picture, row in zip(found.pictures, found.probabilities, strict=True)
    ]


def _answer(path: Path, probabilities, classes: tuple[str, ...]) -> dict[str, Any]:
    order = probabilities.argsort()[::-1][:TOP]
    top = [{"class": classes[i], "probability": float(probabilities[i])} for i in order]
    return {"image": str(path), **top[0], "top": top}


def _say_what_was_done(found: "Predictions") -> None:
    """Each conversion once, with the first image and how many more; each unusual image by itself."""
    by_words: dict[str, list[Path]] = {}
    for picture in found.pictures:
        if picture.done:
            by_words.setdefault(", ".join(picture.done), []).append(picture.path)
    for words, paths in by_words.items():
        more = f" and {len(paths) - 1} more" if paths[1:] else ""
        echo(f"note: {paths[0]}{more}: {words}", err=True)
    for picture in found.pictures:
        if picture.unusual:
            echo(
                f"warning: {picture.path}: is unlike the training images ({picture.unusual}); the "
                "answer may mean nothing. --show FILE.png shows what the model sees.",
                err=True,
            )
