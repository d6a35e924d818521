"""Running checks one after the other. Whatever the author's code raises becomes a verdict."""

import contextlib
import logging
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from zoo.architecture import Architecture
from zoo.native_logs import quiet_native_logs
from zoo.testing.check import Check, CheckFailed, Skipped, State, Verdict
from zoo.testing.checks import CHECKS
from zoo.testing.dataset_checks import DATASET_CHECKS
from zoo.testing.dataset_harness import DatasetHarness
from zoo.testing.explanation import explained
from zoo.testing.harness import Harness

if TYPE_CHECKING:
    from zoo.datasets.dataset import Dataset
    from zoo.origin import Origin


def check_architecture(
    architecture: Architecture,
    origin: "Origin | None" = None,
    checks: Iterable[Check] = CHECKS,
    *,
    module: str = "",
) -> Iterator[Verdict]:
    """Run checks on an architecture and yield their verdicts, one by one.

    Imports Keras with the current backend, unless it is imported already.

    Args:
        architecture: what is checked.
        origin: where the registry found it; None: new processes import `build` by module and name.
        checks: which checks run, in this order.
        module: the plugin's module, if `build` is in another one.
    """
    harness = Harness(architecture, origin, module)
    for check in checks:
        yield judge(check, harness)


def check_dataset(
    dataset: "Dataset", checks: Iterable[Check] = DATASET_CHECKS
) -> Iterator[Verdict]:
    """Run checks on a dataset and yield their verdicts, one by one.

    Args:
        dataset: what is checked; its data are read from the user's data folders.
        checks: which checks run, in this order.
    """
    harness = DatasetHarness(dataset)
    for check in checks:
        yield judge(check, harness)


def enforce(check: Check, subject: "Architecture | Dataset") -> None:
    """Fail the current pytest test if a check fails; skip it if the check cannot run here.

    Args:
        check: one of `CHECKS` or `DATASET_CHECKS`.
        subject: the architecture or dataset.

    Raises:
        AssertionError: the check fails; the text says what was seen, why it matters, what to change.
    """
    __tracebackhide__ = True
    harness = Harness(subject) if isinstance(subject, Architecture) else DatasetHarness(subject)
    verdict = judge(check, harness)
    if verdict.state == "skipped":
        import pytest

        pytest.skip(verdict.seen)
    if verdict.state == "failed":
        raise AssertionError(
            f"{subject.name} fails the check {check.name}: {check.says}\n"
            f"seen: {verdict.seen}\nwhy it matters: {check.why}\nwhat to change: {verdict.change}"
        )


def judge(check: Check, harness: Harness | DatasetHarness) -> Verdict:
    """The verdict of one check. Only KeyboardInterrupt is raised."""
    started = time.perf_counter()
    with _quiet():
        state, seen, change = _outcome(check, harness)
    return Verdict(check, state, seen, change, time.perf_counter() - started)


def _outcome(check: Check, harness: Harness | DatasetHarness) -> tuple[State, str, str]:
    try:
        return "passed", check.run(harness), ""
    except Skipped as error:
        return "skipped", str(error), ""
    except CheckFailed as error:
        return "failed", error.seen, error.change
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return "failed", *explained(error)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep other output away: what a plugin prints goes to stderr, warnings are off.

    TensorFlow would warn of the many small models that the checks build.
    """
    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with (
            quiet_native_logs(),
            contextlib.redirect_stdout(sys.stderr),
            warnings.catch_warnings(action="ignore"),
        ):
            yield
    finally:
        logger.setLevel(before)
