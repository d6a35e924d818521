"""Whether a run can be trained for more epochs, and the plan that it was trained by."""

from zoo import trust
from zoo.errors import UsageError
from zoo.recipe import Recipe
from zoo.registry import Registry
from zoo.runs.record import FINISHED, INTERRUPTED
from zoo.runs.run import Run
from zoo.training.backend import choose_backend
from zoo.training.plan import Plan


def check_extendable(run: Run, longer: Recipe) -> None:
    """Check that a longer training from the start would have begun as this run did.

    Args:
        run: the run.
        longer: its recipe with more `epochs`, or more `steps`.

    Raises:
        UsageError: it would not, or there is no checkpoint; the message says what to do.
    """
    recipe, examples = run.recipe, run.record.dataset.sizes.train
    each = examples // recipe.batch_size
    trained, wanted = (one.for_examples(examples).total_steps(each) for one in (recipe, longer))
    asked = f"steps={longer.steps}" if longer.steps else f"epochs={longer.epochs}"
    if wanted <= trained:
        had = f"{trained} steps" if longer.steps else f"{recipe.epochs}"
        least = f"{trained if longer.steps else recipe.epochs}"
        raise UsageError(f"`{asked}`: {run.name} is a run of {had}; give more than {least}.")
    if run.status not in (FINISHED, INTERRUPTED):
        raise UsageError(
            f"{run.name} is {run.status}; a run that is finished or interrupted can be extended."
        )
    again = f"Train a new run: `zoo.train(..., {asked})`"
    if fault := _depends_on_epochs(recipe):
        to = f"{longer.steps} steps" if longer.steps else f"{longer.epochs} epochs"
        raise UsageError(f"{run.name} cannot be extended to {to}: {fault}. {again}")
    if trained % each and run.epochs_done == recipe.epochs:
        raise UsageError(
            f"{run.name} cannot be extended: its last epoch ended after {trained % each} of {each} "
            f"steps, as `steps` said. {again}"
        )
    if not run.checkpoint.exists():
        raise UsageError(
            f"{run.name} cannot be extended, because its checkpoint is missing. {again}"
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
