"""Contrast after WCAG 2.2 (1.4.3 and 1.4.11), computed from the colours of the page and of the charts themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import product

import pytest

pytest.importorskip("jinja2", reason="the extra web is not installed")

from comptometer.charts import Theme
from comptometer.charts._theme import BAND, PALETTES, Palette
from comptometer.web.picture import colours
from comptometer.web.tints import dark_tints

TEXT, MARK = 4.5, 3.0  # least contrast
THEMES: tuple[Theme, ...] = ("light", "dark")
CSS = re.sub(r"/\*.*?\*/", "", (files("comptometer.web") / "assets/page.css").read_text("utf-8"), flags=re.DOTALL)
GROUNDS = ("background", "raised")


def channels(colour: str) -> list[float]:
    digits = colour.lstrip("#")
    return [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def over(colour: str, ground: str, opacity: float) -> str:
    """What is seen of a colour that lets the ground through."""
    mixed = [opacity * a + (1 - opacity) * b for a, b in zip(channels(colour), channels(ground), strict=True)]
    return "#" + "".join(f"{round(255 * part):02x}" for part in mixed)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # the lightest grey that passes
    assert contrast("#777777", "#ffffff") < TEXT


# The page


def blocks() -> Iterator[tuple[str, Mapping[str, str]]]:
    for selector, body in re.findall(r"(:root[^{]*)\{([^}]*)\}", CSS):
        variables = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body))
        if variables:
            yield selector.strip(), variables


def variables(theme: Theme) -> Mapping[str, str]:
    return next(found for selector, found in blocks() if selector == {"light": ":root"}.get(theme, DARK))


DARK = ':root[data-theme="dark"]'


def test_the_dark_colours_are_the_same_however_they_are_chosen() -> None:
    found = dict(blocks())
    assert set(found) == {":root", ':root:not([data-theme="light"])', DARK}
    assert found[DARK] == found[':root:not([data-theme="light"])']
    assert found[DARK].keys() == found[":root"].keys()


def used(*properties: str) -> set[str]:
    """The variables that these properties are set to anywhere."""
    return set(re.findall(rf"(?<![\w-])(?:{'|'.join(properties)}):[^;}}]*var\(--([\w-]+)\)", CSS)) & set(
        variables("light")
    )


@pytest.mark.parametrize("theme", THEMES)
def test_text_of_the_page_can_be_read(theme: Theme) -> None:
    found = variables(theme)
    written = used("color") - {"on-accent"}
    assert written >= {"text", "muted", "accent", "warning", "good", "bad"}
    low = {(name, ground): contrast(found[name], found[ground]) for name, ground in product(written, GROUNDS)}
    assert {pair: value for pair, value in low.items() if value < TEXT} == {}
    assert contrast(found["on-accent"], found["accent"]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
def test_marks_and_borders_of_controls_can_be_seen(theme: Theme) -> None:
    found = variables(theme)
    drawn = used("fill", "stroke", "outline", "accent-color") - {"background"}
    assert drawn >= {"bar", "muted", "text", "bad", "accent"}
    low = {(name, ground): contrast(found[name], found[ground]) for name, ground in product(drawn, GROUNDS)}
    assert {pair: value for pair, value in low.items() if value < MARK} == {}
    assert contrast(found["bar"], found["line"]) >= MARK  # a bar on its track


def rule(selector: str) -> str:
    found: list[tuple[str, str]] = re.findall(r"([^{}]+)\{([^{}]*)\}", CSS)
    return next(body for name, body in found if name.strip() == selector)


@pytest.mark.parametrize("theme", THEMES)
def test_medians_stand_out_from_what_they_lie_on(theme: Theme) -> None:
    found = variables(theme)
    assert "stroke: var(--background)" in rule(".range-mid")  # an edge, since text and bar are alike in the dark
    opacity = re.search(r"fill-opacity: ([.\d]+)", rule("#density .area"))
    assert opacity
    area = over(found["bar"], found["raised"], float(opacity[1]))
    assert contrast(found["text"], area) >= MARK
    assert contrast(found["bad"], area) >= MARK


def test_what_is_seen_through_has_an_edge() -> None:
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", CSS):
        if "fill-opacity" in body:
            assert "stroke: var(--" in body, selector
    opaque = [selector.strip() for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", CSS) if "opacity: ." in body]
    assert opaque == ["button[disabled]", "#density .area"]  # WCAG asks nothing of a control that is off


def test_every_colour_of_the_page_is_one_of_the_theme() -> None:
    rules = re.sub(r":root[^{]*\{[^}]*\}", "", CSS)
    printed = re.search(r"@media print \{ *\n(.*?)\n\}", rules, re.DOTALL)
    assert printed
    assert re.findall(r"#[0-9a-f]{3,6}\b(?![^{]*\{)", rules.replace(printed[1], "")) == []


# The charts


def test_both_themes_have_colours_for_the_same_things() -> None:
    light, dark = PALETTES["light"], PALETTES["dark"]
    assert (len(light.series), len(light.eras)) == (len(dark.series), len(dark.eras))
    everything = [
        light.background,
        light.text,
        light.muted,
        light.rule,
        light.grid,
        light.fit,
        *light.series,
        *light.eras,
    ]
    assert set(everything) <= set(colours())
    assert all(f"--tint-{colour[1:].lower()}:" in dark_tints() for colour in everything)


def grounds(palette: Palette) -> list[str]:
    """What lies under a chart's marks: the ground, an era, the band of a fit."""
    plain = [palette.background, *palette.eras]
    return plain + [over(palette.fit, ground, BAND) for ground in plain]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["text", "muted", "fit"])
def test_words_of_charts_can_be_read(theme: Theme, name: str) -> None:
    palette = PALETTES[theme]
    plain = [palette.background, *palette.eras]
    assert min(contrast(getattr(palette, name), ground) for ground in plain) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
def test_marks_of_charts_can_be_seen(theme: Theme) -> None:
    palette = PALETTES[theme]
    marks = {**{f"series {at}": colour for at, colour in enumerate(palette.series)}, "fit": palette.fit}
    low = {name: min(contrast(colour, ground) for ground in grounds(palette)) for name, colour in marks.items()}
    assert {name: value for name, value in low.items() if value < MARK} == {}
    assert contrast(palette.rule, palette.background) >= MARK  # axes


@pytest.mark.parametrize("theme", THEMES)
def test_kinds_differ_in_colour(theme: Theme) -> None:
    series = PALETTES[theme].series
    assert len({colour.lower() for colour in series}) == len(series)
