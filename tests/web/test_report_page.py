"""A compute report in a real browser: people can use it, on paper and on a telephone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from comptometer.report.formats import FORMATS
from comptometer.report.making import make
from comptometer.report.redaction import public

LAB = Path(__file__).parents[2] / "docs/howto/report-lab.toml"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, report = tmp_path_factory.mktemp("reports"), make(str(LAB), date(2026, 11, 1))
    found = {}
    for name, what in {"whole": report, "public": public(report)}.items():
        for language in ("en", "zh"):
            found[f"{name}-{language}"] = folder / f"{name}-{language}.html"
            found[f"{name}-{language}"].write_bytes(FORMATS["html"].write(what, language))
    return found


@pytest.mark.parametrize("name", ["whole-en", "whole-zh", "public-en", "public-zh"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible(browser: Any, pages: dict[str, Path], name: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    context = browser.new_context(viewport={"width": width, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"file://{pages[name]}")
    found = axe.Axe().run(page)
    assert not found.violations_count, found.generate_report()
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


def test_it_asks_nobody_for_anything_and_says_its_six_parts(browser: Any, pages: dict[str, Path]) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: errors.append(said.text))
    page.goto(f"file://{pages['whole-en']}")
    assert [url for url in asked if not url.startswith("file://")] == []
    assert errors == []
    assert [heading.inner_text()[:2] for heading in page.query_selector_all("h2")] == [
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
        "6.",
    ]
    assert page.query_selector_all("svg[role=img]")
    context.close()


def test_it_prints_on_a_few_pages(browser: Any, pages: dict[str, Path]) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"file://{pages['whole-zh']}")
    made = page.pdf(format="A4")
    assert 3 <= made.count(b"/Type /Page\n") + made.count(b"/Type /Page ") + made.count(b"/Type /Page/") <= 12
    context.close()
