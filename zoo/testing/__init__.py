"""Checks that every architecture and every dataset must pass; `zoo check` runs the same ones.

In a plugin's tests, the pytest plugin that is installed with archzoo supplies the two arguments:

    import my_net
    import zoo.testing

    ARCHITECTURES = my_net.zoo_architectures()

    def test_check(zoo_architecture, zoo_check):
        zoo.testing.enforce(zoo_check, zoo_architecture)

Importing this package imports neither NumPy nor Keras.
"""

from zoo.testing.check import Check, CheckFailed, Skipped, Verdict
from zoo.testing.checking import check_architecture, check_dataset, enforce
from zoo.testing.checks import CHECKS
from zoo.testing.dataset_checks import DATASET_CHECKS

# Former names, for the tests of plugins.
Law, Broken, LAWS, DATASET_LAWS = Check, CheckFailed, CHECKS, DATASET_CHECKS

__all__ = [
    "CHECKS",
    "DATASET_CHECKS",
    "Check",
    "CheckFailed",
    "Skipped",
    "Verdict",
    "check_architecture",
    "check_dataset",
    "enforce",
]
