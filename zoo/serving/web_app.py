"""The ASGI application: its addresses, and what is around every answer."""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoo import diagnosis
from zoo.serving import front_page, openapi
from zoo.serving.batching import Batcher
from zoo.serving.connections import GUARD, ConnectionGuard
from zoo.serving.loaded_model import LoadedModel
from zoo.serving.refusals import Refusal, busy
from zoo.serving.request_body import BodyMemory, body_of, content_type
from zoo.serving.serve_options import ServeOptions
from zoo.serving.served_model import ServedModel
from zoo.serving.telemetry import Telemetry
from zoo.serving.uploads import UploadReader
from zoo.suggest import unknown

JSON_TYPE = "application/json"
LOOK_EVERY = 2.0
"""Seconds between two looks at memory and queues."""
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
CLOSED = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
encode = msgspec.json.Encoder().encode


class Service:
    """Everything that one process serves; made within its event loop."""

    def __init__(self, models: Sequence[LoadedModel], options: ServeOptions, folder: Path):
        self.options = options
        self.telemetry = Telemetry()
        self.memory = BodyMemory(options.body_memory)
        # Reading a file takes longer than answering; neither waits for the other.
        self.calls = ThreadPoolExecutor(options.threads, "onnx")
        self.readers = ThreadPoolExecutor(options.threads, "read")
        self.models = {each.name: self._served(each, folder) for each in models}
        for model in models:  # the first call of each takes long
            model.answer(model.blank())
        described = [each.model.description for each in self.models.values()]
        self.listed = encode({"models": described})
        self.page = front_page.render(described)
        self.openapi = openapi.describe(described, options)

    def _served(self, model: LoadedModel, folder: Path) -> ServedModel:
        report = partial(self.telemetry.batch, model.name)
        batcher = Batcher(model.answer, self.calls, self.options, report)
        reader = (
            UploadReader(model.contract, folder, self.options.max_pixels)
            if model.contract
            else None
        )
        return ServedModel(model, batcher, reader, self.readers, self.options)

    def find(self, name: str) -> ServedModel:
        """
        Raises:
            Refusal: there is no such model; close names are said.
        """
        if name not in self.models:
            raise Refusal(404, "unknown_model", unknown("model", name[:100], self.models))
        return self.models[name]

    def look(self) -> None:
        """Take note of what is true now, for the metrics."""
        self.telemetry.look({name: each.batcher.waiting for name, each in self.models.items()})

    async def look_often(self) -> None:
        """Do so for ever: the metrics of all workers may be asked of another one."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY)

    def close(self) -> None:
        for pool in (self.calls, self.readers):
            pool.shutdown(wait=False, cancel_futures=True)


async def _models(request: Request) -> Response:
    return Response(_service(request).listed, media_type=JSON_TYPE)


async def _model(request: Request) -> Response:
    found = _service(request).find(request.path_params["name"])
    return Response(encode(found.model.description), media_type=JSON_TYPE)


async def _predict(request: Request) -> Response:
    if request.method != "POST":
        raise Refusal(405, "wrong_method", "send samples by POST.", {"Allow": "POST"})
    service, start = _service(request), time.perf_counter()
    served = service.find(request.path_params["name"])
    request.scope["archzoo.model"] = served.model.name
    kind, inverted = content_type(request), _inverted(request)
    async with body_of(request, service.options.max_body, service.memory) as body:
        samples, pictures = await served.samples(request, kind, body, inverted)
    read = time.perf_counter()
    found = await served.batcher.answer(samples)
    answered = time.perf_counter()
    timing = (
        f"read;dur={1000 * (read - start):.3f}, answer;dur={1000 * (answered - read):.3f}, "
        f"model;dur={found.milliseconds:.3f}"
    )
    content = encode(served.answer(found, pictures))
    return Response(content, media_type=JSON_TYPE, headers={"server-timing": timing})


def _inverted(request: Request) -> bool | None:
    if not request.scope["query_string"]:
        return None
    given = request.query_params.get("invert")
    if given not in (None, "true", "false"):
        raise Refusal(400, "bad_query", f"invert is {given[:20]!r}; it is true or false.")
    return None if given is None else given == "true"


async def _health(_request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type=JSON_TYPE)


async def _ready(request: Request) -> Response:
    return Response(
        encode({"status": "ready", "models": len(_service(request).models)}), media_type=JSON_TYPE
    )


async def _metrics(request: Request) -> Response:
    service = _service(request)
    service.look()
    content, kind = service.telemetry.text()
    return Response(content, headers={"content-type": kind})


async def _openapi(request: Request) -> Response:
    return Response(encode(_service(request).openapi), media_type=JSON_TYPE)


async def _docs(request: Request) -> Response:
    return _html(openapi.as_page(_service(request).openapi))


async def _front(request: Request) -> Response:
    return _html(_service(request).page)


def _html(text: str) -> Response:
    return HTMLResponse(text, headers={"content-security-policy": PAGE_POLICY})


def _service(request: Request) -> Service:
    return request.app.state.service


ROUTES = [
    Route("/v1/models/{name}:predict", _predict, methods=["GET", "POST"]),
    Route("/v1/models/{name}", _model),
    Route("/v1/models", _models),
    Route("/healthz", _health),
    Route("/readyz", _ready),
    Route("/metrics", _metrics),
    Route("/openapi.json", _openapi),
    Route("/docs", _docs),
    Route("/", _front),
]


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return Response(encode(error.content()), error.status, error.headers, JSON_TYPE)


def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path[:100]
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        refusal = Refusal(
            405,
            "wrong_method",
            f"{path} is for {allowed}, not for {request.method}.",
            error.headers,
        )
    else:
        refusal = Refusal(
            error.status_code, "not_found", f"there is no {path}; /docs lists what is."
        )
    return _refused(request, refusal)


def _failed(request: Request, _error: Exception) -> Response:
    return _refused(request, Refusal(500, "failed", "the server failed; its log says why."))


def make_app(
    load: Callable[[], Sequence[LoadedModel]],
    options: ServeOptions,
    on_ready: Callable[[], None] = lambda: None,
) -> ASGIApp:
    """The application.

    Args:
        load: loads the models; called when the application starts.
        on_ready: called when it has started.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        guard = ConnectionGuard(options)
        watching = asyncio.create_task(guard.watch())
        with tempfile.TemporaryDirectory(prefix="zoo-serve-") as folder:
            service = app.state.service = _started(load, options, Path(folder))
            looking = asyncio.create_task(service.look_often())
            on_ready()
            try:
                yield {GUARD: guard}
            finally:
                watching.cancel()
                looking.cancel()
                service.close()

    origins = list(options.allow_origins)
    cors = [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["content-type"],
        )
    ]
    app = Starlette(
        routes=ROUTES,
        middleware=cors if origins else [],
        exception_handlers={Refusal: _refused, HTTPException: _no_route, Exception: _failed},
        lifespan=lifespan,
    )
    return Answering(app, options)


def _started(
    load: Callable[[], Sequence[LoadedModel]], options: ServeOptions, folder: Path
) -> Service:
    """The service; what keeps it from starting is said, as uvicorn says nothing."""
    try:
        return Service(load(), options, folder)
    except Exception as error:
        print(f"zoo: {diagnosis.in_a_line(error)}", file=sys.stderr, flush=True)
        raise


class Answering:
    """Around every answer: a most of seconds, headers, counts, and no traceback."""

    def __init__(self, app: Starlette, options: ServeOptions):
        self._app, self._options = app, options
        self._hosts = frozenset(options.allow_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, answer = time.perf_counter(), _Answer(send)
        try:
            async with asyncio.timeout(2 * self._options.timeout):  # to arrive, and to be answered
                await self._answer(scope, receive, answer)
        except TimeoutError:
            await answer.refuse(
                Refusal(
                    503,
                    "timeout",
                    f"the answer took longer than {2 * self._options.timeout:g} s.",
                    {"Retry-After": "1"},
                )
            )
        except ClientDisconnect:
            pass
        except asyncio.CancelledError:
            await answer.refuse(busy("the server stops. Try again."))
            raise
        except Exception as error:
            await answer.refuse(Refusal(500, "failed", "the server failed; its log says why."))
            print(
                f"zoo: {scope['path']}: {diagnosis.in_a_line(error)}", file=sys.stderr, flush=True
            )
        finally:
            telemetry = self._app.state.service.telemetry
            seconds = time.perf_counter() - start
            telemetry.answered(scope.get("archzoo.model", ""), answer.status, seconds)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if self._hosts and (host := _host(scope)) and host not in self._hosts:
            await answer.refuse(
                Refusal(
                    421,
                    "wrong_host",
                    f"the server is not called {host[:100]!r}. It serves its own machine, as localhost; who "
                    "starts it can allow other names.",
                )
            )
            return
        await self._app(scope, receive, answer.send)


class _Answer:
    """Sends an answer, with the headers that all have."""

    def __init__(self, send: Send):
        self._send = send
        self.status = 499
        """499: the client went before there was an answer, as nginx counts it."""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            message["headers"] = [*headers, *SECURITY]
            if not any(name == CLOSED[0] for name, _ in headers):
                message["headers"].append(CLOSED)
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        if self.status != 499:
            return
        body = encode(refusal.content())
        headers = [(b"content-type", JSON_TYPE.encode()), (b"content-length", b"%d" % len(body))]
        headers += [(k.lower().encode(), v.encode()) for k, v in refusal.headers.items()]
        await self.send(
            {"type": "http.response.start", "status": refusal.status, "headers": headers}
        )
        await self.send({"type": "http.response.body", "body": body})


def _host(scope: Scope) -> str:
    """The name under which the server was called, without the port."""
    given = next((value for name, value in scope["headers"] if name == b"host"), b"")
    text = given.decode("latin-1").lower()
    return text if text.endswith("]") else text.rpartition(":")[0] if ":" in text else text
