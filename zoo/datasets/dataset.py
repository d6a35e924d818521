"""What a dataset is, and the arrays it loads."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo import aliases, parameters
from zoo.architecture import Layout
from zoo.datasets.location import Locations
from zoo.errors import UsageError
from zoo.manifest import DEFAULT_RECIPE
from zoo.parameters import Parameter
from zoo.suggest import unknown

if TYPE_CHECKING:
    import numpy as np

    from zoo.datasets.samples import Samples


@dataclass(frozen=True)
class Arrays:
    """A dataset that can be read, in its native layout.

    Attributes:
        x_train, x_test: samples, `(N, *shape)`, uint8 (0 to 255) or float32: in memory, or `Samples`
            that are made or read when they are asked for.
        y_train, y_test: labels, `(N,)` int32, from 0 to the number of classes less one.
        source: the folder, file or address they were read from.
        x_validation, y_validation: what is validated on; never trained on. None: the recipe's share of
            the training set is held out for it.
        groups: of the training samples, `(N,)` text, empty for none: samples of one group (a person, a
            scene) are never both trained and validated on.
    """

    x_train: "np.ndarray | Samples"
    y_train: "np.ndarray"
    x_test: "np.ndarray | Samples"
    y_test: "np.ndarray"
    source: str
    x_validation: "np.ndarray | Samples | None" = None
    y_validation: "np.ndarray | None" = None
    groups: "np.ndarray | None" = None

    @cached_property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of each array's bytes; of lazy samples, of what determines them."""
        arrays = {
            f"{each}_{split}": getattr(self, f"{each}_{split}")
            for split in ("train", "test", "validation")
            for each in "xy"
        }
        return {name: _checksum(array) for name, array in arrays.items() if array is not None}


def _checksum(array: "np.ndarray | Samples") -> str:
    from zoo.datasets.samples import Samples

    if isinstance(array, Samples):
        return array.checksum
    return hashlib.sha256(array.data).hexdigest()


def named_after(text: str) -> str:
    """A dataset's name made of a file's or a folder's."""
    return "".join(c if c.isalnum() else "_" for c in text.lower())


@dataclass(frozen=True)
class Dataset:
    """A named dataset. Making one loads nothing.

    Attributes:
        name: what people type.
        classes: the classes' names, in label order.
        layout: the native layout: `image`, `sequence` or `frames`.
        shape: one sample's shape in that layout, without the batch axis.
        load: returns the arrays; raises `zoo.errors.DataMissing` where they are not to be had.
        summary: one line.
        origin: where it comes from, an address.
        licence: under which terms.
        find: the folder or file it is in already, or None; reads no data.
        fetch: downloads it into the cache and returns the folder; None if there is nothing to.
        make: `make(*, parameter: type = default, ...)` returns the dataset for these values; what
            people may change. It raises `UsageError` for values that make no sense. None:
            there is nothing to choose.
        parameters: the values that this one was made with, one for each parameter of `make`.
        recipe: the named recipe that trains on it where none is asked for; the same for every
            architecture, so that a comparison as it is typed makes sense.
        polarity: `light on dark` if every grey image is that by definition, so that a picture which is
            the other way round is inverted before it is classified; None: pictures are taken as
            they are.
        centred: whether a picture of another size is cut out, fitted and centred by its mass before
            it is classified, as MNIST's digits were.
        notes: what its user should know of how it was read, a sentence each: what was taken for
            what, what was converted, what is not used.

    Raises:
        ValueError: `make` is no such function, or `parameters` are not its.
    """

    name: str
    classes: tuple[str, ...]
    layout: Layout
    shape: tuple[int, ...]
    load: Callable[[Locations], Arrays]
    summary: str = ""
    origin: str = ""
    licence: str = ""
    find: Callable[[Locations], Path | None] | None = None
    fetch: Callable[[Locations], Path] | None = None
    make: "Callable[..., Dataset] | None" = None
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    recipe: str = DEFAULT_RECIPE
    polarity: Literal["light on dark"] | None = None
    centred: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "layout", aliases.current(aliases.LAYOUTS, self.layout))
        if self.make is not None:
            _check_make(self.name, self.make)
        if set(self.parameters) != set(self.choices):
            raise ValueError(
                f"{self.name}: parameters has {', '.join(self.parameters) or 'nothing'}; make takes "
                f"{', '.join(self.choices) or 'nothing'}"
            )

    @property
    def choices(self) -> dict[str, Parameter]:
        """The parameters of `make`, in its order."""
        return parameters.of(self.make) if self.make else {}

    @property
    def title(self) -> str:
        """With its parameters, if it has any: `motion (frames=10, speed=2.0)`."""
        return title(self.name, self.parameters)

    def configured(self, settings: Mapping[str, str]) -> "Dataset":
        """This dataset with other values of some parameters, as texts.

        Raises:
            UsageError: an unknown key, a value of another type, or one that makes no sense.
        """
        if not settings:
            return self
        if self.make is None:
            given = dict(settings)
            raise UsageError(
                f"`data_parameters={given!r}`: {self.name} has no parameters; leave it out."
            )
        changed = parameters.parse(
            self.choices,
            settings,
            f"`data_parameters` key of {self.name}",
            f"zoo datasets show {self.name}",
            "data_parameters",
        )
        return self.made_with(changed)

    def made_with(self, values: Mapping[str, Any]) -> "Dataset":
        """This dataset with other values of some parameters, as a run has recorded them.

        Raises:
            UsageError: it has no such parameter, or a value makes no sense.
        """
        if not values:
            return self
        for key in values:
            if key not in self.choices:
                raise UsageError(unknown(f"parameter of {self.name}", key, self.choices))
        assert self.make
        wanted = {**self.parameters, **parameters.from_plain(values)}
        return replace(self.make(**wanted), name=self.name, make=self.make, parameters=wanted)


def title(name: str, chosen: Mapping[str, Any]) -> str:
    """A dataset's name, with its parameters if it has any."""
    words = ", ".join(f"{key}={parameters.as_text(value)}" for key, value in chosen.items())
    return f"{name} ({words})" if words else name


def _check_make(name: str, make: Any) -> None:
    if not callable(make):
        raise ValueError(f"{name}: make is {type(make).__name__}, not a function")
    for each in inspect.signature(make).parameters.values():
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD):
            raise ValueError(
                f"{name}: make takes {each.name} by position; write make(*, parameter: type = default)"
            )
    if fault := parameters.fault(make, "make", "parameter"):
        raise ValueError(f"{name}: {fault}")
