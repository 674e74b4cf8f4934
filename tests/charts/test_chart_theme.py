import json
import re
from typing import Any, get_args

import pytest

import comptometer
from comptometer.charts import Look, Theme, draw, in_altair
from comptometer.charts._labels import _WIDTH
from comptometer.charts._theme import BAND, PALETTES, SHAPES
from comptometer.charts.estimate import estimate_chart

pytest.importorskip("altair")

THEMES = get_args(Theme)


def channels(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def luminance(color: str) -> float:
    """WCAG 2.2, relative luminance."""
    shares = [value / 255 for value in channels(color)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def over(top: str, ground: str, opacity: float) -> str:
    mixed = [round(a * opacity + b * (1 - opacity)) for a, b in zip(channels(top), channels(ground), strict=True)]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def grounds(theme: Theme) -> list[str]:
    """Everything that text and shapes may lie on."""
    palette = PALETTES[theme]
    plain = [palette.background, *palette.eras]
    return [*plain, *(over(palette.fit, color, BAND) for color in plain)]


def test_contrast_is_measured_as_the_guideline_has_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_readable_on_every_ground(theme: Theme) -> None:
    palette = PALETTES[theme]
    for color in (palette.text, palette.muted, palette.fit):
        assert min(contrast(color, ground) for ground in grounds(theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_shapes_are_visible_on_every_ground(theme: Theme) -> None:
    palette = PALETTES[theme]
    for color in (*palette.series, palette.fit):
        assert min(contrast(color, ground) for ground in grounds(theme)) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_a_palette_has_a_shape_for_each_colour_and_no_colour_twice(theme: Theme) -> None:
    palette = PALETTES[theme]
    assert len(palette.series) == len(SHAPES) == len({color.lower() for color in palette.series})
    assert len(palette.eras) == len(set(palette.eras)) == 4


def specs(theme: Theme) -> list[dict[str, Any]]:
    look = Look(theme=theme)
    pictures = [draw("openai-2018", look), draw("openai-2019-eras", look)]
    pictures += [in_altair(estimate_chart(comptometer.models[name], look)) for name in ("alexnet", "palm-540b")]
    return [picture.to_dict() for picture in pictures]


@pytest.mark.parametrize("theme", THEMES)
def test_colours_are_literal(theme: Theme) -> None:
    for spec in specs(theme):
        written = json.dumps(spec)
        assert "var(" not in written
        colors = re.findall(r'"(?:color|fill|stroke|background|\w+Color)": "([^"]*)"', written)
        assert colors
        assert [color for color in colors if not re.fullmatch(r"#[0-9a-fA-F]{6}", color)] == []


def test_a_picture_needs_no_typeface_but_the_one_that_vl_convert_brings() -> None:
    for spec in specs("light"):
        drawn = [
            *spec["title"]["text"],
            *spec["title"]["subtitle"],
            *spec["usermeta"]["comptometer"]["note"].split("\n"),
        ]
        for rows in spec["datasets"].values():
            fields = ("text", "base", "exponent", "told", "weight", "flop_text", "spread", "method")
            drawn += [str(row[field]) for row in rows for field in fields if field in row]
        assert {
            character for line in drawn for character in line if character not in _WIDTH and character != "\n"
        } == set()
