"""The contents of run.json as typed objects: everything needed to repeat a run, and its results.

`zoo.runs.codec` reads and writes them. A field with the default None is left out of the file while it
is None. Unknown fields, written by a newer archzoo, are kept in `extra` and written back.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from zoo.architecture import FromImage, Layout
from zoo.runs.part import Part, plain

SCHEMA: Final = 1

Status = Literal["finished", "running", "interrupted", "diverged", "pruned", "failed"]
FINISHED: Final = "finished"
RUNNING: Final = "running"
INTERRUPTED: Final = "interrupted"
DIVERGED: Final = "diverged"
PRUNED: Final = "pruned"
"""Given up by a search, because others did better at that point."""
FAILED: Final = "failed"

LARGEST: Final = 2**63 - 1
"""The largest whole number that a record may hold."""

Count: TypeAlias = Annotated[int, Meta(ge=0, le=LARGEST)]
Whole: TypeAlias = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
Number: TypeAlias = Annotated[float, Meta(gt=-1e300, lt=1e300)]
"""Finite."""
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Length: TypeAlias = Annotated[int, Meta(ge=1, lt=2**31)]
Shape: TypeAlias = Annotated[tuple[Length, ...], Meta(min_length=2)]
Factor: TypeAlias = Number | tuple[Number, ...]
"""One number for all values, or one for each channel."""
Interval: TypeAlias = tuple[Share, Share]
Polarity: TypeAlias = Literal["light on dark", "dark on light"]
Dtype: TypeAlias = Literal["uint8", "float32"]
Scalar: TypeAlias = bool | Whole | Number | str | None
Values: TypeAlias = dict[str, Scalar | list[Scalar]]
"""Parameters by name. JSON has no tuples; `zoo.parameters.from_plain` converts lists to tuples."""


class OriginRecord(Part, kw_only=True, frozen=True):
    """Where the architecture came from: a distribution, or a file with the files it imports."""

    distribution: str
    version: str
    file: str
    sha256: str
    neighbours: dict[str, str] | None = None


class ArchitectureRecord(Part, kw_only=True, frozen=True):
    """The architecture, with all its hyperparameters."""

    name: str
    layout: Layout
    frames_from_image: FromImage
    hyperparameters: Values
    origin: OriginRecord


class SizesRecord(Part, kw_only=True, frozen=True):
    """Samples in each split."""

    train: Count
    test: Count
    validation: Count | None = None


class DatasetRecord(Part, kw_only=True, frozen=True):
    """The dataset.

    Attributes:
        source: where the data were read.
        origin: where they come from: an address or an absolute path.
        notes: how samples and labels were read: what was assumed and converted.
    """

    name: str
    parameters: Values | None = None
    classes: Annotated[tuple[str, ...], Meta(min_length=1)]
    source: str
    origin: str
    sizes: SizesRecord
    notes: tuple[str, ...] | None = None


class FoldRecord(Part, kw_only=True, frozen=True):
    """The fold of a cross-validation: what was tested is a part of the dataset's training samples.

    Attributes:
        number: which one, from 1.
        of: how many there are.
        seed: of the split.
    """

    number: Count
    of: Count
    seed: Count


class InputRecord(Part, kw_only=True, frozen=True):
    """How a stored sample becomes the model's input.

    Attributes:
        source, target: layouts of the dataset and of the model.
        shape, input_shape: of one stored sample and of one input.
        how: how an image becomes frames.
        scale, offset: a value `p` becomes `p * scale + offset`.
        conversion: the same in words.
        unequal: `masked` or `resampled`: how sequences of unequal length are given to the model; None:
            all have one length.
        per_series: whether each series is normalized by its own mean and deviation, channel by channel,
            instead of `scale` and `offset`.
    """

    source: Layout
    target: Layout
    shape: Shape
    how: FromImage
    scale: Factor
    offset: Factor
    input_shape: Shape
    conversion: str | None = None
    unequal: Literal["masked", "resampled"] | None = None
    per_series: bool | None = None


class SamplesRecord(Part, kw_only=True, frozen=True):
    """Statistics of the training samples; see `zoo.datasets.encoding.Statistics`."""

    minimum: Number
    maximum: Number
    mean: Number
    deviation: Number
    means: tuple[Number, Number]
    deviations: tuple[Number, Number]
    polarity: Polarity | None
    background: Number | None


class ReadingRecord(Part, kw_only=True, frozen=True):
    """How sound files or films become samples; see `zoo.datasets.readings`."""

    kind: Literal["audio", "video"]
    rate: int | None = None
    fps: Number | None = None
    resize: Literal["fit", "crop", "stretch"] | None = None
    background: Literal["refuse", "white", "black"] | None = None


class ContractRecord(Part, kw_only=True, frozen=True):
    """The samples that the model accepts; see `zoo.contract.InputContract`."""

    layout: Layout
    shape: Shape
    dtype: Dtype
    pixel_range: tuple[Number, Number] | None
    polarity: Polarity | None
    centred: bool
    other_sizes: str | None = None
    padded: bool | None = None
    reading: ReadingRecord | None = None
    background: str | None = None
    seen: SamplesRecord | None


class DeviceRecord(Part, kw_only=True, frozen=True):
    """The device.

    Attributes:
        asked: `auto`, `cpu` or `gpu`.
        kind: `cpu` or `gpu`; the device that was used.
        name: its model.
    """

    asked: str
    kind: str
    name: str


class MeasuredPrecision(Part, kw_only=True, frozen=True):
    """Seconds of a training step with each precision.

    Attributes:
        chosen: the faster one.
        by: the run that measured them.
    """

    float32: Number
    mixed_bfloat16: Number
    chosen: str
    by: str


class GitRecord(Part, kw_only=True, frozen=True):
    """The Git commit of the working folder.

    Attributes:
        dirty: whether there were uncommitted changes.
    """

    commit: str | None = None
    dirty: bool | None = None


class EnvironmentRecord(Part, kw_only=True, frozen=True):
    """Machine and versions. `extra` holds the versions of the backend's packages."""

    python: str | None = None
    archzoo: str | None = None
    keras: str | None = None
    numpy: str | None = None
    system: str
    processor: str | None = None
    cores: Count
    memory_bytes: Count | None = None
    cuda: str | UnsetType | None = UNSET
    driver: str | None = None
    gpu: str | None = None
    git: GitRecord | UnsetType | None = UNSET


class SessionRecord(Part, kw_only=True, frozen=True):
    """One process that trained the run; a resumed run has several.

    Attributes:
        from_epoch, from_step: epochs and steps that were done before it.
        alongside: other trainings on the machine at the same time.
        together: runs that were trained in one program, this one included.
        timings: seconds of each phase.
    """

    started: str | None = None
    from_epoch: Count | None = None
    from_step: Count | None = None
    alongside: Count = 0
    together: Count = 1
    versions: dict[str, str | None]
    timings: dict[str, Number] | None = None


class ParametersRecord(Part, kw_only=True, frozen=True):
    """Sizes of the model: numbers in its trainable variables and in all."""

    trainable: Count
    total: Count


PHASES: Final = {
    "load": "load",
    "import": "import_",
    "precision": "precision",
    "build": "build",
    "compile": "compile",
    "train": "train",
    "validate": "validate",
    "evaluate": "evaluate",
    "save": "save",
}
"""The phases of a training as the file names them, and their attributes in `Timings`."""


class Timings(Part, kw_only=True, frozen=True):
    """Seconds of each phase, added up over all sessions.

    Attributes:
        waiting: seconds of `train` spent waiting for data.
        waiting_share: the same as a share of `train`.
        epochs: training seconds of each epoch.
        images_per_second: training samples per second of each epoch.
    """

    load: Number | None = None
    import_: Number | None = field(default=None, name="import")
    precision: Number | None = None
    build: Number | None = None
    compile: Number | None = None
    evaluate: Number | None = None
    save: Number | None = None
    train: Number | None = None
    validate: Number | None = None
    waiting: Number | None = None
    waiting_share: Number | None = None
    epochs: tuple[Number, ...] = ()
    images_per_second: tuple[Number, ...] = ()

    @classmethod
    def of(
        cls,
        seconds: Mapping[str, float],
        *,
        epochs: tuple[float, ...],
        images_per_second: tuple[float, ...],
    ) -> "Timings":
        """Make them from seconds by phase, as the file names phases."""
        named: dict[str, Any] = {PHASES.get(name, name): value for name, value in seconds.items()}
        return cls(**named, epochs=epochs, images_per_second=images_per_second)

    def phases(self) -> dict[str, float]:
        """Seconds by phase, in the order of a training."""
        found = {name: getattr(self, attribute) for name, attribute in PHASES.items()}
        return {name: seconds for name, seconds in found.items() if seconds is not None}


class PeakMemory(Part, kw_only=True, frozen=True):
    """Peak memory of any session, in bytes; `device_bytes` is None where it cannot be measured."""

    host_bytes: Count
    device_bytes: Count | None


class ProgressRecord(Part, kw_only=True, frozen=True):
    """Epochs done, and steps done of the next one."""

    epochs: Count
    steps: Count | None = None


class Metrics(Part, kw_only=True, frozen=True):
    """Results on the test set, None if it was not read.

    Attributes:
        epoch: the epoch whose weights were tested.
        test_loss: mean cross-entropy (natural logarithm).
        test_accuracy, test_accuracy_interval: shares from 0 to 1; the interval is 95 %.
        majority_share, majority_class: of the test set's largest class.
        test_balanced_accuracy, test_macro_f1, test_mcc, test_ece: as in `zoo.classification.Scores`; None
            in runs of before they were recorded. The log loss is `test_loss`.
        test_precision, test_recall, test_f1, test_support: of each class; the recall of a class without
            test samples is None.
    """

    epoch: Count
    test_loss: float | None = None
    test_accuracy: Share | None = None
    test_correct: Count | None = None
    test_examples: Count | None = None
    test_accuracy_interval: Interval | None = None
    interval_method: str | None = None
    majority_share: Share | None = None
    majority_class: Count | None = None
    test_balanced_accuracy: Share | None = None
    test_macro_f1: Share | None = None
    test_mcc: Annotated[float, Meta(ge=-1.001, le=1.001)] | None = None
    test_ece: Share | None = None
    test_precision: tuple[Share, ...] | None = None
    test_recall: tuple[Share | None, ...] | None = None
    test_f1: tuple[Share, ...] | None = None
    test_support: tuple[Count, ...] | None = None


class RunRecord(Struct, kw_only=True):
    """The contents of run.json.

    Attributes:
        schema: version of the format.
        identity: everything that determines the run's numbers, except versions. Its digest is part of
            the folder's name, so it stays as it was written; `IdentityRecord` lists its fields.
        recipe: the resolved recipe and its digest; `Run.recipe` is the `Recipe`.
        fold: of a cross-validation; None: the test set was tested.
        error: why the run has no result.
        files: SHA-256 of the files with results.
        extra: fields that this version does not know.

    Example:
        >>> run = zoo.load_run("last")  # doctest: +SKIP
        >>> run.record.device.name  # doctest: +SKIP
        >>> run.record.to_dict()["device"]["name"]  # doctest: +SKIP
    """

    schema: int
    name: str | None = None
    status: Status
    created: str
    finished: str | UnsetType | None = UNSET
    identity: dict[str, Any]
    architecture: ArchitectureRecord
    dataset: DatasetRecord
    input: InputRecord
    contract: ContractRecord | None = None
    recipe: Values
    augmented: bool | None = None
    fold: FoldRecord | None = None
    seed: Whole
    backend: str
    device: DeviceRecord
    engine: Values
    environment: EnvironmentRecord
    parameters: ParametersRecord
    flops_per_sample: Count | None
    precision: str
    precision_measured: MeasuredPrecision | None = None
    sessions: Annotated[list[SessionRecord], Meta(min_length=1)]
    error: str | None = None
    timings: Timings | None = None
    peak_memory: PeakMemory | None = None
    progress: ProgressRecord | None = None
    metrics: Metrics | None = None
    files: dict[str, str] | None = None
    extra: dict[str, Any] = field(default_factory=dict, name="(extra)")

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values, as in run.json."""
        return plain(self)


class IdentityRecord(Struct, kw_only=True):
    """Fields of an identity, for validation only: `RunRecord.identity` stays a mapping."""

    architecture: str
    origin: dict[str, str | dict[str, str]]
    layout: tuple[str, str]
    hyperparameters: Values
    dataset: str
    data_parameters: Values | None = None
    fold: dict[str, Whole] | None = None
    scaling: str | None = None
    checksums: dict[str, str]
    recipe: Values
    seed: Whole
    backend: str
    device: str
    precision: str
    tests: bool = True
    callbacks: list[str] | None = None
    variables: Values | None = None
