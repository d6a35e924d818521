"""`zoo new`"""

import re
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path

import click

from zoo import aliases
from zoo.architecture import LAYOUTS, Layout
from zoo.cli import options
from zoo.cli.renamed import RenamedChoice
from zoo.errors import UsageError, ZooError
from zoo.scaffold import naming
from zoo.scaffold.package import LICENCES, NO_LICENCE, Package
from zoo.scaffold.writing import check_free, write_folder
from zoo.terminal import echo

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@click.command("new")
@click.argument("name")
@click.option(
    "--layout",
    type=RenamedChoice(LAYOUTS, aliases.LAYOUTS),
    default="image",
    show_default=True,
    help="Layout of the samples that the model takes.",
)
@click.option("--dataset", "with_dataset", is_flag=True, help="Add an example dataset.")
@click.option(
    "--directory",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder of the package. [default: ./archzoo-NAME]",
)
@click.option(
    "--author",
    metavar="NAME",
    help="Author, for the metadata. [default: git's user.name, asked on a terminal]",
)
@click.option(
    "--email", metavar="ADDRESS", default="", help="Email address of the author, for the metadata."
)
@click.option(
    "--license",
    "licence",
    type=click.Choice([*LICENCES, NO_LICENCE]),
    help=f"Licence of the package. [default: {LICENCES[0]}, asked on a terminal]",
)
@click.option("--yes", is_flag=True, help="Take the defaults without asking.")
@click.pass_context
def command(
    context: click.Context,
    name: str,
    layout: Layout,
    with_dataset: bool,
    directory: Path | None,
    author: str | None,
    email: str,
    licence: str | None,
    yes: bool,
) -> None:
    """Write a new plugin package: a model that trains, tests, README, licence and CI.

    \b
    zoo new my_net
    zoo new my_net --layout sequence --dataset --license Apache-2.0

    Existing files are never overwritten.
    """
    naming.check(name, options.registry(context))
    folder = directory or Path(naming.distribution_of(name))
    check_free(folder)
    _check_person(author or "", email)
    ask = sys.stdin.isatty() and not yes
    package = Package(
        name,
        layout,
        with_dataset,
        author=_author(ask) if author is None else author.strip(),
        email=email,
        licence=licence or _licence(ask),
        year=date.today().year,
    )
    files = package.files()
    try:
        write_folder(folder, files)
    except OSError as error:
        raise ZooError(
            f"{folder}: could not be written ({error.strerror or error}); what was written is removed."
        ) from error
    _report(folder, package, files)


def _check_person(author: str, email: str) -> None:
    if not author.isprintable():
        raise UsageError(
            f"--author {author!r}: is for metadata; use printable characters, one line."
        )
    if email and not _EMAIL.fullmatch(email):
        raise UsageError(f"--email {email!r}: is not an address; write one as in ada@example.org.")


def _author(ask: bool) -> str:
    known = _git_user()
    if not ask:
        return known
    author = click.prompt("Author", default=known, show_default=bool(known)).strip()
    _check_person(author, "")
    return author


def _licence(ask: bool) -> str:
    if not ask:
        return LICENCES[0]
    return click.prompt("Licence", type=click.Choice([*LICENCES, NO_LICENCE]), default=LICENCES[0])


def _git_user() -> str:
    """The name in git's configuration, or an empty text."""
    try:
        answer = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    name = answer.stdout.decode(errors="replace").strip()
    return name if name.isprintable() else ""


def _report(folder: Path, package: Package, files: dict[str, str]) -> None:
    echo(f"{folder}: a package with {_brought(package)}")
    for path in sorted(files):
        echo(f"    {path}")
    data = package.dataset if package.with_dataset else "digits"
    echo(f"\nnext: cd {shlex.quote(str(folder))}")
    echo("      pip install -e '.[test]'")
    echo(f"      zoo check {package.name}")
    echo(f"      zoo train {package.name} --dataset {data} --recipe tutorial")


def _brought(package: Package) -> str:
    dataset = f" and the dataset {package.dataset}" if package.with_dataset else ""
    return f"the architecture {package.name}{dataset}"
