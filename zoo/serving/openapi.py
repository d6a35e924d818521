"""The description of the addresses: OpenAPI, and the same as a page."""

import html
import json
from typing import Any

from zoo.serving.front_page import page
from zoo.serving.serve_options import ServeOptions
from zoo.version import __version__

ERRORS = {
    "400": "The body cannot be read.",
    "404": "There is no such model.",
    "408": "The request did not arrive in time.",
    "413": "The body, a picture, or the number of samples is too large.",
    "415": "The body is of a kind that the model does not take.",
    "422": "The samples do not fit what the model was trained on.",
    "503": "The server is busy; Retry-After says when to try again.",
}


def describe(models: list[dict[str, Any]], options: ServeOptions) -> dict[str, Any]:
    """The OpenAPI document of a server with these models."""
    names = [each["name"] for each in models]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "archzoo",
            "version": __version__,
            "description": "Classify samples with models trained by archzoo.",
        },
        "paths": {
            "/v1/models/{name}:predict": {"post": _predict(names, options)},
            "/v1/models": {"get": _get("All models", "List", "listModels")},
            "/v1/models/{name}": {
                "get": _get("One model", "Model", "getModel")
                | {"parameters": [_name(names)], "responses": _responses("Model", ("404",))}
            },
            "/healthz": {"get": _get("Whether the process runs", None, "health")},
            "/readyz": {"get": _get("Whether models are loaded", None, "ready")},
            "/metrics": {"get": _get("Metrics for Prometheus", None, "metrics", "text/plain")},
            "/openapi.json": {"get": _get("This document", None, "openapi")},
        },
        "components": {"schemas": SCHEMAS},
    }


def _predict(names: list[str], options: ServeOptions) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "operationId": "predict",
        "summary": "Classify samples",
        "description": (
            f"At most {options.max_instances:,} samples and {options.max_body:,} bytes. Files are read as "
            "training's were; arrays are taken as they are stored in the dataset."
        ),
        "parameters": [
            _name(names),
            {
                "name": "invert",
                "in": "query",
                "schema": {"type": "boolean"},
                "description": "Invert the pixels, or take them as they are. Without it, samples "
                "that are certainly inverted relative to training are refused.",
            },
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Instances"}},
                "application/x-npy": binary,
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "additionalProperties": {"type": "string", "format": "binary"},
                    }
                },
                "image/*": binary,
                "audio/*": binary,
                "video/*": binary,
            },
        },
        "responses": _responses("Answer", tuple(ERRORS)),
    }


def _name(names: list[str]) -> dict[str, Any]:
    schema = {"type": "string", "enum": names}
    return {"name": "name", "in": "path", "required": True, "schema": schema}


def _get(
    summary: str, schema: str | None, operation: str, media: str = "application/json"
) -> dict[str, Any]:
    content = {media: {"schema": {"$ref": f"#/components/schemas/{schema}"} if schema else {}}}
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": {"description": summary, "content": content}},
    }


def _responses(schema: str, errors: tuple[str, ...]) -> dict[str, Any]:
    def with_schema(description: str, name: str) -> dict[str, Any]:
        reference = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        return {"description": description, "content": {"application/json": reference}}

    refused = {status: with_schema(ERRORS[status], "Error") for status in errors}
    return {"200": with_schema("The answer", schema), **refused}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
NUMBERS = {"type": "array", "items": NUMBER}
SCHEMAS = {
    "Instances": _object(
        "instances",
        instances={
            "type": "array",
            "items": {},
            "description": "Samples as nested lists of numbers.",
        },
    ),
    "Prediction": _object(
        "class index probabilities logits",
        **{
            "class": TEXT,
            "index": WHOLE,
            "probabilities": NUMBERS,
            "logits": NUMBERS,
            "done": {"type": "array", "items": TEXT, "description": "What was done to a file."},
            "unusual": {
                "type": "string",
                "description": "How a file's sample is unlike those of training; empty if it is not.",
            },
        },
    ),
    "Answer": _object(
        "model run predictions milliseconds",
        model=TEXT,
        run=TEXT,
        predictions={"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}},
        milliseconds={
            "type": "number",
            "description": "Of the calls of the model that answered the request, with what else was "
            "in their batches.",
        },
    ),
    "Model": _object(
        "name predict classes input",
        name=TEXT,
        predict=TEXT,
        architecture=TEXT,
        run=TEXT,
        dataset=TEXT,
        recipe=TEXT,
        classes={"type": "array", "items": TEXT},
        input=_object(
            "layout shape dtype",
            layout={"enum": ["image", "sequence", "frames"]},
            shape={"type": "array", "items": WHOLE},
            dtype={"enum": ["uint8", "float32"]},
        ),
    ),
    "List": _object(
        "models",
        models={"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
    ),
    "Error": _object("error", error=_object("code message", code=TEXT, message=TEXT)),
}


def as_page(document: dict[str, Any]) -> str:
    """The document as a page that loads nothing."""
    parts = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            errors = [
                f"<li><code>{status}</code> {html.escape(answer['description'])}</li>"
                for status, answer in operation["responses"].items()
            ]
            parts.append(
                f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>"
                f"<p>{html.escape(operation['summary'])}. "
                f"{html.escape(operation.get('description', ''))}</p><ul>{''.join(errors)}</ul>"
            )
    names = document["paths"]["/v1/models/{name}"]["get"]["parameters"][0]["schema"]["enum"]
    example = f"curl -F file=@FILE ADDRESS/v1/models/{names[0]}:predict" if names else ""
    schemas = json.dumps(document["components"]["schemas"], indent=1)
    return page(
        "archzoo API",
        f"<p>As <a href='/openapi.json'>OpenAPI</a>. <a href='/'>Models</a>.</p>"
        f"<pre>{html.escape(example)}</pre>{''.join(parts)}"
        f"<h2>Schemas</h2><pre>{html.escape(schemas)}</pre>",
    )
