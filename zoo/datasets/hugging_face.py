"""Objects of Hugging Face's `datasets`, written as files that every process can read.

Images and sounds keep the bytes that they are stored in: `labels.csv` lists them, and they are read
lazily as a folder of one's own is. Series of numbers become an `.npz` file. `datasets` itself is not
imported here: whoever has such an object has imported it.
"""

import csv
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zoo.datasets.folders import SPLITS
from zoo.errors import DataError, UsageError

_KINDS = (
    "datasets.arrow_dataset.Dataset",
    "datasets.dataset_dict.DatasetDict",
    "datasets.dataset_dict.IterableDatasetDict",
    "datasets.iterable_dataset.IterableDataset",
)
MEDIA = ("Image", "Audio")
LISTS = ("Sequence", "List", "LargeList")
LABELS = ("label", "labels", "class", "target", "y")
"""Names of a column that is taken as the label if no other is a `ClassLabel`."""
_MAGIC = {
    b"\x89PNG": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"fLaC": ".flac",
    b"OggS": ".ogg",
    b"ID3": ".mp3",
    b"\xff\xfb": ".mp3",
    b"FORM": ".aiff",
}


def is_hugging_face(given: Any) -> bool:
    """Whether this is an object of the package `datasets`."""
    return any(f"{each.__module__}.{each.__name__}" in _KINDS for each in type(given).__mro__)


def saved(given: Any, folder: Path) -> Path:
    """The folder or file that holds such an object's samples; the same object gives the same one.

    Args:
        given: a `Dataset`, or a `DatasetDict` with `train` and, if there, `validation` and `test`. Its
            features have one `Image`, `Audio` or list of numbers, and one `ClassLabel`, or a column
            `label` of text or whole numbers.
        folder: where it is written.

    Raises:
        UsageError: it is streamed, or which column is which is not certain; the message says what to
            type.
        DataError: a sample has no label, or cannot be written.
    """
    splits = _splits(given)
    x, label = _columns(splits["train"])
    for split, rows in splits.items():
        _check_split(split, rows, splits["train"], (x, label))
    place = folder / f"hugging_face_{_digest(splits, x, label)}"
    if type(splits["train"].features[x]).__name__ in MEDIA:
        if not place.is_dir():
            _write_files(splits, x, label, place)
        return place
    path = place.with_suffix(".npz")
    if not path.is_file():
        _write_series(splits, x, label, path)
    return path


def _splits(given: Any) -> dict[str, Any]:
    names = {each.__name__ for each in type(given).__mro__}
    if any(name.startswith("Iterable") for name in names):
        raise UsageError(
            "a streamed Hugging Face dataset has no length and no fixed order. Load it without "
            "`streaming=True`, or take a part: `datasets.Dataset.from_list(list(stream.take(10_000)), "
            "features=stream.features)`."
        )
    if not isinstance(given, Mapping):
        return {"train": given}
    splits: dict[str, Any] = {}
    for name, rows in given.items():
        split = SPLITS.get(str(name).lower())
        if split is None or split in splits:
            raise UsageError(
                f"the Hugging Face dataset has a split {name!r}; give train, test and, if you like, "
                "validation: `datasets.DatasetDict(train=..., test=...)`."
            )
        splits[split] = rows
    if "train" not in splits or ("validation" in splits and "test" not in splits):
        raise UsageError(
            f"the Hugging Face dataset has the splits {', '.join(map(str, given)) or 'of nothing'}; give "
            "train and test: `datasets.DatasetDict(train=..., test=...)`."
        )
    return splits


def _columns(rows: Any) -> tuple[str, str]:
    """The columns of samples and of labels, where both are certain."""
    kinds = {name: type(feature).__name__ for name, feature in rows.features.items()}
    labels = [name for name, kind in kinds.items() if kind == "ClassLabel"]
    if not labels:
        labels = [name for name in kinds if name.lower() in LABELS]
    samples = [name for name, kind in kinds.items() if kind in MEDIA] or [
        name for name, kind in kinds.items() if kind in LISTS and name not in labels
    ]
    if len(samples) == 1 and len(labels) == 1:
        return samples[0], labels[0]
    found = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
    raise UsageError(
        "which column of the Hugging Face dataset is the sample and which the label? It has "
        f"{found[:300]}. Choose one Image, Audio or list of numbers, and one ClassLabel or a column "
        "named label: `dataset.select_columns(['image', 'label'])`."
    )


def _check_split(split: str, rows: Any, train: Any, columns: tuple[str, str]) -> None:
    if not len(rows):
        raise DataError(f"the Hugging Face dataset's split {split} is empty.")
    if rows.format["type"] == "custom":
        raise UsageError(
            "the Hugging Face dataset has a transform (`set_transform`), which is not a part of the data. "
            "Remove it with `dataset.reset_format()`, or apply it once with `dataset.map(...)`."
        )
    for name in columns:
        if rows.features.get(name) != train.features[name]:
            raise UsageError(
                f"the Hugging Face dataset's column {name} is {rows.features.get(name)} in {split} and "
                f"{train.features[name]} in train; they must be alike."
            )


def _digest(splits: Mapping[str, Any], x: str, label: str) -> str:
    known = [(split, rows._fingerprint, len(rows)) for split, rows in sorted(splits.items())]
    return hashlib.sha256(repr((known, x, label)).encode()).hexdigest()[:8]


def _names(rows: Any, label: str, split: str) -> list[str]:
    """The class name of each row."""
    from zoo.datasets.label_column import read_column

    feature, values = rows.features[label], list(rows.with_format(None)[label])
    if type(feature).__name__ != "ClassLabel":
        where = f"the Hugging Face dataset's column {label}, split {split},"
        return [str(each) for each in read_column(values, where).values.tolist()]
    if odd := [place for place, value in enumerate(values) if value is None or value < 0]:
        raise DataError(
            f"the Hugging Face dataset's split {split} has no label for sample {odd[0]} ({len(odd):,} in "
            "all): test sets are often published without labels. Leave those samples, or the split, out."
        )
    return [feature.names[each] for each in values]


def _write_files(splits: Mapping[str, Any], x: str, label: str, place: Path) -> None:
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        with (partial / "labels.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["path", "label", *(["split"] if len(splits) > 1 else [])])
            for split, rows in splits.items():
                (partial / split).mkdir()
                names = _names(rows, label, split)
                for number, (content, name) in enumerate(
                    zip(_contents(rows, x), names, strict=True)
                ):
                    path = f"{split}/{number:07}{_suffix(content, number, split)}"
                    (partial / path).write_bytes(content)
                    table.writerow([path, name, *([split] if len(splits) > 1 else [])])
        partial.rename(place)
    except OSError as error:
        raise DataError(f"{place}: cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _contents(rows: Any, x: str) -> Iterator[bytes]:
    """The bytes that each sample is stored in; nothing is decoded."""
    stored = type(rows.features[x])(decode=False)
    for number, row in enumerate(rows.with_format(None).select_columns([x]).cast_column(x, stored)):
        value = row[x] or {}
        if value.get("bytes"):
            yield value["bytes"]
        elif value.get("path"):
            yield Path(value["path"]).read_bytes()
        else:
            raise DataError(f"the Hugging Face dataset has no {x} in row {number:,}; leave it out.")


def _suffix(content: bytes, number: int, split: str) -> str:
    if content[:4] == b"RIFF":
        return ".webp" if content[8:12] == b"WEBP" else ".wav"
    for magic, suffix in _MAGIC.items():
        if content.startswith(magic):
            return suffix
    raise DataError(
        f"the Hugging Face dataset's split {split} has a file of an unknown format (row {number:,}, it "
        f"begins with {content[:8].hex(' ')})."
    )


def _write_series(splits: Mapping[str, Any], x: str, label: str, path: Path) -> None:
    import numpy as np

    from zoo.datasets.npz_writing import write_npz

    arrays: dict[str, Any] = {"layout": np.array("sequence")}
    for split, rows in splits.items():
        short = {"validation": "val"}.get(split, split)
        values = list(rows.with_format(None)[x])
        lengths = {len(each) if isinstance(each, list) else -1 for each in values}
        if len(lengths) > 1 or min(lengths) < 1:
            raise UsageError(
                f"the Hugging Face dataset's column {x} has lists of {min(lengths)} to {max(lengths)} "
                "values; they must have one length. Cut or pad them with `dataset.map(...)`."
            )
        try:
            series = np.asarray(values, np.float32)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"the Hugging Face dataset's column {x}, split {split}, holds what is no number, or lists "
                f"of several lengths ({error})."
            ) from error
        if series.ndim > 3:
            raise UsageError(f"the Hugging Face dataset's column {x} has shape {series.shape}.")
        arrays[f"x_{short}"] = series[..., None] if series.ndim == 2 else series
        arrays[f"y_{short}"] = np.array(_names(rows, label, split))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_npz(path, arrays)
