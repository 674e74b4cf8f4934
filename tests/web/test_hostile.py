"""Names that want to be markup, formulas or scripts, and links that are broken: text on a page that works."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("fastapi", reason="the extra web is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")

import httpx
from page_server import serving

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
FORMULA = '=HYPERLINK("http://evil.example","pay")'
NAMES = {
    "script": SCRIPT,
    "image": IMAGE,
    "formula": FORMULA,
    "plus": "+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)",
    "template": "{{ 7*7 }}${7*7}{0.__class__}",
    "end": "</script></title><script>alert(3)</script><!--",
    "prototype": "__proto__",
    "entity": "&lt;b&gt; &amp;#x3c;",
    "long": "W" * 1900,
    'q"uote & <b>': "'\"`",
}
REFUSED = {"override": "safe\u202egnp.exe", "invisible": "zero\u200bwidth", "lines": "a\nb", "bell": "a\x07"}
ADDRESS = 'https://example.org/"onmouseover="alert(4)'


def dossier(name: str, **more: str) -> str:
    """Two methods, so that they are compared and drawn; everything that a person may write is hostile."""
    head = {"name": name, "developer": IMAGE + SCRIPT, "published": "2024-01-01", **more}
    claims = [
        {"about": "compute", "value": "1e24 FLOP", "tag": "model", "source": "evil", "where": SCRIPT, "note": FORMULA},
        {"about": "parameters", "value": "7B", "source": ADDRESS, "where": IMAGE},
        {"about": "tokens", "value": "20T", "source": "evil"},
    ]
    return (
        table({**head, "notable": "true"})
        + 'domain = ["language"]\n'
        + "".join("[[claims]]\n" + table(claim) for claim in claims)
        + "[sources.evil]\n"
        + table({"title": SCRIPT, "url": ADDRESS, "licence": IMAGE})
    )


def table(values: dict[str, str]) -> str:
    """Lines of TOML: a string of JSON is one of TOML."""
    bare = {"true"} | {text for key, text in values.items() if key == "published" and text[:2] == "20"}
    return "".join(f"{key} = {text if text in bare else json.dumps(text)}\n" for key, text in values.items())


CHIP = (
    table({"name": SCRIPT, "vendor": FORMULA, "family": IMAGE, "kind": "gpu", "note": IMAGE})
    + 'default_precision = ["bf16"]\navailable = 2023-01-01\naliases = ["</script><script>alert(5)</script>"]\n'
    + "[[peaks]]\n"
    + table({"precision": "bf16", "value": "100 TFLOP/s", "source": "evil", "where": SCRIPT})
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with such names in the user's own folder."""
    own = tmp_path_factory.mktemp("own")
    for file, name in {**NAMES, **REFUSED}.items():
        write(own / f"models/evil/{file}.toml", dossier(name))
    link = dossier("Linked").replace(json.dumps(ADDRESS), json.dumps("javascript:alert(6)"))
    write(own / "models/evil/linked.toml", link)
    write(own / "chips/evil/chip.toml", CHIP)
    write(own / "sources/evil.toml", table({"title": IMAGE, "url": ADDRESS}))
    with serving(own / "stderr", COMPTOMETER_DATA=str(own)) as address:
        yield address


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.heading, self._inside = "", False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag == "h1" or (self._inside and tag != "p")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "h1"

    def handle_data(self, data: str) -> None:
        self.heading += data if self._inside else ""


def own_pages() -> list[str]:
    return [f"models/evil/{quote(file)}.html" for file in NAMES] + ["chips/evil/chip.html"]


def harmless(page: Page) -> None:
    """Every script is a file of ours or data, nothing is loaded or runs otherwise, and links are plain."""
    for tag, attributes in page.elements:
        assert tag not in {"img", "iframe", "object", "embed", "base"}, attributes
        assert not [name for name in attributes if name.startswith("on")], attributes
        if tag == "script":
            kept = attributes.get("type") == "application/json"
            assert kept or attributes["src"].replace("../", "").startswith("assets/"), attributes
        for name in {"href", "src", "xlink:href"} & attributes.keys():
            scheme, colon, _ = attributes[name].partition(":")
            assert not colon or scheme in {"http", "https", "data"} or "/" in scheme, attributes
            assert scheme != "data" or tag == "link"


@pytest.mark.parametrize("root", ["", "zh/"])
def test_hostile_names_are_text(hostile: str, root: str) -> None:
    for path, name in zip(own_pages(), [*NAMES.values(), SCRIPT], strict=True):
        answer = httpx.get(hostile + root + path, timeout=60)
        assert answer.status_code == 200, path
        page = Page(answer.text)
        harmless(page)
        assert page.heading.strip() == name


@pytest.mark.parametrize("path", ["models.html", "zh/models.html", "chips.html", "thresholds.html", "index.html"])
def test_hostile_names_are_text_in_lists(hostile: str, path: str) -> None:
    answer = httpx.get(hostile + path, timeout=60)
    assert answer.status_code == 200
    harmless(Page(answer.text))
    listed = "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert listed or path == "index.html"  # whose rows are those of the tables


def test_scripts_are_given_data(hostile: str) -> None:
    text = httpx.get(f"{hostile}models/rows.js", timeout=60).text
    data = json.loads(text.removeprefix('comptometer.receive("models",').removesuffix(");\n"))
    names = {row[data["fields"].index("name")] for row in data["rows"]}
    assert names >= set(NAMES.values())
    assert not names & set(REFUSED.values())


def test_what_nobody_can_see_is_refused_by_name(hostile: str) -> None:
    for file in (*REFUSED, "linked"):
        assert httpx.get(f"{hostile}models/evil/{file}.html", timeout=60).status_code == 404


@pytest.mark.parametrize("name", ["models", "chips"])
def test_no_cell_is_a_formula(hostile: str, name: str) -> None:
    rows = list(csv.reader(io.StringIO(httpx.get(f"{hostile}{name}.csv", timeout=60).text)))
    cells = {cell for row in rows for cell in row}
    begun = [cell for cell in cells if cell[:1] in "=+-@\t\r\n" and cell and not is_number(cell)]
    assert begun == []
    assert f"'{FORMULA}" in cells


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_hostile_names_are_found_by_programs(hostile: str) -> None:
    for file, name in NAMES.items():
        answer = httpx.get(f"{hostile}api/v1/models/{quote(f'evil/{file}')}", timeout=60)
        assert (answer.status_code, answer.json()["name"]) == (200, name)
        assert answer.headers["content-type"] == "application/json"
    for name in [*NAMES.values(), *REFUSED.values()]:
        posted = httpx.post(f"{hostile}api/v1/estimate", json={"name": name[:120], "params": "7B", "tokens": "1T"})
        assert posted.status_code in {200, 422}
        assert httpx.get(f"{hostile}api/v1/models", params={"find": name[:200]}).status_code in {200, 422}


# In a browser


def test_a_browser_runs_nothing_of_it(visit: Callable[..., Any], hostile: str) -> None:
    page = visit(viewport={"width": 390, "height": 844}).page
    for path in own_pages():
        page.goto(hostile + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    ids = ",".join(f"evil/{file}" for file in ("script", "image", "end", "prototype", "formula"))
    page.goto(f"{hostile}models.html#q=alert&compare={quote(ids)}")
    page.wait_for_selector("#rows.ready")
    assert SCRIPT in page.locator("#rows tbody th").all_inner_texts()
    assert page.locator("[data-testid=compared] thead th").count() == 6
    assert page.locator("main img").count() == 0
    page.goto(f"{hostile}chips.html#q=alert")
    page.wait_for_selector("#rows.ready")
    assert page.locator("#rows tbody th").all_inner_texts() == [SCRIPT]


def test_rows_that_are_taken_along_hold_no_formula(visit: Callable[..., Any], hostile: str) -> None:
    page = visit(accept_downloads=True).page
    page.goto(f"{hostile}models.html#q=HYPERLINK")
    page.wait_for_selector("#rows.ready")
    page.locator("[data-testid=count]").filter(has_text="1 of").wait_for()
    with page.expect_download() as caught:
        page.click("[data-testid=take-shown]")
    rows = list(csv.DictReader(io.StringIO(Path(caught.value.path()).read_text("utf-8"))))
    assert [row["name"] for row in rows] == [f"'{FORMULA}"]


READY = {"models.html": "#rows.ready", "chips.html": "#rows.ready", "index.html": "#chart[data-drawn]",
         "outlook.html": "#chart[data-drawn]"}  # fmt: skip
STATE = (
    "?%%%#%%%=&=&%E0%A4%A&nosuch=1&__proto__=1&constructor=2&<img src=x onerror=alert(7)>"
    "&since=1e999&until=-1&to=1e9&growth=NaN&params=9e99&preset=../x&q=" + "x" * 50_000
)


@pytest.mark.parametrize("path", ["index.html", "models.html", "chips.html", "calculator.html", "outlook.html"])
def test_a_broken_link_leaves_a_page_that_works(visit: Callable[..., Any], server: str, path: str) -> None:
    page = visit().page
    page.goto(f"{server}{path}{STATE}")
    if path in READY:
        page.wait_for_selector(READY[path])
    page.wait_for_selector("#problem:not([hidden])")
    said = page.inner_text("#problem")
    assert all(name in said for name in ("%%%", "nosuch", "__proto__", "constructor"))
    assert page.locator("main img").count() == 0
    page.click("[data-testid=reset]")
    page.wait_for_url(lambda url: "nosuch" not in url)


@pytest.mark.parametrize("path", ["methods.html", "models/openai/gpt-3.html"])
def test_a_broken_link_to_a_page_without_a_state_shows_it(visit: Callable[..., Any], server: str, path: str) -> None:
    page = visit().page
    page.goto(f"{server}{path}{STATE}")
    assert page.is_visible("h1")


def test_broken_addresses_are_answered(client: Any) -> None:
    for path in ("/%", "/%%%", "/models/%E0%A4%A.html", "/?%%%", "/zh/../zh/", "//evil.example/", "/models.html;x"):
        assert client.get(path).status_code in {200, 404}
    for name in ("chips", "project", "outlook", "estimate", "thresholds"):
        for query in ("%%%", "=&=", "a" * 3000, "__proto__=1", "limit=1e9", "to=99999999999999999999", "%00=%00"):
            assert client.get(f"/api/v1/{name}?{query}").status_code in {200, 422}, (name, query)
    for name in ("models", "trend", "picture"):
        for query in ("%%%=1", "since=%00", "since=1e9", "a" * 3000 + "=1"):
            assert client.get(f"/api/v1/{name}?{query}").status_code == 422, (name, query)
