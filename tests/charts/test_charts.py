import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, get_args
from xml.etree import ElementTree

import pytest

import comptometer
from comptometer import text
from comptometer.charts import CHARTS, Look, Scale, Theme, draw, in_altair, openai_2018, openai_2019_eras
from comptometer.charts._theme import NOTE, PALETTES
from comptometer.charts._words import say
from comptometer.charts.estimate import COMBINED, estimate_chart
from comptometer.studies import openai_2018 as article
from comptometer.studies import openai_2019_eras as addendum
from comptometer.units import FLOP_PER_PFS_DAY

alt = pytest.importorskip("altair")
vl_convert = pytest.importorskip("vl_convert")

VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
THEMES, SCALES = get_args(Theme), get_args(Scale)
NAMES = ["openai-2018", "openai-2019-eras", "estimate:alexnet", "estimate:palm-540b"]
TIMELINES = NAMES[:2]
ROWS = {"openai-2018": 15, "openai-2019-eras": 22}
SVG = "{http://www.w3.org/2000/svg}"

every_picture = pytest.mark.parametrize(
    ("name", "theme", "scale"), [(name, theme, scale) for name in NAMES for theme in THEMES for scale in SCALES]
)


@cache
def spec(name: str, theme: Theme = "light", scale: Scale = "log") -> dict[str, Any]:
    look = Look(theme=theme, scale=scale)
    kind, _, model = name.partition(":")
    picture = in_altair(estimate_chart(comptometer.models[model], look)) if kind == "estimate" else draw(name, look)
    return picture.to_dict()


@cache
def svg(name: str, theme: Theme = "light", scale: Scale = "log") -> str:
    return str(vl_convert.vegalite_to_svg(spec(name, theme, scale), vl_version=VERSION))


def walk(part: Any) -> Iterator[dict[str, Any]]:
    """Every object of a spec."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from walk(inner)


def points_drawn(picture: str) -> list[ElementTree.Element]:
    """The paths of the points, without those of the legend."""
    groups = ElementTree.fromstring(picture).iter(f"{SVG}g")
    marks = [group for group in groups if "mark-symbol role-mark" in group.get("class", "")]
    return [path for group in marks for path in group.iter(f"{SVG}path")]


def joined(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else " ".join(lines)


def test_the_catalogue_has_these_charts_and_counts_no_shared_piece_as_one() -> None:
    assert sorted(CHARTS) == [
        "agreement",
        "calibration",
        "chips",
        "cost",
        "decomposition",
        "frontier",
        "missing",
        "openai-2018",
        "openai-2019-eras",
        "projection",
        "relation",
        "sensitivity",
        "trend",
    ]


@every_picture
def test_every_chart_renders_in_every_theme_and_scale(name: str, theme: Theme, scale: Scale) -> None:
    root = ElementTree.fromstring(svg(name, theme, scale))
    assert root.tag == f"{SVG}svg"
    assert float(root.get("width", "0")) > 900


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", NAMES)
def test_the_compiler_has_nothing_to_warn_about(name: str, scale: Scale, capfd: pytest.CaptureFixture[str]) -> None:
    vl_convert.vegalite_to_vega(spec(name, "light", scale), vl_version=VERSION, show_warnings=True)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_is_the_same_every_time(name: str) -> None:
    assert spec.__wrapped__(name, "dark", "log") == spec(name, "dark", "log")
    assert svg.__wrapped__(name, "dark", "log") == svg(name, "dark", "log")


@every_picture
def test_a_chart_has_title_description_units_on_both_axes_and_a_source(name: str, theme: Theme, scale: Scale) -> None:
    found = spec(name, theme, scale)
    titles = {part["axis"]["title"] for part in walk(found["layer"]) if isinstance(part.get("axis"), dict)}
    assert {"Training compute (FLOP)", "petaFLOP/s-days"} <= titles
    assert joined(found["title"]["text"])
    assert joined(found["title"]["subtitle"])
    assert found["description"].endswith(".")
    note = next(layer for layer in found["layer"] if layer.get("name") == NOTE)["mark"]["text"]
    assert joined(note).startswith(("Source", "Of the", "Evidence"))
    assert "data " in note[-1]
    assert comptometer.__version__ in note[-1]


@every_picture
def test_a_chart_carries_its_data_and_asks_for_nothing(name: str, theme: Theme, scale: Scale) -> None:
    assert not [part for part in walk(spec(name, theme, scale)) if "url" in part or "href" in part]
    assert not [part for part in walk(spec(name, theme, scale)) if {"regression", "loess", "transform"} & set(part)]


@every_picture
def test_the_two_axes_measure_the_same(name: str, theme: Theme, scale: Scale) -> None:
    channel = "x" if name.startswith("estimate") else "y"
    domains = {"Training compute (FLOP)": set(), "petaFLOP/s-days": set()}  # type: dict[str, set[tuple[float, ...]]]
    for part in walk(spec(name, theme, scale)):
        axis = part.get(channel, {}).get("axis") if isinstance(part.get(channel), dict) else None
        if axis and axis["title"] in domains:
            domains[axis["title"]].add(tuple(part[channel]["scale"]["domain"]))
    ((flop,), (pfs,)) = (list(found) for found in domains.values())
    assert [value / FLOP_PER_PFS_DAY for value in flop] == list(pfs)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", TIMELINES)
def test_as_many_points_are_drawn_as_there_are_rows(name: str, theme: Theme, scale: Scale) -> None:
    drawn = points_drawn(svg(name, theme, scale))
    rows = spec(name, theme, scale)["datasets"]["points"]
    assert len(drawn) == len(rows) == ROWS[name]
    assert Counter(path.get("aria-label") for path in drawn) == Counter(row["spoken"] for row in rows)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", TIMELINES)
def test_every_kind_draws_in_its_colour_and_its_shape(name: str, theme: Theme) -> None:
    counts = Counter(row["kind"] for row in spec(name, theme)["datasets"]["points"])
    drawn = [(path.get("fill"), path.get("d")) for path in points_drawn(svg(name, theme)) if path.get("d")]
    colours, shapes = Counter(fill for fill, _ in drawn), Counter(shape for _, shape in drawn)
    assert sorted(colours.values()) == sorted(shapes.values()) == sorted(counts.values())
    assert set(colours) == set(PALETTES[theme].series[:3])


@pytest.mark.parametrize("model", ["alexnet", "palm-540b"])
def test_an_estimate_has_a_row_for_each_method_and_one_for_all(model: str) -> None:
    name = f"estimate:{model}"
    rows, entry = spec(name)["datasets"]["rows"], comptometer.models[model]
    assert {row["method"] for row in rows} == {*entry.methods, COMBINED}
    assert rows[-1]["flop"] == entry.median
    assert (rows[-1]["p5"], rows[-1]["p95"]) == entry.interval()
    assert (rows[-1]["p25"], rows[-1]["p75"]) == entry.interval(0.5)
    assert len(points_drawn(svg(name))) == len(rows)
    assert text.number(entry.median, 2) in joined(spec(name)["title"]["text"])


def test_the_title_of_2018_is_the_finding() -> None:
    assert joined(spec("openai-2018")["title"]["text"]) == (
        "Training compute doubled every 3.43 months, 2012 to 2017 (90% 2.5 to 4.4)"
    )


def test_the_title_of_2019_has_both_doubling_times() -> None:
    title = joined(spec("openai-2019-eras")["title"]["text"])
    assert re.findall(r"[\d.]+ months", title) == ["21.8 months", "3.43 months"]


def test_lines_and_bands_are_the_studies_own_and_end_with_their_data() -> None:
    rows = article.points()
    line, trend = spec("openai-2018")["datasets"]["line"], article.line(rows)
    days = [date.fromisoformat(row["date"]) for row in line]
    assert (days[0], days[-1]) == (date(2012, 6, 1), date(2017, 12, 5))
    low, high = trend.band([day.toordinal() for day in days])
    assert [row["pfs_days"] for row in line] == list(trend.at([day.toordinal() for day in days]))
    assert ([row["low"] for row in line], [row["high"] for row in line]) == (list(low), list(high))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", TIMELINES)
def test_no_line_or_band_leaves_the_plot(name: str, scale: Scale) -> None:
    told = {"openai-2018": openai_2018, "openai-2019-eras": openai_2019_eras}[name].story("en")
    flop = told.frame(Look(scale=scale)).values
    for line in told.lines:
        for row in spec(name, "light", scale)["datasets"][line]:
            assert flop.low <= row["low"] * FLOP_PER_PFS_DAY <= row["high"] * FLOP_PER_PFS_DAY <= flop.high


def test_values_that_were_read_off_a_picture_say_so() -> None:
    kinds = {row["model"]: row["kind"] for row in spec("openai-2019-eras")["datasets"]["points"]}
    for row in addendum.points():
        assert (kinds[row["model"]] == say("kind-read", "en")) == row["digitised"]
    assert "read off" in joined(
        next(layer for layer in spec("openai-2019-eras")["layer"] if layer.get("name") == NOTE)["mark"]["text"]
    )


def test_the_eras_of_2018_are_called_our_reading() -> None:
    note = next(layer for layer in spec("openai-2018")["layer"] if layer.get("name") == NOTE)["mark"]["text"]
    assert "our reading of the article" in joined(note)
    assert [row["name"] for row in spec("openai-2018")["datasets"]["eras"]] == [e["name"] for e in article.eras([])]


def test_a_point_of_2018_keeps_the_charted_value_to_the_last_digit() -> None:
    drawn = {row["model"]: row["pfs_days"] for row in spec("openai-2018")["datasets"]["points"]}
    assert drawn == {row["model"]: row["chart_pfs_days"] for row in article.points()}
    assert {row["kind"] for row in spec("openai-2018")["datasets"]["points"]} == {
        say(f"kind-{kind}", "en") for kind in openai_2018.KINDS
    }


def test_a_narrow_picture_breaks_its_title() -> None:
    picture = draw("openai-2018", Look(width=420, height=380)).to_dict()
    assert len(picture["title"]["text"]) > 1
    assert vl_convert.vegalite_to_svg(picture, vl_version=VERSION)
