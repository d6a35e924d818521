"""Files as their publishers packed them: found in folders or archives, and checked by their MD5."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from zoo.datasets.bounds import check_regular
from zoo.errors import DataError


def again(dataset: str) -> str:
    """What to do about a damaged file."""
    return f"Delete it and type: zoo datasets fetch {dataset}."


def check_md5(path: Path, md5: str, dataset: str) -> None:
    """
    Raises:
        DataError: the file's MD5 is not the published one.
    """
    check_regular(path)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, _md5).hexdigest()
    if found != md5:
        raise DataError(
            f"{path}: its checksum differs from the published one (MD5 {md5}). {again(dataset)}"
        )


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)


def md5_of(content: bytes) -> str:
    """The MD5 of bytes, as publishers of data give it: against damage, not against forgery."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def packed_or_plain(folder: Path, stem: str) -> Path | None:
    """The file `stem.gz` or `stem`; the packed one first, as it has a published checksum."""
    return next((p for p in (folder / f"{stem}.gz", folder / stem) if p.is_file()), None)


def in_folder(folder: Path, names: Iterable[str], most: int) -> dict[str, bytes]:
    """The contents of files, each of at most `most` bytes.

    Raises:
        DataError: one is missing, larger, or cannot be read.
    """
    found = {}
    for name in names:
        path = folder / name
        check_regular(path)
        if path.stat().st_size > most:
            raise DataError(
                f"{path}: has {path.stat().st_size:,} bytes; at most {most:,} belong there."
            )
        try:
            found[name] = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error
    return found


def in_archive(archive: Path, names: Iterable[str], most: int) -> dict[str, bytes]:
    """The same of files in a tar or zip archive, in whatever folder of it; nothing is unpacked to disk.

    Raises:
        DataError: one is missing or larger, or the archive is damaged.
    """
    import zipfile  # slow to import, and every command names the datasets

    wanted = set(names)
    check_regular(archive)
    try:
        reads = _in_zip if zipfile.is_zipfile(archive) else _in_tar
        found = reads(archive, wanted, most)
    except DataError:
        raise
    except Exception as error:  # tarfile's, zipfile's, or their decompressors'
        raise DataError(f"{archive}: is truncated or damaged ({error}).") from error
    if missing := sorted(wanted - set(found)):
        raise DataError(f"{archive}: lacks {missing[0]}.")
    return found


def _in_tar(archive: Path, wanted: set[str], most: int) -> dict[str, bytes]:
    import tarfile

    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            if name in wanted and member.isfile():
                _check_size(archive, name, member.size, most)
                file = tar.extractfile(member)
                found[name] = file.read() if file else b""
            if len(found) == len(wanted):
                break
    return found


def _in_zip(archive: Path, wanted: set[str], most: int) -> dict[str, bytes]:
    import zipfile

    found = {}
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            name = PurePosixPath(member.filename).name
            if name in wanted and "__MACOSX" not in member.filename:
                _check_size(archive, name, member.file_size, most)
                with packed.open(member) as file:
                    found[name] = file.read(most + 1)
                _check_size(archive, name, len(found[name]), most)
    return found


def _check_size(archive: Path, name: str, size: int, most: int) -> None:
    if size > most:
        raise DataError(f"{archive}: {name} has {size:,} bytes; at most {most:,} belong there.")


def check_each_md5(
    contents: Mapping[str, bytes], md5s: Mapping[str, str], where: Path, dataset: str
) -> None:
    """
    Raises:
        DataError: a file's MD5 is not the published one; the message names the file.
    """
    for name, content in contents.items():
        if name in md5s and md5_of(content) != md5s[name]:
            raise DataError(
                f"{where / name}: its checksum differs from the published one (MD5 {md5s[name]}). "
                f"{again(dataset)}"
            )
