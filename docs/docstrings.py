"""Docstrings as the API pages read them: `Example:` is what mkdocstrings calls `Examples:`."""

import re
from typing import Any

import griffe


class Examples(griffe.Extension):
    """Makes a section of examples of it, with code that is highlighted."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = re.sub(r"(?m)^Example:$", "Examples:", obj.docstring.value)
