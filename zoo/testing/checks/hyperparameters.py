"""Checks: hyperparameters are typed, documented, and have an effect."""

import inspect
import re
from typing import Any

from zoo.architecture import FRAME_FEATURES, Hyperparameter
from zoo.errors import UsageError
from zoo.range_rules import fault_of
from zoo.testing.alternatives import alternatives
from zoo.testing.check import Check, CheckFailed
from zoo.testing.explanation import seen
from zoo.testing.harness import GREY, Harness, answers

SAMPLES = 4
CLIP = (3, *GREY)
STEPS = 2
RATE = 0.05
"""Learning rate of plain SGD, which does not amplify rounding errors."""


def _documented(harness: Harness) -> str:
    architecture = harness.architecture
    signature = inspect.signature(architecture.build).parameters
    text = architecture.build.__doc__ or ""
    known = architecture.hyperparameters
    for name, each in known.items():
        if signature[name].annotation is inspect.Parameter.empty:
            raise CheckFailed(
                f"{name} has no type",
                f"annotate it, for example {name}: {type(each.default).__name__} = {each.default!r}.",
            )
        _check_readable(each)
        if not each.doc and not re.search(rf"\b{re.escape(name)}\b", text):
            raise CheckFailed(
                f"{name} is not documented",
                f'write {name}: Annotated[{each.type_name}, "its meaning"] = {each.default!r} '
                "(from typing), or explain it in the docstring of build.",
            )
    return ", ".join(known) or "no hyperparameters"


def _check_readable(each: Hyperparameter) -> None:
    """The default, written as text, must parse back to itself."""
    default = each.default
    written = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
    try:
        fits = each.parse(written) == default
    except UsageError:
        fits = False
    if not fits:
        raise CheckFailed(
            f"{each.name}: {each.type_name} = {default!r} cannot be written as "
            f"text: {each.name}={written}",
            "give a default of the annotated type, and annotate bool, int, float, str, Literal[...], "
            "tuple[...] or a union of them.",
        )


def _searchable(harness: Harness) -> str:
    searched = []
    for name, each in harness.architecture.hyperparameters.items():
        if each.space is None:
            continue
        if fault := fault_of(each.space, each):
            raise CheckFailed(
                f"{name}: {fault}", "mend the zoo.Range or zoo.Choice in its annotation."
            )
        if not each.space.holds(each.default):
            raise CheckFailed(
                f"{name}: the default {each.default!r} is not in {each.space}",
                "let the range hold the default, with which every tuning begins.",
            )
        searched.append(f"{name} {each.space}")
    return ", ".join(searched) or "no hyperparameter has a range"


def _matters(harness: Harness) -> str:
    default = _Default(harness)
    tried, untried = [], []
    for name, each in harness.architecture.hyperparameters.items():
        values = alternatives(each)
        if not values:
            untried.append(name)
        elif name == FRAME_FEATURES and harness.architecture.layout == "sequence":
            tried.append(_reads_frames(harness, name, values))
        elif not _any_matters(default, name, values):
            raise CheckFailed(
                f"{name} has no effect: {_written(name, values)} gives the same weights, outputs "
                f"and training as {each.default!r}",
                f"use {name} in build, or remove it.",
            )
        else:
            tried.append(name)
    if untried:
        tried.append(
            f"not tried, because their other values cannot be guessed: {', '.join(untried)}"
        )
    return ", ".join(tried) or "no hyperparameters"


def _reads_frames(harness: Harness, name: str, values: list[Any]) -> str:
    """Its name; it says how clips are read, so it is tried on one."""
    default = harness.build(shape=CLIP)
    others = (harness.build(shape=CLIP, **{name: value}) for value in values)
    if not any(_differ(default.get_weights(), each.get_weights()) for each in others):
        raise CheckFailed(
            f"{name} has no effect on clips: {_written(name, values)} gives the same weights",
            "give it to zoo.layers.features_of, or remove it.",
        )
    return name


def _written(name: str, values: list[Any]) -> str:
    return f"{name} = {' or '.join(map(repr, values))}"


def _any_matters(default: "_Default", name: str, values: list[Any]) -> bool:
    """Whether any of the values differs in effect from the default.

    Raises:
        CheckFailed: none of them builds.
    """
    built, refusal = False, Exception()
    for value in values:
        try:
            if default.differs_from({name: value}):
                return True
            built = True
        except Exception as error:  # a guessed value may be invalid
            refusal = error
    if built:
        return False
    raise CheckFailed(
        f"no other value of {name} builds: {_written(name, values)}: {seen(refusal)}",
        f"accept other values of {name} in build, or make it a constant.",
    )


class _Default:
    """The model with default hyperparameters, to compare others with."""

    def __init__(self, harness: Harness):
        self.harness = harness
        self.x = harness.samples(SAMPLES)
        self.model = harness.build()
        self.answers = answers(self.model, self.x)
        self._trained: list[Any] | None = None

    def differs_from(self, settings: dict[str, Any]) -> bool:
        """Whether initial weights or outputs differ, or, if they do not, two steps of training."""
        model = self.harness.build(**settings)
        if _differ(self.model.get_weights(), model.get_weights()):
            return True
        if _differ([self.answers], [answers(model, self.x)]):
            return True
        if self._trained is None:
            self._trained = self._train({})
        return _differ(self._trained, self._train(settings))

    def _train(self, settings: dict[str, Any]) -> list[Any]:
        import numpy as np

        from zoo.testing.short_fit import ShortFit

        descent: dict[str, Any] = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": RATE}
        with ShortFit(self.harness, settings=settings, **descent) as fit:
            loss = fit.train(STEPS)
            return [*fit.values(), np.float32(loss)]


def _differ(some: list, others: list) -> bool:
    import numpy as np

    if [np.shape(each) for each in some] != [np.shape(each) for each in others]:
        return True
    pairs = zip(some, others, strict=True)
    return not all(np.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in pairs)


DOCUMENTED = Check(
    "hyperparameters_documented",
    "Every hyperparameter has a type, a default of that type, and documentation.",
    "Values on the command line are parsed by type, and users read the documentation in zoo show.",
    _documented,
)
SEARCH_SPACE = Check(
    "search_space",
    "The range of a hyperparameter, if it has one, has its type, at least two values, and the default.",
    "zoo tune draws hyperparameters from these ranges, and its first trial has the defaults.",
    _searchable,
)
MATTERS = Check(
    "hyperparameters_matter",
    "Every hyperparameter changes the weights, the outputs or the training.",
    "A hyperparameter without effect leads users to report noise as a difference.",
    _matters,
)
