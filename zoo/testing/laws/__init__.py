"""The laws of architectures, the quick ones first."""

from zoo.testing.law import Law
from zoo.testing.laws.answers import INDEPENDENCE, LOGITS
from zoo.testing.laws.backends import BACKENDS_AGREE
from zoo.testing.laws.building import BATCH_OF_ONE, BUILDS, OUTPUT
from zoo.testing.laws.compiling import XLA
from zoo.testing.laws.expectations import INPUT_RANGE, RECIPE_TRAINS
from zoo.testing.laws.hyperparameters import DOCUMENTED, MATTERS
from zoo.testing.laws.importing import LIGHT_IMPORT
from zoo.testing.laws.learning import BY_HEART, GRADIENTS, MIXED_PRECISION
from zoo.testing.laws.memory import MEMORY
from zoo.testing.laws.saving import SAVING, WEIGHTS_ROUND_TRIP
from zoo.testing.laws.seed import SEED

LAWS: tuple[Law, ...] = (
    LIGHT_IMPORT,
    DOCUMENTED,
    BUILDS,
    OUTPUT,
    BATCH_OF_ONE,
    LOGITS,
    INPUT_RANGE,
    RECIPE_TRAINS,
    INDEPENDENCE,
    SEED,
    WEIGHTS_ROUND_TRIP,
    GRADIENTS,
    MATTERS,
    BY_HEART,
    MIXED_PRECISION,
    XLA,
    SAVING,
    BACKENDS_AGREE,
    MEMORY,
)
