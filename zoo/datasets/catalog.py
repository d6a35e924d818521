"""The available datasets, and finding one by name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.datasets.cifar import CIFAR10, CIFAR100
from zoo.datasets.dataset import Dataset
from zoo.datasets.digits import DIGITS
from zoo.datasets.idx_sets import EMNIST_BALANCED, EMNIST_LETTERS, KMNIST
from zoo.datasets.location import Locations
from zoo.datasets.mnist import FASHION_MNIST, MNIST
from zoo.datasets.moving import MOTION, MOVING_DIGITS
from zoo.datasets.speech_commands import SPEECH_COMMANDS
from zoo.datasets.spoken_digits import SPOKEN_DIGITS
from zoo.datasets.ucr import is_ucr, ucr_folder, ucr_hint
from zoo.errors import DataError, PluginError, UsageError
from zoo.suggest import unknown

if TYPE_CHECKING:
    from zoo.registry import Registry

BUILT_IN = {
    dataset.name: dataset
    for dataset in (
        *(MNIST, FASHION_MNIST, KMNIST, EMNIST_BALANCED, EMNIST_LETTERS, CIFAR10, CIFAR100, DIGITS),
        *(SPOKEN_DIGITS, SPEECH_COMMANDS, MOVING_DIGITS, MOTION),
    )
}


def all_datasets(registry: "Registry") -> dict[str, Dataset]:
    """The built-in datasets and those of plugins; imports all plugins."""
    found = dict(BUILT_IN)
    for dataset, plugin in registry.datasets():
        if dataset.name in found:
            raise PluginError(
                f"dataset {dataset.name!r} of {plugin.title} has the name of another one. "
                f"Uninstall the plugin or rename its dataset: pip uninstall {plugin.distribution}."
            )
        found[dataset.name] = dataset
    return found


def find_dataset(
    name: str, registry: "Registry", settings: Mapping[str, str] | None = None
) -> Dataset:
    """The dataset `name`, or the one in the file or folder `name`, with parameters as in `settings`.

    A folder with the name of a dataset needs a separator: `./mnist`.

    Raises:
        UsageError: there is no such dataset, parameter or value.
        DataError: the file or folder cannot be trained on.
    """
    return _find(name, registry).configured(settings or {})


def _find(name: str, registry: "Registry") -> Dataset:
    if is_ucr(name):
        return own_dataset(ucr_folder(name, Locations.of_user()))
    if is_own(name):
        return own_dataset(Path(name))
    if name in BUILT_IN:
        return BUILT_IN[name]
    known = all_datasets(registry)
    if name in known:
        return known[name]
    if Path(name).exists():
        return own_dataset(Path(name))
    then = ucr_hint(name) or "Or give FILE.npz or FOLDER; see zoo datasets."
    raise UsageError(unknown("dataset", name, known, then))


def is_own(name: str) -> bool:
    """Whether `name` is a path: it ends as files of data do, or has a separator."""
    from zoo.datasets.table_files import SUFFIXES

    return name.lower().endswith((".npz", ".ts", *SUFFIXES)) or os.sep in name


def own_dataset(path: Path) -> Dataset:
    """The user's own data: an `.npz` file, `.ts` files, tables, or a folder of images, recordings, clips.

    Raises:
        UsageError: it does not exist, or is a file of another type.
        DataError: the data cannot be trained on.
    """
    if path.suffix.lower() == ".npz":
        from zoo.datasets.npz import dataset_from_npz

        return dataset_from_npz(path)
    if not path.exists():
        raise UsageError(f"`dataset={str(path)!r}`: no such file or folder.")
    from zoo.datasets.time_series import dataset_from_ts, is_time_series

    if is_time_series(path):
        return dataset_from_ts(path)
    from zoo.datasets.table_files import is_table
    from zoo.datasets.tables import dataset_from_table

    if is_table(path):
        return dataset_from_table(path)
    if not path.is_dir():
        raise UsageError(f"`dataset={str(path)!r}`: {_other_file(path)}")
    return _of_folder(path)


def _of_folder(path: Path) -> Dataset:
    from zoo.datasets.film_folders import dataset_from_films, holds_films
    from zoo.datasets.folders import check_level, folders
    from zoo.datasets.image_folders import dataset_from_images
    from zoo.datasets.image_listing import TABLE, holds_images
    from zoo.datasets.recording_listing import holds_recordings
    from zoo.datasets.recordings import dataset_from_recordings
    from zoo.datasets.video import dataset_from_video

    if (path / TABLE).is_file():
        return _of_table(path)
    if not folders(path):
        if table := _a_table(path):
            raise UsageError(f"{path}: has no train.csv; give a file, `dataset={str(table)!r}`.")
        raise DataError(
            f"{path}: has no classes: make a folder for each, with its images, CLASS/*.png, its "
            "recordings, CLASS/*.wav, or its clips, CLASS/*.mp4 or CLASS/CLIP/FRAME.png."
        )
    check_level(path)
    if holds_recordings(path):
        return dataset_from_recordings(path)
    if holds_films(path):
        return dataset_from_films(path)
    return dataset_from_images(path) if holds_images(path) else dataset_from_video(path)


def _a_table(folder: Path) -> Path | None:
    from zoo.datasets.folders import entries
    from zoo.datasets.table_files import is_table

    return next((each for each in entries(folder) if each.is_file() and is_table(each)), None)


def _of_table(path: Path) -> Dataset:
    """The files that `path/labels.csv` lists: by the first, images, recordings or films."""
    from zoo.datasets import film, sound_file
    from zoo.datasets.animation import is_animated
    from zoo.datasets.film_folders import dataset_from_films
    from zoo.datasets.image_folders import dataset_from_images
    from zoo.datasets.image_listing import TABLE
    from zoo.datasets.image_table import first_listed
    from zoo.datasets.recordings import dataset_from_recordings

    first = first_listed(path / TABLE)
    suffix = first.suffix.lower() if first else ""
    if suffix in sound_file.SUFFIXES:
        return dataset_from_recordings(path)
    if first and (suffix in film.VIDEOS or is_animated(first)):
        return dataset_from_films(path)
    return dataset_from_images(path)


_TABLES = (".feather", ".xls", ".xlsx", ".json", ".data")
_ARRAYS = (".npy", ".h5", ".hdf5", ".mat", ".pkl", ".pickle", ".pt", ".pth", ".tfrecord", ".arrow")
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")


def _other_file(path: Path) -> str:
    """Why a file is not a dataset, and how to convert it."""
    suffix = path.suffix.lower()
    save = 'numpy.savez("mine.npz", x_train=x, y_train=y)'
    if suffix == ".arff":
        return (
            "is a .arff file, which is not read; the archives of time series have the same as "
            "NAME_TRAIN.ts and NAME_TEST.ts: give those."
        )
    if suffix in _TABLES:
        return f"is a {suffix} file, which is not read; save it as CSV, Parquet, .ts or .npz."
    if suffix in _ARRAYS:
        return (
            f"is a {suffix} file; a dataset is an .npz file or a folder. Read it and save: {save}."
        )
    if suffix in _PACKED:
        return "is packed; unpack it and give the folder, FOLDER/CLASS/..., or an .npz file in it."
    return f"is no .npz file and no folder. Save arrays with {save}."
