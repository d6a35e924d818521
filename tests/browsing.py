"""A headless Chromium that draws, for the tests of the drawing page."""

import contextlib
import json
import shutil
import time
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
SEVEN = [[(0.25, 0.22), (0.5, 0.2), (0.75, 0.22), (0.62, 0.45), (0.5, 0.65), (0.42, 0.85)]]
ONE = [[(0.52, 0.15), (0.5, 0.4), (0.49, 0.65), (0.48, 0.88)]]
LEFT = [(0.5, 0.15), (0.34, 0.22), (0.26, 0.5), (0.34, 0.78), (0.5, 0.86)]
ZERO = [[*LEFT, (0.66, 0.78), (0.74, 0.5), (0.66, 0.22), (0.5, 0.15)]]


@contextlib.contextmanager
def browsing(profile: Path):
    """A browser; the test is skipped where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    driver = shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("needs chromedriver, and chromium or google-chrome, on PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "disable-background-networking",
        "no-first-run",
        "hide-scrollbars",
        f"user-data-dir={profile}",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def show(chrome, url: str, width: int = 1280) -> None:
    """Open a page, on a screen so wide, and wait until its models answer."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    chrome.get(url)
    until(chrome, "return document.documentElement.dataset.ready")


def until(chrome, script: str, seconds: float = 60):
    """What a script returns as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := chrome.execute_script(script)):
        assert time.monotonic() < end, f"{script}: nothing within {seconds:g} s"
        time.sleep(0.05)
    return found


def draw(chrome, strokes) -> None:
    """Draw on the cleared pad with the mouse; points are from 0 to 1."""
    from selenium.webdriver.common.action_chains import ActionChains

    chrome.find_element("css selector", ".clear").click()
    pad = chrome.find_element("css selector", "canvas.pad")
    side = pad.size["width"]
    actions = ActionChains(chrome, duration=10)
    for points in strokes:
        places = [(int((x - 0.5) * side), int((y - 0.5) * side)) for x, y in points]
        actions.move_to_element_with_offset(pad, *places[0]).click_and_hold()
        for place in places[1:]:
            actions.move_to_element_with_offset(pad, *place)
        actions.release()
    actions.perform()


def settled(chrome, model: str) -> str:
    """The answer of a model once none waits and its development is shown."""
    found = f"document.querySelector('[data-model={model}]')"
    until(chrome, "return group('picture').askers.every((each) => !each.busy)")
    return chrome.execute_script(f"return {found}.querySelector('.answer').textContent")


def complaints(chrome) -> list[str]:
    return [e["message"] for e in chrome.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]


def requested(chrome) -> set[str]:
    """The addresses that were asked since the last call, without those within the page."""
    found = set()
    for entry in chrome.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.add(message["params"]["request"]["url"])
    return {url for url in found if not url.startswith(("data:", "blob:", "about:", "chrome:"))}
