"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009): their files in both of the published forms."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.published import again, check_each_md5, check_md5, in_archive, in_folder
from zoo.errors import DataError

if TYPE_CHECKING:
    import numpy as np

MIRROR = "https://www.cs.toronto.edu/~kriz/"
PIXELS = 3 * 32 * 32
MOST_BYTES = 2**28
"""More than any file of them has."""


@dataclass(frozen=True)
class Form:
    """One way in which a dataset was published.

    Args:
        archive, md5: the packed file and its MD5.
        folder: what it unpacks to.
        train, test: the files in it.
        md5s: of these files, where they are published.
    """

    archive: str
    md5: str
    folder: str
    train: tuple[str, ...]
    test: str
    md5s: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.train, self.test)


@dataclass(frozen=True)
class Cifar:
    """One of the two datasets.

    Args:
        pickled, binary: its two forms.
        key: what the labels are called in a pickle.
        label_bytes: before each image in the binary form; the last one is the class.
        sizes: of the training and the test set.
    """

    name: str
    classes: tuple[str, ...]
    pickled: Form
    binary: Form
    key: str
    label_bytes: int
    sizes: tuple[int, int] = (50_000, 10_000)

    def places(self, locations: Locations) -> Iterator[Path]:
        """Folders and archives that may hold the dataset, in the order they are tried."""
        forms = (self.pickled, self.binary)
        if root := locations.data_dir:
            dashed = self.name.replace("cifar", "cifar-")
            for folder in (root, root / self.name, root / dashed):
                yield from (folder / form.folder for form in forms)
                yield folder
                yield from (folder / form.archive for form in forms)
        yield locations.cache / self.name / self.pickled.archive
        packed = self.pickled.folder
        yield locations.keras / packed
        yield locations.keras / f"{packed}-target" / packed
        yield locations.keras / f"{packed}.tar.gz"
        for form in forms:
            yield locations.torchvision / form.folder
            yield locations.torchvision / form.archive

    def find(self, locations: Locations) -> Path | None:
        """Find the first folder with all files, or archive. Only names are looked at."""
        for place in self.places(locations):
            if place.is_file() or self._form_of(place):
                return place
        return None

    def _form_of(self, folder: Path) -> Form | None:
        for form in (self.pickled, self.binary):
            if all((folder / name).is_file() for name in form.names):
                return form
        return None

    def fetch(self, locations: Locations) -> Path:
        from zoo.datasets.download import fetch

        check = partial(check_md5, md5=self.pickled.md5, dataset=self.name)
        folder = locations.cache / self.name
        return fetch(folder, self.name, {self.pickled.archive: check}, (MIRROR,))

    def load(self, locations: Locations) -> Arrays:
        import numpy as np

        from zoo.datasets.download import fetch_or_explain

        if not (place := self.find(locations)):
            wanted = f"{self.pickled.archive} or the folder {self.pickled.folder}"
            looked = self.places(locations)
            fetch_or_explain(self.name, self.fetch, locations, looked, wanted)
            place = locations.cache / self.name / self.pickled.archive
        form, contents = self._contents(place)
        read = self.read_pickled if form is self.pickled else self.read_binary
        rows = (self.sizes[0] // len(form.train),) * len(form.train)
        train = [
            read(contents[name], n, str(place / name))
            for name, n in zip(form.train, rows, strict=True)
        ]
        x_test, y_test = read(contents[form.test], self.sizes[1], str(place / form.test))
        x, y = (np.concatenate(parts) for parts in zip(*train, strict=True))
        return Arrays(x, y, x_test, y_test, str(place))

    def _contents(self, place: Path) -> tuple[Form, dict[str, bytes]]:
        """The files' contents, whose checksums are the published ones."""
        if form := self._form_of(place):
            contents = in_folder(place, form.names, MOST_BYTES)
            check_each_md5(contents, form.md5s, place, self.name)
            return form, contents
        form = self.binary if place.name == self.binary.archive else self.pickled
        check_md5(place, form.md5, self.name)
        return form, in_archive(place, form.names, MOST_BYTES)

    def read_pickled(
        self, content: bytes, rows: int, where: str
    ) -> "tuple[np.ndarray, np.ndarray]":
        """The images `(rows, 32, 32, 3)` and labels of one pickled batch.

        Raises:
            DataError: it is damaged, or holds something else.
        """
        import numpy as np

        from zoo.datasets.numpy_pickle import Array, read_pickle

        found = read_pickle(content, where)
        data, labels = found.get("data"), found.get(self.key)
        try:
            if not isinstance(data, Array) or not isinstance(labels, list):
                raise ValueError(f"it lacks data or {self.key}")
            if not all(type(each) is int for each in labels):
                raise ValueError("a label is no whole number")
            return self._checked(data.read(rows, PIXELS), np.array(labels, "int64"))
        except (ValueError, OverflowError) as error:
            raise DataError(f"{where}: is damaged ({error}). {again(self.name)}") from error

    def read_binary(self, content: bytes, rows: int, where: str) -> "tuple[np.ndarray, np.ndarray]":
        """The same of one binary batch.

        Raises:
            DataError: as `read_pickled`.
        """
        import numpy as np

        width = self.label_bytes + PIXELS
        try:
            if len(content) != rows * width:
                raise ValueError(f"it has {len(content):,} bytes, not {rows * width:,}")
            table = np.frombuffer(content, np.uint8).reshape(rows, width)
            return self._checked(table[:, self.label_bytes :], table[:, self.label_bytes - 1])
        except ValueError as error:
            raise DataError(f"{where}: is damaged ({error}). {again(self.name)}") from error

    def _checked(
        self, images: "np.ndarray", labels: "np.ndarray"
    ) -> "tuple[np.ndarray, np.ndarray]":
        import numpy as np

        if len(labels) != len(images):
            raise ValueError(f"it has {len(images):,} images and {len(labels):,} labels")
        if labels.min() < 0 or labels.max() >= len(self.classes):
            raise ValueError(f"labels from {labels.min()} to {labels.max()}")
        x = images.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(x), labels.astype("int32")

    def dataset(self, summary: str) -> Dataset:
        """The dataset as `zoo datasets` lists it."""
        return Dataset(
            name=self.name,
            classes=self.classes,
            layout="image",
            shape=(32, 32, 3),
            load=self.load,
            summary=summary,
            origin="https://www.cs.toronto.edu/~kriz/cifar.html",
            licence="not stated",
            find=self.find,
            fetch=self.fetch,
        )


_BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}

CIFAR10_FILES = Cifar(
    name="cifar10",
    classes=(
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
    pickled=Form(
        "cifar-10-python.tar.gz",
        "c58f30108f718f92721af3b95e74349a",
        "cifar-10-batches-py",
        tuple(_BATCHES)[:5],
        "test_batch",
        _BATCHES,
    ),
    binary=Form(
        "cifar-10-binary.tar.gz",
        "c32a1d4ab5d03f1284b67883e8d87530",
        "cifar-10-batches-bin",
        tuple(f"{name}.bin" for name in tuple(_BATCHES)[:5]),
        "test_batch.bin",
        {},
    ),
    key="labels",
    label_bytes=1,
)

CIFAR100_FILES = Cifar(
    name="cifar100",
    classes=(
        *("apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle"),
        *("bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle"),
        *("caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach"),
        *("couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish"),
        *("forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp"),
        *("lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree"),
        *("motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid"),
        *("otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy"),
        *(
            "porcupine",
            "possum",
            "rabbit",
            "raccoon",
            "ray",
            "road",
            "rocket",
            "rose",
            "sea",
            "seal",
        ),
        *("shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel"),
        *("streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone"),
        *("television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe"),
        *("whale", "willow_tree", "wolf", "woman", "worm"),
    ),
    pickled=Form(
        "cifar-100-python.tar.gz",
        "eb9058c3a382ffc7106e4002c42a8d85",
        "cifar-100-python",
        ("train",),
        "test",
        {
            "train": "16019d7e3df5f24257cddd939b257f8d",
            "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
        },
    ),
    binary=Form(
        "cifar-100-binary.tar.gz",
        "03b5dce01913d631647c71ecec9e9cb8",
        "cifar-100-binary",
        ("train.bin",),
        "test.bin",
        {},
    ),
    key="fine_labels",
    label_bytes=2,
)

CIFAR10 = CIFAR10_FILES.dataset("60,000 photographs of ten kinds of things, 32×32, colour")
CIFAR100 = CIFAR100_FILES.dataset("60,000 photographs of a hundred kinds of things, 32×32, colour")
