"""The files of Speech Commands v0.02: where they may lie, unpacking them, and their splits."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo.datasets.location import Locations
from zoo.datasets.published import again
from zoo.errors import DataError

NAME = "speech_commands"
FOLDER = "speech_commands_v0.02"
ARCHIVE = f"{FOLDER}.tar.gz"
SHA256 = "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"
MIRRORS = (
    "https://storage.googleapis.com/download.tensorflow.org/data/",
    "http://download.tensorflow.org/data/",
)
COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
OTHERS = (
    *(
        "backward",
        "bed",
        "bird",
        "cat",
        "dog",
        "eight",
        "five",
        "follow",
        "forward",
        "four",
        "happy",
    ),
    *("house", "learn", "marvin", "nine", "one", "seven", "sheila", "six", "three", "tree", "two"),
    *("visual", "wow", "zero"),
)
NOISE = "_background_noise_"
LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}
COUNT = 105_829
"""Recordings of words."""
RATE = 16_000
STEPS = 64
"""64 steps are 1.024 s; recordings last at most 1 s."""
MOST_UNPACKED = 2**33


@dataclass(frozen=True)
class Source:
    """Where the recordings are. Tests make one of few.

    Args:
        count: how many recordings of words there are.
        sha256: of the archive.
    """

    count: int = COUNT
    sha256: str = SHA256

    def places(self, locations: Locations) -> Iterator[Path]:
        """Folders and archives that may hold the recordings, in the order they are tried."""
        if root := locations.data_dir:
            for folder in (root, root / NAME, root / "speech-commands", root / "SpeechCommands"):
                yield from (folder / FOLDER, folder, folder / ARCHIVE)
        yield locations.cache / NAME / FOLDER
        yield locations.cache / NAME / ARCHIVE
        yield locations.torchvision / "SpeechCommands" / FOLDER
        yield locations.torchvision / ARCHIVE

    def find(self, locations: Locations) -> Path | None:
        """Find the first folder with the lists of splits, or archive."""
        for place in self.places(locations):
            if place.is_file() or all((place / name).is_file() for name in LISTS.values()):
                return place
        return None

    def fetch(self, locations: Locations) -> Path:
        """Download the archive and unpack it in the cache; returns the folder."""
        from zoo.datasets.download import fetch

        folder = locations.cache / NAME
        fetch(folder, NAME, {ARCHIVE: self.sha256}, MIRRORS)
        return self.unpack(folder / ARCHIVE, locations)

    def unpack(self, archive: Path, locations: Locations) -> Path:
        """Unpack a checked archive into the cache, once; nothing in it can write elsewhere.

        Raises:
            DataError: its checksum is not the published one, or it cannot be unpacked.
        """
        import tarfile

        with archive.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != self.sha256:
                raise DataError(
                    f"{archive}: its checksum differs from the published one. {again(NAME)}"
                )
        final = locations.cache / NAME / FOLDER
        if final.is_dir():
            return final
        part = final.with_name(f"{FOLDER}.part")
        try:
            with tarfile.open(archive) as tar:
                members = tar.getmembers()
                if sum(each.size for each in members) > MOST_UNPACKED:
                    raise DataError(
                        f"{archive}: would unpack to more than {MOST_UNPACKED:,} bytes."
                    )
                tar.extractall(part, members, filter="data")
            part.rename(final)
        except (OSError, tarfile.TarError, EOFError) as error:
            raise DataError(f"{archive}: cannot be unpacked to {final} ({error}).") from error
        return final

    def folder(self, locations: Locations) -> Path:
        """The folder of the recordings; downloaded and unpacked if need be."""
        from zoo.datasets.download import fetch_or_explain

        place = self.find(locations)
        if place is None:
            wanted = f"{ARCHIVE} or the folder {FOLDER}"
            return fetch_or_explain(NAME, self.fetch, locations, self.places(locations), wanted)
        return self.unpack(place, locations) if place.is_file() else place

    def splits(self, folder: Path) -> dict[str, dict[str, list[str]]]:
        """The recordings by split and word, sorted by name: `{"train": {"yes": ["yes/a.wav"]}}`.

        Raises:
            DataError: some are missing.
        """
        words = sorted((*COMMANDS, *OTHERS))
        try:
            listed = {
                split: set((folder / name).read_text("ascii").split())
                for split, name in LISTS.items()
            }
            there = {
                word: sorted(f"{word}/{path.name}" for path in (folder / word).glob("*.wav"))
                for word in words
            }
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{folder}: cannot be read ({error}).") from error
        found = sum(map(len, there.values()))
        held = set.union(*listed.values())
        missing = held - {each for names in there.values() for each in names}
        if found != self.count or missing:
            lacking = f", and lacks {min(missing)}" if missing else ""
            raise DataError(
                f"{folder}: has {found:,} recordings of {len(words)} words{lacking}; those published as "
                f"v0.02 are {self.count:,}. Unpack {ARCHIVE} again."
            )
        kept = {
            split: {
                word: [each for each in names if each in listed[split]]
                for word, names in there.items()
            }
            for split in listed
        }
        train = {
            word: [each for each in names if each not in held] for word, names in there.items()
        }
        return {"train": train, **kept}
