from typing import Any, get_args
from xml.etree import ElementTree

import pytest

from comptometer.calibration import calibrate
from comptometer.charts import Look, Theme, draw
from comptometer.charts._theme import NOTE

alt = pytest.importorskip("altair")
vl_convert = pytest.importorskip("vl_convert")

VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
THEMES = get_args(Theme)


def spec(theme: Theme = "light", width: int = 860, height: int = 500) -> dict[str, Any]:
    return draw("calibration", Look(theme=theme, width=width, height=height)).to_dict()


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


@pytest.mark.parametrize(("width", "height"), [(860, 500), (1100, 640), (640, 420)])
def test_everything_lies_in_the_plot(width: int, height: int) -> None:
    drawn = spec(width=width, height=height)["datasets"]
    for name in ("runs", "rules", "bands", "medians", "curves"):
        for row in drawn[name]:
            assert all(-1e-6 <= row[key] <= width + 1e-6 for key in ("x", "x2") if key in row), (name, row)
            assert all(-1e-6 <= row[key] <= height + 1e-6 for key in ("y", "y2") if key in row), (name, row)


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
