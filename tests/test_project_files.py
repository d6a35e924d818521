"""The files that services and tools read: workflows, templates, hooks, constraints."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = (PROJECT / "constraints.txt").read_text()
GITHUB = PROJECT / ".github"

yaml = pytest.importorskip("yaml", reason="pip install 'archzoo[test]'")


def read(path: Path):
    return yaml.safe_load(path.read_text())


def test_ci_tests_every_python_that_the_package_names():
    workflow = read(GITHUB / "workflows" / "ci.yml")
    named = [
        each.rpartition(" ")[2]
        for each in PYPROJECT["classifiers"]
        if re.search(r"Python :: 3\.\d+$", each)
    ]
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == named
    assert named[0] in PYPROJECT["requires-python"]


def test_every_step_of_ci_does_something_and_every_script_is_there():
    for job in read(GITHUB / "workflows" / "ci.yml")["jobs"].values():
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            for script in re.findall(
                r"(?:python |^)((?:docs|bench|\.ci)/[\w.]+)", step.get("run", "")
            ):
                assert (PROJECT / script).is_file(), script


@pytest.mark.parametrize("number", ["1", "2"])
def test_ci_finds_the_commands_of_the_readme(number, tmp_path):
    (tmp_path / ".ci").mkdir()
    script = (PROJECT / ".ci" / "readme").read_text()
    (tmp_path / ".ci" / "readme").write_text(script.replace("exec bash", "exec echo bash"))
    (tmp_path / "README.md").write_text((PROJECT / "README.md").read_text())
    said = subprocess.run(
        ["bash", ".ci/readme", number], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    wanted = {"1": "zoo train convlstm2d", "2": "pytest -n 2 --dist loadfile"}
    assert said.splitlines()[0].startswith("$ ")
    assert said.splitlines()[0].endswith(wanted[number])


def test_the_issue_forms_ask_for_what_is_needed():
    forms = {path.stem: read(path) for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml")}
    assert {"bug", "architecture", "question", "config"} == set(forms)
    del forms["config"]
    for form in forms.values():
        asked = [field for field in form["body"] if field["type"] != "markdown"]
        assert form["name"] and form["description"]
        assert len({field["id"] for field in asked}) == len(asked)
        assert all(field["attributes"]["label"] for field in asked)
    doctor = next(field for field in forms["bug"]["body"] if field.get("id") == "doctor")
    assert doctor["validations"] == {"required": True}
    assert "`zoo doctor`" in doctor["attributes"]["label"]


def test_pre_commit_uses_the_ruff_of_the_constraints():
    repositories = read(PROJECT / ".pre-commit-config.yaml")["repos"]
    (ruff,) = [each for each in repositories if each["repo"].endswith("/ruff-pre-commit")]
    assert f"\nruff=={ruff['rev'].removeprefix('v')}\n" in CONSTRAINTS
    hooks = {hook["id"] for each in repositories for hook in each["hooks"]}
    assert {"ruff-check", "ruff-format", "mypy"} < hooks


def test_every_dependency_has_a_constraint():
    known = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in CONSTRAINTS.splitlines()
        if not line.startswith("#")
    }
    extras = PYPROJECT["optional-dependencies"]
    assert "report" not in extras
    wanted = [*PYPROJECT["dependencies"], *extras["test"], *extras["docs"]]
    for requirement in wanted:
        name = re.split(r"[\[<>=]", requirement)[0].lower()
        assert name in known, requirement


def test_the_constraints_are_versions_alone():
    for line in CONSTRAINTS.splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line), line
