"""The chart of one quantity against another: what is drawn is what was computed."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from comptometer import text
from comptometer.charts import Language, Look, draw
from comptometer.charts._axes import Span
from comptometer.charts._labels import set_at
from comptometer.charts._question import RELATION_FLAGS, relation
from comptometer.cli.chart import command
from comptometer.cli.relation import command as relation_command
from comptometer.errors import UsageError
from comptometer.relation import relate

pytest.importorskip("altair")

NAME = "relation:y=cost&x=compute"
SIZES = [(860, 500), (520, 440), (270, 380)]


@cache
def spec(name: str = NAME, language: Language = "en", size: tuple[int, int] = SIZES[0]) -> dict[str, Any]:
    return dict(draw(name, Look(language=language, width=size[0], height=size[1])).to_dict())


def layers(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [inner for layer in part["layer"] for inner in (layers(layer) if "layer" in layer else [layer])]


def test_every_model_with_both_is_a_point_and_the_line_is_the_fit() -> None:
    found, drawn = relate("cost", "compute"), spec()["datasets"]
    assert sorted((row["name"], row["x"], row["y"]) for row in drawn["points"]) == sorted(
        (pair.name, pair.x, pair.y) for pair in found.pairs
    )
    across = [row["x"] for row in drawn["lines"]]
    assert [row["y"] for row in drawn["lines"]] == pytest.approx(list(found.law.at(across)))
    for ends, keys in (
        (found.law.band(across), ("low", "high")),
        (found.law.prediction_band(across), ("least", "most")),
    ):
        for end, key in zip(ends, keys, strict=True):
            assert [row[key] for row in drawn["lines"]] == pytest.approx(list(end))
    assert across[0] == pytest.approx(min(pair.x for pair in found.pairs))
    assert across[-1] == pytest.approx(max(pair.x for pair in found.pairs))


@pytest.mark.parametrize(("language", "word"), [("en", "exponent"), ("zh", "指数")])
def test_the_exponent_stands_in_the_title_and_beside_the_line(language: Language, word: str) -> None:
    exponent = text.number(relate("cost", "compute").law.exponent.estimate)
    found = spec(language=language)
    assert f"{word} {exponent}" in " ".join(found["title"]["text"])
    beside = [row["text"] for name, rows in found["datasets"].items() if name.startswith("fit_") for row in rows]
    assert beside == [f"{word} {exponent}"]


@pytest.mark.parametrize("size", SIZES)
def test_words_lie_in_the_plot_and_not_on_one_another(size: tuple[int, int]) -> None:
    found = spec(size=size)
    boxes = []
    for layer in layers(found):
        name = layer.get("data", {}).get("name", "")
        if name.split("_")[0] not in {"labels", "fit"} or "stroke" in layer["mark"]:
            continue
        across, up = (layer["encoding"][channel]["scale"] for channel in ("x", "y"))
        for row in found["datasets"][name]:
            x = Span(low=across["domain"][0], high=across["domain"][1], start=0, end=size[0], log=True).pixel(row["x"])
            y = Span(low=up["domain"][0], high=up["domain"][1], start=size[1], end=0, log=True).pixel(row["y"])
            boxes.append(set_at(row["text"], x, y, layer["mark"]["fontSize"] - 1, layer["mark"]["align"]))
    assert len(boxes) > 3
    assert all(said.box.left >= 0 and said.box.right <= size[0] for said in boxes)
    meeting = [(one.text, other.text) for one, other in combinations(boxes, 2) if one.box.touches(other.box, -1.0)]
    assert meeting == []


def test_both_scales_are_logarithmic_whatever_is_asked_for() -> None:
    found = draw(NAME, Look(scale="linear")).to_dict()
    scales = {
        layer["encoding"][channel]["scale"]["type"]
        for layer in layers(found)
        for channel in ("x", "y")
        if "scale" in layer.get("encoding", {}).get(channel, {})
    }
    assert scales == {"log"}


def test_what_lacks_one_of_the_two_is_said() -> None:
    found = relate("cost", "compute")
    note = spec()["usermeta"]["comptometer"]["note"]
    assert note.startswith(f"{found.asked - found.law.n} of {found.asked} models lack one of the two")


def test_every_flag_of_the_name_is_one_of_the_command() -> None:
    known = {
        name.removeprefix("--")
        for option in relation_command.params
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("--")
    }
    assert set(RELATION_FLAGS) <= known


def test_a_name_asks_what_the_function_does() -> None:
    named = relation("y=power&x=compute&since=2018&without=GPT-4.5&no-fine-tunes&draws=150")
    asked = relate("power", "compute", since="2018", without=["GPT-4.5"], fine_tunes=False, draws=150)
    assert named.to_dict() == asked.to_dict()


def test_unknown_flags_and_values_are_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        relation("z=cost&top=many&noise=yes")
    said = str(caught.value)
    assert all(part in said for part in ("'z'", "top: 'many'", "'noise'"))


def test_the_command_draws_it(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    done = CliRunner().invoke(command, ["relation:y=power&x=compute&select=frontier", str(path), "--language", "zh"])
    assert done.exit_code == 0
    assert "指数" in path.read_text(encoding="utf-8")
