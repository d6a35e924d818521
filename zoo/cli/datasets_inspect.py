"""`zoo datasets inspect`"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo.cli import options
from zoo.cli.wording import in_options
from zoo.formatting import percent
from zoo.terminal import echo, print_json, print_table, secho, style

if TYPE_CHECKING:
    from zoo.inspecting.dataset_inspection import DatasetInspection, ImageSizes

SHOWN = 5
"""Files that are named of each kind of finding; --json has more."""


@click.command("inspect")
@click.argument("name", metavar="PATH|NAME", shell_complete=options.complete_datasets)
@options.data_parameters
@click.option(
    "--out",
    metavar="DIR",
    default=".",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the contact sheet, NAME-contact-sheet.png.",
)
@click.option(
    "--sample",
    metavar="N",
    type=int,
    help="Number of image files to open, drawn at random. [default: all]",
)
@options.data_dir
@options.as_json
@click.pass_context
def inspect(
    context: click.Context, name: str, out: Path, sample: int | None, as_json: bool, **given: Any
) -> None:
    """Show what is in your data, what is wrong with it, and what to type next.

    \b
    zoo datasets inspect ./pets
    zoo datasets inspect ./pets --data-set size=64 --out ./looks

    Counts by class and split, sizes and formats, balance, damaged files, copies, samples that are in
    train and test, and a picture of some samples of each class. Data that training refuses are inspected,
    too.
    """
    from zoo.api.inspecting import inspect_dataset

    options.read_pairs(given)
    found = inspect_dataset(
        name,
        parameters=given["data_parameters"],
        out=out,
        sample=sample,
        progress=_progress(),
        data_dir=given["data_dir"],
        registry=options.registry(context),
    )
    typed = [_typed(each) for each in found.commands]
    if as_json:
        print_json({**found.to_dict(), "commands": typed, "refusal": _refusal(found)})
        return
    _print(found)
    _print_next(found, typed)


def _progress() -> Callable[[int, int], None]:
    """A counter on a terminal; nothing in a log."""

    def show(done: int, of: int) -> None:
        if sys.stderr.isatty() and (done % 100 == 0 or done == of):
            end = "\r" if done < of else "\r\x1b[K"
            sys.stderr.write(f"{done:,} of {of:,} files{end}")
            sys.stderr.flush()

    return show


def _typed(code: str) -> str:
    typed = in_options(f"`{code}`").strip("`")
    return f"{typed} --html comparison.html" if typed.startswith("zoo compare") else typed


def _refusal(found: "DatasetInspection") -> str | None:
    return in_options(found.refusal) if found.refusal else None


def _print(found: "DatasetInspection") -> None:
    shape = f", samples {'×'.join(map(str, found.shape))}" if found.shape else ""
    layout = f", layout {found.layout}" if found.layout else ""
    echo(f"{style(found.dataset, bold=True)}: {found.kind}{layout}{shape}")
    _print_counts(found)
    for title, text in _facts(found):
        echo(f"{title}: {text}")
    _print_problems("unreadable", found.unreadable, found.unreadable_count)
    _print_problems("not used", found.ignored, found.ignored_count)
    _print_copies(found)
    if found.uniform_count:
        named = ", ".join(found.uniform[:SHOWN])
        echo(f"one value only: {found.uniform_count:,} samples: {named}")
    for line in found.notes:
        echo(f"note: {line}")


def _print_counts(found: "DatasetInspection") -> None:
    if not found.counts:
        return
    splits = list(found.counts)
    echo("")
    rows = [
        (f"  {name}", *(f"{found.counts[split].get(name, 0):,}" for split in splits), "")
        for name in found.classes
    ]
    sums = [f"{sum(found.counts[split].values()):,}" for split in splits]
    print_table(("  class", *splits, ""), [*rows, ("  in all", *sums, "")], numbers=True)
    echo("")


def _facts(found: "DatasetInspection") -> Iterator[tuple[str, str]]:
    if found.looked_at < found.files:
        yield "opened", f"{found.looked_at:,} of {found.files:,} files, drawn at random"
    if found.sizes:
        yield "sizes", _sizes(found.sizes)
    if found.formats:
        yield "files", f"{_counted(found.formats)}; modes: {_counted(found.modes)}"
    if found.counts:
        yield "balance", _balance(found)


def _sizes(sizes: "ImageSizes") -> str:
    if sizes.count == 1:
        return f"all {_size(sizes.median)}"
    common = ", ".join(f"{w}×{h} ({count:,})" for w, h, count in sizes.commonest)
    return (
        f"{sizes.count:,} sizes, {_size(sizes.smallest)} to {_size(sizes.largest)}, median "
        f"{_size(sizes.median)}; most often {common}"
    )


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _balance(found: "DatasetInspection") -> str:
    from zoo.inspecting.advice import are_unequal

    counts = {
        name: sum(split.get(name, 0) for split in found.counts.values()) for name in found.classes
    }
    total = max(1, sum(counts.values()))
    largest = max(counts, key=lambda name: counts[name])
    share = counts[largest] / total
    said = f"the largest class, {largest}, has {percent(share, 1)}"
    if not are_unequal(counts):
        return said
    return (
        f"{said}: a model that always answers it is right so often. Accuracy misleads: read the balanced "
        'accuracy. A recipe with class_weight = "balanced" weighs rare classes'
    )


def _print_problems(title: str, listed: Any, count: int) -> None:
    if not count:
        return
    echo(f"{title}: {count:,}")
    for each in listed[:SHOWN]:
        echo(f"  {each.path}: {each.reason}")
    if count > SHOWN:
        echo(f"  and {count - SHOWN:,} more")


def _print_copies(found: "DatasetInspection") -> None:
    if found.copies is None:
        echo("copies: not looked for, as the samples are too many or too large")
        return
    copies = found.copies
    for split, count in copies.leaked.items():
        of = sum(found.counts.get(split, {}).values())
        secho(
            f"LEAKAGE: {count:,} of {of:,} {split} samples are training samples, too: accuracy on them "
            "says nothing about new data",
            fg="red",
        )
    for split, count in copies.within.items():
        where = "" if split == "all" else f" within {split}"
        echo(f"copies: {count:,} samples are there more than once{where}")
    if copies.other_label:
        echo(f"copies: {copies.other_label:,} of them have another label")
    for one, other in copies.examples[:SHOWN]:
        echo(f"  {one} = {other}")
    if not copies.leaked and not copies.within:
        echo(f"copies: none among {copies.compared:,} samples")


def _print_next(found: "DatasetInspection", typed: list[str]) -> None:
    if found.contact_sheet:
        echo(f"contact sheet: {found.contact_sheet}")
    if found.refusal:
        secho(f"not trainable as it is: {_refusal(found)}", fg="yellow")
    if not found.counts or not found.shape:
        echo("Mend that, and run zoo datasets inspect again.")
    if typed:
        echo("\nThen:" if found.refusal else "\nNext:")
        for line in typed:
            echo(f"  {line}")
