"""A study's report, made of its record and its trials."""

from collections import Counter
from collections.abc import Mapping, Sequence

from zoo.parameters import plain
from zoo.runs.files import now
from zoo.tuning.accounts import Account
from zoo.tuning.budget import Unit
from zoo.tuning.expected_best import expected_best
from zoo.tuning.rank_moves import Ranked, default_ranks, tuned_ranks
from zoo.tuning.study_record import StudyRecord
from zoo.tuning.trial_store import FIRST_SEED, TrialStore
from zoo.tuning.trials import Trial, best_of
from zoo.tuning.tuning_report import SCHEMA, CurvePoint, TrialRow, TunedRow, TuningReport
from zoo.version import __version__

FEW = 10
"""Complete trials below which importances say little."""

METHODS = {
    "trials": "The first trial of each architecture has the defaults and is never pruned. The n-th trial of "
    f"every architecture is trained with the seed {FIRST_SEED} + n. The test set is not read.",
    "best": "The score of the best of several trials is too good: it was chosen for its luck, too. "
    "Compare with fresh seeds on the test set before you believe a difference.",
    "curve": "Expected best score after n trials, in a random order of the trials that were made, with the "
    "central 95 % of all orders; exact (Dodge et al. 2019, without replacement). A trial that was "
    "pruned counts with its last validation. Orders are equally probable for random search alone: a "
    "sampler that learns puts good trials late, so its curve is a lower bound.",
    "ranks": "Ranks by validation score. In parentheses the central 95 % over 2,000 resamples: of the "
    "validation samples (binomial, as if drawn for each architecture alone), and after tuning of the "
    "trials, too. By loss the validation samples are not resampled.",
    "importance": "fANOVA (Hutter et al. 2014): the share of the score's variance that each dimension "
    "explains, among complete trials. With few of them it says little.",
}


def make_report(record: StudyRecord, store: TrialStore) -> TuningReport:
    """The report of a study as it is now.

    Raises:
        ZooError: the journal cannot be read.
    """
    trials = {name: store.trials(name) for name in record.architectures}
    moves = _Moves(record, trials)
    rows = [_row(name, record, store, own, moves) for name, own in trials.items()]
    rows.sort(key=lambda row: _order(row, record.sign))
    accounts = [Account(own, record.equal_budget) for own in trials.values()]
    return TuningReport(
        schema=SCHEMA,
        name=record.name,
        created=now(),
        archzoo=__version__,
        dataset={
            "name": record.dataset.name,
            "parameters": record.dataset.parameters,
            "train": record.dataset.train,
            "validation": record.dataset.validation,
            "checksums": record.dataset.checksums,
        },
        recipe=record.recipe,
        objective=record.objective,
        sampler=record.sampler,
        pruner=record.pruner,
        seed=record.seed,
        budget=f"{record.equal_budget} for each architecture",
        unit=record.budget.unit,
        equal=all(each.complete for each in accounts),
        backend=record.backend,
        versions=record.versions,
        rows=rows,
        notes=_notes(record, rows, accounts),
        methods=METHODS,
    )


class _Moves:
    """The ranks of all architectures that have a score."""

    def __init__(self, record: StudyRecord, trials: Mapping[str, Sequence[Trial]]):
        sign, samples = record.sign, record.dataset.validation if record.maximizes else None
        complete = {
            name: [t.score for t in own if t.state == "complete" and t.score is not None]
            for name, own in trials.items()
        }
        complete = {name: scores for name, scores in complete.items() if scores}
        first = {
            name: score for name, own in trials.items() if (score := _default(own)) is not None
        }
        self.default = default_ranks(first, sign, samples, record.seed) if first else {}
        self.tuned = tuned_ranks(complete, sign, samples, record.seed) if complete else {}


def _default(trials: Sequence[Trial]) -> float | None:
    return next((each.score for each in trials if each.number == 0), None)


def _order(row: TunedRow, sign: int) -> tuple[bool, float, str]:
    return row.best is None, -sign * (row.best or 0.0), row.name


def _row(
    name: str, record: StudyRecord, store: TrialStore, trials: list[Trial], moves: _Moves
) -> TunedRow:
    best = best_of(trials, record.sign)
    known = record.architectures[name]
    defaults = {each.name: each.default for each in known.dimensions}
    default, tuned = moves.default.get(name), moves.tuned.get(name)
    return TunedRow(
        name=name,
        problem="" if best else _problem(trials),
        default=_default(trials),
        best=best.score if best else None,
        best_trial=best.number if best else None,
        default_rank=default.rank if default else None,
        tuned_rank=tuned.rank if tuned else None,
        default_ranks=_between(default),
        tuned_ranks=_between(tuned),
        changed=plain({k: v for k, v in best.values.items() if v != defaults.get(k)})
        if best
        else {},
        counts=dict(Counter(each.state for each in trials)),
        steps=sum(each.steps for each in trials),
        seconds=round(sum(each.seconds for each in trials), 1),
        importances=store.importances(name),
        curve=_curve(trials, record),
        space=known.space,
        trials=[_trial_row(each) for each in trials],
    )


def _between(ranked: Ranked | None) -> tuple[int, int] | None:
    return ranked.between if ranked else None


def _problem(trials: list[Trial]) -> str:
    causes = [each.cause for each in trials if each.cause]
    return f"no trial is complete; the last: {causes[-1]}" if causes else "no trial has ended"


def _curve(trials: list[Trial], record: StudyRecord) -> list[CurvePoint]:
    seen = [each for each in trials if each.ended and _last(each, record.objective) is not None]
    scores = [score for each in seen if (score := _last(each, record.objective)) is not None]
    if not scores:
        return []
    unit: Unit = record.budget.unit
    cost = 1.0 if unit == "trials" else sum(getattr(each, unit) for each in seen) / len(seen)
    return [
        CurvePoint(
            trials=point.trials,
            cost=point.trials * cost,
            mean=point.mean,
            low=point.low,
            high=point.high,
        )
        for point in expected_best(scores, record.sign)
    ]


def _last(trial: Trial, objective: str) -> float | None:
    """The score of a trial; of one that was pruned, at its last validation."""
    if trial.state == "pruned":
        return trial.metrics.get(objective)
    return trial.score


def _trial_row(trial: Trial) -> TrialRow:
    return TrialRow(
        number=trial.number,
        state=trial.state,
        score=trial.score,
        val_accuracy=trial.metrics.get("val_accuracy"),
        val_loss=trial.metrics.get("val_loss"),
        values=plain(trial.values),
        levels={str(level): score for level, score in sorted(trial.levels.items())},
        steps=trial.steps,
        seconds=round(trial.seconds, 3),
        epochs=trial.epochs,
        seed=trial.seed,
        cause=trial.cause,
    )


def _notes(record: StudyRecord, rows: Sequence[TunedRow], accounts: Sequence[Account]) -> list[str]:
    lines = []
    if record.held_out is not None:
        lines.append(
            f"trials hold out {record.dataset.validation:,} samples of the training set for validation; "
            "the tuned recipe trains on all of it"
        )
    if record.dataset.validation < 100 and record.maximizes:
        lines.append(
            f"{record.dataset.validation} validation samples: accuracies differ by steps of "
            f"{100 / record.dataset.validation:.3g} points, and many trials tie; `objective='val_loss'` "
            "is finer"
        )
    running = sum(not trial.ended for each in accounts for trial in each.trials)
    if running:
        lines.append(
            f"{running} trial{'s' * (running > 1)} not ended: other processes train them, or the same "
            "command goes on with them"
        )
    elif not all(each.done for each in accounts):
        lines.append("the budget is not spent yet: architectures may have had unequal parts of it")
    few = [row.name for row in rows if row.importances and row.counts.get("complete", 0) < FEW]
    if few:
        lines.append(f"importances of fewer than {FEW} complete trials: {', '.join(few)}")
    lines += [f"{row.name}: {row.problem}" for row in rows if row.problem]
    lines += [line for row in rows if (line := _lost(row))]
    return lines


def _lost(row: TunedRow) -> str:
    lost = {state: row.counts.get(state, 0) for state in ("failed", "diverged")}
    said = ", ".join(f"{count} {state}" for state, count in lost.items() if count)
    return f"{row.name}: {said} of {sum(row.counts.values())} trials" if said else ""
