"""Hyperparameters and dataset parameters: the keyword-only parameters of a function.

Architectures have them in `build`, datasets in `make`.
"""

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from zoo.errors import UsageError
from zoo.ranges import Choice, Range
from zoo.suggest import unknown

_SCALARS = (bool, int, float, str)


@dataclass(frozen=True)
class Parameter:
    """One keyword-only parameter of a function: its type, its default, and what it is.

    Attributes:
        space: the `zoo.Range` or `zoo.Choice` that a search draws it from; None: it is not searched.
    """

    name: str
    annotation: Any
    default: Any
    doc: str = ""
    space: Range | Choice | None = None

    @property
    def type_name(self) -> str:
        """The type as people write it: `int`, `'lstm' | 'gru'`, `tuple[int, ...]`."""
        return _type_name(self.annotation)

    def parse(self, text: str, argument: str = "hyperparameters") -> Any:
        """The value that `text` stands for.

        Args:
            argument: the argument of the Python API that holds it, for the message.

        Raises:
            UsageError: `text` is no value of this parameter's type.
        """
        try:
            return _parse(text.strip(), self.annotation)
        except ValueError as error:
            finite = ", finite and of ordinary size" if isinstance(error, _Unrecordable) else ""
            raise UsageError(
                f"`{argument}={ {self.name: text}!r}`: {self.name} is {self.type_name}{finite}, "
                f"received {text!r} (default {self.default!r})."
            ) from error


class _Unrecordable(ValueError):
    """A number that no record can hold."""


def of(function: Callable[..., Any]) -> dict[str, Parameter]:
    """The keyword-only parameters of a function, in its order."""
    found = {}
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.KEYWORD_ONLY:
            annotation, extras = _split_annotated(_type_of(each, function))
            doc = next((extra for extra in extras if isinstance(extra, str)), "")
            space = next((extra for extra in extras if isinstance(extra, Range | Choice)), None)
            found[each.name] = Parameter(each.name, annotation, each.default, doc, space)
    return found


def _type_of(parameter: inspect.Parameter, function: Callable[..., Any]) -> Any:
    """Its annotation, where that is written as text, too; else the type of its default.

    Others are not looked at: they may name what only a type checker imports.
    """
    if parameter.annotation is parameter.empty:
        return type(parameter.default)
    stub = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    known = getattr(inspect.unwrap(function), "__globals__", {})
    return typing.get_type_hints(stub, known, include_extras=True)[parameter.name]


def fault(function: Callable[..., Any], name: str, kind: str) -> str:
    """Why the parameters of a function cannot be read, in words; else empty.

    Args:
        name: what the function is called.
        kind: what its parameters are called.
    """
    for each in inspect.signature(function).parameters.values():
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            return f"{name} takes {each}, so its {kind}s cannot be read; name them"
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty:
            return f"{kind} {each.name} of {name} needs a default"
        if each.kind is each.KEYWORD_ONLY:
            try:
                _type_of(each, function)
            except Exception as error:  # an annotation may be any code
                cause = f"{type(error).__name__}: {error}"
                return f"the type of {kind} {each.name} of {name} cannot be read ({cause})"
    return ""


def parse(
    known: Mapping[str, Parameter],
    settings: Mapping[str, str],
    kind: str,
    then: str,
    argument: str = "hyperparameters",
) -> dict[str, Any]:
    """The values of `KEY=VALUE` texts.

    Args:
        kind: what these parameters are, for the message about an unknown one.
        then: what to type to see them.
        argument: the argument of the Python API that holds them.

    Raises:
        UsageError: an unknown key, or a value of another type.
    """
    for key in settings:
        if key not in known:
            raise UsageError(unknown(kind, key, known, then))
    return {key: known[key].parse(text, argument) for key, text in settings.items()}


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them, where a tuple is a list."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def as_text(value: Any) -> str:
    """A value as `parse` reads it: `4,5` for a tuple."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def from_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a function takes them: JSON has made lists of tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}


def _type_name(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return " | ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(_type_name, arguments))
    if annotation is types.NoneType:
        return "None"
    if isinstance(annotation, type) and not origin:
        return annotation.__name__
    return str(annotation).replace("typing.", "")


def _split_annotated(annotation: Any) -> tuple[Any, list[Any]]:
    """`Annotated[int, "how many", Range(1, 8)]` is the type and what is said of it."""
    if typing.get_origin(annotation) is not typing.Annotated:
        return annotation, []
    inner, *extras = typing.get_args(annotation)
    return inner, extras


def _parse(text: str, annotation: Any) -> Any:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is bool:
        return _parse_bool(text)
    if annotation in _SCALARS:
        return _recordable(annotation(text))
    if origin is Literal:
        return _parse_literal(text, arguments)
    if origin in (typing.Union, types.UnionType):
        return _parse_union(text, arguments)
    if origin is tuple:
        return _parse_tuple(text, arguments)
    raise ValueError(f"cannot read a {annotation}")


def _recordable(value: Any) -> Any:
    """A number as a run's record has it: neither infinite, nor NaN, nor of hundreds of digits."""
    most = 2**63 if isinstance(value, int) else 1e300
    if isinstance(value, int | float) and not abs(value) < most:
        raise _Unrecordable(f"{value} is no number that can be recorded")
    return value


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
