"""What is at `/`."""

import html
from importlib import import_module
from importlib.util import find_spec
from typing import Any

PAGE = "zoo.serving.page"


def render(models: list[dict[str, Any]]) -> str:
    """The drawing page; where it is not there, a list of the models."""
    if find_spec(PAGE) is not None:
        return import_module(PAGE).render(engine="server", models=models)
    return _list(models)


def _list(models: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<li><a href='/v1/models/{html.escape(each['name'])}'>{html.escape(each['name'])}</a>: "
        f"{html.escape(each['input']['layout'])} {each['input']['shape']}, "
        f"{len(each['classes'])} classes</li>"
        for each in models
    )
    return page("archzoo", f"<ul>{rows}</ul><p><a href='/docs'>API</a></p>")


def page(title: str, body: str) -> str:
    """A small HTML document in the colours of the reader's system."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title>"
        "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui;max-width:50rem;"
        "margin:2rem auto;padding:0 1rem}pre{overflow:auto;padding:.5rem;border:1px solid}"
        "code{font-size:.9rem}</style>"
        f"<h1>{html.escape(title)}</h1>{body}"
    )
