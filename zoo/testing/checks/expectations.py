"""A model expects what archzoo gives it: scaled inputs, and a training by the recipe."""

from zoo.testing.check import Broken, Check
from zoo.testing.harness import Harness


def _input_range(case: Harness) -> str:
    from zoo.training.inspection import rescales

    if layer := rescales(case.build()):
        raise Broken(
            f"layer {layer} scales the input down, as for pixels from 0 to 255",
            "leave it out: inputs are from 0 to 1, or have mean 0 and deviation 1, as the recipe's "
            "normalization says.",
        )
    return "no layer scales the input down again"


def _training(case: Harness) -> str:
    from zoo.training.inspection import own_training

    if found := own_training(case.build()):
        raise Broken(
            f"{found} of the model: not used",
            "return an uncompiled model without a training of its own; the recipe has the loss and the "
            "optimizer. What belongs to the loss goes into a layer: self.add_loss(...).",
        )
    return "an uncompiled model, without a training of its own"


INPUT_RANGE = Check(
    "input_range",
    "It takes inputs that are scaled already.",
    "archzoo scales the data; a Rescaling(1/255) in the model leaves it almost nothing to see.",
    _input_range,
)
RECIPE_TRAINS = Check(
    "recipe_trains",
    "It brings no training of its own: no train_step, no compile().",
    "Every architecture is trained by the same recipe; what a model brings besides is not used.",
    _training,
)
