"""How often intervals hold the count, and how far the machines' time alone is off, by utilization default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any, Final

import numpy as np

from comptometer import labels, store
from comptometer.calibration import Calibration, calibrate
from comptometer.charts import Language, Look, Spec, chart
from comptometer.charts._axes import Span
from comptometer.charts._growth import is_narrow
from comptometer.charts._labels import wrapped
from comptometer.charts._theme import BODY, PALETTES, SMALL, Layer, Palette, Rows, Words, finished
from comptometer.charts._words import say
from comptometer.charts._words_calibration import DEFAULTS
from comptometer.coverage import Trial, score
from comptometer.refitting import Utilized
from comptometer.release import banner

BETWEEN: Final = 196  # pixels between the panels: names of the defaults
SQUARE: Final = 0.37  # of the width: the panel of the coverage
HEAD: Final = 30.0  # over the panel of the coverage: the title of its upright axis
TICKS: Final = (0.2, 0.5, 1, 2, 5)
RATIOS: Final = 0.16, 6.2
NAME, LINE = 150.0, 14.0  # pixels: width of a name, and from one of its lines to the next
CURVES: Final = {"adopted": "observed", "refitted": "cross_validated"}  # by the name of its words, the field


@chart("calibration")
def calibration_chart(look: Look) -> Spec:
    """Two panels, one under the other where the plot is narrow; shares are linear, ratios logarithmic."""
    found = calibrate()
    palette, language = PALETTES[look.theme], look.language
    plot = Plot(look, len(defaults_drawn(found)))
    headings = {
        "name": say("heading-name", language),
        "default": say("heading-default", language),
        "ratio_text": say("heading-ratio", language),
        "again": say("heading-again", language),
        "inside": say("heading-inside", language),
    }
    drawn = {
        "runs": runs_drawn(found, plot),
        "rules": [*plot.coverage_rules(palette), *plot.ratio_rules(palette)],
        "bands": plot.bands(found, palette),
        "medians": plot.medians(found),
        "curves": plot.curves(found),
        "words": [*plot.coverage_words(), *plot.ratio_words(found)],
    }
    return finished(
        _layers(plot, palette, headings),
        _words(found, language),
        Rows(drawn=drawn, listed="runs", headings=headings),
        look=look,
        size=(plot.width, plot.height),
        margins=plot.margins,
        below=62,
    )


class Plot:
    """Where everything lies, in pixels: panels beside one another, or under one another as on a telephone."""

    def __init__(self, look: Look, rows: int) -> None:
        self.language, self.narrow = look.language, is_narrow(look)
        if self.narrow:
            self.width, self.margins = look.width + 88.0, (20.0, 20.0)
            floor, left, right = HEAD + 230, 36.0, self.width
            self.top, self.height = floor + 76, floor + 76 + 48.0 * rows
            start = 0.0
        else:
            self.width, self.margins = float(max(look.width, 640)), (52.0, 96.0)
            left, right = 0.0, SQUARE * self.width
            self.top, self.height = 0.0, float(look.height)
            floor, start = self.height, right + BETWEEN
        self.shares = Span(low=0.0, high=1.0, start=left, end=right)
        self.up = Span(low=0.0, high=1.0, start=floor, end=HEAD)
        self.ratios = Span(low=RATIOS[0], high=RATIOS[1], start=start, end=self.width, log=True)

    def say(self, key: str, **values: object) -> str:
        """Words of the chart in its language."""
        return say(key, self.language, **values)

    # Coverage

    def coverage_rules(self, palette: Palette) -> list[dict[str, Any]]:
        """Grid, frame and diagonal."""
        ends = self.shares.start, self.shares.end
        bottom, top = self.up.start, self.up.end
        grid = [_rule(ends[0], self.up.pixel(s), ends[1], self.up.pixel(s), palette.grid) for s in (0.25, 0.5, 0.75, 1)]
        grid += [_rule(self.shares.pixel(s), bottom, self.shares.pixel(s), top, palette.grid) for s in (0.5, 0.9)]
        frame = [
            _rule(ends[0], bottom, ends[1], bottom, palette.rule),
            _rule(ends[0], bottom, ends[0], top, palette.rule),
        ]
        return [*grid, *frame, _rule(ends[0], bottom, ends[1], top, palette.rule)]

    def coverage_words(self) -> list[dict[str, Any]]:
        """Ticks and titles of both axes."""
        left, floor = self.shares.start, self.up.start
        ticks = [_said(f"{s:.0%}", self.shares.pixel(s), floor + 14, "center") for s in (0, 0.5, 0.9)]
        ticks += [_said(f"{s:.0%}", left - 8, self.up.pixel(s), "right") for s in (0.25, 0.5, 0.75, 1)]
        middle, end = (left + self.shares.end) / 2, self.shares.end - 6
        titles = [
            _said(self.say("probability"), middle, floor + 34, "center"),
            _said(self.say("share-inside"), 4 - self.margins[0], HEAD - 20, "left"),
        ]
        legend = [
            _said(self.say("as-it-should"), end, floor - 54, "right"),
            _said(self.say("adopted"), end, floor - 35, "right", "first"),
            _said(self.say("refitted"), end, floor - 16, "right", "second"),
        ]
        return [*ticks, *titles, *legend]

    def curves(self, found: Calibration) -> list[dict[str, Any]]:
        """Observed against nominal coverage."""
        rows = [{"nominal": 0.0, "observed": 0.0, "cross_validated": 0.0}, *found.curve()]
        return [
            {
                "x": self.shares.pixel(row["nominal"]),
                "y": self.up.pixel(row[field]),
                "kind": kind,
                "spoken": self.say(
                    "curve-spoken", kind=self.say(kind), nominal=f"{row['nominal']:.0%}", observed=f"{row[field]:.0%}"
                ),
            }
            for kind, field in CURVES.items()
            for row in rows
        ]

    # Ratios

    def line(self, at: float, count: int) -> float:
        """Height of a row of points, under its words where the plot is narrow."""
        return self.top + (at + (0.72 if self.narrow else 0.5)) * (self.height - self.top) / count

    def ratio_rules(self, palette: Palette) -> list[dict[str, Any]]:
        """Grid and axis; the line at 1 is heavier."""
        lines = [
            _rule(self.ratios.pixel(t), self.top, self.ratios.pixel(t), self.height,
                  palette.rule if t == 1 else palette.grid)
            for t in TICKS
        ]  # fmt: skip
        return [*lines, _rule(self.ratios.start, self.height, self.ratios.end, self.height, palette.rule)]

    def ratio_words(self, found: Calibration) -> list[dict[str, Any]]:
        """Names of the rows, what they reach, and the axis."""
        rows = defaults_drawn(found)
        said = [_said(f"{t:g}", self.ratios.pixel(t), self.height + 14, "center") for t in TICKS]
        middle = (self.ratios.start + self.ratios.end) / 2
        said.append(_said(self.say("heading-ratio"), middle, self.height + 34, "center"))
        for at, (name, runs) in enumerate(rows):
            said += self._row_words(named(name, self.language), runs, self.line(at, len(rows)))
        return said

    def _row_words(self, name: str, runs: Sequence[Utilized], y: float) -> list[dict[str, Any]]:
        """Name, median ratio, and how many the 90% intervals hold: over the points, or beside them."""
        middle = f"{score([run.trial for run in runs]).median_ratio:.2f}"
        inside = self.say("inside-of", inside=sum(run.trial.within(0.9) for run in runs), n=len(runs))
        if self.narrow:
            over = y - 21
            return [_said(name, 0.0, over, "left", "name"), _said(f"{middle}, {inside}", self.width, over, "right")]
        lines = wrapped(name, BODY, NAME, bold=True)
        first = y - LINE * (len(lines) - 1) / 2
        return [
            *(_said(line, self.ratios.start - 14, first + LINE * n, "right", "name") for n, line in enumerate(lines)),
            _said(middle, self.ratios.end + 10, y - 8, "left", "name"),
            _said(inside, self.ratios.end + 10, y + 8, "left"),
        ]

    def bands(self, found: Calibration, palette: Palette) -> list[dict[str, Any]]:
        """50% and 90% of each default, around 1: where the ratio should lie."""
        rows = defaults_drawn(found)
        found_bands = []
        for at, (name, _) in enumerate(rows):
            belief = store.assumptions()[name].belief
            for low, high, width in ((0.05, 0.95, 7.0), (0.25, 0.75, 11.0)):
                ends = belief.quantile(np.array([low, 0.5, high]))
                y = self.line(at, len(rows))
                start, end = (self.ratios.pixel(max(float(ends[1] / ends[i]), RATIOS[0])) for i in (2, 0))
                found_bands.append(
                    {"x": start, "x2": min(end, self.ratios.end), "y": y - width, "y2": y + width,
                     "color": palette.eras[3] if width < 10 else palette.grid}
                )  # fmt: skip
        return found_bands

    def medians(self, found: Calibration) -> list[dict[str, Any]]:
        """The median ratio of each default."""
        rows = defaults_drawn(found)
        found_medians = []
        for at, (_, runs) in enumerate(rows):
            x, y = self.ratios.pixel(score([run.trial for run in runs]).median_ratio), self.line(at, len(rows))
            found_medians.append({"x": x, "y": y - 13, "y2": y + 13})
        return found_medians


def named(default: str, language: Language) -> str:
    """For which runs a default is taken."""
    return DEFAULTS[default] if language == "zh" and default in DEFAULTS else labels.taken_for(default)


def defaults_drawn(found: Calibration) -> list[tuple[str, list[Utilized]]]:
    """The defaults with their runs, most runs first."""
    used: dict[str, list[Utilized]] = {}
    for run in found.utilized:
        used.setdefault(run.default, []).append(run)
    return sorted(used.items(), key=lambda item: (-len(item[1]), item[0]))


def runs_drawn(found: Calibration, plot: Plot) -> list[dict[str, Any]]:
    """A point for each run, stacked a little where several lie together."""
    rows = defaults_drawn(found)
    again = {trial.id: trial for trial in found.refitted}
    drawn = []
    for at, (name, runs) in enumerate(rows):
        ordered = sorted(runs, key=lambda run: run.trial.ratio)
        for place, run in enumerate(ordered):
            shift = ((place % 3) - 1) * 5.0 if len(ordered) > 5 else 0.0
            drawn.append(_point(run, again[run.trial.id], plot, plot.line(at, len(rows)) + shift, name))
    return drawn


def _point(run: Utilized, again: Trial, plot: Plot, y: float, name: str) -> dict[str, Any]:
    kind = "inside" if run.trial.within(0.9) else "outside"
    default = named(name, plot.language)
    return {
        "name": run.trial.name,
        "default": plot.say("widened", default=default) if run.widened else default,
        "ratio_text": f"{run.trial.ratio:.2f}",
        "again": f"{again.ratio:.2f}",
        "inside": plot.say(kind),
        "x": plot.ratios.pixel(min(max(run.trial.ratio, RATIOS[0]), RATIOS[1])),
        "y": y,
        "kind": kind,
        "spoken": f"{run.trial.name}: {plot.say('heading-ratio')} {run.trial.ratio:.2f}",
    }


def _rule(x: float, y: float, x2: float, y2: float, color: str) -> dict[str, Any]:
    return {"x": x, "y": y, "x2": x2, "y2": y2, "color": color}


def _said(text: str, x: float, y: float, align: str, style: str = "plain") -> dict[str, Any]:
    return {"text": text, "x": x, "y": y, "style": f"{style} {align}"}


# Layers


def _layers(plot: Plot, palette: Palette, headings: Mapping[str, str]) -> list[Layer]:
    def channel(field: str, size: Sequence[float]) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": {"domain": list(size), "nice": False}, "axis": None}

    def at(*ends: str) -> dict[str, Any]:
        here = {"x": channel("x", [0, plot.width]), "y": channel("y", [plot.height, 0])}
        return here | {end: {"field": end} for end in ends}

    own = {"field": "color", "type": "nominal", "scale": None, "legend": None}
    quiet = {"aria": False, "tooltip": None}
    colors = [palette.series[0], palette.series[1]]
    lines = {"domain": list(CURVES), "range": colors}
    kinds = {"domain": ["inside", "outside"], "range": [palette.series[0], palette.fit]}
    band = {"data": {"name": "bands"}, "mark": {"type": "rect", "opacity": 1, **quiet}}
    rule = {"data": {"name": "rules"}, "mark": {"type": "rule", "strokeWidth": 1, "opacity": 1, **quiet}}
    curve = {"data": {"name": "curves"}, "mark": {"type": "line", "strokeWidth": 2.5, **quiet}}
    median = {"data": {"name": "medians"}, "mark": {"type": "rule", "strokeWidth": 2.5, "color": palette.text, **quiet}}
    halo = {"filled": True, "size": 46, "opacity": 0.9, "stroke": palette.background, "strokeWidth": 0.7}
    point = {"data": {"name": "runs"}, "mark": {"type": "point", **halo}}
    tooltip = [{"field": field, "title": heading} for field, heading in headings.items()]
    return [
        {**band, "encoding": {**at("x2", "y2"), "color": own}},
        {**rule, "encoding": {**at("x2", "y2"), "color": own}},
        {**curve, "encoding": {**at(), "stroke": {"field": "kind", "type": "nominal", "scale": lines, "legend": None}}},
        {**median, "encoding": at("y2")},
        {
            **point,
            "encoding": {
                **at(),
                "fill": {"field": "kind", "type": "nominal", "scale": kinds, "legend": None},
                "tooltip": tooltip,
                "description": {"field": "spoken", "type": "nominal"},
            },
        },
        *_texts(at, palette),
    ]


def _texts(at: Any, palette: Palette) -> Iterable[Layer]:
    """One layer for each style, as what it looks like cannot be a field; a halo parts words from the grid."""
    looks = {
        "plain": {"color": palette.muted, "fontSize": SMALL + 1},
        "name": {"color": palette.text, "fontSize": BODY, "fontWeight": "bold"},
        "first": {"color": palette.series[0], "fontSize": BODY, "fontWeight": "bold"},
        "second": {"color": palette.series[1], "fontSize": BODY, "fontWeight": "bold"},
    }
    halo = {"stroke": palette.background, "strokeWidth": 4, "strokeJoin": "round"}
    for under in (halo, {}):
        for name, style in looks.items():
            for align in ("left", "center", "right"):
                mark = {"type": "text", "baseline": "middle", "align": align, "aria": False, "tooltip": None, **style}
                shown = {"condition": {"test": f"datum.style === '{name} {align}'", "field": "text"}, "value": ""}
                yield {"data": {"name": "words"}, "mark": {**mark, **under}, "encoding": {**at(), "text": shown}}


# Words


def _words(found: Calibration, language: Language) -> Words:
    every = found.experiments[0].lines[0]
    assert every.refitted
    fold = ceil(100 * every.score.median_fold - 1e-9) / 100
    title = say("calibration-title", language, share=f"{every.score.within_90:.0%}", n=every.score.n, fold=f"{fold:g}")
    again = {"share": f"{every.refitted.within_90:.0%}", "fold": f"{every.refitted.median_fold:.2f}"}
    circular = sum(run.circular for run in found.runs)
    return Words(
        title=title,
        subtitle=say("calibration-subtitle", language, **again),
        note="\n".join([say("calibration-note", language, circular=circular), banner()]),
        description=title + ("." if language == "en" else "。"),
        language=language,
    )
