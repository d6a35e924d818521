"""The device that a model trains on."""

from dataclasses import dataclass

DEVICES = ("auto", "cpu", "gpu")
"""What can be asked for."""


@dataclass(frozen=True)
class Device:
    """A CPU or a GPU.

    Attributes:
        kind: `cpu` or `gpu`.
        name: the model of the processor or the card.
    """

    kind: str
    name: str
