"""`zoo serve`"""

from typing import TYPE_CHECKING, Any

import click

from zoo.cli import options
from zoo.formatting import percent
from zoo.terminal import echo, print_json

if TYPE_CHECKING:
    from zoo.serving.http_server import Server

MIB = 2**20


@click.command("serve")
@click.argument(
    "runs", metavar="[NAME=]RUN...", nargs=-1, required=True, shell_complete=options.complete_runs
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Listen at this address; 0.0.0.0 is reached from other machines.",
)
@click.option(
    "--port", default=8000, show_default=True, type=int, help="Listen at this port; 0: a free one."
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=int,
    help="Number of processes, each with all models.",
)
@click.option(
    "--runtime",
    type=click.Choice(["auto", "onnx", "keras"]),
    default="auto",
    show_default=True,
    help="Take ONNX Runtime, Keras, or the one that the export's proof measured to be faster on this machine "
    "for one sample (auto).",
)
@click.option(
    "--threads",
    type=int,
    help="Number of batches that a process answers at once. [default: cores / workers]",
)
@click.option(
    "--max-batch", type=int, default=64, show_default=True, help="Number of samples in a batch."
)
@click.option(
    "--max-wait-ms",
    type=float,
    default=0,
    show_default=True,
    help="Number of milliseconds that a batch waits for more requests. 0: requests that arrive while "
    "the model is at work make the next batch.",
)
@click.option(
    "--max-queue",
    type=int,
    default=4096,
    show_default=True,
    help="Number of samples that wait for a model; more are refused with status 503.",
)
@click.option(
    "--max-body-mib",
    type=float,
    default=10,
    show_default=True,
    help="Number of MiB that a request may have.",
)
@click.option(
    "--max-instances",
    type=int,
    default=1024,
    show_default=True,
    help="Number of samples that a request may have.",
)
@click.option(
    "--max-pixels",
    type=int,
    default=2**24,
    show_default=True,
    help="Number of pixels that an uploaded image may have.",
)
@click.option(
    "--max-connections",
    type=int,
    default=2000,
    show_default=True,
    help="Number of open connections of a process; with more, the one waited for longest is closed.",
)
@click.option(
    "--timeout",
    type=float,
    default=30,
    show_default=True,
    help="Number of seconds for a request to arrive, and for its answer.",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    metavar="URL",
    multiple=True,
    help="Add a web site whose pages may call the server; * for all. Repeatable. [default: none]",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    metavar="NAME",
    multiple=True,
    help="Add a name that requests may call the server by, such as a proxy's. Repeatable.",
)
@options.runs_dir
@options.data_dir
@options.trust_source
@options.as_json
@click.pass_context
def command(context: click.Context, runs: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Classify samples over HTTP with finished runs, until Ctrl-C.

    \b
    zoo serve last
    zoo serve old=runs/cnn-mnist-a new=runs/cnn-mnist-b --port 9000
    zoo serve digits=model.onnx --workers 4

    RUN is a folder, a name, a part of a name, or last; or an ONNX file that zoo export wrote. A run that was
    not exported is exported first, with its proof. A model is called as its architecture, or as its run where
    two share one, or NAME. ADDRESS/docs describes the addresses. On Ctrl-C or SIGTERM accepted requests are
    answered.
    """
    from zoo.api.serving import serve

    serve(
        runs,
        **_moved(given),
        on_stage=lambda text: echo(f"{text} ...", err=True),
        on_ready=_print_json if as_json else _print,
        registry=options.registry(context),
    )


def _moved(given: dict[str, Any]) -> dict[str, Any]:
    """The options of the command as arguments of `serve`."""
    from zoo.api.serving import ServeOptions
    from zoo.environment import usable_cores

    kept = ("host", "port", "workers", "runtime", "runs_dir", "data_dir", "trust_source")
    found = {name: given.pop(name) for name in kept}
    threads = given.pop("threads")
    if threads is None:
        threads = max(1, usable_cores() // max(1, found["workers"]))
    chosen = ServeOptions(
        threads=threads,
        max_wait=given.pop("max_wait_ms") / 1000,
        max_body=int(given.pop("max_body_mib") * MIB),
        **given,
    )
    return {**found, "options": chosen}


def _print(server: "Server") -> None:
    for each in server.models:
        shape = "×".join(map(str, each["input"]["shape"]))
        accuracy = f", test accuracy {percent(each['test']['accuracy'])}" if each["test"] else ""
        echo(
            f"{each['name']}: {each['run']}, {each['input']['layout']} {shape} "
            f"{each['input']['dtype']}{accuracy}; {each['runtime']}"
        )
        for note in each["notes"]:
            echo(f"note: {each['name']}: {note}", err=True)
    if server.public:
        echo(
            "warning: other machines can reach this address; everybody who does may use the models.",
            err=True,
        )
    echo(f"serving at {server.url}  (Ctrl-C stops)")
    _flush()


def _print_json(server: "Server") -> None:
    print_json({"url": server.url, "models": server.models})
    _flush()


def _flush() -> None:
    """Whoever waits for the address reads it at once, from a pipe, too."""
    import sys

    sys.stdout.flush()
