"""Checking laws one after the other; whatever a stranger's code does becomes a verdict."""

import contextlib
import logging
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from zoo.architecture import Architecture
from zoo.native_logs import quiet_native_logs
from zoo.testing.check import Broken, Check, Skipped, State, Verdict
from zoo.testing.checks import LAWS
from zoo.testing.dataset_checks import DATASET_LAWS
from zoo.testing.dataset_harness import DatasetCase
from zoo.testing.explanation import explained
from zoo.testing.harness import Harness

if TYPE_CHECKING:
    from zoo.datasets.dataset import Dataset
    from zoo.origin import Origin


def check_architecture(
    architecture: Architecture,
    origin: "Origin | None" = None,
    laws: Iterable[Check] = LAWS,
    *,
    module: str = "",
) -> Iterator[Verdict]:
    """A verdict for each law, as it is reached.

    Keras is imported with the current backend, unless it has been before.

    Args:
        origin: as the registry gave it; without it `build` is found by its module and name.
        module: the plugin's module, where that is not the one that has `build`.
    """
    case = Harness(architecture, origin, module)
    for law in laws:
        yield judge(law, case)


def check_dataset(dataset: "Dataset", laws: Iterable[Check] = DATASET_LAWS) -> Iterator[Verdict]:
    """A verdict for each law, as it is reached. The data are looked for where the user has them."""
    case = DatasetCase(dataset)
    for law in laws:
        yield judge(law, case)


def enforce(law: Check, subject: "Architecture | Dataset") -> None:
    """Fail the current test if a law does not hold; skip it if it cannot be checked here.

    Raises:
        AssertionError: the law, what was seen, why it matters, what to change.
    """
    __tracebackhide__ = True
    case = Harness(subject) if isinstance(subject, Architecture) else DatasetCase(subject)
    verdict = judge(law, case)
    if verdict.state == "skipped":
        import pytest

        pytest.skip(verdict.seen)
    if verdict.state == "failed":
        raise AssertionError(
            f"{subject.name} breaks the law {law.name}: {law.says}\n"
            f"seen: {verdict.seen}\nwhy it matters: {law.why}\nwhat to change: {verdict.change}"
        )


def judge(law: Check, case: Harness | DatasetCase) -> Verdict:
    """The verdict of one law; nothing but an interruption gets out of it."""
    started = time.perf_counter()
    with _quiet():
        state, seen, change = _outcome(law, case)
    return Verdict(law, state, seen, change, time.perf_counter() - started)


def _outcome(law: Check, case: Harness | DatasetCase) -> tuple[State, str, str]:
    try:
        return "passed", law.check(case), ""
    except Skipped as error:
        return "skipped", str(error), ""
    except Broken as error:
        return "failed", error.seen, error.change
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return "failed", *explained(error)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Between, only verdicts speak.

    What a plugin prints must not come between lines that a program reads; and TensorFlow takes the
    many small models of the laws for a mistake.
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
