"""The base of all parts of a record: typed fields, and unknown ones in `extra`."""

from functools import cache
from typing import Any

from msgspec import UNSET, Struct, field, structs


class Part(Struct, kw_only=True, frozen=True):
    """A part of a record: an object in run.json.

    Attributes:
        extra: fields that this version does not know.
    """

    extra: dict[str, Any] = field(default_factory=dict, name="(extra)")


def plain(record: Any) -> Any:
    """Convert a record, or a part of one, to plain values for JSON."""
    if isinstance(record, Struct):
        found = {
            name: plain(value)
            for attribute, name, optional in fields_of(type(record))
            if (value := getattr(record, attribute)) is not UNSET
            and not (optional and value is None)
        }
        return {**found, **getattr(record, "extra", {})}
    if isinstance(record, list | tuple):
        return [plain(each) for each in record]
    if isinstance(record, dict):
        return {key: plain(each) for key, each in record.items()}
    return record


@cache
def fields_of(kind: type[Struct]) -> tuple[tuple[str, str, bool], ...]:
    """Of each field but `extra`: its attribute, its name in JSON, and whether it may be left out."""
    return tuple(
        (each.name, each.encode_name, each.default is None)
        for each in structs.fields(kind)
        if each.name != "extra"
    )
