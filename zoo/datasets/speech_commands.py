"""Speech Commands v0.02 (Warden 2018, https://arxiv.org/abs/1804.03209) as log-mel spectrograms."""

from typing import Annotated, Literal

from zoo.datasets.dataset import Arrays, Dataset
from zoo.datasets.location import Locations
from zoo.datasets.speech_files import COMMANDS, NAME, OTHERS, STEPS, Source

SHAPE = (STEPS, 40)
"""Steps and bands."""

Classes = Literal["35", "12"]


def dataset_of(source: Source, classes: Classes) -> Dataset:
    """The dataset of a source, with 35 or 12 classes."""

    def make(
        *,
        classes: Annotated[
            Classes,
            "35: all words; 12: ten commands, unknown (other words) and silence (noise), of these two as "
            "many as of a command",
        ] = "35",
    ) -> Dataset:
        """Spoken words as log-mel spectrograms (`zoo.datasets.spectrogram`): sequences, uint8."""
        return dataset_of(source, classes)

    def load(locations: Locations) -> Arrays:
        from zoo.datasets.speech_samples import load

        return load(source, locations, classes)

    names = sorted((*COMMANDS, *OTHERS)) if classes == "35" else [*COMMANDS, "unknown", "silence"]
    said = "unknown and silence are drawn from the same splits; the published test set of 12 is another"
    return Dataset(
        name=NAME,
        classes=tuple(names),
        layout="sequence",
        shape=SHAPE,
        load=load,
        summary=f"105,829 recordings of 35 words, {STEPS} steps of 16 ms × 40 mel bands",
        origin="https://arxiv.org/abs/1804.03209",
        licence="CC BY 4.0",
        find=source.find,
        fetch=source.fetch,
        make=make,
        parameters={"classes": classes},
        notes=(said,) if classes == "12" else (),
    )


SPEECH_COMMANDS = dataset_of(Source(), "35")
