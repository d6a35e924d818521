"""Filling a page's template; its style and script are ours and stand inside it."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def fill(name: str, context: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]]) -> str:
    """The text of a template in this folder; equal input gives equal bytes."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(name).render(context)


def asset(name: str) -> Any:
    """A file of ours, trusted to be put into the page as it is."""
    import markupsafe

    return markupsafe.Markup(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def hash_of(script: str) -> str:
    """What a page's security policy allows a script by."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
