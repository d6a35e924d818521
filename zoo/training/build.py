"""Calling an architecture's `build`, and checking what it gives."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo import diagnosis
from zoo.architecture import Architecture
from zoo.errors import PluginError
from zoo.registry import Origin
from zoo.training.backend import quiet_native_logs

if TYPE_CHECKING:
    import keras


def build_model(
    architecture: Architecture,
    input_shape: tuple[int, ...],
    num_classes: int,
    hyperparameters: Mapping[str, Any],
    origin: Origin | None = None,
) -> "keras.Model":
    """The architecture's model, checked. `origin` says whose it is, for the messages.

    Raises:
        PluginError: `build` fails, or gives something that is no model with
            `(batch, num_classes)` as output. It names the package and the line.
    """
    with quiet_native_logs():
        import keras

    try:
        with quiet_native_logs():
            model = architecture.build(input_shape, num_classes, **hyperparameters)
    except Exception as error:
        raise PluginError(
            f"{_title(architecture, origin)} failed for input {input_shape}, {num_classes} classes and "
            f"{hyperparameters}: {diagnosis.in_a_line(error)}. Mend it there; zoo check tries it on "
            "several shapes.",
            diagnosis.own_frames(error),
        ) from error
    if not isinstance(model, keras.Model):
        raise PluginError(
            f"{_title(architecture, origin)} returned {type(model).__name__}, not a keras.Model."
        )
    if not model.built:
        model.build((None, *input_shape))
    output_shape = getattr(model, "output_shape", None)
    if output_shape is None:
        raise PluginError(
            f"{_title(architecture, origin)} returned {type(model).__name__}, a subclass whose output "
            "has no shape until it is called. Connect layers from an Input: return "
            "keras.Model(inputs, outputs); logic of your own goes into a keras.layers.Layer."
        )
    if tuple(output_shape) != (None, num_classes):
        raise PluginError(
            f"{_title(architecture, origin)} gives output of shape {output_shape}; "
            f"(batch, {num_classes}) is wanted. End with layers.Dense(num_classes)."
        )
    return model


def _title(architecture: Architecture, origin: Origin | None) -> str:
    """`build of cnn (archzoo-cnn 0.1.0, file.py:12)`"""
    package = f"{origin.distribution} {origin.version}".strip() if origin else ""
    facts = (package, diagnosis.place_of(architecture.build))
    return f"build of {architecture.name} ({', '.join(filter(None, facts))})"
