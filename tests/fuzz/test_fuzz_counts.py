"""How many inputs the suite makes."""

from importlib import import_module
from pathlib import Path

from asking import COUNTS


def test_there_are_hundreds_always_and_thousands_slowly():
    for path in Path(__file__).parent.glob("test_fuzz_*.py"):
        import_module(path.stem)
    few, many = (sum(counts) for counts in zip(*COUNTS.values(), strict=True))
    assert few >= 300
    assert many >= 2000
