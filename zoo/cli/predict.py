"""`zoo predict`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo.cli import options
from zoo.errors import UsageError
from zoo.formatting import percent
from zoo.terminal import echo, print_json, style

if TYPE_CHECKING:
    from zoo.inference import Predictions

TOP = 3
IMAGE_AXES = 3


@click.command("predict")
@click.argument("run", shell_complete=options.complete_runs)
@click.argument(
    "images", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@options.invert
@click.option(
    "--show",
    metavar="FILE.png",
    type=click.Path(path_type=Path),
    help="Write a picture of the images, spectrograms or middle frames as the model sees them.",
)
@click.option(
    "--runtime",
    type=click.Choice(["auto", "keras", "onnx"]),
    default="auto",
    show_default=True,
    help="Take Keras, the run's exported ONNX file, or the one that its proof measured to be faster on "
    "this machine.",
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
    show: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Classify files with a finished run: class, probability, top 3.

    \b
    zoo predict last photo.png
    zoo predict last drawings/*.png --show seen.png
    zoo predict last call.mp3
    zoo predict last photo.png --runtime onnx

    RUN is a folder, a name, a part of a name, or last. FILEs are images; or sounds or films, if the run
    was trained on such. They are converted to what the model was trained on (size, depth, colour,
    rate, length), and each conversion is printed. Runs on mnist, fashion_mnist
    and digits accept drawings dark on light and light on dark; other runs take pixels as they are. If
    the recipe uses test-time augmentation, predictions average the probabilities of shifted copies.
    After zoo export RUN, predictions start without TensorFlow where the ONNX file is faster.
    """
    from zoo.api.using import predict

    _check_show(show, images)
    found = predict(run, images, **given, registry=options.registry(context))
    if show:
        found.save_picture(show)
    answers = _answers(found)
    if as_json:
        print_json(answers)
        return
    for answer in answers:
        top = ", ".join(
            f"{each['class']} {percent(each['probability'], 1)}" for each in answer["top"]
        )
        echo(f"{answer['image']}: {style(answer['class'], bold=True)}  ({top})")
    _print_conversions(found)
    if given["runtime"] != "keras" and not found.runtime.startswith("Keras"):
        echo(f"note: answered by {found.runtime}", err=True)


def _check_show(show: Path | None, images: tuple[Path, ...]) -> None:
    if show is None:
        return
    if show.suffix.lower() != ".png":
        raise UsageError(f"--show {show}: writes a PNG; give a FILE.png.")
    if any(show.resolve() == image.resolve() for image in images):
        raise UsageError(f"--show {show}: is one of the images; give another file.")
    if not show.resolve().parent.is_dir():
        raise UsageError(f"--show {show}: there is no folder {show.parent}.")


def _answers(found: "Predictions") -> list[dict[str, Any]]:
    return [
        {
            **_answer(picture.path, row, found.classes),
            "done": picture.done,
            "unusual": picture.unusual,
            "runtime": found.runtime,
        }
        for picture, row in zip(found.pictures, found.probabilities, strict=True)
    ]


def _answer(path: Path, probabilities: Any, classes: tuple[str, ...]) -> dict[str, Any]:
    order = probabilities.argsort()[::-1][:TOP]
    top = [{"class": classes[i], "probability": float(probabilities[i])} for i in order]
    return {"image": str(path), **top[0], "top": top}


def _print_conversions(found: "Predictions") -> None:
    """Print each conversion once, with its first image and how many more; each unusual image by itself."""
    by_words: dict[str, list[Path]] = {}
    for picture in found.pictures:
        if picture.done:
            by_words.setdefault(", ".join(picture.done), []).append(picture.path)
    for words, paths in by_words.items():
        more = f" and {len(paths) - 1} more" if paths[1:] else ""
        echo(f"note: {paths[0]}{more}: {words}", err=True)
    for picture in found.pictures:
        if picture.unusual:
            what = "images" if picture.sample.ndim == IMAGE_AXES else "samples"
            shows = " --show FILE.png shows what the model sees." if found.pixel_range else ""
            echo(
                f"warning: {picture.path}: is unlike the training {what} ({picture.unusual}), so its "
                f"class may be meaningless.{shows}",
                err=True,
            )
