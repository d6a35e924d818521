"""What the documentation says is what the code and the records say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo.cli import COMMANDS

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text()
PYTHON = (PROJECT / "docs" / "python.md").read_text()
DESIGN = (PROJECT / "docs" / "design.md").read_text()


def test_every_exported_name_exists_and_is_documented():
    for name in zoo.__all__:
        assert hasattr(zoo, name)
        assert name == "__version__" or f"`{name}`" in PYTHON, name


def test_versions_agree():
    wanted = f'version = "{zoo.__version__}"'
    for path in (PROJECT / "pyproject.toml", *PROJECT.glob("plugins/*/pyproject.toml")):
        assert wanted in path.read_text(), path
    assert f"[{zoo.__version__}]" in (PROJECT / "CHANGELOG.md").read_text()


def test_every_command_is_in_the_readme():
    for name in COMMANDS:
        assert f"zoo {name}" in README, name


def test_every_hook_is_in_the_documentation():
    from zoo import hookspecs

    hooks = [name for name in vars(hookspecs) if name.startswith("zoo_")]
    assert hooks == ["zoo_architectures", "zoo_datasets"]
    assert "zoo_architectures" in README
    assert "zoo/hookspecs.py" in DESIGN


def test_every_setting_from_the_environment_is_documented():
    used = set()
    for path in (PROJECT / "zoo").rglob("*.py"):
        used |= set(re.findall(r'"(ZOO_[A-Z_]+)"', path.read_text()))
    documented = README + DESIGN + (PROJECT / "CONTRIBUTING.md").read_text()
    assert not [name for name in used - {"ZOO_DEBUG", "ZOO_RUNS_DIR"} if name not in documented]


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


@pytest.mark.parametrize("number", [1, 2])
def test_the_two_commands_of_the_readme_are_found_by_ci(number):
    match = re.search(rf"<!-- command {number} -->\n```sh\n(.+)\n```", README)
    assert match
    assert match[1].count("\n") == 0
