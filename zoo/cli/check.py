"""`zoo check`"""

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from zoo import aliases
from zoo.cli import options
from zoo.cli.renamed import RenamedOption
from zoo.errors import UsageError
from zoo.formatting import duration
from zoo.suggest import unknown
from zoo.terminal import echo, print_json, print_table, secho, style

if TYPE_CHECKING:
    from zoo.testing.check import Check, Verdict
    from zoo.testing.targets import CheckTarget

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("-", "yellow")}
INDENT = " " * 4


@click.command("check")
@click.argument(
    "names",
    metavar="[NAME|FILE.py|PACKAGE_DIR]...",
    nargs=-1,
    shell_complete=options.complete_architectures,
)
@options.data_settings
@click.option(
    "--only",
    "chosen",
    cls=RenamedOption,
    former="--law",
    metavar="CHECK",
    multiple=True,
    help="Run only this check. Repeatable.",
)
@options.backend
@click.option("--list", "listing", is_flag=True, help="List the checks and why they matter.")
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    names: tuple[str, ...],
    data_settings: tuple[str, ...],
    chosen: tuple[str, ...],
    backend: str | None,
    listing: bool,
    as_json: bool,
) -> None:
    """Check architectures and datasets: every plugin must pass.

    \b
    zoo check cnn
    zoo check ./my_net.py --only gradients --only saving
    zoo check ./my-package        a folder with a pyproject.toml; it need not be installed
    zoo check mnist               a dataset

    It runs on the CPU. Exit code 1 if a check fails.
    """
    chosen = tuple(aliases.current(aliases.CHECKS, name) for name in chosen)
    _refuse_unknown(chosen)
    if listing:
        _list(chosen, as_json)
        return
    if not names:
        raise UsageError(
            "check what? Give names, files or folders of packages; zoo list shows the names."
        )
    with contextlib.redirect_stdout(sys.stderr):  # what plugins print is no report
        settings = options.pairs("--data-set", data_settings)
        subjects = _subjects(context, names, settings, chosen)
    _prepare(subjects, backend)
    report = _Silent() if as_json else _Lines()
    rows = [_check(subject, checks, report) for subject, checks in subjects]
    if as_json:
        print_json(rows)
    if any(row["failed"] for row in rows):
        context.exit(1)


def _check(subject: "CheckTarget", checks: "list[Check]", report: "_Silent") -> dict[str, Any]:
    report.start(subject)
    verdicts: list[Verdict] = []
    for verdict in subject.check(checks):
        report.reached(verdict, verdicts)
        verdicts.append(verdict)
    row = {**_row(subject, verdicts), "warnings": subject.warnings()}
    report.end(row)
    return row


def _refuse_unknown(chosen: Sequence[str]) -> None:
    known = [check.name for check in _every_check()]
    for name in chosen:
        if name not in known:
            raise UsageError(unknown("check", name, known, "zoo check --list explains them."))


def _every_check() -> "Iterator[Check]":
    from zoo.testing import CHECKS, DATASET_CHECKS

    yield from CHECKS
    yield from DATASET_CHECKS


def _list(chosen: Sequence[str], as_json: bool) -> None:
    from zoo.testing import DATASET_CHECKS

    rows = [
        {
            "check": check.name,
            "of": "dataset" if check in DATASET_CHECKS else "architecture",
            "says": check.says,
            "why": check.why,
        }
        for check in _every_check()
        if not chosen or check.name in chosen
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("check", "of", "what it tests, and why"),
        [(row["check"], row["of"], f"{row['says']} {row['why']}") for row in rows],
    )


def _subjects(
    context: click.Context,
    names: Sequence[str],
    settings: Mapping[str, str],
    chosen: Sequence[str],
) -> "list[tuple[CheckTarget, list[Check]]]":
    """What the names mean, each with its checks; everything is looked up before anything runs."""
    from zoo.testing.targets import find

    found = []
    for name in names:
        for subject in find(name, options.registry(context), settings):
            checks = [check for check in subject.checks if not chosen or check.name in chosen]
            found.append((subject, checks))
    if not any(checks for _, checks in found):
        raise UsageError(
            f"nothing to check: no check is both asked for ({', '.join(chosen) or 'all'}) and about "
            f"what is named ({', '.join(sorted({subject.kind for subject, _ in found})) or 'nothing'}). "
            "zoo check --list says what each check is about."
        )
    return found


def _prepare(subjects: "list[tuple[CheckTarget, list[Check]]]", backend: str | None) -> None:
    """Choose the backend, and the CPU: where a batch has the same numbers on every machine."""
    if any(subject.kind == "architecture" for subject, _ in subjects):
        from zoo.training.backend import choose_backend, hide_gpus

        hide_gpus(choose_backend(backend))


def _row(subject: "CheckTarget", verdicts: "list[Verdict]") -> dict[str, Any]:
    counts = {state: sum(each.state == state for each in verdicts) for state in MARKS}
    return {
        "name": subject.name,
        "kind": subject.kind,
        "from": subject.place,
        **counts,
        "seconds": sum(each.seconds for each in verdicts),
        "checks": [_verdict_row(each) for each in verdicts],
    }


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


class _Silent:
    """Reports nothing on the way."""

    def start(self, subject: "CheckTarget") -> None: ...

    def reached(self, verdict: "Verdict", before: "Sequence[Verdict]") -> None: ...

    def end(self, row: dict[str, Any]) -> None: ...


class _Lines(_Silent):
    """Prints a line for each check, and what to do about a failure."""

    def start(self, subject):
        echo(f"{style(subject.name, bold=True)}  {subject.kind} from {subject.place}")
        self._width = max(len(check.name) for check in subject.checks)

    def reached(self, verdict, before):
        mark, colour = MARKS[verdict.state]
        seen, *more = verdict.seen.splitlines() or [""]
        seconds = f"{verdict.seconds:.1f} s"
        title = f"{style(mark, fg=colour)} {verdict.check.name:{self._width}}  {seconds:>7}"
        if verdict.state != "failed":
            echo(f"{title}  {seen}")
            return
        echo(f"{title}  {style(verdict.check.says, bold=True)}")
        if same := next((each for each in before if each.seen == verdict.seen), None):
            echo(f"{INDENT}seen    the same as under {same.check.name}")
            return
        echo(f"{INDENT}seen    {seen}")
        for line in more:
            echo(f"{INDENT * 3}{line}")
        echo(f"{INDENT}why     {verdict.check.why}")
        echo(f"{INDENT}change  {verdict.change}")

    def end(self, row):
        counts = [f"{row[state]} {state}" for state in MARKS if row[state]]
        for line in row["warnings"]:
            echo(f"{style('!', fg='yellow')} {line}")
        colour = "red" if row["failed"] else "green"
        summary = f"{row['name']}: {', '.join(counts)} in {duration(row['seconds'])}"
        secho(summary + "\n", fg=colour, bold=True)
