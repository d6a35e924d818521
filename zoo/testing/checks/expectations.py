"""Checks: the model expects scaled inputs, and has no training logic of its own."""

from zoo.testing.check import Check, CheckFailed
from zoo.testing.harness import Harness


def _input_range(harness: Harness) -> str:
    from zoo.training.inspection import rescales

    if layer := rescales(harness.build()):
        raise CheckFailed(
            f"layer {layer} scales the input down, as for pixels from 0 to 255",
            "remove it: inputs are already in [0, 1], or have mean 0 and standard deviation 1, depending "
            "on the recipe's normalization.",
        )
    return "no layer rescales the input"


def _training(harness: Harness) -> str:
    from zoo.training.inspection import own_training

    if found := own_training(harness.build()):
        raise CheckFailed(
            f"{found} of the model: not used",
            "return an uncompiled model without train_step: the recipe sets the loss and the "
            "optimizer. Add your own loss terms in a layer, with self.add_loss(...).",
        )
    return "an uncompiled model, without training logic of its own"


INPUT_RANGE = Check(
    "input_range",
    "It expects inputs that are already scaled.",
    "archzoo scales the data; another Rescaling(1/255) makes all inputs almost zero.",
    _input_range,
)
RECIPE_TRAINS = Check(
    "no_custom_training",
    "It has no training logic of its own: no train_step, no compile().",
    "Every architecture is trained with the same recipe; a model's own logic would be ignored.",
    _training,
)
