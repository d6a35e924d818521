"""Checking architectures and datasets: `check`."""

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import aliases
from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, ArchitectureLike, Backend
from zoo.datasets.dataset import Dataset
from zoo.errors import UsageError
from zoo.materials import architecture_text
from zoo.registry import Registry
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.testing.check import Check, Verdict
    from zoo.testing.targets import CheckTarget


@dataclass
class CheckReport:
    """The verdicts on one architecture or dataset.

    Attributes:
        target: what is checked: `name`, `kind`, `place`.
        checks: the checks that apply.
        verdicts: one for each check, in its order; while checks run, those so far.
        warnings: what looks wrong although no check fails.
    """

    target: "CheckTarget"
    checks: "list[Check]"
    verdicts: "list[Verdict]" = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether no check failed; skipped ones do not count."""
        return all(each.state != "failed" for each in self.verdicts)

    def __repr__(self) -> str:
        states = [each.state for each in self.verdicts]
        counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
        return f"<CheckReport on {self.target.name}: {counts}>"


def check(
    targets: ArchitectureLike | Dataset | Sequence[ArchitectureLike | Dataset],
    *,
    checks: Sequence[str] = (),
    data_parameters: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
    on_start: "Callable[[CheckReport], None]" = lambda report: None,
    on_verdict: "Callable[[CheckReport, Verdict], None]" = lambda report, verdict: None,
    on_end: "Callable[[CheckReport], None]" = lambda report: None,
    runs_dir: str | Path = RUNS_DIR,
    registry: Registry | None = None,
) -> list[CheckReport]:
    """Check that architectures and datasets do what archzoo relies on. It runs on the CPU.

    Args:
        targets: what `train` takes as an architecture, the folder of a plugin's package, the name
            of a dataset, or a `zoo.Dataset`; one or several.
        checks: names of checks to run; by default all that apply.
        data_parameters: parameters of the datasets among the targets.
        backend: as for `train`.
        on_start, on_end: called with each report before its first check and after its last.
        on_verdict: called after each check.
        runs_dir, registry: as for `train`.

    Returns:
        A report for each architecture and dataset. A package may bring several.

    Raises:
        UsageError: a target or a check is unknown, or no check applies.
        PluginError: a plugin is broken.

    Example:
        >>> zoo.check("cnn", checks=["logits"])[0].passed  # doctest: +SKIP
        True
    """
    checks = current_checks(checks)
    several = targets if isinstance(targets, list | tuple) else [targets]
    registry = arguments.find_registry(registry)
    settings = arguments.texts(data_parameters)
    with contextlib.redirect_stdout(sys.stderr):  # a plugin that is imported may print
        found = [x for each in several for x in _find(each, registry, settings, Path(runs_dir))]
    reports = [CheckReport(each, _applying(each, checks)) for each in found]
    if not any(report.checks for report in reports):
        raise UsageError(_nothing(checks, reports))
    if any(report.target.kind == "architecture" for report in reports):
        from zoo.training.backend import choose_backend, hide_gpus

        hide_gpus(choose_backend(backend))  # on a CPU a batch has the same numbers everywhere
    for report in reports:
        on_start(report)
        for verdict in report.target.check(report.checks):
            on_verdict(report, verdict)
            report.verdicts.append(verdict)
        report.warnings = report.target.warnings()
        on_end(report)
    return reports


def list_checks() -> "list[tuple[str, Check]]":
    """List every check, with what it is about: `architecture` or `dataset`.

    A check has a `name`; `says` and `why` explain it.
    """
    from zoo.testing import CHECKS, DATASET_CHECKS

    of_datasets = [("dataset", each) for each in DATASET_CHECKS]
    return [("architecture", each) for each in CHECKS] + of_datasets


def current_checks(checks: Sequence[str]) -> list[str]:
    """The names of some checks, of which former ones are accepted.

    Raises:
        UsageError: one is unknown.
    """
    known = [each.name for _, each in list_checks()]
    names = [aliases.current(aliases.CHECKS, name) for name in checks]
    for name in names:
        if name not in known:
            raise UsageError(unknown("check", name, known, "See `zoo.list_checks()`."))
    return names


def _find(
    target: Any, registry: Registry, settings: Mapping[str, str], runs_dir: Path
) -> "list[CheckTarget]":
    from zoo.testing.targets import DatasetSubject, find

    if isinstance(target, Dataset):
        return [DatasetSubject(target.configured(settings))]
    return find(architecture_text(target, runs_dir), registry, settings)


def _applying(target: "CheckTarget", names: Sequence[str]) -> "list[Check]":
    return [each for each in target.checks if not names or each.name in names]


def _nothing(names: Sequence[str], reports: Sequence[CheckReport]) -> str:
    kinds = sorted({report.target.kind for report in reports})
    return (
        f"nothing to check: no check is both asked for ({', '.join(names) or 'all'}) and about "
        f"what is named ({', '.join(kinds) or 'nothing'}). See `zoo.list_checks()`."
    )
