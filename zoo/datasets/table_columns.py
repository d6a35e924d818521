"""Which column of a table is what: by its name where that is certain, else as the user says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from zoo.datasets.table_frame import Table
from zoo.datasets.table_steps import prefix
from zoo.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas as pd

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
    dropped = set(known_columns(table, asked.dropped))
    left = [name for name in frame.columns if name not in dropped]
    if (index := _index(table, left, asked)) is not None:
        left.remove(index)
        notes.append("the first column numbers the rows; it is left out")
    if {"path", "label"} <= {name.lower() for name in left}:
        raise DataError(
            f"{path}: lists files. Call it labels.csv and give its folder: "
            f"`dataset={str(path.parent)!r}`."
        )
    found: dict[str, str | None] = {}
    for role in sorted(NAMES, key=lambda role: getattr(asked, role, None) is None):
        found[role] = _role(table, role, getattr(asked, role, None), left)
        if found[role] is not None:
            left.remove(str(found[role]))
    if found["label"] is None:
        found["label"] = _label(table, left)
        left.remove(found["label"])
        notes.append(f"labels are those of the column {found['label']!r}")
    form = asked.form or _form(table, found, left)
    if form == "wide":
        for role in ("id", "time"):
            if found[role] is not None:
                notes.append(f"the column {found[role]!r} ({role}) is left out of a wide table")
    check_numbers(table, left)
    if form == "long":
        _check_counts(table, left)
    label = str(found.pop("label"))
    return Columns(form, label, tuple(left), notes=tuple(notes), **found)


def known_columns(table: Table, names: Iterable[str]) -> list[str]:
    """
    Raises:
        UsageError: a name is no column.
    """
    for name in names:
        if name not in table.frame.columns:
            raise UsageError(f"{table.path}: has no column {name!r}; {table.listed()}.")
    return list(names)


def _index(table: Table, left: Sequence[str], asked: Asked) -> str | None:
    """The column of row numbers that `to_csv` and R's `write.csv` write first, without a name."""
    if not left or left[0] in (asked.label, asked.id, asked.time, asked.group):
        return None
    given = table.frame[left[0]]
    if not table.header:
        return left[0] if len(given) > 2 and _counts_rows(given) else None
    if left[0] not in ("Unnamed: 0", "__index_level_0__"):
        return None
    texts = given.astype(str).str.removesuffix(".0")
    if texts.is_unique and texts.str.isdigit().all():
        return left[0]
    raise DataError(
        f"{table.path}: its first column has no name and does not number the rows; name it, or "
        f"`data_parameters={{'drop': {left[0]!r}}}`."
    )


def _counts_rows(given: "pd.Series") -> bool:
    """Whether a column is 0, 1, 2, ... or 1, 2, 3, ..."""
    if given.dtype != "float64":
        return False
    values = given.to_numpy()
    return bool(values[0] in (0, 1) and (values == values[0] + np.arange(len(values))).all())


def _role(table: Table, role: str, asked: str | None, left: Sequence[str]) -> str | None:
    if asked is not None:
        [name] = known_columns(table, [asked])
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
    text = [name for name in left if name not in table.values]
    if len(text) == 1 and not table.mostly_numbers(text[0]):
        return text[0]
    if not table.header and not text and left:
        if table.path.stem.lower().endswith(("_train", "_test")):
            return left[0]  # as the UCR archive has it
        ends = [name for name in dict.fromkeys((left[0], left[-1])) if _few(table, name)]
        if len(ends) == 1 and not table.frame[left[-1]].isna().any():
            return ends[0]
    if text and table.mostly_numbers(text[0]):
        raise _no_number(table, text[0])
    likely = [*text, *left[-1:], "label"][0]
    raise DataError(
        f"{table.path}: which column has the labels? {table.listed()}. Choose: "
        f"`data_parameters={{'label': {likely!r}}}`."
    )


def _few(table: Table, name: str) -> bool:
    """Whether a column is few different whole numbers, as labels are."""
    values = table.frame[name].to_numpy()
    return (
        not np.isnan(values).any()
        and bool((values == np.floor(values)).all())
        and 2 <= len(np.unique(values)) <= min(FEW_CLASSES, max(2, len(values) // 2))
    )


def _form(table: Table, found: dict[str, str | None], left: Sequence[str]) -> Form:
    """Long if an id comes again, wide if nothing tells rows of a series apart."""
    repeated = found["id"] is not None and table.frame[found["id"]].duplicated().any()
    if repeated and found["time"] is None and len(set(map(prefix, left))) < len(left):
        raise DataError(
            f"{table.path}: {found['id']!r} comes again, and there is no time. Is a row a sample, its "
            "columns the steps: `data_parameters={'form': 'wide'}`; or a step of a series: "
            "`data_parameters={'form': 'long'}`?"
        )
    if repeated:
        return "long"
    if found["time"] is None:
        return "wide"
    there = "no other says which rows are one series"
    if found["id"] is not None:
        there = f"no {found['id']!r} comes again"
    raise DataError(
        f"{table.path}: has a column {found['time']!r}, and {there}; {table.listed()}. If a row is a "
        f"step: `data_parameters={{'id': 'COLUMN'}}`; if it is a sample: "
        f"`data_parameters={{'drop': {found['time']!r}}}`."
    )


def check_numbers(table: Table, values: Sequence[str]) -> None:
    """
    Raises:
        DataError: there are no values, or a column has what is no number.
    """
    if not values:
        raise DataError(f"{table.path}: has no column of numbers beside the label.")
    for name in values:
        if name not in table.values:
            raise _no_number(table, name)


def _no_number(table: Table, name: str) -> DataError:
    return DataError(
        f"{table.path}: the column {name!r} has {table.fault(name)}, which is no number. Mend it; "
        f"or say what it is: `data_parameters={{'drop': {name!r}}}`, or label, id, time, group."
    )


def _check_counts(table: Table, values: Sequence[str]) -> None:
    """A column that counts all rows tells which series one is of: no channel."""
    for name in values if len(table.frame) > 2 else ():
        if _counts_rows(table.frame[name]):
            raise DataError(
                f"{table.path}: the column {name!r} counts the rows; it is no channel. Leave it out: "
                f"`data_parameters={{'drop': {name!r}}}`; or say what it is: time, id."
            )
