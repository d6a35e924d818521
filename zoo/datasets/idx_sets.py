"""KMNIST and EMNIST: datasets in MNIST's file format whose pixels have no published checksum."""

import gzip
import hashlib
import io
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.mnist import FASHION_MNIST_FILES, MNIST_FILES
from zoo.datasets.published import again, check_md5, in_archive, packed_or_plain
from zoo.errors import DataError

if TYPE_CHECKING:
    import numpy as np

MOST_PACKED = 2**28
"""Bytes of one gzipped file, at most."""


@dataclass(frozen=True)
class IdxSet:
    """Four IDX files, or an archive of them.

    Args:
        name: of the dataset.
        family: of its folders and its mirror: `kmnist`.
        torchvision: what torchvision calls its folder.
        stems: of `x_train`, `y_train`, `x_test`, `y_test`: the files without `.gz`.
        sizes: of the training and the test set.
        md5s: of the published `.gz` files; empty: `archive` has one.
        archive, archive_md5: a zip file with the `.gz` files, or empty.
        mirror: where they are published.
        first: the smallest label in the files.
        transposed: whether images are stored with rows and columns exchanged.
        others: SHA-256 of what lies in files of the same names of other datasets, and its name.
    """

    name: str
    family: str
    torchvision: str
    classes: tuple[str, ...]
    stems: Mapping[str, str]
    sizes: tuple[int, int]
    mirror: str
    md5s: Mapping[str, str] = field(default_factory=dict)
    archive: str = ""
    archive_md5: str = ""
    first: int = 0
    transposed: bool = False
    others: Mapping[str, str] = field(default_factory=dict)

    def places(self, locations: Locations) -> Iterator[Path]:
        """Folders and archives that may hold the dataset, in the order they are tried."""
        if root := locations.data_dir:
            dashed = self.name.replace("_", "-")
            named = dict.fromkeys((self.name, dashed, self.family))
            for folder in (root, *(root / name for name in named)):
                yield from (folder, folder / "gzip")
                if self.archive:
                    yield folder / self.archive
            yield root / self.torchvision / "raw"
        yield locations.cache / self.family / self.archive
        yield locations.keras / self.family
        yield locations.torchvision / self.torchvision / "raw"
        if self.archive:
            yield locations.torchvision / self.torchvision / "raw" / self.archive

    def find(self, locations: Locations) -> Path | None:
        """Find the first archive, or folder with all files. Only names are looked at."""
        for place in self.places(locations):
            if self.archive and place.name == self.archive and place.is_file():
                return place
            if all(packed_or_plain(place, stem) for stem in self.stems.values()):
                return place
        return None

    def fetch(self, locations: Locations) -> Path:
        from zoo.datasets.download import fetch

        wanted = {self.archive: self.archive_md5} if self.archive else self.md5s
        checks = {
            name: partial(check_md5, md5=md5, dataset=self.name) for name, md5 in wanted.items()
        }
        return fetch(locations.cache / self.family, self.family, checks, (self.mirror,))

    def load(self, locations: Locations) -> Arrays:
        from zoo.datasets.download import fetch_or_explain

        place = self.find(locations)
        if not place:
            wanted = self.archive or ", ".join(self.md5s)
            looked = self.places(locations)
            fetch_or_explain(self.name, self.fetch, locations, looked, wanted)
            place = locations.cache / self.family / self.archive
        read = self._read_archive if place.is_file() else self._read_folder
        found = read(place)
        for key, array in found.items():
            self._check(key, array, place)
        x_train, x_test = (self._upright(found[key]) for key in ("x_train", "x_test"))
        y_train, y_test = (found[key].astype("int32") - self.first for key in ("y_train", "y_test"))
        return Arrays(x_train, y_train, x_test, y_test, str(place))

    def _read_folder(self, folder: Path) -> "dict[str, np.ndarray]":
        from zoo.datasets.idx import read_idx

        found = {}
        for key, stem in self.stems.items():
            path = packed_or_plain(folder, stem)
            assert path
            if path.name in self.md5s:
                check_md5(path, self.md5s[path.name], self.name)
            found[key] = read_idx(path, 3 if key[0] == "x" else 1)
        return found

    def _read_archive(self, archive: Path) -> "dict[str, np.ndarray]":
        check_md5(archive, self.archive_md5, self.name)
        names = {f"{stem}.gz": key for key, stem in self.stems.items()}
        return {
            names[name]: _unpacked(content, f"{archive}: {name}", names[name])
            for name, content in in_archive(archive, names, MOST_PACKED).items()
        }

    def _check(self, key: str, array: "np.ndarray", place: Path) -> None:
        size = self.sizes[key.endswith("test")]
        wanted = (size, 28, 28) if key[0] == "x" else (size,)
        where = f"{place}: {self.stems[key]}"
        if array.shape != wanted:
            raise DataError(f"{where} has shape {array.shape}; that of {self.name} is {wanted}.")
        if other := self.others.get(hashlib.sha256(array.data).hexdigest()):
            raise DataError(f"{where} is that of {other}, not of {self.name}.")
        if key[0] == "y":
            last = self.first + len(self.classes) - 1
            if array.min() < self.first or array.max() > last:
                raise DataError(
                    f"{where} has labels from {array.min()} to {array.max()}; those of {self.name} run "
                    f"from {self.first} to {last}. {again(self.name)}"
                )

    def _upright(self, images: "np.ndarray") -> "np.ndarray":
        import numpy as np

        turned = images.transpose(0, 2, 1) if self.transposed else images
        return np.ascontiguousarray(turned)[..., None]

    def dataset(self, summary: str, origin: str, licence: str) -> Dataset:
        """The dataset as `zoo datasets` lists it."""
        return Dataset(
            name=self.name,
            classes=self.classes,
            layout="image",
            shape=(28, 28, 1),
            load=self.load,
            summary=summary,
            origin=origin,
            licence=licence,
            find=self.find,
            fetch=self.fetch,
            polarity="light on dark",
        )


def _unpacked(content: bytes, where: str, key: str) -> "np.ndarray":
    from zoo.datasets.idx import parse_idx

    with gzip.open(io.BytesIO(content)) as file:
        return parse_idx(cast(BinaryIO, file), where, 3 if key[0] == "x" else 1, len(content))


def _stems(prefix: str, test: str) -> dict[str, str]:
    return {
        "x_train": f"{prefix}train-images-idx3-ubyte",
        "y_train": f"{prefix}train-labels-idx1-ubyte",
        "x_test": f"{prefix}{test}-images-idx3-ubyte",
        "y_test": f"{prefix}{test}-labels-idx1-ubyte",
    }


_OTHERS = {
    source.files[key].sha256: source.name
    for source in (MNIST_FILES, FASHION_MNIST_FILES)
    for key in ("x_train", "x_test")
}
"""The SHA-256 of the images of datasets whose files have the names of KMNIST's."""

KMNIST_FILES = IdxSet(
    name="kmnist",
    family="kmnist",
    torchvision="KMNIST",
    classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    stems=_stems("", "t10k"),
    sizes=(60_000, 10_000),
    mirror="http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    md5s={
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    },
    others=_OTHERS,
)


def _emnist(split: str, classes: str, sizes: tuple[int, int], first: int = 0) -> IdxSet:
    return IdxSet(
        name=f"emnist_{split}",
        family="emnist",
        torchvision="EMNIST",
        classes=tuple(classes),
        stems=_stems(f"emnist-{split}-", "test"),
        sizes=sizes,
        mirror="https://biometrics.nist.gov/cs_links/EMNIST/",
        archive="gzip.zip",
        archive_md5="58c8d27c78d21e728a6bc7b3cc06412e",
        first=first,
        transposed=True,
    )


EMNIST_BALANCED_FILES = _emnist(
    "balanced", string.digits + string.ascii_uppercase + "abdefghnqrt", (112_800, 18_800)
)
EMNIST_LETTERS_FILES = _emnist("letters", string.ascii_lowercase, (124_800, 20_800), first=1)

_NIST = "https://www.nist.gov/itl/products-and-services/emnist-dataset"
KMNIST = KMNIST_FILES.dataset(
    "70,000 characters of old Japanese handwriting, 28×28, grey",
    "https://github.com/rois-codh/kmnist",
    "CC BY-SA 4.0",
)
EMNIST_BALANCED = EMNIST_BALANCED_FILES.dataset(
    "131,600 handwritten digits and letters, 28×28, grey", _NIST, "not stated"
)
EMNIST_LETTERS = EMNIST_LETTERS_FILES.dataset(
    "145,600 handwritten letters, capitals and small ones together, 28×28, grey",
    _NIST,
    "not stated",
)
