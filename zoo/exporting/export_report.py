"""What is known of an exported file, typed, and its JSON: `FILE.export.json`."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from zoo import layouts
from zoo.contract import InputContract
from zoo.errors import ZooError
from zoo.exporting.formats import Format, Quantize
from zoo.reading import text_of
from zoo.runs.codec import convert
from zoo.runs.files import sha256
from zoo.runs.record import InputRecord

SCHEMA = 1


class InputDescription(Struct, kw_only=True):
    """What the file takes: samples as the training's were stored, before scaling and layout.

    Attributes:
        name: of the input.
        layout: `image`, `sequence` or `frames`.
        shape: one sample's; the input has a batch axis of any size in front.
        dtype: `uint8` or `float32`.
        pixel_range: the values of black and white; None: the values are no pixels.
        polarity: `light on dark` or `dark on light`, where all training images are so.
        padded: whether sequences may be shorter than `shape` says; they end in steps of NaN.
    values: the same in words.
    """

    name: str
    layout: str
    shape: tuple[int, ...]
    dtype: str
    pixel_range: tuple[float, float] | None
    polarity: str | None
    padded: bool
    values: str

    @classmethod
    def of(cls, contract: InputContract, name: str) -> "InputDescription":
        polarity = contract.polarity or (contract.seen.polarity if contract.seen else None)
        return cls(
            name=name,
            layout=contract.layout,
            shape=contract.shape,
            dtype=contract.dtype,
            pixel_range=contract.pixel_range,
            polarity=polarity,
            padded=contract.padded,
            values=contract.values(),
        )


class ConversionDescription(Struct, kw_only=True):
    """How a sample becomes what the architecture reads; it is done inside the file.

    Attributes:
        target: the architecture's layout.
        how: how an image becomes frames: `whole`, `strips` or `space_to_depth`.
        shape: of one sample after it.
        text: the conversion in words.
    """

    target: str
    how: str
    shape: tuple[int, ...]
    text: str

    @classmethod
    def of(cls, given: InputRecord) -> "ConversionDescription":
        text = given.conversion or layouts.name(given.source, given.target, given.how)
        return cls(target=given.target, how=given.how, shape=given.input_shape, text=text)


class RunDescription(Struct, kw_only=True):
    """Which run was exported."""

    name: str
    architecture: str
    dataset: str
    recipe: str
    seed: int
    backend: str
    precision: str
    created: str


class Parity(Struct, kw_only=True):
    """The file in its own runtime beside the same weights in Keras on TensorFlow, in float32.

    Attributes:
        dataset: whose test set was used.
        samples, available: how many test samples were answered, and how many there are.
        largest_difference: between logits, over all samples and classes.
        largest_logit: the largest absolute logit of Keras.
        tolerance: what rounding may make of `largest_difference`; a quantized file may differ more.
        changed: samples with another predicted class than Keras'.
        changed_from_run: samples with another predicted class than the run recorded; None: the run
            recorded none for these samples, or used test-time augmentation, which no file has.
        accuracy, keras_accuracy: shares of right answers.
        notes: what is to be known about the samples.
    """

    dataset: str
    samples: int
    available: int
    largest_difference: float
    largest_logit: float
    tolerance: float
    changed: int
    changed_from_run: int | None
    accuracy: float
    keras_accuracy: float
    notes: list[str] = []


class AccuracyVerdict(Struct, kw_only=True):
    """Whether a file's accuracy differs from Keras', on the same samples.

    Attributes:
        difference: the file's accuracy minus Keras'.
        low, high: its 95 % interval.
        p: McNemar's exact test.
        verdict: `worse`, `better` or `cannot tell`.
    """

    difference: float
    low: float
    high: float
    p: float
    test: str
    verdict: str


class Speed(Struct, kw_only=True):
    """Medians over rounds, in which the file and Keras took turns.

    Attributes:
        latency_ms: milliseconds of a call with one sample.
        throughput: samples per second in calls with `batch` samples.
    """

    runtime: str
    batch: int
    latency_ms: float
    throughput: float


class ExportReport(Struct, kw_only=True):
    """Everything that is known of an exported file.

    Attributes:
        file: its name; bytes, sha256: of the file, or of all files of a folder.
        quantize: `int8`, `float16` or None.
        outputs: their names; each is `(batch, classes)` float32.
        parity, accuracy, speed, keras_speed: the proof.
        versions: of Python, archzoo and the packages that made the file and ran it.
    """

    schema: int = SCHEMA
    file: str
    format: Format
    quantize: Quantize | None
    bytes: int
    sha256: str
    created: str
    run: RunDescription
    classes: list[str]
    input: InputDescription
    outputs: list[str]
    parity: Parity
    accuracy: AccuracyVerdict
    speed: Speed
    keras_speed: Speed
    threads: int
    versions: dict[str, str]
    machine: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the JSON has them."""
        return msgspec.json.decode(msgspec.json.encode(self))

    def encode(self) -> str:
        """The text of `FILE.export.json`."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"


def as_json(described: Struct) -> str:
    """A part of the report as one line of JSON."""
    return json.dumps(msgspec.to_builtins(described), ensure_ascii=False)


def report_path(path: Path) -> Path:
    """Where the report of the file `path` is."""
    return path.with_name(f"{path.name}.export.json")


def read_report(path: Path) -> ExportReport:
    """Read the report of the exported file `path`, and check that it is about this file.

    Raises:
        ZooError: the file or the report is missing or damaged, or the file is another one.
    """
    place = report_path(path)
    try:
        report = convert(json.loads(text_of(place)), ExportReport)
    except OSError as error:
        raise ZooError(f"{place}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise ZooError(f"{place}: is damaged ({error!s:.200}).") from error
    try:
        same = digest_of(path) == report.sha256
    except OSError as error:
        raise ZooError(f"{path}: cannot be read ({error.strerror}).") from error
    if not same:
        raise ZooError(
            f"{path}: is not the file that {place.name} describes (its SHA-256 differs). Export "
            "the run again."
        )
    return report


def digest_of(path: Path) -> str:
    """SHA-256 of a file; of a folder that of its files' names and hashes, in order."""
    if path.is_file():
        return sha256(path)
    listed = (f"{each.relative_to(path).as_posix()} {sha256(each)}\n" for each in files_of(path))
    return hashlib.sha256("".join(listed).encode()).hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in files_of(path))


def files_of(folder: Path) -> list[Path]:
    """The files of an exported folder, in a fixed order."""
    return sorted(each for each in folder.rglob("*") if each.is_file())
