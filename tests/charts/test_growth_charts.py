from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from itertools import combinations
from pathlib import Path
from string import Formatter
from typing import Any, get_args
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import comptometer
from comptometer import text, vintages
from comptometer.charts import FORMATS, Language, Look, Scale, Theme, agreement, draw, in_altair, missing, save
from comptometer.charts._axes import Span
from comptometer.charts._labels import set_at, text_width
from comptometer.charts._overlays import line_of_2018, lines_of_law
from comptometer.charts._question import FLAGS, question
from comptometer.charts._theme import BODY, NOTE, SMALL, Rows, Words, finished
from comptometer.charts._words import VARIANTS, WORDS
from comptometer.charts._words_history import ERAS
from comptometer.charts.chips import PANELS
from comptometer.charts.frontier import TOP
from comptometer.charts.sensitivity import sensitivity_chart
from comptometer.cli.chart import command
from comptometer.cli.trend import command as trend_command
from comptometer.collection import Models
from comptometer.definitions import Variant, variants
from comptometer.errors import ComptometerError, UsageError
from comptometer.growth import Answer, Question, trend
from comptometer.population import Wanted
from comptometer.studies import openai_2018
from comptometer.trends import as_date
from comptometer.units import FLOP_PER_PFS_DAY

alt = pytest.importorskip("altair")
vl_convert = pytest.importorskip("vl_convert")

VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
THEMES, SCALES, LANGUAGES = get_args(Theme), get_args(Scale), get_args(Language)
QUESTIONS = ["trend:method=segmented", "trend:quantity=cost&select=frontier&since=2016", "trend:quantity=fp32-per-watt"]
RELATION = "relation:y=cost&x=compute&select=all"
NAMES = ["trend", *QUESTIONS, "frontier", "chips", "agreement", "missing", "sensitivity", RELATION]
SIZES = [(860, 500), (420, 420), (1100, 640)]
AXES = {
    "trend": {"Training compute (FLOP)", "petaFLOP/s-days", "Date of publication"},
    QUESTIONS[0]: {"Training compute (FLOP)", "petaFLOP/s-days", "Date of publication"},
    QUESTIONS[1]: {"Cost of training, amortised (USD)", "Date of publication"},
    QUESTIONS[2]: {"fp32 per watt (FLOP/s/W)", "Date of release"},
    "frontier": {"Training compute (FLOP)", "petaFLOP/s-days", "Date of publication"},
    "chips": {"Peak (FLOP/s)", "Peak per watt (FLOP/s/W)", "Peak per dollar (FLOP/s/USD)", "Date of release"},
    "agreement": {"Hardware-time over count", "Date of publication"},
    "missing": {"Share of models without training compute", "Year of publication"},
    "sensitivity": {"Growth a year (factor)"},
    RELATION: {"Cost of training, amortised (USD)", "Training compute (FLOP)"},
}

every_name = pytest.mark.parametrize("name", NAMES)


@cache
def spec(
    name: str,
    theme: Theme = "light",
    scale: Scale = "log",
    language: Language = "en",
    size: tuple[int, int] = (860, 500),
) -> dict[str, Any]:
    look = Look(theme=theme, scale=scale, language=language, width=size[0], height=size[1])
    if name == "sensitivity":
        return dict(in_altair(sensitivity_chart(answered_variants(), vintages.DEFAULT, look)).to_dict())
    return dict(draw(name, look).to_dict())


@cache
def answered_variants() -> list[Variant]:
    return variants(Question(wanted=Wanted(since=None, until=None), draws=200))


def walk(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from walk(inner)


def note(found: dict[str, Any]) -> list[str]:
    lines = next(layer for layer in found["layer"] if layer.get("name") == NOTE)["mark"]["text"]
    return list(lines)


def joined(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else " ".join(lines)


def values(rows: list[dict[str, Any]], *fields: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[field] for field in fields) for row in rows)


# Every chart


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("theme", THEMES)
@every_name
def test_every_chart_renders_and_the_compiler_has_nothing_to_warn_about(
    name: str, theme: Theme, scale: Scale, capfd: pytest.CaptureFixture[str]
) -> None:
    vl_convert.vegalite_to_vega(spec(name, theme, scale), vl_version=VERSION, show_warnings=True)
    assert capfd.readouterr().err == ""
    assert ElementTree.fromstring(vl_convert.vegalite_to_svg(spec(name, theme, scale), vl_version=VERSION))


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", ["trend", "chips", "missing"])
def test_a_chart_is_written_in_every_format(name: str, tmp_path: Path, ending: str) -> None:
    path = save(alt.LayerChart.from_dict(spec(name)), tmp_path / f"chart{ending}")
    start = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF", ".html": b"<!doctype html>", ".json": b"{"}
    assert path.read_bytes().startswith(start[ending])


@every_name
def test_a_chart_has_a_title_axes_with_their_units_and_a_source(name: str) -> None:
    found = spec(name)
    titles = {part["axis"]["title"] for part in walk(found["layer"]) if isinstance(part.get("axis"), dict)}
    assert titles == AXES[name]
    assert joined(found["title"]["text"])
    assert joined(found["title"]["subtitle"])
    assert found["description"].endswith(".")
    assert "Epoch AI" in joined(note(found))
    assert "CC BY 4.0" in joined(note(found))
    assert comptometer.__version__ in note(found)[-1]
    assert "data " in note(found)[-1]


@every_name
def test_a_chart_carries_its_data_and_asks_for_nothing(name: str) -> None:
    forbidden = {"url", "href", "transform", "regression", "loess"}
    assert not [part for part in walk(spec(name)) if forbidden & set(part)]


@every_name
def test_a_chart_is_the_same_every_time(name: str) -> None:
    assert spec.__wrapped__(name) == spec(name)


@every_name
def test_what_a_page_lists_has_every_column_in_every_row(name: str) -> None:
    ours = spec(name)["usermeta"]["comptometer"]
    rows = spec(name)["datasets"][ours["rows"]]
    assert rows
    assert all(row[column] is not None for row in rows for column in ours["columns"])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["trend", QUESTIONS[0], QUESTIONS[1], "frontier", "agreement"])
def test_no_word_lies_on_another(name: str, size: tuple[int, int]) -> None:
    found = spec(name, size=size)
    field = {"agreement": "ratio", QUESTIONS[1]: "value"}.get(name, "flop")
    layers = [
        part
        for part in walk(found["layer"])
        if isinstance(part.get("mark"), dict)
        and part["data"].get("name", "").split("_")[0] in {"labels", "fit", "remark"}
        and "stroke" not in part["mark"]
    ]
    boxes = []
    for layer in layers:
        across, up = layer["encoding"]["x"]["scale"]["domain"], layer["encoding"]["y"]["scale"]
        for row in found["datasets"][layer["data"]["name"]]:
            x, y = _share(row["date"], across) * size[0], _pixel(row[field], up)
            boxes.append(set_at(row["text"], x, y, layer["mark"]["fontSize"] - 1, layer["mark"]["align"]))
    assert len(boxes) > 3
    meeting = [(one.text, other.text) for one, other in combinations(boxes, 2) if one.box.touches(other.box, -1.0)]
    assert meeting == []


def _pixel(value: float, scale: dict[str, Any]) -> float:
    low, high = scale["domain"]
    start, end = scale["range"]
    return Span(low=low, high=high, start=start, end=end, log=scale["type"] == "log").pixel(value)


def _share(moment: str, across: list[str]) -> float:
    at, start, end = (datetime.fromisoformat(text) for text in (moment, *across))
    return (at - start) / (end - start)


# Each chart draws what was computed


def check_points(answer: Answer, rows: list[dict[str, Any]], field: str) -> None:
    wanted = sorted((o.name, o.day.isoformat(), o.value) for o in answer.observations)
    assert values(rows, "name", "date", field) == wanted


def test_a_trend_draws_its_observations_its_line_and_both_bands() -> None:
    answer, drawn = trend(), spec("trend")["datasets"]
    check_points(answer, drawn["points"], "flop")
    days = [as_ordinal(row["date"]) for row in drawn["lines"]]
    assert [row["flop"] for row in drawn["lines"]] == pytest.approx(list(answer.trend.at(days)))
    for ends, keys in (
        (answer.trend.band(days), ("low", "high")),
        (answer.trend.prediction_band(days), ("least", "most")),
    ):
        for end, key in zip(ends, keys, strict=True):
            assert [row[key] for row in drawn["lines"]] == pytest.approx(list(end))
    assert all(row["least"] < row["low"] < row["flop"] < row["high"] < row["most"] for row in drawn["lines"])
    assert (drawn["lines"][0]["date"], drawn["lines"][-1]["date"]) == (
        answer.observations[0].day.isoformat(),
        answer.observations[-1].day.isoformat(),
    )


def as_ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def test_a_trend_says_growth_doubling_interval_n_vintage_and_definition() -> None:
    answer, found = trend(), spec("trend")
    growth, months = answer.trend.growth_per_year.to_dict(), answer.trend.doubling_months().to_dict()
    assert text.number(answer.trend.growth_per_year.estimate) in joined(found["title"]["text"])
    assert text.interval(growth["p5"] or 0, growth["p95"] or 0, 3) in joined(found["title"]["text"])
    subtitle = joined(found["title"]["subtitle"])
    assert f"Doubling every {text.number(months['estimate'] or 0)} months" in subtitle
    assert text.interval(months["p5"] or 0, months["p95"] or 0, 3) in subtitle
    assert f"n = {answer.trend.n} models" in subtitle
    for said in ("Notable models", "from 2010-01-01", vintages.DEFAULT, "log-linear"):
        assert said in subtitle


def test_a_trend_says_how_many_models_have_no_value() -> None:
    answer = trend()
    without = answer.excluded["no compute"]
    assert note(spec("trend"))[0].startswith(f"{without} of {without + answer.trend.n} models have no value")


def test_breaks_are_drawn_with_their_intervals_and_a_line_on_each_side() -> None:
    answer, drawn = question("method=segmented"), spec(QUESTIONS[0])["datasets"]
    assert answer.trend.breaks
    assert [row["date"] for row in drawn["breaks"]] == [found.to_dict()["day"] for found in answer.trend.breaks]
    edges = [as_date(found.day).isoformat() for found in answer.trend.breaks]
    for row in drawn["lines"]:
        assert row["line"] == 1 + sum(row["date"] >= edge for edge in edges)
    title = joined(spec(QUESTIONS[0])["title"]["text"])
    for segment in answer.trend.segments:
        assert f"×{text.number(segment.growth_per_year.estimate)} a year" in title


def test_a_quantity_that_is_no_compute_has_its_own_unit_and_no_second_axis() -> None:
    answer, drawn = question("quantity=cost&select=frontier&since=2016"), spec(QUESTIONS[1])["datasets"]
    check_points(answer, drawn["points"], "value")
    assert "ticks_right" not in drawn
    assert note(spec(QUESTIONS[2]))[0].startswith(f"{trend(quantity='fp32-per-watt').excluded['no fp32-per-watt']} of ")


def test_the_frontier_marks_records_and_the_largest_and_draws_all_models() -> None:
    drawn = spec("frontier")["datasets"]
    answers = {select: trend(select=select) for select in ("all", "frontier", "record")}
    assert answers["frontier"].question.wanted.top == TOP
    check_points(answers["all"], drawn["points"], "flop")
    for select, most in (("record", 0), ("frontier", 1)):
        check_points(answers[select], [row for row in drawn["points"] if row["rank"] <= most], "flop")
    assert sorted(row["flop"] for row in drawn["thresholds"]) == [1e23, 1e25, 1e26]
    assert drawn["article"] == line_of_2018(answers["all"].observations[-1].day)


def test_the_line_of_2018_is_that_of_the_article() -> None:
    line = openai_2018.line(openai_2018.points())
    rows = line_of_2018(trend().observations[-1].day)
    days = [as_ordinal(row["date"]) for row in rows]
    assert [row["flop"] for row in rows] == pytest.approx([value * FLOP_PER_PFS_DAY for value in line.at(days)])


def test_a_line_of_law_names_its_source() -> None:
    said = joined(note(spec("frontier")))
    assert all(row["source"] in said for row in lines_of_law("en"))


def test_chips_draw_a_trend_for_each_quantity() -> None:
    drawn = spec("chips")["datasets"]
    for at, names in enumerate(PANELS.values()):
        answers = [trend(quantity=name, select="all", since=None) for name in names]
        assert len(drawn[f"points_{at}"]) == sum(answer.trend.n for answer in answers)
        for which, answer in zip(("fp32", "matrix16"), answers, strict=True):
            rows = drawn[f"{which}_{at}"]
            days = [as_ordinal(row["date"]) for row in rows]
            assert [row["value"] for row in rows] == pytest.approx(list(answer.trend.at(days)))
            said = drawn[f"{which}_{at}_right"][0]["text"]
            assert f"×{text.number(answer.trend.growth_per_year.estimate)} a year" in said
        wanted = sorted((o.name, o.value) for answer in answers for o in answer.observations)
        assert values(drawn[f"points_{at}"], "name", "value") == wanted


def test_agreement_draws_every_model_with_both_estimates() -> None:
    wanted = [row for row in Models().computed() if row["ratio"] and row["published"]]
    drawn = spec("agreement")["datasets"]["points"]
    assert values(drawn, "name", "ratio", "kind") == sorted((r["name"], r["ratio"], r["verdict"]) for r in wanted)
    within = sum(1 / 2 <= row["ratio"] <= 2 for row in wanted)
    assert f"within 2× for {within} of {len(wanted)} models" in joined(spec("agreement")["title"]["text"])
    assert {round(row["ratio"], 3) for row in spec("agreement")["datasets"]["lines"]} == {0.333, 0.5, 1, 2, 3}


def test_only_outliers_of_the_agreement_are_named() -> None:
    drawn = spec("agreement")["datasets"]
    far = {row["name"] for row in drawn["points"] if agreement.fold(row["ratio"]) > agreement.OUTLIER}
    named = {row["text"] for name, rows in drawn.items() if name.startswith("labels") for row in rows}
    assert named
    assert named <= far


def test_missing_draws_the_share_of_each_year() -> None:
    answer, drawn = trend(), spec("missing")["datasets"]["years"]
    assert {int(row["year"]): row["share"] for row in drawn} == answer.missing_by_year
    without = answer.excluded["no compute"]
    assert sum(row["models"] for row in drawn) == without + answer.trend.n
    assert round(sum(row["models"] * row["share"] for row in drawn)) == without
    assert [row["few"] for row in drawn] == [row["models"] < missing.FEW for row in drawn]


def test_sensitivity_draws_every_answer_and_names_what_has_none() -> None:
    drawn = spec("sensitivity")["datasets"]["rows"]
    answered = [variant for variant in answered_variants() if variant.answer]
    assert [row["label"] for row in drawn] == [variant.label for variant in answered]
    for row, variant in zip(drawn, answered, strict=True):
        found = variant.to_dict()
        assert {key: row[key] for key in ("estimate", "p5", "p95")} == {
            key: found["growth_per_year"][key] for key in ("estimate", "p5", "p95")
        }
        assert row["models"] == found["n"]
    assert "not missing at random" in joined(note(spec("sensitivity")))
    failed = [variant.label for variant in answered_variants() if not variant.answer]
    assert all(label in joined(note(spec("sensitivity"))) for label in failed)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [(270, 360), (360, 440)])
def test_on_a_telephone_names_and_figures_of_the_sensitivity_share_a_line(
    language: Language, size: tuple[int, int]
) -> None:
    found = spec("sensitivity", language=language, size=size)
    assert found["width"] <= size[0] + 88
    for row in found["datasets"]["rows"]:
        taken = text_width(row["label"], BODY) + text_width(row["figures"], SMALL)
        assert taken + 4 <= found["width"], row
        assert row["figures"].startswith("×")


# Questions in a name


def test_a_question_in_a_name_is_the_question_of_the_command() -> None:
    asked = question("select=frontier&top=5&since=2018&without=GPT-4.5&without=Grok-3&no-fine-tunes&draws=150").question
    assert (asked.wanted.select, asked.wanted.top, asked.wanted.since) == (
        "frontier",
        5,
        trend(since="2018-01-01").question.wanted.since,
    )
    assert (tuple(asked.wanted.without), asked.wanted.fine_tunes, asked.draws) == (("GPT-4.5", "Grok-3"), False, 150)
    assert question("").question == trend().question


def test_every_flag_of_the_question_is_one_of_the_command() -> None:
    known = {
        name.removeprefix("--")
        for option in trend_command.params
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("--")
    }
    assert set(FLAGS) <= known


def test_unknown_flags_and_values_are_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        question("selct=frontier&top=many&noise=perhaps")
    said = str(caught.value)
    assert "did you mean 'select'" in said
    assert "top: 'many'" in said
    assert "noise: 'perhaps'" in said


# Languages


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_in_chinese_has_chinese_words_and_the_same_numbers(name: str) -> None:
    english, chinese = spec(name), spec(name, language="zh")
    titles = {part["axis"]["title"] for part in walk(chinese["layer"]) if isinstance(part.get("axis"), dict)}
    for said in (*titles, joined(chinese["title"]["text"]), joined(chinese["title"]["subtitle"])):
        assert any("\u4e00" <= character <= "\u9fff" for character in said), said
    ours = english["usermeta"]["comptometer"]["rows"]
    numbers = [[v for v in row.values() if isinstance(v, float)] for row in english["datasets"][ours]]
    assert numbers == [[v for v in row.values() if isinstance(v, float)] for row in chinese["datasets"][ours]]
    assert ElementTree.fromstring(vl_convert.vegalite_to_svg(chinese, vl_version=VERSION))


@pytest.mark.parametrize("key", WORDS)
def test_the_words_of_both_languages_have_the_same_places_for_values(key: str) -> None:
    english, chinese = ({field for _, field, _, _ in Formatter().parse(said) if field} for said in WORDS[key])
    assert english == chinese


def test_every_definition_of_the_sensitivity_has_chinese_words() -> None:
    assert {v.label for v in answered_variants() if v.label not in VARIANTS} <= set(vintages.vintage_ids())


def test_a_chinese_page_says_that_it_is_chinese(tmp_path: Path) -> None:
    page = save(draw("missing", Look(language="zh")), tmp_path / "chart.html").read_text(encoding="utf-8")
    assert '<html lang="zh">' in page
    assert "数据表（" in page


def test_chinese_pixels_need_a_typeface_that_has_the_characters(tmp_path: Path) -> None:
    mark = {"type": "text", "fontSize": 20}
    one, other = (
        vl_convert.vegalite_to_png({"data": {"values": [{}]}, "mark": {**mark, "text": said}}) for said in ("甲", "乙")
    )
    picture = draw("missing", Look(language="zh"))
    if one == other:
        with pytest.raises(ComptometerError, match="no typeface"):
            save(picture, tmp_path / "chart.png")
    else:
        assert save(picture, tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_chart_without_chinese_words_says_so() -> None:
    words = Words(title="Ours", subtitle="", note="", description="")
    with pytest.raises(UsageError, match="not written in 'zh'"):
        finished([], words, Rows(drawn={}, listed="", headings={}), look=Look(language="zh"), size=(300, 200))


@pytest.mark.parametrize("scale", ["log", "linear"])
@pytest.mark.parametrize("name", ["openai-2018", "openai-2019-eras"])
def test_the_article_and_its_addendum_are_written_in_chinese(name: str, scale: Scale) -> None:
    english, chinese = (draw(name, Look(language=to, scale=scale)).to_dict() for to in ("en", "zh"))
    for said in ("title", "subtitle"):
        heading = chinese["title"]["text" if said == "title" else said]
        assert any("\u4e00" <= character <= "\u9fff" for character in joined(heading))
    told, other = (one["datasets"]["points"] for one in (english, chinese))
    assert [(row["model"], row["date"], row["flop"]) for row in told] == [
        (row["model"], row["date"], row["flop"]) for row in other
    ]
    assert all(row["name"] not in ERAS for row in chinese["datasets"]["eras"])


def test_operations_are_drawn_in_chinese() -> None:
    found = draw("count:alexnet", Look(language="zh")).to_dict()
    assert "卷积" in joined(found["title"]["text"])
    assert {row["kind"] for row in found["datasets"]["legend"]} == {"卷积", "线性层"}


def test_the_command_draws_a_question_in_chinese(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    result = CliRunner().invoke(command, ["trend:select=records", str(path), "--language", "zh"])
    assert result.exit_code == 0
    assert "训练计算量" in path.read_text(encoding="utf-8")
