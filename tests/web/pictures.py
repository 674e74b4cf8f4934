"""Writes the pictures of the page that READMEs and docs show: `python tests/web/pictures.py`, with chromium there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).parents[2] / "docs/pictures"
PAGES = {
    "page-trend": ("index.html", "light", (1280, 1150)),
    "page-trend-zh": ("zh/index.html", "dark", (1280, 1150)),
    "page-models": ("models.html", "light", (1280, 900)),
    "page-model": ("models/meta/llama-3.1-405b.html", "light", (1280, 1150)),
    "page-calculator": ("calculator.html#params=405B&tokens=15.6T", "light", (1280, 1000)),
    "page-outlook": ("outlook.html", "light", (1280, 1150)),
    "page-phone": ("index.html", "dark", (390, 844)),
}


def main() -> None:
    command = [sys.executable, "-m", "comptometer", "serve", "--port", "0", "--no-open"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    address = next(word for word in server.stderr.readline().split() if word.startswith("http://"))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for name, (path, theme, (width, height)) in PAGES.items():
                scheme = "dark" if theme == "dark" else "light"
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
                page = context.new_page()
                page.goto(address + path)
                page.wait_for_timeout(3000)
                page.screenshot(path=TARGET / f"{name}.png")
                context.close()
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
