"""Check: it can be exported to ONNX and LiteRT."""

from tempfile import TemporaryDirectory

from zoo.exporting.formats import FORMATS, missing
from zoo.testing import check_process as process
from zoo.testing.check import Check, Skipped
from zoo.testing.harness import Harness

WANTED = ("onnx", "litert")
ADVICE = (
    "build it of operations that both formats have; docs/export.md says which layers become what. A "
    "model that is not to leave Keras can do without this check."
)


def _exports(harness: Harness) -> str:
    extras = ",".join(FORMATS[name].extra for name in WANTED)
    there = [name for name in WANTED if not missing(FORMATS[name])]
    if not there:
        raise Skipped(f"no format is installed: pip install 'archzoo[{extras}]'")
    with TemporaryDirectory() as folder:
        found = process.ask(
            "export",
            advice=ADVICE,
            ref=harness.ref.as_json(),
            formats=there,
            folder=folder,
        )
    told = [
        f"{name} {each['bytes'] / 1e6:.2g} MB, differences up to {each['difference']:.1g}"
        for name, each in found.items()
    ]
    absent = [name for name in WANTED if name not in there]
    more = [f"{name} not tried: pip install 'archzoo[{FORMATS[name].extra}]'" for name in absent]
    return "; ".join([*told, *more])


EXPORTS = Check(
    "exports",
    "It can be exported to ONNX and LiteRT, and the files give the same outputs.",
    "Users take trained models to servers, phones and browsers, where there is no Keras.",
    _exports,
)
