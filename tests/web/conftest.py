"""A real server and a real folder for the tests of the page, and a real browser to look at them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from page_server import serving

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `comptometer serve`."""
    pytest.importorskip("uvicorn", reason="the extra web is not installed")
    with serving(tmp_path_factory.mktemp("server") / "stderr") as address:
        yield address


@pytest.fixture(scope="session")
def client() -> Any:
    """The server without a network; what breaks in it is an answer of status 500, as for other callers."""
    testing = pytest.importorskip("starlette.testclient", reason="the extra web is not installed")
    from comptometer.web.server import application

    return testing.TestClient(application(), base_url="http://127.0.0.1", raise_server_exceptions=False)


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


@dataclass(frozen=True)
class Visit:
    """A page of a browser, and what went wrong on it."""

    page: Any
    problems: list[str]


def shut(problems: list[str], dialog: Any) -> None:
    """Note a dialog and close it, since the page waits for that."""
    problems.append(f"dialog {dialog.message}")
    dialog.dismiss()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Opens pages, each in a context of its own made with the given options; a dialog or an error fails the test."""
    visits: list[Visit] = []

    def opened(**how: Any) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
        page = context.new_page()
        found = Visit(page, [])
        page.on("pageerror", lambda error: found.problems.append(str(error)))
        page.on("console", lambda said: found.problems.append(said.text) if said.type == "error" else None)
        page.on("dialog", partial(shut, found.problems))
        visits.append(found)
        return found

    yield opened
    for one in visits:
        one.page.context.close()
    assert [one.problems for one in visits if one.problems] == []
