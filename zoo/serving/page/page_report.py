"""What is known of an exported page, typed, and its JSON: `FILE.export.json`."""

import json
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zoo.exporting.export_report import ExportReport

SCHEMA = 1


class PageProof(Struct, kw_only=True):
    """One model within the page beside its ONNX file in ONNX Runtime, on test samples.

    Attributes:
        samples: how many were answered.
        largest_difference: between logits; largest_logit: the largest absolute one; tolerance: what
            rounding may make of the difference.
        changed: samples with another predicted class.
        milliseconds: the median of a call with one sample, in the page.
    """

    samples: int
    largest_difference: float
    largest_logit: float
    tolerance: float
    changed: int
    milliseconds: float


class PageModel(Struct, kw_only=True):
    """One model of a page.

    Attributes:
        name: as the page shows it.
        onnx: the report of the ONNX file that the page contains: its proof beside Keras.
        page: the proof in a browser; None: there was none.
    """

    name: str
    onnx: ExportReport
    page: PageProof | None = None


class PageReport(Struct, kw_only=True):
    """Everything that is known of an exported page.

    Attributes:
        bytes, sha256: of the file.
        runtime: the embedded onnxruntime-web's version.
        runtime_bytes, model_bytes: how much of the file they are, compressed and as text.
        proved_by: what ran the models: the browser's name and version, or `ONNX Runtime` where there
            was no browser, which then ran the embedded ONNX files and not the page.
    """

    schema: int = SCHEMA
    file: str
    format: Literal["html"] = "html"
    bytes: int
    sha256: str
    created: str
    runtime: str
    runtime_bytes: int
    model_bytes: int
    proved_by: str
    models: list[PageModel]
    notes: list[str] = []

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the JSON has them."""
        return msgspec.json.decode(msgspec.json.encode(self))

    def encode(self) -> str:
        """The text of `FILE.export.json`."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"
