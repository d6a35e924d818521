"""What the documentation says is what the code and the records say."""

import ast
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

import zoo
from zoo.cli import COMMANDS

PROJECT = Path(__file__).parent.parent
DOCS = PROJECT / "docs"
README = (PROJECT / "README.md").read_text()
PYTHON = (DOCS / "python.md").read_text()
DESIGN = (DOCS / "design.md").read_text()


def test_every_exported_name_exists_and_is_documented():
    reference = re.findall(r"^::: zoo\.(\w+)$", (DOCS / "api.md").read_text(), re.MULTILINE)
    assert len(reference) == len(set(reference))
    assert {*reference, "__version__"} == {*zoo.__all__}
    for name in zoo.__all__:
        assert hasattr(zoo, name)
        assert name == "__version__" or f"`{name}`" in PYTHON, name


def test_everything_for_tests_of_plugins_is_documented():
    import zoo.testing

    reference = (DOCS / "api.md").read_text()
    assert not [name for name in zoo.testing.__all__ if f"zoo.testing.{name}" not in reference]


def test_files_that_the_documentation_names_are_there():
    named = re.compile(r"`((?:zoo|bench|tests|docs)/[\w/]+\.[a-z0-9]+)`")
    pages = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    found = {path for page in pages for path in named.findall(page.read_text())}
    assert len(found) > 5
    of_a_package = {"tests/test_checks.py"}  # what zoo new writes
    assert not [path for path in found - of_a_package if not (PROJECT / path).exists()]


def test_versions_agree():
    wanted = f'version = "{zoo.__version__}"'
    for path in (PROJECT / "pyproject.toml", *PROJECT.glob("plugins/*/pyproject.toml")):
        assert wanted in path.read_text(), path
    assert f"[{zoo.__version__}]" in (PROJECT / "CHANGELOG.md").read_text()


def test_every_command_is_in_the_documentation():
    commands = (DOCS / "commands.md").read_text()
    assert re.findall(r"^\| `zoo (\w+)` \|", commands, re.MULTILINE) == [*COMMANDS]


def test_what_is_shipped_is_in_the_documentation():
    shipped = (DOCS / "shipped.md").read_text()
    registry = (PROJECT / "registry.toml").read_text()
    names = re.findall(r"^\[architectures\.(\w+)\]$", registry, re.MULTILINE)
    assert len(names) == len(list((PROJECT / "plugins").iterdir()))
    from zoo.datasets.catalog import BUILT_IN

    for name in (*names, *BUILT_IN):
        assert f"| `{name}` |" in shipped, name


def test_the_readme_is_short_and_begins_with_what_it_is_a_picture_and_the_commands():
    lines = README.splitlines()
    assert len(lines) <= 160
    picture = next(i for i, line in enumerate(lines) if line.startswith("!["))
    commands = [i for i, line in enumerate(lines) if line.startswith("<!-- command")]
    assert picture < commands[0] < commands[1] < 45


def test_the_readme_says_of_its_comparison_what_the_record_says():
    record = json.loads((PROJECT / "bench" / "results" / "compare-mnist-quick.json").read_text())
    told = [pair for pair in record["pairs"] if pair["different"]]
    assert (told == []) == ("too few for a verdict" in README)
    assert record["command"].replace(" --dataset mnist", "") in README


def test_the_python_of_the_readme_and_of_the_docs_is_python_and_uses_names_that_exist():
    found = [README, *(path.read_text() for path in DOCS.rglob("*.md"))]
    blocks = [
        block for text in found for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    ]
    assert len(blocks) > 10
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "zoo":
                assert node.attr == "testing" or hasattr(zoo, node.attr), node.attr


def test_links_to_files_lead_somewhere():
    pages = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            path = link.partition("#")[0]
            if path and not link.startswith("https://"):
                assert (page.parent / path).exists(), f"{page.name}: {link}"


def test_every_hook_is_in_the_documentation():
    from zoo import hookspecs

    hooks = [name for name in vars(hookspecs) if name.startswith("zoo_")]
    assert hooks == ["zoo_architectures", "zoo_datasets", "zoo_trackers"]
    assert "zoo_architectures" in README
    assert all(f"`{hook}(" in (DOCS / "plugins.md").read_text() for hook in hooks)
    assert "zoo/hookspecs.py" in DESIGN


def test_every_setting_from_the_environment_is_documented():
    used = set()
    for path in (PROJECT / "zoo").rglob("*.py"):
        used |= set(re.findall(r'"(ZOO_[A-Z_]+)"', path.read_text()))
    documented = (DOCS / "commands.md").read_text()
    assert "ZOO_DATA_DIR" in used
    assert not [name for name in used if f"| `{name}" not in documented]


def test_tables_are_made_from_the_records():
    check = [sys.executable, PROJECT / "bench" / "results.py", "table", "--check"]
    subprocess.run(check, check=True)


def test_the_file_in_the_readme_trains(tmp_path, small_npz, zoo):
    (code,) = re.findall(r"```python\n(layout = .*?)```", README, re.DOTALL)
    (tmp_path / "my_net.py").write_text(code)
    result = zoo(
        "train", "./my_net.py", "--set", "units=64", "--dataset", small_npz, "--epochs", "1"
    )
    assert result.returncode == 0, result.stderr
    assert "test accuracy" in result.stdout


def test_no_record_names_the_machine_it_was_made_on():
    for path in (PROJECT / "bench" / "results").rglob("*.json*"):
        text = path.read_text()
        assert '"node"' not in text, path
        assert not re.search(r'"/(home|root|work|Users)/', text), path


class Resources(HTMLParser):
    """What a browser fetches to show a page."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.found.append(values.get("src") or "")
        if tag == "link" and values.get("rel") not in ("canonical", "prev", "next"):
            self.found.append(values.get("href") or "")


@pytest.mark.skipif(
    not (find_spec("material") and find_spec("mkdocstrings")), reason="pip install 'archzoo[docs]'"
)
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    result = subprocess.run(build, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert {"index.html", "tutorial.html", "api.html", "results.html"} < {
        page.name for page in pages
    }
    for page in pages:
        resources = Resources()
        resources.feed(page.read_text())
        remote = [each for each in resources.found if each.startswith(("http:", "https:", "//"))]
        assert resources.found or page.name == "compare-mnist-quick.html"
        assert not remote, f"{page.name}: {remote}"
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", sheet.read_text()), sheet.name
    reference = (tmp_path / "api.html").read_text()
    assert not [name for name in zoo.__all__[1:] if f'id="zoo.{name}"' not in reference]


@pytest.mark.parametrize("number", [1, 2])
def test_the_two_commands_of_the_readme_are_found_by_ci(number):
    match = re.search(rf"<!-- command {number} -->\n```sh\n(.+)\n```", README)
    assert match
    assert match[1].count("\n") == 0
