import re
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comptometer.charts import Language, Look, Scale, openai_2018, openai_2019_eras
from comptometer.charts._axes import Span, ticks
from comptometer.charts._frame import Frame
from comptometer.charts._labels import Box, Placed, Wish, around, place, text_width, wrapped
from comptometer.charts._theme import FONT
from comptometer.charts._timeline import Story, arrange, word_rows
from comptometer.charts._words import say

SCALES = get_args(Scale)
STORIES = {"openai-2018": openai_2018.story, "openai-2019-eras": openai_2019_eras.story}
SIZES = [(860, 500), (1100, 640), (620, 420), (420, 420)]
DRAWN = 5.5  # pixels from the middle of a point to its edge, at most

same_every_time = settings(deadline=None, derandomize=True, database=None, max_examples=60)

every_plot = pytest.mark.parametrize(
    ("name", "scale", "size"), [(name, scale, size) for name in STORIES for scale in SCALES for size in SIZES]
)


def arranged(
    name: str, scale: Scale, size: tuple[int, int], language: Language = "en"
) -> tuple[Story, Frame, dict[str, list[Placed]]]:
    told = STORIES[name](language)
    frame = told.frame(Look(scale=scale, width=size[0], height=size[1]))
    return told, frame, arrange(told, frame)


def words(placed: dict[str, list[Placed]]) -> list[Placed]:
    return [said for found in placed.values() for said in found]


@pytest.mark.parametrize("language", get_args(Language))
@every_plot
def test_no_word_lies_on_another(name: str, scale: Scale, size: tuple[int, int], language: Language) -> None:
    _, _, placed = arranged(name, scale, size, language)
    meeting = [(one.text, other.text) for one, other in combinations(words(placed), 2) if one.box.touches(other.box)]
    assert meeting == []


@every_plot
def test_no_word_covers_a_point(name: str, scale: Scale, size: tuple[int, int]) -> None:
    told, frame, placed = arranged(name, scale, size)
    points = {row["model"]: around(frame.spot(row["date"], row["flop"]), DRAWN) for row in told.points}
    bare = [said for kind, found in placed.items() if kind != "era_names" or scale == "log" for said in found]
    assert [(said.text, model) for said in bare for model, box in points.items() if said.box.touches(box)] == []


@every_plot
def test_no_label_leaves_the_plot(name: str, scale: Scale, size: tuple[int, int]) -> None:
    _, frame, placed = arranged(name, scale, size)
    assert [said.text for said in placed["labels"] if not said.box.within(frame.box)] == []


@every_plot
def test_no_leader_runs_through_a_word_or_another_point(name: str, scale: Scale, size: tuple[int, int]) -> None:
    told, frame, placed = arranged(name, scale, size)
    spots = {row["model"]: frame.spot(row["date"], row["flop"]) for row in told.points}
    for said in placed["labels"]:
        if said.leader:
            spot = said.box.nearest(said.leader[0])
            run = said.leader[0], (spot[0] * 0.99 + said.leader[0][0] * 0.01, spot[1] * 0.99 + said.leader[0][1] * 0.01)
            near = [m for m, spot in spots.items() if not around(spot).holds(spots[said.text]) and m != said.text]
            hit = [m for m in near if around(spots[m], DRAWN).cut(run)]
            hit += [other.text for other in words(placed) if other is not said and other.box.cut(run)]
            assert hit == []


@pytest.mark.parametrize("size", [(860, 500), (1100, 640)])
def test_every_point_of_2018_is_labelled_on_the_logarithmic_scale(size: tuple[int, int]) -> None:
    told, _, placed = arranged("openai-2018", "log", size)
    assert sorted(said.text for said in placed["labels"]) == sorted(row["model"] for row in told.points)
    assert len(placed["fit"]) == 1


def test_every_first_era_point_is_labelled_and_both_lines_speak() -> None:
    told, _, placed = arranged("openai-2019-eras", "log", (860, 500))
    first = {row["model"] for row in told.points if row["kind"] != say("kind-charted", "en")}
    assert first <= {said.text for said in placed["labels"]}
    assert {"AlexNet", "AlphaGo Zero"} <= {said.text for said in placed["labels"]}
    assert len(placed["fit"]) == 2


def test_a_linear_scale_labels_what_stands_out_and_says_what_does_not() -> None:
    told, _, placed = arranged("openai-2018", "linear", (860, 500))
    labelled = {said.text for said in placed["labels"]}
    assert "AlphaGo Zero" in labelled
    assert "AlexNet" not in labelled
    assert f"{len(told.points) - len(labelled)} of the {len(told.points)} points" in placed["remark"][0].text


@every_plot
def test_words_come_back_from_their_data_to_where_they_were_put(name: str, scale: Scale, size: tuple[int, int]) -> None:
    _, frame, placed = arranged(name, scale, size)
    rows = word_rows(frame, placed)
    wanted = [(said.x, y) for said in placed["labels"] if said.align == "right" for _, y in said.lines()]
    found = [frame.spot(row["date"][:10], row["flop"]) for row in rows["labels_right"]]
    one_day = size[0] / (frame.days.high - frame.days.low)
    assert len(wanted) == len(found)
    for (x, y), (back_x, back_y) in zip(wanted, found, strict=True):
        assert abs(x - back_x) <= one_day
        assert abs(y - back_y) < 0.01


spots = st.tuples(st.floats(0, 400), st.floats(0, 300))


@same_every_time
@given(st.lists(spots, min_size=1, max_size=25))
def test_wherever_points_lie_no_label_covers_anything(points: Sequence[tuple[float, float]]) -> None:
    boxes = [around(spot) for spot in points]
    wishes = [Wish(text=f"model {at}", x=x, y=y) for at, (x, y) in enumerate(points)]
    plot = Box(0, 0, 400, 300)
    placed = place(wishes, within=plot, taken=boxes, size=12)
    assert not [1 for one, other in combinations(placed, 2) if one.box.touches(other.box)]
    assert not [1 for said in placed for box in boxes if said.box.touches(box)]
    assert all(said.box.within(plot) for said in placed)
    assert placed == place(wishes, within=plot, taken=boxes, size=12)


def test_text_is_estimated_at_least_as_wide_as_it_is_drawn() -> None:
    vl_convert = pytest.importorskip("vl_convert")

    def drawn(text: str, weight: str) -> int:
        mark = {"type": "text", "font": FONT, "fontSize": 12, "fontWeight": weight, "align": "left"}
        spec: dict[str, Any] = {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "data": {"values": [{"text": text}]},
            "padding": 0,
            "width": 1,
            "height": 1,
            "mark": mark,
            "encoding": {"text": {"field": "text"}, "x": {"value": 0}},
        }
        width = re.search(r'width="([\d.]+)"', vl_convert.vegalite_to_svg(spec))
        assert width
        return int(width[1])

    for told in (openai_2018.story("en"), openai_2019_eras.story("en")):
        for row in told.points:
            width = drawn(row["model"], "normal")
            assert width <= text_width(row["model"], 12) + 1 <= 1.25 * width
        for line in told.lines.values():
            assert drawn(line.says, "bold") <= text_width(line.says, 12, bold=True) + 1


@same_every_time
@given(st.text("abcdefg ", min_size=1, max_size=120), st.floats(60, 400))
def test_a_wrapped_text_loses_no_word_and_keeps_its_width(text: str, width: float) -> None:
    lines = wrapped(text, 12, width)
    assert " ".join(lines).split() == text.split()
    assert all(text_width(line, 12) <= width or " " not in line.strip() for line in lines)


@same_every_time
@given(st.floats(1, 1e26), st.floats(1.26, 1e18), st.booleans(), st.floats(260, 900))
def test_an_axis_has_at_least_two_ticks_and_none_too_near_another(
    low: float, ratio: float, log: bool, pixels: float
) -> None:
    span = Span(low=low if log else 0.0, high=low * ratio, start=0.0, end=pixels, log=log)
    found = ticks(span, apart=62.0)
    places = [span.pixel(tick.value) for tick in found]
    assert len(found) >= 2
    assert all(-1e-6 <= place <= pixels + 1e-6 for place in places)
    assert all(after - before >= 61.9 for before, after in pairwise(places))


@same_every_time
@given(st.floats(1e-6, 1e26), st.floats(1.3, 1e9), st.floats(0, 1))
def test_a_pixel_finds_back_to_its_value(low: float, ratio: float, share: float) -> None:
    for log in (True, False):
        span = Span(low=low, high=low * ratio, start=500.0, end=0.0, log=log)
        assert span.pixel(span.value(500 * share)) == pytest.approx(500 * share, abs=1e-4)
        assert span.in_pfs_days().pixel(low / 8.64e19) == pytest.approx(500.0, abs=1e-6)


def test_ticks_are_written_as_powers() -> None:
    span = Span(low=1e14, high=1e24, start=500.0, end=0.0, log=True)
    assert "10²⁰" in [tick.text for tick in ticks(span)]
    assert "10⁻³" in [tick.text for tick in ticks(span.in_pfs_days())]
    assert [tick.text for tick in ticks(Span(low=-1e22, high=1.8e23, start=500.0, end=0.0))] == [
        "0",
        "5×10²²",
        "10²³",
        "1.5×10²³",
    ]
