"""The home page in a real browser: from a server, and from a folder without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comptometer import text
from comptometer.growth import trend
from comptometer.relation import relate


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own for each test; an error of a script fails it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    assert not problems


def drawn(page: Any, after: str = "") -> str:
    """Wait for a chart, other than one that was there before; says which it is."""
    page.wait_for_selector(f"#chart[data-drawn]:not([data-drawn='{after}'])" if after else "#chart[data-drawn]")
    return str(page.get_attribute("#chart", "data-drawn"))


def figures(page: Any) -> str:
    return str(page.inner_text("[data-testid=figures]"))


def test_the_figures_are_those_of_the_command(page: Any, server: str) -> None:
    page.goto(server)
    answer = trend().to_dict()
    assert str(answer["n"]) in figures(page)
    assert f"{answer['growth_per_year']['estimate']:.3g}×" in figures(page)
    drawn(page)
    assert page.locator("#chart path[aria-roledescription=point]").count() == answer["n"]


@pytest.mark.parametrize(
    ("name", "value", "asked"),
    [
        ("select", "frontier", {"select": "frontier"}),
        ("since", "2018", {"since": "2018-01-01"}),
        ("domain", "Language", {"domain": "Language"}),
        ("country", "China", {"country": "China"}),
        ("open-weights", "yes", {"open_weights": True}),
        ("confidence", "Confident", {"confidence": ["Confident"]}),
        ("quantity", "parameters", {"quantity": "parameters"}),
    ],
)
def test_a_filter_refits(page: Any, server: str, name: str, value: str, asked: dict[str, Any]) -> None:
    page.goto(server)
    before = drawn(page)
    page.select_option(f"[data-testid=ask-{name}]", value)
    drawn(page, before)
    answer = trend(**asked).to_dict()
    assert f"{answer['n']:,}" in figures(page)
    assert f"{answer['growth_per_year']['estimate']:.3g}×" in figures(page)


def test_a_link_holds_what_differs_and_brings_it_back(page: Any, server: str) -> None:
    page.goto(server)
    before = drawn(page)
    page.select_option("[data-testid=ask-select]", "frontier")
    drawn(page, before)
    page.fill("[data-testid=ask-q]", "GPT")
    page.click("[data-testid=tab-table]")
    address = page.url
    assert address.partition("#")[2] == "tab=table&select=frontier&q=GPT"
    shown = figures(page)
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function("() => document.getElementById('definition').textContent.includes('10 largest')")
    assert figures(page) == shown
    assert page.get_attribute("[data-testid=tab-table]", "aria-selected") == "true"


def test_what_an_address_says_wrongly_is_left_out_and_said(page: Any, server: str) -> None:
    page.goto(f"{server}#select=nonsense&rubbish=1&time=2018..")
    page.wait_for_selector("#problem:not([hidden])")
    assert "select" in page.inner_text("#problem")
    assert "rubbish" in page.inner_text("#problem")
    assert page.input_value("[data-testid=ask-since]") == "2018"


def test_the_keyboard_reaches_tabs_rows_and_points(page: Any, server: str) -> None:
    page.goto(server)
    drawn(page)
    page.focus("[data-testid=tab-chart]")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#panel-table")
    assert page.evaluate("() => document.activeElement.id") == "tab-table"
    page.focus("#rows tbody tr:first-child")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => document.activeElement === document.querySelectorAll('#rows tbody tr')[1]")
    page.click("[data-testid=tab-chart]")
    page.focus("#chart-frame")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    said = page.inner_text("[data-testid=facts]")
    assert "FLOP" in said
    page.keyboard.press("Escape")
    assert page.inner_text("[data-testid=facts]") == ""


def test_the_other_language_keeps_the_question(page: Any, server: str) -> None:
    page.goto(f"{server}#select=frontier")
    drawn(page)
    page.click("[data-testid=language]")
    page.wait_for_url("**/zh/index.html#select=frontier")
    page.wait_for_function("() => document.getElementById('definition').textContent.includes('前 10')")
    assert page.get_attribute("html", "lang") == "zh-Hans"


def test_the_theme_changes_the_chart_and_stays(page: Any, server: str) -> None:
    page.goto(server)
    before = drawn(page)
    page.click("[data-testid=theme]")
    drawn(page, before)
    assert page.get_attribute("html", "data-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"


def test_what_is_taken_along_is_what_is_shown(page: Any, server: str) -> None:
    page.goto(f"{server}#select=frontier")
    page.wait_for_function("() => document.getElementById('definition').textContent.includes('10 largest')")
    drawn(page)
    with page.expect_download() as caught:
        page.click("[data-testid=take-csv]")
    lines = Path(caught.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == trend(select="frontier").trend.n + 1
    with page.expect_download() as caught:
        page.click("[data-testid=take-svg]")
    assert Path(caught.value.path()).read_text(encoding="utf-8").startswith("<svg")
    with page.expect_download() as caught:
        page.click("[data-testid=take-png]")
    assert Path(caught.value.path()).read_bytes()[:4] == b"\x89PNG"
    with page.expect_download() as caught:
        page.click("[data-testid=take-json]")
    assert json.loads(Path(caught.value.path()).read_text(encoding="utf-8"))["asked"] == "select=frontier"
    page.click("[data-testid=take-python]")
    code = page.input_value("[data-testid=taken]")
    scope: dict[str, Any] = {"print": lambda *_: None}
    exec(code, scope)
    assert scope["answer"].trend.n == trend(select="frontier").trend.n


def test_one_quantity_against_another_is_drawn_listed_taken_along_and_linked(page: Any, server: str) -> None:
    found = relate("cost", "compute", since="2018")
    exponent = text.number(found.law.exponent.estimate)
    page.goto(f"{server}#show=eras")
    before = drawn(page)
    plain = page.inner_text("h1")
    page.select_option("[data-testid=ask-quantity]", "cost")
    before = drawn(page, before)
    assert page.inner_text("h1") == "Growth of cost"
    page.select_option("[data-testid=ask-since]", "2018")
    before = drawn(page, before)
    page.select_option("[data-testid=ask-against]", "compute")
    drawn(page, before)
    assert page.inner_text("h1") == "Compared: cost and training compute"
    assert exponent in figures(page)
    assert f"{found.law.n:,}" in figures(page)
    assert page.locator("#chart path[aria-roledescription=point]").count() == found.law.n
    assert page.locator("#rows tbody tr").count() == found.law.n
    assert page.is_disabled("[data-testid=show-eras]")
    assert page.is_disabled("[data-testid=ask-scale]")
    with page.expect_download() as caught:
        page.click("[data-testid=take-csv]")
    lines = Path(caught.value.path()).read_text(encoding="utf-8").splitlines()
    assert {"name", "compute", "cost"} <= set(lines[0].split(","))
    assert len(lines) == found.law.n + 1
    with page.expect_download() as caught:
        page.click("[data-testid=take-json]")
    taken = json.loads(Path(caught.value.path()).read_text(encoding="utf-8"))
    assert taken["sides"] == {"y": "cost", "x": "compute"}
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as caught:
            page.click(f"[data-testid=take-{kind}]")
        assert Path(caught.value.path()).read_bytes().startswith(start)
    page.click("[data-testid=take-python]")
    scope: dict[str, Any] = {"print": lambda *_: None}
    exec(page.input_value("[data-testid=taken]"), scope)
    assert scope["answer"].to_dict() == found.to_dict()
    page.click("[data-testid=take-link]")
    address = page.input_value("[data-testid=taken]")
    assert "quantity=cost&against=compute" in address
    shown = figures(page)
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("#chart text:has-text('exponent')")
    assert figures(page) == shown
    page.click("[data-testid=reset]")
    page.wait_for_function("said => document.querySelector('h1').textContent === said", arg=plain)
    page.select_option("[data-testid=ask-quantity]", "compute")
    page.wait_for_selector("#chart text:has-text('a year')")
    assert page.input_value("[data-testid=ask-against]") == "date"


def test_a_folder_has_some_pairs_and_says_what_the_others_need(page: Any, folder: Path) -> None:
    found = relate("cost", "compute")
    page.goto((folder / "index.html").as_uri() + "#quantity=cost&against=compute")
    page.wait_for_selector("#chart text:has-text('exponent')")
    assert text.number(found.law.exponent.estimate) in figures(page)
    assert page.locator("#rows tbody tr").count() == found.law.n
    assert page.is_disabled("[data-testid=ask-since]")
    assert "comptometer serve" in page.inner_text("#problem")
    shown = figures(page)
    page.select_option("[data-testid=ask-against]", "time")
    page.wait_for_function("() => document.getElementById('problem').textContent.includes('prepared ones')")
    assert "cost × training compute" in page.inner_text("#problem")
    assert figures(page) == shown


def test_a_folder_works_without_a_network(browser: Any, folder: Path) -> None:
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto((folder / "index.html").as_uri())
    before = drawn(page)
    page.select_option("[data-testid=ask-select]", "frontier")
    drawn(page, before)
    assert str(trend(select="frontier").trend.n) in figures(page)
    shown = figures(page)
    page.select_option("[data-testid=ask-country]", "China")
    page.wait_for_selector("#problem:not([hidden])")
    assert "comptometer serve" in page.inner_text("#problem")
    assert figures(page) == shown
    context.close()
    assert not problems


def test_without_scripts_the_figures_the_picture_and_the_table_are_there(browser: Any, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.locator("#chart svg").count() == 1
    assert page.locator("#rows tbody tr").count() == trend().trend.n
    assert page.is_visible("#rows")
    assert not page.is_visible("#filters")
    context.close()


def test_a_phone_needs_no_scrolling_aside(browser: Any, server: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(server)
    drawn(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    context.close()


def test_a_name_in_the_address_is_text(page: Any, server: str) -> None:
    page.goto(f"{server}#q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    drawn(page)
    assert page.locator("img").count() == 0


def test_overlays_are_switched_on_kept_in_the_address_and_explained(page: Any, server: str) -> None:
    page.goto(server)
    drawn(page)
    plain = page.locator("#chart").inner_text()
    assert "systemic risk" not in plain
    page.check("[data-testid=show-thresholds]")
    page.wait_for_selector("#chart text:has-text('systemic risk')")
    page.check("[data-testid=show-eras]")
    assert page.url.endswith("#show=thresholds,eras") or page.url.endswith("#show=thresholds%2Ceras")
    assert "2024/1689" in page.inner_text("#note")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    drawn(page)
    page.wait_for_selector("#chart text:has-text('large-scale')")
    page.uncheck("[data-testid=show-eras]")
    page.wait_for_selector("#chart text:has-text('large-scale')", state="detached")
