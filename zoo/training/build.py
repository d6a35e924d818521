"""Calling an architecture's `build`, and checking what it gives."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zoo import diagnosis
from zoo.architecture import MASK, MASK_VALUE, Architecture
from zoo.errors import PluginError, ZooError
from zoo.native_logs import quiet_native_logs
from zoo.origin import Origin
from zoo.training import inspection
from zoo.training.backend import is_out_of_memory

if TYPE_CHECKING:
    import keras

BACKENDS = ("keras", "tensorflow", "jax", "jaxlib", "torch")
"""Packages whose exceptions are about the model that they were given."""


def build_model(
    architecture: Architecture,
    input_shape: tuple[int, ...],
    num_classes: int,
    hyperparameters: Mapping[str, Any],
    origin: Origin | None = None,
    *,
    masked: bool = False,
) -> "keras.Model":
    """The architecture's model, checked. `origin` says whose it is, for the messages.

    `masked`: its sequences may end in padding, each feature of which is `MASK_VALUE`.

    Raises:
        PluginError: `build` fails, or gives something that is no model with one input and
            `(batch, num_classes)` as output. It names the package and the line.
    """
    with quiet_native_logs():
        import keras

    try:
        with quiet_native_logs():
            given = {**hyperparameters, **({MASK: MASK_VALUE} if masked else {})}
            model = architecture.build(input_shape, num_classes, **given)
            if isinstance(model, keras.Model) and not model.built:
                model.build((None, *input_shape))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's code may raise anything, SystemExit too
        advice = inspection.wrong_layout(error, architecture, input_shape)
        raise PluginError(
            f"{_title(architecture, origin)} failed for input {input_shape}, {num_classes} classes and "
            f"{dict(hyperparameters)}: {diagnosis.in_a_line(error)}. "
            + (advice or "Mend it there; zoo check tries it on several shapes."),
            diagnosis.own_frames(error),
        ) from error
    if fault := inspection.fault(model, input_shape, num_classes):
        raise PluginError(f"{_title(architecture, origin)} {fault}")
    inspection.quiet_keras()
    return model


@contextmanager
def running(architecture: Architecture, origin: Origin | None = None) -> Iterator[None]:
    """What an architecture's layers raise while they are trained becomes a line that names it.

    Raises:
        PluginError: for whatever they raise within, but out of memory and interruptions.
    """
    try:
        yield
    except (ZooError, OSError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        frames = diagnosis.own_frames(error)
        package = type(error).__module__.partition(".")[0]
        theirs = frames or package in BACKENDS or isinstance(error, SystemExit)
        if is_out_of_memory(error) or not theirs:
            raise
        raise PluginError(
            f"the model of {_title(architecture, origin)} failed while it ran: "
            f"{diagnosis.in_a_line(error)}. zoo check says more.",
            frames,
        ) from error


def _title(architecture: Architecture, origin: Origin | None) -> str:
    """`build of cnn (archzoo-cnn 0.1.0, file.py:12)`"""
    package = f"{origin.distribution} {origin.version}".strip() if origin else ""
    facts = (package, diagnosis.place_of(architecture.build))
    return f"build of {architecture.name} ({', '.join(filter(None, facts))})"
