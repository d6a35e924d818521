"""Hyperparameters are what they say, and do something."""

import inspect
import re
from typing import Any

from zoo.architecture import Hyperparameter
from zoo.errors import UsageError
from zoo.testing.alternatives import alternatives
from zoo.testing.check import Broken, Check
from zoo.testing.explanation import seen
from zoo.testing.harness import Harness, answers

SAMPLES = 4
STEPS = 2
RATE = 0.05
"""Of plain gradient descent, which leaves rounding errors as small as they are."""


def _documented(case: Harness) -> str:
    architecture = case.architecture
    signature = inspect.signature(architecture.build).parameters
    text = architecture.build.__doc__ or ""
    known = architecture.hyperparameters
    for name, each in known.items():
        if signature[name].annotation is inspect.Parameter.empty:
            raise Broken(
                f"{name} has no type",
                f"annotate it, as in {name}: {type(each.default).__name__} = {each.default!r}.",
            )
        _check_readable(each)
        if not each.doc and not re.search(rf"\b{re.escape(name)}\b", text):
            raise Broken(
                f"{name} is not documented",
                f'write {name}: Annotated[{each.type_name}, "what it is"] = {each.default!r} '
                "(from typing), or explain it in the docstring of build.",
            )
    return ", ".join(known) or "it has none"


def _check_readable(each: Hyperparameter) -> None:
    """Its default, written after `--set`, must be read as its default."""
    default = each.default
    written = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
    try:
        fits = each.parse(written) == default
    except UsageError:
        fits = False
    if not fits:
        raise Broken(
            f"{each.name}: {each.type_name} = {default!r} cannot be given as "
            f"--set {each.name}={written}",
            "let the default be of its type, and the type one of bool, int, float, str, "
            "Literal[...], tuple[...] or a union of them.",
        )


def _matters(case: Harness) -> str:
    default = _Default(case)
    tried, untried = [], []
    for name, each in case.architecture.hyperparameters.items():
        values = alternatives(each)
        if not values:
            untried.append(name)
        elif not _any_matters(default, name, values):
            raise Broken(
                f"{name} changes nothing: {_written(name, values)} gives the same weights, outputs "
                f"and training as {each.default!r}",
                f"use {name} in build, or remove it.",
            )
        else:
            tried.append(name)
    if untried:
        tried.append(f"not tried, as its other values cannot be guessed: {', '.join(untried)}")
    return ", ".join(tried) or "it has none"


def _written(name: str, values: list[Any]) -> str:
    return f"{name} = {' or '.join(map(repr, values))}"


def _any_matters(default: "_Default", name: str, values: list[Any]) -> bool:
    """Whether any of the values gives something else than the default.

    Raises:
        Broken: none of them builds.
    """
    built, refusal = False, Exception()
    for value in values:
        try:
            if default.differs_from({name: value}):
                return True
            built = True
        except Exception as error:  # not every value need be legal
            refusal = error
    if built:
        return False
    raise Broken(
        f"no other value of {name} builds: {_written(name, values)}: {seen(refusal)}",
        f"let build take other values of {name}, or make it a constant.",
    )


class _Default:
    """The model with the defaults, to compare others with; each thing is made when it is needed."""

    def __init__(self, case: Harness):
        self.case = case
        self.x = case.samples(SAMPLES)
        self.model = case.build()
        self.answers = answers(self.model, self.x)
        self._trained: list[Any] | None = None

    def differs_from(self, settings: dict[str, Any]) -> bool:
        """Whether initial weights, outputs or, if those are the same, two steps of training differ."""
        model = self.case.build(**settings)
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
        with ShortFit(self.case, settings=settings, **descent) as trial:
            loss = trial.train(STEPS)
            return [*trial.values(), np.float32(loss)]


def _differ(some: list, others: list) -> bool:
    import numpy as np

    if [np.shape(each) for each in some] != [np.shape(each) for each in others]:
        return True
    pairs = zip(some, others, strict=True)
    return not all(np.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in pairs)


DOCUMENTED = Check(
    "hyperparameters_documented",
    "Every hyperparameter has a type, a default of that type, and documentation.",
    "--set reads values by their type, and zoo show is all that people have to go by.",
    _documented,
)
MATTERS = Check(
    "hyperparameters_matter",
    "Every hyperparameter changes something: weights, outputs or how it trains.",
    "A knob that is connected to nothing makes people publish differences that are noise.",
    _matters,
)
