"""The command line. A command's module is imported when it is run, and only then."""

from importlib import import_module
from typing import Any

import click

from zoo.version import __version__

COMMANDS = {
    "train": ("zoo.cli.train", "Train an architecture on a dataset."),
    "compare": (
        "zoo.cli.compare",
        "Train architectures under one recipe, and say which is better.",
    ),
    "study": ("zoo.cli.study", "Train on several datasets, as a file says, and judge over them."),
    "tune": ("zoo.cli.tune", "Train trials to tune architectures, with equal budgets."),
    "advise": ("zoo.cli.advise", "Find the architecture and size to take within limits."),
    "bench": ("zoo.cli.bench", "Measure the speed of architectures."),
    "check": ("zoo.cli.check", "Check that architectures and datasets work as archzoo needs."),
    "evaluate": ("zoo.cli.evaluate", "Measure a finished run on a dataset's test set."),
    "predict": ("zoo.cli.predict", "Classify image files with a finished run."),
    "export": (
        "zoo.cli.export",
        "Write a finished run's model as ONNX, LiteRT, SavedModel or Keras file.",
    ),
    "card": ("zoo.cli.card", "Write a finished run's model card."),
    "serve": ("zoo.cli.serve", "Classify samples over HTTP with finished runs."),
    "runs": ("zoo.cli.runs", "List runs, or show one."),
    "list": ("zoo.cli.listing", "List architectures."),
    "show": ("zoo.cli.show", "Show an architecture: hyperparameters, recipes, size."),
    "plugins": ("zoo.cli.plugins", "List plugins and their state."),
    "datasets": ("zoo.cli.datasets", "List datasets, or fetch one."),
    "new": ("zoo.cli.new", "Write a new plugin package."),
    "doctor": ("zoo.cli.doctor", "Check Python, Keras, devices, data and plugins."),
    "completion": ("zoo.cli.completion", "Print a script for shell completion."),
}
"""Name, module and one line of help, so that `zoo --help` imports none of them."""


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own, named in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return import_module(COMMANDS[cmd_name][0]).command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS:
            from zoo.errors import UsageError
            from zoo.suggest import unknown

            raise UsageError(unknown("command", args[0], COMMANDS, "See zoo --help."))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="archzoo")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--no-plugins", is_flag=True, help="Load no plugin; architectures in files still work."
)
@click.pass_context
def zoo(context: click.Context, debug: bool, no_plugins: bool) -> None:
    """Train architectures for images and sequences under one recipe, and compare them."""
    context.obj = {"use_plugins": not no_plugins}
