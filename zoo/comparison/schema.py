"""What a comparison's report and a record of the cost benchmark hold, typed, and their JSON.

Fields of which the default is `UNSET` are left out of the JSON where they are not set: records of
older versions do not have them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from zoo import aliases
from zoo.comparison.fronts_schema import Front
from zoo.comparison.report_file import read
from zoo.comparison.row_schema import Interval, Row, Statistic
from zoo.runs.codec import convert
from zoo.runs.record import Number, Whole
from zoo.scoring import ACCURACY, METRICS, Metric, MetricName

SCHEMA = 1

Conditions = dict[str, str | None]


class MetricInfo(Struct, kw_only=True):
    """The metric by which architectures are ranked and told apart."""

    name: MetricName
    title: str
    unit: str
    lower_is_better: bool
    definition: str


class DatasetInfo(Struct, kw_only=True):
    """The dataset that all rows were trained and tested on; `support`: test samples of each class."""

    name: str
    parameters: dict[str, Any] | UnsetType = UNSET
    classes: list[str]
    sizes: dict[str, Whole]
    origin: str
    layout: str
    checksums: dict[str, str] = {}
    support: list[Whole] | UnsetType = UNSET

    @property
    def chosen(self) -> dict[str, Any]:
        """Its parameters; empty if it has none."""
        return {} if self.parameters is UNSET else self.parameters


class DeviceInfo(Struct, kw_only=True):
    """`cpu` or `gpu`, and its name."""

    kind: str
    name: str


class ConditionsInfo(Struct, kw_only=True):
    """Backend, device, versions and machine of the first row's first run."""

    backend: str
    device: DeviceInfo
    precision: str
    cores: Whole
    versions: dict[str, str | None]
    machine: dict[str, Any] = {}
    engine: dict[str, Any] | UnsetType = UNSET


class ColumnInfo(Struct, kw_only=True):
    """A column of the table."""

    key: str
    title: str
    unit: str
    group: str
    explanation: str


class Equivalence(Struct, kw_only=True):
    """Two one-sided tests of two architectures within a report's `rope`; `p_adjusted` holds for all pairs."""

    p_adjusted: Number
    equivalent: bool


class Pair(Struct, kw_only=True):
    """Two architectures: first minus second in the chosen metric, and whether that is significant.

    The first is the better one. `equivalence` is left out where no margin was given, `decided` (seeds of
    each at the stage that decided) where seeds were not added in stages.
    """

    first: str
    second: str
    difference: Number
    interval: Interval
    p: Number
    p_adjusted: Number
    test: str | UnsetType = UNSET
    different: bool
    equivalence: Equivalence | UnsetType = UNSET
    decided: Whole | UnsetType = UNSET
    seeds: Whole

    @property
    def equivalent(self) -> bool:
        """Whether the two were shown to be equivalent within the report's margin."""
        return self.equivalence is not UNSET and self.equivalence.equivalent


class FoldsInfo(Struct, kw_only=True):
    """A cross-validation of the training set; the test set is not read.

    Attributes:
        folds: of each repetition.
        repetitions: each with a split of its own.
        tested, trained: samples that a run is tested on, and trained on without those of its validation:
            of the smallest and the largest fold.
    """

    folds: Whole
    repetitions: Whole
    tested: tuple[Whole, Whole]
    trained: tuple[Whole, Whole]


class Ensemble(Struct, kw_only=True):
    """Several runs whose probabilities are averaged; of the chosen metric what `Row` has."""

    name: str
    architectures: list[str]
    members: Whole
    accuracy: Number
    interval: Interval
    correct: Whole | UnsetType = UNSET
    examples: Whole | UnsetType = UNSET
    members_accuracy: Number
    metric_value: Number | UnsetType = UNSET
    metric_interval: Interval | UnsetType = UNSET
    members_metric_value: Number | UnsetType = UNSET

    @property
    def judged(self) -> tuple[float, Interval, float]:
        """In the chosen metric: its value, 95 % interval, and the mean of its members."""
        if self.metric_value is UNSET or self.metric_interval is UNSET:
            return self.accuracy, self.interval, self.members_accuracy
        mean = self.members_metric_value
        return self.metric_value, self.metric_interval, self.metric_value if mean is UNSET else mean


class NoiseFloor(Struct, kw_only=True):
    """How far two trainings, and two measurements, of one architecture differ.

    Attributes:
        accuracy: root mean square difference between two seeds; None with one seed each.
        metric_value: the same of the chosen metric; left out if that is the accuracy.
        cost: for each measure, the second measurement over the first; None: not measured.
    """

    accuracy: Number | None
    cost: dict[str, Number] | None
    metric_value: Number | UnsetType = UNSET
    text: str


class CostSummary(Struct, kw_only=True):
    """The cost benchmark: its settings and conditions, and each architecture's measures."""

    created: str
    batch_size: Whole | None
    processes: Whole | UnsetType = UNSET
    rounds: Whole | UnsetType = UNSET
    conditions: Conditions | None
    problems: dict[str, str]
    entries: dict[str, dict[str, Statistic]]


class HarnessInfo(Struct, kw_only=True):
    """What making the comparison took, beyond what its runs took.

    Attributes:
        overhead: excess of the wall time over the runs' own phases, as a share of these; None if
            nothing was trained, or several at a time or together.
        place: on which nodes of a cluster, and whether a run had its node alone; unset on one machine.
    """

    jobs: Whole
    together: bool | UnsetType = UNSET
    trained: Whole
    reused: Whole
    wall_seconds: Number
    phases_seconds: Number
    overhead: Number | None
    place: str | UnsetType = UNSET


class RunInfo(Struct, kw_only=True):
    """A run that was compared."""

    architecture: str
    seed: Whole
    fold: str | UnsetType = UNSET
    run: str
    test_accuracy: Number
    conditions: Conditions
    commit: str | None
    predictions_sha256: str


class TunedInfo(Struct, kw_only=True):
    """The study whose recipe was compared.

    Attributes:
        budget: of each architecture, in words.
        trials, steps, seconds: what each architecture had.
        recipe_sha256: of the recipe file.
    """

    study: str
    objective: str
    budget: str
    equal: bool
    sampler: str
    pruner: str
    trials: dict[str, Whole]
    steps: dict[str, Whole]
    seconds: dict[str, Number]
    recipe_sha256: str


class SequentialInfo(Struct, kw_only=True):
    """Seeds that were added in stages, until every pair was told.

    Attributes:
        stages: seeds of each architecture at each stage.
        seeds: that each architecture had in the end.
        runs, most: of all architectures, and with all stages.
        undecided: pairs that the last stage left undecided.
    """

    stages: list[Whole]
    seeds: dict[str, Whole]
    runs: Whole
    most: Whole
    undecided: Whole


class ComparisonReport(Struct, kw_only=True):
    """A comparison: everything that the tables, the files and the page are made of.

    Rows come best first, failed ones last.

    Attributes:
        metric: left out by older versions, which compared by accuracy; use `judged_by`.
        recipe: every key of it, and its digest.
        mixed: what differs between runs and should not.
        notes: further lines for the table's foot.
        target: the validation accuracy that is timed.
        folds: left out where all runs were tested on the test set.
        methods: how each figure is computed.
        harness: None for runs that were made elsewhere.
        fronts: the chosen metric against each cost; empty in reports of older versions.
        repeat: what to type to make the comparison again.
        tuned: the study whose recipe was compared; left out if it was another recipe.
        rope: the margin within which differences are equivalent in practice, in the metric's own units
            (0.001: 0.1 points); left out where none was given.
        sequential: left out where seeds were not added in stages.
    """

    schema: int
    created: str
    archzoo: str
    command: str
    metric: MetricInfo | UnsetType = UNSET
    dataset: DatasetInfo
    recipe: dict[str, Any]
    conditions: ConditionsInfo
    mixed: list[str]
    notes: list[str]
    target: Number
    folds: FoldsInfo | UnsetType = UNSET
    methods: dict[str, str]
    columns: list[ColumnInfo]
    rows: list[Row]
    ensembles: list[Ensemble] = []
    pairs: list[Pair]
    fronts: list[Front] = []
    noise: NoiseFloor
    cost: CostSummary | None
    harness: HarnessInfo | None
    runs: list[RunInfo] = []
    repeat: list[str] = []
    tuned: TunedInfo | UnsetType = UNSET
    rope: Number | UnsetType = UNSET
    sequential: SequentialInfo | UnsetType = UNSET

    @property
    def judged_by(self) -> Metric:
        """The metric by which architectures are ranked and told apart."""
        return ACCURACY if self.metric is UNSET else METRICS[self.metric.name]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it: plain values; `fronts` is left out where there is none."""
        values = msgspec.to_builtins(self)
        if not self.fronts:
            del values["fronts"]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ComparisonReport":
        """The report of plain values, as `to_dict` gives them.

        Raises:
            ValueError: a field is missing or of another type; it is named.
        """
        return convert(values, cls)

    @classmethod
    def read(cls, path: Path) -> "ComparisonReport":
        """The report in a file, of this version or an older one.

        Raises:
            ZooError: it cannot be read, is damaged (the field is named), or of a newer schema.
        """
        report = read(path, cls, SCHEMA, "report of zoo compare")
        report.take_current_names()
        return report

    def take_current_names(self) -> None:
        """Replace names of older versions by those of today."""
        self.dataset.layout = aliases.current(aliases.LAYOUTS, self.dataset.layout)
        self.recipe = aliases.recipe(self.recipe)
        for row in self.rows:
            row.layout = aliases.current(aliases.LAYOUTS, row.layout)
            if row.conversion:
                row.conversion = aliases.conversion(row.conversion)
