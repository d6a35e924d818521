"""The checks of architectures; the fast ones run first."""

from zoo.testing.check import Check
from zoo.testing.checks.answers import INDEPENDENCE, LOGITS
from zoo.testing.checks.backends import BACKENDS_AGREE
from zoo.testing.checks.building import BATCH_OF_ONE, BUILDS, OUTPUT, SIZES
from zoo.testing.checks.compiling import XLA
from zoo.testing.checks.expectations import INPUT_RANGE, RECIPE_TRAINS
from zoo.testing.checks.export_check import EXPORTS
from zoo.testing.checks.hyperparameters import DOCUMENTED, MATTERS, SEARCH_SPACE
from zoo.testing.checks.importing import LIGHT_IMPORT
from zoo.testing.checks.learning import GRADIENTS, MIXED_PRECISION, OVERFITS
from zoo.testing.checks.memory import MEMORY
from zoo.testing.checks.padding import PADDING
from zoo.testing.checks.saving import SAVING, WEIGHTS_ROUND_TRIP
from zoo.testing.checks.seed import SEED

CHECKS: tuple[Check, ...] = (
    LIGHT_IMPORT,
    DOCUMENTED,
    SEARCH_SPACE,
    BUILDS,
    SIZES,
    OUTPUT,
    BATCH_OF_ONE,
    LOGITS,
    INPUT_RANGE,
    RECIPE_TRAINS,
    INDEPENDENCE,
    PADDING,
    SEED,
    WEIGHTS_ROUND_TRIP,
    GRADIENTS,
    MATTERS,
    OVERFITS,
    MIXED_PRECISION,
    XLA,
    SAVING,
    BACKENDS_AGREE,
    EXPORTS,
    MEMORY,
)
