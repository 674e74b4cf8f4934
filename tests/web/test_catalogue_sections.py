"""The pages of models and chips without a browser: what stands on them is what the library computes."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

pytest.importorskip("jinja2", reason="the extra web is not installed")
pytest.importorskip("vl_convert", reason="the extra web is not installed")

from comptometer import labels, store, text
from comptometer.checks import RULES
from comptometer.chip_facts import peak_kinds
from comptometer.collection import Models
from comptometer.documents.chips import ChipDocument
from comptometer.documents.models import ModelDocument
from comptometer.documents.rows import RowsDocument
from comptometer.hypotheses import HYPOTHESES
from comptometer.library import library
from comptometer.methods import METHODS
from comptometer.profile import profile
from comptometer.records import Source
from comptometer.selection import VERDICTS
from comptometer.table import Column, Table
from comptometer.vocabulary import ABOUTS, DOMAINS
from comptometer.web import catalogue_rows, chip_page, claim_words, model_page
from comptometer.web.sections import models as section
from comptometer.web.site import Site
from comptometer.web.wording import LANGUAGES, Wording

SITE = Site()
MORE_HYPOTHESES = ("epochs-omitted", "epochs-twice", "hours-per-trillion-tokens")  # made for a model
SOME = (
    "openai/gpt-3",
    "meta/llama-3.1-405b",
    "university-of-toronto/alexnet",
    "stability-ai/sdxl",
    "deepseek/deepseek-v3",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_id_has_words(language: Any) -> None:
    say = Wording(language)
    wanted = [f"hypothesis.{h.id}" for h in HYPOTHESES] + [f"hypothesis.{name}" for name in MORE_HYPOTHESES]
    wanted += [f"rule.{name}" for name in RULES] + [f"method.{name}" for name in METHODS]
    wanted += [f"formula.{name}" for name in METHODS] + [f"verdict.{name}" for name in VERDICTS]
    wanted += [f"kind.{name}" for name in DOMAINS] + [f"about.{key}" for key in ABOUTS]
    wanted += [f"js.models-kind-{name}" for name in DOMAINS] + [f"js.models-verdict-{name}" for name in VERDICTS]
    used = ("utilization/", "model-error/", "goodput", "recompute/", "backward-factor", "epochs")
    wanted += [f"assumed.{name}" for name in store.assumptions() if name.startswith(used)]
    assert [key for key in wanted if not say.has(key)] == []


def test_claims_are_called_as_in_the_terminal() -> None:
    say = Wording("en")
    assert {key: claim_words.about(key, say) for key in ABOUTS} == {key: labels.about(key) for key in ABOUTS}
    for name in SOME:
        entry = profile(name).entry
        assert entry is not None
        for driver in entry.sensitivity():
            assert claim_words.driver(driver, say) == labels.driver(driver)
        for claim in entry.claims:
            assert claim_words.title(claim, say) == labels.title(claim)


@pytest.mark.parametrize("name", SOME)
def test_a_page_holds_every_number_and_every_claim(name: str) -> None:
    found = profile(name)
    assert found.entry is not None
    page = SITE.page(f"models/{name}.html", "en")
    plain = re.sub(r"<[^>]+>", "", page)
    say = Wording("en")
    for outcome in [*found.entry.methods.values()]:
        spread = re.sub(r"<[^>]+>", "", say.spread(*outcome.estimate.interval()))
        assert spread in plain
        assert outcome.formula in plain
    taken = [claim for claim in found.entry.claims if claim.id.startswith(("chip:", "assumption:"))]
    unverified = [claim for claim in [*found.claims, *found.dossier.aside, *taken] if not claim.verified]
    assert plain.count("unverified: not read at the source") == len(unverified)
    for claim in [*found.claims, *found.dossier.aside]:
        assert labels.value(claim) in plain.replace("&#39;", "'").replace("&lt;", "<").replace("&amp;", "&")
    for source in found.sources:
        assert source.title.split("'")[0].split('"')[0].split("&")[0] in plain


def test_pages_of_every_kind_of_model_can_be_made() -> None:
    names = sorted(library().items)[::53]
    for name in names:
        for language in LANGUAGES:
            page = SITE.page(f"models/{name}.html", language)
            assert Wording(language)("take.cite") in page
        ModelDocument.model_validate(json.loads(section.record(name)))
    assert any(profile(name).entry is None for name in names)


def test_a_model_of_unknown_compute_says_what_is_missing() -> None:
    name = next(row["id"] for row in catalogue_rows.models() if row["verdict"] == "none")
    page = SITE.page(f"models/{name}.html", "zh")
    assert "训练计算量未知" in page
    assert "硬件×时间：缺" in page


def test_hostile_names_are_text_and_hostile_links_are_none() -> None:
    found = profile("alexnet")
    name = "<script>alert(1)</script>\u202e=1+1"
    claim = found.dossier.claims[0]
    evil = Source(id=claim.source, title="<img src=x onerror=alert(1)>", url="javascript:alert(1)")
    dossier = replace(found.dossier, name=name, sources={claim.source: evil})
    page = SITE._rendered(section.leaf_of(replace(found, dossier=dossier), Wording("en")), "models/x/y.html",
                          Wording("en"), "models")  # fmt: skip
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "javascript:" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_every_link_outward_is_http_and_tells_nothing() -> None:
    page = SITE.page("models/openai/gpt-3.html", "en")
    outward = re.findall(r'<a href="([^"]+)" ([^>]*)>', page)
    links = [(url, rest) for url, rest in outward if ":" in url.split("/")[0]]
    assert len(links) > 5
    assert all(url.startswith(("https://", "http://")) and "noreferrer" in rest for url, rest in links)


def test_a_chance_is_never_certain() -> None:
    entry = profile("gpt-3").entry
    assert entry is not None
    rows = {row["id"]: row["percent"] for row in model_page.thresholds(entry, Wording("en"))}
    assert rows["eu-gpai-1e23"] == ">99%"
    assert rows["us-ca-sb53"] == "<1%"


def test_the_table_of_a_page_and_its_script_hold_the_same_rows() -> None:
    page = SITE.page("models.html", "en")
    shown = [row for row in catalogue_rows.largest_first() if catalogue_rows.prominent(row)]
    assert page.count('<th scope="row"><a href="models/') == len(shown) > 1000
    data = json.loads(
        catalogue_rows.compact().decode().removeprefix('comptometer.receive("models",').removesuffix(");\n")
    )
    rows = [dict(zip(data["fields"], cells, strict=True)) for cells in data["rows"]]
    own = {row["id"]: row for row in catalogue_rows.models()}
    assert {row["id"] for row in rows} == own.keys()
    for row in rows[:50]:
        assert row["p95"] == pytest.approx(own[row["id"]]["p95"], rel=1e-3)
        assert row["methods"] == list(own[row["id"]]["methods"])


def test_files_hold_every_row_and_no_formula() -> None:
    table = Table(name="t", title="", columns=[Column(name="name", kind="text", about="")], rows=[{"name": "=1+1"}])
    assert catalogue_rows.as_csv(table) == b"name\n'=1+1\n"
    rows = list(csv.DictReader(io.StringIO(SITE.content("models.csv")[0].decode())))
    assert len(rows) == len(catalogue_rows.models())
    for path in ("models.json", "chips.json"):
        found = RowsDocument.model_validate(json.loads(SITE.content(path)[0]))
        assert found.total == len(found.rows)
        assert "Epoch AI" in "".join(found.credit)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chip_has_a_page_with_all_its_rates(language: Any) -> None:
    for name in store.chip_ids():
        chip = store.chip_record(name)
        page = SITE.page(f"chips/{name}.html", language)
        for kind in peak_kinds(chip):
            for peak in kind.rates:
                assert f"{peak.value / 1e12:.6g}" in page, (name, peak)
        ChipDocument.model_validate(json.loads(SITE.content(f"chips/{name}.json")[0]))


def test_traps_are_named() -> None:
    say = Wording("en")

    def traps(name: str) -> str:
        chip = store.chip_record(name)
        return " ".join(chip_page.traps(chip, peak_kinds(chip), say))

    assert "2 times the dense rate" in traps("nvidia/h100-sxm")
    assert "holds 2 dies" in traps("amd/mi250x")
    assert "sees 2 devices" in traps("nvidia/k80")
    assert "fp16 or fp32" in traps("nvidia/v100-sxm")
    family = chip_page.family(store.chip_record("nvidia/h100-sxm"), say)
    assert family is not None
    assert {row["id"] for row in family["rows"]} == {"nvidia/h100-nvl", "nvidia/h100-pcie"}


# The interface


def asked(server: str, path: str) -> tuple[int, Any]:
    try:
        with urlopen(f"{server}api/v1/{path}", timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize(
    "conditions",
    [
        {"organization": "deepmind", "verdict": "conflict"},
        {"since": "2024-01-01", "at_least": "1e25"},
        {"domain": "biology", "notable": "true"},
        {"find": "llama", "open_weights": "true", "method": "hardware-time"},
        {"country": "china", "origin": "curated"},
    ],
)
def test_models_are_filtered_as_in_the_library(server: str, conditions: dict[str, str]) -> None:
    status, found = asked(
        server, "models?limit=3000&" + "&".join(f"{key}={value}" for key, value in conditions.items())
    )
    RowsDocument.model_validate(found)
    flags = {key: value == "true" if value in {"true", "false"} else value for key, value in conditions.items()}
    own = [row["id"] for row in Models().where(**flags).rows()]
    assert (status, [row["id"] for row in found["rows"]]) == (200, own)
    assert own


def test_models_come_in_parts(server: str) -> None:
    whole = asked(server, "models?sort=compute&limit=30")[1]
    part = asked(server, "models?sort=compute&limit=10&offset=20")[1]
    assert part["rows"] == whole["rows"][20:]
    assert part["total"] == whole["total"] == len(library().items)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("models?colour=red", 422, "unknown condition 'colour'"),
        ("models?verdict=maybe", 422, "verdict: 'maybe' is not one of"),
        ("models?since=yesterday", 422, "since: 'yesterday' is not a date"),
        ("models?limit=0", 422, "greater than or equal to 1"),
        ("models/gtp-3", 404, "did you mean GPT-3"),
        ("chips/h1000", 404, "nvidia/h100"),
    ],
)
def test_bad_questions_get_a_reason(server: str, path: str, status: int, said: str) -> None:
    code, found = asked(server, path)
    assert code == status
    assert said in json.dumps(found)
    assert status != 404 or found["suggestions"]


def test_one_model_and_one_chip_by_any_of_their_names(server: str) -> None:
    assert asked(server, "models/gpt3")[1] == json.loads(json.dumps(profile("gpt-3").to_dict()))
    name = next(name for name in library().items if not name.isascii())
    assert asked(server, f"models/{quote(name)}")[1]["id"] == name
    assert asked(server, "chips/h100-sxm")[1]["id"] == "nvidia/h100-sxm"
    assert len(asked(server, "chips/h100")[1]["chips"]) == len(store.chips_named("h100"))
    rows = asked(server, "chips?vendor=google&kind=tpu")[1]["rows"]
    assert {row["vendor"] for row in rows} == {"Google"}
    assert text.number(rows[0]["tdp_watt"] or 1.0)
