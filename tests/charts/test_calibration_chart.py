from typing import Any, get_args
from xml.etree import ElementTree

import pytest

from comptometer.calibration import calibrate
from comptometer.charts import Language, Look, Theme, draw
from comptometer.charts._labels import text_width
from comptometer.charts._theme import BODY, NOTE
from comptometer.charts._words_calibration import DEFAULTS
from comptometer.store import assumptions

alt = pytest.importorskip("altair")
vl_convert = pytest.importorskip("vl_convert")

VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
THEMES = get_args(Theme)


def spec(theme: Theme = "light", width: int = 860, height: int = 500, language: Language = "en") -> dict[str, Any]:
    return draw("calibration", Look(theme=theme, width=width, height=height, language=language)).to_dict()


@pytest.mark.parametrize("theme", THEMES)
def test_it_renders_without_a_warning(theme: Theme, capfd: pytest.CaptureFixture[str]) -> None:
    vl_convert.vegalite_to_vega(spec(theme), vl_version=VERSION, show_warnings=True)
    assert capfd.readouterr().err == ""
    assert ElementTree.fromstring(vl_convert.vegalite_to_svg(spec(theme), vl_version=VERSION)).tag.endswith("svg")


def test_every_independent_run_is_a_point_and_no_other() -> None:
    drawn = spec()["datasets"]["runs"]
    wanted = [run for run in calibrate().runs if not run.circular]
    assert sorted(row["name"] for row in drawn) == sorted(run.name for run in wanted)
    assert sum(row["kind"] == "outside" for row in drawn) == sum(not run.within(0.9) for run in wanted)


@pytest.mark.parametrize(("width", "height"), [(860, 500), (1100, 640), (640, 420), (360, 440), (270, 360)])
def test_everything_lies_in_the_plot(width: int, height: int) -> None:
    found = spec(width=width, height=height)
    drawn, width, height = found["datasets"], found["width"], found["height"]
    for name in ("runs", "rules", "bands", "medians", "curves"):
        for row in drawn[name]:
            assert all(-1e-6 <= row[key] <= width + 1e-6 for key in ("x", "x2") if key in row), (name, row)
            assert all(-1e-6 <= row[key] <= height + 1e-6 for key in ("y", "y2") if key in row), (name, row)


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("width", [270, 360])
def test_on_a_telephone_no_words_touch(language: Language, width: int) -> None:
    found = spec(width=width, height=360, language=language)
    assert found["width"] <= width + 88
    boxes = []
    for row in found["datasets"]["words"]:
        long = text_width(row["text"], BODY) * (1.08 if not row["style"].startswith("plain") else 1)
        left = row["x"] - long * {"left": 0, "center": 0.5, "right": 1}[row["style"].split()[1]]
        assert left >= -24
        assert left + long <= found["width"] + 20, row
        boxes.append((left, left + long, row["y"]))
    for at, (left, right, y) in enumerate(boxes):
        for other_left, other_right, other_y in boxes[at + 1 :]:
            assert abs(y - other_y) >= 12 or right < other_left or other_right < left


def test_in_chinese_only_names_of_models_stay() -> None:
    found = spec(language="zh")
    assert "次训练" in found["title"]["text"][0]
    words = [row["text"] for row in found["datasets"]["words"]]
    assert "H100 级，稠密" in words
    assert not any(word.isascii() and word.replace(" ", "").isalpha() for word in words)


def test_every_default_of_utilization_has_chinese_words() -> None:
    assert set(DEFAULTS) == {name for name in assumptions() if name.startswith("utilization/")}


def test_the_title_is_the_finding_and_the_note_says_what_was_left_out() -> None:
    found = spec()
    title = " ".join(found["title"]["text"])
    every = calibrate().experiments[0].lines[0].score
    assert f"{every.within_90:.0%} of {every.n} runs" in title
    note = next(layer for layer in found["layer"] if layer.get("name") == NOTE)["mark"]["text"]
    assert "are left out" in " ".join(note)
    assert "data " in note[-1]


def test_a_chart_is_the_same_every_time() -> None:
    assert spec("dark") == spec("dark")
