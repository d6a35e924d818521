"""Reading a file of ours that may be anybody's: a comparison's report, a record of costs."""

import json
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from zoo.errors import ZooError
from zoo.reading import text_of
from zoo.runs.codec import convert

T = TypeVar("T", bound=Struct)


def read(path: Path, kind: type[T], schema: int, what: str) -> T:
    """A file of JSON as an object of `kind`, which `what` names in words.

    Raises:
        ZooError: it cannot be read, is damaged (the field is named), or not of this schema.
    """
    try:
        values = json.loads(text_of(path))
        found = values["schema"]
    except OSError as error:
        raise ZooError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ZooError(f"{path}: is no {what}, or damaged ({error}).") from error
    if found != schema:
        raise ZooError(f"{path}: has schema {found!r:.20}; this archzoo reads {schema}.")
    try:
        return convert(values, kind)
    except ValueError as error:
        raise ZooError(f"{path}: is damaged ({error}).") from error
