"""Writes the pictures of the page that READMEs and docs show: `python tests/web/pictures.py`, with chromium there.

Besides single pages these are galleries: every page of one language in one theme.
"""

from __future__ import annotations

import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

from page_server import serving

Theme = Literal["light", "dark"]
TARGET: Final = Path(__file__).parents[2] / "docs/pictures"
SINGLE: Final[dict[str, tuple[str, Theme, tuple[int, int]]]] = {
    "page-trend": ("index.html", "light", (1280, 1150)),
    "page-trend-zh": ("zh/index.html", "dark", (1280, 1150)),
    "page-models": ("models.html", "light", (1280, 900)),
    "page-model": ("models/meta/llama-3.1-405b.html", "light", (1280, 1150)),
    "page-calculator": ("calculator.html#params=405B&tokens=15.6T", "light", (1280, 1000)),
    "page-outlook": ("outlook.html", "light", (1280, 1150)),
    "page-phone": ("index.html", "dark", (390, 844)),
}
EVERY: Final = (
    "index.html", "models.html", "models/openai/gpt-3.html", "chips.html", "chips/nvidia/h100-sxm.html",
    "calculator.html#params=405B&tokens=15.6T", "outlook.html", "thresholds.html", "methods.html", "replications.html",
)  # fmt: skip
LOOKS: Final[tuple[tuple[str, Theme], ...]] = (("en", "light"), ("en", "dark"), ("zh", "light"), ("zh", "dark"))
_SHEET: Final = """<style>
body { margin: 0; padding: 8px; background: #888; display: grid; grid-template-columns: repeat(4, 1fr); gap: 8px; }
img { width: 100%; display: block; }
</style>"""


def taken(browser: Any, address: str, path: str, theme: Theme, size: tuple[int, int]) -> tuple[bytes, list[str]]:
    """A page as PNG once nothing moves any more, and what it complained of."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce")
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address + path, wait_until="networkidle")
    page.wait_for_timeout(300)
    picture: bytes = page.screenshot()
    page.close()
    return picture, complaints


def pages(browser: Any, address: str, language: str, theme: Theme) -> Iterator[tuple[str, bytes, list[str]]]:
    """Every page of a language in a theme."""
    root = "" if language == "en" else f"{language}/"
    for path in EVERY:
        yield path, *taken(browser, address, root + path, theme, (1280, 1000))


def gallery(browser: Any, pictures: list[bytes]) -> bytes:
    """Several pictures on one, as JPEG."""
    images = "".join(f'<img src="data:image/png;base64,{b64encode(one).decode()}">' for one in pictures)
    page = browser.new_page(viewport={"width": 1600, "height": 400})
    page.set_content(_SHEET + images, wait_until="load")
    sheet: bytes = page.screenshot(full_page=True, type="jpeg", quality=75)
    page.close()
    return sheet


def main() -> None:
    """Write all of them."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "stderr") as address, sync_playwright() as api:
        browser = api.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (path, theme, size) in SINGLE.items():
            picture, _ = taken(browser, address, path, theme, size)
            (TARGET / f"{name}.png").write_bytes(picture)
        for language, theme in LOOKS:
            found = [picture for _, picture, _ in pages(browser, address, language, theme)]
            (TARGET / f"gallery-{language}-{theme}.jpg").write_bytes(gallery(browser, found))
        browser.close()


if __name__ == "__main__":
    main()
