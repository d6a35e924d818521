"""`zoo check`"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from zoo.cli import options
from zoo.cli.renamed import RenamedOption
from zoo.errors import UsageError
from zoo.formatting import duration
from zoo.terminal import echo, print_json, print_table, secho, style

if TYPE_CHECKING:
    from zoo.api.conformance import CheckReport
    from zoo.testing.check import Verdict

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("-", "yellow")}
INDENT = " " * 4


@click.command("check")
@click.argument(
    "targets",
    metavar="[NAME|FILE.py|PACKAGE_DIR]...",
    nargs=-1,
    shell_complete=options.complete_architectures,
)
@options.data_parameters
@click.option(
    "--only",
    "checks",
    cls=RenamedOption,
    former="--law",
    metavar="CHECK",
    multiple=True,
    help="Run only this check. Repeatable.",
)
@options.backend
@click.option("--list", "listing", is_flag=True, help="Explain each check, and stop.")
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    targets: tuple[str, ...],
    checks: tuple[str, ...],
    listing: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Check that architectures and datasets do what archzoo relies on.

    \b
    zoo check cnn
    zoo check ./my_net.py --only gradients --only saving
    zoo check ./my-package
    zoo check mnist

    A folder with a pyproject.toml is a plugin's package; it need not be installed. Checks run on the
    CPU. Exit code 1 if one fails.
    """
    from zoo.api.conformance import check, current_checks

    checks = tuple(current_checks(checks))
    if listing:
        _list(checks, as_json)
        return
    if not targets:
        raise UsageError(
            "check what? Give names, files or folders of packages; zoo list shows the names."
        )
    options.read_pairs(given)
    printed: dict[str, Any] = (
        {} if as_json else {"on_start": _start, "on_verdict": _verdict, "on_end": _end}
    )
    reports = check(targets, checks=checks, registry=options.registry(context), **given, **printed)
    if as_json:
        print_json([_row(report) for report in reports])
    if not all(report.passed for report in reports):
        context.exit(1)


def _list(chosen: Sequence[str], as_json: bool) -> None:
    from zoo.api.conformance import list_checks

    rows = [
        {"check": each.name, "of": kind, "says": each.says, "why": each.why}
        for kind, each in list_checks()
        if not chosen or each.name in chosen
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("check", "of", "what it tests, and why"),
        [(row["check"], row["of"], f"{row['says']} {row['why']}") for row in rows],
    )


def _row(report: "CheckReport") -> dict[str, Any]:
    return {
        "name": report.target.name,
        "kind": report.target.kind,
        "from": report.target.place,
        **{state: _count(report, state) for state in MARKS},
        "seconds": _seconds(report),
        "checks": [_verdict_row(each) for each in report.verdicts],
        "warnings": report.warnings,
    }


def _count(report: "CheckReport", state: str) -> int:
    return sum(each.state == state for each in report.verdicts)


def _seconds(report: "CheckReport") -> float:
    return sum(each.seconds for each in report.verdicts)


def _verdict_row(verdict: "Verdict") -> dict[str, Any]:
    return {
        "check": verdict.check.name,
        "state": verdict.state,
        "seen": verdict.seen,
        "says": verdict.check.says,
        "why": verdict.check.why,
        "change": verdict.change,
        "seconds": round(verdict.seconds, 3),
    }


def _start(report: "CheckReport") -> None:
    echo(f"{style(report.target.name, bold=True)}  {report.target.kind} from {report.target.place}")


def _verdict(report: "CheckReport", verdict: "Verdict") -> None:
    """Print a check as it ends, and of a failed one what to do."""
    width = max(len(each.name) for each in report.target.checks)
    mark, colour = MARKS[verdict.state]
    seen, *more = verdict.seen.splitlines() or [""]
    seconds = f"{verdict.seconds:.1f} s"
    title = f"{style(mark, fg=colour)} {verdict.check.name:{width}}  {seconds:>7}"
    if verdict.state != "failed":
        echo(f"{title}  {seen}")
        return
    echo(f"{title}  {style(verdict.check.says, bold=True)}")
    if same := next((each for each in report.verdicts if each.seen == verdict.seen), None):
        echo(f"{INDENT}seen    the same as under {same.check.name}")
        return
    echo(f"{INDENT}seen    {seen}")
    for line in more:
        echo(f"{INDENT * 3}{line}")
    echo(f"{INDENT}why     {verdict.check.why}")
    echo(f"{INDENT}change  {verdict.change}")


def _end(report: "CheckReport") -> None:
    counts = {state: _count(report, state) for state in MARKS}
    for line in report.warnings:
        echo(f"{style('!', fg='yellow')} {line}")
    colour = "green" if report.passed else "red"
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    secho(f"{report.target.name}: {said} in {duration(_seconds(report))}\n", fg=colour, bold=True)
