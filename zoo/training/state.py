"""What a checkpoint holds: weights, optimizer, progress and random state."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import ZooError
from zoo.recipe import Recipe
from zoo.runs.run import Run
from zoo.training import checkpoint
from zoo.training.backends.base import Engine
from zoo.training.checkpoint import Progress
from zoo.training.checkpoint_fit import Spec, Wanted

if TYPE_CHECKING:
    import keras


class TrainState:
    """A training at one moment.

    Args:
        engine: holds the model and the optimizer.

    Attributes:
        progress: how far the training is.
        best: the weights of the best epoch so far; empty if the recipe reports the last one.
    """

    def __init__(self, engine: Engine):
        self.engine = engine
        self.progress = Progress()
        self.best: list[np.ndarray] = []

    @property
    def model(self) -> "keras.Model":
        """The model that is trained."""
        return self.engine.model

    def _variables(self) -> dict[str, Any]:
        return {"model": self.model.variables, "optimizer": self.engine.optimizer.variables}

    def save(self, run: Run) -> None:
        """Write the run's checkpoint.

        Raises:
            OSError: it cannot be written; the checkpoint that was there is unchanged.
        """
        arrays: dict[str, Sequence[np.ndarray]] = {
            group: [_value(variable) for variable in variables]
            for group, variables in self._variables().items()
        }
        run.checkpoint.parent.mkdir(exist_ok=True)
        arrays.update(best=self.best, random=self.engine.random_state())
        digest = checkpoint.run_digest(run.record.identity)
        checkpoint.save(run.checkpoint, self.progress, arrays, digest)

    def restore(self, run: Run, recipe: Recipe, steps: int, *, validates: bool) -> bool:
        """Read the run's checkpoint, if there is one.

        Args:
            run: the run that wrote it.
            recipe: the run's recipe.
            steps: steps in an epoch.
            validates: whether its epochs are validated.

        Returns:
            Whether there was one.

        Raises:
            ZooError: it is damaged, or cannot be this run's.
        """
        if not run.checkpoint.exists():
            return False
        if not run.begun:
            raise ZooError(
                f"{run.folder}: has a checkpoint and no run.json. Restore run.json, or delete the "
                "folder to start over."
            )
        wanted = self._wanted(run, recipe, steps, validates)
        self.progress, arrays = checkpoint.load(run.checkpoint, wanted)
        for group, variables in self._variables().items():
            _assign(variables, arrays.get(group, []))
        self.best = arrays.get("best", [])
        self.engine.set_random_state(arrays.get("random", []))
        return True

    def _wanted(self, run: Run, recipe: Recipe, steps: int, validates: bool) -> Wanted:
        groups = {
            group: [_spec(variable.shape, variable.dtype) for variable in variables]
            for group, variables in self._variables().items()
        }
        random = [_spec(each.shape, each.dtype) for each in self.engine.random_state()]
        return Wanted(
            checkpoint.run_digest(run.record.identity),
            recipe.epochs,
            steps,
            recipe.batch_size,
            validates=validates,
            selects=recipe.select == "best",
            arrays={**groups, "random": random},
        )

    def keep_best(self, epoch: int) -> None:
        """Keep the current weights as those of the best epoch."""
        self.progress.best_epoch = epoch
        self.best = [_value(variable) for variable in self.model.variables]

    @contextlib.contextmanager
    def evaluated_weights(self, recipe: Recipe) -> Iterator[None]:
        """Within the block the model has the weights that are evaluated: averaged, with `ema`."""
        if not recipe.ema:
            yield
            return
        variables = self.model.trainable_variables
        trained = [_value(variable) for variable in variables]
        self.engine.optimizer.finalize_variable_values(variables)
        try:
            yield
        finally:
            _assign(variables, trained)

    def finalize(self, recipe: Recipe) -> int:
        """Give the model the weights that are reported, for good. Returns their epoch."""
        if recipe.select == "best" and self.best:
            _assign(self.model.variables, self.best)
            return self.progress.best_epoch
        if recipe.ema:
            self.engine.optimizer.finalize_variable_values(self.model.trainable_variables)
        return self.progress.epoch


def _assign(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _spec(shape: Sequence[int], dtype: Any) -> Spec:
    return tuple(shape), np.dtype(dtype).kind


def _value(variable: Any) -> np.ndarray:
    from keras import ops

    return np.array(ops.convert_to_numpy(variable.value))
