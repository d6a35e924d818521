"""Old names that stay accepted, and the names that are written and shown now.

Plugins, files on disk and scripts keep the names of the day they were written; each reader asks
`current` for today's. A run's identity, and so its folder's name, is made with the old names
(`former`): a training that is finished stays finished.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

LAYOUTS = {"rows": "sequence"}
FRAMES_FROM_IMAGE = {"phases": "space_to_depth"}
RECIPES = {"record": "long"}
RECIPE_KEYS = {"test_shift": "tta_shift"}
CHECKS = {
    "independence": "batch_independence",
    "learns_by_heart": "overfits_small_batch",
    "recipe_trains": "no_custom_training",
    "same_elsewhere": "same_in_new_process",
    "same_order": "reproducible_load",
    "same_range": "same_pixel_range",
}

T = TypeVar("T")


def current(table: Mapping[str, str], name: T) -> T:
    """Today's name for `name`; anything that `table` does not list is returned unchanged."""
    return table.get(name, name) if isinstance(name, str) else name  # type: ignore[return-value]


def former(table: Mapping[str, str], name: str) -> str:
    """The name that `name` had when run identities were defined."""
    return next((old for old, new in table.items() if new == name), name)


def known(table: Mapping[str, str], name: str, names: Iterable[str]) -> str:
    """Today's name for `name`, unless `names`, those that exist, still have the old one."""
    return name if name in names else current(table, name)


def keys(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a recipe under today's names; a value under an old name replaces the other."""
    old = {new: given[name] for name, new in RECIPE_KEYS.items() if name in given}
    return {**{key: value for key, value in given.items() if key not in RECIPE_KEYS}, **old}


def former_keys(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a recipe as identities and digests name them."""
    return {former(RECIPE_KEYS, key): value for key, value in fields.items()}


def conversion(text: str) -> str:
    """`image to frames: space_to_depth` of `image to frames: phases`."""
    return _OLD_WORDS.sub(lambda found: _WORDS[found[0]], text)


_WORDS = {**LAYOUTS, **FRAMES_FROM_IMAGE}
_OLD_WORDS = re.compile(rf"\b({'|'.join(_WORDS)})\b")


def record(content: Any) -> Any:
    """What run.json holds, under today's names; its identity stays as it is.

    `content` is not checked yet: whatever is not of the expected form is left for the reader to
    refuse.
    """
    if not isinstance(content, dict):
        return content
    changes = {
        "architecture": {"layout": LAYOUTS, "frames_from_image": FRAMES_FROM_IMAGE},
        "input": {"source": LAYOUTS, "target": LAYOUTS, "how": FRAMES_FROM_IMAGE},
        "contract": {"layout": LAYOUTS},
    }
    renamed = {
        part: {key: current(tables.get(key, {}), value) for key, value in content[part].items()}
        for part, tables in changes.items()
        if isinstance(content.get(part), dict)
    }
    if isinstance(text := renamed.get("input", {}).get("conversion"), str):
        renamed["input"]["conversion"] = conversion(text)
    if isinstance(content.get("recipe"), dict):
        renamed["recipe"] = recipe(content["recipe"])
    return {**content, **renamed}


def recipe(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe as a run or a comparison recorded it, under today's names.

    Its own name changes only where the keys are old, too: someone's new `record.toml` is not the
    recipe that was called `record`.
    """
    if not RECIPE_KEYS.keys() & fields.keys():
        return dict(fields)
    renamed = keys(fields)
    if "name" in renamed:
        renamed["name"] = current(RECIPES, renamed["name"])
    return renamed
