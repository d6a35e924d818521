"""Which column of a table is what: by its name where that is certain, else as the user says."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from zoo.datasets.table_file import Table
from zoo.errors import DataError, UsageError

Form = Literal["wide", "long"]
NAMES = {
    "label": ("label", "labels", "class", "class_label", "classlabel", "target", "category"),
    "id": ("id", "series", "series_id", "case", "case_id", "sample", "sample_id", "instance"),
    "time": ("time", "t", "timestamp", "step", "timestep", "time_step", "date", "datetime"),
    "split": ("split",),
    "group": ("group",),
}
"""Names by which a column is recognised, in small letters."""
FEW_CLASSES = 100
"""A column without a name is that of the labels if it has at most so many whole numbers."""
LISTED = 12


@dataclass(frozen=True)
class Asked:
    """What the user says about columns; None: recognised, or refused."""

    form: Form | None = None
    label: str | None = None
    id: str | None = None
    time: str | None = None
    group: str | None = None
    drop: str | None = None

    @property
    def dropped(self) -> list[str]:
        """The columns that are left out."""
        return [name.strip() for name in (self.drop or "").split(",") if name.strip()]


@dataclass(frozen=True)
class Columns:
    """Which column is what.

    Attributes:
        values: the numeric columns that are left, in the file's order.
        notes: what was recognised or left out, where that is not plain.
    """

    form: Form
    label: str
    values: tuple[str, ...]
    id: str | None = None
    time: str | None = None
    split: str | None = None
    group: str | None = None
    notes: tuple[str, ...] = field(default=())


def recognise(table: Table, asked: Asked) -> Columns:
    """Find out which column is what.

    Raises:
        UsageError: a column that was asked for is not there.
        DataError: the table can be read in several ways, or has what is no number among its values;
            the message lists the columns and says what to type.
    """
    frame, path = table.frame, table.path
    notes = []
    left = [name for name in frame.columns if name not in _known(table, asked.dropped)]
    if (index := _index(table, left)) is not None:
        left.remove(index)
        notes.append("the first column counts the rows; it is left out")
    if {"path", "label"} <= {name.lower() for name in left}:
        raise DataError(
            f"{path}: lists files. Call it labels.csv and give its folder: "
            f"`dataset={str(path.parent)!r}`."
        )
    found: dict[str, str | None] = {}
    for role in NAMES:
        found[role] = _role(table, role, getattr(asked, role, None), left)
        if found[role] is not None:
            left.remove(str(found[role]))
    if found["label"] is None:
        found["label"] = _label(table, left)
        left.remove(found["label"])
        notes.append(f"labels are those of the column {found['label']!r}")
    form = asked.form or _form(table, found)
    if form == "wide" and found["id"] is not None:
        notes.append(f"the column {found['id']!r} names the samples; it is left out")
    _check_numbers(table, left)
    label = str(found.pop("label"))
    return Columns(form, label, tuple(left), notes=tuple(notes), **found)


def _known(table: Table, names: Iterable[str]) -> list[str]:
    """
    Raises:
        UsageError: a name is no column.
    """
    for name in names:
        if name not in table.frame.columns:
            raise UsageError(f"{table.path}: has no column {name!r}; {_listed(table)}.")
    return list(names)


def _listed(table: Table) -> str:
    names = list(map(str, table.frame.columns))
    more = f", ... ({len(names)} in all)" if names[LISTED:] else ""
    return f"it has {', '.join(map(repr, names[:LISTED]))}{more}"


def _index(table: Table, left: Sequence[str]) -> str | None:
    """The nameless first column that `to_csv` and R's `write.csv` write, if it counts the rows."""
    if not left or left[0] not in ("", "Unnamed: 0", "__index_level_0__"):
        return None
    given = table.frame[left[0]]
    texts = [str(value).removesuffix(".0").strip('"') for value in given]
    if any(texts == [str(start + i) for i in range(len(texts))] for start in (0, 1)):
        return left[0]
    raise DataError(
        f"{table.path}: its first column has no name and does not count the rows; name it, or "
        f"`data_parameters={{'drop': {left[0]!r}}}`."
    )


def _role(table: Table, role: str, asked: str | None, left: Sequence[str]) -> str | None:
    if asked is not None:
        [name] = _known(table, [asked])
        if name not in left:
            raise UsageError(f"{table.path}: the column {name!r} is asked for twice.")
        return name
    if not table.header:
        return None
    candidates = [name for name in left if name.strip().lower() in NAMES[role]]
    if len(candidates) > 1:
        named = " and ".join(map(repr, candidates[:3]))
        raise DataError(
            f"{table.path}: {named} may be the {role}. Choose one, "
            f"`data_parameters={{'{role}': {candidates[0]!r}}}`, and leave the other out with drop."
        )
    return candidates[0] if candidates else None


def _label(table: Table, left: Sequence[str]) -> str:
    """The only column of text; of a table without names, the first or last of few whole numbers."""
    text = [name for name in left if not _is_value(table, name)]
    if len(text) == 1:
        return text[0]
    if not table.header and not text and left:
        if table.path.stem.lower().endswith(("_train", "_test")):
            return left[0]  # as the UCR archive has it
        ends = [name for name in dict.fromkeys((left[0], left[-1])) if _counts(table, name)]
        if len(ends) == 1:
            return ends[0]
    raise DataError(
        f"{table.path}: which column has the labels? {_listed(table)}. Choose: "
        f"`data_parameters={{'label': {str(left[-1] if left else 'label')!r}}}`."
    )


def _is_value(table: Table, name: str) -> bool:
    """Whether a column has numbers, or lists of numbers (Parquet)."""
    kind = table.frame[name].dtype
    return kind == "float64" or (str(kind) == "object" and _is_list(table.frame[name].iloc[0]))


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _counts(table: Table, name: str) -> bool:
    values = table.frame[name].to_numpy()
    return (
        not np.isnan(values).any()
        and bool((values == np.floor(values)).all())
        and 2 <= len(np.unique(values)) <= min(FEW_CLASSES, max(2, len(values) // 2))
    )


def _form(table: Table, found: dict[str, str | None]) -> Form:
    if found["id"] is not None and table.frame[found["id"]].duplicated().any():
        return "long"
    if found["time"] is None:
        return "wide"
    raise DataError(
        f"{table.path}: has a column {found['time']!r}, and no other says which rows are one series; "
        f"{_listed(table)}. Choose: `data_parameters={{'id': 'COLUMN'}}`, or drop the time."
    )


def _check_numbers(table: Table, values: Sequence[str]) -> None:
    if not values:
        raise DataError(f"{table.path}: has no column of numbers beside the label.")
    for name in values:
        if _is_value(table, name):
            continue
        raise DataError(
            f"{table.path}: the column {name!r} has {table.fault(name)}, which is no number. Mend it; "
            f"or say what it is: `data_parameters={{'drop': {name!r}}}`, or label, id, time, group."
        )


_NUMBERED = re.compile(r"(.*?)[\s_.\-]*(\d+)$")


def by_channel(table: Table, columns: Columns, asked: Asked) -> list[list[str]]:
    """The columns of a wide table, for each channel those of its steps in order.

    Names with numbers (`t0, t1, ...`, `x_0, x_1, ..., y_0, y_1, ...`) tell channels and steps.

    Raises:
        DataError: they do not, and `form=wide` does not say that the order of columns is time.
    """
    if not table.header:
        return [list(columns.values)]
    if times := _times(table, columns.values):
        return [times]
    channels: dict[str, dict[int, str]] = {}
    for name in columns.values:
        matched = _NUMBERED.fullmatch(name.strip())
        prefix, number = matched.groups() if matched else (name, None)
        steps = channels.setdefault(prefix, {})
        if number is None or int(number) in steps:
            return _as_they_stand(table, columns, asked, name)
        steps[int(number)] = name
    found = [sorted(each) for each in channels.values()]
    if any(each != found[0] for each in found) or len(found[0]) < 2:
        return _as_they_stand(table, columns, asked, columns.values[0])
    if found[0] != list(range(found[0][0], found[0][0] + len(found[0]))):
        gap = next(n for n in range(found[0][0], found[0][-1]) if n not in found[0])
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


def _as_they_stand(table: Table, columns: Columns, asked: Asked, odd: str) -> list[list[str]]:
    if asked.form == "wide":
        return [list(columns.values)]
    raise DataError(
        f"{table.path}: its columns are not numbered alike ({odd!r} for one); {_listed(table)}. If "
        "their order is time, use `data_parameters={'form': 'wide'}`; leave others out with drop."
    )
