"""`zoo new`: what it writes is a plugin as it stands, and nothing that was there is lost."""

import itertools
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import assert_one_line_error
from layered import Environment
from test_cold_start import HEAVY, loaded_by

from zoo.scaffold.naming import LONGEST
from zoo.scaffold.package import LICENCES, NO_LICENCE, Package
from zoo.scaffold.writing import write_folder

posix = pytest.mark.skipif(sys.platform == "win32", reason="terminals, limits, shell scripts")
needs_hatchling = pytest.mark.skipif(
    not (find_spec("hatchling") and find_spec("editables")),
    reason="installs packages without a network: pip install hatchling editables",
)

LAYOUTS = {"image": "shapes", "sequence": "waves", "frames": "moves"}
"""Each layout, and what its dataset's name ends with."""
ALL = list(itertools.product(LAYOUTS, (False, True), (*LICENCES, NO_LICENCE)))
FILES = {
    ".github/workflows/ci.yml",
    ".gitignore",
    "README.md",
    "pyproject.toml",
    "tests/test_checks.py",
}
AUTHORS = ["", 'Ada "Countess" \\ King', "Zoë $name 日本 ${x} {{y}}", "O'Neill & Sons <x>"]


def package(name="my_net", layout="image", with_dataset=False, licence="MIT", author="Ada"):
    return Package(name, layout, with_dataset, author, "", licence, 2026)


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize(("layout", "dataset", "licence"), ALL)
def test_a_package_is_complete(layout, dataset, licence, tmp_path, zoo_here):
    extra = ["--dataset"] if dataset else []
    wanted = ["--layout", layout, "--license", licence, "--author", "Ada King", *extra]
    code, out, err = zoo_here("new", "my_net", *wanted, "--email", "ada@example.org")
    assert (code, err) == (0, "")
    folder = tmp_path / "archzoo-my-net"
    modules = {"archzoo_my_net/__init__.py"} | ({"archzoo_my_net/dataset.py"} if dataset else set())
    files = FILES | modules | ({"LICENSE"} if licence != NO_LICENCE else set())
    assert written(folder) == files
    assert _names(tmp_path) == ["archzoo-my-net"]
    assert all(name in out for name in files)
    _check_metadata(folder, licence)
    readme = (folder / "README.md").read_text()
    data = f"my_net_{LAYOUTS[layout]}" if dataset else "digits"
    for text in (out, readme):
        assert "pip install -e '.[test]'" in text
        assert "zoo check my_net\n" in text
        assert f"zoo train my_net --dataset {data} --recipe tutorial\n" in text
    assert f"zoo compare cnn my_net --dataset {data} " in readme
    if licence in ("MIT", "BSD-3-Clause"):
        assert re.search(r"^Copyright \(c\) 20\d\d Ada King$", _read(folder, "LICENSE"), re.M)
    assert "Ada King" in readme or licence == NO_LICENCE


def _read(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def _check_metadata(folder: Path, licence: str) -> None:
    table = tomllib.loads(_read(folder, "pyproject.toml"))
    project = table["project"]
    assert project["name"] == "archzoo-my-net"
    assert project["entry-points"] == {"archzoo": {"my_net": "archzoo_my_net"}}
    assert project["authors"] == [{"name": "Ada King", "email": "ada@example.org"}]
    assert {"archzoo>=0.1", "keras>=3.12"} <= set(project["dependencies"])
    assert project["optional-dependencies"]["test"] == ["pytest>=8.3"]
    assert project.get("license") == (None if licence == NO_LICENCE else licence)
    assert table["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["archzoo_my_net"]


def test_the_licences_are_whole_and_nothing_is_left_to_fill_in():
    for licence in LICENCES:
        for text in package(licence=licence).files().values():
            assert not re.search(r"\$(name|holder|year|module|\{(?!\{ matrix))", text)
    texts = {licence: package(licence=licence).files()["LICENSE"] for licence in LICENCES}
    assert texts["MIT"].startswith("MIT License\n\nCopyright (c) 2026 Ada\n")
    assert "Neither the name of the copyright holder" in texts["BSD-3-Clause"]
    assert "END OF TERMS AND CONDITIONS" in texts["Apache-2.0"]
    assert "python-version: ${{ matrix.python }}" in package().files()[".github/workflows/ci.yml"]


@pytest.mark.parametrize("author", AUTHORS)
def test_any_authors_name_is_metadata_and_not_markup(author):
    files = package(author=author).files()
    authors = tomllib.loads(files["pyproject.toml"])["project"].get("authors", [])
    assert authors == ([{"name": author}] if author else [])
    holder = author or "the authors of archzoo-my-net"
    assert f"Copyright (c) 2026 {holder}\n" in files["LICENSE"]


@pytest.mark.parametrize("name", ["x", "my_net", "a1_" * ((LONGEST - 2) // 3) + "zz"])
def test_ruff_finds_nothing_in_it(name, tmp_path):
    """By its defaults and with sorted imports, whatever the name's length."""
    for layout, dataset in itertools.product(LAYOUTS, (False, True)):
        folder = tmp_path / f"{layout}-{dataset}"
        write_folder(folder, package(name, layout, dataset).files())
        check = [sys.executable, "-m", "ruff", "check", "--isolated", "--extend-select", "I", "."]
        form = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "."]
        for command in (check, form):
            result = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False
            )
            assert result.returncode == 0, result.stdout + result.stderr


IMPORTING = """
import json, sys
sys.path[:0] = sys.argv[1:]
found = {}
for layout in ("image", "sequence", "frames"):
    module = __import__(f"archzoo_{layout}_net")
    (architecture,), (dataset,) = module.zoo_architectures(), module.zoo_datasets()
    found[layout] = [architecture.layout, dataset.layout, dataset.name, list(dataset.shape)]
    assert all(each.doc for each in architecture.hyperparameters.values())
heavy = ("keras", "tensorflow", "jax", "torch", "numpy")
found["heavy"] = [name for name in heavy if name in sys.modules]
print(json.dumps(found))
"""


def test_importing_it_imports_nothing_heavy(tmp_path):
    folders = [tmp_path / layout for layout in LAYOUTS]
    for layout, folder in zip(LAYOUTS, folders, strict=True):
        write_folder(folder, package(f"{layout}_net", layout, True).files())
    command = [sys.executable, "-P", "-c", IMPORTING, *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(result.stdout)
    assert found.pop("heavy") == []
    for layout, (of_architecture, of_dataset, name, _) in found.items():
        assert of_architecture == of_dataset == layout
        assert name == f"{layout}_net_{LAYOUTS[layout]}"


def test_it_imports_nothing_heavy_itself():
    modules = loaded_by("new", "my_net", "--yes")
    assert Path("archzoo-my-net", "pyproject.toml").is_file()
    assert not modules & set(HEAVY)


BAD_NAMES = {
    "My-Net": ("lower-case", "my_net"),
    "MyNet": ("lower-case", "my_net"),
    "3dnet": ("a letter first", "dnet"),
    "archzoo-resnet": ("lower-case", "resnet"),
    "größe": ("lower-case", "grosse|groe"),
    "my__net": ("single underscores", "my_net"),
    "net_": ("single underscores", "net"),
    "": ("lower-case", "net"),
    "日本": ("lower-case", "net"),
    "../evil": ("lower-case", "evil"),
    "a" * (LONGEST + 1): (f"at most {LONGEST}", "a+"),
    "class": ("a Python keyword", "my_class"),
    "cnn": ("comes with archzoo-cnn", "my_cnn"),
    "mnist": ("a dataset of archzoo", "my_mnist"),
    "taken": ("the installed plugin taken (zoo-taken 1.0)", "my_taken"),
    "there": ("a module archzoo_there", "my_there"),
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused_with_a_good_one(name, distribution, zoo, tmp_path):
    site = distribution("zoo-taken", "", entry_points={"taken": "zoo_taken"})
    (site / "archzoo_there.py").write_text("raise SystemExit('must not be imported')\n")
    reason, better = BAD_NAMES[name]
    result = zoo("new", "--yes", "--", name)
    assert_one_line_error(result, 2, repr(name), reason, "Try: zoo new ")
    suggested = result.stderr.strip().rpartition("Try: zoo new ")[2]
    assert re.fullmatch(better, suggested)
    assert _names(tmp_path) == ["site"]
    assert zoo("new", "--yes", suggested).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--author", "two\nlines"], ["--author", "one line"]),
        (["--email", "nobody"], ["--email 'nobody'", "ada@example.org"]),
        (["--license", "GPL"], ["GPL", "Apache-2.0"]),
        (["--layout", "cube"], ["cube", "image"]),
        (["--directory", "not/there"], ["not/there", "the folder not does not exist"]),
        (["--directory", "."], ["the current folder"]),
        (["--directory", "file"], ["file: is a file"]),
        (["--directory", "full"], ["full: exists and is not empty"]),
        (["--directory", "file/below"], ["file/below"]),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(arguments, parts, tmp_path, zoo_here):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.py").write_text("mine")
    assert_one_line_error(zoo_here("new", "my_net", "--yes", *arguments), 2, *parts)
    assert written(tmp_path) == {"file", "full/mine.py"}


def test_what_was_written_is_never_overwritten(tmp_path, zoo_here):
    assert zoo_here("new", "my_net", "--yes")[0] == 0
    mine = tmp_path / "archzoo-my-net" / "archzoo_my_net" / "__init__.py"
    mine.write_text("mine")
    result = zoo_here("new", "my_net", "--yes", "--layout", "sequence")
    assert_one_line_error(result, 2, "archzoo-my-net", "not empty", "--directory")
    assert mine.read_text() == "mine"


def test_an_empty_folder_is_taken_and_a_link_to_one_stays(tmp_path, zoo_here):
    for name in ("empty", "target"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("empty", "link"):
        assert zoo_here("new", f"{name}_net", "--yes", "--directory", name)[0] == 0
        assert (tmp_path / name / "pyproject.toml").is_file()
    assert (tmp_path / "link").is_symlink()


class Half(dict):
    """Files of which only the first two can be had."""

    def items(self):
        yield from list(super().items())[:2]
        raise KeyboardInterrupt


@pytest.mark.parametrize("there", [False, True])
def test_an_interruption_leaves_nothing(there, tmp_path):
    folder = tmp_path / "package"
    if there:
        folder.mkdir()
    with pytest.raises(KeyboardInterrupt):
        write_folder(folder, Half(package().files()))
    assert list(tmp_path.rglob("*")) == ([folder] if there else [])


def test_what_appears_meanwhile_is_not_overwritten(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "mine").write_text("mine")
    with pytest.raises(OSError):
        write_folder(folder, package().files())
    assert written(tmp_path) == {"package/mine"}


@posix
def test_a_full_disk_leaves_nothing(tmp_path, zoo):
    import resource

    def small_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    command = ("new", "my_net", "--yes", "--license", "Apache-2.0")
    result = zoo(*command, preexec_fn=small_disk, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert_one_line_error(
        result, 1, "archzoo-my-net: could not be written", "what was written is removed"
    )
    assert _names(tmp_path) == []


def _git_says(tmp_path: Path, monkeypatch, name: str) -> None:
    (tmp_path / "gitconfig").write_text(f"[user]\n\tname = {name}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


def test_without_a_terminal_the_author_is_whom_git_knows(tmp_path, monkeypatch, zoo_here):
    _git_says(tmp_path, monkeypatch, "Grace Hopper")
    assert zoo_here("new", "my_net", "--yes")[0] == 0
    assert "(c) 20" in _read(tmp_path, "archzoo-my-net/LICENSE")
    assert "Grace Hopper" in _read(tmp_path, "archzoo-my-net/LICENSE")
    _git_says(tmp_path, monkeypatch, "")
    assert zoo_here("new", "other_net", "--yes")[0] == 0
    assert "the authors of archzoo-other-net" in _read(tmp_path, "archzoo-other-net/LICENSE")


def _on_a_terminal(answers: str, *arguments: str) -> str:
    """What `zoo new` shows on a terminal at which `answers` are typed."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "zoo", "new", *arguments], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, answers.encode())
    shown, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            part = os.read(ours, 1024)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        shown += part
    assert process.wait(timeout=60) == 0, shown
    os.close(ours)
    return shown.decode()


@posix
def test_on_a_terminal_author_and_licence_are_asked(tmp_path, monkeypatch):
    _git_says(tmp_path, monkeypatch, "Grace Hopper")
    shown = _on_a_terminal("Ada King\nBSD-3-Clause\n", "my_net")
    assert "Author [Grace Hopper]" in shown
    assert "Licence (MIT, Apache-2.0, BSD-3-Clause, none) [MIT]" in shown
    text = _read(tmp_path, "archzoo-my-net/LICENSE")
    assert "BSD" in text
    assert "Ada King" in text
    shown = _on_a_terminal("\n", "other_net", "--license", "MIT")
    assert "Licence" not in shown
    assert "Grace Hopper" in _read(tmp_path, "archzoo-other-net/LICENSE")
    assert "Author" not in _on_a_terminal("", "third_net", "--yes")


@pytest.mark.slow
@posix
@needs_hatchling
def test_from_nothing_to_a_comparison_and_away_again(tmp_path, small_npz):
    environment = Environment(tmp_path / "fresh")
    succeed = environment.succeed
    succeed("zoo new my_net --layout image --author Ada", tmp_path)
    succeed("pip wheel --no-deps --wheel-dir wheels ./archzoo-my-net", tmp_path)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    assert wheel.name == "archzoo_my_net-0.1.0-py3-none-any.whl"
    succeed("pip install wheels/*.whl", tmp_path)
    chosen = "pytest -k 'builds or output or batch_of_one'"
    assert "3 passed" in succeed(chosen, tmp_path / "archzoo-my-net")
    (row,) = json.loads(succeed("zoo list my_net --json", tmp_path))
    assert (row["name"], row["from"]) == ("my_net", "archzoo-my-net 0.1.0")
    train = f"zoo train my_net --dataset {small_npz} --recipe tutorial --epochs 1 --json"
    record = succeed(train, tmp_path)
    assert json.loads(record)["architecture"]["origin"]["distribution"] == "archzoo-my-net"
    options = f"--dataset {small_npz} --recipe tutorial --seeds 1 --costs none --json"
    (row,) = json.loads(succeed(f"zoo compare my_net {options}", tmp_path))["rows"]
    assert (row["name"], row["status"]) == ("my_net", "ok")
    assert row["accuracy"] > 0.5
    succeed("pip uninstall --yes archzoo-my-net", tmp_path)
    assert json.loads(succeed("zoo list my_net --json", tmp_path)) == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> tuple[Environment, Path]:
    """An environment with a package of each layout, each with its dataset."""
    folder = tmp_path_factory.mktemp("installed")
    environment = Environment(folder / "fresh")
    for layout in LAYOUTS:
        write_folder(folder / layout, package(f"{layout}_net", layout, True).files())
    environment.succeed("pip install -e ./image -e ./sequence -e ./frames", folder)
    return environment, folder


@posix
@needs_hatchling
def test_its_datasets_are_listed(installed, tmp_path):
    environment, _ = installed
    rows = json.loads(environment.succeed("zoo datasets --json", tmp_path))
    found = {row["name"]: row for row in rows}
    for layout, kind in LAYOUTS.items():
        assert found[f"{layout}_net_{kind}"]["layout"] == layout
        assert found[f"{layout}_net_{kind}"]["licence"] == "CC0 1.0"


@posix
@needs_hatchling
@pytest.mark.parametrize(
    "layout",
    ["image", *(pytest.param(name, marks=pytest.mark.slow) for name in LAYOUTS if name != "image")],
)
def test_the_model_learns_the_dataset_that_comes_with_it(layout, installed, tmp_path):
    environment, _ = installed
    dataset = f"{layout}_net_{LAYOUTS[layout]}"
    train = f"zoo train {layout}_net --dataset {dataset} --recipe tutorial --json"
    record = json.loads(environment.succeed(train, tmp_path))
    assert record["metrics"]["test_accuracy"] > 0.9


@pytest.mark.slow
@posix
@needs_hatchling
@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_passes_its_own_tests_and_zoo_check(layout, installed):
    environment, folder = installed
    checked = environment.succeed(f"zoo check ./{layout}", folder, timeout=900)
    assert "✗" not in checked
    tested = environment.succeed("pytest", folder / layout, timeout=900)
    assert " passed" in tested
    assert " failed" not in tested
