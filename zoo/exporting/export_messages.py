"""What an export and its process tell each other: a line of JSON for each message."""

from msgspec import Struct

from zoo.exporting.export_report import ExportReport
from zoo.exporting.formats import Format, Quantize
from zoo.exporting.runtime_names import Runtime
from zoo.training.request import Request


class ExportTask(Struct, tag="export", kw_only=True):
    """A run is to be exported.

    Attributes:
        folder: the run's.
        path: the file, or folder, to write; in a folder of its own, which takes other files too.
        name: what the file will be called.
        dataset, data_parameters: on whose test set it is proved; None: the run's own.
    """

    folder: str
    path: str
    name: str
    format: Format
    quantize: Quantize | None
    dataset: str | None
    data_parameters: dict[str, str]
    data_dir: str | None
    trust_source: bool
    use_plugins: bool


class SpeedTask(Struct, tag="speed", kw_only=True):
    """An architecture with new weights is to be timed in several runtimes.

    Attributes:
        rounds: in which the runtimes take turns.
        batch: samples in a call of the throughput.
    """

    request: Request
    runtimes: list[Runtime]
    rounds: int
    batch: int
    data_dir: str | None
    use_plugins: bool


class Stage(Struct, tag="stage", kw_only=True):
    """What is done now."""

    text: str


class Exported(Struct, tag="exported", kw_only=True):
    """The file is written and proved."""

    report: ExportReport


class Measured(Struct, tag="measured", kw_only=True):
    """By runtime and measure: a value for each round."""

    times: dict[str, dict[str, list[float]]]


class Refused(Struct, tag="refused", kw_only=True):
    """It failed; `kind` is the name of an error in `zoo.errors`."""

    kind: str
    message: str
    details: str = ""


AnyTask = ExportTask | SpeedTask
Message = Stage | Exported | Measured | Refused
