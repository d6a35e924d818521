"""`ucr:NAME`: the sets of the UCR and UEA archives, found on this machine or downloaded.

`ucr.txt` has the names of the 128 sets of UCR 2018 (Dau et al., https://arxiv.org/abs/1810.07758) and
of the 30 of UEA 2018 (Bagnall et al., https://arxiv.org/abs/1811.00075).
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

from zoo import atomic
from zoo.datasets.location import Locations
from zoo.datasets.published import in_archive
from zoo.errors import UsageError

PREFIX = "ucr:"
MIRROR = "https://timeseriesclassification.com/aeon-toolkit/"
MOST_BYTES = 2**31
"""Of one file; the largest of the archive has less."""


def is_ucr(text: str) -> bool:
    """Whether a dataset is given as `ucr:NAME`."""
    return text.lower().startswith(PREFIX)


@cache
def ucr_names() -> tuple[str, ...]:
    """The names of the archives' sets."""
    return tuple((files("zoo.datasets") / "ucr.txt").read_text("ascii").split())


@cache
def _by_small_letters() -> dict[str, str]:
    return {each.lower(): each for each in ucr_names()}


def ucr_hint(name: str) -> str:
    """What to type where a dataset's name is that of a set of the archives; else empty."""
    by_small = _by_small_letters()
    close = get_close_matches(name.lower(), by_small, n=1, cutoff=0.85)
    return (
        f"Of the UCR and UEA archives: `dataset='{PREFIX}{by_small[close[0]]}'`." if close else ""
    )


def ucr_folder(text: str, locations: Locations) -> Path:
    """The folder with NAME_TRAIN.ts and NAME_TEST.ts; it is downloaded if it is not on this machine.

    Args:
        text: `ucr:NAME`, in capital or small letters.
        locations: where it is looked for: `timeseries/NAME` and `NAME` in the user's folder, then the
            cache.

    Raises:
        UsageError: the archives have no such set; the message suggests some.
        DataMissing: it is not there and cannot be downloaded.
        DataError: the downloaded file is damaged.
    """
    name = _known(text[len(PREFIX) :], locations)
    for folder in _places(name, locations):
        if all((folder / each).is_file() for each in _files(name)):
            return folder
    from zoo.datasets.download import fetch_or_explain

    wanted = f"the folder {name} with {' and '.join(_files(name))}"
    looked = _places(name, locations)
    return fetch_or_explain(
        f"{PREFIX}{name}", lambda where: _fetch(name, where), locations, looked, wanted
    )


def _known(name: str, locations: Locations) -> str:
    """The name as the archives write it; or one that is in the user's folder."""
    by_small = _by_small_letters()
    if name.lower() in by_small:
        return by_small[name.lower()]
    here = re.fullmatch(r"[\w-]+", name) and any(
        (folder / f"{name}_TRAIN.ts").is_file() for folder in _places(name, locations)
    )
    if here:
        return name
    close = [by_small[each] for each in get_close_matches(name.lower(), by_small, n=3, cutoff=0.6)]
    mean = f"Did you mean {' or '.join(PREFIX + each for each in close)}? " if close else ""
    raise UsageError(
        f"`dataset={PREFIX + name!r}`: the UCR and UEA archives have no such set. {mean}They have "
        f"{len(by_small)}, listed at https://timeseriesclassification.com."
    )


def _files(name: str) -> tuple[str, str]:
    return f"{name}_TRAIN.ts", f"{name}_TEST.ts"


def _places(name: str, locations: Locations) -> Iterator[Path]:
    if root := locations.data_dir:
        yield from (root / "timeseries" / name, root / "ucr" / name, root / name)
        if root.name == name:
            yield root
    yield locations.cache / "timeseries" / name


def _fetch(name: str, locations: Locations) -> Path:
    from zoo.datasets.download import fetch

    folder = locations.cache / "timeseries" / name
    archive = folder / f"{name}.zip"
    # No checksums are published: that it is whole is known by its own CRC sums, the rest by reading it.
    fetch(folder, "ucr", {archive.name: lambda path: _check(path, name)}, (MIRROR,))
    for each, content in in_archive(archive, _files(name), MOST_BYTES).items():
        atomic.write(folder / each, partial(_write, content))
    archive.unlink()
    return folder


def _write(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _check(path: Path, name: str) -> None:
    in_archive(path, _files(name), MOST_BYTES)
