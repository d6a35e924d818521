"""The Free Spoken Digit Dataset: where it may lie, reading it with checksums, and its splits.

Its repository's tag v1.0.10 has 3,000 recordings: ten digits, said fifty times each by six speakers.
`spoken_digits.sha256` lists them, as `sha256sum recordings/*.wav` prints it.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.sound_reading import SoundReading
from zoo.errors import DataError

NAME = "spoken_digits"
ARCHIVE = "v1.0.10.tar.gz"
MIRRORS = ("https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/",)
PACKED = ("recordings.tar.xz", "recordings.tar.gz", ARCHIVE)
FOLDERS = ("spoken-digits", NAME, "free-spoken-digit-dataset")

RATE = 8000
"""Samples per second of every recording."""
SHAPE = (64, 40)
"""Steps and bands: 64 steps are 1.024 s, which 99.5 % of the recordings fit into."""
OFFICIAL_TEST = range(5)
"""Which of the fifty recordings of a speaker and a digit are the official test set."""

Split = Literal["official", "george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
_NEXT = f"Delete it and type: zoo datasets fetch {NAME}."


@dataclass(frozen=True)
class Recording:
    """One of the published files, `<digit>_<speaker>_<index>.wav`."""

    name: str
    sha256: str

    @property
    def digit(self) -> int:
        return int(self.name[0])

    def tests(self, split: Split) -> bool:
        """Whether it belongs to the test set of `split`."""
        _, speaker, index = self.name.removesuffix(".wav").split("_")
        return int(index) in OFFICIAL_TEST if split == "official" else speaker == split


@cache
def published() -> tuple[Recording, ...]:
    """All recordings, in loading order."""
    lines = (files("zoo.datasets") / "spoken_digits.sha256").read_text("ascii").splitlines()
    words = (line.split() for line in lines)
    return tuple(Recording(PurePosixPath(name).name, sha256) for sha256, name in words)


def spoken_digits(
    *,
    split: Annotated[
        Split,
        "the test set: official (recordings 0 to 4 of each speaker and digit), or a speaker, all of "
        "whose recordings are held out",
    ] = "official",
) -> Dataset:
    """Spoken digits as log-mel spectrograms (`zoo.datasets.spectrogram`): rows, uint8."""
    held_out = "300 of known speakers" if split == "official" else f"the 500 of {split}"
    return Dataset(
        name=NAME,
        classes=tuple("0123456789"),
        layout="sequence",
        shape=SHAPE,
        load=lambda locations: _load(locations, split),
        summary=f"3,000 spoken digits, 64 steps of 16 ms × 40 mel bands; test: {held_out}",
        origin="https://github.com/Jakobovski/free-spoken-digit-dataset",
        licence="CC BY-SA 4.0",
        find=_find,
        fetch=_fetch,
        make=spoken_digits,
        parameters={"split": split},
        recipe="small",
        reading=SoundReading(RATE, SHAPE[0]),
    )


def _load(locations: Locations, split: Split) -> Arrays:
    import numpy as np

    from zoo.datasets.download import fetch_or_explain
    from zoo.datasets.spectrogram import LogMel
    from zoo.datasets.wav import read

    place = _find(locations) or fetch_or_explain(
        NAME, _fetch, locations, _places(locations), f"{PACKED[0]} or the folder recordings/"
    )
    spectrogram = LogMel(RATE, SHAPE[0])
    contents = _checked(place, str(place))
    x = np.stack([spectrogram(read(io.BytesIO(content), name)[1]) for name, content in contents])
    y = np.array([each.digit for each in published()], np.int32)
    test = np.array([each.tests(split) for each in published()])
    return Arrays(x[~test], y[~test], x[test], y[test], str(place))


def _places(locations: Locations) -> Iterator[Path]:
    """Folders and archives that may hold the recordings, in the order they are tried."""
    if root := locations.data_dir:
        yield root
        for folder in (root, *(root / name for name in FOLDERS)):
            yield folder / "recordings"
            yield from (folder / name for name in PACKED)
    yield locations.cache / NAME / ARCHIVE


def _find(locations: Locations) -> Path | None:
    """Find the first archive or folder that has recordings."""
    for place in _places(locations):
        if place.name in PACKED and place.is_file():
            return place
        if place.is_dir() and any((place / each.name).is_file() for each in published()):
            return place
    return None


def _fetch(locations: Locations) -> Path:
    from zoo.datasets.download import fetch

    return fetch(locations.cache / NAME, NAME, {ARCHIVE: _check_archive}, MIRRORS)


def _check_archive(path: Path) -> None:
    """Raise DataError unless the archive at `path` has all recordings, as they were published.

    GitHub packs a tag anew at times, so it is the files within that have a checksum.
    """
    for _ in _checked(path, "the archive"):
        pass


def _checked(place: Path, called: str) -> Iterator[tuple[str, bytes]]:
    """Each published recording's name (for messages, in `place`, which is `called` so) and content.

    Raises:
        DataError: one is missing, damaged or another's; the message names it and what is wrong.
    """
    read = _in_folder if place.is_dir() else _in_archive
    contents = read(place, called)
    if missing := [each.name for each in published() if each.name not in contents]:
        more = f" and {len(missing) - 1:,} more" if missing[1:] else ""
        raise DataError(f"{called}: lacks {missing[0]}{more}. {_NEXT}")
    for each in published():
        name, content = f"{called}: {each.name}", contents[each.name]
        if hashlib.sha256(content).hexdigest() != each.sha256:
            _explain(content, name)
        yield name, content


def _in_folder(folder: Path, called: str) -> dict[str, bytes]:
    try:
        return {
            each.name: (folder / each.name).read_bytes()
            for each in published()
            if (folder / each.name).is_file()
        }
    except OSError as error:
        raise DataError(
            f"{called}: {error.filename or ''} cannot be read ({error.strerror or error})."
        ) from error


def _in_archive(archive: Path, called: str) -> dict[str, bytes]:
    """Read in memory: nothing that an archive may hold can write outside a folder."""
    import tarfile

    names, found = {each.name for each in published()}, {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                folder, name = PurePosixPath("/", member.name).parts[-2:]
                if folder == "recordings" and name in names and (file := tar.extractfile(member)):
                    found[name] = file.read()
    except OSError as error:
        raise DataError(f"{called}: cannot be read ({error.strerror or error}). {_NEXT}") from error
    except Exception as error:  # tarfile's, or its decompressors', which are not all installed
        raise DataError(f"{called}: is truncated or damaged ({error}). {_NEXT}") from error
    return found


def _explain(content: bytes, name: str) -> None:
    """Raise a DataError that says how a recording differs from the published one."""
    from zoo.datasets.wav import read

    try:
        rate, _ = read(io.BytesIO(content), name)
    except DataError as error:
        raise DataError(f"{error} {_NEXT}") from error
    if rate != RATE:
        raise DataError(f"{name}: has {rate:,} samples/s; the published one has {RATE:,}. {_NEXT}")
    raise DataError(f"{name}: its checksum differs from the published one. {_NEXT}")


SPOKEN_DIGITS = spoken_digits()
