"""Writing arrays, lazy ones too, to an `.npz` file without holding it in memory."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from zoo import atomic
from zoo.datasets.samples import Samples, Stored, blocks


def write_npz(path: Path, arrays: Mapping[str, Stored]) -> None:
    """Write arrays as `numpy.savez` does; `Samples` block by block.

    Raises:
        OSError: it cannot be written; nothing is left.
    """

    def produce(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    _write(member, array)

    atomic.write(path, produce)


def _write(member: IO[bytes], array: Stored) -> None:
    if not isinstance(array, Samples):
        np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
        return
    descr = np.lib.format.dtype_to_descr(np.dtype(array.dtype))
    header = {"descr": descr, "fortran_order": False, "shape": tuple(array.shape)}
    np.lib.format.write_array_header_2_0(member, header)
    for block in blocks(array):
        member.write(np.ascontiguousarray(block, array.dtype).tobytes())
