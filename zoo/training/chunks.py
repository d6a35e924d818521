"""Cutting an epoch's steps into chunks: on a GPU one call trains many steps."""

from typing import Any

LONGEST_CALL = 200
"""Steps in one call where a call is many: enough to hide the cost of launching it, and few enough to
show progress and to stop soon."""

Transforms = Any
"""Augmentation parameters: arrays whose first axes are steps and examples, nested or not; or None."""


def call_length(steps: int, longest: int) -> int:
    """How many of an epoch's steps one call takes, at most `longest`.

    A length from half of `longest` that divides the epoch, so that one shape is compiled; else
    `longest`, with a shorter last call.
    """
    if steps <= longest:
        return steps
    lengths = range(longest, longest // 2, -1)
    return next((length for length in lengths if steps % length == 0), longest)


def step_chunks(steps: int, length: int) -> list[slice]:
    """The steps of an epoch, or of its rest, in chunks of `length`."""
    return [slice(start, min(start + length, steps)) for start in range(0, steps, length)]


def steps_from(arrays: Transforms, start: int) -> Transforms:
    """The steps from `start` on, of arrays as `tree_slice` takes them; what is drawn late stays so."""
    from keras import tree

    def rest(each: Any) -> Any:
        late = getattr(each, "from_step", None)
        return late(start) if late else None if each is None else each[start:]

    return tree.map_structure(rest, arrays)


def tree_slice(arrays: Transforms, which: int | slice) -> Transforms:
    """A step, or a slice of steps, of (nested) arrays whose first axis is that of steps."""
    from keras import tree

    return tree.map_structure(lambda each: None if each is None else each[which], arrays)
