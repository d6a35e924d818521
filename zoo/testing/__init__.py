"""The conformance kit: laws that every architecture and every dataset keeps.

For a test file of a plugin (the pytest plugin that comes with archzoo fills in the two arguments):

    import my_net
    import zoo.testing

    ARCHITECTURES = my_net.zoo_architectures()

    def test_law(zoo_architecture, zoo_law):
        zoo.testing.enforce(zoo_law, zoo_architecture)

`zoo check` reports the same laws. Importing this package imports neither NumPy nor Keras.
"""

from zoo.testing.check import Broken, Check, Skipped, Verdict
from zoo.testing.checking import check_architecture, check_dataset, enforce
from zoo.testing.checks import LAWS
from zoo.testing.dataset_checks import DATASET_LAWS

__all__ = [
    "DATASET_LAWS",
    "LAWS",
    "Broken",
    "Check",
    "Skipped",
    "Verdict",
    "check_architecture",
    "check_dataset",
    "enforce",
]
