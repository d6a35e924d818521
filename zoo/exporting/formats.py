"""The formats that runs are exported to."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from zoo.errors import UsageError
from zoo.suggest import unknown

Format = Literal["onnx", "litert", "saved_model", "keras"]
Quantize = Literal["int8", "float16"]


@dataclass(frozen=True)
class FormatInfo:
    """What is to be known of a format.

    Attributes:
        suffix: of its files; empty: it is a folder.
        runtime: what runs it.
        extra: the extra of archzoo that brings its packages; empty: nothing more is needed.
        packages: modules that must be there, with the distribution of each.
        quantizes: whether its weights can be stored in fewer bits.
    """

    suffix: str
    runtime: str
    extra: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    quantizes: bool = False


FORMATS: dict[str, FormatInfo] = {
    "onnx": FormatInfo(
        ".onnx",
        "ONNX Runtime",
        "onnx",
        {"onnx": "onnx", "onnxruntime": "onnxruntime", "tf2onnx": "tf2onnx"},
        quantizes=True,
    ),
    "litert": FormatInfo(
        ".tflite", "LiteRT", "litert", {"ai_edge_litert": "ai-edge-litert"}, quantizes=True
    ),
    "saved_model": FormatInfo("", "TensorFlow"),
    "keras": FormatInfo(".keras", "Keras"),
}
"""The formats of a run's file by name."""

PAGE = "html"
"""A page with the models of one or several runs; `zoo.serving.page` writes it."""

QUANTIZATIONS = ("int8", "float16")


def check_format(name: str, quantize: str | None = None) -> FormatInfo:
    """The format called `name`, if it can be written here.

    Raises:
        UsageError: it is unknown, cannot be quantized so, or needs packages that are not installed.
    """
    if name not in FORMATS:
        raise UsageError(unknown("format", name, [*FORMATS, PAGE]))
    info = FORMATS[name]
    if quantize is not None and quantize not in QUANTIZATIONS:
        raise UsageError(unknown("quantization", quantize, QUANTIZATIONS))
    if quantize and not info.quantizes:
        able = ", ".join(each for each, found in FORMATS.items() if found.quantizes)
        raise UsageError(f"`quantize={quantize!r}`: {name} is not quantized; {able} are.")
    if absent := missing(info):
        raise UsageError(
            f"`format={name!r}` needs {', '.join(absent)}: pip install 'archzoo[{info.extra}]'"
        )
    return info


def missing(info: FormatInfo) -> list[str]:
    """The distributions that a format needs and that are not installed; imports none."""
    return [
        distribution
        for module, distribution in info.packages.items()
        if importlib.util.find_spec(module) is None
    ]


def file_name(name: str, quantize: str | None = None) -> str:
    """`model.onnx`, `model-int8.tflite`, `saved_model`: what a file is called by default."""
    info = FORMATS[name]
    stem = "model" if info.suffix else name
    return f"{stem}-{quantize}{info.suffix}" if quantize else f"{stem}{info.suffix}"
