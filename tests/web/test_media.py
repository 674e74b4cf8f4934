"""The page on paper, without motion, and for readers of all kinds: in both themes and both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from test_palette import TEXT, contrast

READY = {"index.html": "#chart[data-drawn]", "outlook.html": "#chart[data-drawn]", "models.html": "#rows.ready"}
MODEL = "models/meta/llama-3.1-405b.html"
FORMS = ("header nav", ".switches", ".filters", ".tabs", ".take", ".skip")

# The colours of what is written: of elements with text of their own, and of words in pictures.
WRITTEN = """() => [...document.querySelectorAll('body *')].filter(one => one.checkVisibility() &&
  !one.closest('.visually-hidden, option, select, datalist') &&
  [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(one => one.ownerSVGElement ? getComputedStyle(one).fill : getComputedStyle(one).color)"""


def opened(visit: Callable[..., Any], address: str, path: str, **how: Any) -> Any:
    page = visit(**how).page
    page.goto(address + path)
    inner = path.removeprefix("zh/")
    if inner in READY:
        page.wait_for_selector(READY[inner])
    return page


def hexadecimal(colour: str) -> str:
    return "#" + "".join(f"{int(float(part)):02x}" for part in re.findall(r"[\d.]+", colour)[:3])


@pytest.mark.parametrize("path", ["index.html", "zh/models.html", MODEL, "chips.html", "thresholds.html"])
def test_what_is_printed_from_a_dark_page_can_be_read(visit: Callable[..., Any], server: str, path: str) -> None:
    page = opened(visit, server, path, color_scheme="dark")
    before = page.get_attribute("#chart", "data-drawn") if path == "index.html" else None
    page.emulate_media(media="print", color_scheme="dark")
    if before:
        page.wait_for_selector(f"#chart:not([data-drawn='{before}'])")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in FORMS:
        assert page.locator(f"{selector}:visible").count() == 0, selector
    assert page.is_visible("h1")
    assert page.is_visible("footer")
    low = {colour for colour in set(page.evaluate(WRITTEN)) if contrast(hexadecimal(colour), "#ffffff") < TEXT}
    assert low == set()


def test_a_page_becomes_paper(visit: Callable[..., Any], server: str) -> None:
    page = opened(visit, server, MODEL)
    assert page.pdf().startswith(b"%PDF")


MOVING = "*, *::before, *::after { transition: all 5s !important; animation: turn 5s infinite !important; } @keyframes turn { to { rotate: 90deg } }"  # noqa: E501


@pytest.mark.parametrize("path", ["index.html", "calculator.html", MODEL])
def test_nothing_moves_for_who_asks_for_no_motion(visit: Callable[..., Any], server: str, path: str) -> None:
    page = opened(visit, server, path, reduced_motion="reduce")
    page.click("[data-testid=theme]")
    assert page.evaluate("document.getAnimations().length") == 0
    page.add_style_tag(content=MOVING.replace(" !important", ""))  # as a later style would bring it in
    page.click("[data-testid=theme]")
    assert page.evaluate("document.getAnimations().length") == 0


def test_motion_would_be_noticed(visit: Callable[..., Any], server: str) -> None:
    page = opened(visit, server, "calculator.html", reduced_motion="no-preference")
    page.add_style_tag(content=MOVING)
    page.evaluate("document.getElementById('theme').click()")
    assert page.evaluate("document.getAnimations().length") > 0


@pytest.mark.parametrize(
    ("path", "theme"),  # what is tried with the tests of the calculator and of the tables is left out
    [
        ("index.html", "light"),
        ("zh/index.html", "dark"),
        ("outlook.html", "dark"),
        ("zh/outlook.html", "light"),
        ("methods.html", "dark"),
        ("zh/methods.html", "light"),
        ("thresholds.html", "dark"),
        ("zh/thresholds.html", "light"),
        ("replications.html", "light"),
        ("zh/replications.html", "dark"),
        (MODEL, "dark"),
        (f"zh/{MODEL}", "light"),
        ("chips/nvidia/a100-sxm-80gb.html", "dark"),
        ("zh/chips/nvidia/a100-sxm-80gb.html", "light"),
    ],
)
def test_a_page_is_accessible(visit: Callable[..., Any], server: str, path: str, theme: str) -> None:
    check(opened(visit, server, path, color_scheme=theme, bypass_csp=True))


def check(page: Any) -> None:
    """No rule of axe is broken, and nothing is wider than the window."""
    api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    found = api.Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"][:4]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
