"""Whether a run can be trained for more epochs, and the plan that it was trained by."""

from zoo import trust
from zoo.errors import UsageError
from zoo.recipe import Recipe
from zoo.registry import Registry
from zoo.runs.record import FINISHED, INTERRUPTED
from zoo.runs.run import Run
from zoo.training.backend import choose_backend
from zoo.training.plan import Plan


def check_extendable(run: Run, epochs: int) -> None:
    """Check that `epochs` epochs from the start would have begun as this run did.

    Raises:
        UsageError: they would not, or there is no checkpoint; the message says what to do.
    """
    recipe = run.recipe
    if epochs <= recipe.epochs:
        raise UsageError(
            f"`epochs={epochs}`: {run.name} is a run of {recipe.epochs}; give more than {recipe.epochs}."
        )
    if run.status not in (FINISHED, INTERRUPTED):
        raise UsageError(
            f"{run.name} is {run.status}; a run that is finished or interrupted can be extended."
        )
    if fault := _depends_on_epochs(recipe):
        raise UsageError(
            f"{run.name} cannot be extended to {epochs} epochs: {fault}. Train a new run: "
            f"`zoo.train(..., epochs={epochs})`"
        )
    if not run.checkpoint.exists():
        raise UsageError(
            f"{run.name} cannot be extended, because its checkpoint is missing. Train a new run: "
            f"`zoo.train(..., epochs={epochs})`"
        )


def _depends_on_epochs(recipe: Recipe) -> str:
    """What in a recipe makes the first epochs depend on how many there are; else empty."""
    if recipe.schedule != "constant":
        return (
            f"its learning rate follows the schedule {recipe.schedule}, which ends with epoch "
            f"{recipe.epochs}; only a run with schedule = constant can go on"
        )
    if recipe.augments and recipe.clean_epochs:
        return (
            f"its last epochs (clean_epochs = {recipe.clean_epochs}) saw images without augmentation, "
            "which in a longer run are not the last"
        )
    return ""


def plan_of_run(run: Run, registry: Registry, *, trust_source: bool = False) -> Plan:
    """The plan that a run was trained by, without callbacks; makes its backend current.

    Args:
        run: the run.
        registry: finds the architecture and the dataset.
        trust_source: execute the run's own copy of its architecture, as `zoo.trust` says.

    Raises:
        UsageError: the architecture or the dataset is not there, has changed, or is not trusted.
    """
    record = run.record
    backend = choose_backend(record.backend)  # a file may import Keras at its top
    trust.check_unchanged(run)
    architecture, origin = trust.architecture_of(run, registry, trust_source=trust_source)
    return Plan(
        architecture,
        origin,
        run.hyperparameters,
        run.find_dataset(registry),
        run.recipe,
        record.seed,
        backend,
        record.device.asked,
        tests=record.identity.get("tests", True),
    )
