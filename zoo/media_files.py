"""Reading sound files and films for prediction, by the input contract of the run."""

from dataclasses import dataclass
from pathlib import Path

from zoo.contract import InputContract
from zoo.errors import UsageError
from zoo.pictures import Picture, PictureReader


@dataclass(frozen=True)
class MediaReader:
    """Reads sound files or films as the run's own samples were read.

    Args:
        contract: of a run that was trained on such files.
    """

    contract: InputContract

    def read(self, path: Path) -> Picture:
        """A file's sample, what was done to it, and how it is unlike those of training.

        Raises:
            DataError: the file is missing, damaged or of another kind.
        """
        assert self.contract.reading
        done: list[str] = []
        sample = self.contract.reading.read(path, done)
        return Picture(path, sample, done, self.contract.unusual(sample))


def reader_of(contract: InputContract, inverted: bool | None) -> MediaReader | PictureReader:
    """What reads files for a run.

    Args:
        inverted: as for `PictureReader`.

    Raises:
        UsageError: the run reads no files.
    """
    if contract.reading is None:
        return PictureReader(contract, inverted)
    if inverted:
        raise UsageError("`invert=True` is for images; sounds and films are read as in training.")
    return MediaReader(contract)
