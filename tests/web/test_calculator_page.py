"""The calculator in a real browser: figures, configurations, links and the frame of another page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import comptometer
from comptometer import text

GPT2 = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own for each test; an error of a script fails it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    context.close()
    assert not problems


def answered(page: Any, value: str = "FLOP") -> str:
    page.wait_for_selector(f"[data-testid=value]:has-text('{value}')")
    return str(page.inner_text("[data-testid=value]"))


def spelled(value: float) -> str:
    """As the page writes it."""
    mantissa, _, power = text.number(value, 2).partition("e")
    return f"{mantissa}×10{power.translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))} FLOP"


def test_figures_as_people_write_them_give_what_python_gives(page: Any, server: str) -> None:
    page.goto(f"{server}calculator.html")
    page.fill("[data-testid=give-chip]", "h100-sxm")
    page.fill("[data-testid=give-chips]", "16k")
    page.fill("[data-testid=give-time]", "54 to 75 days")
    page.fill("[data-testid=give-mfu]", "38% to 43%")
    own = comptometer.estimate(chip="h100-sxm", chips="16k", time="54 to 75 days", mfu="38% to 43%")
    assert answered(page) == spelled(own.median)
    assert page.inner_text("[data-testid=echo-time]").startswith("= 63.6 days, 90% 54 – 75; 2.44×10⁷ chip-hours")
    assert "989.4" in page.inner_text("[data-testid=echo-chip]")
    assert "One method" in page.inner_text("[data-testid=agreement]")
    assert page.locator("#density path").count() >= 4


def test_two_methods_are_compared_in_words(page: Any, server: str) -> None:
    page.goto(f"{server}calculator.html#params=7B&tokens=2T&chip=h100-sxm&chips=4096&time=90+days&mfu=40%25")
    answered(page)
    said = page.inner_text("[data-testid=agreement]")
    assert "In conflict" in said
    assert "no average" in said
    assert page.locator("[data-testid=methods] tbody tr").count() == 2
    assert "which method is right" in page.inner_text("[data-testid=drivers]")


def test_the_example_fills_the_form_and_the_link_brings_it_back(page: Any, server: str) -> None:
    page.goto(f"{server}calculator.html")
    page.click("[data-testid=example-0]")
    value = answered(page)
    assert "chip=h100-sxm" in page.url
    assert "active_params" not in page.url
    address = page.url
    page.click("[data-testid=reset]")
    page.wait_for_selector("[data-testid=waiting]:visible")
    assert "#" not in page.url
    page.goto("about:blank")
    page.goto(address)
    assert answered(page) == value
    page.click("[data-testid=language]")
    page.wait_for_url("**/zh/calculator.html#*")
    assert answered(page) == value
    assert "4050亿" in page.inner_text("[data-testid=echo-params]")


def test_what_cannot_be_read_says_so_at_its_field(page: Any, server: str) -> None:
    page.goto(f"{server}calculator.html#params=abc&tokens=1T&rubbish=1&precision=fp5")
    page.wait_for_selector("[data-testid=echo-params].problem")
    assert "Not a number" in page.inner_text("[data-testid=echo-params]")
    assert page.get_attribute("[data-testid=give-params]", "aria-invalid") == "true"
    assert page.inner_text("#problem") == "Not understood in the address, and left out: rubbish, precision"
    page.fill("[data-testid=give-params]", "7B")
    answered(page)
    assert page.get_attribute("[data-testid=give-params]", "aria-invalid") == "false"


def test_too_little_names_what_is_missing(page: Any, server: str) -> None:
    page.goto(f"{server}calculator.html#params=7B")
    page.wait_for_selector("[data-testid=waiting]:has-text('Not enough')")
    assert "parameters × tokens needs Tokens seen" in page.inner_text("[data-testid=waiting]")


def test_a_configuration_is_counted(page: Any, server: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(GPT2))
    page.goto(f"{server}calculator.html#tokens=10B&sequence_length=1024")
    page.set_input_files("[data-testid=config-file]", str(file))
    own = comptometer.estimate(config=GPT2, tokens="10B", sequence_length="1024")
    assert answered(page) == spelled(own.median)
    assert "counted from config.json" in page.inner_text("[data-testid=methods]")
    page.click("[data-testid=config-remove]")
    page.wait_for_selector("[data-testid=waiting]:visible")


@pytest.mark.parametrize(
    "content", ["[1, 2]", "not JSON", '{"model_type": "gpt2", "n_layer": -1}', '{"a":' * 60 + "1" + "}" * 60]
)
def test_a_bad_configuration_leaves_the_page_working(page: Any, server: str, tmp_path: Path, content: str) -> None:
    file = tmp_path / "<img src=x>.json"
    file.write_text(content)
    page.goto(f"{server}calculator.html#tokens=10B")
    page.set_input_files("[data-testid=config-file]", str(file))
    page.wait_for_function(
        "() => document.getElementById('problem').textContent"
        " || /config|deeper/.test(document.getElementById('waiting').textContent)"
    )
    assert page.locator("main img").count() == 0
    if page.is_visible("[data-testid=config-remove]"):
        page.click("[data-testid=config-remove]")
    page.fill("[data-testid=give-params]", "7B")
    answered(page)


def test_a_large_file_is_refused_here(page: Any, server: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(b" " * 50_000_000)
    page.goto(f"{server}calculator.html")
    page.set_input_files("[data-testid=config-file]", str(file))
    page.wait_for_selector("#problem:has-text('megabyte')")


def test_the_static_page_calculates_without_a_network(browser: Any, folder: Path) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"file://{folder}/zh/calculator.html#params=4050亿&tokens=15.6万亿")
    assert answered(page) == spelled(comptometer.estimate(params="405B", tokens="15.6T").median)
    assert "comptometer serve" in page.inner_text("[data-testid=config-static]")
    assert not page.is_visible("[data-testid=config-file]")
    assert all(url.startswith("file:") for url in requests)
    context.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Path]:
    """A folder that another server of this machine shows; the file `address` in it says where."""
    answering = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    Thread(target=answering.serve_forever, daemon=True).start()
    (tmp_path / "address").write_text(f"http://127.0.0.1:{answering.server_port}/")
    yield tmp_path
    answering.shutdown()
    answering.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """One that prints nothing."""

    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 (the name that it overrides)


def test_it_can_stand_in_the_frame_of_another_page(page: Any, server: str, host: Path) -> None:
    held = f'<iframe id="held" src="{server}calculator.html?embed#params=7B&tokens=2T" height="900"></iframe>'
    (host / "index.html").write_text(held)
    page.goto((host / "address").read_text())
    frame = page.frame_locator("#held")
    frame.locator("[data-testid=value]").filter(has_text="FLOP").wait_for()
    assert not frame.locator("header").is_visible()
    assert not frame.locator("footer").is_visible()


def test_it_can_be_taken_along(page: Any, server: str) -> None:
    page.goto(f"{server}calculator.html#params=7B&tokens=2T")
    answered(page)
    page.click("[data-testid=take-python]")
    assert 'comptometer.estimate(params="7B", tokens="2T")' in page.input_value("[data-testid=taken]")
    page.click("[data-testid=take-embed]")
    assert "?embed#params=7B&tokens=2T" in page.input_value("[data-testid=taken]")
    with page.expect_download() as download:
        page.click("[data-testid=take-json]")
    assert json.loads(Path(download.value.path()).read_text())["schema"] == "comptometer/estimate/1"


@pytest.mark.parametrize("language", ["", "zh/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible(browser: Any, server: str, language: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{server}{language}calculator.html#params=405B&tokens=15.6T&chip=h100-sxm&chip_hours=30.84M&peak=abc")
    page.wait_for_selector("[data-testid=echo-peak].problem")
    page.fill("[data-testid=give-peak]", "")
    answered(page)
    found = axe.Axe().run(page)
    assert not found.violations_count, found.generate_report()
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


def test_without_scripts_an_example_stands_there(browser: Any, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{folder}/calculator.html")
    assert "Llama 3.1-405B" in page.inner_text("main")
    assert "30.84M chip-h" in page.inner_text("main")
    assert not page.is_visible("form")
    context.close()
