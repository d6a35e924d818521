"""Renders the files of a new plugin package."""

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template

from zoo.architecture import Layout
from zoo.scaffold.naming import distribution_of, module_of

LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause")
"""SPDX identifiers of the available licences."""
NO_LICENCE = "none"

SUMMARIES: dict[Layout, str] = {
    "image": "two blocks of convolutions, then a classifier",
    "sequence": "a convolution over the steps, then a bidirectional LSTM",
    "frames": "the same convolutions on each frame, then an LSTM",
}
DATASETS: dict[Layout, str] = {"image": "shapes", "sequence": "waves", "frames": "moves"}
"""The suffix of the example dataset's name, by layout."""


@dataclass(frozen=True)
class Package:
    """The settings of a new package.

    Attributes:
        name: the plugin's name, checked by `zoo.scaffold.naming`.
        layout: of the architecture and the example dataset.
        with_dataset: whether the package has an example dataset.
        author, email: printable text, or empty.
        licence: one of `LICENCES`, or `NO_LICENCE`.
        year: of the copyright.
    """

    name: str
    layout: Layout
    with_dataset: bool
    author: str
    email: str
    licence: str
    year: int

    @property
    def distribution(self) -> str:
        """`archzoo-my-net`"""
        return distribution_of(self.name)

    @property
    def module(self) -> str:
        """`archzoo_my_net`"""
        return module_of(self.name)

    @property
    def dataset(self) -> str:
        """The name of the example dataset."""
        return f"{self.name}_{DATASETS[self.layout]}"

    def files(self) -> dict[str, str]:
        """The text of every file, by its path in the package's folder."""
        texts = {
            "pyproject.toml": _read("pyproject.toml.in"),
            f"{self.module}/__init__.py": _read(f"models/{self.layout}.py.in"),
            "tests/test_checks.py": _read("test_checks.py.in"),
            "README.md": _read("README.md.in"),
            ".github/workflows/ci.yml": _read("ci.yml.in"),
            ".gitignore": _read("gitignore.in"),
        }
        if self.with_dataset:
            texts[f"{self.module}/__init__.py"] += _read("datasets/hook.py.in")
            texts[f"{self.module}/dataset.py"] = _read(f"datasets/{self.layout}.py.in")
            texts["tests/test_checks.py"] += _read("datasets/test.py.in")
        if self.licence != NO_LICENCE:
            texts["LICENSE"] = _read(f"licences/{self.licence}.in")
        values = self._values()
        return {path: Template(text).substitute(values) for path, text in texts.items()}

    def _values(self) -> dict[str, str]:
        return {
            "name": self.name,
            "distribution": self.distribution,
            "module": self.module,
            "summary": SUMMARIES[self.layout],
            "dataset": self.dataset,
            "data": self.dataset if self.with_dataset else "digits",
            "import_dataset": "\nfrom .dataset import DATASET\n" if self.with_dataset else "",
            "numpy": ', "numpy>=1.26"' if self.with_dataset else "",
            "author_line": self._author_line(),
            "licence_lines": self._licence_lines(),
            "terms": self._terms(),
            "year": str(self.year),
            "holder": self._holder(),
        }

    def _holder(self) -> str:
        return self.author or f"the authors of {self.distribution}"

    def _author_line(self) -> str:
        # A JSON string is a TOML string, as long as nothing in it is a control character.
        fields = [
            f"{key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in (("name", self.author), ("email", self.email))
            if value
        ]
        return f"authors = [{{ {', '.join(fields)} }}]\n" if fields else ""

    def _licence_lines(self) -> str:
        if self.licence == NO_LICENCE:
            return ""
        return f'license = "{self.licence}"\nlicense-files = ["LICENSE"]\n'

    def _terms(self) -> str:
        if self.licence == NO_LICENCE:
            return "None yet, so others may not use this: choose one before you publish."
        return f"{self.licence}. Copyright {self.year} {self._holder()}."


def _read(template: str) -> str:
    path = Path(__file__).with_name("templates") / template
    return path.read_text(encoding="utf-8")
