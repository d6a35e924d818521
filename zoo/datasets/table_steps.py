"""The steps and channels of a wide table, as the names of its columns tell them."""

import re
from collections.abc import Sequence

import numpy as np

from zoo.datasets.table_frame import Table
from zoo.errors import DataError

_NUMBERED = re.compile(r"(.*?)[\s_.]*(\d{1,18})$", re.ASCII)


def prefix(name: str) -> str:
    """A column's name without the number at its end."""
    matched = _NUMBERED.fullmatch(name.strip())
    return matched.group(1) if matched else name


def by_channel(table: Table, values: Sequence[str], wide: bool) -> list[list[str]]:
    """The columns of a wide table, for each channel those of its steps in order.

    Names with numbers (`t0, t1, ...`, `x_0, x_1, ..., y_0, y_1, ...`) tell channels and steps.

    Args:
        values: the columns of numbers.
        wide: whether the user says so: then the order of columns is time if their names tell nothing.

    Raises:
        DataError: they tell nothing, and `wide` is false.
    """
    if not table.header:
        return [list(values)]
    if times := _times(table, values):
        return [times]
    channels: dict[str, dict[int, str]] = {}
    for name in values:
        matched = _NUMBERED.fullmatch(name.strip())
        prefix, number = matched.groups() if matched else (name, None)
        steps = channels.setdefault(prefix, {})
        if number is None or int(number) in steps:
            return _as_they_stand(table, values, wide, name)
        steps[int(number)] = name
    found = [sorted(each) for each in channels.values()]
    lags = any(
        prefix.endswith("-") and list(each) != sorted(each) for prefix, each in channels.items()
    )
    if any(each != found[0] for each in found) or len(found[0]) < 2 or lags:
        return _as_they_stand(table, values, wide, values[0])
    if found[0] != list(range(found[0][0], found[0][0] + len(found[0]))):
        gap = next(n + 1 for n in found[0] if n + 1 not in channels[next(iter(channels))])
        raise DataError(
            f"{table.path}: its columns are numbered from {found[0][0]} to {found[0][-1]}, and "
            f"{gap} is missing. Write the columns of all steps."
        )
    return [[steps[number] for number in found[0]] for steps in channels.values()]


def _times(table: Table, names: Sequence[str]) -> list[str] | None:
    """Columns that are called by their times, `0.0, 0.1, ...`, in order; None: they are not."""
    try:
        times = np.array([float(name) for name in names])
    except ValueError:
        return None
    if len(times) < 2 or not np.isfinite(times).all():
        return None
    order = np.argsort(times, kind="stable")
    apart = np.diff(times[order])
    if apart.max() > 1.01 * apart.min():
        raise DataError(
            f"{table.path}: its columns are called by times that are {apart.min():g} to "
            f"{apart.max():g} apart. Sample the series at equal intervals."
        )
    return [names[place] for place in order]


def _as_they_stand(table: Table, values: Sequence[str], wide: bool, odd: str) -> list[list[str]]:
    if wide:
        return [list(values)]
    raise DataError(
        f"{table.path}: its columns are not numbered alike ({odd!r} for one); {table.listed()}. If "
        "their order is time, use `data_parameters={'form': 'wide'}`; leave others out with drop."
    )
