"""Other values of a hyperparameter, guessed from its type and default."""

import types
import typing
from typing import Any, Literal

from zoo.architecture import Hyperparameter


def alternatives(hyperparameter: Hyperparameter) -> list[Any]:
    """Values of the hyperparameter's type other than its default, the most plausible first.

    Empty for text, whose values cannot be guessed.
    """
    default = hyperparameter.default
    found = _others(hyperparameter.annotation, default)
    return [
        each for place, each in enumerate(found) if each != default and each not in found[:place]
    ]


def _others(annotation: Any, default: Any) -> list[Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return list(arguments)
    if origin in (typing.Union, types.UnionType):
        return _of_union(arguments, default)
    if isinstance(default, bool):
        return [not default]
    if annotation is float or isinstance(default, float):
        # A tenth more first: half of a small penalty would vanish in rounding.
        return [default + 0.1, default / 2, default * 2, default - 0.1]
    if isinstance(default, int):
        return [max(1, default // 2), default * 2, default + 1, default - 1]
    if isinstance(default, tuple):
        return _of_tuple(arguments, default)
    return []


def _of_union(members: tuple[Any, ...], default: Any) -> list[Any]:
    if default is not None:
        kind = next((each for each in members if _fits(default, each)), type(default))
        found = _others(kind, default)
        return [*found, None] if type(None) in members else found
    first: dict[Any, list[Any]] = {bool: [True, False], int: [1, 2, 8], float: [0.1, 0.5, 1.0]}
    return [value for member in members for value in first.get(member, [])]


def _fits(default: Any, member: Any) -> bool:
    """Whether `member`, a Literal or tuple type, contains the default."""
    if typing.get_origin(member) is Literal:
        return default in typing.get_args(member)
    return isinstance(default, tuple) and typing.get_origin(member) is tuple


def _of_tuple(kinds: tuple[Any, ...], default: tuple[Any, ...]) -> list[Any]:
    """Tuples in which every element is changed, in each way that all elements have."""
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(default)
    ways = [_others(kind, each) for kind, each in zip(kinds, default, strict=False)]
    return list(zip(*ways, strict=False))
