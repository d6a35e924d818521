"""Check: an architecture that takes `mask_value` obeys it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zoo.architecture import MASK, MASK_VALUE
from zoo.testing.check import Check, CheckFailed
from zoo.testing.harness import GREY, Harness, answers

if TYPE_CHECKING:
    import keras
    import numpy as np

SAMPLES = 4
OTHER_VALUE = 3.0
TOLERANCE = 1e-3
"""Relative."""
PASS_MASK = (
    "keep padded steps out of everything: x, mask = zoo.layers.mask_of(inputs, mask_value); give mask= to "
    "recurrent layers, attention (attention_mask), BatchNormalization and GlobalAveragePooling1D; and "
    "zoo.layers.fill(x, mask) before each convolution."
)


def _padding(harness: Harness) -> str:
    if not harness.architecture.obeys_masks:
        return f"no {MASK}: it is given sequences of unequal length resampled to one"
    steps, features = harness.shape(GREY)
    one = _without_dropout(harness.build(GREY, mask_value=MASK_VALUE))
    two = _without_dropout(harness.build((steps + 1, *GREY[1:]), mask_value=OTHER_VALUE))
    _give_weights(one, two)
    x, longer = (_padded(steps + more, steps, features, v) for more, v in _CASES)
    for training, what in ((False, "the logits"), (True, "in training, the logits")):
        _compare(_outputs(one, x, training), _outputs(two, longer, training), what)
    for a, b in zip(_statistics(one), _statistics(two), strict=True):
        _compare(a, b, "the statistics of batches (BatchNormalization)")
    return "one more padded step, of another value, changes nothing, in inference and in training"


_CASES = ((0, MASK_VALUE), (1, OTHER_VALUE))


def _padded(steps: int, real: int, features: int, value: float) -> "np.ndarray":
    """Random sequences `(SAMPLES, steps, features)` of at most `real` steps, then padding."""
    import numpy as np

    x = np.full((SAMPLES, steps, features), value, "float32")
    for number, row in enumerate(np.random.default_rng(0).random((SAMPLES, real, features))):
        length = max(1, real * (number + 1) // (SAMPLES + 1))
        x[number, :length] = row[:length]
    return x


def _outputs(model: "keras.Model", x: "np.ndarray", training: bool) -> "np.ndarray":
    from keras import ops

    if not training:
        return answers(model, x)
    return ops.convert_to_numpy(ops.cast(model(x, training=True), "float32"))


def _statistics(model: "keras.Model") -> "list[np.ndarray]":
    import numpy as np
    from keras import ops

    values = (ops.convert_to_numpy(each) for each in model.non_trainable_variables)
    return [np.array(each) for each in values if each.dtype.kind == "f"]


def _without_dropout(model: "keras.Model") -> "keras.Model":
    """The model, answering alike in every training step."""
    from zoo.training.inspection import operations

    for each in operations(model):
        for layer in _with_inner(each):
            for name in ("rate", "dropout", "recurrent_dropout"):
                if isinstance(vars(layer).get(name), float):
                    setattr(layer, name, 0.0)
    return model


def _with_inner(layer: Any) -> Iterator[Any]:
    """A layer and those in its attributes, as a wrapper and a recurrent layer have them."""
    import keras

    yield layer
    for each in vars(layer).values():
        if isinstance(each, keras.layers.Layer):
            yield from _with_inner(each)


def _give_weights(source: "keras.Model", target: "keras.Model") -> None:
    """The weights of one model to one for a step more; a step's own weights are more there."""
    import numpy as np
    from keras import ops

    if len(source.weights) != len(target.weights):
        raise CheckFailed(
            f"it has {len(source.weights)} weights for 28 steps and {len(target.weights)} for 29",
            "let layers depend on the longest sequence as little as possible.",
        )
    for a, b in zip(source.weights, target.weights, strict=True):
        value, whole = (np.array(ops.convert_to_numpy(each)) for each in (a, b))
        if value.ndim != whole.ndim:
            raise CheckFailed(f"{a.path} has other axes for a step more", "keep its axes.")
        whole[tuple(slice(0, size) for size in value.shape)] = value
        b.assign(whole)


def _compare(wanted: Any, given: Any, what: str) -> None:
    import numpy as np

    difference = float(np.abs(given - wanted).max() / max(1.0, np.abs(wanted).max()))
    if not difference <= TOLERANCE:  # true for NaN, too
        raise CheckFailed(
            f"one more padded step, of another value, changes {what} by {difference:.2g}", PASS_MASK
        )


PADDING = Check(
    "padding",
    f"Where build takes {MASK}, padded steps change neither logits nor batch statistics.",
    "Otherwise the answer about a sequence depends on how long the others are.",
    _padding,
)
