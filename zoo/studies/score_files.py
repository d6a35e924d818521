"""Reading tables of scores that others made: CSV files of the field's usual shapes.

- wide: `dataset, NAME, NAME, ...`, a row for each dataset;
- long: a row for each dataset and classifier, columns `dataset`, `classifier` and the score;
- one file a classifier, named after it: `dataset, accuracy`, or a column for each resample, `0, 1, 2, ...`,
  as the results of tsml and aeon are kept.
"""

import csv
import hashlib
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zoo.errors import DataError, UsageError
from zoo.formatting import listed
from zoo.reading import text_of
from zoo.scoring import Metric
from zoo.studies.score_table import ScoreTable, joined
from zoo.suggest import unknown

Resamples = Literal["mean", "first"]
RESAMPLES = ("mean", "first")

MISSING = {"", "-", "?", "na", "n/a", "nan", "none", "null"}
WHO = ("classifier", "architecture", "algorithm", "estimator", "method", "model")
WHERE = ("dataset", "datasets", "problem", "problems", "data", "resamples", "resamples:")
SCORES = ("accuracy", "acc", "test_accuracy", "score", "value", "result")
ENDINGS = re.compile(
    r"[_-](accuracy|acc|balanced_accuracy|balacc|f1|logloss|nll|results?|testfolds?|scores?)$", re.I
)
"""Of the names of files that hold one classifier's results."""

Column = dict[str, float]


@dataclass(frozen=True)
class Wish:
    """How files are to be read.

    Attributes:
        metric: what their scores are.
        resamples: of several scores of one dataset the mean, or the first.
        value: the column of a long table that has the score; None: found by its name.
    """

    metric: Metric
    resamples: Resamples = "mean"
    value: str | None = None


def read_tables(paths: Sequence[Path], wish: Wish) -> ScoreTable:
    """The scores in files, as one table of the datasets that all have.

    Raises:
        UsageError: a file is missing, or could be read in two ways; no dataset is common to all.
        DataError: a file is damaged, or a cell is no score.
    """
    if wish.resamples not in RESAMPLES:
        raise UsageError(unknown("choice of resamples", wish.resamples, RESAMPLES))
    columns: dict[str, Column] = {}
    notes: list[str] = []
    sources: dict[str, str] = {}
    for path in paths:
        file = _ScoreFile.open(path)
        sources[path.name] = file.sha256
        for name, column in file.columns(wish, notes).items():
            if name in columns:
                raise UsageError(f"{path}: {name} is in another file, too. Give each once.")
            columns[name] = in_shares(path, name, column, wish.metric, notes)
    return joined(columns, wish.metric, _together(notes), sources)


def _together(notes: Sequence[str]) -> list[str]:
    """Notes `NAME: text`; those of one text as one."""
    whose: dict[str, list[str]] = {}
    for note in notes:
        name, _, text = note.partition(": ")
        whose.setdefault(text, []).append(name)
    return [f"{listed(names)}: {text}" for text, names in whose.items()]


@dataclass(frozen=True)
class _ScoreFile:
    """A CSV file's header and rows; `rows` have their line numbers."""

    path: Path
    header: list[str]
    rows: list[tuple[int, list[str]]]
    sha256: str

    @classmethod
    def open(cls, path: Path) -> "_ScoreFile":
        text = _text(path)
        first = text.partition("\n")[0]
        separator = max("\t;,", key=first.count)
        reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
        try:
            lines = [(reader.line_num, [c.strip() for c in row]) for row in reader if any(row)]
        except csv.Error as error:
            raise DataError(f"{path}: line {reader.line_num}: {error}.") from error
        if len(lines) < 2:
            raise DataError(f"{path}: has no scores. The first line names the columns.")
        header = lines[0][1]
        if len(header) < 2:
            raise DataError(
                f"{path}: has one column; give `dataset,NAME,NAME,...` or `dataset,accuracy`."
            )
        file = cls(path, header, lines[1:], hashlib.sha256(text.encode()).hexdigest())
        file._check()
        return file

    def _check(self) -> None:
        for line, row in self.rows:
            if len(row) != len(self.header):
                raise DataError(
                    f"{self.path}: line {line} has {len(row)} cells, the first line {len(self.header)}."
                )
        named = [each for each in self.header if each]
        twice = sorted({each for each in named if named.count(each) > 1})
        if twice:
            raise DataError(f"{self.path}: the column {twice[0]!r} is there twice.")

    def columns(self, wish: Wish, notes: list[str]) -> dict[str, Column]:
        """Scores by classifier and dataset."""
        lower = [each.lower() for each in self.header]
        who = next((lower.index(each) for each in WHO if each in lower), None)
        named = next((lower.index(each) for each in WHERE if each in lower), None)
        where = named or 0
        if who is not None and who != where:
            return self._long(who, where, wish, notes)
        if wish.value is not None:
            raise UsageError(
                f"{self.path}: `value={wish.value!r}` goes with a long table, with columns dataset, "
                "classifier and scores; leave it out."
            )
        others = [place for place in range(len(self.header)) if place != where]
        if all(re.fullmatch(r"\d+", self.header[place]) for place in others):
            return {self._own_name: self._resampled(where, others, wish, notes)}
        if len(others) == 1 and lower[others[0]] in (*SCORES, wish.metric.name):
            return {self._own_name: self._column(where, others[0])}
        return {self.header[place]: self._column(where, place) for place in others}

    @property
    def _own_name(self) -> str:
        return ENDINGS.sub("", self.path.stem)

    def _column(self, where: int, place: int) -> Column:
        found: Column = {}
        for line, row in self._once(where):
            if (value := self._number(line, row[place], self.header[place])) is not None:
                found[row[where]] = value
        return found

    def _once(self, where: int) -> list[tuple[int, list[str]]]:
        """The rows, if each is of another dataset."""
        seen: dict[str, int] = {}
        for line, row in self.rows:
            if not row[where]:
                raise DataError(f"{self.path}: line {line} names no dataset.")
            if row[where] in seen:
                raise DataError(
                    f"{self.path}: {row[where]} is in lines {seen[row[where]]} and {line}. Keep one of them."
                )
            seen[row[where]] = line
        return self.rows

    def _resampled(self, where: int, places: Sequence[int], wish: Wish, notes: list[str]) -> Column:
        """A column of resamples: the mean over them, or the first."""
        found: Column = {}
        partly = []
        for line, row in self._once(where):
            cells = [self._number(line, row[place], self.header[place]) for place in places]
            if wish.resamples == "first":
                cells = cells[:1]
            there = [each for each in cells if each is not None]
            if len(there) < len(cells):
                partly.append(row[where])
            else:
                found[row[where]] = math.fsum(there) / len(there)
        if len(places) > 1:
            what = (
                f"the mean over {len(places)} resamples"
                if wish.resamples == "mean"
                else (
                    f"the first of {len(places)} resamples, the column {self.header[places[0]]!r}"
                )
            )
            notes.append(f"{self._own_name}: each score is {what}")
        if partly:
            notes.append(
                f"{self._own_name}: resamples are missing for {listed(partly[:8])}: left out"
            )
        return found

    def _long(self, who: int, where: int, wish: Wish, notes: list[str]) -> dict[str, Column]:
        place = self._value_place({who, where}, wish)
        found: dict[str, dict[str, list[float]]] = {}
        for line, row in self.rows:
            if not row[where] or not row[who]:
                raise DataError(f"{self.path}: line {line} names no dataset or no classifier.")
            value = self._number(line, row[place], self.header[place])
            scores = found.setdefault(row[who], {})
            if value is not None:
                scores.setdefault(row[where], []).append(value)
        return self._averaged(found, wish, notes)

    def _value_place(self, taken: set[int], wish: Wish) -> int:
        """Which column has the score."""
        lower = [each.lower() for each in self.header]
        if wish.value is not None:
            if wish.value not in self.header:
                raise UsageError(f"{self.path}: {unknown('column', wish.value, self.header)}")
            return self.header.index(wish.value)
        others = [place for place in range(len(lower)) if place not in taken]
        named = [place for place in others if lower[place] in (wish.metric.name, *SCORES)]
        if len(named) == 1 or len(others) == 1:
            return (named or others)[0]
        columns = [self.header[place] for place in named or others]
        raise UsageError(
            f"{self.path}: the score may be the column {listed(columns, 'or')}. "
            f"Say which: `value={columns[0]!r}`."
        )

    def _averaged(
        self, found: dict[str, dict[str, list[float]]], wish: Wish, notes: list[str]
    ) -> dict[str, Column]:
        """The mean of several scores, if all have equally many."""
        counts = {len(each) for scores in found.values() for each in scores.values()}
        if len(counts) > 1:
            who, where, count = min(
                (
                    (name, dataset, len(each))
                    for name, s in found.items()
                    for dataset, each in s.items()
                ),
                key=lambda each: each[2],
            )
            raise DataError(
                f"{self.path}: {who} has {count} scores on {where}, others have up to {max(counts)}. "
                "Give equally many for each, or one."
            )
        if counts and max(counts) > 1:
            what = "the mean" if wish.resamples == "mean" else "the first"
            notes.append(f"{self.path.name}: each score is {what} of {max(counts)} rows")
        return {
            name: {
                dataset: each[0] if wish.resamples == "first" else math.fsum(each) / len(each)
                for dataset, each in scores.items()
            }
            for name, scores in found.items()
        }

    def _number(self, line: int, cell: str, column: str) -> float | None:
        """A cell's score; None: it is missing."""
        if cell.lower() in MISSING:
            return None
        text = cell.removesuffix("%").strip()
        try:
            value = float(text)
        except ValueError:
            hint = " Use decimal points." if re.fullmatch(r"[+-]?\d*,\d+", text) else ""
            raise DataError(
                f"{self.path}: line {line}, column {column!r}: {cell[:40]!r} is no score.{hint}"
            ) from None
        if not math.isfinite(value):
            raise DataError(f"{self.path}: line {line}, column {column!r}: {cell!r} is not finite.")
        return value


def _text(path: Path) -> str:
    if not path.exists():
        raise UsageError(f"{path}: there is no such file.")
    try:
        return text_of(path).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: is not UTF-8 (byte {error.start}). Save it as UTF-8, comma-separated."
        ) from error
    except ValueError as error:
        raise DataError(f"{path}: {error}.") from error


def in_shares(where: object, name: str, column: Column, metric: Metric, notes: list[str]) -> Column:
    """A column of shares as shares: per cent are divided by 100; what may be either is refused."""
    if not column:
        raise DataError(f"{where}: {name} has no score.")
    low, high = min(column.values()), max(column.values())
    if metric.percent and high > 1:
        small = [dataset for dataset, value in column.items() if 0 < value <= 1]
        if small:
            raise DataError(
                f"{where}: {name} has {column[small[0]]:g} on {small[0]} and up to {high:g} elsewhere: "
                "shares and per cent in one column. Give all in one unit."
            )
        notes.append(f"{name}: read as per cent")
        column = {dataset: value / 100 for dataset, value in column.items()}
        low, high = low / 100, high / 100
    if low < metric.low or (metric.high is not None and high > metric.high):
        worst = max(column, key=lambda each: abs(column[each]))
        raise DataError(
            f"{where}: {name} has {column[worst]:g} on {worst}, which is no {metric.title}; give "
            f"`metric` if the scores are something else."
        )
    return column
