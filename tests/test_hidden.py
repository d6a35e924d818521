"""Another package called `zoo`: which file hides ours is said, instead of a traceback."""

import os
import subprocess
import sys

import pytest
from conftest import PROJECT, assert_one_line_error


def run(*arguments, **env) -> subprocess.CompletedProcess:
    """As the installed command `zoo` begins."""
    begin = "import sys; sys.argv[0] = 'zoo'; import archzoo; archzoo.main()"
    return subprocess.run(
        [sys.executable, "-P", "-c", begin, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


def test_the_command_begins_where_hiding_is_seen():
    text = (PROJECT / "pyproject.toml").read_text()
    assert 'zoo = "archzoo:main"' in text
    assert '"archzoo.py" = "archzoo.py"' in text
    result = run("--version", PYTHONPATH=str(PROJECT))
    assert (result.returncode, result.stdout.split(",")[0]) == (0, "archzoo"), result.stderr


@pytest.mark.parametrize("name", ["zoo.py", "zoo/__init__.py"])
def test_a_stray_package_is_named(name, tmp_path):
    stray = tmp_path / "stray" / name
    stray.parent.mkdir(parents=True)
    stray.write_text("animals = 3\n")
    result = run("list", PYTHONPATH=f"{tmp_path / 'stray'}{os.pathsep}{PROJECT}")
    assert_one_line_error(result, 1, str(stray), "in the place of archzoo's", "PYTHONPATH")


def test_a_distribution_that_brings_a_zoo_is_named_by_doctor(zoo, tmp_path, monkeypatch):
    info = tmp_path / "site" / "animals-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: animals\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("zoo\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    result = zoo("doctor")
    assert "package zoo" in result.stdout
    assert "animals also installed a package zoo" in result.stdout
