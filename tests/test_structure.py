"""How the package hangs together: arrows point one way, and each module has a name of its own."""

from collections import defaultdict
from pathlib import Path

import imports
import pytest

PACKAGE = Path(__file__).parents[1] / "zoo"
IMPORTS = imports.graph(PACKAGE, entry="zoo")
ENTRIES = ("zoo.__main__",)


def test_no_modules_import_each_other():
    assert imports.cycles(IMPORTS) == []


def test_nothing_below_the_command_line_imports_it():
    upward = [
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        for other in sorted(others)
        if other.startswith("zoo.cli") and not name.startswith("zoo.cli") and name not in ENTRIES
    ]
    assert upward == []


def test_nothing_inside_imports_the_front_door():
    assert [name for name, others in IMPORTS.items() if "zoo" in others] == []


LAYERS = (
    ("zoo.datasets", ("zoo.training", "zoo.comparison", "zoo.report", "zoo.api", "zoo.testing")),
    ("zoo.runs", ("zoo.training", "zoo.comparison", "zoo.report", "zoo.api", "zoo.testing")),
    ("zoo.training", ("zoo.comparison", "zoo.tuning", "zoo.report", "zoo.api", "zoo.testing")),
    (
        "zoo.comparison",
        ("zoo.tracking", "zoo.tuning", "zoo.studies", "zoo.report", "zoo.api", "zoo.testing"),
    ),
    ("zoo.studies", ("zoo.tracking", "zoo.report", "zoo.api", "zoo.testing")),
    ("zoo.tracking", ("zoo.report", "zoo.api", "zoo.testing")),
    ("zoo.tuning", ("zoo.report", "zoo.api", "zoo.testing")),
    ("zoo.advising", ("zoo.report", "zoo.api", "zoo.testing")),
    ("zoo.report", ("zoo.api", "zoo.testing")),
    ("zoo.cards", ("zoo.report", "zoo.api", "zoo.testing")),
    ("zoo.exporting", ("zoo.report", "zoo.api", "zoo.testing")),
    ("zoo.serving", ("zoo.api", "zoo.testing")),
)


@pytest.mark.parametrize(("package", "above"), LAYERS, ids=[name for name, _ in LAYERS])
def test_arrows_run_downwards(package, above):
    upward = [
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        for other in sorted(others)
        if _within(name, package) and any(_within(other, each) for each in above)
    ]
    assert upward == []


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def test_no_two_modules_have_one_name():
    named = defaultdict(list)
    for name, file in imports.modules(PACKAGE).items():
        command = name.startswith("zoo.cli.")  # its module is called as it is typed
        if not command and file.name != "__init__.py":
            named[file.stem].append(name)
    assert {name: those for name, those in named.items() if len(those) > 1} == {}


def test_a_cycle_is_found(tmp_path):
    """The search itself: a cycle of three through an import within a function."""
    package = tmp_path / "made"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("from made.b import x\n")
    (package / "b.py").write_text("def f():\n    from made import c\n")
    (package / "c.py").write_text("import made.a\n")
    (package / "d.py").write_text("from made import a\n")
    assert imports.cycles(imports.graph(package)) == [["made.a", "made.b", "made.c"]]
