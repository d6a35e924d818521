"""Comparing thousands of runs that are there: soon, and with a word about how far it is."""

import hashlib
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from zoo.runs.files import digest
from zoo.runs.run import Run

ARCHITECTURES = 2_000
SECONDS = 40
"""Of one core, on a slow machine; each pair by itself took ten times as long."""


@pytest.fixture
def many(tiny_run, tmp_path) -> Path:
    """Runs of one file with many settings, one seed each, that answer twenty images."""
    runs, record = tmp_path / "runs", Run.open(tiny_run).record.to_dict()
    history = (tiny_run / "history.csv").read_bytes()
    record["dataset"]["sizes"]["test"] = 20
    answers = [_predictions(number) for number in range(50)]
    for number in range(ARCHITECTURES):
        for settings in (record["identity"], record["architecture"]):
            settings["hyperparameters"]["dropout"] = number / ARCHITECTURES
        folder = runs / f"tiny-{digest(record['identity'])}"
        folder.mkdir(parents=True)
        given = answers[number % len(answers)]
        record["files"]["predictions.npz"] = hashlib.sha256(given).hexdigest()
        (folder / "predictions.npz").write_bytes(given)
        (folder / "history.csv").write_bytes(history)
        (folder / "run.json").write_text(json.dumps(record))
    return runs


def _predictions(number: int) -> bytes:
    file, draw = io.BytesIO(), np.random.default_rng(number)
    logits, labels = draw.normal(size=(20, 10)).astype("float32"), np.arange(20) % 10
    np.savez_compressed(file, logits=logits, labels=labels)
    return file.getvalue()


def test_thousands_of_runs_are_compared_soon_and_progress_is_shown(many, zoo):
    before = os.times().children_user
    answer = zoo("compare", "--from", many)
    assert answer.returncode == 0, answer.stderr
    assert os.times().children_user - before < SECONDS
    assert f"of {ARCHITECTURES:,}" in answer.stderr
    assert "of 1,999,000 pairs the 10,000 with the largest differences are listed" in answer.stdout
