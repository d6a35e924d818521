"""Running a page's models beside their ONNX files: in a browser if there is one."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.errors import ZooError
from zoo.exporting.proof import tolerance_of
from zoo.exporting.runtimes import open_export
from zoo.serving.page.headless import BrowserFailed, Tab, find_browser, opened
from zoo.serving.page.page_report import PageProof

MOST = 64
"""Test samples of each model."""
SINGLES = 9
"""Calls with one sample, of whose times the median is recorded."""
ONNX_RUNTIME = "ONNX Runtime"


@dataclass(frozen=True)
class Subject:
    """A model of a page, its ONNX file, and test samples `(N, *shape)` as it takes them."""

    name: str
    onnx: Path
    samples: np.ndarray


def prove(
    page: Path, subjects: Sequence[Subject]
) -> tuple[str, Mapping[str, PageProof], list[str]]:
    """Run the models in the page: what ran them, the proofs by name, and notes.

    Raises:
        ZooError: answers in the page differ beyond rounding, or there are none.
    """
    browser = find_browser()
    if browser is None:
        said = "no Chromium was found: the page itself was not run, its ONNX files were"
        return ONNX_RUNTIME, {}, [said]
    try:
        with opened(browser, page) as tab:
            _wait(tab)
            proofs = {each.name: _proof(tab, each) for each in subjects}
            return tab.version(), proofs, []
    except BrowserFailed as error:
        raise ZooError(f"{page.name}: is not kept: the browser cannot run it: {error}.") from error


def _wait(tab: Tab) -> None:
    """Until the page is ready; it says itself why it is not."""
    state = tab.evaluate(
        "new Promise((resolve) => { const look = () => {"
        " const said = document.getElementById('status')?.textContent ?? '';"
        " if (document.documentElement?.dataset.ready) resolve('');"
        " else if (said.startsWith('The models cannot')) resolve(said);"
        " else setTimeout(look, 50); }; look(); })"
    )
    if state:
        raise BrowserFailed(state.rstrip("."))


def _proof(tab: Tab, subject: Subject) -> PageProof:
    wanted, _ = open_export(subject.onnx, "onnx", 1)(subject.samples)
    content = base64.b64encode(np.ascontiguousarray(subject.samples).tobytes()).decode()
    given = json.dumps([subject.name, content, len(subject.samples), SINGLES])
    found = tab.evaluate(f"prove(...{given})")
    logits = np.array(found["logits"], "float32")
    if logits.shape != wanted.shape or not np.isfinite(logits).all():
        raise ZooError(f"{subject.name}: is not kept: in the page it gives NaN or too few answers.")
    difference, tolerance = float(np.abs(logits - wanted).max()), tolerance_of(wanted)
    if difference > tolerance:
        raise ZooError(
            f"{subject.name}: is not kept: in the page its logits differ by {difference:.1e}; rounding "
            f"explains {tolerance:.1e}."
        )
    return PageProof(
        samples=len(logits),
        largest_difference=difference,
        largest_logit=float(np.abs(wanted).max()),
        tolerance=tolerance,
        changed=int((logits.argmax(axis=1) != wanted.argmax(axis=1)).sum()),
        milliseconds=float(np.median(found["milliseconds"])),
    )
