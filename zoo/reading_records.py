"""How sound files and films become samples, as run.json keeps it."""

from zoo.datasets.readings import Reading
from zoo.errors import ZooError
from zoo.runs.record import ReadingRecord


def record_of(reading: Reading) -> ReadingRecord:
    """What run.json keeps; `reading_of` reads it back."""
    return ReadingRecord(**reading.settings)


def reading_of(record: ReadingRecord, shape: tuple[int, ...]) -> Reading:
    """The reading that a run was trained with.

    Args:
        shape: of its samples.

    Raises:
        ZooError: the record makes no sense; files would be read otherwise than in training.
    """
    from zoo.datasets.film_reading import FilmReading
    from zoo.datasets.sound_reading import SoundReading

    found: Reading | None = None
    if record.kind == "audio" and len(shape) == 2 and 1 <= (record.rate or 0) < 2**20:
        found = SoundReading(record.rate or 0, shape[0])
    if record.kind == "video" and len(shape) == 4 and (record.fps is None or record.fps > 0):
        found = FilmReading(
            (shape[0], shape[1], shape[2], shape[3]),
            record.fps,
            record.resize or "fit",
            record.background or "refuse",
        )
    if found is None or found.shape != shape:
        raise ZooError("run.json is damaged: its contract does not say how files are read.")
    return found
