"""The page on which one draws and every model answers, as one HTML document.

The server shows it at `/`; `zoo.export(runs, "html")` writes it with the models and their runtime inside.
Its JavaScript is in small files beside this one: `pixels.js` and `spectrogram.js` do what `zoo.pictures`
and `zoo.datasets.spectrogram` do, with the same numbers. `engines.js` asks the server, or the runtime
within the page.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal

from zoo.version import __version__

SCRIPTS = (
    "pixels.js",
    "spectrogram.js",
    "sound.js",
    "series.js",
    "prefixes.js",
    "engines.js",
    "drawing.js",
    "cards.js",
    "page.js",
)
"""In an order in which each uses only what is before it when it is loaded."""

Engine = Literal["server", "embedded"]


def render(
    *,
    engine: Engine,
    models: Sequence[Mapping[str, Any]],
    attached: Mapping[str, str] | None = None,
    runtime: str = "",
    licence: str = "",
) -> str:
    """The page as one HTML document that asks nobody but the server that sent it.

    Args:
        engine: who answers: the `server`, or the ONNX Runtime `embedded` in the page.
        models: what is known of each model, as `/v1/models` describes it. An embedded one has in
            `embedded` the name of its file in `attached`.
        attached: texts that are put into the page, by name.
        runtime, licence: the version and the licence of the embedded runtime.
    """
    import jinja2
    import markupsafe

    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(_asset("template.html.j2"))
    script = '"use strict";\n' + "".join(map(_asset, SCRIPTS))
    theme = (files("zoo.report") / "theme.css").read_text("utf-8")
    return template.render(
        engine=engine,
        title=f"{models[0]['name']} · archzoo" if len(models) == 1 else "archzoo",
        archzoo=__version__,
        policy=_policy(engine, script),
        models=models,
        kinds=_kinds(models),
        style=markupsafe.Markup(theme + _asset("drawing.css")),
        script=markupsafe.Markup(script),
        listed=markupsafe.Markup(_json(models)),
        attached=[(key, markupsafe.Markup(text)) for key, text in (attached or {}).items()],
        runtime=runtime,
        licence=licence,
    )


def _asset(name: str) -> str:
    return (files("zoo.serving.page") / name).read_text("utf-8")


def _policy(engine: Engine, script: str) -> str:
    """What the document may load: its own script, and nothing from elsewhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = f"'sha256-{digest}'"
    if engine == "embedded":
        allowed += " blob: 'wasm-unsafe-eval'"
    asked = "'self'" if engine == "server" else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        f"media-src blob:; connect-src {asked}; base-uri 'none'; form-action 'none'"
    )


def _kinds(models: Sequence[Mapping[str, Any]]) -> list[str]:
    """The sections that the models need; `prefixes.js` sorts the models into them."""
    found = {_kind(each["input"]) for each in models}
    return [kind for kind in ("picture", "sound", "series", "other") if kind in found]


def _kind(described: Mapping[str, Any]) -> str:
    layout, shape = described["layout"], described["shape"]
    reading = described.get("reading") or {}
    if layout == "image" and shape[2] in (1, 3, 4) and described.get("pixel_range"):
        return "picture"
    if layout == "sequence" and reading.get("kind") == "audio":
        return "sound"
    if layout == "sequence" and described["dtype"] == "float32":
        return "series"
    return "other"


def _json(models: Sequence[Mapping[str, Any]]) -> str:
    """JSON that cannot end the script it stands in."""
    text = json.dumps(models, ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c")
