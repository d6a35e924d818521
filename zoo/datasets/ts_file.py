"""Reading `.ts`, the format of the UCR and UEA time series archives.

Bagnall et al. 2018, "The UEA multivariate time series classification archive"
(https://arxiv.org/abs/1811.00075), and https://www.aeon-toolkit.org describe it: a header of
`@` lines, then `@data` and a line for each series: channels apart by `:`, values by `,`, the class
last. `?` is a missing value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.datasets.bounds import check_regular, check_total
from zoo.datasets.series import SeriesSet
from zoo.errors import DataError

LONGEST_HEADER = 10_000
"""Lines before `@data`; the archive's longest header has some dozens."""


@dataclass(frozen=True)
class TsFile(SeriesSet):
    """A file's series, in the order of its lines.

    Attributes:
        name: `@problemName`, or empty.
        classes: as `@classLabel` lists them.
        labels: a class name for each.
    """

    path: Path
    name: str
    classes: tuple[str, ...]
    labels: tuple[str, ...]


def read_ts(path: Path) -> TsFile:
    """Read a `.ts` file.

    Args:
        path: the file.

    Raises:
        DataError: there is no such file, it is too large, or a line is not as the format has it;
            the message names the line.

    Example:
        >>> read_ts(Path("GunPoint_TRAIN.ts")).lengths  # doctest: +SKIP
        (150, 150)
    """
    check_regular(path)
    check_total(path, path.stat().st_size)
    try:
        with path.open(encoding="utf-8-sig") as file:
            return _parsed(path, enumerate(file, 1))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text (byte {error.start}).") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error


def _parsed(path: Path, lines: Iterator[tuple[int, str]]) -> TsFile:
    header = _header(path, lines)
    _check_header(path, header)
    classes = tuple(header["classlabel"].split()[1:])
    series, labels = [], []
    for number, line in lines:
        if not line.strip() or line.startswith(("#", "%")):
            continue
        where = f"{path} line {number}"
        *channels, label = line.strip().split(":")
        if label.strip() not in classes:
            raise DataError(
                f"{where}: the class {label.strip()[:40]!r} is not in @classLabel "
                f"({', '.join(classes[:10])})."
            )
        series.append(_series(where, channels))
        labels.append(label.strip())
        if series[-1].shape[1] != series[0].shape[1]:
            raise DataError(
                f"{where}: has {series[-1].shape[1]} channels, and the first series has "
                f"{series[0].shape[1]}."
            )
    if not series:
        raise DataError(f"{path}: has no series after @data.")
    _check_as_said(path, header, series)
    return TsFile(path, tuple(series), header.get("problemname", ""), classes, tuple(labels))


def _header(path: Path, lines: Iterator[tuple[int, str]]) -> dict[str, str]:
    """The `@` lines before `@data`: names in small letters, and what follows."""
    found: dict[str, str] = {}
    for number, line in lines:
        text = line.strip()
        if text.lower() == "@data":
            return found
        if text.startswith("@"):
            name, *value = text[1:].split(None, 1) or [""]
            found[name.lower()] = "".join(value)
        elif text and not text.startswith(("#", "%")):
            raise DataError(
                f"{path} line {number}: stands before @data and begins with neither @ nor #; this is "
                "no .ts file of the UCR and UEA archives."
            )
        if number > LONGEST_HEADER:
            break
    raise DataError(f"{path}: has no @data line; this is no .ts file of the UCR and UEA archives.")


def _check_header(path: Path, header: dict[str, str]) -> None:
    if header.get("targetlabel", "").lower().startswith("true"):
        raise DataError(
            f"{path}: has numbers to predict (@targetLabel). archzoo trains classifiers."
        )
    label = header.get("classlabel", "")
    if not label.lower().startswith("true") or not label.split()[1:]:
        raise DataError(f"{path}: lists no classes; it needs a line such as @classLabel true 1 2.")
    if header.get("timestamps", "false").lower() == "true":
        raise DataError(
            f"{path}: has a time stamp for each value (@timeStamps true), which is not read. Sample the "
            "series at equal intervals and write the values alone."
        )
    classes = label.split()[1:]
    if twice := [name for name in dict.fromkeys(classes) if classes.count(name) > 1]:
        raise DataError(
            f"{path}: @classLabel has {twice[0]!r} twice; names have no spaces, and each stands once."
        )
    if len(classes) < 2:
        raise DataError(f"{path}: @classLabel has one class only; there is nothing to learn.")


def _check_as_said(path: Path, header: dict[str, str], series: list[np.ndarray]) -> None:
    """A file that is not as its own header says may be cut off, or of another kind."""
    channels, steps = series[0].shape[1], {len(each) for each in series}
    equal = header.get("equallength", "").lower()
    length = header.get("serieslength", "0")
    said = {
        "@univariate true": header.get("univariate", "").lower() != "true" or channels == 1,
        "@equalLength true": equal != "true" or len(steps) == 1,
        f"@seriesLength {length}": equal == "false"
        or length == "0"
        or {length} == {*map(str, steps)},
    }
    if header.get("univariate", "").lower() != "true":
        dimensions = header.get("dimensions", header.get("dimension", str(channels)))
        said[f"@dimensions {dimensions}"] = dimensions == str(channels)
    if wrong := [line for line, right in said.items() if not right]:
        raise DataError(
            f"{path}: says {wrong[0][:60]}, and its series have {channels} channels of {min(steps):,} to "
            f"{max(steps):,} steps. Mend the series or that line."
        )


def _series(where: str, channels: list[str]) -> np.ndarray:
    if not channels:
        raise DataError(f"{where}: has no class; a line is values, a colon, and the class.")
    columns = [_channel(where, text) for text in channels]
    steps = {len(each) for each in columns}
    if len(steps) > 1:
        raise DataError(
            f"{where}: its channels have {min(steps)} to {max(steps)} steps; they must be equal."
        )
    return np.stack(columns, axis=1)


def _channel(where: str, text: str) -> np.ndarray:
    if "_" in text:  # Python's own, no number of the format
        raise DataError(f"{where}: {text.strip()[:40]!r} has what is no number.")
    words = ["nan" if word.strip() == "?" else word for word in text.split(",")]
    try:
        with np.errstate(over="ignore"):
            values = np.array(words, "float64").astype("float32")
    except ValueError as error:
        odd = next((word for word in words if not _is_number(word)), text)
        raise DataError(f"{where}: {odd.strip()[:40]!r} is no number.") from error
    if np.isinf(values).any():
        raise DataError(f"{where}: has a value that is infinite or too large for float32 (3.4e38).")
    return values


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
