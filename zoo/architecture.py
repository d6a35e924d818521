"""What an architecture is: a name, a `build` function, and the layout of its input."""

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from zoo import aliases, named_sizes, parameters
from zoo.parameters import Parameter

Layout = Literal["image", "sequence", "frames"]
FromImage = Literal["whole", "strips", "space_to_depth"]
LAYOUTS: tuple[Layout, ...] = typing.get_args(Layout)
FROM_IMAGE: tuple[FromImage, ...] = typing.get_args(FromImage)

NAME = re.compile(r"[a-z][a-z0-9_]*")
_POSITIONAL = ("input_shape", "num_classes")

MASK = "mask_value"
"""A keyword of `build` that is no hyperparameter: what padded steps are, None where none are padded."""
FRAME_FEATURES = "frame_features"
"""A hyperparameter of `build`: how an architecture of sequences that has it reads the frames of a clip."""
FLAT = "flat"
"""Its value for which a clip is converted, as for other architectures: each frame is a step, flattened."""
MASK_VALUE = -30080.0
"""What padded steps are given as. float16 and bfloat16 hold it exactly, and scaled data do not have it."""


Hyperparameter = Parameter
"""One keyword-only parameter of `build`: a hyperparameter."""


@dataclass(frozen=True)
class Architecture:
    """A named function that builds a model, and the layout of its input.

    Constructing one imports neither Keras nor NumPy.

    Args:
        name: lower-case letters, digits and underscores, a letter first; used in `zoo train NAME`.
        build: `build(input_shape, num_classes, *, hyperparameter: type = default, ...)`. Receives the
            input's shape without the batch axis; returns an uncompiled `keras.Model` whose output
            is logits, `(batch, num_classes)`. Its keyword-only parameters are the hyperparameters,
            but `mask_value: float | None = None`: an architecture whose `build` has it obeys masks.
            Where sequences have unequal lengths it is what every feature of a padded step is, and
            padded steps must not change the logits; `zoo.layers` helps. Other architectures are
            given such sequences resampled to one length. With a hyperparameter `frame_features`, an
            architecture of sequences is given clips as frames, unless it is `flat`;
            `zoo.layers.features_of` makes a sequence of them.
        layout: the model's input: `image` `(H, W, C)`, `sequence` `(T, F)` or `frames`
            `(T, H, W, C)`. Datasets of another layout are converted.
        summary: one line for `zoo list`.
        frames_from_image: for layout `frames`, how a single image becomes frames: `whole` (one
            frame), `strips` (four horizontal strips, top to bottom) or `space_to_depth` (four
            half-resolution images, from the even and odd rows and columns).
        paper: where the architecture was published, if it was.
        sizes: named sizes, `{"small": {"units": 32}}`: hyperparameters of `build` that `zoo train
            NAME@small` changes. `base` is always there: the defaults.

    Raises:
        ValueError: an argument is not one of those.

    >>> def build(input_shape, num_classes, *, units: int = 64):
    ...     import keras
    ...     return keras.Sequential([keras.Input(input_shape), keras.layers.LSTM(units),
    ...                              keras.layers.Dense(num_classes)])
    >>> lstm = Architecture("lstm", build, layout="sequence", summary="one LSTM")
    >>> lstm.defaults()
    {'units': 64}
    """

    name: str
    build: Callable[..., Any]
    layout: Layout
    summary: str
    frames_from_image: FromImage = "whole"
    paper: str = ""
    sizes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layout", aliases.current(aliases.LAYOUTS, self.layout))
        how = aliases.current(aliases.FRAMES_FROM_IMAGE, self.frames_from_image)
        object.__setattr__(self, "frames_from_image", how)
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise ValueError(
                f"architecture name {self.name!r}: use lower-case letters, digits and underscores, "
                "a letter first, as in 'my_net'"
            )
        if self.layout not in LAYOUTS:
            raise ValueError(
                f"{self.name}: layout {self.layout!r}: use one of {', '.join(LAYOUTS)}"
            )
        if self.frames_from_image not in FROM_IMAGE:
            raise ValueError(
                f"{self.name}: frames_from_image {self.frames_from_image!r}: use one of "
                f"{', '.join(FROM_IMAGE)}"
            )
        _check_signature(self.name, self.build, self.layout)
        sizes = named_sizes.checked(self.name, self.sizes, self.hyperparameters)
        object.__setattr__(self, "sizes", sizes)

    @property
    def hyperparameters(self) -> dict[str, Hyperparameter]:
        """The keyword-only parameters of `build`, in its order, but `mask_value`."""
        return {name: each for name, each in parameters.of(self.build).items() if name != MASK}

    @property
    def obeys_masks(self) -> bool:
        """Whether `build` takes `mask_value`, so that sequences may be padded."""
        return MASK in inspect.signature(self.build).parameters

    def input_layout(self, source: Layout, hyperparameters: Mapping[str, Any]) -> Layout:
        """The layout of its input for data of layout `source`: its own, or frames where it reads them."""
        how = hyperparameters.get(FRAME_FEATURES, FLAT)
        return "frames" if source == "frames" and how != FLAT else self.layout

    def defaults(self) -> dict[str, Any]:
        """Every hyperparameter's default."""
        return {name: each.default for name, each in self.hyperparameters.items()}

    def parse_settings(self, settings: Mapping[str, str]) -> dict[str, Any]:
        """All hyperparameters, with the values that `settings` give as texts.

        Raises:
            UsageError: an unknown key, or a value of another type.
        """
        changed = parameters.parse(
            self.hyperparameters,
            settings,
            f"hyperparameter of {self.name}",
            f"zoo show {self.name}",
        )
        return {**self.defaults(), **changed}


def _check_signature(name: str, build: Any, layout: Layout) -> None:
    if not callable(build):
        raise ValueError(f"{name}: build is {type(build).__name__}, not a function")
    positional = [
        p.name
        for p in inspect.signature(build).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if tuple(positional) != _POSITIONAL:
        raise ValueError(
            f"{name}: build({', '.join(positional)}) must be build(input_shape, num_classes, *, "
            "hyperparameter: type = default)"
        )
    if fault := parameters.fault(build, "build", "hyperparameter"):
        raise ValueError(f"{name}: {fault}")
    _check_mask(name, build, layout)


def _check_mask(name: str, build: Callable[..., Any], layout: Layout) -> None:
    mask = inspect.signature(build).parameters.get(MASK)
    if mask is not None and layout != "sequence":
        raise ValueError(f"{name}: {MASK} of build is for layout sequence; the layout is {layout}")
    if mask is not None and mask.default is not None:
        raise ValueError(
            f"{name}: {MASK} of build has the default {mask.default!r}; write "
            f"{MASK}: float | None = None"
        )
