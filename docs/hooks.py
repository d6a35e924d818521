"""What mkdocs needs for this site beside its plugins: the notebook as a page, and links out of docs/.

The Markdown under docs/ is read on GitHub, too, where links such as `../bench/results/` work. On the site
they lead to the repository, but for the page of a comparison, which the site has.

The site loads nothing from elsewhere: the one script that the offline plugin takes from a server, for search
in pages that are opened from disk, is docs/vendor/iframe-worker.js.
"""

import html
import posixpath
import re
from pathlib import Path

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

REPOSITORY = "https://github.com/archzoo/archzoo"
PROJECT = Path(__file__).parent.parent
COMPARISON = "bench/results/compare-mnist-quick.html"
LINK = re.compile(r"(?<=\]\()(?P<path>(?:\.\./)+[^)#\s]+)")
SHIM = re.compile(r"""(?<=src=)["']?https://unpkg\.com/iframe-worker/shim["']?""")
NOTEBOOK = re.compile(r"(?<=\]\()(?P<name>[\w./-]+)\.ipynb(?=[)#])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook, which stays beside it to be downloaded, and the comparison."""
    for file in [each for each in files if each.src_uri.endswith(".ipynb")]:
        page = File.generated(
            config,
            posixpath.splitext(file.src_uri)[0] + ".md",
            content=as_page(Path(file.abs_src_path)),
        )
        files.append(page)
    comparison = PROJECT / COMPARISON
    files.append(File.generated(config, comparison.name, abs_src_path=str(comparison)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of docs/ to the repository; a page alone in its section needs no list of pages."""
    if page.parent is None:
        page.meta.setdefault("hide", ["navigation"])

    here = posixpath.dirname(page.file.src_uri)

    def target(match: re.Match) -> str:
        path = posixpath.normpath(posixpath.join("docs", here, match["path"]))
        if path.startswith("docs/"):
            return match["path"]
        if not (PROJECT / path).exists():
            raise FileNotFoundError(f"{page.file.src_uri} links to {path}, which is not there")
        if path == COMPARISON:
            return posixpath.relpath(posixpath.basename(path), here or ".")
        kind = "tree" if (PROJECT / path).is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{path}"

    markdown = NOTEBOOK.sub(r"\g<name>.md", markdown)
    return LINK.sub(target, markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Load the shim from the site itself."""
    root = posixpath.relpath(".", posixpath.dirname(page.url) or ".")
    return SHIM.sub(f'"{root}/vendor/iframe-worker.js"', output)


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """The same in 404.html, which is shown at any path."""
    return SHIM.sub('"/vendor/iframe-worker.js"', output_content)


def as_page(path: Path) -> str:
    """A notebook as Markdown, with the outputs that are stored in it."""
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            shown = "\n".join(map(as_html, cell.outputs))
            parts.append(f"```python\n{cell.source}\n```\n")
            parts += [f'<div class="output">\n{shown}\n</div>\n'] if shown else []
        else:
            parts.append(f"{cell.source}\n")
    parts.insert(1, f'<p><a href="{path.name}" download>Download this notebook</a></p>\n')
    return "\n".join(parts)


def as_html(output: nbformat.NotebookNode) -> str:
    """What a cell printed or returned: HTML, a picture, or text."""
    if output.output_type == "stream":
        return f"<pre>{html.escape(output.text)}</pre>"
    data = output.data
    for kind in ("text/html", "image/svg+xml"):
        if kind in data:
            return data[kind]
    if "image/png" in data:
        return f'<img alt="figure" src="data:image/png;base64,{data["image/png"].strip()}">'
    return f"<pre>{html.escape(data['text/plain'])}</pre>"
