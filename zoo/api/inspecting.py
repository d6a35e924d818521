"""Looking at data before training: `inspect_dataset`."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.api import arguments
from zoo.api.arguments import RUNS_DIR, DatasetLike
from zoo.datasets.dataset import named_after
from zoo.errors import DataError, UsageError
from zoo.inspecting.dataset_inspection import LISTED, DatasetInspection
from zoo.registry import Registry

if TYPE_CHECKING:
    from PIL.Image import Image

    from zoo.datasets.dataset import Dataset
    from zoo.inspecting.loaded import Loaded


def inspect_dataset(
    dataset: DatasetLike,
    *,
    parameters: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    sample: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    runs_dir: str | Path = RUNS_DIR,
    data_dir: str | Path | None = None,
    registry: Registry | None = None,
) -> DatasetInspection:
    """Look at data before training: what is there, what is wrong with it, and what to do next.

    Data that training would refuse are inspected, too: the refusal is a part of what is returned. Of
    image folders each file is decoded, by several threads; a damaged file is listed and stops nothing.

    Args:
        dataset: as `train` takes it.
        parameters: parameters of the dataset.
        out: a folder, made if it is missing, for a contact sheet `NAME-contact-sheet.png`; None: none
            is written.
        sample: open so many image files, drawn at random and the same each time; None: all. Copies are
            looked for among these.
        progress: called with how many image files were opened, and of how many.
        runs_dir, data_dir, registry: as for `train`.

    Raises:
        UsageError: there is no such dataset, file or parameter.
        ZooError: the contact sheet cannot be written.

    Example:
        >>> found = zoo.inspect_dataset("digits")
        >>> found.layout, found.shape, len(found.classes)
        ('image', (28, 28, 1), 10)
    """
    if sample is not None and sample < 1:
        raise UsageError(f"`sample={sample}`: use 1 or more.")
    found, sheet = _inspected(
        dataset, parameters or {}, sample, progress, data_dir, runs_dir, registry
    )
    if out is None or sheet is None:
        return found
    from zoo.inspecting.sample_sheet import save

    name = named_after(Path(found.dataset).resolve().name.partition(".")[0])
    path = Path(out) / f"{name}-contact-sheet.png"
    save(sheet, path)
    return replace(found, contact_sheet=path)


def _inspected(
    dataset: DatasetLike,
    given: Mapping[str, Any],
    sample: int | None,
    progress: Callable[[int, int], None] | None,
    data_dir: str | Path | None,
    runs_dir: str | Path,
    registry: Registry | None,
) -> "tuple[DatasetInspection, Image | None]":
    from zoo.api.finding import load_dataset
    from zoo.datasets.catalog import own_dataset
    from zoo.inspecting.image_inspection import ImageFolder
    from zoo.inspecting.image_walk import is_image_folder
    from zoo.inspecting.loaded import load

    locations = arguments.find_locations(data_dir)
    text = str(dataset) if isinstance(dataset, str | Path) else ""
    if text and is_image_folder(Path(text)) and _is_own(text, registry):
        if given:  # else no header is read for it
            with contextlib.suppress(DataError):
                typed = own_dataset(Path(text)).configured(arguments.texts(given)).parameters
                given = {key: typed[key] for key in given}
        folder = ImageFolder(Path(text), given, sample, progress or (lambda done, of: None))
        return folder.inspect(locations)
    place = arguments.located(dataset, data_dir)
    try:
        found = load_dataset(place, parameters=given, runs_dir=runs_dir, registry=registry)
    except DataError as error:
        return DatasetInspection(text, "not recognised", refusal=str(error)), None
    try:
        return _described(text or found.name, load(found, given, locations))
    except DataError as error:
        refused = DatasetInspection(
            text or found.name, _kind(found), found.layout, refusal=str(error), notes=found.notes
        )
        return refused, None


def _is_own(text: str, registry: Registry | None) -> bool:
    """Whether a folder is meant, not a dataset that has its name."""
    from zoo.datasets.catalog import all_datasets, is_own

    return is_own(text) or text not in all_datasets(arguments.find_registry(registry))


def _kind(dataset: "Dataset") -> str:
    return {"image": "images", "frames": "clips", "sequence": "sequences"}[dataset.layout]


def _described(text: str, loaded: "Loaded") -> "tuple[DatasetInspection, Image | None]":
    from zoo.inspecting import advice
    from zoo.inspecting.copies import find_copies
    from zoo.inspecting.sample_sheet import sheet_of

    dataset, arrays, known = loaded.dataset, loaded.arrays, loaded.known()
    constant = _constant(loaded)
    total = sum(len(y) for _, _, y in loaded.splits)
    found = DatasetInspection(
        dataset=text,
        kind=_kind(dataset),
        layout=dataset.layout,
        shape=dataset.shape,
        classes=dataset.classes,
        counts=loaded.counts,
        parameters=loaded.parameters,
        refusal=loaded.refusal or None,
        copies=None if known is None else find_copies(known),
        uniform=tuple(constant[:LISTED]),
        uniform_count=len(constant),
        notes=loaded.notes(copies=known is None),
        commands=tuple(
            advice.commands(
                text, dataset.layout, loaded.parameters, loaded.counts["train"], dataset.recipe
            )
        ),
        looked_at=total,
        files=total,
    )
    return found, sheet_of(arrays.x_train, arrays.y_train, dataset.classes, dataset.layout)


def _constant(loaded: "Loaded") -> list[str]:
    """Names of samples that have one value only; lazy ones are made for it if they are small."""
    from zoo.datasets.samples import blocks
    from zoo.inspecting.loaded import is_small

    found: list[str] = []
    for split, x, _ in loaded.splits:
        number = 0
        for block in blocks(x) if is_small(x) else ():
            flat = block.reshape(len(block), -1)
            even = flat.max(axis=1) == flat.min(axis=1)
            found += [f"x_{split}[{number + place}]" for place in even.nonzero()[0].tolist()]
            number += len(block)
    return found
