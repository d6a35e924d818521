"""What changed between two studies, and whether their results differ more than chance."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.comparison.estimates import LEVEL
from zoo.comparison.pairs import holm
from zoo.studies.study_lock import LockedDataset, LockedRow, StudyLock

SAME, CHANCE, MORE, FEW = "identical", "within chance", "more than chance", "cannot tell: one run"


@dataclass(frozen=True)
class Cell:
    """An architecture on a dataset in two studies.

    Attributes:
        before, after: the mean over runs.
        p, p_adjusted: Welch's t test over the runs, alone and by Holm over all cells; 1 where they are
            identical, or there is one run.
        verdict: `identical` run by run, `within chance`, `more than chance`, or `cannot tell: one run`.
    """

    dataset: str
    architecture: str
    before: float
    after: float
    p: float
    p_adjusted: float
    verdict: str


@dataclass(frozen=True)
class StudyDiff:
    """Two studies beside each other.

    Attributes:
        changes: a line for each thing that is not the same: the experiment, data, recipes, versions.
        cells: each architecture and dataset that both have.
        only: what one of them has alone.
    """

    changes: Sequence[str]
    cells: Sequence[Cell]
    only: Sequence[str]

    @property
    def differs(self) -> bool:
        """Whether a result differs by more than chance explains."""
        return any(cell.verdict == MORE for cell in self.cells)

    @property
    def verdict(self) -> str:
        """In a sentence."""
        if not self.cells:
            return "The two studies have no result in common."
        more = [cell for cell in self.cells if cell.verdict == MORE]
        if more:
            return f"{len(more)} of {len(self.cells)} results differ by more than chance."
        if all(cell.verdict == SAME for cell in self.cells):
            return f"All {len(self.cells)} results are identical."
        if any(cell.verdict == FEW for cell in self.cells):
            return (
                "Results differ; with one run of each nobody can tell whether by more than chance."
            )
        return f"None of {len(self.cells)} results differs by more than chance."


def diff(before: StudyLock, after: StudyLock) -> StudyDiff:
    """Compare two studies that were carried out."""
    old = {each.title: each for each in before.datasets}
    new = {each.title: each for each in after.datasets}
    changes = [*_changed("experiment", before.experiment, after.experiment)]
    for title in (each for each in old if each in new):
        changes += _of_dataset(old[title], new[title])
    pairs = list(_pairs(old, new))
    return StudyDiff(list(dict.fromkeys(changes)), _cells(pairs), list(_only(old, new)))


def _changed(what: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            yield f"{what}: {key}: {_text(before.get(key))} -> {_text(after.get(key))}"


def _text(value: Any) -> str:
    return "-" if value is None else f"{value}"[:80]


def _of_dataset(before: LockedDataset, after: LockedDataset) -> Iterator[str]:
    data = [key for key in before.checksums if before.checksums[key] != after.checksums.get(key)]
    if data:
        yield f"{before.title}: the data are others ({', '.join(data)} differ)"
    yield from _changed(f"{before.title}: recipe", before.recipe, after.recipe)
    for key in ("backend", "precision", "cores"):
        pair = before.conditions.get(key), after.conditions.get(key)
        if pair[0] != pair[1]:
            yield f"{key}: {_text(pair[0])} -> {_text(pair[1])}"
    for key in ("versions", "device", "machine"):
        yield from _changed(key, before.conditions.get(key) or {}, after.conditions.get(key) or {})
    rows = {row.name: row for row in after.rows}
    for row in before.rows:
        if (other := rows.get(row.name)) is not None:
            yield from _of_row(row, other)


def _of_row(before: LockedRow, after: LockedRow) -> Iterator[str]:
    if before.source != after.source:
        yield f"{before.name}: {before.source} -> {after.source}"
    yield from _changed(before.name, before.hyperparameters, after.hyperparameters)


Pair = tuple[LockedDataset, LockedRow, LockedRow]


def _pairs(old: dict[str, LockedDataset], new: dict[str, LockedDataset]) -> Iterator[Pair]:
    for title, each in old.items():
        rows = {row.name: row for row in new[title].rows} if title in new else {}
        for row in each.rows:
            if row.runs and row.name in rows and rows[row.name].runs:
                yield each, row, rows[row.name]


def _only(old: dict[str, LockedDataset], new: dict[str, LockedDataset]) -> Iterator[str]:
    def have(those: dict[str, LockedDataset]) -> dict[tuple[str, str], None]:
        return {(title, row.name): None for title, d in those.items() for row in d.rows if row.runs}

    before, after = have(old), have(new)
    yield from (
        f"{name} on {title}: only before" for title, name in before if (title, name) not in after
    )
    yield from (
        f"{name} on {title}: only after" for title, name in after if (title, name) not in before
    )


def _cells(pairs: Sequence[Pair]) -> list[Cell]:
    tested = [
        _welch(_values(old), _values(new), max(1, data.sizes.get("test", 1)))
        for data, old, new in pairs
    ]
    told = [
        place for place, p in enumerate(tested) if p is not None and not _same(*pairs[place][1:])
    ]
    adjusted = dict(zip(told, holm([tested[place] or 0.0 for place in told]), strict=True))
    return [_cell(pair, tested[place], adjusted.get(place)) for place, pair in enumerate(pairs)]


def _cell(pair: Pair, p: float | None, adjusted: float | None) -> Cell:
    data, old, new = pair
    if _same(old, new):
        p, verdict = 1.0, SAME
    elif p is None or adjusted is None:
        p, verdict = 1.0, FEW
    else:
        verdict = MORE if adjusted < 1 - LEVEL else CHANCE
    before, after = float(np.mean(_values(old))), float(np.mean(_values(new)))
    return Cell(
        data.title,
        old.name,
        before,
        after,
        p,
        1.0 if adjusted is None else float(adjusted),
        verdict,
    )


def _values(row: LockedRow) -> list[float]:
    return [each.value for each in row.runs]


def _same(old: LockedRow, new: LockedRow) -> bool:
    """Whether both have the same runs with the same values."""
    return [(r.seed, r.fold, r.value) for r in old.runs] == [
        (r.seed, r.fold, r.value) for r in new.runs
    ]


def _welch(old: Sequence[float], new: Sequence[float], tested: int) -> float | None:
    """Welch's two-sided p value; None with fewer than two runs.

    The variance of runs is never taken below what one test sample makes: two runs may agree by chance.
    """
    from scipy import special

    if len(old) < 2 or len(new) < 2:
        return None
    least = tested**-2.0
    first, second = (max(float(np.var(each, ddof=1)), least) / len(each) for each in (old, new))
    freedom = (first + second) ** 2 / (first**2 / (len(old) - 1) + second**2 / (len(new) - 1))
    apart = abs(float(np.mean(old)) - float(np.mean(new)))
    return 2 * float(special.stdtr(freedom, -apart / math.sqrt(first + second)))
