"""The loop over epochs: of one training, or of several that are trained together."""

import time
from collections.abc import Sequence

from zoo.errors import Diverged
from zoo.training.checkpoint import on_disk
from zoo.training.interruption import Interruption
from zoo.training.training import Training, load_examples


def compile_for(trainings: Sequence[Training]) -> None:
    """Load the examples and compile the training step, once for all."""
    first = trainings[0]
    for training in trainings:
        training.callback.on_model_built(training.model, training.engine.optimizer)
    if not first.left:
        return
    load_examples(first.engine, first.examples)
    epochs = [training.whole_epoch() for training in trainings]
    if len(trainings) == 1:
        first.engine.compile(*epochs[0])
        return
    batches, transforms = zip(*epochs, strict=True)
    first.engine.compile_together([each.engine for each in trainings], batches, transforms)


def fit(trainings: Sequence[Training], interruption: Interruption) -> dict[int, Diverged]:
    """Train the epochs that are left, all at the same point; a checkpoint is written of each.

    One whose loss becomes NaN or infinite is left behind, and the others go on: its place in
    `trainings`, and the error, are returned. An interruption ends it early.
    """
    for training in trainings:
        training.started()
    diverged: dict[int, Diverged] = {}
    left = list(trainings)
    while left := [each for each in left if each.left]:
        for training in left:
            training.callback.on_epoch_begin(training.progress.epoch + 1)
        for training, error in _epoch(left, interruption):
            diverged[trainings.index(training)] = error
            left.remove(training)
        for training in left:
            with on_disk(training.run):
                if training.progress.step == training.steps:
                    training.end_epoch()
                else:
                    training.save()
        if interruption.requested:
            break
    for training in trainings:
        training.callback.on_train_end()
    return diverged


def _epoch(
    trainings: Sequence[Training], interruption: Interruption
) -> list[tuple[Training, Diverged]]:
    """The rest of an epoch's steps, or those before an interruption; those that diverged."""
    epochs = [training.rest() for training in trainings]
    interval = min(training.callback.interval for training in trainings)
    started = reported = time.perf_counter()

    def after(done: int, read) -> bool:
        nonlocal reported
        now = time.perf_counter()
        if now - reported >= interval:
            reported = now
            sums = read() if len(trainings) > 1 else [read()]
            if not any(each.finite for each in sums):
                return True
            for training, each in zip(trainings, sums, strict=True):
                if each.finite:
                    training.report(done, each)
        return interruption.requested

    source = trainings[0].engine.source
    waited = source.waiting
    done, sums = _train(trainings, epochs, after)
    seconds, waited = time.perf_counter() - started, source.waiting - waited
    diverged = []
    for training, each in zip(trainings, sums, strict=True):
        try:
            training.advance(done, each, seconds, waited)
        except Diverged as error:
            diverged.append((training, error))
    return diverged


def _train(trainings, epochs, after):
    """By one engine alone, or by several together: the steps done, and the sums of each."""
    first = trainings[0]
    if len(trainings) == 1:
        done, sums = first.engine.train(*epochs[0], first.progress.sums, after)
        return done, [sums]
    batches, transforms = zip(*epochs, strict=True)
    engines = [training.engine for training in trainings]
    before = [training.progress.sums for training in trainings]
    return first.engine.train_together(engines, batches, transforms, before, after)
