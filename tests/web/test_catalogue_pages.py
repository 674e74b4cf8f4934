"""The tables of models and chips in a real browser: facets, sorting, comparing, links, and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comptometer.collection import Models

READY = "#rows.ready"


def opened(browser: Any, **how: Any) -> tuple[Any, Any, list[str]]:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **how})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    return context, page, problems


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own for each test; an error of a script fails it."""
    context, found, problems = opened(browser)
    yield found
    context.close()
    assert not problems


def names(page: Any) -> list[str]:
    return [str(name) for name in page.locator("#rows tbody th").all_inner_texts()]


def count(page: Any) -> str:
    return str(page.inner_text("[data-testid=count]"))


def narrowed(page: Any, facet: str, value: str) -> None:
    before = count(page)
    control = page.locator(f"[data-testid=facet-{facet}]")
    if control.evaluate("one => one.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)
    page.locator("[data-testid=count]").filter(has_not_text=before).wait_for()


@pytest.mark.parametrize(
    ("facet", "value", "conditions"),
    [
        ("domain", "biology", {"domain": "biology"}),
        ("verdict", "conflict", {"verdict": "conflict"}),
        ("method", "hardware-time", {"method": "hardware-time"}),
        ("origin", "curated", {"origin": "curated"}),
        ("open", "1", {"open_weights": True}),
        ("organization", "deepmind", {"organization": "deepmind"}),
        ("since", "2024", {"since": "2024-01-01"}),
        ("q", "llama", {}),
    ],
)
def test_a_facet_leaves_what_the_library_finds(
    page: Any, server: str, facet: str, value: str, conditions: dict[str, Any]
) -> None:
    page.goto(f"{server}models.html")
    page.wait_for_selector(READY)
    narrowed(page, facet, value)
    if conditions:
        assert count(page).startswith(f"{len(Models().where(**conditions))} of ")
    else:
        assert all("llama" in name.lower() for name in names(page)[:3])


def test_headings_sort_also_from_the_keyboard(page: Any, server: str) -> None:
    page.goto(f"{server}models.html")
    page.wait_for_selector(READY)
    largest = max(Models().rows(), key=lambda row: row["training_compute_flop"] or 0)
    assert names(page)[0] == largest["name"]
    page.focus('th[data-field="training_compute_flop"] button')
    page.keyboard.press("Enter")
    assert page.get_attribute('th[data-field="training_compute_flop"]', "aria-sort") == "ascending"
    assert page.url.endswith("#sort=training_compute_flop")
    smallest = min((row for row in Models().rows() if row["training_compute_flop"]),
                   key=lambda row: row["training_compute_flop"])  # fmt: skip
    assert names(page)[0] == smallest["name"]


def test_up_to_six_are_compared_and_a_link_brings_them_back(page: Any, server: str) -> None:
    page.goto(f"{server}models.html#q=gpt-3&compare=openai/gpt-3")
    page.wait_for_selector(READY)
    page.locator("#rows tbody tr", has_text="GPT-3 XL").first.locator("input").check()
    assert page.locator("[data-testid=compared] thead th").count() == 3
    address = page.url
    assert address.endswith("#q=gpt-3&compare=openai%2Fgpt-3%2Copenai%2Fgpt-3-xl")
    shown = page.inner_text("[data-testid=compared]")
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(READY)
    assert page.inner_text("[data-testid=compared]") == shown
    assert page.locator("[data-testid=compared] svg.range").count() == 2
    page.locator("#picked button").first.click()
    assert page.locator("[data-testid=compared] thead th").count() == 2


def test_a_broken_link_is_said_and_the_page_works(page: Any, server: str) -> None:
    page.goto(f"{server}models.html#domain=cooking&since=soon&compare=no/such&colour=red&sort=-nothing")
    page.wait_for_selector(READY)
    assert page.inner_text("#problem").endswith("domain, since, compare, colour, sort")
    assert len(names(page)) == 100
    page.click("[data-testid=more]")
    assert len(names(page)) == 600


def test_a_switch_of_the_format_changes_the_peaks(page: Any, server: str) -> None:
    page.goto(f"{server}chips.html#q=h100+sxm")
    page.wait_for_selector(READY)
    row = page.locator("#rows tbody tr", has_text="NVIDIA H100 SXM5 80 GB").first
    assert "989.4" in row.inner_text()
    assert "1979" in row.inner_text()
    page.select_option("[data-testid=facet-precision]", "fp8")
    row.locator("td", has_text="fp8").wait_for()
    assert "1979" in row.inner_text()
    assert "3958" in row.inner_text()
    assert page.url.endswith("#q=h100+sxm&precision=fp8")
    page.wait_for_selector("#chart[data-drawn]")


def test_a_page_of_a_model_gives_its_lines_of_python(page: Any, server: str) -> None:
    page.goto(f"{server}models/openai/gpt-3.html")
    page.click("[data-testid=take-python]")
    assert "comptometer.models['openai/gpt-3']" in page.inner_text("#python-lines")
    assert page.evaluate("String(getSelection())").strip() == page.inner_text("#python-lines").strip()
    page.click("[data-testid=language]")
    assert "训练计算量" in page.inner_text("h1 ~ dl")
    assert page.url.endswith("zh/models/openai/gpt-3.html")


def test_the_folder_works_from_a_file_without_a_network(browser: Any, folder: Path) -> None:
    context, page, problems = opened(browser, offline=True)
    page.goto((folder / "zh" / "models.html").as_uri() + "#q=gpt-3")
    page.wait_for_selector(READY)
    page.locator("#rows tbody a", has_text="GPT-3 175B").first.get_attribute("href")
    page.goto((folder / "models.html").as_uri() + "#q=gpt-3+175b")
    page.wait_for_selector(READY)
    page.locator("#rows tbody a", has_text="GPT-3 175B").first.click()
    page.wait_for_selector("[data-testid=methods]")
    page.goto((folder / "chips.html").as_uri())
    page.wait_for_selector(f"{READY} >> nth=0")
    page.wait_for_selector("#chart[data-drawn]")
    context.close()
    assert not problems


@pytest.mark.parametrize(
    "path", ["models.html", "models/openai/gpt-3.html", "chips.html", "chips/nvidia/h100-sxm.html"]
)
def test_tables_are_there_without_scripts(browser: Any, server: str, path: str) -> None:
    context, page, _ = opened(browser, java_script_enabled=False)
    page.goto(server + path)
    assert page.locator("table tbody tr:visible").count() > 10
    context.close()


@pytest.mark.parametrize(
    "path", ["models.html", "models/openai/gpt-3.html", "chips.html", "chips/nvidia/h100-sxm.html"]
)
@pytest.mark.parametrize(("root", "theme"), [("", "light"), ("zh/", "dark")])
def test_pages_are_accessible_and_fit_a_phone(browser: Any, server: str, path: str, root: str, theme: str) -> None:
    api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    how = {"color_scheme": theme, "bypass_csp": True, "viewport": {"width": 390, "height": 844}}
    context, page, problems = opened(browser, **how)
    page.goto(server + root + path)
    if path.count("/") == 0:
        page.wait_for_selector(READY)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    found = api.Axe().run(page)
    context.close()
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]] == []
    assert not problems
