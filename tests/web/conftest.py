"""A real server and a real folder for the tests of the page, and a real browser to look at them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of `comptometer serve`, in a process of its own."""
    pytest.importorskip("uvicorn", reason="the extra web is not installed")
    command = [sys.executable, "-m", "comptometer", "serve", "--port", "0", "--no-open"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    assert process.stderr is not None
    line = process.stderr.readline()
    try:
        yield next(word for word in line.split() if word.startswith("http://"))
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stderr.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static copy: the pages that the navigation leads to, and what they load when they are opened."""
    pytest.importorskip("jinja2", reason="the extra web is not installed")
    from comptometer.web.site import Site, publish

    target = tmp_path_factory.mktemp("site")
    publish(Site(), target, only=opened_first)
    return target


OPENED = {
    "trend/select-frontier.js",
    "trend/plain.js",
    "trend/quantity-cost_against-compute.js",
    "models/rows.js",
    "models/openai/gpt-3.html",
    "chips/rows.js",
}
OPENED |= {f"chips/picture-{size}.js" for size in ("wide", "middle", "narrow")} | {"chips/nvidia/h100-sxm.html"}


def opened_first(path: str) -> bool:
    """Is it one that a visitor of the navigation's pages may load?"""
    inner = path.removeprefix("zh/")
    deep = inner.count("/") > 0
    return not deep or inner.startswith("assets/") or inner in OPENED


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, as the machine has it."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()
