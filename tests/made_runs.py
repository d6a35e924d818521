"""Finished runs that nobody trained: folders whose predictions a test chooses."""

import copy
import hashlib
import io
import json
from pathlib import Path

import numpy as np

from zoo.runs.files import digest

RECORD = Path(__file__).parent / "records" / "cnn_lstm-mnist-quick-s0-9c4666ff.json"
HISTORY = (
    "epoch,learning_rate,loss,accuracy,val_loss,val_accuracy\n"
    "1,0.001,0.2,0.94,0.1,0.97\n2,0.001,0.1,0.97,0.09,0.98\n"
)


def make_run(folder: Path, name: str, seed: int, right: np.ndarray) -> Path:
    """A finished run that answers `right` of the images rightly."""
    record = copy.deepcopy(json.loads(RECORD.read_text()))
    labels = np.arange(len(right)) % 10
    logits = np.zeros((len(right), 10), "float32")
    logits[np.arange(len(right)), np.where(right, labels, (labels + 1) % 10)] = 5
    file = io.BytesIO()
    np.savez(file, logits=logits, labels=labels)
    record["identity"]["architecture"] = record["architecture"]["name"] = name
    record["identity"]["seed"] = record["seed"] = seed
    record["dataset"]["sizes"]["test"] = len(right)
    record["files"]["history.csv"] = hashlib.sha256(HISTORY.encode()).hexdigest()
    record["name"] = f"{name}-mnist-quick-s{seed}-{digest(record['identity'])}"
    record["files"]["predictions.npz"] = hashlib.sha256(file.getvalue()).hexdigest()
    place = folder / record["name"]
    place.mkdir(parents=True)
    (place / "predictions.npz").write_bytes(file.getvalue())
    (place / "history.csv").write_text(HISTORY)
    (place / "run.json").write_text(json.dumps(record))
    return place
