"""The body of a request: its kind, within limits of bytes and of memory."""

import contextlib
from collections.abc import AsyncIterator

from starlette.requests import Request

from zoo.serving.refusals import Refusal, busy
from zoo.serving.uploads import Upload

JSON, NPY, MULTIPART = "application/json", "application/x-npy", "multipart/form-data"
FILES = ("image/", "audio/", "video/")
ACCEPTED = f"{MULTIPART} with files, a file as image/*, audio/* or video/*, {JSON}, or {NPY}"


class BodyMemory:
    """How many bytes of bodies are held at once, of all requests together."""

    def __init__(self, most: int):
        self.most, self.held = most, 0

    def take(self, count: int) -> None:
        """
        Raises:
            Refusal: there is no room.
        """
        if self.held + count > self.most:
            raise busy("the server holds as many bytes of requests as it may. Try again.")
        self.held += count

    def give_back(self, count: int) -> None:
        self.held -= count


def content_type(request: Request) -> str:
    """The kind of the body.

    Raises:
        Refusal: it is none that is read.
    """
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind in (JSON, NPY, MULTIPART) or kind.startswith(FILES):
        return kind
    raise Refusal(
        415,
        "wrong_content_type",
        f"the Content-Type is {kind[:60]!r}; send {ACCEPTED}." if kind else f"send {ACCEPTED}.",
    )


@contextlib.asynccontextmanager
async def body_of(request: Request, most: int, memory: BodyMemory) -> AsyncIterator[bytes]:
    """The whole body, held until the block ends.

    Raises:
        Refusal: it is longer than `most`, or there is no room for it.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise _too_large(f"{int(announced):,} bytes", most)
    held, chunks = 0, []
    try:
        async for chunk in request.stream():
            memory.take(len(chunk))
            held += len(chunk)
            if held > most:
                raise _too_large(f"more than {most:,} bytes", most)
            chunks.append(chunk)
        yield chunks[0] if len(chunks) == 1 else b"".join(chunks)
    finally:
        memory.give_back(held)


def _too_large(received: str, most: int) -> Refusal:
    return Refusal(413, "body_too_large", f"the body has {received}; at most {most:,} are allowed.")


async def uploads_of(request: Request, kind: str, body: bytes, most: int) -> list[Upload]:
    """The files in a body.

    Raises:
        Refusal: it is no form with files, or has more than `most`.
    """
    if kind != MULTIPART:
        return [Upload(f"the file.{kind.partition('/')[2]}", body)]
    from starlette.datastructures import Headers
    from starlette.formparsers import MultiPartException, MultiPartParser

    async def stream() -> AsyncIterator[bytes]:
        yield body

    headers = Headers(raw=[(b"content-type", request.headers["content-type"].encode("latin-1"))])
    parser = MultiPartParser(headers, stream(), max_files=most, max_fields=0)  # type: ignore[arg-type]
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if "Too many files" in error.message:
            raise Refusal(
                413, "too_many_samples", f"more than {most:,} files were sent; that is the most."
            ) from error
        raise Refusal(
            400, "bad_form", f"the form cannot be read ({error.message[:100]}); send files only."
        ) from error
    except Exception as error:  # the parser's own, which Starlette does not convert
        raise Refusal(
            400, "bad_form", "the form cannot be read; send multipart/form-data."
        ) from error
    try:
        found = [
            Upload(each.filename or "", await each.read())
            for _, each in form.multi_items()
            if not isinstance(each, str)
        ]
    finally:
        await form.close()
    if not found:
        raise Refusal(422, "no_samples", "the form has no file; send at least one.")
    return found
