"""The model card of a finished run: `card`."""

from pathlib import Path
from typing import TYPE_CHECKING

from zoo.api.arguments import RUNS_DIR
from zoo.api.finding import load_run

if TYPE_CHECKING:
    from zoo.cards.model_card import ModelCard
    from zoo.runs.run import Run


def card(
    run: "Run | str | Path",
    *,
    out: str | Path | None = None,
    repo_id: str | None = None,
    licence: str | None = None,
    runs_dir: str | Path = RUNS_DIR,
) -> "ModelCard":
    """Make a finished run's model card: Markdown with Hugging Face's metadata block.

    It has the data, the recipe, all metrics with 95 % intervals, the most frequent confusions, costs,
    limits, how to train it again, and how to use its ONNX file in Python, C++ and JavaScript. Everything
    comes from the run's folder; no path of this machine is in it.

    Args:
        run: as `load_run` takes it.
        out: also write it to this file, such as `README.md`. An earlier card there is replaced, anything
            else is not.
        repo_id: `OWNER/NAME` of the repository on the Hub that the card is for.
        licence: of the weights, as the Hub names licences: `mit`, `cc-by-4.0`. By default `unknown`.
        runs_dir: the folder that holds the runs.

    Returns:
        `text`, `metadata`, and `write(path)`.

    Raises:
        UsageError: the run is not finished, an argument is not allowed, or `out` cannot be written.
        ZooError: the run's predictions are missing or damaged.

    Example:
        >>> print(zoo.card("last"))  # doctest: +SKIP
        >>> zoo.card("last", out="README.md", licence="mit")  # doctest: +SKIP
    """
    return load_run(run, runs_dir).card(out=out, repo_id=repo_id, licence=licence)
