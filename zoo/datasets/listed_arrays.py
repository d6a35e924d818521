"""The arrays of a dataset whose files are listed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from zoo.datasets.dataset import Arrays
from zoo.datasets.image_listing import Listing
from zoo.datasets.samples import Samples
from zoo.datasets.split import hold_out_test


def arrays_of(
    listing: Listing, samples: Callable[[Sequence[Path]], Samples], noun: str, remedy: str
) -> Arrays:
    """Samples and labels of each split; without a test set, a fifth of the files is held out.

    Args:
        samples: makes the samples of some files.
        noun, remedy: as for `hold_out_test`.

    Raises:
        DataError: a class has too few files to hold some out.
    """
    parts, groups = dict(listing.files), listing.groups
    if "test" not in parts:
        files, labels = parts["train"]
        train, test = hold_out_test(labels, listing.classes, listing.path, noun, remedy, groups)
        groups = None if groups is None else groups[train]
        for split, kept in (("train", train), ("test", test)):
            parts[split] = ([files[each] for each in kept], labels[kept])
    made = {split: (samples(files), labels) for split, (files, labels) in parts.items()}
    source = str(listing.path.resolve())
    arrays = Arrays(*made["train"], *made["test"], source, *made.get("validation", ()))
    return replace(arrays, groups=groups)
