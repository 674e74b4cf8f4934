"""Outlook, thresholds, methods, replications: what the pages say is what the library computes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

pytest.importorskip("jinja2", reason="the extra web is not installed")

from comptometer.calibration import calibrate
from comptometer.projection import project
from comptometer.regulations import regulations
from comptometer.scorecard import forecasts
from comptometer.store import assumptions
from comptometer.studies import STUDIES
from comptometer.thresholds import models_above
from comptometer.web.outlook import answer, years_of
from comptometer.web.site import Site
from comptometer.web.wording import LANGUAGES, messages

PAGES = ("outlook.html", "thresholds.html", "methods.html", "replications.html")


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


def test_the_languages_have_the_same_messages() -> None:
    assert messages("en").keys() == messages("zh").keys()


def test_a_message_says_what_its_file_says() -> None:
    for one in forecasts().forecasts:
        assert messages("en")[f"forecast.{one.id}"] == one.said


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_its_own_names_once(site: Site, path: str, language: Any) -> None:
    names = re.findall(r'\bid="([^"]+)"', site.page(path, language))
    assert len(names) == len(set(names))


def test_every_regulation_and_every_model_above_is_listed(site: Site) -> None:
    page = site.page("thresholds.html", "en")
    for one in regulations():
        assert f'id="{one.id}"' in page
        assert f'href="{one.source}"' in page
    rows = page.split('data-testid="above-1e25"')[1].split("</table>")[0]
    assert rows.count("<tr>") == len(models_above()["eu-ai-act-51-2"]) + 1


def test_every_assumption_and_score_is_shown(site: Site) -> None:
    page = site.page("methods.html", "en")
    for name in (*assumptions(), *assumptions("cost-assumptions")):
        assert f"<code>{name}</code>" in page
    whole = calibrate().experiments[0].lines[0].score
    assert f'<td class="number">{whole.n}</td><td class="number">{whole.within_90:.0%}</td>' in page


def test_every_study_is_shown_with_its_verdicts(site: Site) -> None:
    page = site.page("replications.html", "en")
    for name in STUDIES:
        assert f'<section id="{name}"' in page
    assert page.count("<figure") == 2
    assert "verdict-tension" in page


def test_the_outlook_is_the_projection() -> None:
    found, shown = project(2030), answer(2030, "default", "en")
    compute = next(table for table in shown["tables"] if table["id"] == "compute")
    assert [row[0] for row in compute["rows"][1:]] == [f"{year:.0f}" for year in found.years[1:]]
    assert shown["growth"] == found.growth_split["growth"]["p50"]
    without = answer(2030, "default", "en", growth="3", without=["power", "data"])
    binding = next(table for table in without["tables"] if table["id"] == "binding")
    assert "data" not in binding["columns"]
    assert without["growth"] == pytest.approx(3.0)


@pytest.mark.parametrize("preset", ["default", "openai-2018"])
def test_the_sliders_end_where_a_projection_does(preset: str) -> None:
    first, last = years_of(preset)
    for to in (first, last):
        assert answer(to, preset, "zh", sizes=())["to"] == to


def test_a_prepared_answer_is_a_script_that_a_page_can_load(site: Site) -> None:
    content = site.content("zh/outlook/none-2032.js")[0].decode()
    name, given = re.fullmatch(r'comptometer\.receive\("([^"]+)",(.*)\);\n', content).groups()  # type: ignore[union-attr]
    assert name == "none-2032"
    assert json.loads(given)["limits"] == []


def test_a_prepared_pair_is_the_answer_of_the_server(site: Site, client: Any) -> None:
    content = site.content("trend/against-data.js")[0].decode()
    name, given = re.fullmatch(r'comptometer\.receive\("([^"]+)",(.*)\);\n', content).groups()  # type: ignore[union-attr]
    prepared = json.loads(given)
    served = client.get("/api/v1/relation?y=compute&x=data&size=narrow").json()
    assert name == prepared["asked"] == "against=data"
    assert served["pictures"].keys() < prepared["pictures"].keys() == {"log wide", "log narrow"}
    for key in served.keys() - {"asked", "pictures"}:
        assert served[key] == prepared[key]
    assert served["pictures"]["log narrow"] == prepared["pictures"]["log narrow"]


# The same for programs


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("project?to=2030&without=data", "years"),
        ("outlook?to=2030&language=zh", "tables"),
        ("relation?y=cost&x=compute&select=frontier&draws=100&open-weights=no&size=narrow&language=zh", "points"),
        ("thresholds?status=in force", "thresholds"),
        ("thresholds/eu-ai-act-51-2", "counts"),
        ("thresholds/check?model=gpt-4", "thresholds"),
        ("replications", "studies"),
        ("replications/openai-2018", "points"),
    ],
)
def test_an_answer(client: Any, path: str, key: str) -> None:
    found = client.get(f"/api/v1/{path}")
    assert found.status_code == 200
    assert found.json()[key]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("project?to=2060", 422),
        ("project", 422),
        ("project?to=2030&preset=../default", 422),
        ("project?to=2030&preset=nosuch", 404),
        ("project?to=2030&growth=fast", 422),
        ("project?to=2030&without=gravity", 404),
        ("relation?y=cost&x=cost", 422),
        ("relation?y=weight", 404),
        ("relation?selct=all", 422),
        ("relation?since=yesterday", 422),
        ("relation?since=1950&until=1951", 422),
        ("thresholds/nosuch", 404),
        ("thresholds/check?model=no such model at all", 404),
        ("replications/nosuch", 404),
    ],
)
def test_a_refusal(client: Any, path: str, status: int) -> None:
    found = client.get(f"/api/v1/{path}")
    assert found.status_code == status
    assert found.json()["detail"]
