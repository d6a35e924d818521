"""Where an architecture came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Where an architecture came from: a distribution and its version, or a file and its hash.

    `neighbours` are the files beside it that it imports, by name, with their hashes.
    """

    distribution: str = ""
    version: str = ""
    file: str = ""
    sha256: str = ""
    neighbours: Mapping[str, str] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """What run.json keeps; neighbours only where there are some."""
        record = {
            name: getattr(self, name) for name in ("distribution", "version", "file", "sha256")
        }
        return {**record, **({"neighbours": dict(self.neighbours)} if self.neighbours else {})}
