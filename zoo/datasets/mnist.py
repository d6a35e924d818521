"""MNIST and Fashion-MNIST: where their files may lie, and reading them with checksums."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.published import again, packed_or_plain
from zoo.errors import DataError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class _File:
    stem: str
    gz_sha256: str
    """Of the published .gz file, for downloads."""
    sha256: str
    """Of the elements alone: the same whether they come gzipped, plain or in an npz."""


@dataclass(frozen=True)
class _Source:
    """An MNIST-like dataset: its four files and where they may be."""

    name: str
    files: dict[str, _File]
    mirrors: tuple[str, ...]
    torchvision: str
    npz: str
    centred: bool = False

    def places(self, locations: Locations) -> Iterator[Path]:
        """Folders and npz files that may hold the dataset, in the order they are tried."""
        if root := locations.data_dir:
            dashed = self.name.replace("_", "-")
            yield root
            yield from (root / name for name in dict.fromkeys((self.name, dashed)))
            yield root / self.npz
            yield root / self.torchvision / "raw"
        yield locations.cache / self.name
        yield locations.keras / self.npz
        yield locations.keras / self.name.replace("_", "-")
        yield locations.torchvision / self.torchvision / "raw"

    def find(self, locations: Locations) -> Path | None:
        """Find the first folder or npz that has the dataset. Only file names are checked, except for an
        explicit npz, which must hold the four arrays' names."""
        for place in self.places(locations):
            if place.suffix == ".npz" and place.is_file():
                return place
            if all(packed_or_plain(place, each.stem) for each in self.files.values()):
                return place
        return None

    def fetch(self, locations: Locations) -> Path:
        from zoo.datasets.download import fetch

        wanted = {f"{each.stem}.gz": each.gz_sha256 for each in self.files.values()}
        return fetch(locations.cache / self.name, self.name, wanted, self.mirrors)

    def load(self, locations: Locations) -> Arrays:
        from zoo.datasets.download import fetch_or_explain

        wanted = ", ".join(f"{each.stem}.gz" for each in self.files.values())
        place = self.find(locations) or fetch_or_explain(
            self.name, self.fetch, locations, self.places(locations), wanted
        )
        read = self._read_npz if place.suffix == ".npz" else self._read_folder
        arrays = read(place)
        for key, array in arrays.items():
            if hashlib.sha256(array.data).hexdigest() != self.files[key].sha256:
                raise DataError(
                    f"{place}: {key} is not that of {self.name}: its checksum differs from the "
                    f"published one. {again(self.name)} (Put data of your own in a file: "
                    "`dataset='mine.npz'`.)"
                )
        return Arrays(
            arrays["x_train"][..., None],
            arrays["y_train"].astype("int32"),
            arrays["x_test"][..., None],
            arrays["y_test"].astype("int32"),
            str(place),
        )

    def _read_folder(self, folder: Path) -> "dict[str, np.ndarray]":
        from zoo.datasets.idx import read_idx

        ranks = {"x": 3, "y": 1}
        found = {key: packed_or_plain(folder, each.stem) for key, each in self.files.items()}
        return {key: read_idx(path, ranks[key[0]]) for key, path in found.items() if path}

    def _read_npz(self, path: Path) -> "dict[str, np.ndarray]":
        from zoo.datasets.npz_file import open_npz

        with open_npz(path) as archive:
            if missing := sorted(set(self.files) - set(archive)):
                raise DataError(f"{path}: lacks {', '.join(missing)}; it is no {self.name}.")
            return {key: archive[key] for key in self.files}


def _dataset(
    source: _Source, classes: tuple[str, ...], summary: str, origin: str, licence: str
) -> Dataset:
    return Dataset(
        name=source.name,
        classes=classes,
        layout="image",
        shape=(28, 28, 1),
        load=source.load,
        summary=summary,
        origin=origin,
        licence=licence,
        find=source.find,
        fetch=source.fetch,
        polarity="light on dark",
        centred=source.centred,
    )


MNIST_FILES = _Source(
    name="mnist",
    files={
        "x_train": _File(
            "train-images-idx3-ubyte",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        ),
        "y_train": _File(
            "train-labels-idx1-ubyte",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        ),
        "x_test": _File(
            "t10k-images-idx3-ubyte",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        ),
        "y_test": _File(
            "t10k-labels-idx1-ubyte",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        ),
    },
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    torchvision="MNIST",
    npz="mnist.npz",
    centred=True,
)
MNIST = _dataset(
    MNIST_FILES,
    classes=tuple("0123456789"),
    summary="70,000 handwritten digits, 28×28, grey",
    origin="http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0",
)

FASHION_MNIST_FILES = _Source(
    name="fashion_mnist",
    files={
        "x_train": _File(
            "train-images-idx3-ubyte",
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        ),
        "y_train": _File(
            "train-labels-idx1-ubyte",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        ),
        "x_test": _File(
            "t10k-images-idx3-ubyte",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        ),
        "y_test": _File(
            "t10k-labels-idx1-ubyte",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        ),
    },
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    torchvision="FashionMNIST",
    npz="fashion_mnist.npz",
)
FASHION_MNIST = _dataset(
    FASHION_MNIST_FILES,
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    summary="70,000 garments, 28×28, grey",
    origin="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
)
