"""The outlook in a real browser: sliders ask again where a server is, and take the nearest answer where none is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comptometer.web.outlook import answer
from comptometer.web.site import Site, publish

MOVE = "([name, to]) => { const e = document.getElementById('ask-' + name); e.value = to; e.dispatchEvent(new Event('input', {bubbles: true})); }"  # noqa: E501


def wait_for(page: Any, sentence: str) -> None:
    """Until the finding is this one."""
    page.get_by_test_id("finding").filter(has_text=sentence).wait_for()


def test_sliders_ask_again(browser: Any, server: str) -> None:
    page = browser.new_page()
    page.goto(f"{server}outlook.html")
    page.evaluate(MOVE, ["to", "2032"])
    wait_for(page, answer(2032, "default", "en", sizes=())["finding"])
    page.evaluate(MOVE, ["growth", "3"])
    wait_for(page, answer(2032, "default", "en", growth="3.0", sizes=())["finding"])
    page.uncheck("input[value=power]")
    wait_for(page, answer(2032, "default", "en", growth="3.0", without=["power"], sizes=())["finding"])
    address = page.url
    assert address.endswith("#to=2032&growth=3.0&without=power")
    page.goto("about:blank")
    page.goto(address)
    wait_for(page, answer(2032, "default", "en", growth="3.0", without=["power"], sizes=())["finding"])
    page.close()


def test_a_folder_takes_the_nearest_answer_and_says_so(browser: Any, tmp_path: Path) -> None:
    publish(Site(), tmp_path, only=lambda path: path.startswith(("assets/", "outlook")))
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "outlook.html").as_uri())
    page.wait_for_selector("#problem:not([hidden])")
    assert "comptometer serve" in page.inner_text("#problem")
    assert page.is_disabled("#ask-growth")
    page.evaluate(MOVE, ["to", "2031"])
    wait_for(page, answer(2030, "default", "en", sizes=())["finding"])
    page.select_option("#ask-preset", "none")
    wait_for(page, answer(2030, "none", "en", sizes=())["finding"])
    context.close()
