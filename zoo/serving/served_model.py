"""One model in the process that answers: its samples from bodies and files, its batches, its answers."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from starlette.requests import Request

from zoo.pictures import Picture
from zoo.serving.batching import Batcher
from zoo.serving.loaded_model import Answers, LoadedModel
from zoo.serving.refusals import Refusal
from zoo.serving.request_body import JSON, NPY, uploads_of
from zoo.serving.sample_bodies import as_stored, from_json, from_npy
from zoo.serving.serve_options import ServeOptions
from zoo.serving.uploads import UploadReader

AT_ONCE = 2**15
"""Bytes of a body that are decoded where it arrives; more would hold up other requests."""


@dataclass(frozen=True)
class ServedModel:
    """A model that answers requests.

    Attributes:
        reader: reads uploaded files; None: the model's file does not say how.
        executor: threads for what takes long.
    """

    model: LoadedModel
    batcher: Batcher
    reader: UploadReader | None
    executor: Executor
    options: ServeOptions

    async def samples(
        self, request: Request, kind: str, body: bytes, inverted: bool | None
    ) -> tuple[np.ndarray, list[Picture]]:
        """The samples of a request, and for files how each was read.

        Raises:
            Refusal: they do not fit the model.
        """
        if kind not in (JSON, NPY):
            return await self._read(request, kind, body, inverted)
        decode = partial(self._decoded, kind, body, inverted)
        if len(body) <= AT_ONCE:
            return decode(), []
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, decode), []

    def _decoded(self, kind: str, body: bytes, inverted: bool | None) -> np.ndarray:
        read = from_json if kind == JSON else from_npy
        given = read(body, self.model.input, self.options.max_instances)
        return as_stored(given, self.model.contract, self.model.input, inverted)

    async def _read(
        self, request: Request, kind: str, body: bytes, inverted: bool | None
    ) -> tuple[np.ndarray, list[Picture]]:
        files = self.model.description["takes_files"]
        if self.reader is None or files is None:
            raise Refusal(
                415,
                "no_files",
                f"{self.model.name} takes no files; send arrays: {JSON} or {NPY}.",
            )
        uploads = await uploads_of(request, kind, body, self.options.max_instances)
        read = partial(self.reader.read, uploads, inverted)
        loop = asyncio.get_running_loop()
        pictures = await loop.run_in_executor(self.executor, read)
        return np.stack([each.sample for each in pictures]), pictures

    def answer(self, found: Answers, pictures: Sequence[Picture]) -> dict[str, Any]:
        """The JSON of an answer."""
        classes = self.model.classes
        predictions = [
            {"class": classes[index], "index": index, "probabilities": row, "logits": logits}
            for index, row, logits in zip(
                found.probabilities.argmax(axis=1).tolist(),
                found.probabilities.tolist(),
                found.logits.tolist(),
                strict=True,
            )
        ]
        for each, picture in zip(predictions, pictures, strict=False):
            each |= {"done": picture.done, "unusual": picture.unusual}
        return {
            "model": self.model.name,
            "run": self.model.description["run"],
            "predictions": predictions,
            "milliseconds": round(found.milliseconds, 4),
        }
