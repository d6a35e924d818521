"""Checks of the model that `build` returned, before it is trained."""

import re
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from zoo import diagnosis
from zoo.architecture import Architecture
from zoo.native_logs import quiet_native_logs

if TYPE_CHECKING:
    import keras

SMALL = 0.02
"""A factor at most so large, before the first weight, is meant for pixels from 0 to 255."""

LAYOUT_OF = {3: "sequence", 4: "image", 5: "frames"}
"""Axes with the batch's, and the layout that has them."""

_WANTED_AXES = re.compile(
    r"expected (?:min_)?ndim=(\d), found ndim=\d\. Full shape received: \(([^)]*)\)"
)


def fault(model: Any, input_shape: tuple[int, ...], num_classes: int) -> str:
    """Why the result of `build` cannot be trained, as the rest of a sentence; else empty."""
    import keras

    if not isinstance(model, keras.Model):
        return f"returned {type(model).__name__}, not a keras.Model."
    if getattr(model, "output_shape", None) is None:
        return (
            f"returned {type(model).__name__}, a subclass whose output has no shape until it is called. "
            "Connect layers from an Input: return keras.Model(inputs, outputs); logic of your own "
            "goes into a keras.layers.Layer."
        )
    return _inputs(model, input_shape) or _outputs(model, num_classes)


def _inputs(model: "keras.Model", input_shape: tuple[int, ...]) -> str:
    wanted = (
        f"one array of shape (batch, {', '.join(map(str, input_shape))}) is wanted: "
        "inputs = keras.Input(input_shape)."
    )
    if isinstance(getattr(model, "input", None), dict):
        return f"takes a dictionary of inputs ({', '.join(model.input)}); {wanted}"
    if len(model.inputs) != 1:
        return f"takes {len(model.inputs)} inputs; {wanted}"
    batch, *shape = model.inputs[0].shape
    if batch is not None:
        return (
            f"fixes the batch at {batch} samples, and batches have other sizes, too; {wanted} Leave "
            "batch_shape and batch_size out."
        )
    if len(shape) != len(input_shape) or any(
        mine not in (None, given) for mine, given in zip(shape, input_shape, strict=True)
    ):
        return f"takes input of shape (batch, {', '.join(map(str, shape))}); {wanted}"
    return ""


def _outputs(model: "keras.Model", num_classes: int) -> str:
    shape = model.output_shape
    wanted = f"(batch, {num_classes}) is wanted."
    if len(model.outputs) != 1 or isinstance(getattr(model, "output", None), dict):
        return f"gives {len(model.outputs)} outputs, or a dictionary of them; one of shape {wanted}"
    if tuple(shape) == (None, num_classes):
        return ""
    text = f"gives output of shape {shape}; {wanted}"
    if len(shape) > 2 and shape[-1] == num_classes:
        return f"{text} {_one_row(model)}"
    return f"{text} End with layers.Dense(num_classes)."


def _one_row(model: "keras.Model") -> str:
    layers = [each for each in operations(model) if getattr(each, "return_sequences", False)]
    if layers:
        return (
            f"Layer {layers[-1].name} gives an answer for each step: set return_sequences=False in the "
            "last recurrent layer, or pool over the steps before the Dense layer."
        )
    return (
        "The Dense layer was given several rows of a sample: put layers.Flatten() or a global pooling "
        "before it."
    )


def wrong_layout(error: BaseException, architecture: Architecture, shape: tuple[int, ...]) -> str:
    """Which layout to declare, if `build` failed because of the layout; else empty."""
    found = _WANTED_AXES.search(diagnosis.text(error))
    if not found or found[2].replace(" ", "") != ",".join(["None", *map(str, shape)]):
        return ""  # the layer that complains was not given the input
    layout = LAYOUT_OF.get(int(found[1]))
    if not layout or layout == architecture.layout:
        return ""
    return (
        f"The architecture's layout is {architecture.layout!r}, and its first layer reads {layout!r}: "
        f'write layout = "{layout}" at the top of the file, or in zoo.Architecture(...).'
    )


def operations(model: "keras.Model") -> Iterator[Any]:
    """All layers and operations of a model, including nested models, from the input on."""
    import keras

    whole = getattr(model, "_functional", None) or model
    for each in getattr(whole, "operations", model.layers):
        if isinstance(each, keras.Model):
            yield from operations(each)
        else:
            yield each


def rescales(model: "keras.Model") -> str:
    """The layer that rescales the input before the first weight, as for pixels from 0 to 255; else empty."""
    for each in operations(model):
        if getattr(each, "trainable_weights", None):
            break
        if 0 < _factor(each) <= SMALL:
            return each.name
    return ""


def _factor(operation: Any) -> float:
    """The approximate factor by which a layer multiplies its input; 1 if it does not."""
    import numpy as np

    kind = type(operation).__name__
    if kind == "Rescaling":
        return float(np.max(np.abs(np.asarray(operation.scale, "float64"))))
    if kind == "Normalization" and operation.variance is not None:
        return float(np.max(np.asarray(operation.variance, "float64")) ** -0.5)
    if kind in ("Divide", "TrueDivide", "Multiply"):
        arguments = operation._inbound_nodes[0].arguments.args
        numbers = [abs(each) for each in arguments if isinstance(each, (int, float)) and each]
        if numbers:
            return numbers[0] if kind == "Multiply" else 1 / numbers[0]
    return 1.0


def own_training(model: "keras.Model") -> str:
    """The training settings of a compiled model, which are not used; else empty."""
    found = []
    for name in ("train_step", "compute_loss", "fit"):
        (owner, *_) = [each for each in type(model).__mro__ if name in vars(each)]
        if not owner.__module__.startswith("keras."):
            found.append(f"{owner.__name__}.{name}")
    if model.compiled:
        found.append("the loss and optimizer of compile()")
    return " and ".join(found)


def activation(model: "keras.Model") -> str:
    """`softmax` or `sigmoid`, if the output is probabilities already; else empty."""
    import keras

    last = model.outputs[0]._keras_history.operation
    if isinstance(last, keras.Model):
        return activation(last)
    named = getattr(getattr(last, "activation", None), "__name__", "")
    return next((each for each in (type(last).__name__.lower(), named)
                 if each in ("softmax", "sigmoid")), "")  # fmt: skip


def unsaveable(model: "keras.Model") -> str:
    """Why the model cannot be saved whole, in a line; else empty."""
    import keras

    try:
        # Keras looks for TensorFlow here under every backend, as it will on saving.
        with warnings.catch_warnings(action="ignore"), quiet_native_logs():
            keras.saving.serialize_keras_object(model)
    except Exception as error:
        return diagnosis.in_a_line(error)
    return ""


def remarks(model: "keras.Model") -> list[str]:
    """What a user should know before training: what is ignored, and what spoils the result."""
    return [text.format(found) for look, text in _REMARKS if (found := look(model))]


_REMARKS: tuple[tuple[Callable[[Any], str], str], ...] = (
    (
        own_training,
        "{} of the model: not used; archzoo trains every model by the recipe's loss and optimizer",
    ),
    (
        rescales,
        "layer {} scales the input down, and archzoo has scaled it already (to 0 to 1, or to mean 0 and "
        "deviation 1): the model may see almost nothing; leave the layer out",
    ),
    (
        activation,
        "the model ends with {}, and the loss applies softmax itself: it learns slowly, and its loss is "
        "too high; leave the activation out",
    ),
    (
        unsaveable,
        "the model cannot be saved whole, so model.keras will have its weights alone ({}); zoo evaluate "
        "and zoo predict need no more. To load it elsewhere, give the layer a get_config()",
    ),
)


def quiet_keras() -> None:
    """Leave to `remarks` what Keras warns of at each call, and what does no harm."""
    for message in (
        r'"?`?\w+`? received `from_logits=True`',
        r"The structure of `inputs` doesn't match the expected structure",
    ):
        warnings.filterwarnings("ignore", message=message, category=UserWarning)
