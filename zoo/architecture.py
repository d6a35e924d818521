"""What an architecture is: a name, a `build` function, and how a sample reaches it."""

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from zoo.errors import UsageError
from zoo.suggest import unknown

Layout = Literal["image", "rows", "frames"]
FromImage = Literal["whole", "strips", "phases"]
LAYOUTS: tuple[str, ...] = typing.get_args(Layout)
FROM_IMAGE: tuple[str, ...] = typing.get_args(FromImage)

NAME = re.compile(r"[a-z][a-z0-9_]*")
_POSITIONAL = ("input_shape", "num_classes")
_SCALARS = (bool, int, float, str)


@dataclass(frozen=True)
class Hyperparameter:
    """One keyword-only parameter of `build`: what `--set name=value` may change."""

    name: str
    annotation: Any
    default: Any
    doc: str = ""

    @property
    def type_name(self) -> str:
        """The type as people write it: `int`, `'lstm' | 'gru'`, `tuple[int, ...]`."""
        if typing.get_origin(self.annotation) is Literal:
            return " | ".join(map(repr, typing.get_args(self.annotation)))
        if isinstance(self.annotation, type) and not typing.get_origin(self.annotation):
            return self.annotation.__name__
        return str(self.annotation).replace("typing.", "")

    def parse(self, text: str) -> Any:
        """The value that `text` stands for.

        Raises:
            UsageError: `text` is no value of this parameter's type.
        """
        try:
            return _parse(text.strip(), self.annotation)
        except ValueError as error:
            raise UsageError(
                f"--set {self.name}={text}: {self.name} is {self.type_name}, "
                f"received {text!r} (default {self.default!r})."
            ) from error


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
        hints = typing.get_type_hints(self.build, include_extras=True)
        found = {}
        for parameter in inspect.signature(self.build).parameters.values():
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
                continue
            annotation, doc = _split_annotated(hints.get(parameter.name, type(parameter.default)))
            found[parameter.name] = Hyperparameter(
                parameter.name, annotation, parameter.default, doc
            )
        return found

    def defaults(self) -> dict[str, Any]:
        """Every hyperparameter's default."""
        return {name: each.default for name, each in self.hyperparameters.items()}

    def parse_settings(self, settings: Mapping[str, str]) -> dict[str, Any]:
        """All hyperparameters, with what `--set KEY=VALUE` changes.

        Raises:
            UsageError: an unknown key, or a value of another type.
        """
        known = self.hyperparameters
        values = self.defaults()
        for key, text in settings.items():
            if key not in known:
                raise UsageError(
                    unknown(f"hyperparameter of {self.name}", key, known, f"zoo show {self.name}")
                )
            values[key] = known[key].parse(text)
        return values


def _check_signature(name: str, build: Any) -> None:
    if not callable(build):
        raise ValueError(f"{name}: build is {type(build).__name__}, not a function")
    parameters = list(inspect.signature(build).parameters.values())
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if tuple(positional) != _POSITIONAL:
        raise ValueError(
            f"{name}: build({', '.join(positional)}) must be build(input_shape, num_classes, *, "
            "hyperparameter: type = default)"
        )
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ValueError(
                f"{name}: build takes {parameter}, so its hyperparameters cannot be read; name them"
            )
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise ValueError(f"{name}: hyperparameter {parameter.name} of build needs a default")


def _split_annotated(annotation: Any) -> tuple[Any, str]:
    """`Annotated[int, "how many"]` is the type and its documentation."""
    if typing.get_origin(annotation) is not typing.Annotated:
        return annotation, ""
    inner, *extras = typing.get_args(annotation)
    return inner, next((each for each in extras if isinstance(each, str)), "")


def _parse(text: str, annotation: Any) -> Any:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is bool:
        return _parse_bool(text)
    if annotation in _SCALARS:
        return annotation(text)
    if origin is Literal:
        return _parse_literal(text, arguments)
    if origin in (typing.Union, types.UnionType):
        return _parse_union(text, arguments)
    if origin is tuple:
        return _parse_tuple(text, arguments)
    raise ValueError(f"cannot read a {annotation}")


def _parse_bool(text: str) -> bool:
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError(text)


def _parse_literal(text: str, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        if text == str(choice):
            return choice
    raise ValueError(text)


def _parse_union(text: str, members: tuple[Any, ...]) -> Any:
    if type(None) in members and text.lower() == "none":
        return None
    for member in members:
        try:
            return _parse(text, member)
        except (ValueError, TypeError):
            continue
    raise ValueError(text)


def _parse_tuple(text: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    parts = [part for part in text.strip("()[] ").split(",") if part.strip()]
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_parse(part.strip(), arguments[0]) for part in parts)
    if len(parts) != len(arguments):
        raise ValueError(text)
    return tuple(_parse(part.strip(), kind) for part, kind in zip(parts, arguments, strict=True))
