"""Charts of what is ahead: each draws what was computed, in both languages, themes and at the size of a phone."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, get_args
from xml.etree import ElementTree

import pytest

import comptometer
from comptometer import text
from comptometer.charts import Language, Look, Theme, draw
from comptometer.charts._flags import flags, yes
from comptometer.charts._projection_places import apart
from comptometer.charts._projection_rows import moment_of
from comptometer.charts._theme import FONTS, NOTE
from comptometer.charts._words import WORDS
from comptometer.charts.cost import KINDS, SINCE, TOP
from comptometer.charts.decomposition import decomposed
from comptometer.charts.projection import TO, asked
from comptometer.decomposition import decompose, published
from comptometer.errors import NotFound, UsageError
from comptometer.growth import trend
from comptometer.limit_files import limits, preset_ids
from comptometer.projection import project

alt = pytest.importorskip("altair")
vl_convert = pytest.importorskip("vl_convert")

VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
NAMES = [
    "projection", "projection:to=2023&preset=openai-2018", "projection:to=2030&preset=none", "cost", "decomposition",
]  # fmt: skip
THEMES, LANGUAGES = get_args(Theme), get_args(Language)
PHONE, PAGE = (300, 340), (860, 500)

every_name = pytest.mark.parametrize("name", NAMES)


@cache
def spec(name: str, theme: Theme = "light", language: Language = "en", size: tuple[int, int] = PAGE) -> dict[str, Any]:
    return dict(draw(name, Look(theme=theme, language=language, width=size[0], height=size[1])).to_dict())


def note(found: dict[str, Any]) -> str:
    return " ".join(next(layer for layer in found["layer"] if layer.get("name") == NOTE)["mark"]["text"])


def title(found: dict[str, Any]) -> str:
    return " ".join(found["title"]["text"])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
@every_name
def test_every_chart_renders_and_the_compiler_has_nothing_to_warn_about(
    name: str, theme: Theme, language: Language, capfd: pytest.CaptureFixture[str]
) -> None:
    size = PHONE if theme == "dark" else PAGE
    found = spec(name, theme, language, size)
    vl_convert.vegalite_to_vega(found, vl_version=VERSION, show_warnings=True)
    assert capfd.readouterr().err == ""
    assert ElementTree.fromstring(vl_convert.vegalite_to_svg(found, vl_version=VERSION))


@every_name
def test_a_chart_says_what_it_shows_and_with_which_version(name: str) -> None:
    found = spec(name)
    assert title(found)
    assert found["title"]["subtitle"]
    assert found["description"].endswith(".")
    assert f"comptometer {comptometer.__version__}" in note(found)
    ours = found["usermeta"]["comptometer"]
    rows = found["datasets"][ours["rows"]]
    assert rows
    assert all(row[column] is not None for row in rows for column in ours["columns"])


def test_chinese_takes_typefaces_that_have_it_first() -> None:
    assert spec("cost", language="zh")["config"]["font"] == FONTS["zh"]
    assert FONTS["zh"].startswith("Noto Sans CJK")
    assert FONTS["zh"].endswith(FONTS["en"])
    assert spec("cost")["config"]["font"] == FONTS["en"]


# Projection


def test_the_fan_is_that_of_the_projection() -> None:
    found, drawn = project(TO), spec("projection")["datasets"]
    for name, path in (("fan", "soft"), ("hard", "hard"), ("free", "trend")):
        for row, year, quantiles in zip(drawn[name], found.years, found.quantiles[path], strict=True):
            assert [row[key] for key in ("p5", "p25", "p50", "p75", "p95")] == pytest.approx(list(quantiles))
            assert row["date"] == moment_of(year)
    for limit, quantiles in found.limit_quantiles.items():
        assert [row["flop"] for row in drawn[f"limit_{limit}"]] == pytest.approx(list(quantiles[:, 2]))
    assert text.number(found.quantiles["soft"][-1][2], 2) in title(spec("projection"))


def test_round_amounts_are_marked_where_the_median_passes_them() -> None:
    found = project(TO)
    rows = spec("projection")["datasets"]["reached"]
    assert rows
    for row in rows:
        assert row["year"] == found.reached(row["flop"])
        assert row["flop"] in found.thresholds


def test_every_limit_has_its_name_in_the_picture() -> None:
    drawn = spec("projection")["datasets"]
    written = [row["text"] for name, rows in drawn.items() if name.startswith("limits_") for row in rows]
    inside = [limit for limit in limits().limits.values() if drawn[f"limit_{limit.id}"][0]["flop"] < 1e31]
    for limit in inside:
        assert any(words.startswith(limit.label) for words in written), limit.id


def test_every_shipped_limit_has_a_name_in_chinese() -> None:
    assert all(f"limit-{name}" in WORDS for preset in preset_ids() for name in limits(preset).limits)


def test_a_stated_start_draws_no_models() -> None:
    assert spec(NAMES[1])["datasets"]["points"] == []
    assert "90%" not in title(spec(NAMES[1]))


@pytest.mark.parametrize(("given", "drawn"), [("level=3e26..5e26&growth=4..5", False), ("growth=4..5", True),
                                              ("level=largest&growth=4..5", True)])  # fmt: skip
def test_models_stand_before_a_projection_that_starts_from_a_table(given: str, drawn: bool) -> None:
    points = spec(f"projection:{given}&draws=1000")["datasets"]["points"]
    assert bool(points) is drawn


def test_models_of_the_table_stand_before_the_fan() -> None:
    answer = trend(select="frontier", since="2018-01-01")
    drawn = spec("projection")["datasets"]["points"]
    assert sorted(row["flop"] for row in drawn) == sorted(o.value for o in answer.observations)


def test_names_are_moved_apart_and_keep_their_order() -> None:
    heights = apart([50.0, 51.0, 52.0, 200.0], 0.0)
    assert heights == sorted(heights)
    assert min(b - a for a, b in pairwise(heights)) == pytest.approx(12.6)
    assert heights[1] == pytest.approx(51.0)
    assert heights[3] == 200.0
    assert apart([1.0, 2.0], 10.0)[0] == 10.0


# Cost


def test_cost_draws_the_answer_for_each_kind() -> None:
    drawn = spec("cost")["datasets"]
    answers = [trend(quantity=kind, select="frontier", top=TOP, since=SINCE) for kind in KINDS]
    assert sorted(row["value"] for row in drawn["points"]) == sorted(o.value for a in answers for o in a.observations)
    for at, answer in enumerate(answers):
        last = drawn[f"line_{at}"][-1]
        day = answer.observations[-1].day
        assert last["date"] == day.isoformat()
        assert last["value"] == pytest.approx(float(answer.trend.at([day.toordinal()])[0]))
        assert f"×{text.number(answer.trend.growth_per_year.estimate)}" in title(spec("cost"))


# Decomposition


def test_bars_start_where_those_before_them_end_and_reach_the_whole() -> None:
    rows = spec("decomposition")["datasets"]["rows"]
    found = decompose()
    for split in found.splits.values():
        n = 1 + len(split.parts)
        whole, parts, rows = rows[0], rows[1:n], rows[n:]
        assert whole["start"] == parts[0]["start"] == 1
        for one, other in pairwise(parts):
            assert other["start"] == one["end"]
        assert parts[-1]["end"] == pytest.approx(whole["end"])
        for row, part in zip(parts, split.parts, strict=True):
            assert row["growth"] == part.trend.growth_per_year.estimate
    assert rows == []


def test_published_values_stand_in_their_bars() -> None:
    rows = spec("decomposition")["datasets"]["published"]
    assert len(rows) == len(published())
    found = {row["label"]: row["said"] / row["start"] for row in rows}
    assert found["more chips"] == pytest.approx(1.69)


# Flags in names


def test_flags_are_read_and_wrong_ones_said_all_at_once() -> None:
    assert asked("to=2030&without=data&without=chips&far").asked["without"] == ["data", "chips"]
    assert decomposed("data=epoch-2025-06&draws=200").answer.question.data == "epoch-2025-06"
    with pytest.raises(UsageError, match="did you mean 'preset'") as raised:
        draw("projection:preste=none&to=soon")
    assert "'soon' cannot be read" in str(raised.value)
    with pytest.raises(UsageError, match="write yes or no"):
        flags("far=maybe", {"far": yes})
    with pytest.raises(NotFound):
        draw("projection:preset=nothing")


@pytest.mark.parametrize("name", ["projection", "decomposition", "cost"])
def test_a_picture_says_how_many_models_lack_a_value(name: str) -> None:
    lines = next(layer for layer in spec(name)["layer"] if layer.get("name") == NOTE)["mark"]["text"]
    assert "not missing at random" in " ".join(lines)
