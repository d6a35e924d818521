"""Uploaded files as samples, read by what reads files for `zoo predict`."""

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo.contract import InputContract
from zoo.datasets.images import announced
from zoo.errors import DataError, UsageError, ZooError
from zoo.media_files import reader_of
from zoo.pictures import Picture
from zoo.printable import printable
from zoo.serving.refusals import Refusal, as_served

SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
LONGEST = 100


@dataclass(frozen=True)
class Upload:
    """A file as it was sent.

    Attributes:
        name: as the client calls it.
    """

    name: str
    content: bytes

    @property
    def title(self) -> str:
        """The name, short and without control characters."""
        return printable(self.name)[:LONGEST] or "the file"

    @property
    def suffix(self) -> str:
        found = Path(self.name.replace("\\", "/")).suffix
        return found if SUFFIX.fullmatch(found) else ""


@dataclass(frozen=True)
class UploadReader:
    """Reads uploads by the contract of a run.

    Args:
        folder: where an upload is while it is read.
        max_pixels: of an image.
    """

    contract: InputContract
    folder: Path
    max_pixels: int

    def read(self, uploads: Sequence[Upload], inverted: bool | None) -> list[Picture]:
        """The sample of each, with what was done to it. It may take long: call it in a thread.

        Raises:
            Refusal: a file cannot be read, is too large, or is not of the kind that the model reads.
        """
        return [self._read(each, inverted) for each in uploads]

    def _read(self, upload: Upload, inverted: bool | None) -> Picture:
        handle, name = tempfile.mkstemp(upload.suffix, dir=self.folder)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(upload.content)
            reader = reader_of(self.contract, inverted)
            if self.contract.reading is None:
                self._check_pixels(upload, path)
            return reader.read(path)
        except (DataError, UsageError) as error:
            message = as_served(str(error), path, upload.title)
            raise Refusal(422, "unreadable_file", message) from error
        except ZooError as error:
            raise Refusal(422, "unreadable_file", f"{upload.title}: cannot be read.") from error
        except OSError as error:
            raise Refusal(507, "no_room", "the server has no room to read the file.") from error
        finally:
            path.unlink(missing_ok=True)

    def _check_pixels(self, upload: Upload, path: Path) -> None:
        header = announced(path, verify=False)
        if header.width * header.height > self.max_pixels:
            raise Refusal(
                413,
                "too_many_pixels",
                f"{upload.title}: has {header.width}×{header.height} pixels; at most "
                f"{self.max_pixels:,} are read. Make it smaller.",
            )
