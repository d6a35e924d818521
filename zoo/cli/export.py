"""`zoo export`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo.cli import options
from zoo.exporting.formats import FORMATS, PAGE, QUANTIZATIONS
from zoo.formatting import percent, size
from zoo.terminal import echo, print_json, print_table

if TYPE_CHECKING:
    from zoo.exporting.exporter import Export
    from zoo.serving.page.page_export import PageExport
    from zoo.serving.page.page_report import PageModel


@click.command("export")
@click.argument(
    "runs", metavar="RUN...", nargs=-1, required=True, shell_complete=options.complete_runs
)
@click.option(
    "--format",
    type=click.Choice([*FORMATS, PAGE]),
    default="onnx",
    show_default=True,
    help="Write this format.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write this file; for saved_model a folder. [default: in export/ in the run's folder]",
)
@click.option(
    "--quantize",
    type=click.Choice([*QUANTIZATIONS]),
    help="Write weights in fewer bits; int8 calculates in int8, too, where the runtime can.",
)
@options.dataset
@options.data_parameters
@options.runs_dir
@options.data_dir
@options.trust_source
@options.as_json
@click.pass_context
def command(context: click.Context, runs: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Write a finished run's model for another runtime, and prove that it answers alike.

    \b
    zoo export last
    zoo export last --format litert --quantize int8
    zoo export last --format onnx --out digits.onnx
    zoo export cnn lstm gru --format html --out lesson.html

    RUN is a folder, a name, a part of a name, or last. The file takes samples as they are stored in the
    dataset: scaling and layout are inside. It is run in its own runtime on the test set, or on that of
    --dataset, and its size, speed and differences from Keras are printed and written to FILE.export.json.
    A file whose answers differ beyond rounding is not kept.

    html is a page on which one draws or speaks and every model answers, of one or several runs: one file
    that is opened from disk and needs no network. onnxruntime-web, which it contains, is downloaded once.
    """
    from zoo.api.exporting import export
    from zoo.exporting.exporter import Export

    options.read_pairs(given)
    done = export(
        list(runs),
        **given,
        on_stage=lambda text: echo(f"{text} ...", err=True),
        registry=options.registry(context),
    )
    if as_json:
        print_json({"path": str(done.path), **done.report.to_dict()})
        return
    if isinstance(done, Export):
        _print(done)
    else:
        _print_page(done)


def _print_page(done: "PageExport") -> None:
    report = done.report
    for note in report.notes:
        echo(f"note: {note}", err=True)
    echo(
        f"{done.path}: {size(report.bytes)}B, of which models {size(report.model_bytes)}B and "
        f"onnxruntime-web {report.runtime} {size(report.runtime_bytes)}B"
    )
    echo(f"run by {report.proved_by}; open the file in a browser")
    rows = [(each.name, *_of_page(each)) for each in report.models]
    print_table(
        ("model", "test samples", "answers changed", "largest difference", "one sample"), rows
    )


def _of_page(model: "PageModel") -> tuple[str, str, str, str]:
    """The page beside ONNX Runtime; without a browser the ONNX file beside Keras."""
    if (page := model.page) is not None:
        time = f"{page.milliseconds:.3g} ms"
        return str(page.samples), str(page.changed), f"{page.largest_difference:.1e}", time
    parity = model.onnx.parity
    return str(parity.samples), str(parity.changed), f"{parity.largest_difference:.1e}", "–"


def _print(done: "Export") -> None:
    report, parity, accuracy = done.report, done.report.parity, done.report.accuracy
    for note in parity.notes:
        echo(f"note: {note}", err=True)
    echo(f"{done.path}: {size(report.bytes)}B, {report.format}")
    some = "" if parity.samples == parity.available else f" of {parity.available:,}"
    echo(
        f"{parity.samples:,}{some} test samples of {parity.dataset}: {parity.changed} answers changed, "
        f"largest difference of logits {parity.largest_difference:.1e} "
        f"(largest logit {parity.largest_logit:.3g})"
    )
    if report.quantize:
        echo(
            f"accuracy {percent(parity.accuracy)}, Keras {percent(parity.keras_accuracy)}; difference "
            f"{100 * accuracy.low:+.2f} to {100 * accuracy.high:+.2f} points, p = {accuracy.p:.3g}: "
            f"{accuracy.verdict}"
        )
    rows = [
        (each.runtime, f"{each.latency_ms:.3g} ms", f"{size(each.throughput)}/s")
        for each in (report.speed, report.keras_speed)
    ]
    print_table(("runtime", "one sample", f"batches of {report.speed.batch}"), rows)
