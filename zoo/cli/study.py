"""`zoo study`"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo import atomic
from zoo.cli import options
from zoo.cli.comparison_output import print_plan
from zoo.errors import UsageError
from zoo.terminal import echo, print_json, print_table, secho, wrapped

if TYPE_CHECKING:
    from zoo.compared_datasets import DatasetsComparison
    from zoo.studies.lock_diff import StudyDiff

FORMATS = ("as_json", "as_csv", "as_markdown")
SETUP = ("jobs", "runs_dir", "data_dir")


class StudyGroup(click.Group):
    """A group in which a file stands for `run` of it: `zoo study FILE.toml`."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(ctx, args)


def _carrying_out(function: Callable[..., None]) -> Callable[..., None]:
    """The options of `run` and `rerun`."""
    for add in reversed(
        (
            click.option(
                "--jobs",
                type=int,
                default=1,
                show_default=True,
                help="Number of runs to train at once.",
            ),
            options.runs_dir,
            options.data_dir,
            click.option(
                "--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a report."
            ),
            options.as_json,
            click.option("--csv", "as_csv", is_flag=True, help="Print the scores as CSV."),
            click.option(
                "--markdown", "as_markdown", is_flag=True, help="Print the tables as Markdown."
            ),
        )
    ):
        function = add(function)
    return function


@click.group("study", cls=StudyGroup, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Train architectures on several datasets, as a file says, and judge over all of them.

    \b
    zoo study study.toml
    zoo study study.toml --dry-run
    zoo study rerun study.lock --runs-dir again
    zoo study diff study.lock study-rerun.lock

    The file has the whole experiment: architectures, datasets, seeds, recipe. Finished runs are not
    trained again; after Ctrl-C the same command resumes. study.lock is written beside the file.
    """
    if context.invoked_subcommand is None:
        raise UsageError(
            "give the study's file: zoo study FILE.toml. docs/studies.md has an example."
        )


@command.command("run")
@click.argument("file", metavar="FILE.toml", type=click.Path(path_type=Path))
@_carrying_out
@click.option(
    "--dry-run", is_flag=True, help="Print what would be trained and how long it takes, and stop."
)
@click.pass_context
def run(context: click.Context, file: Path, **given: Any) -> None:
    """Train what a study's file says, and judge.

    \b
    zoo study run study.toml --html page.html
    """
    from zoo.api.studies import plan_study, run_study

    _check(given)
    silent = any(given[name] for name in FORMATS)
    setup = {name: given[name] for name in SETUP} | {"registry": options.registry(context)}
    if given["dry_run"]:
        print_plan(plan_study(file, progress=not silent, **setup), as_json=given["as_json"])
        return
    found = run_study(file, progress=not silent, **setup)
    _show(found, given)
    echo(f"lock: {file.with_suffix('.lock')}", err=True)
    context.exit(1 if found.report.problems else 0)


@command.command("rerun")
@click.argument("lock", metavar="FILE.lock", type=click.Path(path_type=Path))
@_carrying_out
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the new lock to this file. [default: NAME-rerun.lock]",
)
@click.pass_context
def rerun(context: click.Context, lock: Path, out: Path | None, **given: Any) -> None:
    """Train a study again, from its lock: the same experiment, seeds, data and recipes.

    \b
    zoo study rerun study.lock --runs-dir again
    """
    from zoo.api.studies import rerun_study

    _check(given)
    silent = any(given[name] for name in FORMATS)
    setup = {name: given[name] for name in SETUP} | {"registry": options.registry(context)}
    found = rerun_study(lock, out=out, progress=not silent, **setup)
    _show(found, given)
    new = out or lock.with_name(f"{lock.stem}-rerun.lock")
    echo(f"lock: {new}\nnext: zoo study diff {lock} {new}", err=True, lines=True)
    context.exit(1 if found.report.problems else 0)


@command.command("diff")
@click.argument("before", metavar="BEFORE.lock", type=click.Path(path_type=Path))
@click.argument("after", metavar="AFTER.lock", type=click.Path(path_type=Path))
@options.as_json
def diff(before: Path, after: Path, as_json: bool) -> None:
    """Show what changed between two studies, and whether results differ by more than chance.

    \b
    zoo study diff study.lock study-rerun.lock
    """
    from dataclasses import asdict

    from zoo.api.studies import diff_studies

    found = diff_studies(before, after)
    if as_json:
        print_json({**asdict(found), "differs": found.differs, "verdict": found.verdict})
        return
    _print_diff(found)


def _print_diff(found: "StudyDiff") -> None:
    secho("What changed", bold=True)
    for line in found.changes or ["nothing"]:
        secho(wrapped(line), lines=True)
    secho("\nResults", bold=True)
    print_table(
        ("dataset", "architecture", "before", "after", "p", "p, all", "verdict"),
        [
            (
                cell.dataset, cell.architecture, f"{cell.before:.4f}", f"{cell.after:.4f}",
                f"{cell.p:.3f}", f"{cell.p_adjusted:.3f}", cell.verdict,
            )
            for cell in found.cells
        ],
    )  # fmt: skip
    for line in found.only:
        secho(wrapped(line), lines=True)
    secho(f"\n{found.verdict}", bold=True)
    echo("Welch's t test over the runs of each, corrected over all results by Holm's method.")


def _check(given: dict[str, Any]) -> None:
    if sum(given[name] for name in FORMATS) > 1:
        raise UsageError("give one of --json, --csv and --markdown.")
    if given["html"]:
        atomic.check_file(given["html"])


def _show(found: "DatasetsComparison", given: dict[str, Any]) -> None:
    from zoo.cli.datasets_output import print_datasets_report, write_datasets_page

    print_datasets_report(found.report, given)
    if given["html"]:
        write_datasets_page(found, given["html"])
