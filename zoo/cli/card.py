"""`zoo card`"""

from pathlib import Path
from typing import Any

import click

from zoo.cli import options
from zoo.terminal import echo, print_json


@click.command("card")
@click.argument("run", shell_complete=options.complete_runs)
@click.option(
    "--out",
    metavar="FILE.md",
    type=click.Path(path_type=Path),
    help="Write this file. [default: print the card]",
)
@click.option(
    "--repo-id",
    metavar="OWNER/NAME",
    help="Set the repository on the Hugging Face Hub that the card is for.",
)
@click.option(
    "--license",
    "licence",
    metavar="ID",
    help="Licence of the weights, as the Hub names it: mit, apache-2.0, ... [default: unknown]",
)
@options.runs_dir
@options.as_json
def command(run: str, as_json: bool, **given: Any) -> None:
    """Write a finished run's model card, with Hugging Face's metadata block.

    \b
    zoo card last
    zoo card last --out README.md --license mit

    RUN is a folder, a name, a part of a name, or last. The card has data, recipe, metrics with
    intervals, confusions, costs, limits, how to train it again, and how to use its ONNX file in Python,
    C++ and JavaScript. An earlier card at --out is replaced, any other file is not.
    """
    from zoo.api.carding import card

    made = card(run, **given)
    if as_json:
        print_json({"metadata": dict(made.metadata), "text": made.text})
    elif given["out"]:
        echo(f"wrote {given['out']}")
    else:
        echo(made.text, lines=True)
