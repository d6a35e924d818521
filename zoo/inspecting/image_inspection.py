"""Inspecting a folder of image files: each is decoded, and none stops it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zoo.datasets.catalog import own_dataset
from zoo.datasets.image_files import Reader
from zoo.datasets.location import Locations
from zoo.datasets.pixels import Background
from zoo.errors import DataError, ZooError
from zoo.inspecting import advice, sample_sheet
from zoo.inspecting.copies import Known, find_copies
from zoo.inspecting.dataset_inspection import LISTED, DatasetInspection, Problem
from zoo.inspecting.image_facts import ImageFacts, look_at_all, sizes_of
from zoo.inspecting.image_walk import Walked, walk
from zoo.inspecting.loaded import Loaded, load

SHEET_SIDE = 96
"""Pixels of an image on the sheet of data that are refused."""


class ImageFolder:
    """A folder of images, looked at once.

    Args:
        path: the folder.
        given: parameters of the dataset.
        sample: how many files to open, drawn at random; None: all.
        progress: called with how many files are done, and of how many.
    """

    def __init__(
        self,
        path: Path,
        given: Mapping[str, Any],
        sample: int | None,
        progress: Callable[[int, int], None],
    ):
        self.path, self.given = path, given
        self.walked: Walked = walk(path)
        self.opened = _drawn(self.walked.files, sample)
        looked = look_at_all([file for file, _, _ in self.opened], progress)
        pairs = list(zip(self.opened, looked, strict=True))
        self.damaged = [Problem(str(row[0]), why) for row, why in pairs if isinstance(why, str)]
        self.readable = [(row, each) for row, each in pairs if isinstance(each, ImageFacts)]

    def inspect(self, locations: Locations) -> tuple[DatasetInspection, Image.Image | None]:
        """What was found, and a contact sheet."""
        facts = [each for _, each in self.readable]
        chosen = advice.needed_by_images(facts, self.given)
        refusal, loaded = self._loaded(chosen, locations)
        found = DatasetInspection(
            dataset=str(self.path),
            kind=self.walked.kind,
            classes=tuple(_class_names(self.walked.files)),
            counts=_counts(self.walked.files),
            parameters=chosen,
            refusal=refusal or None,
            sizes=sizes_of(facts),
            formats=_common(each.format for each in facts),
            modes=_common(each.mode for each in facts),
            unreadable=tuple(self.damaged[:LISTED]),
            unreadable_count=len(self.damaged),
            ignored=tuple(self.walked.ignored[:LISTED]),
            ignored_count=len(self.walked.ignored),
            copies=find_copies(self._known(loaded)),
            uniform=tuple(str(row[0]) for row, each in self.readable if each.uniform)[:LISTED],
            uniform_count=sum(each.uniform for each in facts),
            looked_at=len(self.opened),
            files=len(self.walked.files),
            commands=tuple(
                advice.commands(
                    str(self.path), "image", chosen, Counter(row[2] for row, _ in self.readable)
                )
            ),
        )
        if loaded is not None:
            found = self._trainable(found, loaded)
        return found, self._sheet(found)

    def _loaded(self, chosen: dict[str, Any], locations: Locations) -> tuple[str, Loaded | None]:
        """Why it is refused as it was given, if it is; and with the choices that it needs."""
        try:
            dataset = own_dataset(self.path)
            refusal = ""
            if self.given != chosen:
                try:
                    dataset.made_with(self.given).load(locations)
                except DataError as error:
                    refusal = str(error)
            loaded = load(dataset.made_with(chosen), chosen, locations)
            return refusal or loaded.refusal, loaded
        except DataError as error:
            return str(error), None

    def _trainable(self, found: DatasetInspection, loaded: Loaded) -> DatasetInspection:
        counts = loaded.counts
        refusal = found.refusal
        dataset = loaded.dataset
        notes = dataset.notes
        if self.damaged:
            refusal = (
                f"{len(self.damaged):,} files cannot be read, and training stops at the first of them. "
                "Repair them, or move them away."
            )
        else:
            try:
                notes = loaded.notes(copies=False)
            except DataError as error:  # a damaged file that was not among those drawn
                refusal = str(error)
        return replace(
            found,
            layout=dataset.layout,
            shape=dataset.shape,
            classes=dataset.classes,
            counts=counts,
            parameters=loaded.parameters,
            refusal=refusal,
            notes=notes,
            commands=tuple(
                advice.commands(
                    str(self.path),
                    dataset.layout,
                    loaded.parameters,
                    counts["train"],
                    dataset.recipe,
                )
            ),
        )

    def _known(self, loaded: Loaded | None) -> list[Known]:
        """The images that can be read, each in the split that it would be in."""
        split_of = {
            file: split
            for split, x, _ in (loaded.splits if loaded else ())
            for file in getattr(x, "files", ())
        }
        numbers = {name: number for number, name in enumerate(_class_names(self.walked.files))}
        return [
            Known(str(file), split_of.get(file, split), numbers[name], each.digest)
            for (file, split, name), each in self.readable
        ]

    def _sheet(self, found: DatasetInspection) -> Image.Image | None:
        """Of files that can be read, as they would be trained on."""
        if not self.readable:
            return None
        classes = found.classes
        labels = np.array([classes.index(row[2]) for row, _ in self.readable], np.int32)
        places = sample_sheet.chosen(labels, len(classes))
        shape = found.shape or (SHEET_SIDE, SHEET_SIDE, 3)
        background: Background = (
            "black" if found.parameters.get("background") == "black" else "white"
        )
        reader = Reader(shape, found.parameters.get("resize") or "fit", background)
        pictures, kept = [], []
        for place in places:
            try:
                pictures.append(reader.read(self.readable[place][0][0]))
                kept.append(labels[place])
            except ZooError:  # of a kind that is refused: 32-bit pixels
                continue
        if not pictures:
            return None
        return sample_sheet.sheet_of(np.stack(pictures), np.array(kept), classes, "image")


Row = tuple[Path, str, str]


def _drawn(files: Sequence[Row], sample: int | None) -> list[Row]:
    if sample is None or sample >= len(files):
        return list(files)
    numbers = np.random.Generator(np.random.Philox(0)).permutation(len(files))[:sample]
    return [files[number] for number in sorted(numbers.tolist())]


def _class_names(files: Sequence[Row]) -> list[str]:
    return sorted({name for _, _, name in files})


def _counts(files: Sequence[Row]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for _, split, name in files:
        found.setdefault(split, Counter())[name] += 1
    return {split: dict(sorted(counts.items())) for split, counts in found.items()}


def _common(values: Any) -> dict[str, int]:
    return dict(Counter(values).most_common())
