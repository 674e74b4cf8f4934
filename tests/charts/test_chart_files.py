import json
import os
import re
import stat
import struct
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import comptometer
from comptometer.charts import FORMATS, PNG_SCALE, Look, draw, in_altair, save
from comptometer.charts._theme import PALETTES
from comptometer.charts.estimate import estimate_chart
from comptometer.errors import DataError, UsageError

alt = pytest.importorskip("altair")


@pytest.fixture(scope="module")
def picture() -> Any:
    return draw("openai-2018")


@pytest.fixture(scope="module")
def page(picture: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    return save(picture, tmp_path_factory.mktemp("page") / "chart.html").read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def count(self, tag: str) -> int:
        return sum(found == tag for found, _ in self.found)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_chart_is_written_in_every_format(picture: Any, tmp_path: Path, ending: str) -> None:
    path = save(picture, tmp_path / f"chart{ending}")
    start = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF", ".html": b"<!doctype html>", ".json": b"{"}
    assert path.read_bytes().startswith(start[ending])
    assert os.listdir(tmp_path) == [path.name]


def test_an_ending_in_capitals_is_the_same_ending(picture: Any, tmp_path: Path) -> None:
    assert save(picture, tmp_path / "CHART.SVG").read_bytes().startswith(b"<svg")


def test_a_png_has_two_pixels_for_one(picture: Any, tmp_path: Path) -> None:
    width, height = struct.unpack(">II", save(picture, tmp_path / "chart.png").read_bytes()[16:24])
    svg = save(picture, tmp_path / "chart.svg").read_text(encoding="utf-8")
    found = re.search(r'width="(\d+)" height="(\d+)"', svg)
    assert found
    assert (width, height) == (PNG_SCALE * int(found[1]), PNG_SCALE * int(found[2]))


def test_json_is_the_chart_itself(picture: Any, tmp_path: Path) -> None:
    path = save(picture, tmp_path / "chart.json")
    assert json.loads(path.read_text(encoding="utf-8")) == picture.to_dict()


@pytest.mark.parametrize("name", ["chart.gif", "chart", "chart.svg.gz", ".svg"])
def test_an_unknown_ending_is_refused_with_the_known_ones(picture: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.svg, \.png, \.pdf, \.html, \.json"):
        save(picture, tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_named(picture: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder .*absent"):
        save(picture, tmp_path / "absent" / "chart.svg")
    assert os.listdir(tmp_path) == []


def test_a_folder_is_not_overwritten(picture: Any, tmp_path: Path) -> None:
    (tmp_path / "chart.svg").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        save(picture, tmp_path / "chart.svg")


def test_a_save_that_fails_leaves_nothing(picture: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        save(picture, tmp_path / f"{'x' * 300}.json")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder in which nobody can write")
def test_a_folder_in_which_nobody_can_write_is_named(picture: Any) -> None:
    with pytest.raises(DataError, match=r"/proc/self/chart\.json: cannot be written"):
        save(picture, Path("/proc/self/chart.json"))


def test_a_chart_that_cannot_be_drawn_keeps_the_file_before_it(picture: Any, tmp_path: Path) -> None:
    path = save(picture, tmp_path / "chart.svg")
    before = path.read_bytes()
    spec = {"data": {"values": [{"a": 1}]}, "mark": "bar", "encoding": {"x": {"field": "a", "type": "quantitative"}}}
    broken = alt.Chart.from_dict({**spec, "transform": [{"calculate": "datum.(", "as": "b"}]})
    with pytest.raises(ValueError, match=r"."):
        save(broken, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_a_file_is_replaced_and_has_the_usual_rights(picture: Any, tmp_path: Path) -> None:
    path = tmp_path / "chart.json"
    path.write_text("old", encoding="utf-8")
    plain = tmp_path / "plain"
    plain.write_text("", encoding="utf-8")
    save(picture, path)
    assert path.read_text(encoding="utf-8").startswith("{")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


# The page


def test_a_page_loads_nothing(page: str) -> None:
    shell = re.sub(r"<script>.*?</script>", "<script></script>", page, flags=re.S)
    for tag, attributes in Elements(shell).found:
        assert tag not in {"link", "iframe", "object", "embed", "base", "img"}
        assert not {"src", "srcset", "href", "action"} & set(attributes), (tag, attributes)
    assert "@import" not in shell
    assert not re.search(r"url\((?!#)", shell)
    assert shell.count("<script") == 3


def test_a_page_forbids_what_it_does_not_need(page: str) -> None:
    policy = next(a["content"] for tag, a in Elements(page).found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy
    assert policy.startswith("default-src 'none';")
    assert policy.count("'sha256-") == 2
    assert "unsafe-eval" not in policy
    assert "http" not in policy.replace("http-equiv", "")
    assert 'ast: true, actions: false, renderer: "svg", loader: loader' in page


def test_a_page_has_a_language_a_title_a_sentence_and_one_heading(page: str) -> None:
    elements = Elements(page)
    assert ("html", {"lang": "en"}) in elements.found
    assert [elements.count(tag) for tag in ("main", "h1", "title", "figcaption")] == [1, 1, 1, 1]
    title = re.search(r"<title>(.*?)</title>", page)
    assert title
    assert title[1] == "Training compute doubled every 3.43 months, 2012 to 2017 (90% 2.5 to 4.4)"
    assert any(attributes.get("name") == "description" for _, attributes in elements.found)
    assert "Source: Dario Amodei and Danny Hernandez" in page


def test_every_kind_is_drawn_in_the_page_even_without_scripts(page: str) -> None:
    still = page[page.index('<div id="chart">') : page.index("<figcaption>")]
    for color in PALETTES["light"].series[:3]:
        drawn = re.findall(rf'<path aria-label="[^"]*" [^>]*d="M[^"]+"[^>]*fill="{color}"', still)
        assert len(drawn) >= 3


def test_the_table_of_a_page_has_every_point(page: str) -> None:
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert table.count("<tr>") == 15
    assert unescape(re.findall(r"<td>(.*?)</td>", table)[0]) == "AlexNet"
    assert "Visualizing &amp; Understanding Conv Nets" in table


def test_a_name_with_markup_stays_text(tmp_path: Path) -> None:
    rows = [{"model": "</script><img src=x onerror=alert(1)>", "date": "2020-01-01", "flop": 1.0}]
    spec = {
        "description": "A chart of <b>.",
        "title": "<img src=x onerror=alert(1)>",
        "datasets": {"points": rows},
        "data": {"name": "points"},
        "layer": [{"mark": "point", "encoding": {"y": {"field": "model", "type": "nominal"}}}],
        "usermeta": {"comptometer": {"note": "<script>", "rows": "points", "columns": {"model": "<i>"}}},
    }
    page = save(alt.LayerChart.from_dict(spec), tmp_path / "chart.html").read_text(encoding="utf-8")
    assert page.count("</script>") == 3
    assert Elements(page).count("img") == 0
    assert "\\u003c/script>\\u003cimg" in page


def test_any_chart_of_altair_can_be_saved_as_a_page(tmp_path: Path) -> None:
    spec = {"data": {"values": [{"a": 1}]}, "mark": "point", "encoding": {"x": {"field": "a", "type": "quantitative"}}}
    page = save(alt.Chart.from_dict(spec), tmp_path / "chart.html").read_text(encoding="utf-8")
    assert "<h1>Chart</h1>" in page


def test_an_estimate_is_a_page_with_its_methods(tmp_path: Path) -> None:
    picture = in_altair(estimate_chart(comptometer.models["alexnet"], Look(theme="dark")))
    page = save(picture, tmp_path / "estimate.html").read_text(encoding="utf-8")
    assert '<meta name="color-scheme" content="dark">' in page
    assert "<td>hardware-time</td>" in page
