"""Datasets, and the arrays that they load."""

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

    from zoo.datasets.fold import Fold
    from zoo.datasets.readings import Reading
    from zoo.datasets.samples import Samples


NOT_CHOSEN = "refuse"
"""The value of parameters that leave a choice to the user."""


@dataclass(frozen=True)
class Arrays:
    """The samples and labels of a dataset, in its own layout.

    Args:
        x_train, x_test: samples `(N, *shape)`, uint8 (0 to 255) or float32: NumPy arrays, or `Samples`
            that are generated or read on access.
        y_train, y_test: labels `(N,)`, int32, from 0 to the number of classes minus one.
        source: the folder, file or address of the data.
        x_validation, y_validation: the validation set, like the others; None: the recipe's share of the
            training set is held out.
        groups: of the training samples, `(N,)` text, empty for none; None: no groups. Samples of one
            group (a person, a scene) are never both trained and validated on.

    >>> import numpy as np
    >>> x, y = np.zeros((20, 8, 8, 1), "uint8"), np.arange(20, dtype="int32") % 2
    >>> Arrays(x[:16], y[:16], x[16:], y[16:], source="zeros").x_test.shape
    (4, 8, 8, 1)
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
        """SHA-256 of each array's bytes; for `Samples`, their own checksum."""
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
    """A dataset name derived from a file or folder name."""
    return "".join(c if c.isalnum() else "_" for c in text.lower())


@dataclass(frozen=True)
class Dataset:
    """A named dataset and how to load it. Constructing one loads nothing.

    Args:
        name: lower-case letters, digits and underscores; used in `zoo.train(dataset=name)`.
        classes: the class names, in label order.
        layout: the layout of the samples: `image` `(H, W, C)`, `sequence` `(T, F)` or `frames`
            `(T, H, W, C)`.
        shape: the shape of one sample in that layout, without the batch axis.
        load: `load(locations)` returns `Arrays`; raises `zoo.errors.DataMissing` if the data cannot be
            obtained.
        summary: one line for `zoo datasets`.
        origin: the address where the data come from.
        licence: the licence of the data.
        find: `find(locations)` returns the folder or file that has the data already, or None; reads no
            data.
        fetch: `fetch(locations)` downloads the data and returns the folder; None: nothing to download.
        make: `make(*, parameter: type = default, ...)` returns the dataset for other parameters, and
            raises `UsageError` for invalid ones. None: no parameters.
        parameters: the parameters of this dataset, one value for each parameter of `make`.
        recipe: the recipe used where none is given; the same for every architecture.
        polarity: `light on dark` if all images are drawn so, by definition: images to classify that
            are the other way round are inverted. None: images are classified as they are.
        centred: whether images of another size are cropped, resized and centred by mass before they are
            classified, as in MNIST.
        reading: how a sound file or a film becomes a sample, so that others can be predicted; None:
            samples are images, or come from no files.
        notes: sentences about how the data were read: assumptions, conversions, unused parts.
        padded: whether sequences may end in steps whose features are all NaN, which stand for no step:
            the samples have unequal lengths. Architectures that obey masks never see them; others are
            given each sequence resampled to one length.
        fold: set by a cross-validation, whose folds are datasets: the test set is then a part of the
            training set of the dataset that is named.

    Raises:
        ValueError: `make` is not such a function, or `parameters` do not match it.

    >>> def load(locations):
    ...     import numpy as np
    ...     x, y = np.zeros((20, 8, 8, 1), "uint8"), np.arange(20, dtype="int32") % 2
    ...     return Arrays(x[:16], y[:16], x[16:], y[16:], source="zeros")
    >>> dataset = Dataset("zeros", ("even", "odd"), "image", (8, 8, 1), load)
    >>> dataset.title
    'zeros'
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
    padded: bool = False
    reading: "Reading | None" = None
    fold: "Fold | None" = None

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
        """The name with the parameters that ask for something: `motion (frames=10, speed=2.0)`."""
        return title(self.name, self.parameters)

    def decided(self) -> "Dataset":
        """This dataset, if it can be read as it is.

        Raises:
            DataError: parameters must be chosen first; the message says which.
        """
        if self.make is not None and not self.shape:
            self.load(Locations.of_user())
        return self

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
        """This dataset with other values of some parameters.

        Args:
            values: by parameter, as Python values or as a run records them.

        Raises:
            UsageError: it has no such parameter, or a value is invalid.
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
    """A dataset's name with its parameters, but those that are None or `refuse`: nobody chose them.

    >>> title("jv", {"label": None, "unequal": "pad", "missing": "refuse"})
    'jv (unequal=pad)'
    """
    said = {key: value for key, value in chosen.items() if value not in (None, NOT_CHOSEN)}
    words = ", ".join(f"{key}={parameters.as_text(value)}" for key, value in said.items())
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
