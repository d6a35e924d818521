"""Matplotlib's drawings as SVG inside HTML: in the page's colours, with names of their own."""

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import markupsafe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours are drawn as stand-ins, replaced by the page's variables, so that both themes fit.
INK, MUTED, GRID, PAPER = "#010101", "#020202", "#030303", "#040404"
SERIES = tuple(f"#0505{number:02x}" for number in range(1, 7))
VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper"} | {
    colour: f"--series-{number}" for number, colour in enumerate(SERIES, start=1)
}

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "archzoo",
    "text.parse_math": False,
    "text.color": INK,
    "font.size": 10,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.labelpad": 7,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "lines.linewidth": 1.6,
    "lines.markersize": 6,
    "lines.markeredgecolor": PAPER,
    "lines.markeredgewidth": 0.8,
}

MARKERS = {
    "o": "M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z",
    "s": "M-3.5-3.5H3.5V3.5H-3.5Z",
    "^": "M0-4.5L4.5 3.5H-4.5Z",
    "D": "M0-4.8L4.8 0L0 4.8L-4.8 0Z",
    "v": "M0 4.5L4.5-3.5H-4.5Z",
    "P": "M-1.5-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z",
    "X": "M-4.5-2.5L-2.5-4.5L0-2L2.5-4.5L4.5-2.5L2 0L4.5 2.5L2.5 4.5L0 2L-2.5 4.5L-4.5 2.5L-2 0Z",
}
"""Matplotlib's markers, and each as an SVG path of about its size."""


@dataclass(frozen=True)
class Key:
    """By what an architecture is known in every figure; `path` and `variable` draw it in HTML."""

    colour: str
    marker: str

    @property
    def path(self) -> str:
        return MARKERS[self.marker]

    @property
    def variable(self) -> str:
        return VARIABLES[self.colour]


def assign_keys(names: list[str]) -> dict[str, Key]:
    """A colour and a marker for each; the two repeat together only after 42 names."""
    markers = list(MARKERS)
    return {
        name: Key(SERIES[number % len(SERIES)], markers[number % len(markers)])
        for number, name in enumerate(names)
    }


def inline(figure: "Figure", name: str, description: str) -> markupsafe.Markup:
    """The figure as an `<svg>` element that scales; `name` is unique on the page."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    drawing = ElementTree.fromstring(text.getvalue())
    _drop_wrapping(drawing)
    _own_names(drawing, name)
    for element in drawing.iter():
        if style := element.get("style"):
            element.set("style", _page_style(style))
        # What is left is thousands of line breaks and indents.
        element.tail = None
        element.text = (element.text or "").strip() or None
    drawing.attrib = {
        "viewBox": drawing.attrib["viewBox"],
        "role": "img",
        "aria-label": description,
    }
    title = ElementTree.Element("title")
    title.text = description
    drawing.insert(0, title)
    return markupsafe.Markup(ElementTree.tostring(drawing, encoding="unicode"))


def _drop_wrapping(drawing: ElementTree.Element) -> None:
    """Remove what would hold for the whole page, or for a file alone: styles, metadata, namespaces."""
    for parent in list(drawing.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    for element in drawing.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {k.rpartition("}")[2]: v for k, v in element.attrib.items()}


def _own_names(drawing: ElementTree.Element, name: str) -> None:
    """Put `name` before every id that is referred to, and drop the others."""
    reference = re.compile(r"#([^)]+)")
    used = set()
    for element in drawing.iter():
        for attribute in ("href", "clip-path"):
            if value := element.get(attribute):
                used.update(reference.findall(value))
                element.set(attribute, reference.sub(rf"#{name}-\1", value))
    for element in drawing.iter():
        identifier = element.attrib.pop("id", None)
        if identifier in used:
            element.set("id", f"{name}-{identifier}")


def _page_style(style: str) -> str:
    """With the page's variables for stand-in colours, and without a font family."""
    style = re.sub(r"font-family:[^;]*;? ?", "", style)
    return re.sub(
        r"#[0-9a-f]{6}", lambda m: f"var({VARIABLES[m[0]]})" if m[0] in VARIABLES else m[0], style
    )
