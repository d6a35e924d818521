"""Checksums of samples that are read from files."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from zoo.datasets.folders import in_nfc


def digest_of(file: Path) -> bytes:
    """SHA-256 of a file's bytes."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()


def checksum_of_files(
    reading: Any, root: Path, files: Sequence[Path], digests: Iterable[bytes]
) -> str:
    """SHA-256 of how files are read, of their names and of their bytes.

    Args:
        reading: how; its `repr` tells all that determines the samples.
        root: the folder of all files, to which their names are relative.
        digests: of each file.
    """
    whole = hashlib.sha256(repr(reading).encode())
    for file, digest in zip(files, digests, strict=True):
        whole.update(in_nfc(file.relative_to(root).as_posix()).encode())
        whole.update(digest)
    return whole.hexdigest()
