"""What an architecture is: a name, a `build` function, and how a sample reaches it."""

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from zoo import parameters
from zoo.parameters import Parameter

Layout = Literal["image", "rows", "frames"]
FromImage = Literal["whole", "strips", "phases"]
LAYOUTS: tuple[Layout, ...] = typing.get_args(Layout)
FROM_IMAGE: tuple[FromImage, ...] = typing.get_args(FromImage)

NAME = re.compile(r"[a-z][a-z0-9_]*")
_POSITIONAL = ("input_shape", "num_classes")


Hyperparameter = Parameter
"""One keyword-only parameter of `build`: a hyperparameter."""


@dataclass(frozen=True)
class Architecture:
    """A named way to build a model.

    Attributes:
        name: lower-case letters, digits and underscores; what `zoo train NAME` takes.
        build: `build(input_shape, num_classes, *, hyperparameter: type = default, ...)`. Returns an
            uncompiled `keras.Model` whose output is logits, `(batch, num_classes)`. `input_shape`
            has no batch axis. Keyword-only parameters are the hyperparameters.
        layout: how a sample reaches the model: `image` `(H, W, C)`, `rows` `(T, F)` or `frames`
            `(T, H, W, C)`. The core converts the dataset's own layout to it.
        summary: one line for `zoo list`.
        frames_from_image: for layout `frames`, how a single image becomes frames: `whole` (one
            frame), `strips` (four horizontal strips, top to bottom) or `phases` (the four
            half-resolution images that its even and odd rows and columns make).
        paper: where it was published, if anywhere.

    Making one imports neither Keras nor NumPy.

    Raises:
        ValueError: a field is not what the list above allows.
    """

    name: str
    build: Callable[..., Any]
    layout: Layout
    summary: str
    frames_from_image: FromImage = "whole"
    paper: str = ""

    def __post_init__(self):
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise ValueError(
                f"architecture name {self.name!r}: use lower-case letters, digits and underscores, "
                "a letter first, as in 'my_net'"
            )
        if self.layout not in LAYOUTS:
            raise ValueError(f"{self.name}: layout {self.layout!r} is none of {', '.join(LAYOUTS)}")
        if self.frames_from_image not in FROM_IMAGE:
            raise ValueError(
                f"{self.name}: frames_from_image {self.frames_from_image!r} is none of "
                f"{', '.join(FROM_IMAGE)}"
            )
        _check_signature(self.name, self.build)

    @property
    def hyperparameters(self) -> dict[str, Hyperparameter]:
        """The keyword-only parameters of `build`, in its order."""
        return parameters.of(self.build)

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


def _check_signature(name: str, build: Any) -> None:
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
