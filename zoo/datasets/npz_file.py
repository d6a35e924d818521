"""Reading `.npz` files lazily, without pickle and within memory limits."""

import contextlib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from zoo.archives import Npz, Objects, Unfit
from zoo.datasets.bounds import check_expansion, check_regular, check_total
from zoo.errors import DataError

_ONE_ARRAY = b"\x93NUMPY"
_SAVE_AGAIN = "Save it again with numpy.savez."


class NpzFile(Mapping[str, np.ndarray]):
    """The arrays of an open archive by name; each is checked, then read, when it is asked for.

    Taking one raises DataError, which names it: it is damaged, holds Python objects, is there twice,
    or is larger than is allowed.
    """

    def __init__(self, path: Path, archive: Npz):
        self._path, self._archive = path, archive
        self._taken: dict[str, int] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._archive)

    def __len__(self) -> int:
        return len(self._archive)

    def __contains__(self, name: object) -> bool:
        return name in self._archive

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            self._archive.header(name)
            self._check_bounds(name)
            return self._archive[name]
        except Objects as error:
            raise DataError(
                f"{self._path}: {error}. Save numbers, all samples of one shape, "
                f"numpy.stack(samples); text as text, {name}.astype(str)."
            ) from error
        except Unfit as error:
            raise DataError(f"{self._path}: {error}. {_SAVE_AGAIN}") from error
        except MemoryError as error:
            raise DataError(f"{self._path}: {name} takes more memory than there is.") from error

    def _check_bounds(self, name: str) -> None:
        size, packed = self._archive.packed(name)
        self._taken[name] = size
        check_total(self._path, sum(self._taken.values()))
        again = "If it is meant to, save it with numpy.savez, uncompressed."
        check_expansion(f"{self._path}: {name}", size, packed, again)


@contextlib.contextmanager
def open_npz(path: Path) -> Iterator[NpzFile]:
    """Open an archive without reading its arrays.

    More than `ZOO_MAX_DATA_MIB` (4,096) is refused, and arrays that unpack to more than 200 times what
    lies in the file.

    Raises:
        DataError: it is missing, no regular file, no npz, or damaged.
    """
    check_regular(path)
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            if file.read(len(_ONE_ARRAY)) == _ONE_ARRAY:
                raise DataError(f"{path}: holds one array; save with numpy.savez(x_train=...).")
            archive = Npz(stack.enter_context(zipfile.ZipFile(file)))
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error
        except Unfit as error:
            raise DataError(f"{path}: {error}. {_SAVE_AGAIN}") from error
        except DataError:
            raise
        except Exception as error:  # zipfile has no one error for damaged directories
            raise DataError(f"{path}: is no npz file or is damaged ({error}).") from error
        yield NpzFile(path, archive)
