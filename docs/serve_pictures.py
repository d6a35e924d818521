"""Make the pictures of docs/serve.md: serve runs, draw a 7 in a headless Chromium, and take screenshots.

zoo train cnn --recipe quick --steps 150      and so on for each architecture
python docs/serve_pictures.py cnn lstm gru ...
"""

import base64
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

import zoo

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "tests"))
VIEWS = {"desktop": (1280, "light"), "phone": (400, "dark")}


def main(runs: list[str]) -> None:
    """Write `docs/serve/NAME.png` for each view."""
    from browsing import SEVEN, browsing, draw, settled, show

    (DOCS / "serve").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        zoo.serve(runs, port=0, block=False) as server,
        browsing(Path(profile)) as chrome,
    ):
        for name, (width, scheme) in VIEWS.items():
            media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
            show(chrome, server.url, width)
            draw(chrome, SEVEN)
            settled(chrome, runs[0].partition("=")[0])
            print(chrome.find_element("css selector", ".agreement").text)
            chrome.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
            _save(chrome, DOCS / "serve" / f"{name}.png")


def _save(chrome, path: Path) -> None:
    """The whole page, in 128 colours, which it does not need more of."""
    taken = chrome.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    image = Image.open(io.BytesIO(base64.b64decode(taken["data"]))).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
